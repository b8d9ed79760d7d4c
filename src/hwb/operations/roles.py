"""Roles given and taken: for a school, an area or the nation (ux.md 2, B18). Each is an audit entry.

A class teacher's role is not given: it follows from the classes in the staff record. A headteacher's post only
proposes the role; it stands when it is granted here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction

from hwb.directory import chain, connected_accounts, store
from hwb.extract.texts import N_, Text
from hwb.operations import messages, officials, sessions

SCHOOL_ROLES = frozenset({"champion", "mis_admin", "head"})
NATION_ROLES = frozenset({"agent", "operator", "auditor"})
GRANTABLE = SCHOOL_ROLES | NATION_ROLES | {"client_manager", "area_officer"}


class RoleRefused(Exception):
    """The role cannot be given or taken so; `text` says why and what would do."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(code)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Reach:
    """What a role is for: a school, an area (three digits), or with neither the nation."""

    role: str
    school: str = ""
    area: str = ""


@dataclass(frozen=True, slots=True)
class Granted:
    """The grant that stands. link_token: the secret part of a new person's first sign-in link, shown this once."""

    grant: UUID
    account: UUID
    username: str
    link_token: str = ""


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody outside every school's roll."""

    name: str
    email: str


def grant(
    reach: Reach, *, username: str, until: date | None = None, acting_user: str, acting_account: UUID | None = None,
    now: datetime, on: date, at: datetime | None = None,
) -> Granted:  # fmt: skip
    """Gives a role to an account. `acting_account`: whoever does so on a page, who cannot give it to themselves.

    `at`: the real moment; with it an official who has never signed in, as a source makes them, gets a link for that.
    Raises RoleRefused.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        _check(cursor, reach, until, on)
        account, kind = _account(cursor, username)
        if account == acting_account:
            raise RoleRefused("oneself", Text(N_("Nobody can give a role to themselves. Ask another person to do it.")))
        _check_post(cursor, reach, account, kind)
        given = _give(cursor, reach, account, username, until, acting_user, now)
        _tell(cursor, reach, given.grant, "added", acting_account, now)
        cursor.execute(_IS_NEW, [account])
        if at is not None and cursor.fetchone()[0]:
            token = sessions.make_link(cursor, account=str(account), at=at)
            given = Granted(given.grant, given.account, given.username, token)
        return given


def grant_new(
    reach: Reach, *, person: NewPerson, until: date | None = None, acting_user: str, now: datetime, on: date,
    at: datetime,
) -> Granted:  # fmt: skip
    """Makes an account of kind `official` and gives it the role, with a link for the first sign-in.

    `at`: the real moment, by which links live. Raises RoleRefused.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        _check(cursor, reach, until, on)
        store.lock_chain(cursor, _chain(reach))
        try:
            made = officials.create(
                cursor, name=person.name, email=person.email, writer=chain.Writer(_chain(reach), acting_user, now)
            )
        except officials.OfficialRefused as refused:
            raise RoleRefused(refused.code, refused.text) from refused
        given = _give(cursor, reach, made.account, made.username, until, acting_user, now)
        _tell(cursor, reach, given.grant, "added", None, now)
        token = sessions.make_link(cursor, account=str(made.account), at=at)
    return Granted(given.grant, given.account, given.username, token)


def revoke(
    reach: Reach, *, username: str, acting_user: str, acting_account: UUID | None = None, now: datetime, on: date
) -> None:
    """Ends a role at once. On a page (`acting_account`) nobody ends their own, nor the last Champion's.

    Raises RoleRefused.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        account, _ = _account(cursor, username)
        store.lock_chain(cursor, _chain(reach))
        if acting_account is not None:
            _check_removal(cursor, reach, account, acting_account, on)
        cursor.execute(_END, [now, acting_user, account, reach.role, reach.school, reach.area])
        row = cursor.fetchone()
        if row is None:
            raise RoleRefused("not_held", Text(N_("This account does not have that role.")))
        _log(cursor, "role revoke", reach, account, row[0], acting_user, now)
        connected_accounts.mark(cursor, accounts=[account])
        _tell(cursor, reach, row[0], "removed", acting_account, now)


def _check(cursor: Any, reach: Reach, until: date | None, on: date) -> None:
    """The role exists, and its reach is one that it can have."""
    if reach.role not in GRANTABLE:
        raise RoleRefused(
            "unknown_role", Text(N_("Roles that can be given: {roles}"), {"roles": ", ".join(sorted(GRANTABLE))})
        )
    wants_school = reach.role in SCHOOL_ROLES and not (reach.school and not reach.area)
    wants_one = reach.role == "client_manager" and bool(reach.school) == bool(reach.area)
    wants_area = reach.role == "area_officer" and not (reach.area and not reach.school)
    wants_none = reach.role in NATION_ROLES and bool(reach.school or reach.area)
    for wrong, text in (
        (wants_school, N_("This role needs a school and no area. Role: {role}")),
        (wants_one, N_("This role needs a school or an area, one of them. Role: {role}")),
        (wants_area, N_("This role needs an area and no school. Role: {role}")),
        (wants_none, N_("This role is for the whole nation: give no school and no area. Role: {role}")),
    ):
        if wrong:
            raise RoleRefused("reach", Text(text, {"role": reach.role}))
    _check_registered(cursor, reach)
    if until is not None and until < on:
        raise RoleRefused("past", Text(N_("The last day of a role cannot lie in the past.")))


def _check_registered(cursor: Any, reach: Reach) -> None:
    if reach.school:
        cursor.execute("SELECT EXISTS (SELECT FROM establishment WHERE dfes = %s)", [reach.school])
        if not cursor.fetchone()[0]:
            raise RoleRefused(
                "unknown_school", Text(N_("Not in the register of schools: {schools}"), {"schools": reach.school})
            )
    if reach.area:
        cursor.execute("SELECT EXISTS (SELECT FROM authority WHERE code = %s)", [reach.area])
        if not cursor.fetchone()[0]:
            raise RoleRefused(
                "unknown_area", Text(N_("Not in the register of authorities: {area}"), {"area": reach.area})
            )


def _check_post(cursor: Any, reach: Reach, account: UUID, kind: str) -> None:
    """Learners get no role, and a member of staff a school's role only where they work."""
    if kind == "learner":
        raise RoleRefused("learner", Text(N_("A learner cannot be given a role.")))
    if kind == "staff" and reach.school:
        cursor.execute(_HAS_POST, [account, reach.school])
        if not cursor.fetchone()[0]:
            raise RoleRefused(
                "no_post",
                Text(
                    N_("This member of staff has no post there. For people from outside: --new. School: {school}"),
                    {"school": reach.school},
                ),
            )


