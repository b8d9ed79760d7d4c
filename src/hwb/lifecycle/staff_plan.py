"""A school's snapshot laid over what is known of its staff (R20–R24, R32)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from hwb.extract.records import Refused, StaffRecord
from hwb.lifecycle import identity, staff
from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.facts import SchoolFacts, StaffEntry, StaffMember
from hwb.lifecycle.plan import StaffWrite
from hwb.lifecycle.rules import Rule


@dataclass(slots=True)
class StaffPart:
    """The staff's part of a plan while it grows. ``held``: members with an open post here, and their changes."""

    changes: list[Change] = field(default_factory=list)
    writes: list[StaffWrite] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    held: list[tuple[StaffMember, StaffEntry | None, list[Change]]] = field(default_factory=list)
    added: int = 0
    missing: int = 0


def member_key(member: StaffMember) -> str:
    """How a plan names a stored member of staff."""
    return f"staff:{member.entry.id}" if member.entry.id else staff.person_key(member.entry.record)


def plan_staff(
    records: tuple[StaffRecord, ...], refused: tuple[Refused, ...], facts: SchoolFacts, *, on: date
) -> StaffPart:
    """What one school's newest staff records ask for."""
    school = facts.school.dfes
    part = StaffPart()
    context = staff.StaffContext(on, school)
    known = list(facts.staff)
    matched: dict[int, tuple[StaffRecord, StaffMember | None]] = {}
    # exact keys first, so that a code never takes a person whom another record names by id or number
    for position, record in enumerate(records):
        if record.mis_id or record.employee_number:
            member = staff.recognise(replace(record, staff_code=""), known, on)
            if member is not None:
                known.remove(member)
                matched[position] = (record, member)
    for position, record in enumerate(records):
        if position in matched:
            continue
        member = staff.recognise(record, known, on)
        if member is not None:
            known.remove(member)
        matched[position] = (record, member)
    for position in range(len(records)):
        record, member = matched[position]
        _plan_one(record, member, context, part)
    for member in known:
        _plan_absent(member, _is_refused(member, refused), context, part)
    return part


def _plan_one(record: StaffRecord, member: StaffMember | None, context: staff.StaffContext, part: StaffPart) -> None:
    if member is None:
        entry = StaffEntry(context.school, record)
        key = staff.person_key(record)
        changes = staff.settle(StaffMember(entry), None, key=key, context=context)
        part.writes.append(StaffWrite(None, entry, key))
        part.changes += changes
        part.outcomes.append("created" if changes else "unchanged")
        part.added += bool(changes)
        return
    before = member.entry
    after = StaffEntry(context.school, staff.carried(record, before.record), before.id)
    key = member_key(member)
    if after == before:
        after = before
    else:
        part.writes.append(StaffWrite(before, after, key, member.account.id if member.account else None))
    changes = staff.settle(replace(member, entry=after), before, key=key, context=context)
    if staff.is_missing(before) and member.account is not None:
        was = {"since": before.missing_since.isoformat() if before.missing_since else None}
        changes.append(
            Change(
                ChangeKind.MISSING_END,
                Rule.R32,
                "missing_end",
                context.school,
                key,
                member.account.id,
                was,
                {},
            )
        )
    part.changes += changes
    part.outcomes.append(_outcome(changes, before is not after))
    if member.account is not None and context.school in member.account.posts:
        part.held.append((member, after, changes))


def _outcome(changes: list[Change], rewritten: bool) -> str:
    kinds = {change.kind for change in changes}
    if ChangeKind.CREATE in kinds:
        return "created"
    if ChangeKind.POST_END in kinds:
        return "released"
    if ChangeKind.POST in kinds:
        return "reactivated"
    return "updated" if kinds or rewritten else "unchanged"


def _plan_absent(member: StaffMember, tied: bool, context: staff.StaffContext, part: StaffPart) -> None:
    before, account = member.entry, member.account
    after: StaffEntry | None = before
    if tied:
        after = replace(before, refused=True, missing_since=None)
    elif account is None:
        after = None
    elif context.school in account.posts:
        after = replace(before, missing_since=before.missing_since or context.on, refused=False)
    key = member_key(member)
    if after == before:
        after = before
    else:
        part.writes.append(StaffWrite(before, after, key, account.id if account else None))
    if after is None or account is None:
        return
    changes = staff.settle(replace(member, entry=after), before, key=key, context=context)
    ended = any(change.kind is ChangeKind.POST_END for change in changes)
    if staff.is_missing(after) and context.school in account.posts and not ended:
        part.missing += 1
        if not staff.is_missing(before):
            since = {"since": after.missing_since.isoformat() if after.missing_since else None}
            changes.append(Change(ChangeKind.MISSING, Rule.R32, "missing", context.school, key, account.id, {}, since))
    part.changes += changes
    if context.school in account.posts:
        part.held.append((member, after if tied else None, changes))


def _is_refused(member: StaffMember, refused: tuple[Refused, ...]) -> bool:
    """Whether a refused record is about this person: refusal is never absence (R32)."""
    record = member.entry.record
    for item in refused:
        if item.kind != "staff":
            continue
        if item.mis_id and record.mis_id:
            if item.mis_id == record.mis_id:
                return True
            continue
        if item.employee_number and item.employee_number == record.employee_number:
            return True
        if item.staff_code and item.staff_code == record.staff_code:
            return True
        if identity.folded(item.legal_surname) == identity.folded(record.legal_surname) and identity.folded(
            item.legal_forename
        ) == identity.folded(record.legal_forename):
            return True
    return False
