"""Staff: who is recognised, and what becomes of their account (R20–R24, R31, R32). Never matched across schools."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from hwb.extract.records import StaffRecord
from hwb.lifecycle import access, calendar, identity
from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.facts import Account, DecisionKind, Reason, StaffEntry, StaffMember
from hwb.lifecycle.rules import Rule


@dataclass(frozen=True, slots=True)
class StaffContext:
    """The day and the school of the plan; `closing`: the school that closes (R43), when that is the plan.

    `still_here`: the school takes back that its missing staff left (R32).
    """

    on: date
    school: str
    closing: str = ""
    still_here: bool = False


def recognise(record: StaffRecord, known: list[StaffMember], on: date) -> StaffMember | None:
    """The person of this school that a record is about (R21), None for somebody new.

    MIS person id first; where one side has none, the employee number; else the staff code, unless its owner
    left and neither employee number nor birth date says that they are back. A MIS that was replaced, and one of a
    school that closed into this one, number people anew: an id does not lead to somebody with other names and no
    common birth date.
    """
    if record.mis_id:
        for member in known:
            if member.entry.record.mis_id == record.mis_id and not _is_another(record, member.entry.record):
                return member
    loose = [m for m in known if not (record.mis_id and m.entry.record.mis_id)]
    if record.employee_number:
        for member in loose:
            same = member.entry.record.employee_number == record.employee_number
            if same and not _is_another(record, member.entry.record):
                return member
    if not record.staff_code:
        return None
    owners = [m for m in loose if m.entry.record.staff_code == record.staff_code]
    owners.sort(key=lambda m: calendar.has_left(m.entry.record, on))
    return next((m for m in owners if _same_by_code(record, m, on)), None)


def _same_by_code(record: StaffRecord, member: StaffMember, on: date) -> bool:
    known = member.entry.record
    if record.employee_number and known.employee_number:
        return False  # two different numbers: two people
    if record.birth_date and known.birth_date:
        return record.birth_date == known.birth_date
    if calendar.has_left(known, on) and not calendar.has_left(record, on):
        return False
    if identity.folded(record.legal_forename) == identity.folded(known.legal_forename):
        return True
    # another forename, and another surname or another first day: initials that were given again
    same_surname = identity.folded(record.legal_surname) == identity.folded(known.legal_surname)
    return same_surname and record.start_date == known.start_date


def _is_another(record: StaffRecord, known: StaffRecord) -> bool:
    """Surname and forename both differ, and no birth date that both give says that it is the same person."""
    if record.birth_date is not None and record.birth_date == known.birth_date:
        return False
    return identity.folded(record.legal_surname) != identity.folded(known.legal_surname) and identity.folded(
        record.legal_forename
    ) != identity.folded(known.legal_forename)


def person_key(record: StaffRecord) -> str:
    """How a plan names a member of staff who is not stored yet."""
    return f"staff:{record.mis_id}|{record.employee_number}|{record.staff_code}"


def post_values(record: StaffRecord) -> dict[str, Any]:
    """What a post shows."""
    return {
        "staff_code": record.staff_code,
        "employee_number": record.employee_number,
        "role": record.role,
        "classes": list(record.classes),
    }


def is_missing(entry: StaffEntry) -> bool:
    """Absent from the newest full snapshot and without a leaving date (R32)."""
    return entry.missing_since is not None and entry.record.leaving_date is None


def settle(member: StaffMember, before: StaffEntry | None, *, key: str, context: StaffContext) -> list[Change]:
    """What brings one member of staff from what is to what must be. `before`: the word before this plan."""
    entry, account = member.entry, member.account
    if account is None:
        current = calendar.is_on_roll(entry.record, context.on) and entry.missing_since is None
        return [_create(entry, key)] if current and not entry.refused else []
    changes: list[Change] = []
    kept = context.still_here and is_missing(entry) and not access.departure_confirmed(account, entry.school)
    current = kept or is_current(entry, account, context.on)
    if not current and any(e.school == entry.school and is_current(e, account, context.on) for e in member.elsewhere):
        return []  # an earlier stay of a consolidated account: another word of this school speaks for it (R24, R25)
    if current and entry.school not in account.posts:
        after = {"role": "post", **post_values(entry.record)}
        rule, code = (Rule.R32, "still_here") if kept else (Rule.R23, "post_again")
        changes.append(Change(ChangeKind.POST, rule, code, entry.school, key, account.id, {}, after))
    elif not current and entry.school in account.posts:
        reason = _left_reason(entry, account)
        changes.append(
            Change(
                ChangeKind.POST_END, reason.rule, reason.code, entry.school, key, account.id,
                {"role": "post"}, {}, reason.values,
            )
        )  # fmt: skip
    changes += _decisions_ended(entry, account, key)
    changes += _state(member, account, current, changes, key, context)
    if current and not entry.refused and entry.missing_since is None:
        changes += details(entry, account, key)
        changes += _post_details(entry, before, account, key)
    return changes


def absent(entry: StaffEntry, on: date) -> StaffEntry:
    """The word of a person whom the school no longer has: it recognises them (R21), and asks for nothing by itself."""
    record = replace(entry.record, leaving_date=None)
    return replace(entry, record=record, missing_since=entry.missing_since or on, refused=False)


def settle_without_word(account: Account, *, school: str, key: str, context: StaffContext) -> list[Change]:
    """A post whose only word was withdrawn with its snapshot ends at once (undo), or with its school (R43)."""
    if context.closing:
        reason = Reason(Rule.R43, "school_closed", (("school", school),))
    else:
        reason = Reason(Rule.UNDO, "undone", (("school", school),))
    changes = []
    if school in account.posts:
        changes.append(
            Change(
                ChangeKind.POST_END, reason.rule, reason.code, school, key, account.id, {"role": "post"}, {},
                reason.values,
            )
        )  # fmt: skip
    if account.active and not (account.posts - {school}):
        changes.append(_state_change(account, False, reason, school, key))
    return changes


def is_current(entry: StaffEntry, account: Account, on: date) -> bool:
    """Whether the post is current: on roll, or missing without a confirmed departure; never begun by an absence."""
    if calendar.has_left(entry.record, on):
        return False
    if is_missing(entry):
        return entry.school in account.posts and not access.departure_confirmed(account, entry.school)
    return calendar.is_on_roll(entry.record, on) or entry.school in account.posts


def _create(entry: StaffEntry, key: str) -> Change:
    record = entry.record
    after: dict[str, Any] = {
        "kind": "staff",
        "state": "active",
        "post": entry.school,
        "legal_surname": record.legal_surname,
        "legal_forename": record.legal_forename,
        "preferred_surname": record.preferred_surname,
        "preferred_forename": record.preferred_forename,
        "birth_date": record.birth_date.isoformat() if record.birth_date else None,
        **post_values(record),
    }
    values = (("school", entry.school), ("date", str(record.start_date)))
    return Change(ChangeKind.CREATE, Rule.R22, "created_staff", entry.school, key, None, {}, after, values)


def _left_reason(entry: StaffEntry, account: Account) -> Reason:
    if is_missing(entry) and access.departure_confirmed(account, entry.school):
        return access.departure_reason(entry.school)
    return Reason(Rule.R23, "staff_left", (("school", entry.school), ("date", str(entry.record.leaving_date))))


def _decisions_ended(entry: StaffEntry, account: Account, key: str) -> list[Change]:
    """Coming back on roll answers a confirmed departure (R32)."""
    return [
        Change(
            ChangeKind.DECISION_END, Rule.R32, "confirmation_ended", entry.school, key, account.id, {},
            {"decision": decision.id, "kind": str(decision.kind)},
        )
        for decision in account.decisions
        if decision.kind is DecisionKind.LEFT and decision.school == entry.school and not is_missing(entry)
    ]  # fmt: skip


def _state(
    member: StaffMember, account: Account, current: bool, done: list[Change], key: str, context: StaffContext
) -> list[Change]:
    """Active while any post is current and nobody decided otherwise (R23, R24, R31)."""
    ended = {c.after["decision"] for c in done if c.kind is ChangeKind.DECISION_END}
    standing = tuple(d for d in account.decisions if d.id not in ended)
    posts = {e.school for e in member.elsewhere if is_current(e, account, context.on)}
    posts |= {member.entry.school} if current else set()
    blocked = access.blocking(standing, frozenset(posts))
    school = member.entry.school
    if not posts:
        if not account.active:
            return []
        return [_state_change(account, False, _left_reason(member.entry, account), school, key)]
    if blocked is not None:
        if not account.active and account.reason == blocked:
            return []
        return [_state_change(account, False, blocked, school, key)]
    if account.active:
        return []
    returned = any(change.kind is ChangeKind.POST for change in done)
    reason = (
        Reason(Rule.R23, "staff_returned", (("school", school),))
        if returned
        else Reason(Rule.R31, "reactivated", (("school", school),))
    )
    return [_state_change(account, True, reason, school, key)]


def _state_change(account: Account, active: bool, reason: Reason, school: str, key: str) -> Change:
    before = {"state": "active" if account.active else "inactive"}
    after = {"state": "active" if active else "inactive"}
    return Change(ChangeKind.STATE, reason.rule, reason.code, school, key, account.id, before, after, reason.values)


def details(entry: StaffEntry, account: Account, key: str) -> list[Change]:
    """What brings the account's names and birth date in line with a school's word (R34)."""
    record, known = entry.record, account.details
    wanted = {
        "legal_surname": record.legal_surname,
        "legal_forename": record.legal_forename,
        "preferred_surname": record.preferred_surname,
        "preferred_forename": record.preferred_forename,
        "birth_date": (record.birth_date or known.birth_date),
    }
    old = {name: getattr(known, name) for name in wanted}
    differing = [name for name in wanted if old[name] != wanted[name]]
    if not differing:
        return []
    before, after = (
        {n: v.isoformat() if isinstance(v := side[n], date) else v for n in differing} for side in (old, wanted)
    )
    return [Change(ChangeKind.DETAILS, Rule.R34, "details", entry.school, key, account.id, before, after)]


def _post_details(entry: StaffEntry, before: StaffEntry | None, account: Account, key: str) -> list[Change]:
    if before is None or before is entry or entry.school not in account.posts:
        return []
    old, new = post_values(before.record), post_values(entry.record)
    differing = [name for name in new if old[name] != new[name]]
    if not differing:
        return []
    return [
        Change(
            ChangeKind.PLACE, Rule.R2, "place", entry.school, key, account.id,
            {name: old[name] for name in differing}, {name: new[name] for name in differing},
        )
    ]  # fmt: skip


def carried(record: StaffRecord, known: StaffRecord) -> StaffRecord:
    """A leaver's record may leave things out; they keep their last known value (interfaces.md)."""
    if record.leaving_date is None:
        return record
    return replace(
        record,
        staff_code=record.staff_code or known.staff_code,
        start_date=record.start_date or known.start_date,
        mis_id=record.mis_id or known.mis_id,
        employee_number=record.employee_number or known.employee_number,
        preferred_surname=record.preferred_surname or known.preferred_surname,
        preferred_forename=record.preferred_forename or known.preferred_forename,
        birth_date=record.birth_date or known.birth_date,
        role=record.role or known.role,
        classes=record.classes or known.classes,
    )
