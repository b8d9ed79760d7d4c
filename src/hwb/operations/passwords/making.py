"""Making passwords: one, many, or from the command line. The old one stops at once, and its sessions end.

They are encrypted, not hashed, so that a whole school is a matter of milliseconds.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from hwb.directory import chain, service_access, store
from hwb.directory.queries import passwords as rows
from hwb.directory.queries.passwords import PasswordRow
from hwb.extract.texts import N_, Text
from hwb.lifecycle import passphrases
from hwb.lifecycle import passwords as rules
from hwb.lifecycle.calendar import london_date
from hwb.lifecycle.passwords import PasswordPolicy, Showing
from hwb.operations import attempts, settings
from hwb.operations.passwords import choosing, storing
from hwb.operations.passwords.refusals import PasswordRefused, refused
from hwb.operations.transactions import in_transaction


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password that was just made; looking at it is part of the making, and recorded with it."""

    account: UUID
    username: str
    password: str = field(repr=False)
    must_change: bool


@dataclass(frozen=True, slots=True)
class Many:
    """Whose passwords were made anew, and whose were left because somebody here can sign in with them already."""

    made: tuple[UUID, ...]
    left: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class _Making:
    """What all passwords of one act have in common. ``seen``: whoever asked is shown them at once."""

    school: str
    language: str
    policy: PasswordPolicy
    actor: str
    now: datetime
    seen: bool
    typed: str | None = None
    form: UUID | None = None


def reset(*, account: UUID, school: str, acting_user: str, now: datetime, typed: str | None = None) -> NewPassword:
    """Makes a password for one account of the school, or takes the one that was typed, for whoever asked to see at
    once. Raises PasswordRefused."""

    def work() -> NewPassword:
        with connection.cursor() as cursor:
            (row,) = _locked(cursor, [account], school, now)
            if typed is not None:
                choosing.check(typed, names=row.names)
            (made,) = _make(cursor, [row], _making(cursor, school, acting_user, now, seen=True, typed=typed))
        return made

    return in_transaction(work)


def reset_by_form(
    *, account: UUID, school: str, acting_user: str, now: datetime, typed: str | None, form: UUID | None
) -> None:
    """As :func:`reset`, for a page: `show_new` shows the password. A form that is sent twice makes one password."""

    def work() -> None:
        with connection.cursor() as cursor:
            (row,) = _locked(cursor, [account], school, now)
            if typed is not None:
                choosing.check(typed, names=row.names)
            if _asked(cursor, [account], form, acting_user):
                cursor.execute(_SENT_AGAIN, [account])
            else:
                _make(cursor, [row], _making(cursor, school, acting_user, now, seen=False, typed=typed, form=form))

    in_transaction(work)


def reset_many(
    *,
    accounts: Collection[UUID],
    school: str,
    acting_user: str,
    now: datetime,
    everyone: bool = False,
    form: UUID | None = None,
) -> Many:
    """Makes passwords for many accounts of the school: unless `everyone`, only for those of whom nobody here has one.

    Shows none; slips do. Raises PasswordRefused, and makes none at all, when one account is not the school's. A `form`
    that is sent twice makes each password once, and is told the same both times.
    """

    def work() -> Many:
        with connection.cursor() as cursor:
            found = _locked(cursor, accounts, school, now)
            asked = _asked(cursor, accounts, form, acting_user)
            chosen = [
                row for row in found
                if row.account not in asked and (everyone or row.cannot_sign_in_yet(school=school))
            ]  # fmt: skip
            _make(cursor, chosen, _making(cursor, school, acting_user, now, seen=False, form=form))
        made = asked | {row.account for row in chosen}
        return Many(
            tuple(row.account for row in found if row.account in made),
            tuple(row.account for row in found if row.account not in made),
        )

    return in_transaction(work)


def reset_named(*, username: str, acting_user: str, now: datetime) -> NewPassword:
    """Makes a password for anybody, by an operator. The school that has the account may show it too.

    Raises PasswordRefused for a username that nobody has.
    """

    def work() -> NewPassword:
        with connection.cursor() as cursor:
            store.lock_chain(cursor, chain.NATION)
            cursor.execute(_NAMED, [username.strip().casefold()])
            found = cursor.fetchone()
            if found is None:
                text = Text(N_("Nobody has this username: {username}"), {"username": username})
                raise PasswordRefused("unknown_username", text)
            _lock_upns(cursor, [found[0]])
            row = rows.of_accounts([found[0]])[found[0]]
            school = min((p.school for p in row.places if row.is_of(p.school)), default="")
            (made,) = _make(cursor, [row], _making(cursor, school, acting_user, now, seen=True), chain.NATION)
        return made

    return in_transaction(work)


def _making(
    cursor: Any, school: str, actor: str, now: datetime, *, seen: bool, typed: str | None = None,
    form: UUID | None = None,
) -> _Making:  # fmt: skip
    cursor.execute("SELECT language FROM establishment WHERE dfes = %s", [school])
    found = cursor.fetchone()
    return _Making(school, found[0] if found else "", settings.password_policy(), actor, now, seen, typed, form)


