"""A lost device: somebody else takes the second step away, alone or with a second person (lifecycle.second_step).

The person then signs in with the password and sets up a new one. Every session of theirs ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction

from hwb.directory import service_access, store
from hwb.directory.queries import roles
from hwb.directory.queries.rows import fetch
from hwb.lifecycle.second_step import Held, Help, help_for
from hwb.operations import messages, passwords
from hwb.operations.second_step.keeping import log
from hwb.operations.second_step.refusals import StepRefused

#: So long a second person may confirm (real clock).
WAITS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lost device that waits for a second person. own: the reader asked for it, and cannot confirm it."""

    id: UUID
    name: str
    username: str
    asked_by: str
    asked_at: datetime
    reason: str
    own: bool


def reset(*, username: str, reason: str, helper: UUID, today: date, now: datetime, at: datetime) -> bool:
    """Takes the second step away, or keeps the wish for a second person; True when it is done. Raises StepRefused.

    `at`: the real moment. An unknown username and somebody beyond the helper's reach are refused alike.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        account = _account(cursor, username)
        if account == helper:
            raise StepRefused("oneself")
        may = Help.NO if account is None else _help(account, helper, today)
        if account is None or may is Help.NO:
            raise StepRefused("not_yours")
        _lock(cursor, account, at)
        alone = may is Help.ALONE
        id_ = uuid4()
        cursor.execute(_ASK, [id_, account, helper, at, reason, at if alone else None])
        if cursor.fetchone() is None:
            raise StepRefused("waits_already")
        if alone:
            _take_away(cursor, account, now, at)
        action = "second step reset" if alone else "second step reset asked"
        log(cursor, account, action, "all", actor=f"account {helper}", now=now, reset=str(id_))
    return alone


def confirm(*, id_: UUID, helper: UUID, today: date, now: datetime, at: datetime) -> None:
    """The second person's yes. Both must be allowed to help now, and be two. Raises StepRefused."""
    with transaction.atomic(), connection.cursor() as cursor:
        account, asked_by = _open(cursor, id_, at)
        if helper in (account, asked_by):
            raise StepRefused("second_person")
        if Help.NO in (_help(account, helper, today), _help(account, asked_by, today)):
            raise StepRefused("not_yours")
        _lock(cursor, account, at)
        cursor.execute(
            "UPDATE second_step_reset SET confirmed_by = %s, closed_at = %s WHERE id = %s AND closed_at IS NULL"
            " RETURNING 1",
            [helper, at, id_],
        )
        if cursor.fetchone() is None:
            raise StepRefused("gone")
        _take_away(cursor, account, now, at)
        log(cursor, account, "second step reset", "all", actor=f"account {helper}", now=now, reset=str(id_),
            asked_by=str(asked_by))  # fmt: skip


def refuse(*, id_: UUID, helper: UUID, today: date, now: datetime, at: datetime) -> None:
    """A no, by whoever may confirm or has asked: the wish is closed and the second step stays. Raises StepRefused."""
    with transaction.atomic(), connection.cursor() as cursor:
        account, asked_by = _open(cursor, id_, at)
        if helper != asked_by and _help(account, helper, today) is Help.NO:
            raise StepRefused("not_yours")
        store.lock_chain(cursor, passwords.chain_of(cursor, account))
        cursor.execute("UPDATE second_step_reset SET closed_at = %s WHERE id = %s AND closed_at IS NULL", [at, id_])
        log(cursor, account, "second step reset refused", "all", actor=f"account {helper}", now=now, reset=str(id_))


def waiting(*, helper: UUID, today: date, at: datetime) -> list[Waiting]:
    """What this person may confirm or has asked for, the oldest first."""
    found = []
    for row in fetch(_WAITING, {"since": at - WAITS}):
        account, asked_by = row.pop("account"), row.pop("asker")
        own = asked_by == helper
        if account != helper and (own or _help(account, helper, today) is not Help.NO):
            found.append(Waiting(**row, own=own))
    return found


