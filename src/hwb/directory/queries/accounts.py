"""Accounts as `hwb accounts --json` shows them (interfaces.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from hwb.directory.queries import passwords
from hwb.directory.queries.rows import fetch
from hwb.extract.texts import Language
from hwb.lifecycle import passwords as rules
from hwb.lifecycle import reasons
from hwb.lifecycle.passwords import Place

_PAGE = 5_000


@dataclass(frozen=True, slots=True)
class PlacementRow:
    """Where a person is or was, and what the school says of them there; `until` is None while open."""

    school: str
    role: str
    year_group: str
    registration_group: str
    classes: tuple[str, ...]
    staff_code: str
    employee_number: str
    begun: date
    until: date | None

    def to_json(self) -> dict[str, Any]:
        values = asdict(self)
        begun, until = values.pop("begun"), values.pop("until")
        classes = list(values.pop("classes"))
        return {**values, "classes": classes, "from": begun.isoformat(), "until": until and until.isoformat()}


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account. `reason` is the rule and its sentence; `aliases` are former usernames, addresses and UPNs."""

    id: str
    kind: str
    state: str
    reason: str
    username: str
    email: str
    upn: str | None
    display_name: str
    password: str
    holder: str | None
    placements: tuple[PlacementRow, ...]
    aliases: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in self.__slots__}
        values["placements"] = [placement.to_json() for placement in self.placements]
        values["aliases"] = list(self.aliases)
        return values


def find(
    *,
    school: str | None = None,
    upn: str | None = None,
    username: str | None = None,
    state: str | None = None,
    language: Language = "en",
) -> Iterator[AccountRow]:
    """Accounts in the order in which they were made, read by the page so that a nation fits into memory.

    school: everyone it has or had, guests included, not those it waits for; the password's state is then the one that
    this school sees, else the one of the school that has the account. upn and username: former ones too.
    """
    parameters: dict[str, Any] = {
        "school": school, "upn": upn, "username": username and username.casefold(),
        "active": None if state is None else state == "active", "after": None, "page": _PAGE,
    }  # fmt: skip
    while True:
        rows = fetch(_ACCOUNTS, parameters)
        if rows:
            yield from _filled(rows, language, school)
        if len(rows) < _PAGE:
            return
        parameters["after"] = rows[-1]["id"]


def _filled(rows: list[dict[str, Any]], language: Language, school: str | None) -> Iterator[AccountRow]:
    ids = {"ids": [row["id"] for row in rows]}
    placements: dict[Any, list[PlacementRow]] = {}
    for found in fetch(_PLACEMENTS, ids):
        owner, classes = found.pop("account"), tuple(found.pop("classes") or ())
        placements.setdefault(owner, []).append(PlacementRow(**found, classes=classes))
    aliases = {found["account"]: tuple(found["aliases"]) for found in fetch(_ALIASES, ids)}
    for row in rows:
        own = tuple(placements.get(row["id"], ()))
        holder = next((p.school for p in own if p.role == "holding" and p.until is None), None)
        known = passwords.facts(row, [Place(p.school, p.role, p.until) for p in own])
        yield AccountRow(
            str(row["id"]), row["kind"], "active" if row["active"] else "inactive", _reason(row, language),
            row["username"], row["email"], row["upn"], row["display_name"],
            str(rules.state(known, school=school)), holder, own, aliases.get(row["id"], ()),
        )  # fmt: skip


def _reason(row: dict[str, Any], language: Language) -> str:
    sentence = reasons.sentence(row["reason_code"], row["reason_values"] or {}, language=language)
    return f"{row['reason_rule']}: {sentence}"


_ACCOUNTS = """
SELECT a.id, a.kind, a.active, a.reason_rule, a.reason_code, a.reason_values, a.username, a.email,
       nullif(a.upn, '') AS upn,
       concat_ws(' ', coalesce(nullif(a.preferred_forename, ''), a.legal_forename),
                      coalesce(nullif(a.preferred_surname, ''), a.legal_surname)) AS display_name,
       a.password <> '' AS has_hash, f.school::text AS made_for, f.hidden_at IS NOT NULL AS hidden
FROM account a LEFT JOIN first_password f ON f.account = a.id
WHERE (%(after)s::uuid IS NULL OR a.id > %(after)s)
  AND (%(active)s::bool IS NULL OR a.active = %(active)s)
  AND (%(school)s::text IS NULL OR EXISTS (SELECT FROM placement p
       WHERE p.account = a.id AND p.school = %(school)s))
  AND (%(upn)s::text IS NULL OR a.id = (SELECT u.account FROM upn u WHERE u.upn = %(upn)s))
  AND (%(username)s::text IS NULL
       OR a.id = (SELECT i.account FROM name_owner i WHERE i.value = %(username)s AND i.kind = 'username'))
ORDER BY a.id LIMIT %(page)s
"""

# A school's record of a learner may still bear a former UPN: the newest word about that person there counts.
_PLACEMENTS = """
SELECT p.account, p.school, p.role, p.began AS begun, p.ended AS until,
       coalesce(l.year_group, '') AS year_group, coalesce(l.registration_group, '') AS registration_group,
       coalesce(l.classes, s.classes) AS classes,
       coalesce(s.staff_code, '') AS staff_code, coalesce(s.employee_number, '') AS employee_number
FROM placement p
JOIN account a ON a.id = p.account
LEFT JOIN LATERAL (
    SELECT r.year_group, r.registration_group, r.classes
    FROM upn u JOIN learner_record r ON r.upn = u.upn AND r.school = p.school
    WHERE u.account = p.account AND p.role IN ('holding', 'guest')
    ORDER BY (u.upn = a.upn) DESC LIMIT 1
) l ON true
LEFT JOIN LATERAL (
    SELECT r.staff_code, r.employee_number, r.classes
    FROM staff_record r WHERE r.account = p.account AND r.school = p.school AND p.role = 'post' LIMIT 1
) s ON true
WHERE p.account = ANY(%(ids)s)
ORDER BY p.account, p.began, p.id
"""

_ALIASES = """
SELECT account, array_agg(value ORDER BY kind, value) AS aliases FROM (
    SELECT i.account, i.kind, i.value FROM identifier i WHERE i.account = ANY(%(ids)s) AND NOT i.current
    UNION ALL  -- the names of accounts that were joined into it (R25)
    SELECT r.retired_into, i.kind, i.value FROM account r JOIN identifier i ON i.account = r.id
    WHERE r.retired_into = ANY(%(ids)s)
    UNION ALL
    SELECT u.account, 'upn', u.upn FROM upn u JOIN account a ON a.id = u.account
    WHERE u.account = ANY(%(ids)s) AND u.upn <> a.upn
) former GROUP BY account
"""
