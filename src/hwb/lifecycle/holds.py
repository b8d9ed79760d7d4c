"""R36: measuring a plan before anything changes, against the people the school holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from hwb.extract.records import Snapshot
from hwb.lifecycle import calendar
from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.facts import Account, LearnerEntry, SchoolFacts, StaffEntry, StaffMember
from hwb.lifecycle.learner_part import LearnerPart
from hwb.lifecycle.plan import Hold
from hwb.lifecycle.policy import FINAL_YEARS, Policy
from hwb.lifecycle.staff_plan import StaffPart

Held = tuple[Account, LearnerEntry | None, LearnerEntry | None, list[Change]]
_IDENTITY = ("legal_surname", "birth_date")


def measure(
    snapshot: Snapshot,
    facts: SchoolFacts,
    of_learners: LearnerPart,
    of_staff: StaffPart,
    *,
    on: date,
    policy: Policy,
) -> tuple[Hold, ...]:
    """The checks that this plan exceeds; none for content that was confirmed before."""
    if snapshot.digest in facts.confirmed:
        return ()
    found = [_withdrawn(snapshot, facts), _duplicates(snapshot, policy)]
    if facts.newest_as_at is not None:
        final = final_years(facts)
        held = [item for item in of_learners.held if not _expected_leaver(item, final, policy)]
        if "learner" in snapshot.covers:
            base = len(of_learners.held)
            found.append(_missing(held, base, policy))
            found.append(_over("losing_access", sum(map(_loses_access, held)), base, policy))
            found.append(_over("moved_back", sum(map(_moved_back, held)), base, policy))
            found.append(_over("overlap", sum(item[2] is None for item in held), base, policy))
        if "staff" in snapshot.covers:
            losing = sum(_staff_loses(*item) for item in of_staff.held)
            found.append(_over("losing_access", losing, len(of_staff.held), policy, kind="staff"))
        everyone = len(of_learners.held) + len(of_staff.held)
        renamed = sum(_renamed(item[3]) for item in of_learners.held)
        renamed += sum(_renamed(changes) for _, _, changes in of_staff.held)
        found.append(_over("renamed", renamed, everyone, policy))
        if not _in_window(on, policy.intake):
            # a kind that this school never sent before is a first snapshot of its own
            added = of_staff.added if "staff" in facts.covered else 0
            if "learner" in facts.covered:
                added += sum(_is_added(change, facts) for change in of_learners.changes)
            found.append(_over("added", added, everyone, policy))
    return tuple(hold for hold in found if hold is not None)


def _over(check: str, measured: int, base: int, policy: Policy, *, kind: str = "") -> Hold | None:
    limit = policy.limits[check]
    if measured > limit.number and measured > limit.share * base:
        values = (("kind", kind),) if kind else ()
        return Hold(check, measured, base, limit.number, limit.share, "", values)
    return None


def _withdrawn(snapshot: Snapshot, facts: SchoolFacts) -> Hold | None:
    return Hold("withdrawn", 1, 1, 0, 0.0) if snapshot.digest in facts.withdrawn else None


def _duplicates(snapshot: Snapshot, policy: Policy) -> Hold | None:
    given_twice = sum(any(problem.code in ("L03", "S03") for problem in item.problems) for item in snapshot.refused)
    records = len(snapshot.learners) + len(snapshot.staff) + len(snapshot.refused)
    return _over("duplicates", given_twice, records, policy)


def _missing(held: list[Held], base: int, policy: Policy) -> Hold | None:
    newly = [item for item in held if any(change.kind is ChangeKind.MISSING for change in item[3])]
    hold = _over("missing", len(newly), base, policy)
    if hold is None:
        return None
    cause, values = _group_gone(newly, held)
    return Hold(hold.check, hold.measured, hold.base, hold.limit_number, hold.limit_share, cause, values)


def _group_gone(newly: list[Held], held: list[Held]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The likely cause: a whole registration group or year group is absent."""
    for code, name in (("class_absent", "registration_group"), ("year_absent", "year_group")):
        gone = Counter(getattr(before.record, name) for _, before, _, _ in newly if before is not None)
        everyone = Counter(getattr(before.record, name) for _, before, _, _ in held if before is not None)
        whole = sorted(group for group, count in gone.items() if group and count == everyone[group])
        if whole:
            return code, (("groups", ", ".join(whole)),)
    return "", ()


