"""The school's plan: from a snapshot, a day that has come, a decision, an undone run or a school that closes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from hwb.extract.records import Problem, Snapshot
from hwb.lifecycle import calendar, counting, holds, learners, rekeying, staff, words
from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.context import Context
from hwb.lifecycle.facts import (
    Learner,
    LearnerEntry,
    SchoolFacts,
    StaffEntry,
)
from hwb.lifecycle.learner_part import LearnerPart
from hwb.lifecycle.learner_plan import plan_learners
from hwb.lifecycle.plan import Plan
from hwb.lifecycle.policy import Policy
from hwb.lifecycle.rules import Rule
from hwb.lifecycle.staff_plan import StaffPart, member_key, plan_staff


def plan_run(*, snapshot: Snapshot, facts: SchoolFacts, on: date, policy: Policy) -> Plan:
    """What a school's snapshot asks for, measured (R36). A kind that it does not cover stays as it is."""
    of_learners, of_staff = LearnerPart(), StaffPart()
    if "learner" in snapshot.covers:
        of_learners = plan_learners(
            snapshot.learners, snapshot.refused, facts, on=on, policy=policy, references=snapshot.references
        )
    if "staff" in snapshot.covers:
        of_staff = plan_staff(snapshot.staff, snapshot.refused, facts, on=on)
    measured = holds.measure(snapshot, facts, of_learners, of_staff, on=on, policy=policy)
    refused = (*snapshot.refused, *of_learners.refused)
    return Plan(
        facts.school.dfes,
        (*of_learners.changes, *of_staff.changes),
        tuple(of_learners.writes),
        tuple(of_staff.writes),
        counting.of_learners(snapshot, of_learners),
        counting.of_staff(snapshot, of_staff),
        measured,
        refused,
        (*snapshot.warnings, *_last_years(facts, of_learners, snapshot, policy), *_places_kept(of_learners)),
        counting.movement(of_learners),
    )


def plan_due(*, facts: SchoolFacts, on: date, policy: Policy, still_here: bool = False) -> Plan:
    """What the day itself (R3, R32, R39) or a decision (R31) asks for among the people in ``facts``.

    ``still_here``: the school takes back that these missing people left, and nobody claimed them meanwhile (R32).
    """
    school = facts.school.dfes
    context = Context(on, policy, school, give_back=school if still_here else "", giving=(Rule.R32, "still_here"))
    changes: list[Change] = []
    people = _distinct(facts.learners.values())
    for person in sorted(people, key=lambda person: not person.asking):
        if not person.asking and any(c.kind is ChangeKind.REKEY and c.person == person.upn for c in changes):
            continue  # is one now with somebody settled before
        changes += learners.settle(person, context)
    of_staff = staff.StaffContext(on, facts.school.dfes, still_here=still_here)
    for member in facts.staff:
        changes += staff.settle(member, member.entry, key=member_key(member), context=of_staff)
    return Plan(facts.school.dfes, tuple(changes), tuple(rekeying.writes(changes, facts)))


def next_due(entry: LearnerEntry | StaffEntry, grace_until: date | None, *, on: date, policy: Policy) -> date | None:
    """The next day on which this word alone may ask for a change: start, day after leaving, end of waiting or grace."""
    days = []
    if entry.record.start_date is not None and entry.record.start_date > on:
        days.append(entry.record.start_date)
    if entry.record.leaving_date is not None and entry.record.leaving_date >= on:
        days.append(date.fromordinal(entry.record.leaving_date.toordinal() + 1))
    if isinstance(entry, LearnerEntry):
        free = words.claimable_from(entry, policy)
        if free is not None and free > on:
            days.append(free)
    if grace_until is not None and grace_until >= on:
        days.append(date.fromordinal(grace_until.toordinal() + 1))
    return min(days, default=None)


def _distinct(people: Iterable[Learner]) -> list[Learner]:
    """Each person once, though aliases lead to the same one."""
    return list({id(person): person for person in people}.values())


def _places_kept(part: LearnerPart) -> list[Problem]:
    """Class lists of which the data says nothing stay as they were, and the school is told."""
    return [Problem("X07", "", name, "", "learner") for name in sorted(part.places_kept)]


def _last_years(facts: SchoolFacts, part: LearnerPart, snapshot: Snapshot, policy: Policy) -> list[Problem]:
    """Year groups did not move in the new academic year: a warning, never a hold (R36, R37)."""
    if facts.newest_as_at is None:
        return []
    month, day = policy.year_start
    start = calendar.academic_year_start(calendar.london_date(snapshot.as_at), month=month, day=day)
    if calendar.london_date(facts.newest_as_at) >= start:
        return []
    stayed = [(b, a) for _, b, a, _ in part.held if b is not None and a is not None and not a.refused]
    same = sum(b.record.year_group == a.record.year_group for b, a in stayed)
    if stayed and same > len(stayed) / 2:
        return [Problem("X03", "", "year_group", "", values=(("count", str(same)),))]
    return []
