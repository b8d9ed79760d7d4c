"""Staff of one school with a working account, to compare with what was received of somebody who has none."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from hwb.directory.queries import explanation_rows as rows
from hwb.directory.queries import explanation_sql as sql
from hwb.directory.queries.rows import fetch
from hwb.extract.records import StaffRecord


@dataclass(frozen=True, slots=True)
class Colleague:
    """One of them, with the record as it was received last."""

    account: UUID
    record: StaffRecord

    @property
    def surname(self) -> str:
        return self.record.preferred_surname or self.record.legal_surname

    @property
    def forename(self) -> str:
        return self.record.preferred_forename or self.record.legal_forename


def working(*, school: str) -> tuple[Colleague, ...]:
    """Active, at work here, in the newest data, and not protected."""
    found = []
    for row in fetch(sql.STAFF, {"school": school}):
        member = rows.Member.read(row)
        account, entry = member.member.account, member.member.entry
        if account is None or not account.active or school not in account.posts or member.protected:
            continue
        if entry.missing_since is None and not entry.refused:
            found.append(Colleague(UUID(account.id), entry.record))
    return tuple(found)
