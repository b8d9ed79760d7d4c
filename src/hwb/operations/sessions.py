"""Beginning and ending sessions, and links that work once.

Sessions and links live by the real clock, given as `at`.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction

from hwb.directory import chain, service_access, store
from hwb.directory.queries.rows import fetch
from hwb.operations import passwords, service_sign_ins
from hwb.operations.messages.links import digest_of


class Purpose(StrEnum):
    """What a link is for: a first sign-in, a new password in place of a forgotten one, a recovery address."""

    FIRST = "first"
    PASSWORD = "password"  # noqa: S105 - a word
    ADDRESS = "address"


LASTS = {Purpose.FIRST: timedelta(days=7), Purpose.PASSWORD: timedelta(hours=1), Purpose.ADDRESS: timedelta(days=1)}
_BEGINNING = timedelta(minutes=10)


def end_all(*, account: UUID, acting_user: str, now: datetime, at: datetime) -> None:
    """Ends every session of the account that began before `at`."""
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, chain.NATION)
        cursor.execute("UPDATE account SET sessions_from = %s WHERE id = %s", [at, account])
        service_access.end(cursor, accounts=[account])
        entry = chain.Entry("sessions ended", "R40", "", chain.NATION, str(account))
        store.write_log(cursor, [entry], chain.Writer(chain.NATION, acting_user, now))


@dataclass(frozen=True, slots=True)
class Device:
    """On what a session begins, and when by the real clock, for the person's own list of them."""

    session_key: str
    browser: str
    system: str
    began: datetime


@dataclass(frozen=True, slots=True)
class Begun:
    """What a beginning session is told of its person. ``reads``: the language they read pages in, empty when they chose
    none; ``moved``: another school took the learner on since the last sign-in."""

    reads: str
    moved: bool


def begin(*, account: UUID, device: Device, now: datetime) -> Begun:
    """Somebody signed in: keeps on what, and "never signed in here" is no longer true."""
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, {**_noted(account, device), "now": now})
        row = cursor.fetchone()
    return Begun(row[0] or "", row[1]) if row else Begun("", False)


def go_on(*, account: UUID, device: Device) -> None:
    """A session goes on under a new id."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE_DEVICE, _noted(account, device))


def _noted(account: UUID, device: Device) -> dict[str, Any]:
    return {"id": uuid4(), "account": account, **asdict(device)}


def end_everybodys(*, acting_user: str, now: datetime) -> int:
    """Ends every session of everybody, and what was signed in to from them; returns how many there were."""
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, chain.NATION)
        cursor.execute("DELETE FROM django_session")
        ended = int(cursor.rowcount)
        cursor.execute("SELECT DISTINCT account FROM service_sign_in WHERE ended_at IS NULL")
        service_access.end(cursor, accounts=[account for (account,) in cursor.fetchall()])
        entry = chain.Entry("everybody signed out", "R40", "", chain.NATION, None, after={"sessions": ended})
        store.write_log(cursor, [entry], chain.Writer(chain.NATION, acting_user, now))
    return ended


def renew(*, old: str, new: str) -> None:
    """A session goes on under a new key: its device, and the services that were signed in to from it, go with it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE session_device SET session_key = %s WHERE session_key = %s", [new, old])
        cursor.execute(
            "UPDATE service_sign_in SET session = %s WHERE session = %s AND ended_at IS NULL",
            [service_sign_ins.session_digest(new), service_sign_ins.session_digest(old)],
        )


def end_one(*, account: UUID, device: UUID, acting_user: str, now: datetime) -> bool:
    """Ends one of the account's sessions; False when it has no such one (any more)."""
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, chain.NATION)
        cursor.execute(_END_ONE, [device, account])
        row = cursor.fetchone()
        if row is None:
            return False
        service_access.end(cursor, session=service_sign_ins.session_digest(row[0]))
        entry = chain.Entry("session ended", "R40", "", chain.NATION, str(account))
        store.write_log(cursor, [entry], chain.Writer(chain.NATION, acting_user, now))
    return True


