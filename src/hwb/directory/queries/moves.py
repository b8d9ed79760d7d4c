"""Arrivals at and departures from one school over a period (ux.md B21)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from hwb.directory.queries import people, roll
from hwb.directory.queries.people import PAGE_SIZE, LearnerRow
from hwb.directory.queries.rows import fetch
from hwb.extract.texts import Language


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody whose newest placement here began in the period. `came_from`: the school that held the account before,
    "" for an account made here; `run`: the run that brought them, None when a day's own work did.
    """

    learner: LearnerRow
    came_from: str
    from_en: str
    from_cy: str
    run: UUID | None


@dataclass(frozen=True, slots=True)
class Departure:
    """Somebody let go in the period and not back since. `claimed`: the day on which another school got the account,
    which one is not said; `run`: the run that released them, None when a day's own work did.
    """

    learner: LearnerRow
    leaving_date: date | None
    claimed: date | None
    run: UUID | None


def arrivals(
    *, school: str, since: date, until: date, language: Language, year: str | None = None,
    page: int = 1, size: int | None = PAGE_SIZE,
) -> tuple[int, tuple[Arrival, ...]]:  # fmt: skip
    """How many came from `since` to `until`, both included, and one page of them, the newest first."""
    total, found = _moves("on roll", _ARRIVED.format(key=f"sort_{language}"), school, since, until, year, page, size)
    return total, tuple(
        Arrival(
            people.learner_row(row, language), row["came_from"] or "", row["from_en"] or "", row["from_cy"] or "",
            row["run"],
        )
        for row in found
    )  # fmt: skip


def departures(
    *, school: str, since: date, until: date, language: Language, year: str | None = None,
    only_unclaimed: bool = False, page: int = 1, size: int | None = PAGE_SIZE,
) -> tuple[int, tuple[Departure, ...]]:  # fmt: skip
    """How many left from `since` to `until`, both included, and one page of them, the newest first."""
    query = _LEFT.format(key=f"sort_{language}", unclaimed="AND claimed IS NULL" if only_unclaimed else "")
    total, found = _moves("leavers", query, school, since, until, year, page, size)
    return total, tuple(
        Departure(people.learner_row(row, language), row["leaving_date"], row["claimed"], row["run"]) for row in found
    )


def protected(accounts: Sequence[UUID]) -> frozenset[UUID]:
    """Those of them whom support protects: for them no other school is named (ux.md 2)."""
    if not accounts:
        return frozenset()
    return frozenset(row["account"] for row in fetch(_PROTECTED, {"ids": list(accounts)}))


def _moves(  # the two lists take the same
    view: roll.View, query: str, school: str, since: date, until: date, year: str | None, page: int, size: int | None
) -> tuple[int, list[dict[str, Any]]]:
    parameters = roll.base(
        school=school, which=view, since=since, until=until, year=year, size=size, skip=(page - 1) * (size or 0)
    )
    found = fetch(roll.statement(view, query), parameters)
    return found[0]["total"], [row for row in found if row["account"] is not None]


# The audit log is asked for the page only, by its index on the account.
_ARRIVED = """,
found AS (
    SELECT * FROM people
    WHERE arrived BETWEEN %(since)s AND %(until)s AND (%(year)s::text IS NULL OR year_group = %(year)s)
)
SELECT t.total, f.*, o.school AS came_from, e.name_en AS from_en, e.name_cy AS from_cy,
       (SELECT l.run FROM audit l WHERE l.account = f.account AND l.school = %(school)s
        AND l.action IN ('create', 'claim', 'guest') ORDER BY l.id DESC LIMIT 1) AS run
FROM (SELECT count(*) AS total FROM found) t
LEFT JOIN (SELECT * FROM found ORDER BY arrived DESC, {key}, account LIMIT %(size)s OFFSET %(skip)s) f ON true
LEFT JOIN LATERAL (
    SELECT p.school FROM placement p
    WHERE p.account = f.account AND p.school <> %(school)s AND p.role = 'holding' AND p.began <= f.arrived
    ORDER BY p.began DESC, p.id DESC LIMIT 1
) o ON true
LEFT JOIN establishment e ON e.dfes = o.school
ORDER BY f.arrived DESC, f.{key}, f.account
"""
_LEFT = """,
found AS (
    SELECT * FROM people
    WHERE left_on BETWEEN %(since)s AND %(until)s AND (%(year)s::text IS NULL OR year_group = %(year)s) {unclaimed}
)
SELECT t.total, f.*,
       (SELECT l.run FROM audit l WHERE l.account = f.account AND l.school = %(school)s
        AND l.action IN ('release', 'guest end') ORDER BY l.id DESC LIMIT 1) AS run
FROM (SELECT count(*) AS total FROM found) t
LEFT JOIN (SELECT * FROM found ORDER BY left_on DESC, {key}, account LIMIT %(size)s OFFSET %(skip)s) f ON true
ORDER BY f.left_on DESC, f.{key}, f.account
"""
_PROTECTED = """
SELECT p.account FROM protection p WHERE p.ended_at IS NULL AND p.account = ANY(%(ids)s)
UNION
SELECT u.account FROM protection p JOIN upn u ON u.upn = p.upn
WHERE p.ended_at IS NULL AND p.upn <> '' AND u.account = ANY(%(ids)s)
"""
