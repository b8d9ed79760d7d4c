"""Cases of Hwb Support's desk as pages and operations read them; those of consolidation are in `consolidation`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from hwb.directory.queries.rows import fetch
from hwb.lifecycle.desk import Kind, State


@dataclass(frozen=True, slots=True)
class Happening:
    """One step of a case: when, by whom (as the audit log names them) and what, by a code."""

    at: datetime
    by: str
    what: str


@dataclass(frozen=True, slots=True)
class DeskCase:
    """A case as it is stored. ``name``: of whom it is about, empty when there is no account; ``protected``: whether
    they are."""

    number: int
    kind: Kind
    state: State
    school: str
    name_en: str
    name_cy: str
    account: UUID | None
    other: UUID | None
    upn: str
    name: str
    protected: bool
    details: str
    replies: str
    language: str
    code: str
    asked_by: UUID | None
    opened_by: str
    opened_at: datetime
    due: date
    owner: UUID | None
    answer: str
    matter: str
    closed_at: datetime | None
    history: tuple[Happening, ...]

    @property
    def reference(self) -> str:
        return f"HW-{self.number}"


def read(number: int) -> DeskCase | None:
    """One case, None when there is none of this number."""
    found = _rows("c.number = %(number)s", {"number": number})
    return found[0] if found else None


def every(*, is_open: bool) -> tuple[DeskCase, ...]:
    """All cases that are open, or over."""
    return tuple(_rows("c.closed_at IS NULL" if is_open else "c.closed_at IS NOT NULL", {}))


def of_school(school: str, *, asked_by: UUID | None = None) -> tuple[DeskCase, ...]:
    """What a school has asked for itself (B17), and what support has asked it about records that contradict each other
    (E8), the newest first; ``asked_by``: what this person asked for alone."""
    return tuple(reversed(_rows(_OF_SCHOOL, {"school": school, "by": asked_by})))


def about(account: UUID) -> tuple[DeskCase, ...]:
    """Every case about an account."""
    return tuple(_rows("c.account = %(account)s OR c.other = %(account)s", {"account": account}))


def touching(school: str) -> tuple[DeskCase, ...]:
    """Every case of a school, whoever opened it."""
    return tuple(_rows("c.school = %(school)s", {"school": school}))


def is_owner(number: int, account: UUID) -> bool:
    """Whether an agent has this open case, of whatever kind; one of consolidation also while it can be undone."""
    return bool(fetch(_IS_OWNER, {"number": number, "account": account}))


def open_case_of(account: UUID, *, owner: UUID) -> int | None:
    """The newest open case about an account that the agent has already."""
    rows = fetch(_OWN, {"account": account, "owner": owner})
    return rows[0]["number"] if rows else None


def languages_of(accounts: Sequence[UUID]) -> dict[UUID, str]:
    """The languages in which people chose to get messages."""
    rows = fetch("SELECT account, language FROM message_choice WHERE account = ANY(%(a)s)", {"a": list(accounts)})
    return {row["account"]: row["language"] for row in rows}


def names_of(accounts: Sequence[UUID]) -> dict[UUID, str]:
    """What agents are called."""
    return {row["id"]: row["name"] for row in fetch(_NAMES, {"accounts": list(accounts)})}


def _rows(where: str, parameters: Mapping[str, Any]) -> list[DeskCase]:
    return [_row(row) for row in fetch(f"{_CASES} WHERE {where} ORDER BY c.number", parameters)]


def _row(row: dict[str, Any]) -> DeskCase:
    row["kind"], row["state"] = Kind(row["kind"]), State(row["state"])
    row["history"] = tuple(
        Happening(datetime.fromisoformat(one["at"]), one["by"], one["what"]) for one in row["history"]
    )
    return DeskCase(**row)


_CASES = """
SELECT c.number, c.kind, c.state, c.school::text, coalesce(e.name_en, '') AS name_en,
       coalesce(e.name_cy, '') AS name_cy, c.account, c.other, c.upn::text,
       coalesce(concat_ws(' ', coalesce(nullif(a.preferred_forename, ''), a.legal_forename),
                               coalesce(nullif(a.preferred_surname, ''), a.legal_surname)), '') AS name,
       EXISTS (SELECT FROM protection p WHERE p.ended_at IS NULL AND (p.account IN (c.account, c.other)
               OR p.upn <> '' AND (p.upn = c.upn OR p.upn IN (SELECT u.upn FROM upn u
                                                              WHERE u.account IN (c.account, c.other))))) AS protected,
       c.details, c.replies, c.language, c.code, c.asked_by, c.opened_by, c.opened_at, c.due, c.owner, c.answer,
       c.matter, c.closed_at, c.history
FROM support_case c
LEFT JOIN establishment e ON e.dfes = c.school
LEFT JOIN account a ON a.id = c.account
"""
_OF_SCHOOL = """
c.school = %(school)s AND CASE WHEN %(by)s::uuid IS NOT NULL THEN c.asked_by = %(by)s
    ELSE c.asked_by IS NOT NULL OR c.kind = 'matching' AND c.history @> '[{"what": "found: ask"}]' END
"""
_NAMES = """
SELECT a.id, concat_ws(' ', coalesce(nullif(a.preferred_forename, ''), a.legal_forename),
                       coalesce(nullif(a.preferred_surname, ''), a.legal_surname)) AS name
FROM account a WHERE a.id = ANY(%(accounts)s::uuid[])
"""
_IS_OWNER = """
SELECT 1 FROM consolidation WHERE number = %(number)s AND owner = %(account)s
UNION ALL SELECT 1 FROM support_case WHERE number = %(number)s AND owner = %(account)s AND closed_at IS NULL
"""
_OWN = """
SELECT number FROM support_case
WHERE (account = %(account)s OR other = %(account)s) AND owner = %(owner)s AND closed_at IS NULL
ORDER BY number DESC LIMIT 1
"""
