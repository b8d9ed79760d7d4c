"""The school's plan: from a snapshot, a day that has come, a decision, an undone run or a school that closes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from hwb.extract.records import Problem, Snapshot
from hwb.lifecycle import calendar, holds, identity, learners, rekeying, staff, words
from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.facts import (
    Account,
    Decision,
    Learner,
    LearnerEntry,
    SchoolFacts,
    StaffEntry,
    StaffMember,
    WaitCause,
)
from hwb.lifecycle.learner_plan import LearnerPart, own_entries, plan_learners, with_entry
from hwb.lifecycle.plan import Counts, EntryWrite, Plan, StaffWrite
from hwb.lifecycle.policy import Policy
from hwb.lifecycle.rules import Rule
from hwb.lifecycle.staff_plan import StaffPart, member_key, plan_staff

#: (UPN, school, cause before the run or None) of a wait that a run began, ended or changed
WaitBefore = tuple[str, str, WaitCause | None]
#: names and birth date (ISO) of one account before and after a run, as far as it changed them
Renamed = tuple[dict[str, Any], dict[str, Any]]


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
    tally = Counter([*of_learners.outcomes.values(), *of_staff.outcomes])
    return Plan(
        facts.school.dfes,
        (*of_learners.changes, *of_staff.changes),
        tuple(of_learners.writes),
        tuple(of_staff.writes),
        Counts(**tally, refused=len(refused), missing=of_learners.missing + of_staff.missing),
        measured,
        refused,
        (*snapshot.warnings, *_last_years(facts, of_learners, snapshot, policy)),
    )


def plan_due(*, facts: SchoolFacts, on: date, policy: Policy, still_here: bool = False) -> Plan:
    """What the day itself (R3, R32, R39) or a decision (R31) asks for among the people in ``facts``.

    ``still_here``: the school takes back that these missing people left, and nobody claimed them meanwhile (R32).
    """
    school = facts.school.dfes
    context = learners.Context(
        on, policy, school, give_back=school if still_here else "", giving=(Rule.R32, "still_here")
    )
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


def plan_undo(
    *,
    facts: SchoolFacts,
    learner_words: dict[str, LearnerEntry | None],
    staff_words: Iterable[tuple[StaffMember, StaffEntry | None]],
    taken_from: dict[str, str],
    rekeyed: Iterable[tuple[str, str]],
    reopened: Iterable[tuple[str, Decision]],
    brought: frozenset[str] = frozenset(),
    renamed: Mapping[str, Renamed] | None = None,
    waits_before: Iterable[WaitBefore] = (),
    on: date,
    policy: Policy,
) -> Plan:
    """The previous snapshot's words become newest again (Undo).

    ``learner_words``: recorded UPN → this school's word before the run, None for one it brought. ``staff_words``:
    likewise. ``taken_from``: UPN → school that held the account before the run claimed or released it. ``rekeyed``:
    (old, new) UPNs that the run re-keyed. ``reopened``: (account id, decision) that the run ended. ``brought``: UPNs
    of accounts that the run created or claimed for this school. ``renamed``: account id → names and birth date before
    and after the run, as far as it changed them. ``waits_before``: the waits that the run changed, as they were.
    """
    school = facts.school.dfes
    changes: list[Change] = []
    writes: list[EntryWrite] = []
    facts = rekeying.asked_by_others(facts, set(learner_words))
    own = own_entries(facts)
    back = {new: old for old, new in rekeyed}
    open_again: dict[str, list[Decision]] = {}
    for account_id, decision in reopened:
        open_again.setdefault(account_id, []).append(decision)
    waited: dict[str, dict[str, WaitCause | None]] = {}
    for waiting, at, cause in waits_before:
        waited.setdefault(waiting, {})[at] = cause
    affected: dict[str, Learner] = {}
    for upn, word in learner_words.items():
        before = own.get(upn)
        if before != word:
            writes.append(EntryWrite(before, word))
        person = facts.learners.get(upn) or Learner(upn)
        person = affected.get(person.upn, person)
        affected[person.upn] = with_entry(person, before, word)
    for upn, person in affected.items():
        person, first, asking = _restored(person, school, back, open_again)
        writes += [EntryWrite(entry, replace(entry, doubtful=True)) for entry in asking]
        if person.account is not None and person.account.holder in (school, None):
            account, named = _named_back(person.account, renamed or {}, school=school, key=person.upn)
            person, first = replace(person, account=account), [*first, *named]
        context = learners.Context(
            on,
            policy,
            school,
            brought=bool(brought & {upn, person.upn}),
            give_back=_give_back(person, taken_from, school, on),
            waits_before={at: cause for name in _names(person) for at, cause in waited.get(name, {}).items()},
        )
        settled = learners.settle(person, context)
        changes += [*first, *settled, *_places_back(person, own, learner_words, settled, school)]
        if asking:  # they wait again for what is not theirs
            asker = Learner(asking[0].record.upn, None, tuple(replace(entry, doubtful=True) for entry in asking))
            changes += learners.settle(asker, context)
    of_staff = staff.StaffContext(on, school)
    staff_writes: list[StaffWrite] = []
    for member, staff_word in staff_words:
        key = member_key(member)
        owner = member.account.id if member.account else None
        if member.account is not None:
            account, named = _named_back(member.account, renamed or {}, school=school, key=key)
            member, changes = replace(member, account=account), [*changes, *named]
        staff_writes.append(StaffWrite(member.entry, staff_word, key, owner))
        if staff_word is not None:
            changes += staff.settle(replace(member, entry=staff_word), member.entry, key=key, context=of_staff)
        elif member.account is not None:
            changes += staff.settle_without_word(member.account, school=school, key=key, context=of_staff)
    writes += rekeying.writes(changes, facts, apart_from=school)
    return Plan(school, tuple(changes), tuple(writes), tuple(staff_writes))


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
    facts = rekeying.asked_by_others(facts, set())
    for upn, entry in own_entries(facts).items():
        person = facts.learners[upn]
        successor = successor_of(entry)
        heir = ""
        if successor:
            moves = _moved(entry, person, successor, on)
            writes += moves
            heir = successor if _is_inherited(entry, person, moves, on) else ""
            person = replace(person, entries=(*_without(person, moves), *(w.after for w in moves if w.after)))
        else:
            gone = _word_of_closed(entry, person, school, on)
            if gone != entry:
                writes.append(EntryWrite(entry, gone))
            person = with_entry(person, entry, None)
        context = learners.Context(on, policy, school, closing=school, give_back=heir, giving=(Rule.R43, "followed"))
        changes += learners.settle(person, context)
    writes += rekeying.writes(changes, facts, apart_from=school)
    staff_changes, staff_writes = _staff_of_closed(facts, successor_of, on)
    return Plan(school, (*changes, *staff_changes), tuple(writes), tuple(staff_writes))


def _moved(entry: LearnerEntry, person: Learner, successor: str, on: date) -> list[EntryWrite]:
    """The closed school's word becomes its successor's, unless that one has the learner on roll itself."""
    at_successor = words.word_of(person, successor)
    if at_successor is not None and (words.claims(at_successor, on) or calendar.has_left(entry.record, on)):
        return [EntryWrite(entry, None)]
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
    )


def next_due(entry: LearnerEntry | StaffEntry, account: Account | None, *, on: date, policy: Policy) -> date | None:
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
    if account is not None and account.grace_until is not None and account.grace_until >= on:
        days.append(date.fromordinal(account.grace_until.toordinal() + 1))
    return min(days, default=None)


def _distinct(people: Iterable[Learner]) -> list[Learner]:
    """Each person once, though aliases lead to the same one."""
    return list({id(person): person for person in people}.values())


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


def _restored(
    person: Learner, school: str, back: dict[str, str], open_again: dict[str, list[Decision]]
) -> tuple[Learner, list[Change], tuple[LearnerEntry, ...]]:
    """The learner with re-keyed UPN and ended decisions put back, the changes that do it, and whose words ask again."""
    account = person.account
    if account is None:
        return person, [], ()
    changes = []
    old = back.get(account.upn)
    asking = rekeying.asked_before(person, school)
    built_on = account.holder not in (school, None) or any(
        entry.record.upn == account.upn and entry not in asking for entry in person.entries
    )
    if old is None or built_on:
        asking = ()
    if old is not None and not built_on:
        changes.append(
            Change(
                ChangeKind.REKEY, Rule.UNDO, "rekeyed_back", school, person.upn, account.id,
                {"upn": account.upn}, {"upn": old},
            )
        )  # fmt: skip
        # waits stand under the current UPN; the new one belongs to nobody again, it may be another child's
        changes += [
            Change(
                ChangeKind.WAIT_END, Rule.UNDO, "wait_end", at, account.upn, None, {"cause": str(cause)}, {},
            )
            for at, cause in person.waits
        ]  # fmt: skip
        account = replace(account, upn=old, aliases=account.aliases - {old})
        entries = tuple(entry for entry in person.entries if entry not in asking)
        person = replace(person, upn=old, account=account, entries=entries, waits=())
    for decision in open_again.get(account.id, ()):
        after = {"decision": decision.id, "kind": str(decision.kind)}
        changes.append(
            Change(
                ChangeKind.DECISION_REOPEN, Rule.UNDO, "decision_reopened", school, person.upn, account.id,
                {}, after,
            )
        )  # fmt: skip
        account = replace(account, decisions=(*account.decisions, decision))
        person = replace(person, account=account)
    return person, changes, asking


def _named_back(
    account: Account, renamed: Mapping[str, Renamed], *, school: str, key: str
) -> tuple[Account, list[Change]]:
    """The account with the names that the withdrawn run changed, where nobody changed them again since."""
    before, after = renamed.get(account.id, ({}, {}))
    standing = {name: _json(getattr(account.details, name)) for name in after}
    names = [name for name in after if standing[name] == after[name]]
    if not names:
        return account, []
    old = {name: before[name] for name in names}
    change = Change(
        ChangeKind.DETAILS, Rule.UNDO, "details", school, key, account.id, {name: after[name] for name in names}, old
    )
    values: dict[str, Any] = {
        name: date.fromisoformat(value) if name == "birth_date" and value else value for name, value in old.items()
    }
    return replace(account, details=replace(account.details, **values)), [change]


def _json(value: str | date | None) -> str | None:
    return value.isoformat() if isinstance(value, date) else value


def _names(person: Learner) -> list[str]:
    """Every UPN of the person, the current one last."""
    aliases = person.account.aliases - {person.upn} if person.account is not None else ()
    return [*sorted(aliases), person.upn]


def _give_back(person: Learner, taken_from: dict[str, str], school: str, on: date) -> str:
    """The school that gets the account back when the claim, or the release, is withdrawn and no word asks for it."""
    account = person.account
    previous = taken_from.get(account.upn, "") if account is not None else ""
    word = next((entry for entry in person.entries if entry.school == previous), None)
    if account is None or word is None or account.holder not in (school, None):
        return ""
    if previous == school:
        kept = not calendar.has_left(word.record, on) and not words.claims(word, on)
        return previous if account.holder is None and kept else ""
    asks_again = any(entry.school == school and words.claims(entry, on) for entry in person.entries)
    return previous if words.is_missing(word) and not asks_again else ""


def _places_back(
    person: Learner,
    own: dict[str, LearnerEntry],
    earlier: dict[str, LearnerEntry | None],
    settled: list[Change],
    school: str,
) -> list[Change]:
    """Year group and classes as they were, for a learner who stays at the school."""
    account = person.account
    word = next((e for e in person.entries if e.school == school), None)
    if account is None or word is None or (account.holder != school and school not in account.guests):
        return []
    if any(c.kind in (ChangeKind.CLAIM, ChangeKind.RELEASE) for c in settled):
        return []
    newest = own.get(word.record.upn) or next((own[u] for u in earlier if u in own and u in account.aliases), None)
    if newest is None:
        return []
    old, new = words.placement_values(newest.record), words.placement_values(word.record)
    differing = [key for key in new if old[key] != new[key]]
    changes = []
    if differing:
        changes.append(
            Change(
                ChangeKind.PLACE, Rule.UNDO, "place", school, person.upn, account.id,
                {key: old[key] for key in differing}, {key: new[key] for key in differing},
            )
        )  # fmt: skip
    if account.holder == school and words.is_missing(newest) != words.is_missing(word):
        kind = ChangeKind.MISSING if words.is_missing(word) else ChangeKind.MISSING_END
        since = (word if kind is ChangeKind.MISSING else newest).missing_since
        values = {"since": since.isoformat() if since else None}
        code = "missing" if kind is ChangeKind.MISSING else "missing_end"
        before, after = ({}, values) if kind is ChangeKind.MISSING else (values, {})
        changes.append(Change(kind, Rule.UNDO, code, school, person.upn, account.id, before, after))
    return changes


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
        elif account is not None:
            changes += staff.settle_without_word(account, school=school, key=key, context=context)
    return changes, writes
