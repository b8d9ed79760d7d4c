# ruff: noqa: S608 - statements are put together from constants only
"""Counts what is tried at the sign-in, for all processes together (lifecycle.attempts has the figures).

A try is counted as a wrong one before the password is looked at, and taken back when it was right: however many are
sent at once, no more are looked at than the figures allow.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from hwb.directory import chain, store
from hwb.directory.queries import attempts as rows
from hwb.directory.queries import passwords
from hwb.lifecycle import attempts as rules
from hwb.lifecycle.attempts import AddressSeen, Bar, Count
from hwb.operations.transactions import in_transaction

_LOG = logging.getLogger(__name__)
#: Counts by their key, each with whose it is.
_Found: TypeAlias = "dict[bytes, tuple[UUID | None, Count]]"
_PREFIX = 3  # bytes of a wrong password's HMAC that are kept, for ten minutes
_KEPT_FOR = timedelta(days=1)  # counts of names that nobody has
_KEPT_FOR_ACCOUNTS = timedelta(days=30)
_HOURS_KEPT = timedelta(days=15)
_GUESSING = {"address": "an address", "password": "one password with many names"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a try comes from. ``device`` is an id from the browser's signed cookie, ``known`` the marks of the accounts
    that have signed in there (see mark_of)."""

    address: str
    device: str = ""
    known: frozenset[str] = frozenset()

    def knows(self, account: UUID | None) -> bool:
        """Whether the account has signed in on this device before."""
        return account is not None and bool(self.device) and mark_of(self.device, account) in self.known


@dataclass(frozen=True, slots=True)
class Try:
    """One password that is to be tried. ``name``: the username as it counts; ``account``: whose it is, if anybody's."""

    name: str
    password: str = field(repr=False)
    account: UUID | None
    caller: Caller

    @property
    def on_known_device(self) -> bool:
        return self.caller.knows(self.account)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password may be looked at; else what is in the way, and until when where that is known."""

    bar: Bar | None = None
    until: datetime | None = None


def mark_of(device: str, account: UUID) -> str:
    """How a device's cookie names an account: tells nobody whose it is, and is worth nothing on another device."""
    return salted_hmac("hwb device", f"{device}|{account}", algorithm="sha256").hexdigest()[:20]


def begin(one: Try, *, at: datetime) -> Verdict:
    """Counts the try, unless it must not be made now. Whoever gets leave says `right` or `wrong` afterwards.

    Two statements and no lock: the count is written if it still stands as it was read, else it is read again. Each
    round that fails is one that another try has won, so the count goes up, and soon bars.
    """
    key, guessing = _key_of(one), _guessing(one)
    with connection.cursor() as cursor:
        found = _read(cursor, [key, *guessing])
        if found.keys() & set(guessing) and (slowed := _slowed(cursor, guessing, found, at)):
            return slowed
        while True:
            is_known = key in found
            account, count = found.get(key, (one.account, Count()))
            bar = rules.bar(count, known_device=one.on_known_device, at=at)
            if bar is not None:
                if account != one.account:  # the name has become somebody's, or another's, since
                    cursor.execute("UPDATE sign_in_count SET account = %s WHERE key = %s", [one.account, key])
                return Verdict(bar, count.until if bar is not Bar.CLOSED else None)
            after = rules.after_wrong(count, at=at)
            if is_known:
                cursor.execute(_COUNTED, [one.account, *_values(after), key, *_values(count)])
            else:
                cursor.execute(_FIRST, [key, one.account, one.on_known_device, *_values(after)])
            if cursor.rowcount:
                return Verdict()
            found = _read(cursor, [key])


def right(one: Try, *, at: datetime) -> None:
    """The password was right: nothing is in a row any more."""
    elsewhere = _hmac("name", one.name)
    with connection.cursor() as cursor:
        cursor.execute(_RIGHT, [_key_of(one), *_noted(one, at, b"", failed=False), [elsewhere]])
        found = _rows(cursor)
        while elsewhere in found and one.on_known_device:
            count = found[elsewhere][1]
            after = rules.after_right_elsewhere(count)
            if after == count:
                return
            cursor.execute(_CHANGED, [*_values(after), elsewhere, *_values(count)])
            if cursor.rowcount:
                return
            found = _read(cursor, [elsewhere])


def wrong(one: Try, *, at: datetime) -> None:
    """The password was wrong. Notes who tried what, and sees whether somebody is guessing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_NOTE, _noted(one, at, _prefix(one), failed=True))
        if one.on_known_device:
            return
        address, password, since = _hmac("address", one.caller.address), _prefix(one), at - rules.WINDOW
        cursor.execute(_ADDRESS, [address, since])
        if rules.is_guessing(AddressSeen(*cursor.fetchone())):
            _slow(cursor, _hmac("guessing address", one.caller.address), at, "address")
        cursor.execute(_SPRAYED, [password, since])
        if rules.is_sprayed(cursor.fetchone()[0]):
            _slow(cursor, _hmac("sprayed", password.hex()), at, "password")


def unlock(*, account: UUID, school: str, acting_user: str, now: datetime) -> bool:
    """Ends every wait and lock of the account, on all devices. Whether there was any is not told.

    False when the school does not have the account (any more): then nothing is done.
    """

    def work() -> bool:
        with connection.cursor() as cursor:
            store.lock_chain(cursor, school)
            if not (row := passwords.of_accounts([account]).get(account)) or not row.is_of(school):
                return False
            forget_counts(cursor, [account])
            entry = chain.Entry("sign-in unlocked", "R42", "", school, str(account))
            store.write_log(cursor, [entry], chain.Writer(school, acting_user, now))
        return True

    return in_transaction(work)


def forget_counts(cursor: Any, accounts: Collection[UUID]) -> None:
    """A new password begins anew, in the caller's transaction."""
    cursor.execute("DELETE FROM sign_in_count WHERE account = ANY(%s)", [list(accounts)])


