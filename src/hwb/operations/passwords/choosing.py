"""The person chooses a password of their own: what was made for them is gone for good (R10)."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.db import connection, transaction

from hwb.directory import chain, service_access, store
from hwb.directory.queries import passwords as rows
from hwb.lifecycle import passphrases
from hwb.lifecycle import passwords as rules
from hwb.operations import attempts, messages
from hwb.operations.passwords import signing, storing
from hwb.operations.passwords.refusals import refused, too_weak


def choose(*, account: UUID, old: str, new: str, now: datetime) -> datetime:
    """Replaces the person's password by one that they chose; returns from when on sessions count, by the real clock.

    Raises PasswordRefused, naming the rule; nothing changed.

    old: the present one, made or chosen. Every session that began by the old one, up to this moment of the real clock,
    ends with it, in services too. In the log the person is the account's own id.
    """
    kept = signing.kept_of(account)
    if not signing.is_right(kept, old) or kept is None:
        raise refused("wrong_old")
    row = rows.of_accounts([account])[account]
    if not row.active:
        raise refused("inactive")
    if not signing.may_choose(row):
        raise refused("may_not_choose")
    check(new, names=row.names)
    if rules.prepared(new) == rules.prepared(old):
        raise refused("same")
    return _write(kept, encoded=storing.hashed(new), now=now)


def choose_first(*, account: UUID, new: str, now: datetime) -> None:
    """The password of somebody who proved who they are by a link, so nobody asks for the present one, if there is one.

    Else as :func:`choose`. Raises PasswordRefused.
    """
    kept = signing.kept_of(account)
    if kept is None or not kept.active:
        raise refused("inactive")
    check(new, names=rows.of_accounts([account])[account].names)
    _write(kept, encoded=storing.hashed(new), now=now)


def check(password: str, *, names: Iterable[str]) -> None:
    """Raises PasswordRefused for one that is too short, too long, well known or somebody's own name."""
    found = rules.weakness(rules.prepared(password), names=names, common=common())
    if found is not None:
        raise too_weak(found)


@cache
def common() -> frozenset[str]:
    """The 20,000 English ones that Django ships, and our Welsh ones."""
    with gzip.open(CommonPasswordValidator().DEFAULT_PASSWORD_LIST_PATH, "rt", encoding="utf-8") as file:
        return frozenset(line.strip() for line in file) | passphrases.common_welsh()


def _write(before: signing.Kept, *, encoded: str, now: datetime) -> datetime:
    """Stores the hash, unless the password was changed elsewhere since it was looked at; since when sessions count."""
    person = str(before.account)
    with transaction.atomic(), connection.cursor() as cursor:
        name = chain_of(cursor, before.account)
        store.lock_chain(cursor, name)
        cursor.execute("SELECT 1 FROM account WHERE id = %s FOR UPDATE", [before.account])
        kept = signing.kept_of(before.account)
        if kept is None or (kept.hash, kept.sealed, kept.active) != (before.hash, before.sealed, before.active):
            raise refused("changed_meanwhile")
        cursor.execute(
            # now, not when the new one was sent: somebody may have come in by the old one since
            "UPDATE account SET password = %s, sessions_from = clock_timestamp() WHERE id = %s RETURNING sessions_from",
            [encoded, before.account],
        )
        since: datetime = cursor.fetchone()[0]
        service_access.end(cursor, accounts=[before.account])
        cursor.execute("DELETE FROM first_password WHERE account = %s", [before.account])
        attempts.forget_counts(cursor, [before.account])
        entries = [chain.Entry("password chosen", "R10", "", name, person)]
        is_first = not before.hash and before.sealed is None  # of somebody new, by a link
        if not is_first:
            entries.append(chain.Entry("sessions ended", "R40", "", name, person))
        store.write_log(cursor, entries, chain.Writer(name, person, now))
        if not is_first:
            messages.own_account_changed(cursor, account=before.account, what="password", now=now)
    return since


def chain_of(cursor: Any, account: UUID) -> str:
    """The log of the school that has the account; the nation's when none has, or several."""
    cursor.execute(
        "SELECT school FROM placement WHERE account = %s AND ended IS NULL AND role IN ('holding', 'post')", [account]
    )
    schools = [school for (school,) in cursor.fetchall()]
    return schools[0] if len(schools) == 1 else chain.NATION