def _loses_access(item: Held) -> bool:
    _, before, after, changes = item
    if any(change.kind is ChangeKind.RELEASE for change in changes):
        return True
    if before is None or after is None:
        return False
    return before.record.leaving_date is None and after.record.leaving_date is not None


def _staff_loses(member: StaffMember, after: StaffEntry | None, changes: list[Change]) -> bool:
    if any(change.kind is ChangeKind.POST_END for change in changes):
        return True
    if after is None:
        return False
    return member.entry.record.leaving_date is None and after.record.leaving_date is not None


def _expected_leaver(item: Held, final: tuple[str, ...], policy: Policy) -> bool:
    """People of final year groups, by the year held before, with a leaving date in the season (R36)."""
    _, before, after, _ = item
    entry = after or before
    if before is None or entry is None or entry.record.leaving_date is None:
        return False
    if not _in_window(entry.record.leaving_date, policy.leaving_season):
        return False
    return before.record.year_group in final


def final_years(facts: SchoolFacts) -> tuple[str, ...]:
    """Primary 6; secondary 11–14; otherwise the highest year group on roll (R36)."""
    if facts.school.phase in FINAL_YEARS:
        return FINAL_YEARS[facts.school.phase]
    school = facts.school.dfes
    on_books = {
        entry.record.year_group
        for person in facts.learners.values()
        for entry in person.entries
        if entry.school == school and person.account is not None and person.account.holder == school
    }
    known = [year for year in on_books if calendar.year_position(year) is not None]
    return (max(known, key=lambda year: calendar.year_position(year) or 0),) if known else ()


def _moved_back(item: Held) -> bool:
    _, before, after, _ = item
    if before is None or after is None:
        return False
    return _falls_back(before.record.year_group, after.record.year_group)


def _falls_back(before: str, after: str) -> bool:
    old, new = calendar.year_position(before), calendar.year_position(after)
    return old is not None and new is not None and (new < old or new >= old + 2)


def _renamed(changes: list[Change]) -> bool:
    """Surname or birth date changes; a clash at the holder (R4) would have."""
    return any(
        (change.kind is ChangeKind.DETAILS and any(key in change.after for key in _IDENTITY))
        or (change.kind is ChangeKind.WAIT and change.after.get("cause") == "identity")
        for change in changes
    )


def _is_added(change: Change, facts: SchoolFacts) -> bool:
    """A person the school did not hold: created, claimed, or newly waiting here."""
    if change.school != facts.school.dfes:
        return False
    if change.kind is ChangeKind.WAIT:
        person = facts.learners.get(change.person)
        return person is None or person.account is None or person.account.holder != facts.school.dfes
    return change.kind in (ChangeKind.CREATE, ChangeKind.CLAIM)


def concerns(check: str, kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a change of the plan (kind, before, after of a Change) is one of those that a check measures.

    Not every person measured has a change: a leaving date to come, and a duplicate record, change nobody yet.
    """
    if check in ("missing", "overlap"):
        return kind == ChangeKind.MISSING
    if check == "losing_access":
        return kind in (ChangeKind.RELEASE, ChangeKind.POST_END)
    if check == "renamed":
        return kind == ChangeKind.DETAILS and any(key in after for key in _IDENTITY)
    if check == "moved_back":
        return kind == ChangeKind.PLACE and _falls_back(before.get("year_group", ""), after.get("year_group", ""))
    return check == "added" and kind in (ChangeKind.CREATE, ChangeKind.CLAIM, ChangeKind.WAIT)


def _in_window(day: date, window: tuple[tuple[int, int], tuple[int, int]]) -> bool:
    first, last = window
    return first <= (day.month, day.day) <= last