def forget(*, at: datetime) -> None:
    """Moves what is older than the window into the hours' sums, deletes what no figure looks at, and tells the
    server's log of an hour with many more wrong passwords than the same one a week before."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SUM_UP, [at - rules.WINDOW])
        cursor.execute(_FORGET, [at - _KEPT_FOR, at - _KEPT_FOR_ACCOUNTS, rules.CLOSES_AT, at, at - rules.WINDOW])
        cursor.execute("DELETE FROM sign_in_hour WHERE hour < %s", [at - _HOURS_KEPT])
    failed, before = rows.of_hour(at - rules.WINDOW)
    if rules.is_alarming(failed=failed, week_before=before):
        _LOG.warning("sign-in: %d wrong passwords in an hour that had %d a week before", failed, before)


def _guessing(one: Try) -> list[bytes]:
    """Under which keys it stands that guessing was seen; a device that knows the account is never taken for it."""
    if one.on_known_device:
        return []
    return [_hmac("sprayed", _prefix(one).hex()), _hmac("guessing address", one.caller.address)]


def _read(cursor: Any, keys: list[bytes]) -> _Found:
    cursor.execute(_READ, [keys])
    return _rows(cursor)


def _rows(cursor: Any) -> _Found:
    return {bytes(key): (account, Count(*values)) for key, account, *values in cursor.fetchall()}


def _slowed(cursor: Any, guessing: list[bytes], found: _Found, at: datetime) -> Verdict | None:
    """Guessing that was seen: the password is not looked at; an address gets one try in two seconds."""
    sprayed, address = guessing
    standing = {key for key, (_, count) in found.items() if count.until is not None and count.until > at}
    if sprayed in standing:
        return Verdict(Bar.SLOWED)
    if address in standing:
        cursor.execute(
            "UPDATE sign_in_count SET last = %s WHERE key = %s AND (last IS NULL OR last <= %s)",
            [at, address, at - rules.SLOW],
        )
        if not cursor.rowcount:
            return Verdict(Bar.SLOWED, at + rules.SLOW)
    return None


def _slow(cursor: Any, key: bytes, at: datetime, what: str) -> None:
    cursor.execute(_SLOW, [key, at + rules.WINDOW, at, what])
    if cursor.fetchone()[0]:
        _LOG.warning("sign-in: guessing by %s; slowed down", _GUESSING[what])


def _noted(one: Try, at: datetime, password: bytes, *, failed: bool) -> list[Any]:
    return [at, _hmac("address", one.caller.address), _hmac("name", one.name), password, failed]


def _values(count: Count) -> list[Any]:
    return [count.row, count.locks, count.until, count.last]


def _key_of(one: Try) -> bytes:
    if one.on_known_device:
        return _hmac("device", f"{one.caller.device}|{one.account}")
    return _hmac("name", one.name)


def _prefix(one: Try) -> bytes:
    return _hmac("password", one.password)[:_PREFIX]


def _hmac(kind: str, value: str) -> bytes:
    return salted_hmac(f"hwb sign-in {kind}", value, algorithm="sha256").digest()


# The name may have become somebody's, or another's, since it was counted first.
_FIRST = """
INSERT INTO sign_in_count (key, account, on_device, "row", locks, until, last) VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (key) DO NOTHING
"""
# A count that somebody has ended since it was read does not come back.
_AS_READ = """
WHERE key = %s AND "row" = %s AND locks = %s AND until IS NOT DISTINCT FROM %s::timestamptz
  AND last IS NOT DISTINCT FROM %s::timestamptz
"""
_CHANGED = f'UPDATE sign_in_count SET "row" = %s, locks = %s, until = %s, last = %s {_AS_READ}'
_COUNTED = f'UPDATE sign_in_count SET account = %s, "row" = %s, locks = %s, until = %s, last = %s {_AS_READ}'
_READ = 'SELECT key, account, "row", locks, until, last FROM sign_in_count WHERE key = ANY(%s)'
_NOTE = "INSERT INTO sign_in_attempt (at, address, name, password, failed) VALUES (%s, %s, %s, %s, %s)"
_RIGHT = f"""
WITH gone AS (DELETE FROM sign_in_count WHERE key = %s), noted AS ({_NOTE})
{_READ}
"""
_ADDRESS = """
SELECT count(*), count(*) FILTER (WHERE failed), count(DISTINCT name) FILTER (WHERE failed)
FROM sign_in_attempt WHERE address = %s AND at > %s
"""
_SPRAYED = "SELECT count(DISTINCT name) FROM sign_in_attempt WHERE password = %s AND failed AND at > %s"
_SLOW = """
INSERT INTO sign_in_count (key, on_device, row, locks, until, last, guessing) VALUES (%s, false, 0, 0, %s, %s, %s)
ON CONFLICT (key) DO UPDATE SET until = EXCLUDED.until RETURNING xmax = 0
"""
_SUM_UP = """
WITH gone AS (DELETE FROM sign_in_attempt WHERE at <= %s RETURNING at, failed)
INSERT INTO sign_in_hour (hour, tried, failed)
SELECT date_trunc('hour', at), count(*), count(*) FILTER (WHERE failed) FROM gone GROUP BY 1
ON CONFLICT (hour) DO UPDATE
SET tried = sign_in_hour.tried + EXCLUDED.tried, failed = sign_in_hour.failed + EXCLUDED.failed
"""
_FORGET = """
DELETE FROM sign_in_count
WHERE last < CASE WHEN account IS NULL THEN %s::timestamptz ELSE %s::timestamptz END AND row < %s
  AND (until IS NULL OR until <= %s) AND (last <= %s OR row = 0)
"""
