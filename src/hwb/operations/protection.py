"""Protected people, of whom schools are told nothing more than that support can help (ux.md 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import connection

from hwb.directory import chain, store
from hwb.extract.texts import N_, Text
from hwb.identifiers import clean_upn, upn_fault
from hwb.operations import accounts
from hwb.operations.accounts import DecisionRefused
from hwb.operations.transactions import in_transaction


@dataclass(frozen=True, slots=True)
class Protected:
    """Who is protected, or no longer; ``account`` is None, and the username empty, while a UPN has no account."""

    account: str | None
    username: str
    upn: str


def protect(*, username: str, upn: str = "", reason: str, acting_user: str, now: datetime) -> Protected:
    """Support marks somebody as protected (ux.md 2): schools are told nothing more of them. Raises DecisionRefused.

    By username, or by a UPN, also one that nobody has sent yet. The reason is kept, and shown to no school.
    """
    accounts.check_reason(reason)

    def work() -> Protected:
        with connection.cursor() as cursor:
            store.lock_chain(cursor, chain.NATION)
            who = _protectable(cursor, username, upn)
            cursor.execute(
                "INSERT INTO protection (id, account, upn, reason, made_by, made_at, ended_by)"
                " VALUES (%s, %s, %s, %s, %s, %s, '') ON CONFLICT DO NOTHING RETURNING id",
                [uuid4(), who.account, "" if who.account else who.upn, reason.strip(), acting_user, now],
            )
            if cursor.fetchone() is None:
                raise DecisionRefused("stands_already", Text(N_("This was decided before, and still stands.")))
            entry = chain.Entry("protection", "R42", "protected", chain.NATION, who.account)
            store.write_log(cursor, [entry], chain.Writer(chain.NATION, acting_user, now))
        return who

    return in_transaction(work)


def unprotect(*, username: str, upn: str = "", reason: str, acting_user: str, now: datetime) -> Protected:
    """Support ends a protection, whether it was made by username or by UPN. Raises DecisionRefused."""
    accounts.check_reason(reason)

    def work() -> Protected:
        with connection.cursor() as cursor:
            store.lock_chain(cursor, chain.NATION)
            who = _protectable(cursor, username, upn)
            cursor.execute(
                "UPDATE protection SET ended_at = %s, ended_by = %s WHERE ended_at IS NULL AND (account = %s"
                " OR (upn <> '' AND (upn = %s OR upn IN (SELECT u.upn FROM upn u WHERE u.account = %s)))) RETURNING id",
                [now, acting_user, who.account, who.upn, who.account],
            )
            if cursor.fetchone() is None:
                raise DecisionRefused("not_protected", Text(N_("This person is not protected.")))
            entry = chain.Entry("protection end", "R42", "protected", chain.NATION, who.account)
            store.write_log(cursor, [entry], chain.Writer(chain.NATION, acting_user, now))
        return who

    return in_transaction(work)


def _protectable(cursor: Any, username: str, upn: str) -> Protected:
    """Whom a username or a UPN names; a valid UPN without account is somebody too."""
    if username:
        person = accounts.find_person(cursor, username)
        return Protected(person.id, person.username, person.upns[0] if person.upns else "")
    clean = clean_upn(upn)
    if upn_fault(clean) is not None:
        raise DecisionRefused("unknown_upn", Text(N_("This is not a UPN.")))
    cursor.execute(
        "SELECT a.id::text, a.username FROM upn u JOIN account a ON a.id = u.account WHERE u.upn = %s", [clean]
    )
    row = cursor.fetchone()
    return Protected(row[0], row[1], clean) if row else Protected(None, "", clean)
