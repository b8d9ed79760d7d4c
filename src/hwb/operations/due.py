"""What a day brings: leaving dates that passed, starts, ends of waiting and of graces (R3, R32, R39)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.conf import settings as django_settings
from django.db import InterfaceError, OperationalError, connection

from hwb.directory import facts as directory_facts
from hwb.directory import store
from hwb.directory.chain import Writer
from hwb.lifecycle import planning
from hwb.operations import locking, messages, settings
from hwb.operations.transactions import FactsMoved, in_transaction

ACTOR = "calendar"
TRIES = 5
_SCHOOLS = """
SELECT school FROM learner_record WHERE due_on <= %(on)s
UNION SELECT school FROM staff_record WHERE due_on <= %(on)s ORDER BY school
"""
_LEARNERS = "SELECT upn FROM learner_record WHERE school = %s AND due_on <= %s"
_STAFF = "SELECT id::text FROM staff_record WHERE school = %s AND due_on <= %s"


def apply_due(*, on: date, now: datetime, school: str | None = None) -> int:
    """Does what is due by ``on``, one school a transaction; returns the number of changes.

    What goes wrong at one school is raised when all others have had their turn: their leavers do not wait for it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SCHOOLS, {"on": on})
        schools = [row[0] for row in cursor.fetchall()]
    wanted = [name for name in schools if school in (None, name)]
    changes, wrong = 0, []
    for name in wanted:
        try:
            changes += in_transaction(lambda name=name: _apply(name, on, now))  # type: ignore[misc]
        except (OperationalError, InterfaceError):
            raise  # the database itself is away
        except Exception as error:  # noqa: BLE001 - raised below
            wrong.append(error)
    if wrong:
        raise wrong[0]
    return changes


def _apply(school: str, on: date, now: datetime) -> int:
    with connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        return settle_school(cursor, school=school, on=on, now=now)


def settle_school(cursor: Any, *, school: str, on: date, now: datetime) -> int:
    """Settles everybody of one school who is due; the caller holds the school's chain head. Returns the changes."""
    cursor.execute(_LEARNERS, [school, on])
    upns = {row[0] for row in cursor.fetchall()}
    cursor.execute(_STAFF, [school, on])
    staff = {row[0] for row in cursor.fetchall()}
    if not upns and not staff:
        return 0
    changes = settle_people(cursor, school=school, upns=upns, staff=staff, actor=ACTOR, on=on, now=now)
    _forget(cursor, school, on)
    return changes


def settle_people(
    cursor: Any,
    *,
    school: str,
    upns: set[str],
    staff: set[str],
    actor: str,
    on: date,
    now: datetime,
    still_here: bool = False,
) -> int:
    """Settles these people after a day or a decision: every UPN of theirs is locked, then facts are read.

    ``still_here``: the decision takes back that they left (R32).
    """
    policy = settings.policy_from(settings.stored())
    locked: set[str] = set()
    for _ in range(TRIES):
        facts = directory_facts.load(cursor, school=school, upns=upns, staff=bool(staff), own=False)
        everyone = upns | set(facts.learners)
        if everyone <= locked:
            break
        store.lock_upns(cursor, everyone | locked)
        locked |= everyone
    else:
        raise FactsMoved(school)
    members = tuple(member for member in facts.staff if member.entry.id in staff)
    facts = locking.with_shared_staff_locked(cursor, replace(facts, staff=members))
    plan = planning.plan_due(facts=facts, on=on, policy=policy, still_here=still_here)
    writer = Writer(school, actor, now)
    secret, domain = str(django_settings.SECRET_KEY), django_settings.HWB_MAIL_DOMAIN
    store.apply(cursor, plan, facts=facts, applying=store.Applying(writer, on, policy, secret, domain))
    messages.of_changes(cursor, plan.changes, now=now)
    return len(plan.changes)


def _forget(cursor: Any, school: str, on: date) -> None:
    """Words looked at get their next due day."""
    policy = settings.policy_from(settings.stored())
    cursor.execute(_LEARNERS, [school, on])
    upns = {row[0] for row in cursor.fetchall()}
    people = directory_facts.load(cursor, school=school, upns=upns, staff=True, own=False)
    for person in people.learners.values():
        for entry in person.entries:
            if entry.school == school and entry.record.upn in upns:
                grace = person.account.grace_until if person.account is not None else None
                day = planning.next_due(entry, grace, on=on, policy=policy)
                cursor.execute(
                    "UPDATE learner_record SET due_on = %s WHERE school = %s AND upn = %s",
                    [day, school, entry.record.upn],
                )
    for member in people.staff:
        day = planning.next_due(member.entry, None, on=on, policy=policy)
        cursor.execute("UPDATE staff_record SET due_on = %s WHERE id = %s AND due_on <= %s", [day, member.entry.id, on])
