"""A child's three pictures: set, shown to the school that set them, and checked at sign-in (ux.md A3).

Tries live by the real clock, given as `at`; `now` is the calendar's, for the log.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from hwb.directory import chain, store
from hwb.directory.queries import children
from hwb.directory.queries.children import TriesRow
from hwb.lifecycle import child_pictures as rules
from hwb.lifecycle.calendar import london_date
from hwb.lifecycle.child_pictures import Count
from hwb.operations import badges
from hwb.operations.passwords import storing

_PURPOSE = "pictures"
_NEW_DEVICES = ""
_KEEP_UNKNOWN, _KEEP_KNOWN = timedelta(days=1), timedelta(days=365)


class Outcome(StrEnum):
    """Of three touched pictures. SHUT: they were not looked at."""

    RIGHT = "right"
    WRONG = "wrong"
    SHUT = "shut"


def choose(*, account: UUID, school: str, pictures: Sequence[str], acting_user: str, now: datetime) -> bool:
    """Sets one child's pictures; waits of wrong tries end. False when the school does not hold the child.

    Raises ValueError for what cannot be three pictures.
    """
    if not rules.are_pictures(pictures):
        raise ValueError("three different pictures are needed")
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        if account not in children.of_accounts([account], school=school, on=london_date(now)):
            return False
        _put(cursor, account, school, pictures, acting_user, now)
        _log(cursor, "pictures set", [account], school, acting_user, now)
    return True


def make_missing(*, accounts: Sequence[UUID], school: str, acting_user: str, now: datetime) -> int:
    """Random pictures for those who have none and may use them; returns for how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        known = children.of_accounts(accounts, school=school, on=london_date(now))
        without = [one for one, child in known.items() if not child.pictures and badges.may_use(child)]
        for account in without:
            _put(cursor, account, school, rules.make(choose=secrets.choice), acting_user, now)
        _log(cursor, "pictures set", without, school, acting_user, now)
    return len(without)


def show(*, accounts: Sequence[UUID], school: str, acting_user: str, now: datetime) -> dict[UUID, tuple[str, ...]]:
    """The pictures that this school set for children whom it holds; each look is recorded (R42)."""
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        known = children.of_accounts(accounts, school=school, on=london_date(now))
        found = {}
        for account in accounts:
            if account in known and known[account].own_pictures and (pictures := _stored(cursor, account)):
                found[account] = pictures
        _log(cursor, "pictures shown", list(found), school, acting_user, now)
    return found


def check(*, account: UUID, device: str, given: Sequence[str], at: datetime) -> Outcome:
    """Counts the try before it looks, so that tries sent at once are counted too. device: what tells it from others.

    Right pictures end the device's count, and make it one that the child knows.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        known, own, new = _counts(cursor, account, device, at)
        if own.is_shut(at) or (not known and new.is_shut(at)):
            transaction.set_rollback(True)  # devices made up while it is shut leave no rows
            return Outcome.SHUT
        stored = _stored(cursor, account)
        if stored is not None and hmac.compare_digest(" ".join(stored).encode(), " ".join(given).encode()):
            cursor.execute(_RIGHT, [at, account, [device] if known else [device, _NEW_DEVICES]])
            return Outcome.RIGHT
        _save(cursor, account, device, rules.after_failure(own, at=at, new_device=False), at)
        if not known:
            _save(cursor, account, _NEW_DEVICES, rules.after_failure(new, at=at, new_device=True), at)
    return Outcome.WRONG


def is_shut(*, account: UUID, device: str, at: datetime) -> bool:
    """Whether the child must wait on this device."""
    found = {row.device: row for row in children.tries(account, devices=(device, _NEW_DEVICES))}
    own, new = (_count(found.get(one)) for one in (device, _NEW_DEVICES))
    known = device in found and found[device].known
    return own.is_shut(at) or (not known and new.is_shut(at))


def unlock(*, account: UUID, school: str, acting_user: str, now: datetime) -> bool:
    """The teacher's unlock ends every wait of the child, on every device. False when the school does not hold it."""
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        if account not in children.of_accounts([account], school=school, on=london_date(now)):
            return False
        cursor.execute(_UNLOCK, [account])
        if cursor.rowcount:
            _log(cursor, "pictures unlocked", [account], school, acting_user, now)
    return True


