"""Undo: a school's newest accepted run is withdrawn, and the one before it is newest again (R36)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from hwb.directory import facts as directory_facts
from hwb.directory import store
from hwb.directory.chain import Writer
from hwb.lifecycle import undoing
from hwb.lifecycle.facts import Decision, DecisionKind, SchoolFacts, StaffEntry, StaffMember
from hwb.lifecycle.plan import Plan
from hwb.operations import locking, memory, runs, settings
from hwb.operations.runs import PlanMoved, Run, RunNotFound
from hwb.operations.transactions import FactsMoved, in_transaction

TRIES = 5


def undo(
    *, run_id: UUID, acting_user: str, now: datetime, on: date, preview: bool = False, seen: str = ""
) -> Plan:  # fmt: skip
    """Withdraws the school's newest accepted run: the one before is newest again and the school is re-planned.

    With ``preview`` only the plan is returned. Raises RunNotFound when it is not the newest, too old to undo, or
    of a school that has closed (R43); PlanMoved when the plan is not the one whose digest (:meth:`Plan.digest`) was
    ``seen``.
    """

    def work() -> Plan:
        with connection.cursor() as cursor:
            run = runs.find_open(cursor, run_id, *runs.ACCEPTED, on=on)
            newest = runs.newest_of(cursor, run.school)
            if newest is None or newest.id != run_id:
                raise RunNotFound(str(run_id))
            facts, plan = _plan_undo(cursor, run, on=on)
            if preview:
                return plan
            if seen and seen != plan.digest():
                raise PlanMoved(str(run_id))
            writer = Writer(run.school, acting_user, now, str(run_id))
            store.apply(cursor, plan, facts=facts, applying=locking.applying(writer, on=on, policy=settings.policy()))
            cursor.execute(
                "UPDATE run SET state = 'undone', body = NULL, before = NULL, result = result - 'people' WHERE id = %s",
                [run_id],
            )
            runs.note(run, "undo", acting_user, now)
            return plan

    return in_transaction(work)


def _plan_undo(cursor: Any, run: Run, *, on: date) -> tuple[SchoolFacts, Plan]:
    if run.state == "applied" and not run.before:
        raise RunNotFound(str(run.id))  # what it changed is no longer remembered
    before = memory.recall(run.before) if run.before else undoing.Before()
    before = replace(before, reposted=_accounts_of(cursor, run, "post")).with_partners(_partners(cursor, run.school))
    upns = {*before.learners, *(old for old, _ in before.rekeyed)}
    upns |= {word.record.upn for word, _ in before.others}
    upns |= {word.record.former_upn for word in before.learners.values() if word is not None} - {""}

    def planned(facts: SchoolFacts) -> Plan:
        return undoing.plan_undo(
            facts=facts,
            before=before,
            staff_words=_staff_words(cursor, run, before, facts),
            reopened=_reopened(cursor, before),
            on=on,
            policy=settings.policy(),
        )

    locked: frozenset[str] = frozenset()
    for _ in range(TRIES):
        facts = directory_facts.load(cursor, school=run.school, upns=set(upns))
        plan = planned(facts)
        stakes = locking.with_aliases(plan.upns_at_stake() | upns, facts)
        if stakes <= locked:
            break
        store.lock_upns(cursor, stakes | locked)
        locked |= stakes
    else:
        raise FactsMoved(run.school)
    again = locking.with_shared_staff_locked(cursor, facts)
    return again, plan if again is facts else planned(again)


def _staff_words(
    cursor: Any, run: Run, before: undoing.Before, facts: SchoolFacts
) -> list[tuple[StaffMember, StaffEntry | None]]:
    """Staff whose words the run changed, and those whom it brought."""
    created = _accounts_of(cursor, run, "create")
    partners = _partners(cursor, run.school)
    created |= {partners[id_] for id_ in created if id_ in partners}
    words: list[tuple[StaffMember, StaffEntry | None]] = []
    for member in facts.staff:
        if member.entry.id in before.staff:
            words.append((member, before.staff[member.entry.id]))
        elif member.account is not None and member.account.id in created:
            words.append((member, None))
    return words


def _accounts_of(cursor: Any, run: Run, action: str) -> frozenset[str]:
    """Accounts to which the run did this, by its audit entries."""
    cursor.execute(
        "SELECT account::text FROM audit WHERE run = %s AND action = %s AND account IS NOT NULL", [run.id, action]
    )
    return frozenset(account for (account,) in cursor.fetchall())


def _partners(cursor: Any, school: str) -> dict[str, str]:
    """Accounts that were joined with one another (R25) by a case of this school, each with its partner."""
    cursor.execute(
        "SELECT kept::text, retiring::text FROM consolidation WHERE new_school = %s AND retiring IS NOT NULL", [school]
    )
    pairs = cursor.fetchall()
    return dict(pairs) | {retiring: kept for kept, retiring in pairs}


def _reopened(cursor: Any, before: undoing.Before) -> list[tuple[str, Decision]]:
    cursor.execute(
        "SELECT account::text, id::text, kind, school FROM decision WHERE id = ANY(%s::uuid[])",
        [[decision for _, decision in before.ended]],
    )
    return [
        (account, Decision(id_, DecisionKind(kind), school or None)) for account, id_, kind, school in cursor.fetchall()
    ]
