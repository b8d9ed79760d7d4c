"""Wrong passwords of an account, for the school that has it: a column of other statements, and what it says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from hwb.lifecycle import attempts
from hwb.lifecycle.attempts import NO_TROUBLE, Count, Trouble

#: For a statement whose account is `a`. Counted by the real clock, and the database's is one.
COLUMNS = (
    "clock_timestamp() AS asked_at, (SELECT jsonb_agg(to_jsonb(c) - 'key') FROM sign_in_count c WHERE c.account = a.id)"
    " AS wrong_passwords"
)


def read(row: Mapping[str, Any]) -> Trouble:
    """The trouble of one row with these columns."""
    found: Collection[dict[str, Any]] = row["wrong_passwords"] or ()
    if not found:
        return NO_TROUBLE
    counts = [(Count(one["row"], one["locks"], _at(one["until"]), _at(one["last"])), one["on_device"]) for one in found]
    return attempts.trouble(counts, at=row["asked_at"])


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
