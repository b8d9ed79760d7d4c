"""What happened to one learner's account, as one school may see it: its record's timeline (ux.md B9).

The school's own entries come whole, personal values read with the person's key. Of earlier schools' entries a school
sees that something happened and where; not who did it, nor classes, look-ups or sign-ins. Later schools' are not seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from django.conf import settings

from hwb.directory.chain import NATION
from hwb.directory.queries.rows import fetch
from hwb.directory.vault import PersonKey
from hwb.lifecycle.calendar import london_date

By = Literal["person", "self", "run", "support", "service", "nobody"]
#: Never told on a record: who is protected, who looked, what support is asked, and what goes on at a school that only
#: waits.
_UNTOLD = frozenset({
    "protection", "protection end", "look-up", "role", "role end", "consolidation refused", "earlier work taken",
    "earlier work not let", "case", "case refused", "case search", "case seen",
})  # fmt: skip
#: Of another school's entries these alone are told.
_TOLD_OF_OTHERS = frozenset({
    "create", "claim", "release", "state", "details", "rekey", "decision", "decision end", "password reset",
    "password chosen",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """One entry. school: another school's number, "" for this one's and the nation's own. by: who acted, with `name`
    for one of this school's people. `before` and `after` are empty for another school's entry; `unreadable`: personal
    values were there, and the key that reads them is gone (R38)."""

    at: datetime
    action: str
    reason: str
    school: str
    by: By
    name: str
    run: UUID | None
    run_at: datetime | None
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    unreadable: bool = False


def events(*, account: UUID, school: str, began: date, left: date | None) -> tuple[Event, ...]:
    """Newest first. began: the first day of the newest time here; left: of somebody who moved on, the last day here."""
    found = fetch(_EVENTS, {"account": account, "school": school})
    key = _key(account, found)
    return tuple(
        _event(row, account, school, key) for row in found if _is_told(row, school=school, began=began, left=left)
    )


def _is_told(row: Mapping[str, Any], *, school: str, began: date, left: date | None) -> bool:
    if row["action"] in _UNTOLD:
        return False
    if row["school"] == school:
        return True
    on = london_date(row["at"])
    if row["school"] in (NATION, ""):
        return left is None or on <= left
    return on <= began and row["action"] in _TOLD_OF_OTHERS


def _event(row: Mapping[str, Any], account: UUID, school: str, key: PersonKey | None) -> Event:
    own = row["school"] == school
    elsewhere = "" if own or row["school"] in (NATION, "") else row["school"]
    by, name = _by(row, account) if not elsewhere else ("nobody", "")
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    unreadable = False
    if not elsewhere:
        clear = orjson.loads(row["details"] or "{}")
        personal, unreadable = _personal(row, key)
        before = {**clear.get("before", {}), **personal.get("before", {})}
        after = {**clear.get("after", {}), **personal.get("after", {})}
    return Event(
        row["at"], row["action"], row["reason_code"], elsewhere, by, name, row["run"] if own else None,
        row["run_at"] if own else None, before, after, unreadable,
    )  # fmt: skip


def _by(row: Mapping[str, Any], account: UUID) -> tuple[By, str]:
    actor = row["actor"]
    if row["run"] is not None:
        return "run", ""
    if actor in (str(account), f"account {account}"):
        return "self", ""
    if row["by_here"]:
        return "person", row["by_name"]
    return ("service", "") if actor == "hwb" or actor.startswith("client:") else ("support", "")


def _personal(row: Mapping[str, Any], key: PersonKey | None) -> tuple[dict[str, Any], bool]:
    if row["sealed"] is None:
        return {}, False
    if key is None:
        return {}, True
    try:
        return key.unseal(bytes(row["sealed"]), place=f"{row['chain']}:{row['seq']}"), False
    except InvalidTag:
        return {}, True


def _key(account: UUID, found: Sequence[Mapping[str, Any]]) -> PersonKey | None:
    wrapped = next((row["wrapped"] for row in found if row["wrapped"] is not None), None)
    if wrapped is None:
        return None
    try:
        return PersonKey.unwrap(str(account), bytes(wrapped), secret=str(settings.SECRET_KEY))
    except InvalidTag:
        return None


_EVENTS = """
SELECT a.at, a.action, a.reason_code, a.school::text, a.chain::text, a.seq, a.actor, a.run, a.details, a.sealed,
       r.as_at AS run_at, k.wrapped,
       concat_ws(' ', coalesce(nullif(x.preferred_forename, ''), x.legal_forename),
                      coalesce(nullif(x.preferred_surname, ''), x.legal_surname)) AS by_name,
       x.id IS NOT NULL AND EXISTS (SELECT FROM placement p WHERE p.account = x.id AND p.school = %(school)s
                                    AND p.role = 'post') AS by_here
FROM audit a
LEFT JOIN run r ON r.id = a.run
LEFT JOIN person_key k ON k.account = a.account
LEFT JOIN account x ON x.id = CASE WHEN a.actor ~ '^account [0-9a-f-]{36}$' THEN substr(a.actor, 9)::uuid END
WHERE a.account = %(account)s
ORDER BY a.at DESC, a.id DESC
"""
