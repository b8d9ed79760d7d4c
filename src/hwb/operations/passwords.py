"""Proving who one is by username and password (R10)."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db import connection, transaction

from hwb.directory import chain, store
from hwb.directory.queries.rows import fetch


def authenticate(*, name: str, password: str) -> UUID | None:
    """The account whose username (a former one and one with its domain too) and password these are.

    None for a wrong password, a name nobody has and an account that is not active. Costs one hash in every case.
    """
    tidy = unicodedata.normalize("NFKC", name).strip().casefold().replace("\0", "")
    rows = fetch(_SIGN_IN, {"name": tidy})
    encoded = rows[0]["password"] if rows else ""
    if not encoded:
        make_password(password)
        return None
    account: UUID = rows[0]["id"]
    return account if check_password(password, encoded) and rows[0]["active"] else None


def choose(*, account: UUID, password: str, acting_user: str, now: datetime) -> None:
    """Sets what the person chose."""
    encoded = make_password(password)
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, chain.NATION)
        cursor.execute("UPDATE account SET password = %s WHERE id = %s", [encoded, account])
        entry = chain.Entry("password chosen", "R10", "", chain.NATION, str(account))
        store.write_log(cursor, [entry], chain.Writer(chain.NATION, acting_user, now))


_SIGN_IN = """
SELECT a.id, a.password, a.active FROM identifier i JOIN account a ON a.id = i.account
WHERE i.value = %(name)s AND i.kind IN ('username', 'email')
"""
