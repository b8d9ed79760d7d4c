"""Slip sheets that somebody opened, and when a learner's slip was last printed (ux.md B8)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hwb.directory.queries.rows import fetch


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A sheet as its maker finds it. title: the class, empty for learners who were chosen; languages: en, cy, both."""

    sheet: UUID
    title: str
    accounts: tuple[UUID, ...]
    size: int
    languages: str
    badges: bool
    created_at: datetime
    closes_at: datetime
    closed_at: datetime | None

    def is_open(self, at: datetime) -> bool:
        """Whether its passwords may still be seen, by the real clock."""
        return self.closed_at is None and at < self.closes_at


def find(sheet: UUID, *, school: str, made_by: UUID) -> SheetRow | None:
    """None for a sheet of another school or another person."""
    found = fetch(_SHEETS + "AND id = %(sheet)s", {"sheet": sheet, "school": school, "made_by": made_by})
    return SheetRow(**{**found[0], "accounts": tuple(found[0]["accounts"])}) if found else None


def open_one(*, school: str, made_by: UUID, title: str, at: datetime) -> UUID | None:
    """The newest sheet of that title that its maker has not closed; None when there is none."""
    found = fetch(
        _SHEETS + "AND title = %(title)s AND closed_at IS NULL AND closes_at > %(at)s ORDER BY created_at DESC LIMIT 1",
        {"school": school, "made_by": made_by, "title": title, "at": at},
    )
    return found[0]["sheet"] if found else None


def printed(accounts: Collection[UUID], *, school: str) -> dict[UUID, datetime]:
    """When each account's slip was last on a sheet that was shown; those without one are left out."""
    found = fetch(_PRINTED, {"school": school, "accounts": list(accounts)})
    return {row["account"]: row["at"] for row in found}


_SHEETS = """
SELECT id AS sheet, title, accounts, size, languages, badges, created_at, closes_at, closed_at FROM slip_sheet
WHERE school = %(school)s AND made_by = %(made_by)s
"""
_PRINTED = """
SELECT one.account, max(s.printed_at) AS at FROM slip_sheet s, unnest(s.accounts) AS one(account)
WHERE s.school = %(school)s AND s.printed_at IS NOT NULL AND s.accounts && %(accounts)s::uuid[]
  AND one.account = ANY(%(accounts)s::uuid[])
GROUP BY one.account
"""
