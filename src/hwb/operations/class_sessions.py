"""Signing in as a class: a teacher starts it, devices join with the class code, and it ends (ux.md A4).

All times are those of the real clock, given as `at`; `now` is the calendar's, for the log.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings as django_settings
from django.db import connection, transaction

from hwb.directory import store
from hwb.directory.queries import class_sessions as rows
from hwb.directory.queries.class_sessions import State
from hwb.directory.vault import code_digest
from hwb.lifecycle import badges, class_sign_in
from hwb.operations import audit
from hwb.operations.passwords import storing

_PURPOSE = "class code"
_KEEP_WRONG = timedelta(days=1)
_KEEP_SESSIONS = timedelta(days=1)


class JoiningClosed(Exception):
    """Too many wrong class codes came from this address: for some minutes not even the right one is looked at."""


def start(
    *, school: str, class_name: str, account: UUID, address: str, now: datetime, at: datetime
) -> UUID:  # fmt: skip
    """Begins a session of an hour for the class; one that stands ends. address: the teacher's, as others see it."""
    session, keys = uuid4(), storing.ring()
    code = badges.make(badges.CLASS_CODE, choose=secrets.choice)
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        cursor.execute(
            "UPDATE class_session SET ended_at = %s WHERE school = %s AND class_name = %s AND ended_at IS NULL",
            [at, school, class_name],
        )
        cursor.execute(
            "INSERT INTO class_session (id, school, class_name, started_by, digest, ciphertext, key_id, address,"
            " started_at, ends_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [session, school, class_name, account, _digest(code), keys.seal(str(session), code, purpose=_PURPOSE),
             keys.current, _place(address), at, at + class_sign_in.LASTS],
        )  # fmt: skip
        _record("class sign-in started", session, school, account, now)
    return session


def end(*, session: UUID, school: str, account: UUID, now: datetime, at: datetime) -> None:
    """Ends it for every device, and the sessions of the children who signed in by it with their next click."""
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        cursor.execute(
            "UPDATE class_session SET ended_at = %s WHERE id = %s AND school = %s AND ended_at IS NULL",
            [at, session, school],
        )
        if cursor.rowcount:
            _record("class sign-in ended", session, school, account, now)


def code_of(*, session: UUID, school: str) -> str:
    """The class code, for the teacher's screen; empty when its key is gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT key_id, ciphertext FROM class_session WHERE id = %s AND school = %s", [session, school])
        row = cursor.fetchone()
    return (storing.opened(str(session), row[0], bytes(row[1]), purpose=_PURPOSE) or "") if row else ""


def join(*, typed: str, device: str, address: str, at: datetime) -> State | None:
    """A device's state after its class code: in from the teacher's own address, else it asks. None for a wrong code.

    Raises JoiningClosed.
    """
    place, code = _place(address), badges.read(typed, length=badges.CLASS_CODE)
    with transaction.atomic(), connection.cursor() as cursor:
        # One at a time from an address: codes sent at once are counted too.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [place])
        cursor.execute(
            "SELECT count(*) FROM wrong_class_code WHERE address = %s AND at > %s",
            [place, at - class_sign_in.WRONG_WITHIN],
        )
        if cursor.fetchone()[0] >= class_sign_in.WRONG_CODES:
            raise JoiningClosed
        state = _joined(cursor, code, device, place, at) if code else None
        if state is None:
            cursor.execute("INSERT INTO wrong_class_code (address, at) VALUES (%s, %s)", [place, at])
    return state


def decide(
    *, session: UUID, device: UUID, let_in: bool, school: str, account: UUID, now: datetime
) -> None:  # fmt: skip
    """The teacher lets a device in, or not (any more)."""
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        cursor.execute(_DECIDE, ["in" if let_in else "refused", device, session, school])
        if cursor.rowcount:
            _record("class device let in" if let_in else "class device refused", session, school, account, now)


def forget_old(*, at: datetime) -> None:
    """Wrong codes and sessions that are over leave no trace but the log's."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM wrong_class_code WHERE at < %s", [at - _KEEP_WRONG])
        cursor.execute(
            "DELETE FROM class_device d USING class_session s WHERE s.id = d.session AND s.ends_at < %s",
            [at - _KEEP_SESSIONS],
        )
        cursor.execute("DELETE FROM class_session WHERE ends_at < %s", [at - _KEEP_SESSIONS])


def _joined(cursor: Any, code: str, device: str, place: str, at: datetime) -> State | None:
    cursor.execute(
        "SELECT id, address FROM class_session WHERE digest = %s AND ended_at IS NULL AND ends_at > %s FOR UPDATE",
        [_digest(code), at],
    )
    found = cursor.fetchone()
    if found is None:
        return None
    session, teachers = found
    known = {row.number: row for row in rows.devices(session)}
    cursor.execute("SELECT state FROM class_device WHERE session = %s AND device = %s", [session, device])
    before = cursor.fetchone()
    if before is not None:
        stands: State = before[0]
        return stands
    if len(known) >= class_sign_in.MOST_DEVICES:
        return None
    state: State = "in" if teachers == place else "asks"
    cursor.execute(
        "INSERT INTO class_device (id, session, device, number, state, asked_at) VALUES (%s, %s, %s, %s, %s, %s)",
        [uuid4(), session, device, max(known, default=0) + 1, state, at],
    )
    return state


def _record(action: str, session: UUID, school: str, account: UUID, now: datetime) -> None:
    audit.record(
        action=action, actor=f"account {account}", at=now, details={"session": str(session)}, school=school,
        chain=school,
    )  # fmt: skip


def _digest(code: str) -> str:
    return code_digest(code, purpose=_PURPOSE, secret=str(django_settings.SECRET_KEY))


def _place(address: str) -> str:
    """Addresses are kept only so that they can be compared."""
    return code_digest(address, purpose="address", secret=str(django_settings.SECRET_KEY))


_DECIDE = """
UPDATE class_device d SET state = %s FROM class_session s
WHERE s.id = d.session AND d.id = %s AND s.id = %s AND s.school = %s AND s.ended_at IS NULL
"""
