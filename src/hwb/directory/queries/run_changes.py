"""What one run changed, person by person, from the audit log; what a held or previewed one would (ux.md B4).

Only lines about the school's own lists: what a run brings about at another school is that school's to see. Names are
the school's own newest word, or what the log keeps under the person's key (R42); of somebody who moved on, nothing
that a later school may have given.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django.conf import settings

from hwb.directory.queries.rows import fetch
from hwb.directory.vault import PersonKey
from hwb.lifecycle import holds

#: Groups in the order of the page; each line is in exactly one.
GROUPS = ("new", "claimed", "moved", "details", "released", "reactivated", "missing", "waiting", "other")
_GROUP_OF = {
    "create": "new", "claim": "claimed", "release": "released", "post end": "released", "post": "reactivated",
    "details": "details", "rekey": "details", "missing": "missing", "wait": "waiting", "wait end": "waiting",
}  # fmt: skip
#: A change of state beside one of these belongs to it: one person, one line.
_SAYS_STATE = frozenset({"create", "claim", "release", "post", "post end"})
_YEAR_OR_CLASS = frozenset({"year_group", "registration_group", "classes"})


@dataclass(frozen=True, slots=True)
class Line:
    """One change before its details are read: `number` is its place in the log, or in the plan."""

    number: int
    group: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change. `before` and `after` have the fields that differ (lifecycle.changes.Change); `known` is False when
    nobody can say any more whose it is. `upn` is the school's own word. `on_lists`: has a page at this school.
    """

    group: str
    action: str
    rule: str
    reason: str
    values: Mapping[str, str]
    account: UUID | None
    kind: str
    surname: str
    forename: str
    upn: str
    year_group: str
    registration_group: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    on_lists: bool

    @property
    def known(self) -> bool:
        return bool(self.surname or self.forename)


@dataclass(frozen=True, slots=True)
class _Change:
    """A change as it is written, in the log or in a plan."""

    number: int
    action: str
    rule: str
    reason: str
    account: str | None
    upn: str
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)


def lines(run: UUID, *, school: str, finished_at: Any) -> tuple[Line, ...]:
    """The lines of an accepted run in the order of the log."""
    found = fetch(_LINES, {"run": run, "school": school, "at": finished_at})
    return _grouped((row["id"], row["action"], row["account"], row["own"], row["active"]) for row in found)


def rows_of(numbers: Sequence[int], *, school: str, groups: Mapping[int, str]) -> dict[int, ChangeRow]:
    """The changes of these lines of the log, by number; `groups` from :func:`lines`."""
    if not numbers:
        return {}
    found = fetch(_ENTRIES, {"ids": list(numbers)})
    keys = _keys({row["account"] for row in found if row["sealed"] is not None})
    return _rows([_read(row, keys) for row in found], school=school, groups=groups)


def plan_of(run: UUID, *, school: str) -> PlannedChanges | None:
    """What a held or previewed run would change; None when that is no longer kept."""
    found = fetch("SELECT plan FROM run WHERE id = %(run)s AND school = %(school)s", {"run": run, "school": school})
    if not found or found[0]["plan"] is None:
        return None
    return planned(found[0]["plan"], school=school)


def planned(plan: Iterable[Mapping[str, Any]], *, school: str) -> PlannedChanges:
    """Changes in the form in which a plan is stored, those about the school's own lists."""
    changes = {
        number: _Change(
            number, item["kind"], item["rule"], item["reason"], item["account"],
            "" if item["person"].startswith("staff:") else item["person"], item["before"], item["after"],
            item["values"],
        )
        for number, item in enumerate(plan)
        if item["school"] == school
    }  # fmt: skip
    return PlannedChanges(school, changes)


@dataclass(frozen=True, slots=True)
class PlannedChanges:
    """A stored plan: asked as the log is."""

    school: str
    changes: Mapping[int, _Change]

    @property
    def lines(self) -> tuple[Line, ...]:
        return _grouped(
            (
                change.number, change.action, change.account or change.upn,
                bool(_YEAR_OR_CLASS & {*change.before, *change.after}), change.after.get("state") == "active",
            )
            for change in self.changes.values()
        )  # fmt: skip

    def concerned(self, checks: Collection[str]) -> tuple[Line, ...]:
        """The lines of whom these checks of R36 measure, each person once."""
        numbers: dict[str, int] = {}
        for change in self.changes.values():
            if any(holds.concerns(check, change.action, change.before, change.after) for check in checks):
                numbers.setdefault(change.account or change.upn, change.number)
        wanted = set(numbers.values())
        return tuple(line for line in self.lines if line.number in wanted)

    def rows_of(self, numbers: Sequence[int], *, groups: Mapping[int, str]) -> dict[int, ChangeRow]:
        """The changes of these lines, by number."""
        return _rows([self.changes[number] for number in numbers], school=self.school, groups=groups)


def _grouped(found: Iterable[tuple[int, str, Any, bool, bool]]) -> tuple[Line, ...]:
    """(number, action, whose, concerns year or class, becomes active) → lines."""
    every = list(found)
    moved = {whose for _, action, whose, _, _ in every if action in _SAYS_STATE and whose}
    kept = []
    for number, action, whose, place, active in every:
        if action in ("state", "wait end") and whose in moved:
            continue
        group = _GROUP_OF.get(action, "other")
        if action == "place":
            group = "moved" if place else "details"
        elif action == "state":
            group = "reactivated" if active else "released"
        kept.append(Line(number, group))
    return tuple(kept)