def _check_removal(cursor: Any, reach: Reach, account: UUID, acting: UUID, on: date) -> None:
    if account == acting:
        raise RoleRefused("oneself", Text(N_("Nobody can take a role from themselves. Ask another person to do it.")))
    if reach.role == "champion":
        cursor.execute(_OTHER_CHAMPIONS, [reach.school, account, on])
        if not cursor.fetchone()[0]:
            raise RoleRefused(
                "last_champion",
                Text(N_("This is the school's last Digital Champion. Appoint another one first, or ask support.")),
            )


def _account(cursor: Any, username: str) -> tuple[UUID, str]:
    cursor.execute(_FIND, [username.strip().casefold()])
    row = cursor.fetchone()
    if row is None:
        raise RoleRefused("unknown_username", Text(N_("Nobody has this username: {username}"), {"username": username}))
    return row[0], row[1]


def _give(
    cursor: Any, reach: Reach, account: UUID, username: str, until: date | None, acting_user: str, now: datetime
) -> Granted:
    store.lock_chain(cursor, _chain(reach))
    made = uuid4()
    cursor.execute(_GRANT, [made, reach.role, reach.school, reach.area, acting_user, now, until, account])
    if cursor.fetchone() is None:
        raise RoleRefused("held_already", Text(N_("This account has that role already.")))
    _log(cursor, "role grant", reach, account, made, acting_user, now, until)
    connected_accounts.mark(cursor, accounts=[account])
    return Granted(made, account, username)


def _tell(cursor: Any, reach: Reach, made: UUID, act: str, acting_account: UUID | None, now: datetime) -> None:
    """A school hears who becomes and ceases to be its Digital Champion (M16)."""
    if reach.role == "champion":
        messages.champion_changed(
            cursor, school=reach.school, grant=made, act=act, acting_account=acting_account, now=now
        )


def _log(
    cursor: Any, action: str, reach: Reach, account: UUID, made: UUID, acting_user: str, now: datetime,
    until: date | None = None,
) -> None:  # fmt: skip
    after: dict[str, Any] = {"grant": str(made), "role": reach.role, "area": reach.area}
    if until is not None:
        after["until"] = until.isoformat()
    entry = chain.Entry(action, "R42", "", reach.school or chain.NATION, str(account), after=after)
    store.write_log(cursor, [entry], chain.Writer(_chain(reach), acting_user, now))


def _chain(reach: Reach) -> str:
    return reach.school or chain.NATION


_FIND = """
SELECT a.id, a.kind FROM name_owner i JOIN account a ON a.id = i.account
WHERE i.value = %s AND i.kind = 'username'
"""
_IS_NEW = """
SELECT EXISTS (SELECT FROM account WHERE id = %s AND kind = 'official' AND active AND last_sign_in IS NULL
               AND password = '')
"""
_HAS_POST = """
SELECT EXISTS (SELECT FROM placement WHERE account = %s AND school = %s AND role = 'post' AND ended IS NULL)
"""
# An account that was joined into another one meanwhile (R25) has no roles of its own.
_GRANT = """
INSERT INTO role_grant (id, account, role, school, area, given_by, given_at, until, ended_by)
SELECT %s, coalesce(a.retired_into, a.id), %s, %s, %s, %s, %s, %s, '' FROM account a WHERE a.id = %s
ON CONFLICT (account, role, school, area) WHERE ended_at IS NULL DO NOTHING RETURNING id
"""
_END = """
UPDATE role_grant SET ended_at = %s, ended_by = %s
WHERE account = %s AND role = %s AND school = %s AND area = %s AND ended_at IS NULL RETURNING id
"""
_OTHER_CHAMPIONS = """
SELECT EXISTS (SELECT FROM role_grant g JOIN account a ON a.id = g.account
               WHERE g.role = 'champion' AND g.school = %s AND g.account <> %s AND g.ended_at IS NULL AND a.active
                 AND (g.until IS NULL OR g.until >= %s)
                 AND (a.kind <> 'staff' OR EXISTS (SELECT FROM placement p WHERE p.account = a.id
                      AND p.school = g.school AND p.role = 'post' AND p.ended IS NULL)))
"""