def forget_old(*, at: datetime) -> None:
    """Devices on which a child tried in vain a day ago, and those on which it has not signed in for a year."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [at - _KEEP_UNKNOWN, at - _KEEP_KNOWN])


def _count(row: TriesRow | None) -> Count:
    return Count() if row is None else Count(row.failures, row.until, row.ended)


def _put(cursor: Any, account: UUID, school: str, pictures: Sequence[str], acting_user: str, now: datetime) -> None:
    keys = storing.ring()
    sealed = keys.seal(str(account), " ".join(pictures), purpose=_PURPOSE)
    cursor.execute(_PUT, [account, sealed, keys.current, school, acting_user, now])
    cursor.execute(_UNLOCK, [account])


def _stored(cursor: Any, account: UUID) -> tuple[str, ...] | None:
    cursor.execute("SELECT key_id, ciphertext FROM child_pictures WHERE account = %s", [account])
    row = cursor.fetchone()
    opened = storing.opened(str(account), row[0], bytes(row[1]), purpose=_PURPOSE) if row else None
    return tuple(opened.split()) if opened else None


def _counts(cursor: Any, account: UUID, device: str, at: datetime) -> tuple[bool, Count, Count]:
    """Whether the child knows the device, its count and the one of all new devices: locked, in one order."""
    cursor.execute(_FIRST, [account, _NEW_DEVICES, at, account, device, at])
    cursor.execute(_LOCKED, [account, [_NEW_DEVICES, device]])
    rows = {row[0]: row for row in cursor.fetchall()}
    _, known, *own = rows[device]
    return known, Count(*own), Count(*rows[_NEW_DEVICES][2:])


def _save(cursor: Any, account: UUID, device: str, count: Count, at: datetime) -> None:
    cursor.execute(
        "UPDATE picture_tries SET failures = %s, until = %s, ended = %s, last = %s WHERE account = %s AND device = %s",
        [count.failures, count.until, count.ended, at, account, device],
    )


def _log(cursor: Any, action: str, accounts: Sequence[UUID], school: str, acting_user: str, now: datetime) -> None:
    entries = [chain.Entry(action, "R42", "", school, str(account)) for account in accounts]
    store.write_log(cursor, entries, chain.Writer(school, acting_user, now))


_PUT = """
INSERT INTO child_pictures (account, ciphertext, key_id, school, set_by, set_at) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (account) DO UPDATE SET ciphertext = excluded.ciphertext, key_id = excluded.key_id,
    school = excluded.school, set_by = excluded.set_by, set_at = excluded.set_at
"""
_FIRST = """
INSERT INTO picture_tries (account, device, known, failures, ended, last)
VALUES (%s, %s, false, 0, false, %s), (%s, %s, false, 0, false, %s) ON CONFLICT (account, device) DO NOTHING
"""
_LOCKED = """
SELECT device, known, failures, until, ended FROM picture_tries
WHERE account = %s AND device = ANY(%s) ORDER BY device FOR UPDATE
"""
_RIGHT = """
UPDATE picture_tries SET known = device <> '', failures = 0, until = NULL, last = %s
WHERE account = %s AND device = ANY(%s)
"""
_UNLOCK = """
UPDATE picture_tries SET failures = 0, until = NULL, ended = false WHERE account = %s AND (failures > 0 OR ended)
"""
_FORGET = """
DELETE FROM picture_tries WHERE device <> '' AND NOT ended AND (NOT known AND last < %s OR last < %s)
"""
