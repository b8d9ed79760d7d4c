"""Wrong passwords of an account, for the school that has it: a column of other statements, and what it says. And what
looks like guessing, for operators: figures without names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hwb.directory.queries.rows import fetch
from hwb.lifecycle import attempts
from hwb.lifecycle.attempts import NO_TROUBLE, Count, Trouble

_TOLD = timedelta(days=1)
#: For a statement whose account is `a`. Counted by the real clock, and the database's is one.
COLUMNS = (
    "clock_timestamp() AS asked_at, (SELECT jsonb_agg(to_jsonb(c) - 'key') FROM sign_in_count c WHERE c.account = a.id)"
    " AS wrong_passwords"
)


@dataclass(frozen=True, slots=True)
class Guessing:
    """What was slowed down within a day: how many addresses, and how many passwords that were tried with many names.

    last: when there was ground for it; failed, before: wrong passwords of this hour, and of the same a week before.
    """

    addresses: int
    passwords: int
    last: datetime | None
    failed: int
    before: int


def guessing(*, at: datetime) -> Guessing:
    """By the real clock."""
    (row,) = fetch(_GUESSING, {"since": at - _TOLD, "window": attempts.WINDOW})
    failed, before = of_hour(at)
    return Guessing(**row, failed=failed, before=before)


def of_hour(at: datetime) -> tuple[int, int]:
    """Wrong passwords of the hour and of the same hour a week before, as far as they are summed up."""
    (row,) = fetch(_HOURS, {"at": at})
    return row["failed"], row["before"]


def read(row: Mapping[str, Any]) -> Trouble:
    """The trouble of one row with these columns."""
    found: Collection[dict[str, Any]] = row["wrong_passwords"] or ()
    if not found:
        return NO_TROUBLE
    counts = [(Count(one["row"], one["locks"], _at(one["until"]), _at(one["last"])), one["on_device"]) for one in found]
    return attempts.trouble(counts, at=row["asked_at"])


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


_GUESSING = """
SELECT count(*) FILTER (WHERE guessing = 'address') AS addresses,
       count(*) FILTER (WHERE guessing = 'password') AS passwords, max(until) - %(window)s AS last
FROM sign_in_count WHERE guessing > '' AND until > %(since)s
"""
_HOURS = """
SELECT coalesce(sum(failed) FILTER (WHERE hour = date_trunc('hour', %(at)s::timestamptz)), 0) AS failed,
       coalesce(sum(failed) FILTER (WHERE hour = date_trunc('hour', %(at)s::timestamptz - interval '7 days')), 0)
       AS before
FROM sign_in_hour
"""
