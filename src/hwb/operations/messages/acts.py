"""What a person does on a page that sends a message: passing a task on, telling a school, watching, choosing."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from hwb.extract.texts import N_, Text
from hwb.lifecycle import calendar, messages
from hwb.lifecycle.messages import Kind, Reader
from hwb.operations import audit, searches
from hwb.operations.messages import events, gathering
from hwb.operations.messages.writing import Letter, put, readers_at


class MessageRefused(Exception):
    """Nobody can be told so; `text` says why."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(code)
        self.code, self.text = code, text


@dataclass(frozen=True, slots=True)
class Looked:
    """A search whose answer is passed on: its kind ("learner" or "staff") and what was asked. Kept for the one to whom
    it is passed; the message leads there by a random id. ``at``: the real moment, by which searches are kept."""

    kind: str
    content: Mapping[str, Any]
    at: datetime


class Told(StrEnum):
    """What became of the wish to tell another school."""

    TOLD = "told"
    BEFORE = "told before"  # today already
    NOBODY_WAITS = "nobody waits"
    NO_READER = "no reader"


def pass_on(
    *, school: str, to: UUID, count: int, task: str = "", acting_account: UUID, acting_user: str, now: datetime,
    looked: Looked | None = None,
) -> bool:  # fmt: skip
    """Passes records to put right to somebody with a role at the school (M4); True when a message was written.

    count: how many records. task: a code that tells one task from another, for example "L07"; the same one is told to
    the same person once a day. looked: the answer that it is about, instead of the list of records to put right.
    Raises MessageRefused when `to` has no role at the school today.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_HAS_ROLE, {"account": to, "school": school, "today": calendar.london_date(now)})
        if cursor.fetchone() is None:
            raise MessageRefused("no_role", Text(N_("This person has no role at the school any more.")))
        details: dict[str, Any] = {"count": count, "by": events.role_of(cursor, acting_account, school, now)}
        occasion = f"{calendar.london_date(now)} {task}"
        if looked is not None:
            kept = searches.keep(account=to, school=school, kind=looked.kind, content=looked.content, at=looked.at,
                                 passed=True)  # fmt: skip
            details |= {"about": looked.kind, "search": str(kept)}
            occasion += f" {events.watch_hash(school, json.dumps(looked.content, sort_keys=True)).hex()[:32]}"
        letter = Letter(Kind.PASSED, school, occasion, details, messages.due_at(Kind.PASSED, now))
        written = put(cursor, letter, [Reader("passed", str(to))], now=now)
        if not written and looked is not None:  # told today: the first message leads there already
            cursor.execute("DELETE FROM search WHERE id = %s", [details["search"]])
        audit.record(action="task passed on", actor=acting_user, at=now, details={"to": str(to), "count": count,
                     "task": task}, school=school, chain=school)  # fmt: skip
    return bool(written)


def tell_school(*, school: str, asking: str, acting_user: str, now: datetime) -> Told:
    """Tells a school's MIS administrator and client manager how many learners wait for it (M7), at a page's request.

    school: the one that has the accounts; asking: the one that waits, which the message does not name. At most once a
    day, whoever asks. The wish is recorded whatever becomes of it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        found = gathering.waited_for(cursor, on=calendar.london_date(now), school=school)
        told = _tell(cursor, found[0], now) if found else Told.NOBODY_WAITS
        audit.record(action="school told", actor=acting_user, at=now, details={"told": school}, school=asking,
                     chain=asking)  # fmt: skip
    return told


def tell_runner(*, school: str, acting_account: UUID, acting_user: str, now: datetime) -> Told:
    """Asks whoever runs the school's client to look at it (M4), at most once a day; NO_READER when nobody is known."""
    with transaction.atomic(), connection.cursor() as cursor:
        by = events.role_of(cursor, acting_account, school, now)
        letter = Letter(
            Kind.PASSED, school, f"{calendar.london_date(now)} client", {"count": 1, "by": by, "about": "client"},
            messages.due_at(Kind.PASSED, now),
        )  # fmt: skip
        readers = readers_at(cursor, [school], Kind.FAILING, now=now, only=("client_manager",)).get(school, ())
        told = Told.NO_READER
        if readers:
            told = Told.TOLD if put(cursor, letter, readers, now=now) else Told.BEFORE
        audit.record(action="runner told", actor=acting_user, at=now, details={"outcome": told}, school=school,
                     chain=school)  # fmt: skip
    return told