def _read(row: dict[str, Any], keys: Mapping[str, PersonKey]) -> _Change:
    details = json.loads(row["details"])
    before, after = details.get("before", {}), details.get("after", {})
    if row["sealed"] is not None:
        personal = _unsealed(row, keys.get(row["account"]))
        before, after = {**before, **personal.get("before", {})}, {**after, **personal.get("after", {})}
    return _Change(
        row["id"], row["action"], row["rule"], row["reason_code"], row["account"], after.get("upn") or "", before,
        after, details.get("values", {}),
    )  # fmt: skip


def _unsealed(row: dict[str, Any], key: PersonKey | None) -> dict[str, Any]:
    """Personal values of an entry; nothing when the person's key is gone (R38)."""
    if key is None:
        return {}
    try:
        return key.unseal(bytes(row["sealed"]), place=f"{row['chain']}:{row['seq']}")
    except (InvalidTag, ValueError):
        return {}


def _keys(accounts: Collection[str]) -> dict[str, PersonKey]:
    found = {}
    parameters = {"ids": sorted(accounts)}
    statement = "SELECT account::text, wrapped FROM person_key WHERE account = ANY(%(ids)s::uuid[])"
    for row in fetch(statement, parameters) if accounts else ():
        try:
            key = PersonKey.unwrap(row["account"], bytes(row["wrapped"]), secret=str(settings.SECRET_KEY))
        except (InvalidTag, ValueError):
            continue
        found[row["account"]] = key
    return found


def _rows(changes: Sequence[_Change], *, school: str, groups: Mapping[int, str]) -> dict[int, ChangeRow]:
    people = _people(changes, school)
    return {change.number: _row(change, people, groups[change.number]) for change in changes}


def _row(change: _Change, people: Mapping[str, dict[str, Any]], group: str) -> ChangeRow:
    word = people.get(change.account or "") or people.get(change.upn) or {}
    own = (
        {**word, **{key: value for key, value in change.after.items() if value}} if change.action == "create" else word
    )
    account = UUID(change.account) if change.account else None
    return ChangeRow(
        group, change.action, change.rule, change.reason, change.values, account,
        word.get("kind") or change.after.get("kind") or ("learner" if change.upn else "staff"),
        own.get("preferred_surname") or own.get("legal_surname") or "",
        own.get("preferred_forename") or own.get("legal_forename") or "",
        word.get("upn") or change.upn, own.get("year_group") or "", own.get("registration_group") or "",
        change.before, change.after, bool(word.get("on_lists")),
    )  # fmt: skip


def _people(changes: Sequence[_Change], school: str) -> dict[str, dict[str, Any]]:
    """The school's own words about whom the changes concern, by account and by UPN."""
    accounts = sorted({change.account for change in changes if change.account})
    upns = sorted({change.upn for change in changes if change.upn and not change.account})
    found: dict[str, dict[str, Any]] = {}
    if accounts:
        found |= {row["account"]: row for row in fetch(_ACCOUNTS, {"ids": accounts, "school": school})}
    if upns:
        found |= {row["upn"]: row for row in fetch(_UPNS, {"upns": upns, "school": school})}
    return found


# A run writes its entries in its own school's chain and at the moment at which it is finished; an undo, later.
_LINES = """
SELECT id, action, account::text AS account,
       action = 'place' AND details ~ '"(year_group|registration_group|classes)"' AS own,
       action = 'state' AND details::jsonb -> 'after' ->> 'state' = 'active' AS active
FROM audit
WHERE chain = %(school)s AND run = %(run)s AND school = %(school)s AND at = %(at)s
  AND (account IS NOT NULL OR action IN ('wait', 'wait end'))  -- not what people did with the run
ORDER BY id
"""
_ENTRIES = """
SELECT id, chain, seq, action, rule, reason_code, account::text AS account, details, sealed
FROM audit WHERE id = ANY(%(ids)s)
"""
# The account's own names stand in only while no other school can have changed them.
_ACCOUNTS = """
SELECT a.id::text AS account, a.kind, coalesce(w.upn, '') AS upn,
       coalesce(w.year_group, '') AS year_group, coalesce(w.registration_group, '') AS registration_group,
       coalesce(w.legal_surname, s.legal_surname, CASE WHEN own.here THEN a.legal_surname END, '') AS legal_surname,
       coalesce(w.legal_forename, s.legal_forename, CASE WHEN own.here THEN a.legal_forename END, '') AS legal_forename,
       coalesce(w.preferred_surname, s.preferred_surname, CASE WHEN own.here THEN a.preferred_surname END, '')
           AS preferred_surname,
       coalesce(w.preferred_forename, s.preferred_forename, CASE WHEN own.here THEN a.preferred_forename END, '')
           AS preferred_forename,
       own.placed AS on_lists
FROM account a
CROSS JOIN LATERAL (
    SELECT coalesce(bool_or(p.school = %(school)s), false) AS placed,
           coalesce(bool_or(p.school = %(school)s), false)
               AND NOT coalesce(bool_or(p.school <> %(school)s AND p.ended IS NULL), false) AS here
    FROM placement p WHERE p.account = a.id
) own
LEFT JOIN LATERAL (
    SELECT r.* FROM upn u JOIN learner_record r ON r.upn = u.upn AND r.school = %(school)s
    WHERE u.account = a.id ORDER BY (u.upn = a.upn) DESC LIMIT 1
) w ON true
LEFT JOIN LATERAL (
    SELECT r.* FROM staff_record r WHERE r.account = a.id AND r.school = %(school)s LIMIT 1
) s ON true
WHERE a.id = ANY(%(ids)s::uuid[])
"""
_UPNS = """
SELECT r.upn, 'learner' AS kind, r.year_group, r.registration_group, r.legal_surname, r.legal_forename,
       r.preferred_surname, r.preferred_forename, false AS on_lists
FROM learner_record r WHERE r.school = %(school)s AND r.upn = ANY(%(upns)s)
"""
