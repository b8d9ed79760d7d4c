"""The outbox is emptied one message at a time: checked once more, said in the reader's language, sent, marked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from hwb.extract.texts import Language
from hwb.lifecycle import message_texts, messages
from hwb.lifecycle.message_texts import Said, School
from hwb.lifecycle.messages import URGENCY, Kind
from hwb.operations.messages import links

#: So often is one message tried; a server that is away does not count.
TRIES = 12


class ServerAway(Exception):
    """The mail server does not answer, or takes nothing now: all messages stay where they are."""


class NotTaken(Exception):
    """The server refuses this one message; ``for_good`` says whether it would the next time too."""

    def __init__(self, reason: str, *, for_good: bool) -> None:
        super().__init__(reason)
        self.for_good = for_good


class Sent(StrEnum):
    """What became of the message that was due."""

    SENT = "sent"
    LEFT = "left"  # not needed any more, no address, refused, or put off: the next one's turn
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as it is sent: the same in one language or, where the reader's is not known, in those of the school,
    as a rule Welsh and English."""

    id: int
    kind: Kind
    address: str
    said: tuple[Said, ...]
    route: str
    parts: Mapping[str, str]
    to_account: bool
    at: datetime


def deliver_next(*, send: Callable[[Outgoing], None], now: datetime, at: datetime) -> Sent | None:
    """Sends the most urgent message that is due, None when none is. ``at``: the real moment, by which tries wait.

    ``send`` raises ServerAway or NotTaken. Sent before it is marked: a crash between the two sends it again, under the
    same Message-ID.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_NEXT, {"now": now, "at": at, "urgency": [str(kind) for kind in URGENCY]})
        row = cursor.fetchone()
        if row is None:
            return None
        message = dict(zip([column[0] for column in cursor.description], row, strict=True))
        details = message["details"]
        message["details"] = json.loads(details) if isinstance(details, str) else details
        if (why := _why_not(cursor, message, at)) is not None:
            cursor.execute("UPDATE message SET failed = %s WHERE id = %s", [why, message["id"]])
            return Sent.LEFT
        if _had_enough(cursor, message, now):
            cursor.execute("UPDATE message SET due_at = %s WHERE id = %s", [messages.next_morning(now), message["id"]])
            return Sent.LEFT
        return _send(cursor, message, send, now, at)


def _send(cursor: Any, message: dict[str, Any], send: Callable[[Outgoing], None], now: datetime, at: datetime) -> Sent:
    try:
        send(outgoing(message, at=now))
    except ServerAway:
        _put_off(cursor, message, at, tries=min(message["tries"] + 1, TRIES - 1), failed="")
        return Sent.AWAY
    except NotTaken as refused:
        tries = message["tries"] + 1
        _put_off(cursor, message, at, tries=tries, failed="refused" if refused.for_good or tries >= TRIES else "")
        return Sent.LEFT
    cursor.execute(
        "UPDATE message SET sent_at = %s, tries = tries + 1, language = %s WHERE id = %s",
        [now, message["wanted"], message["id"]],
    )
    return Sent.SENT


def _put_off(cursor: Any, message: dict[str, Any], at: datetime, *, tries: int, failed: str) -> None:
    cursor.execute(
        "UPDATE message SET tries = %s, next_try_at = %s, failed = %s WHERE id = %s",
        [tries, at + messages.pause_after(tries), failed, message["id"]],
    )


def outgoing(message: Mapping[str, Any], *, at: datetime) -> Outgoing:
    """What a row of the outbox says, and where its link leads."""
    kind = Kind(message["kind"])
    stated = (message["wanted"] or message["of_school"] or "cy en").split()
    languages: tuple[Language, ...] = tuple("cy" if one == "cy" else "en" for one in stated)
    school = School(message["school"], message["name_en"], message["name_cy"])
    to_account = message["to_account"] is not None
    said = tuple(
        message_texts.said(
            kind, message["details"], school=school, role=message["role"], language=language,
            support=settings.HWB_HELP_EMAIL, to_account=to_account,
        )
        for language in languages
    )  # fmt: skip
    parts = {"dfes": message["school"]} if message["school"] else {}
    if "run" in message["details"]:
        parts["run"] = message["details"]["run"]
    if "search" in message["details"]:
        parts["search"] = message["details"]["search"]
    if kind is Kind.CASE:
        parts["number"] = str(message["details"]["case"])
    if "link" in message["details"]:
        parts = {"token": links.token_of(message["details"]["link"])}
    route = message_texts.route_of(kind, message["details"])
    if kind is Kind.DECISION and "link" in message["details"]:
        parts["link"] = message["details"]["link"]
    return Outgoing(message["id"], kind, message["recipient"], said, route, parts, to_account, at)


def _why_not(cursor: Any, message: dict[str, Any], at: datetime) -> str | None:
    """Why the message must not go out any more: told late, it would be false."""
    if not message["recipient"]:
        return "no address"
    kind, school, details = message["kind"], message["school"], message["details"]
    if kind == Kind.INVITATION:
        return None if links.is_open(cursor, details["link"], at=at) else "no longer true"
    if kind == Kind.HELD:
        cursor.execute("SELECT 1 FROM run WHERE id = %s AND state = 'held'", [details["run"]])
        return None if cursor.fetchone() else "no longer true"
    if kind in (Kind.FAILING, Kind.REFUSALS):
        cursor.execute(_NEWEST, [school])
        newest, refused = cursor.fetchone() or ("", False)
        true = str(newest) == details["last"] if kind == Kind.FAILING else refused
        return None if true else "no longer true"
    return None


def _had_enough(cursor: Any, message: dict[str, Any], now: datetime) -> bool:
    cursor.execute(
        "SELECT count(*) FROM message WHERE sent_at >= %s AND (to_account = %s OR address <> '' AND address = %s)",
        [messages.day_began(now), message["to_account"], message["address"]],
    )
    return bool(cursor.fetchone()[0] >= messages.DAILY_LIMIT)


_NEXT = """
SELECT m.id, m.kind, m.school::text, m.to_account, m.address, m.role, m.details, m.tries,
       coalesce(CASE WHEN m.to_account IS NULL THEN m.address WHEN a.active THEN a.email END, '') AS recipient,
       coalesce(c.language, '') AS wanted, coalesce(e.name_en, '') AS name_en, coalesce(e.name_cy, '') AS name_cy,
       coalesce(nullif(own.value, ''), nation.value, '') AS of_school
FROM message m
LEFT JOIN account a ON a.id = m.to_account
LEFT JOIN message_choice c ON c.account = m.to_account
LEFT JOIN establishment e ON e.dfes = m.school
LEFT JOIN setting own ON own.key = 'languages.messages.' || m.school
LEFT JOIN setting nation ON nation.key = 'languages.messages'
WHERE m.sent_at IS NULL AND m.failed = '' AND m.due_at <= %(now)s
  AND (m.next_try_at IS NULL OR m.next_try_at <= %(at)s)
ORDER BY array_position(%(urgency)s::text[], m.kind), m.due_at, m.id LIMIT 1 FOR UPDATE OF m SKIP LOCKED
"""
_NEWEST = """
SELECT id::text, result -> 'problems' <> '[]'::jsonb FROM run
WHERE school = %s AND state IN ('applied', 'no change') ORDER BY accepted_no DESC LIMIT 1
"""
