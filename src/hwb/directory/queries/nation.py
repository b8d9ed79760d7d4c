"""Figures of the whole nation, without a single person's name."""

from __future__ import annotations

from dataclasses import dataclass

from hwb.directory.queries.rows import fetch


@dataclass(frozen=True, slots=True)
class AccountCount:
    """How many accounts of one kind (learner, staff, official) are active and inactive."""

    kind: str
    active: int
    inactive: int


def account_counts() -> list[AccountCount]:
    """One row for each kind of which there are accounts: learners, staff, officials."""
    rows = fetch(
        """
        SELECT kind, count(*) FILTER (WHERE active) AS active, count(*) FILTER (WHERE NOT active) AS inactive
        FROM account GROUP BY kind ORDER BY array_position(ARRAY['learner', 'staff', 'official'], kind::text)
        """
    )
    return [AccountCount(**row) for row in rows]
