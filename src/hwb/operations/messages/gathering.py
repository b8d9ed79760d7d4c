"""What nobody's act writes: schools whose runs have stopped (M1), waits (M7), and the morning's summaries (M3, M10)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from hwb.lifecycle import calendar, messages
from hwb.lifecycle.messages import Attempts, Kind, Reader
from hwb.operations.messages.writing import Letter, put, readers_at

KEPT_DAYS = 400


def gather(*, now: datetime) -> int:
    """Writes what is due to be written by ``now``; safe to repeat. Returns the new messages."""
    written = 0
    for step in (_stopped_runs, _waits, _summaries, _watched):
        with transaction.atomic(), connection.cursor() as cursor:
            written += step(cursor, now)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM message WHERE written_at < %s", [now - timedelta(days=KEPT_DAYS)])
        cursor.execute("DELETE FROM watch WHERE since < %s", [now - messages.WATCH_ENDS])
    return written


def waited_for(cursor: Any, *, on: date, school: str | None = None) -> list[tuple[str, int, date]]:
    """Schools whose learners are waited for: how many, and since when the newest of them."""
    cursor.execute(_WAITED_FOR, {"on": on, "school": school})
    return [(holder, count, newest) for holder, count, newest in cursor.fetchall()]


def _stopped_runs(cursor: Any, now: datetime) -> int:
    """M1, once for each spell without a successful run."""
    cursor.execute(_ATTEMPTS, {"on": calendar.london_date(now)})
    stopped = []
    for school, last, last_at, enrolled, count, at, code, held, report in cursor.fetchall():
        failed, newest = _failures(report, last_at, count or 0, at, code or "")
        found = messages.failing(Attempts(last_at, enrolled, failed, newest, held), now)
        if found is not None:
            stopped.append((school, str(last or ""), last_at, failed, newest, found))
    if not stopped:
        return 0
    readers = readers_at(cursor, [item[0] for item in stopped], Kind.FAILING, now=now)
    cursor.execute(_BLOCKED, [list(readers)])
    blocked = dict(cursor.fetchall())
    written = 0
    for school, last, last_at, failed, code, found in stopped:
        details = {
            "last": last, "since": calendar.london_date(last_at).isoformat() if last_at else "", "failed": failed,
            "code": code, "cause": found.cause, "blocked": blocked.get(school, 0),
        }  # fmt: skip
        letter = Letter(Kind.FAILING, school, f"after {last}", details, found.due)
        written += put(cursor, letter, readers.get(school, ()), now=now)
    return written


def _failures(report: Any, last: datetime | None, count: int, at: datetime | None, code: str) -> tuple[int, str]:
    """Failures since the last success, and the newest one's code: those that the server saw and the client told."""
    known = (json.loads(report) if isinstance(report, str) else report) or {}
    told = [attempt for attempt in known.get("failed_attempts", ()) if last is None or _moment(attempt["at"]) > last]
    if told and (at is None or _moment(told[-1]["at"]) > at):
        code = told[-1]["code"]
    return count + len(told), code


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=calendar.LONDON)


def _waits(cursor: Any, now: datetime) -> int:
    """M7, on school days from 07:00."""
    if not messages.is_morning(now):
        return 0
    found = waited_for(cursor, on=calendar.london_date(now))
    cursor.execute(_TOLD, [[school for school, _, _ in found]])
    told = {
        school: (json.loads(details) if isinstance(details, str) else details, at)
        for school, details, at in cursor.fetchall()
    }
    due = [
        item for item in found
        if messages.is_told_again(count=item[1], newest=item[2], told=told.get(item[0], (None, None))[0],
                                  told_at=told.get(item[0], (None, None))[1], now=now)
    ]  # fmt: skip
    readers = readers_at(cursor, [school for school, _, _ in due], Kind.WAITED_FOR, now=now)
    day = str(calendar.london_date(now))
    return sum(
        put(cursor, Letter(Kind.WAITED_FOR, school, day, {"count": count, "newest": newest.isoformat()}, now),
            readers.get(school, ()), now=now)
        for school, count, newest in due
    )  # fmt: skip


def _summaries(cursor: Any, now: datetime) -> int:
    """M3 and M10: what was noted until the morning, as one message a school and reader."""
    written = 0
    for kind in sorted(messages.DIGESTS):
        cursor.execute(
            "DELETE FROM message_note WHERE kind = %s AND due_at <= %s RETURNING school::text, id, details, due_at",
            [kind, now],
        )
        notes = _by(0, cursor.fetchall())
        readers = readers_at(cursor, notes, kind, now=now)
        for school, rows in notes.items():
            details = messages.summed([row[2] for row in rows])
            letter = Letter(kind, school, str(min(row[1] for row in rows)), details, now)
            written += put(cursor, letter, readers.get(school, ()), now=now)
    return written


