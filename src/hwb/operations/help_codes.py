# ruff: noqa: S608 - statements are put together from the constants of this file only
"""The code that somebody whose account is switched off shows their teacher, who types it into Find my learner (A5).

It is made anew from the account and a moment with a key outside the database, so the same one is shown again while it
lives, and the database knows only its HMAC. By itself it says nothing.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils.crypto import salted_hmac

from hwb.directory.queries.rows import fetch

LIVES = timedelta(days=3)
#: Without vowels, so that no code is a word, and without letters that look like others.
_LETTERS = "BCDFGHJKLMNPRSTVWXZ"
_WRITTEN = re.compile(rf"^\s*([{_LETTERS}{_LETTERS.lower()}]{{3}})[\s‐‑‒–—-]*([0-9]{{3}})\s*$")
_TRIES = 5


def code_for(*, account: UUID, at: datetime) -> str | None:
    """The account's live code, a new one when there is none. None for active, suspended and protected people."""
    if not fetch(_MAY_HAVE, {"account": account}):
        return None
    rows = fetch("SELECT made_at FROM help_code WHERE account = %(account)s", {"account": account})
    if rows and rows[0]["made_at"] > at - LIVES:
        return _code(account, rows[0]["made_at"])
    for number in range(_TRIES):
        made_at = at - timedelta(milliseconds=number)
        code = _code(account, made_at)
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_KEEP, [account, _digest(code), made_at])
        except IntegrityError:  # somebody else's live code is the same
            continue
        return code
    return None


def is_code(text: str) -> bool:
    """Whether something typed can be a help code."""
    return _WRITTEN.match(text) is not None


def upn_of(text: str, *, at: datetime) -> str | None:
    """The UPN of the learner whose live code this is; whether the reader may see them is for the caller to ask."""
    found = _whose(text, at)
    return found[1] if found else None


def account_of(text: str, *, at: datetime) -> UUID | None:
    """As upn_of, the account."""
    found = _whose(text, at)
    return found[0] if found else None


def forget(*, at: datetime) -> None:
    """Deletes the codes that are over, and those of accounts that are on again."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [at - LIVES])


def _whose(text: str, at: datetime) -> tuple[UUID, str] | None:
    found = _WRITTEN.match(text)
    if found is None:
        return None
    rows = fetch(_WHOSE, {"digest": _digest(f"{found[1].upper()}-{found[2]}"), "after": at - LIVES})
    return (rows[0]["id"], rows[0]["upn"]) if rows else None


def _code(account: UUID, made_at: datetime) -> str:
    number = int.from_bytes(
        salted_hmac("hwb help code", f"{account}|{made_at.timestamp():.6f}", algorithm="sha256").digest()[:8]
    )
    letters = ""
    for _ in range(3):
        number, place = divmod(number, len(_LETTERS))
        letters += _LETTERS[place]
    return f"{letters}-{number % 1000:03}"


def _digest(code: str) -> bytes:
    return salted_hmac("hwb help code kept", code, algorithm="sha256").digest()


_OPEN = """a.kind = 'learner' AND a.upn <> '' AND NOT a.active
  AND NOT EXISTS (SELECT FROM decision d WHERE d.account = a.id AND d.ended_at IS NULL AND d.kind = 'suspended')
  AND NOT EXISTS (SELECT FROM protection p WHERE p.ended_at IS NULL
                  AND (p.account = a.id OR p.upn IN (SELECT u.upn FROM upn u WHERE u.account = a.id)))
"""
_MAY_HAVE = "SELECT 1 FROM account a WHERE a.id = %(account)s AND " + _OPEN
_WHOSE = (
    "SELECT a.id, a.upn FROM help_code h JOIN account a ON a.id = h.account "
    "WHERE h.digest = %(digest)s AND h.made_at > %(after)s AND " + _OPEN
)
_KEEP = """
INSERT INTO help_code (account, digest, made_at) VALUES (%s, %s, %s)
ON CONFLICT (account) DO UPDATE SET digest = EXCLUDED.digest, made_at = EXCLUDED.made_at
"""
_FORGET = """
DELETE FROM help_code h USING account a WHERE a.id = h.account AND (h.made_at <= %s OR a.active)
"""
