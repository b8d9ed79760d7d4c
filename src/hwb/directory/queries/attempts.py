"""Wrong passwords of accounts, for the school that has them. By the database's real clock."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from hwb.directory.queries.rows import fetch
from hwb.lifecycle import attempts
from hwb.lifecycle.attempts import Count, Trouble


def of_accounts(accounts: Collection[UUID]) -> dict[UUID, Trouble]:
    """By account; those without any wrong password are left out."""
    if not accounts:
        return {}
    found: dict[UUID, list[tuple[Count, bool]]] = {}
    at: datetime | None = None
    for row in fetch(_COUNTS, {"ids": list(accounts)}):
        at = row["at"]
        count = Count(row["row"], row["locks"], row["until"], row["last"])
        found.setdefault(row["account"], []).append((count, row["on_device"]))
    return {account: attempts.trouble(counts, at=at) for account, counts in found.items()} if at else {}


_COUNTS = """
SELECT account, "row", locks, until, last, on_device, clock_timestamp() AS at
FROM sign_in_count WHERE account = ANY(%(ids)s)
"""
