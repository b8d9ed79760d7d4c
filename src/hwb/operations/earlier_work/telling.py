"""Who hears of earlier work (M20): whoever asked, and the school where the work is kept. No name is in any message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hwb.directory.queries.earlier_work import WorkRow
from hwb.lifecycle import messages as rules
from hwb.lifecycle.messages import Kind, Reader
from hwb.operations.messages.writing import Letter, put, readers_at


def ready(cursor: Any, row: WorkRow, *, now: datetime) -> None:
    """It can be opened: both schools are told."""
    details = {
        "what": "ready", "request": row.number, "first": row.first_day and row.first_day.isoformat(),
        "last": row.last_day and row.last_day.isoformat(),
    }  # fmt: skip
    _put(cursor, row, row.school.dfes, details, _asker(row), now)
    earlier = row.earlier.dfes
    for role in ("champion", "head"):
        found = readers_at(cursor, [earlier], Kind.EARLIER_WORK, now=now, only=(role,)).get(earlier, ())
        if found:
            _put(cursor, row, earlier, {**details, "what": "opened"}, found, now)
            return


def stopped(cursor: Any, row: WorkRow, *, was_open: bool, now: datetime) -> None:
    """Support says that it is not possible, or has ended it: whoever asked is told."""
    details = {"what": "stopped" if was_open else "not possible", "request": row.number}
    _put(cursor, row, row.school.dfes, details, _asker(row), now)


def _asker(row: WorkRow) -> Sequence[Reader]:
    kind, _, account = row.asked_by.partition(" ")
    return [Reader("champion", account)] if kind == "account" else []


def _put(
    cursor: Any, row: WorkRow, school: str, details: dict[str, Any], readers: Sequence[Reader], now: datetime
) -> None:
    occasion = f"HW-{row.number} {details['what']} {row.decided_at}"
    put(
        cursor,
        Letter(Kind.EARLIER_WORK, school, occasion, details, rules.due_at(Kind.EARLIER_WORK, now)),
        readers,
        now=now,
    )
