"""What a person does on a page that sends a message: passing a task on, telling a school, watching, choosing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from hwb.extract.texts import N_, Text
from hwb.lifecycle import calendar, messages
from hwb.lifecycle.messages import Kind, Reader
from hwb.operations import audit
from hwb.operations.messages import events, gathering
from hwb.operations.messages.writing import Letter, put, readers_at


class MessageRefused(Exception):
    """Nobody can be told so; `text` says why."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(code)
        self.code, self.text = code, text


def pass_on(
    *, school: str, to: UUID, count: int, task: str = "", acting_account: UUID, acting_user: str, now: datetime
) -> bool:
    """Passes records to put right to somebody with a role at the school (M4); True when a message was written.

    count: how many records. task: a code that tells one task from another, for example "L07"; the same one is told to
    the same person once a day. Raises MessageRefused when `to` has no role at the school today.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_HAS_ROLE, {"account": to, "school": school, "today": calendar.london_date(now)})
        if cursor.fetchone() is None:
            raise MessageRefused("no_role", Text(N_("This person has no role at the school any more.")))
        details = {"count": count, "by": events.role_of(cursor, acting_account, school, now)}
        occasion = f"{calendar.london_date(now)} {task}"
        letter = Letter(Kind.PASSED, school, occasion, details, messages.due_at(Kind.PASSED, now))
        written = put(cursor, letter, [Reader("passed", str(to))], now=now)
        audit.record(action="task passed on", actor=acting_user, at=now, details={"to": str(to), "count": count,
                     "task": task}, school=school, chain=school)  # fmt: skip
    return bool(written)


def tell_school(*, school: str, asking: str, acting_user: str, now: datetime) -> bool:
    """Tells a school's MIS administrator and client manager how many learners wait for it (M7), at a page's request.

    school: the one that has the accounts; asking: the one that waits, which the message does not name. At most once a
    day, whoever asks; False when it was told today, when nobody waits, or when nobody is there to read it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        found = gathering.waited_for(cursor, on=calendar.london_date(now), school=school)
        written = 0
        if found:
            ((_, count, newest),) = found
            details = {"count": count, "newest": newest.isoformat(), "asked": True}
            letter = Letter(Kind.WAITED_FOR, school, str(calendar.london_date(now)), details, now)
            readers = readers_at(cursor, [school], Kind.WAITED_FOR, now=now).get(school, ())
            written = put(cursor, letter, readers, now=now)
        audit.record(action="school told", actor=acting_user, at=now, details={"told": school}, school=asking,
                     chain=asking)  # fmt: skip
    return bool(written)


def watch(*, account: UUID, school: str, upns: Iterable[str], now: datetime) -> int:
    """Tells `account` when these learners arrive at `school` (M11); returns how many were not watched yet.

    A watch ends when it was told, and after 120 days. Only what the school itself will see is told: an arrival.
    """
    rows = [(account, school, events.watch_hash(school, upn), now) for upn in sorted(set(upns))]
    with transaction.atomic(), connection.cursor() as cursor:
        new = 0
        for row in rows:
            cursor.execute(_WATCH, row)
            new += cursor.rowcount
    return new


def unwatch(*, account: UUID, school: str, upns: Iterable[str]) -> None:
    """Ends watches; those that there are not are passed over."""
    hashes = [events.watch_hash(school, upn) for upn in upns]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM watch WHERE account = %s AND school = %s AND upn_hash = ANY(%s)", [account, school, hashes]
        )


def choose(*, account: UUID, language: str, digests: bool, pages: str = "") -> None:
    """A reader's own choice: language of messages ("en", "cy", or "" for both), whether summaries are wanted, and the
    language in which pages begin ("" for that of the sign-in page).
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CHOOSE, [account, language, digests, pages])


_HAS_ROLE = """
SELECT 1 FROM role_grant g JOIN account a ON a.id = g.account AND a.active
WHERE g.account = %(account)s AND (g.school = %(school)s OR g.school = '' AND g.area = left(%(school)s, 3))
  AND g.ended_at IS NULL AND (g.until IS NULL OR g.until >= %(today)s) LIMIT 1
"""
_WATCH = """
INSERT INTO watch (account, school, upn_hash, since) VALUES (%s, %s, %s, %s)
ON CONFLICT (school, upn_hash, account) DO NOTHING
"""
_CHOOSE = """
INSERT INTO message_choice (account, language, digests, pages) VALUES (%s, %s, %s, %s)
ON CONFLICT (account) DO UPDATE SET language = excluded.language, digests = excluded.digests,
    pages = excluded.pages
"""