def _watched(cursor: Any, now: datetime) -> int:
    """M11, to one reader at most once an hour."""
    cursor.execute(_WATCHED, {"now": now, "hour_ago": now - timedelta(hours=1)})
    written = 0
    for (account, school), rows in _by((0, 1), cursor.fetchall()).items():
        details = messages.summed([row[3] for row in rows])
        letter = Letter(Kind.WATCHED, school, str(min(row[2] for row in rows)), details, now)
        written += put(cursor, letter, [Reader("watching", account)], now=now)
    return written


def _by(part: int | tuple[int, ...], rows: Iterable[tuple[Any, ...]]) -> dict[Any, list[tuple[Any, ...]]]:
    found: dict[Any, list[tuple[Any, ...]]] = {}
    for row in rows:
        key = row[part] if isinstance(part, int) else tuple(row[index] for index in part)
        read = tuple(json.loads(v) if isinstance(v, str) and v.startswith("{") else v for v in row)
        found.setdefault(key, []).append(read)
    return found


# A school that no client sends for has nothing that could stop. As in queries.schools, a rehearsed calendar may
# give two runs one moment.
_ATTEMPTS = """
SELECT e.dfes::text, l.id, l.finished_at, c.enrolled_at, f.count, f.at, f.code,
       EXISTS (SELECT FROM run h WHERE h.school = e.dfes AND h.state = 'held' AND NOT h.preview), c.report
FROM establishment e
LEFT JOIN LATERAL (
    SELECT r.id, r.finished_at, r.received_at FROM run r
    WHERE r.school = e.dfes AND r.state IN ('applied', 'no change') ORDER BY r.accepted_no DESC LIMIT 1
) l ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS count, max(coalesce(r.finished_at, r.received_at)) AS at,
           (array_agg(r.failure ORDER BY r.received_at DESC))[1] AS code
    FROM run r WHERE r.school = e.dfes AND NOT r.preview AND r.state IN ('failed', 'refused')
      AND (l.id IS NULL OR r.received_at >= l.received_at)
) f ON true
LEFT JOIN LATERAL (
    SELECT c.enrolled_at,
           (SELECT told FROM jsonb_array_elements(c.report -> 'schools') told WHERE told ->> 'school' = e.dfes LIMIT 1)
               AS report
    FROM client_school s JOIN client c ON c.id = s.client
    WHERE s.school = e.dfes AND c.revoked_at IS NULL AND c.enrolled_at IS NOT NULL
    ORDER BY c.last_contact DESC NULLS LAST LIMIT 1
) c ON true
WHERE (e.closed IS NULL OR e.closed >= %(on)s) AND (l.id IS NOT NULL OR c.enrolled_at IS NOT NULL OR f.count > 0)
"""
_HOLDERS = """
FROM wait w
JOIN upn u ON u.upn = w.upn
JOIN placement p ON p.account = u.account AND p.role = 'holding' AND p.ended IS NULL AND p.school <> w.school
LEFT JOIN learner_record r ON r.school = p.school AND r.upn = w.upn
"""
_BLOCKED = f"SELECT p.school::text, count(*) {_HOLDERS} WHERE p.school = ANY(%s) GROUP BY p.school"
# Where a leaving date stands already, there is nothing to enter. Of a clash of identities neither school hears.
_WAITED_FOR = f"""
SELECT p.school::text, count(*), max(w.since) {_HOLDERS}
WHERE w.cause IN ('release', 'conflict') AND (r.leaving_date IS NULL OR r.leaving_date < %(on)s)
  AND (%(school)s::text IS NULL OR p.school = %(school)s)
GROUP BY p.school ORDER BY p.school
"""
_TOLD = """
SELECT DISTINCT ON (school) school::text, details, written_at FROM message
WHERE kind = 'M7' AND school = ANY(%s) ORDER BY school, written_at DESC
"""
_WATCHED = """
DELETE FROM message_note n WHERE kind = 'M11' AND due_at <= %(now)s AND NOT EXISTS (
    SELECT FROM message m WHERE m.kind = 'M11' AND m.school = n.school AND m.to_account = n.account
      AND m.written_at > %(hour_ago)s)
RETURNING account::text, school::text, id, details
"""
