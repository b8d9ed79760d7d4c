"""Looking at made passwords: on a page or on slips. Every look is recorded, each with the account (R42)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from hwb.directory import chain, store
from hwb.directory.queries import passwords as rows
from hwb.directory.queries.passwords import PasswordRow
from hwb.lifecycle.passwords import PasswordState, Showing
from hwb.operations import settings
from hwb.operations.passwords import storing
from hwb.operations.passwords.making import NewPassword
from hwb.operations.passwords.refusals import not_showable, refused

#: How long after the making whoever made a password may be shown it without another step.
NEW_FOR = timedelta(minutes=15)
#: How long a form that was sent twice (a double click) is answered with the same page as the first time.
TWICE_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Shown:
    """One password that somebody may look at now."""

    account: UUID
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Slip:
    """What a slip says: the password when its state is "can be shown", else the state alone."""

    account: UUID
    username: str
    state: PasswordState
    password: str | None = field(repr=False)


def show(*, account: UUID, school: str, acting_user: str, now: datetime) -> Shown:
    """The made password of one account, for the school that may show it. Raises PasswordRefused.

    Where the nation says "once" this was the time: it still works, and is a hash within minutes.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        sealed = _sealed(cursor, [account])
        (row,) = _visible_to(school, [account])
        state = row.state(school=school)
        if state is not PasswordState.VISIBLE:
            raise not_showable(state)
        password = storing.opened(str(account), *sealed[account])
        if password is None:
            raise refused("unreadable")
        _record(cursor, [account], school, "page", acting_user, now)
    return Shown(account, row.username, password)


def show_new(*, account: UUID, school: str, acting_user: str, now: datetime, form: UUID | None = None) -> NewPassword:
    """The password that `acting_user` has just made, this once. Raises PasswordRefused when it was shown already, by
    whatever page, or is another's, or was made more than NEW_FOR ago. The `form` that made it may be sent twice."""
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        sealed = _sealed(cursor, [account])
        (row,) = _visible_to(school, [account])
        cursor.execute(_NEW, [account, acting_user, now - NEW_FOR])
        first = row.state(school=school) is PasswordState.VISIBLE and cursor.fetchone() is not None
        if not first:
            cursor.execute(_TWICE, {"account": account, "by": acting_user, "form": form, "at": now - TWICE_WITHIN})
            if cursor.fetchone() is None:
                raise refused("shown_before")
        password = storing.opened(str(account), *sealed[account])
        if password is None:
            raise refused("unreadable")
        _record(cursor, [account], school, "new", acting_user, now)
    return NewPassword(account, row.username, password, row.must_change)


def slips(*, accounts: Sequence[UUID], school: str, acting_user: str, now: datetime) -> tuple[Slip, ...]:
    """The slips of these accounts, in their order. Raises PasswordRefused when one is not the school's."""
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        sealed = _sealed(cursor, accounts)
        made = []
        for row in _visible_to(school, accounts):
            state, password = row.state(school=school), None
            if state is PasswordState.VISIBLE:
                password = storing.opened(str(row.account), *sealed[row.account])
            if state is PasswordState.VISIBLE and password is None:
                state = PasswordState.NOT_HELD_HERE  # its key is gone: a reset is the way out
            made.append(Slip(row.account, row.username, state, password))
        _record(cursor, [slip.account for slip in made if slip.password is not None], school, "slip", acting_user, now)
    return tuple(made)


def _sealed(cursor: Any, accounts: Collection[UUID]) -> dict[UUID, tuple[str, bytes]]:
    """Key and ciphertext, locked: a claim under way is over before anybody looks."""
    cursor.execute(
        "SELECT account, key_id, ciphertext FROM first_password WHERE account = ANY(%s) AND ciphertext IS NOT NULL"
        " ORDER BY account FOR UPDATE",
        [list(accounts)],
    )
    return {account: (key, bytes(sealed)) for account, key, sealed in cursor.fetchall()}


def _visible_to(school: str, accounts: Sequence[UUID]) -> list[PasswordRow]:
    """The accounts in their order. A school sees those that it has, or that it had last and nobody has (R30)."""
    found = rows.of_accounts(accounts)
    for account in accounts:
        row = found.get(account)
        if row is None or school not in row.facts.schools:
            raise refused("guest" if row is not None and row.is_guest_of(school) else "not_this_school")
    return [found[account] for account in accounts]


def _record(cursor: Any, accounts: Sequence[UUID], school: str, how: str, acting_user: str, now: datetime) -> None:
    once = settings.password_policy().showing is Showing.ONCE
    cursor.execute(
        "UPDATE first_password SET shown_at = %s, hidden_at = coalesce(hidden_at, %s) WHERE account = ANY(%s)",
        [now, now if once else None, list(accounts)],
    )
    entries = [chain.Entry("password shown", "R42", how, school, str(account)) for account in accounts]
    store.write_log(cursor, entries, chain.Writer(school, acting_user, now))


_NEW = "SELECT FROM first_password WHERE account = %s AND made_by = %s AND made_at >= %s AND shown_at IS NULL"
# Where the nation says "shown once", the first showing hid it; nothing else may have done so.
_TWICE = """
SELECT FROM first_password
WHERE account = %(account)s AND made_by = %(by)s AND form = %(form)s::uuid AND shown_at >= %(at)s
  AND (hidden_at IS NULL OR hidden_at >= %(at)s) AND ciphertext IS NOT NULL
"""
