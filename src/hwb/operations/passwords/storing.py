"""How first passwords are kept: encrypted under the key ring, and what turns them into hashes."""

from __future__ import annotations

import logging
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import BasePasswordHasher, get_hasher
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from hwb.directory import chain, store
from hwb.directory.keyring import KeyNotUsable, KeyRing, PasswordUnreadable
from hwb.lifecycle.passwords import prepared
from hwb.operations import audit

_LOG = logging.getLogger(__name__)
#: So many rows are looked at together; nothing is locked while their hashes are worked out.
_BATCH = 50
_SALT_BYTES = 18


def ring() -> KeyRing:
    """The keys in force. Raises ImproperlyConfigured when HWB_PASSWORD_KEYS cannot be read."""
    return _ring(tuple(settings.HWB_PASSWORD_KEYS), str(settings.SECRET_KEY))


@lru_cache(maxsize=4)
def _ring(written: tuple[str, ...], secret: str) -> KeyRing:
    try:
        return KeyRing.of(written, secret=secret)
    except KeyNotUsable as error:
        raise ImproperlyConfigured(f"HWB_PASSWORD_KEYS: {error}") from None


def opened(account: str, key: str, sealed: bytes, *, purpose: str = "first password") -> str | None:
    """The secret, None when it cannot be read; then the key, not the person, is named in the server's own log."""
    try:
        return ring().open(account, key, sealed, purpose=purpose)
    except PasswordUnreadable:
        _LOG.error("a %s under key %s cannot be read; is that key in HWB_PASSWORD_KEYS?", purpose, key)
        return None


def hasher() -> BasePasswordHasher:
    """The only one there is: argon2id (config.hashing)."""
    return get_hasher()


def hashed(password: str) -> str:
    """The hash of a password under a salt of its own: one Argon2."""
    return hasher().encode(prepared(password), secrets.token_urlsafe(_SALT_BYTES))


def harden(*, now: datetime, limit: int) -> int:
    """Turns up to `limit` hidden first passwords into hashes; returns how many. May be stopped and taken up anywhere.

    A password that was reset or chosen meanwhile is left alone.
    """
    done, after = 0, "00000000-0000-0000-0000-000000000000"
    while done < limit:
        with connection.cursor() as cursor:
            cursor.execute(_TO_HARDEN, [after, min(_BATCH, limit - done)])
            rows = [(account, key, bytes(sealed)) for account, key, sealed in cursor.fetchall()]
        if not rows:
            break
        after = rows[-1][0]
        done += _replace(rows, now)
    return done


def _replace(rows: list[tuple[str, str, bytes]], now: datetime) -> int:
    made = []
    for account, key, sealed in rows:
        password = opened(account, key, sealed)
        if password is not None:
            made.append((account, sealed, hashed(password)))
    if not made:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, chain.NATION)
        cursor.execute(_HARDENED, list(map(list, zip(*made, strict=True))))
        count = int(cursor.rowcount)
        if count:
            audit.record(action="passwords hashed", actor="hwb", at=now, details={"count": count})
    return count


@dataclass(frozen=True, slots=True)
class Rotated:
    """The outcome of a rotation: passwords, badges, pictures and class codes that moved to the current key, and those
    that no key of the ring opens."""

    key: str
    moved: int
    unreadable: int


def rotate(*, acting_user: str, now: datetime) -> Rotated:
    """Encrypts everything anew that is not under the ring's first key. May be stopped and taken up."""
    keys, moved, unread = ring(), 0, 0
    for table in _TABLES:
        after = "00000000-0000-0000-0000-000000000000"
        while rows := _others(table, keys.current, after):
            after = rows[-1][0]
            anew = []
            for one, key, sealed in rows:
                secret = opened(one, key, sealed, purpose=table.purpose)
                if secret is None:
                    unread += 1
                else:
                    anew.append((one, sealed, keys.seal(one, secret, purpose=table.purpose)))
            if anew:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(
                        _ROTATED.format(**table.names), [keys.current, *map(list, zip(*anew, strict=True))]
                    )  # fmt: skip
                    moved += int(cursor.rowcount)
    details = {"key": keys.current, "moved": moved, "unreadable": unread}
    with transaction.atomic():
        audit.record(action="password key", actor=acting_user, at=now, details=details)
    return Rotated(keys.current, moved, unread)


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A table of what the ring seals: its key column, and the purpose to which each secret is bound."""

    table: str
    column: str
    purpose: str

    @property
    def names(self) -> dict[str, str]:
        return {"table": self.table, "column": self.column}


_TABLES = (
    _Sealed("first_password", "account", "first password"), _Sealed("badge", "id", "badge"),
    _Sealed("child_pictures", "account", "pictures"), _Sealed("class_session", "id", "class code"),
)  # fmt: skip


def _others(table: _Sealed, current: str, after: str) -> list[tuple[str, str, bytes]]:
    with connection.cursor() as cursor:
        cursor.execute(_UNDER_OTHERS.format(**table.names), [current, after])
        return [(one, key, bytes(sealed)) for one, key, sealed in cursor.fetchall()]


def keys_in_use() -> dict[str, int]:
    """How many secrets lie under each key, by its id; every key of the ring, also one that keeps none."""
    found: Counter[str] = Counter()
    with connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(_IN_USE.format(**table.names))
            found.update(dict(cursor.fetchall()))
    return {**dict.fromkeys(ring().keys, 0), **found}


def unreadable() -> Iterator[str]:
    """The accounts whose first password no key of the ring opens (hwb verify --deep)."""
    keys = ring()
    for account, key, sealed in _every():
        try:
            keys.open(account, key, bytes(sealed))
        except PasswordUnreadable:
            yield account


def _every() -> Iterator[tuple[Any, ...]]:
    after = "00000000-0000-0000-0000-000000000000"
    while rows := _others(_TABLES[0], "", after):
        yield from rows
        after = rows[-1][0]


_TO_HARDEN = """
SELECT account::text, key_id, ciphertext FROM first_password
WHERE hidden_at IS NOT NULL AND ciphertext IS NOT NULL AND account > %s::uuid ORDER BY account LIMIT %s
"""
# Both in one statement, and only while the ciphertext is the one that was read.
_HARDENED = """
WITH made AS (
    SELECT * FROM unnest(%s::uuid[], %s::bytea[], %s::text[]) AS r(account, sealed, hash)
), kept AS (
    UPDATE first_password f SET ciphertext = NULL, key_id = '' FROM made
    WHERE f.account = made.account AND f.ciphertext = made.sealed AND f.hidden_at IS NOT NULL
    RETURNING f.account, made.hash
)
UPDATE account a SET password = kept.hash FROM kept WHERE a.id = kept.account
"""
# Gaps are names of _TABLES only.
_UNDER_OTHERS = """
SELECT {column}::text, key_id, ciphertext FROM {table}
WHERE ciphertext IS NOT NULL AND key_id <> %s AND {column} > %s::uuid ORDER BY {column} LIMIT 1000
"""
_ROTATED = """
UPDATE {table} f SET ciphertext = r.anew, key_id = %s
FROM unnest(%s::uuid[], %s::bytea[], %s::bytea[]) AS r(one, sealed, anew)
WHERE f.{column} = r.one AND f.ciphertext = r.sealed
"""
_IN_USE = "SELECT key_id, count(*) FROM {table} WHERE ciphertext IS NOT NULL GROUP BY key_id"