def forget_expired(*, at: datetime) -> None:
    """Sessions that are over, and links that nobody can use, leave no trace."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_session WHERE expire_date < %s", [at])
        cursor.execute("DELETE FROM sign_in_link WHERE expires < %s", [at])
        cursor.execute(_FORGET_DEVICES, [at - _BEGINNING])


def make_link(
    cursor: Any, *, account: str, at: datetime, purpose: Purpose = Purpose.FIRST, token: str = ""
) -> str:  # fmt: skip
    """The secret part of a new link, in the caller's transaction. It works once, while its purpose lasts."""
    token = token or secrets.token_urlsafe(32)
    cursor.execute(
        "INSERT INTO sign_in_link (digest, purpose, account, expires) VALUES (%s, %s, %s, %s)",
        [digest_of(token), purpose, account, at + LASTS[purpose]],
    )
    return token


def account_of_link(token: str, *, at: datetime, purpose: Purpose = Purpose.FIRST) -> UUID | None:
    """Whose link it is while it can be used; None for a used, expired or unknown one, or an inactive account."""
    rows = fetch(_OPEN_LINK, {"digest": digest_of(token), "at": at, "purpose": purpose, "lasts": LASTS[purpose]})
    return rows[0]["account"] if rows else None


def use_link(
    *, token: str, password: str, now: datetime, at: datetime, purpose: Purpose = Purpose.FIRST
) -> UUID | None:  # fmt: skip
    """Sets the password of the link's account, once. None when the link cannot be used (any more).

    Raises PasswordRefused for one that breaks a rule; the link is then still good.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        account = take_link(cursor, token, at=at, purpose=purpose)
        if account is not None:
            passwords.choose_first(account=account, new=password, now=now)
    return account


def take_link(cursor: Any, token: str, *, at: datetime, purpose: Purpose) -> UUID | None:
    """Whose link it is; it cannot be used again. In the caller's transaction. Else as :func:`account_of_link`.

    Locks the chain of the account's log first, as everybody does.
    """
    account = account_of_link(token, at=at, purpose=purpose)
    if account is None:
        return None
    store.lock_chain(cursor, passwords.chain_of(cursor, account))
    cursor.execute(
        _USE_LINK, {"digest": digest_of(token), "at": at, "purpose": purpose, "lasts": LASTS[purpose]}
    )  # fmt: skip
    row = cursor.fetchone()
    return row[0] if row else None


_NOTE_DEVICE = """
INSERT INTO session_device (id, session_key, account, browser, system, began)
VALUES (%(id)s, %(session_key)s, %(account)s, %(browser)s, %(system)s, %(began)s)
ON CONFLICT (session_key) DO UPDATE SET account = excluded.account, browser = excluded.browser,
    system = excluded.system, began = excluded.began
"""
_BEGIN = f"""
WITH noted AS ({_NOTE_DEVICE}), before AS (SELECT id, last_sign_in FROM account WHERE id = %(account)s)
UPDATE account a SET last_sign_in = %(now)s FROM before WHERE a.id = before.id
RETURNING (SELECT c.pages FROM message_choice c WHERE c.account = a.id),
    a.kind = 'learner' AND EXISTS (
        SELECT FROM audit l WHERE l.account = a.id AND l.action = 'claim' AND l.at > before.last_sign_in
    )
"""  # noqa: S608 - fixed text
_END_ONE = """
DELETE FROM django_session s USING session_device d
WHERE d.id = %s AND d.account = %s AND s.session_key = d.session_key RETURNING d.session_key
"""
# A session that was signed out, or given a new id, has left its row; one that begins now has none yet.
_FORGET_DEVICES = """
DELETE FROM session_device d
WHERE d.began < %s AND NOT EXISTS (SELECT FROM django_session s WHERE s.session_key = d.session_key)
"""
# Whoever has changed the password since, or signed out everywhere, has ended a link to a new one too.
_USABLE = """
a.id = l.account AND a.active AND l.digest = %(digest)s AND l.purpose = %(purpose)s AND l.used_at IS NULL
AND l.expires > %(at)s
AND (l.purpose = 'first' OR a.sessions_from IS NULL OR l.expires - %(lasts)s::interval >= a.sessions_from)
"""
_OPEN_LINK = f"SELECT l.account FROM sign_in_link l, account a WHERE {_USABLE}"  # noqa: S608 - fixed text
_USE_LINK = f"UPDATE sign_in_link l SET used_at = %(at)s FROM account a WHERE {_USABLE} RETURNING l.account"  # noqa: S608