def _help(account: UUID, helper: UUID, today: date) -> Help:
    """Somebody without a role is helped by any one of their schools; with roles the strictest decides."""
    target, helping = roles.find(account, today=today), roles.find(helper, today=today)
    if target is None or helping is None or not helping.active:
        return Help.NO
    held = [Held(role.role, role.school, role.area) for role in helping.roles]
    if target.roles:
        return help_for([Held(role.role, role.school, role.area) for role in target.roles], helper=held)
    answers = [help_for([place], helper=held) for place in _places(account)] or [help_for([], helper=held)]
    return next((answer for answer in (Help.ALONE, Help.TWO) if answer in answers), Help.NO)


def _places(account: UUID) -> list[Held]:
    return [Held(row["role"], row["school"]) for row in fetch(_PLACES, {"account": account})]


def _account(cursor: Any, username: str) -> UUID | None:
    cursor.execute(
        "SELECT account FROM name_owner WHERE value = %s AND kind = 'username'", [username.strip().casefold()]
    )  # fmt: skip
    row = cursor.fetchone()
    return row[0] if row else None


def _lock(cursor: Any, account: UUID, at: datetime) -> None:
    """The log's chain first, then the account; a wish that nobody confirmed in time is closed."""
    store.lock_chain(cursor, passwords.chain_of(cursor, account))
    cursor.execute("SELECT 1 FROM account WHERE id = %s FOR NO KEY UPDATE", [account])
    cursor.execute("SELECT 1 FROM second_factor WHERE account = %s LIMIT 1", [account])
    if cursor.fetchone() is None:
        raise StepRefused("has_none")
    cursor.execute(
        "UPDATE second_step_reset SET closed_at = %s WHERE account = %s AND closed_at IS NULL AND asked_at <= %s",
        [at, account, at - WAITS],
    )


def _open(cursor: Any, id_: UUID, at: datetime) -> tuple[UUID, UUID]:
    cursor.execute(
        "SELECT account, asked_by FROM second_step_reset WHERE id = %s AND closed_at IS NULL AND asked_at > %s",
        [id_, at - WAITS],
    )
    row = cursor.fetchone()
    if row is None:
        raise StepRefused("gone")
    return row[0], row[1]


def _take_away(cursor: Any, account: UUID, now: datetime, at: datetime) -> None:
    # The row of tries before the factors, as whoever gives a code (checking).
    cursor.execute("UPDATE second_step_tries SET failures = 0, wait_until = NULL WHERE account = %s", [account])
    cursor.execute("DELETE FROM second_factor WHERE account = %s", [account])
    cursor.execute("UPDATE account SET sessions_from = %s WHERE id = %s", [at, account])
    service_access.end(cursor, accounts=[account])
    messages.own_account_changed(cursor, account=account, what="reset", now=now)


_ASK = """
INSERT INTO second_step_reset (id, account, asked_by, asked_at, reason, closed_at) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (account) WHERE closed_at IS NULL DO NOTHING RETURNING id
"""
_WAITING = """
SELECT r.id, r.account, r.asked_by AS asker, r.asked_at, r.reason, t.username,
       concat_ws(' ', coalesce(nullif(t.preferred_forename, ''), t.legal_forename),
                      coalesce(nullif(t.preferred_surname, ''), t.legal_surname)) AS name,
       concat_ws(' ', coalesce(nullif(h.preferred_forename, ''), h.legal_forename),
                      coalesce(nullif(h.preferred_surname, ''), h.legal_surname)) AS asked_by
FROM second_step_reset r JOIN account t ON t.id = r.account JOIN account h ON h.id = r.asked_by
WHERE r.closed_at IS NULL AND r.asked_at > %(since)s ORDER BY r.asked_at, r.id
"""
_PLACES = """
SELECT CASE role WHEN 'post' THEN 'staff' ELSE 'learner' END AS role, school::text FROM placement
WHERE account = %(account)s AND ended IS NULL AND role IN ('post', 'holding')
"""
