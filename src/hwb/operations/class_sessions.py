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

from hwb.directory import service_access, store
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


class ClassFull(Exception):
    """The code was right, and the class has as many devices as it can have."""


def start(
    *, school: str, class_name: str, account: UUID, address: str, now: datetime, at: datetime
) -> UUID:  # fmt: skip
    """Begins a session of an hour for the class; one that stands ends. address: the teacher's, as others see it."""
    session, keys = uuid4(), storing.ring()
    code = badges.make(badges.CLASS_CODE, choose=secrets.choice)
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        cursor.execute(
            "UPDATE class_session SET ended_at = %s WHERE school = %s AND class_name = %s AND ended_at IS NULL"
            " RETURNING id",
            [at, school, class_name],
        )
        for (before,) in cursor.fetchall():
            _empty(cursor, session=before)
        cursor.execute(
            "INSERT INTO class_session (id, school, class_name, started_by, digest, ciphertext, key_id, address,"
            " started_at, ends_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [session, school, class_name, account, _digest(code), keys.seal(str(session), code, purpose=_PURPOSE),
             keys.current, _place(address), at, at + class_sign_in.LASTS],
        )  # fmt: skip
        _record("class sign-in started", session, school, account, now)
    return session


def end(*, session: UUID, school: str, account: UUID, now: datetime, at: datetime) -> None:
    """Ends it for every device, with the sessions of the children on them and what these have at services."""
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        cursor.execute(
            "UPDATE class_session SET ended_at = %s WHERE id = %s AND school = %s AND ended_at IS NULL",
            [at, session, school],
        )
        if cursor.rowcount:
            _empty(cursor, session=session)
            _record("class sign-in ended", session, school, account, now)


def code_of(*, session: UUID, school: str) -> str:
    """The class code, for the teacher's screen; empty when its key is gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT key_id, ciphertext FROM class_session WHERE id = %s AND school = %s", [session, school])
        row = cursor.fetchone()
    return (storing.opened(str(session), row[0], bytes(row[1]), purpose=_PURPOSE) or "") if row else ""


def join(*, typed: str, device: str, address: str, at: datetime) -> State | None:
    """A device's state after its class code: in from the teacher's own address, else it asks. None for a wrong code.

    Raises JoiningClosed, ClassFull.
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


def take_place(*, session: UUID, device: str, account: UUID, at: datetime) -> UUID | None:
    """A child has signed in on a device of the class; the place's id. None when the session is over, the device not in
    or the account not active (any more)."""
    place = uuid4()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM account WHERE id = %s AND active FOR SHARE", [account])
        if cursor.fetchone() is None:
            return None
        cursor.execute(
            _TAKE_PLACE, {"place": place, "account": account, "session": session, "device": device, "at": at}
        )
        return place if cursor.rowcount else None


def leave(place: UUID) -> None:
    """The child has signed out."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM class_place WHERE id = %s", [place])


def decide(
    *, session: UUID, device: UUID, let_in: bool, school: str, account: UUID, now: datetime
) -> None:  # fmt: skip
    """The teacher lets a device in, or not (any more): then whoever signed in on it is out."""
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        cursor.execute(_DECIDE, ["in" if let_in else "refused", device, session, school])
        if cursor.rowcount:
            if not let_in:
                _empty(cursor, device=device)
            _record("class device let in" if let_in else "class device refused", session, school, account, now)


def forget_old(*, at: datetime) -> None:
    """Wrong codes and sessions that are over leave no trace but the log's."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM wrong_class_code WHERE at < %s", [at - _KEEP_WRONG])
        cursor.execute(_FORGET_PLACES, [at - _KEEP_SESSIONS])
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
        raise ClassFull
    state: State = "in" if teachers == place else "asks"
    cursor.execute(
        "INSERT INTO class_device (id, session, device, number, state, asked_at) VALUES (%s, %s, %s, %s, %s, %s)",
        [uuid4(), session, device, max(known, default=0) + 1, state, at],
    )
    return state


def _empty(cursor: Any, *, session: UUID | None = None, device: UUID | None = None) -> None:
    """Ends the places of a class session or of one of its devices, with what their children have at services."""
    cursor.execute(_EMPTY, {"session": session, "device": device})
    service_access.end(cursor, places=[place for (place,) in cursor.fetchall()])


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


# The session and the device are held until the place stands: whoever ends them waits, and then finds it.
_TAKE_PLACE = """
WITH free AS (
    SELECT d.id FROM class_device d JOIN class_session s ON s.id = d.session
    WHERE s.id = %(session)s AND d.device = %(device)s AND d.state = 'in' AND s.ended_at IS NULL AND s.ends_at > %(at)s
    FOR SHARE
)
INSERT INTO class_place (id, device, account, taken_at) SELECT %(place)s, id, %(account)s, %(at)s FROM free
"""
_EMPTY = """
DELETE FROM class_place WHERE id IN (
    SELECT p.id FROM class_place p JOIN class_device d ON d.id = p.device
    WHERE d.session = %(session)s OR d.id = %(device)s ORDER BY p.id FOR UPDATE OF p
) RETURNING id
"""
_FORGET_PLACES = """
DELETE FROM class_place p USING class_device d, class_session s
WHERE d.id = p.device AND s.id = d.session AND s.ends_at < %s
"""
_DECIDE = """
UPDATE class_device d SET state = %s FROM class_session s
WHERE s.id = d.session AND d.id = %s AND s.id = %s AND s.school = %s AND s.ended_at IS NULL
"""