def _asked(cursor: Any, accounts: Collection[UUID], form: UUID | None, actor: str) -> set[UUID]:
    """For whom this form of this person has already been answered."""
    if form is None:
        return set()
    cursor.execute(_OF_FORM, [list(accounts), form, actor])
    return {account for (account,) in cursor.fetchall()}


def _locked(cursor: Any, accounts: Collection[UUID], school: str, now: datetime) -> list[PasswordRow]:
    """The accounts, all of the school, with nobody else deciding about them. Raises PasswordRefused."""
    store.lock_chain(cursor, school)
    _require_own(accounts, school)
    _lock_upns(cursor, accounts)
    cursor.execute(_BEYOND, [list(accounts), school, london_date(now)])
    if cursor.fetchone()[0]:
        raise refused("role_beyond")
    return _require_own(accounts, school)


def _require_own(accounts: Collection[UUID], school: str) -> list[PasswordRow]:
    found = rows.of_accounts(accounts)
    for account in accounts:
        row = found.get(account)
        if row is None or not row.is_of(school):
            raise refused("guest" if row is not None and row.is_guest_of(school) else "not_this_school")
    return list(found.values())


def _lock_upns(cursor: Any, accounts: Collection[UUID]) -> None:
    cursor.execute("SELECT upn FROM upn WHERE account = ANY(%s)", [list(accounts)])
    store.lock_upns(cursor, [upn for (upn,) in cursor.fetchall()])


def _make(cursor: Any, people: Sequence[PasswordRow], how: _Making, log: str = "") -> list[NewPassword]:
    made = [NewPassword(row.account, row.username, _new(how), _must_change(row, how)) for row in people]
    keys = storing.ring()
    shown = how.now if how.seen else None
    hidden = shown if how.policy.showing is Showing.ONCE else None
    cursor.execute(
        _MADE,
        [
            keys.current, how.school, how.actor, how.now, shown, hidden, how.form, [one.account for one in made],
            [keys.seal(str(one.account), one.password) for one in made], [one.must_change for one in made],
        ],
    )  # fmt: skip
    cursor.execute(_STOPPED, [[one.account for one in made]])
    service_access.end(cursor, accounts=[one.account for one in made])
    attempts.forget_counts(cursor, [one.account for one in made])
    name = log or how.school
    by = "made" if how.typed is None else "typed"
    entries = [
        chain.Entry(
            "password reset", "R10", by, how.school or chain.NATION, str(one.account),
            after={"must_change": one.must_change, "shown": how.seen},
        )
        for one in made
    ]  # fmt: skip
    store.write_log(cursor, entries, chain.Writer(name, how.actor, how.now))
    return made


def _new(how: _Making) -> str:
    if how.typed is not None:
        return rules.prepared(how.typed)
    return passphrases.make(how.language, choose=secrets.choice)


def _must_change(row: PasswordRow, how: _Making) -> bool:
    choosing_allowed = rules.may_choose(kind=row.kind, year_group=row.year_group, school=how.school, policy=how.policy)
    first = row.facts.made is None and not row.facts.chosen
    return rules.must_change(kind=row.kind, may_choose=choosing_allowed, first=first)


# Sessions live by the real clock, and the database's is one. Whoever never signed in has none to end.
_STOPPED = """
UPDATE account SET password = '', sessions_from = CASE WHEN last_sign_in IS NULL THEN sessions_from
                                                       ELSE clock_timestamp() END
WHERE id = ANY(%s) AND (password <> '' OR last_sign_in IS NOT NULL)
"""
# Who shows their password can sign in as them: a school must not reach beyond itself that way.
_BEYOND = """
SELECT EXISTS (SELECT FROM role_grant WHERE account = ANY(%s) AND ended_at IS NULL AND school <> %s
               AND (until IS NULL OR until >= %s::date))
"""
_NAMED = "SELECT account FROM name_owner WHERE value = %s AND kind = 'username'"
_MADE = """
INSERT INTO first_password (key_id, school, made_by, made_at, shown_at, hidden_at, form, form_left, account,
                            ciphertext, must_change)
SELECT %s, %s, %s, %s::timestamptz, %s::timestamptz, %s::timestamptz, %s::uuid, 1, r.account, r.sealed, r.must_change
FROM unnest(%s::uuid[], %s::bytea[], %s::bool[]) AS r(account, sealed, must_change)
ON CONFLICT (account) DO UPDATE SET key_id = EXCLUDED.key_id, school = EXCLUDED.school, made_by = EXCLUDED.made_by,
    made_at = EXCLUDED.made_at, shown_at = EXCLUDED.shown_at, hidden_at = EXCLUDED.hidden_at,
    ciphertext = EXCLUDED.ciphertext, must_change = EXCLUDED.must_change, form = EXCLUDED.form,
    form_left = EXCLUDED.form_left
"""
_OF_FORM = "SELECT account FROM first_password WHERE account = ANY(%s) AND form = %s AND made_by = %s"
_SENT_AGAIN = "UPDATE first_password SET form_left = form_left + 1 WHERE account = %s"
