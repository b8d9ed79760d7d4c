"""A school closes (R43): its words become its successors', or its people count as confirmed leavers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from hwb.lifecycle import calendar, identity, learners, rekeying, staff, words
from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.context import Context
from hwb.lifecycle.facts import Learner, LearnerEntry, SchoolFacts, StaffEntry
from hwb.lifecycle.learner_part import own_entries, with_entry
from hwb.lifecycle.plan import EntryWrite, Plan, StaffWrite
from hwb.lifecycle.policy import Policy
from hwb.lifecycle.rules import Rule
from hwb.lifecycle.staff_plan import member_key


def plan_closure(
    *,
    facts: SchoolFacts,
    successor_of: Callable[[LearnerEntry | StaffEntry], str | None],
    on: date,
    policy: Policy,
) -> Plan:
    """A school closes (R43): its words become its successors'; without one its people count as confirmed leavers."""
    school = facts.school.dfes
    changes: list[Change] = []
    writes: list[EntryWrite] = []
    concerned: dict[str, Learner] = {}
    heirs: dict[str, str] = {}
    facts = rekeying.asked_by_others(facts, set())
    for entry in sorted(own_entries(facts).values(), key=lambda e: not words.is_present(e)):
        known = facts.learners[entry.record.upn]
        person = concerned.get(known.upn, known)
        successor = successor_of(entry)
        if successor and known.upn in concerned:  # under an earlier UPN too: the better word has been moved
            writes.append(EntryWrite(entry, None))
            person = with_entry(person, entry, None)
        elif successor:
            moves = _moved(entry, person, successor, on)
            writes += moves
            heirs[known.upn] = successor if _is_inherited(entry, person, moves, on) else ""
            person = replace(person, entries=(*_without(person, moves), *(w.after for w in moves if w.after)))
        else:
            gone = _word_of_closed(entry, person, school, on)
            if gone != entry:
                writes.append(EntryWrite(entry, gone))
            person = with_entry(person, entry, None)
        concerned[known.upn] = person
    for upn, person in concerned.items():
        heir = heirs.get(upn, "")
        context = Context(on, policy, school, closing=school, give_back=heir, giving=(Rule.R43, "followed"))
        changes += learners.settle(person, context)
    writes += rekeying.writes(changes, facts, apart_from=school)
    staff_changes, staff_writes = _staff_of_closed(facts, successor_of, on)
    return Plan(school, (*changes, *staff_changes), tuple(writes), tuple(staff_writes))


def _moved(entry: LearnerEntry, person: Learner, successor: str, on: date) -> list[EntryWrite]:
    """The closed school's word becomes its successor's, unless that one has the learner on roll itself."""
    at_successor = words.word_of(person, successor)
    if at_successor is not None and (words.claims(at_successor, on) or calendar.has_left(entry.record, on)):
        return [EntryWrite(entry, None)]
    held_there = person.account is not None and person.account.holder == successor
    if at_successor is not None and held_there and not words.claims(entry, on):
        return [EntryWrite(entry, None)]  # an older absence would let others claim earlier (R32)
    writes = [EntryWrite(entry, None), EntryWrite(None, replace(entry, school=successor))]
    if at_successor is not None:  # expected there, or there before
        writes.append(EntryWrite(at_successor, None))
    return writes


def _is_inherited(entry: LearnerEntry, person: Learner, moves: list[EntryWrite], on: date) -> bool:
    """Whether the successor holds the account now: whoever was held is, on roll, missing or refused, but not who left.

    Not where the successor has another child under that UPN (R4): then support decides.
    """
    account = person.account
    if account is None or account.holder != entry.school or calendar.has_left(entry.record, on):
        return False
    return len(moves) > 1 or not any(
        identity.clashes(e.record, account.details) for e in person.entries if words.claims(e, on) and e is not entry
    )


def _without(person: Learner, moves: list[EntryWrite]) -> tuple[LearnerEntry, ...]:
    return tuple(e for e in person.entries if all(e is not write.before for write in moves))


def _word_of_closed(entry: LearnerEntry, person: Learner, school: str, on: date) -> LearnerEntry | None:
    """A school without successor keeps its words of whom it had, as of confirmed leavers; who waited there, goes."""
    if person.account is None or school not in person.account.schools:
        return None
    if person.account.holder != school and calendar.has_left(entry.record, on):
        return entry
    return replace(
        entry,
        record=replace(entry.record, leaving_date=None),
        missing_since=entry.missing_since or on,
        refused=False,  # nobody will put the record right any more
    )


def _staff_of_closed(
    facts: SchoolFacts, successor_of: Callable[[LearnerEntry | StaffEntry], str | None], on: date
) -> tuple[list[Change], list[StaffWrite]]:
    """Posts move with the school's register entry (R43): the same account, not a match across schools (R22)."""
    school = facts.school.dfes
    context = staff.StaffContext(on, school, closing=school)
    changes: list[Change] = []
    writes: list[StaffWrite] = []
    for member in facts.staff:
        key = member_key(member)
        successor = successor_of(member.entry)
        account = member.account
        if successor:
            moved = replace(member.entry, school=successor)
            writes.append(StaffWrite(member.entry, moved, key, account.id if account else None))
            if account is not None and school in account.posts:
                values = (("school", school),)
                changes.append(
                    Change(
                        ChangeKind.POST_END, Rule.R43, "school_closed", school, key, account.id,
                        {"role": "post"}, {}, values,
                    )
                )  # fmt: skip
                after = {"role": "post", **staff.post_values(moved.record)}
                changes.append(
                    Change(
                        ChangeKind.POST,
                        Rule.R43,
                        "school_closed",
                        successor,
                        key,
                        account.id,
                        {},
                        after,
                        values,
                    )
                )
        elif account is None:
            writes.append(StaffWrite(member.entry, None, key))
        else:
            writes.append(StaffWrite(member.entry, staff.absent(member.entry, on), key, account.id))
            changes += staff.settle_without_word(account, school=school, key=key, context=context)
    return changes, writes
