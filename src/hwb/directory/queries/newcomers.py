"""Learners whom a school's own data names and whose account it has never had: those who wait, and those refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from hwb import names
from hwb.directory.queries.rows import fetch
from hwb.extract.texts import Language
from hwb.identifiers import clean_upn
from hwb.lifecycle.calendar import YEAR_GROUPS


@dataclass(frozen=True, slots=True)
class Newcomer:
    """One learner as the school's own data has them. `upn` is empty where a refused record has none."""

    surname: str
    forename: str
    upn: str
    year_group: str
    registration_group: str
    refused: bool


@dataclass(frozen=True, slots=True)
class OwnName:
    """A learner's name in the school's own data."""

    surname: str
    forename: str


def newcomers(*, school: str, search: str, language: Language) -> tuple[Newcomer, ...]:
    """Those whose names begin, part by part, with what was typed, by name; nobody when nothing was typed."""
    terms = names.search_terms(search)
    if not terms:
        return ()
    rows = [*fetch(_WITHOUT_ACCOUNT, {"school": school}), *fetch(_REFUSED, {"school": school})]
    found: dict[tuple[str, str, str], tuple[str, Newcomer]] = {}
    for row in rows:
        shown = tuple(row[name] or "" for name in _NAMES)
        keys = names.keys(*shown)
        if all(f" {term}" in keys["search_key"] for term in terms):
            one = _newcomer(row, shown)
            found[one.upn, one.surname, one.forename] = (keys[f"sort_{language}"], one)
    return tuple(one for _, one in sorted(found.values(), key=lambda pair: (pair[0], pair[1].upn)))


def own_names(*, school: str, upns: list[str]) -> dict[str, OwnName]:
    """The names that the school's own records have for these UPNs."""
    rows = fetch(_OWN_NAMES, {"school": school, "upns": upns})
    return {row["upn"]: OwnName(row["surname"], row["forename"]) for row in rows}


def year_groups(*, school: str, on: date) -> list[str]:
    """Year groups of the learners in the school's newest data, the youngest first."""
    found = {row["year_group"] for row in fetch(_YEARS, {"school": school, "on": on})}
    return [group for group in YEAR_GROUPS if group in found]


def upns_of_year(*, school: str, year_group: str, on: date) -> list[str]:
    """UPNs of everybody whom the school's newest data has in a year group, by name."""
    return [row["upn"] for row in fetch(_OF_YEAR, {"school": school, "year": year_group, "on": on})]


def _newcomer(row: dict[str, Any], shown: tuple[str, ...]) -> Newcomer:
    return Newcomer(
        shown[2] or shown[0], shown[3] or shown[1], clean_upn(row["upn"] or ""), row["year_group"],
        row["registration_group"], row["refused"],
    )  # fmt: skip


_NAMES = ("legal_surname", "legal_forename", "preferred_surname", "preferred_forename")
_WITHOUT_ACCOUNT = """
SELECT r.upn, r.legal_surname, r.legal_forename, r.preferred_surname, r.preferred_forename, r.year_group,
       r.registration_group, r.refused
FROM learner_record r
WHERE r.school = %(school)s AND NOT EXISTS (
    SELECT FROM upn u JOIN placement p ON p.account = u.account AND p.school = r.school WHERE u.upn = r.upn)
"""
# The newest accepted run keeps whom it refused (operations.results).
_REFUSED = """
SELECT item ->> 'upn' AS upn, item ->> 'legal_surname' AS legal_surname, item ->> 'legal_forename' AS legal_forename,
       '' AS preferred_surname, '' AS preferred_forename, '' AS year_group, '' AS registration_group, true AS refused
FROM (
    SELECT result FROM run WHERE school = %(school)s AND state IN ('applied', 'no change')
    ORDER BY accepted_no DESC LIMIT 1
) newest, jsonb_array_elements(coalesce(newest.result -> 'people', '[]')) AS item
WHERE item ->> 'kind' = 'learner' AND NOT EXISTS (
    SELECT FROM learner_record r WHERE r.school = %(school)s AND r.upn = item ->> 'upn')
"""
_OWN_NAMES = """
SELECT upn, coalesce(nullif(preferred_surname, ''), legal_surname) AS surname,
       coalesce(nullif(preferred_forename, ''), legal_forename) AS forename
FROM learner_record WHERE school = %(school)s AND upn = ANY(%(upns)s)
"""
_PRESENT = "school = %(school)s AND missing_since IS NULL AND (leaving_date IS NULL OR leaving_date >= %(on)s)"
_YEARS = f"SELECT DISTINCT year_group FROM learner_record WHERE {_PRESENT}"  # noqa: S608 - constants of this file
_OF_YEAR = f"""
SELECT upn FROM learner_record WHERE {_PRESENT} AND year_group = %(year)s
ORDER BY legal_surname, legal_forename, upn
"""  # noqa: S608 - constants of this file
