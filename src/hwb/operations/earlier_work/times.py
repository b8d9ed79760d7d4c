"""What happens to requests by itself: the service has what was granted, the time is over, the learner has left."""

from __future__ import annotations

from datetime import date, datetime

from django.db import connection

from hwb.directory.queries import earlier_work as rows
from hwb.lifecycle import earlier_work as rules
from hwb.lifecycle.earlier_work import Event, Learner
from hwb.operations.earlier_work import telling
from hwb.operations.earlier_work.storing import following, lock, write
from hwb.operations.transactions import in_transaction

_WHY = {Event.LEAVE: "left", Event.PASS: "over"}
_NOBODY = Learner("", active=False, protected=False)


def end_due(*, on: date, now: datetime) -> int:
    """Ends what is over: the last day has passed, or the school that asked does not hold the learner any more."""
    return sum(in_transaction(lambda number=number: _end(number, on, now)) for number in _found(_OVER, on))  # type: ignore[misc]


def tell_ready(*, now: datetime) -> int:
    """Tells both schools that the service has what was granted (M20); how many requests."""
    return sum(
        in_transaction(lambda number=number: _tell(number, now))  # type: ignore[misc]
        for number in _found(_READY, None)
    )


def _end(number: int, on: date, now: datetime) -> int:
    with connection.cursor() as cursor:
        row = lock(cursor, number)
        seen = rows.learner(row.account)
        facts = seen.facts if seen else _NOBODY
        event = rules.due(row.state, facts, school=row.school.dfes, last=row.last_day, on=on)
        if event is None:
            return 0
        values = {"state": str(following(row, event)), "ended_at": now, "ended_why": _WHY[event]}
        write(cursor, row, values, action="earlier work ended", actor="calendar", now=now, why=_WHY[event])
    return 1


def _tell(number: int, now: datetime) -> int:
    with connection.cursor() as cursor:
        row = lock(cursor, number)
        cursor.execute("SELECT told_at FROM work_request WHERE number = %s", [number])
        if row.delivered_at is None or cursor.fetchone()[0] is not None:
            return 0
        write(cursor, row, {"told_at": now}, action="earlier work ready", actor="hwb", now=now)
        telling.ready(cursor, row, now=now)
    return 1


def _found(statement: str, on: date | None) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"on": on})
        return [number for (number,) in cursor.fetchall()]


#: What may be over; the rule decides.
_OVER = """
SELECT r.number FROM work_request r
WHERE r.state IN ('asked', 'granted') AND (r.last_day < %(on)s OR NOT EXISTS (
    SELECT FROM placement p WHERE p.account = r.account AND p.school = r.school AND p.role = 'holding'
    AND p.ended IS NULL)) ORDER BY r.number
"""
_READY = """
SELECT number FROM work_request
WHERE state = 'granted' AND delivered_at IS NOT NULL AND told_at IS NULL ORDER BY number
"""
