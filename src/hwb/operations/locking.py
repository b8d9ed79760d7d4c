"""Planning with everything locked that the plan stands on, so that it is executed as planned."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from django.conf import settings as django_settings

from hwb.directory import facts as directory_facts
from hwb.directory import store
from hwb.directory.chain import Writer
from hwb.extract.records import Snapshot
from hwb.lifecycle import planning
from hwb.lifecycle.facts import SchoolFacts, StaffMember
from hwb.lifecycle.plan import Plan
from hwb.lifecycle.policy import Policy
from hwb.operations.transactions import FactsMoved

TRIES = 5


def plan_locked(cursor: Any, snapshot: Snapshot, *, on: date, policy: Policy) -> tuple[SchoolFacts, Plan]:
    """The plan of a snapshot with everything locked that it stands on, so that it is executed as planned."""
    upns = {r.upn for r in snapshot.learners} | {r.former_upn for r in snapshot.learners if r.former_upn}
    facts = directory_facts.load(cursor, school=snapshot.school, upns=upns)
    facts, plan = _locked_upns(cursor, snapshot, facts, on=on, policy=policy)
    again = with_shared_staff_locked(cursor, facts)
    if again is facts:
        return facts, plan
    # learners have not moved: their UPNs are locked, and staff ask for none
    return again, planning.plan_run(snapshot=snapshot, facts=again, on=on, policy=policy)


def with_shared_staff_locked(cursor: Any, facts: SchoolFacts) -> SchoolFacts:
    """The facts once the accounts are locked that staff have at other schools too (R24); the same when nothing moved.

    Whether such an account has a current post left depends on schools whose chains are not locked here. It is
    taken after chain head and UPNs, and nothing is locked after it, so that no two writers wait for one another.
    """
    shared = {m.account.id for m in facts.staff if m.account is not None and _is_shared(m, facts.school.dfes)}
    if not shared:
        return facts
    store.lock_accounts(cursor, shared)
    again = {member.entry.id: member for member in directory_facts.staff_renewed(cursor, facts).staff}
    staff = tuple(again.get(member.entry.id, member) for member in facts.staff)
    return facts if staff == facts.staff else replace(facts, staff=staff)


def _is_shared(member: StaffMember, school: str) -> bool:
    account = member.account
    return bool(member.elsewhere) or (account is not None and bool(account.posts - {school}))


def _locked_upns(
    cursor: Any, snapshot: Snapshot, facts: SchoolFacts, *, on: date, policy: Policy
) -> tuple[SchoolFacts, Plan]:
    locked: frozenset[str] = frozenset()
    for _ in range(TRIES):
        plan = planning.plan_run(snapshot=snapshot, facts=facts, on=on, policy=policy)
        stakes = with_aliases(plan.upns_at_stake(), facts)
        if stakes <= locked:
            return facts, plan
        # in one order: a second round must not take a lower UPN after a higher one, so all are taken anew
        locked = stakes | locked
        store.lock_upns(cursor, locked)
        # Only what is at stake can have moved: everybody else is held here, and the chain head keeps others out.
        again = directory_facts.renewed(cursor, facts, upns=locked)
        if all(again.learners.get(upn) == facts.learners.get(upn) for upn in locked):
            return again, plan  # nothing had moved: the plan made before locking is the plan
        facts = again
    raise FactsMoved(snapshot.school)


def plan_unlocked(cursor: Any, snapshot: Snapshot, *, on: date, policy: Policy) -> Plan:
    """The plan of a snapshot as things stand, for showing only: it waits for nobody and leaves no trace."""
    upns = {r.upn for r in snapshot.learners} | {r.former_upn for r in snapshot.learners if r.former_upn}
    facts = directory_facts.load(cursor, school=snapshot.school, upns=upns)
    return planning.plan_run(snapshot=snapshot, facts=facts, on=on, policy=policy)


def with_aliases(upns: frozenset[str], facts: SchoolFacts) -> frozenset[str]:
    """Every UPN that leads to the same accounts: deciding about one is deciding about all."""
    every = set(upns)
    for upn in upns:
        person = facts.learners.get(upn)
        if person is not None and person.account is not None:
            every |= person.account.aliases | {person.account.upn}
    return frozenset(every)


def applying(writer: Writer, *, on: date, policy: Policy) -> store.Applying:
    """What the store needs beside a plan, from the installation's settings."""
    return store.Applying(
        writer,
        on,
        policy,
        str(django_settings.SECRET_KEY),
        django_settings.HWB_MAIL_DOMAIN,
    )