def ask_of_school(*, school: str, what: str, role: str, acting_account: UUID, acting_user: str, now: datetime) -> Told:
    """Asks a school's Digital Champions and MIS administrators, else its headteacher, to do something (C2).

    what: one of `lifecycle.messages.ASKABLE`; role: as what somebody asks. At most one a day from the same person to
    the same school, whatever it asks.
    """
    if what not in messages.ASKABLE:
        raise ValueError(what)
    with transaction.atomic(), connection.cursor() as cursor:
        occasion = f"{calendar.london_date(now)} {acting_account}"
        letter = Letter(Kind.ASKED, school, occasion, {"what": what, "by": role}, messages.due_at(Kind.ASKED, now))
        readers = readers_at(cursor, [school], Kind.ASKED, now=now).get(school, ())
        if not readers:
            readers = readers_at(cursor, [school], Kind.ASKED, now=now, only=("head",)).get(school, ())
        told = Told.NO_READER
        if readers:
            told = Told.TOLD if put(cursor, letter, readers, now=now) else Told.BEFORE
        audit.record(action="asked of school", actor=acting_user, at=now, details={"asked": what, "outcome": told},
                     school=school, chain=school)  # fmt: skip
    return told


def _tell(cursor: Any, waited: tuple[str, int, date], now: datetime) -> Told:
    school, count, newest = waited
    details = {"count": count, "newest": newest.isoformat(), "asked": True}
    letter = Letter(Kind.WAITED_FOR, school, str(calendar.london_date(now)), details, now)
    readers = readers_at(cursor, [school], Kind.WAITED_FOR, now=now).get(school, ())
    if not readers:
        return Told.NO_READER
    return Told.TOLD if put(cursor, letter, readers, now=now) else Told.BEFORE


def watch(*, account: UUID, school: str, people: Iterable[str], now: datetime) -> int:
    """Tells `account` when these people get an account at `school` (M11); returns how many were not watched yet.

    people: UPNs, and of staff what :func:`staff_code` and :func:`staff_name` make. A watch ends when it was told, and
    after 120 days. Only what the school itself will see is told: an arrival.
    """
    rows = [(account, school, events.watch_hash(school, person), now) for person in sorted(set(people))]
    with transaction.atomic(), connection.cursor() as cursor:
        new = 0
        for row in rows:
            cursor.execute(_WATCH, row)
            new += cursor.rowcount
    return new


def unwatch(*, account: UUID, school: str, people: Iterable[str]) -> None:
    """Ends watches; those that there are not are passed over."""
    hashes = [events.watch_hash(school, person) for person in people]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM watch WHERE account = %s AND school = %s AND upn_hash = ANY(%s)", [account, school, hashes]
        )


def watched(*, account: UUID, school: str, people: Collection[str]) -> frozenset[str]:
    """Those of the people whom `account` watches at `school`."""
    if not people:
        return frozenset()
    hashes = {events.watch_hash(school, person): person for person in people}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT upn_hash FROM watch WHERE account = %s AND school = %s AND upn_hash = ANY(%s)",
            [account, school, list(hashes)],
        )
        return frozenset(hashes[bytes(found)] for (found,) in cursor.fetchall())


def choose(*, account: UUID, language: str, digests: bool, pages: str = "") -> None:
    """A person's own choice: language of messages ("en", "cy", or "" for both), whether summaries are wanted, and the
    language in which pages begin ("" for that of the sign-in page)."""
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
ON CONFLICT (account) DO UPDATE SET language = excluded.language, digests = excluded.digests, pages = excluded.pages
"""
