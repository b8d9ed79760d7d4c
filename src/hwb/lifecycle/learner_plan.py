"""A school's snapshot laid over what is known of its learners: whose word is new, absent, refused or re-keyed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType

from hwb.extract.records import LearnerRecord, Problem, Refused
from hwb.lifecycle import calendar, identity, learners, rekeying, words
from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.context import Context
from hwb.lifecycle.facts import Account, Learner, LearnerEntry, SchoolFacts, WaitCause
from hwb.lifecycle.plan import EntryWrite
from hwb.lifecycle.policy import Policy
from hwb.lifecycle.rules import Rule


@dataclass(slots=True)
class LearnerPart:
    """The learners' part of a plan while it grows. ``outcomes``: UPN of each record → what became of it."""

    changes: list[Change] = field(default_factory=list)
    writes: list[EntryWrite] = field(default_factory=list)
    outcomes: dict[str, str] = field(default_factory=dict)
    #: records of one account under a second UPN: one cannot be in two classes
    refused: list[Refused] = field(default_factory=list)
    #: learners held before, with the school's word before and after
    held: list[tuple[Account, LearnerEntry | None, LearnerEntry | None, list[Change]]] = field(default_factory=list)
    missing: int = 0


def plan_learners(
    records: tuple[LearnerRecord, ...],
    refused: tuple[Refused, ...],
    facts: SchoolFacts,
    *,
    on: date,
    policy: Policy,
    references: Mapping[str, str] = MappingProxyType({}),
) -> LearnerPart:
    """What one school's newest learners ask for (R1–R9, R32). ``references``: how the MIS names each UPN's record."""
    school = facts.school.dfes
    part = LearnerPart()
    records = _one_an_account(records, facts, references, part)
    present = {record.upn for record in records}
    facts = rekeying.asked_by_others(facts, present)
    own = own_entries(facts)
    context = Context(on, policy, school)
    tied, untied = _tie(refused, own)
    by_mis = {e.record.mis_id: upn for upn, e in own.items() if e.record.mis_id and upn not in present}
    outgrown = _outgrown(records, facts)
    asked = _asked(records, by_mis, facts)
    contradicted = _contradicted(asked, present, tied)
    seen: set[str] = set()
    for record in records:
        upn = record.upn
        person = facts.learners.get(upn) or Learner(upn)
        former = asked.get(upn)
        if former is not None:
            earlier = _earlier_words(former, school, present)
            if _account_of(former).id in contradicted:
                _wait_for_rekeying(record, "", person, context, part)
            elif rekeying.may_take(_carried_from(record, earlier), _account_of(former), school):
                _plan_rekeyed(record, person, former, earlier, context, part)
                seen.update(e.record.upn for e in earlier)
                continue
            else:
                _wait_for_rekeying(record, record.former_upn or former.upn, person, context, part)
            tied.update(e.record.upn for e in earlier)  # somebody in the snapshot is said to be this person
            continue
        said = record.former_upn
        if person.account is None and (upn in outgrown or (said and said != upn and said in present)):
            # the snapshot has both UPNs as two people: it must say first which of the two it means
            _wait_for_rekeying(record, "", person, context, part)
            continue
        before = own.get(upn) or _own_alias(person, school, own, present)
        if before is not None and before.record.upn != upn:
            seen.add(before.record.upn)
        _plan_one(record, person, before, context, part)
    for upn, entry in own.items():
        if upn in present or upn in seen:
            continue
        _plan_absent(facts.learners[upn], entry, upn in tied, bool(untied), context, part)
    part.writes += rekeying.writes(part.changes, facts, apart_from=school)
    _warn_of_duplicates(records, facts, part)
    return part


def _one_an_account(
    records: tuple[LearnerRecord, ...], facts: SchoolFacts, references: Mapping[str, str], part: LearnerPart
) -> tuple[LearnerRecord, ...]:
    """Of several records that lead to one account (a UPN and its alias, R9) the one under the current UPN is used."""
    chosen: dict[str, str] = {}
    for record in records:
        person = facts.learners.get(record.upn)
        if person is not None and person.account is not None:
            account = person.account
            if account.id not in chosen or record.upn == account.upn:
                chosen[account.id] = record.upn
    kept = []
    for record in records:
        person = facts.learners.get(record.upn)
        if person is None or person.account is None or chosen[person.account.id] == record.upn:
            kept.append(record)
            continue
        reference = references.get(record.upn, record.admission_number)
        problem = Problem("L03", reference, "upn", record.upn)
        part.refused.append(Refused("learner", reference, (problem,), upn=record.upn, mis_id=record.mis_id))
    return tuple(kept)


def own_entries(facts: SchoolFacts) -> dict[str, LearnerEntry]:
    """The planned school's newest words by recorded UPN."""
    school = facts.school.dfes
    return {
        entry.record.upn: entry
        for person in facts.learners.values()
        for entry in person.entries
        if entry.school == school
    }


def with_entry(person: Learner, before: LearnerEntry | None, after: LearnerEntry | None) -> Learner:
    """The learner as known once the school's word has changed from ``before`` to ``after``."""
    entries = tuple(entry for entry in person.entries if entry is not before)
    return replace(person, entries=(*entries, after) if after is not None else entries)


def _own_alias(person: Learner, school: str, own: dict[str, LearnerEntry], present: set[str]) -> LearnerEntry | None:
    """The school's word under another UPN of the same account, when the snapshot no longer uses that one."""
    for entry in person.entries:
        if entry.school == school and entry.record.upn in own and entry.record.upn not in present:
            return entry
    return None


def _plan_one(
    record: LearnerRecord,
    person: Learner,
    before: LearnerEntry | None,
    context: Context,
    part: LearnerPart,
) -> None:
    account = person.account
    if before is not None:
        record = _carried(record, before.record)
    after = LearnerEntry(context.actor_school, record)
    if account is not None and account.holder == context.actor_school and _taken_over(record, before, account):
        _clash_at_holder(person, before, context, part, record.upn)
        return
    if before == after:
        after = before
    elif before is None or before.record.upn == record.upn:
        part.writes.append(EntryWrite(before, after))
    else:
        part.writes += [EntryWrite(before, None), EntryWrite(None, after)]
    changes = learners.settle(with_entry(person, before, after), context)
    changes += _place(person, before, after, changes)
    changes += _back(person, before)
    part.changes += changes
    part.outcomes[record.upn] = _outcome(changes, after, before, person, context)
    if account is not None and account.holder == context.actor_school:
        part.held.append((account, before, after, changes))


def _carried(record: LearnerRecord, known: LearnerRecord) -> LearnerRecord:
    """A leaver's record may leave things out; they keep their last known value (interfaces.md)."""
    if record.leaving_date is None:
        return record
    if record.start_date and record.birth_date and record.year_group:
        return record
    return replace(
        record,
        birth_date=record.birth_date or known.birth_date,
        year_group=record.year_group or known.year_group,
        start_date=record.start_date or known.start_date,
        registration_group=record.registration_group or known.registration_group,
        classes=record.classes or known.classes,
        preferred_surname=record.preferred_surname or known.preferred_surname,
        preferred_forename=record.preferred_forename or known.preferred_forename,
        mis_id=record.mis_id or known.mis_id,
        admission_number=record.admission_number or known.admission_number,
    )


def _taken_over(record: LearnerRecord, before: LearnerEntry | None, account: Account) -> bool:
    """The holding school puts its UPN on somebody else: both differ, and the MIS does not say it is the same person."""
    if not identity.clashes(record, account.details):
        return False
    same_person = before is not None and record.mis_id != "" and record.mis_id == before.record.mis_id
    return not same_person


def _clash_at_holder(
    person: Learner,
    before: LearnerEntry | None,
    context: Context,
    part: LearnerPart,
    upn: str,
) -> None:
    """R4 inside the holding school: the account stays as it is, support decides; the word counts as refused."""
    after = before
    if before is not None and not (before.refused and before.missing_since is None):
        after = replace(before, refused=True, missing_since=None)
        part.writes.append(EntryWrite(before, after))
    settled = with_entry(person, before, after)
    waits = person.waits
    changes: list[Change] = []
    if (context.actor_school, WaitCause.IDENTITY) not in waits:
        account_id = person.account.id if person.account else None
        changes.append(
            Change(
                ChangeKind.WAIT, Rule.R4, "wait_identity", context.actor_school, person.upn, account_id, {},
                {"cause": str(WaitCause.IDENTITY)},
            )
        )  # fmt: skip
        settled = replace(settled, waits=(*waits, (context.actor_school, WaitCause.IDENTITY)))
    changes += learners.settle(settled, context)
    part.changes += changes
    part.outcomes[upn] = "waiting"
    if person.account is not None:
        part.held.append((person.account, before, after, changes))


def _place(person: Learner, before: LearnerEntry | None, after: LearnerEntry, changes: list[Change]) -> list[Change]:
    """Year group, registration group and classes follow the MIS at a school that shows the learner (R2, R7)."""
    account = person.account
    if account is None or before is None or before is after:
        return []
    if after.school != account.holder and after.school not in account.guests:
        return []
    if any(change.kind is ChangeKind.CLAIM and change.school == after.school for change in changes):
        return []
    old, new = words.placement_values(before.record), words.placement_values(after.record)
    if old == new:
        return []
    differing = [key for key in new if old[key] != new[key]]
    return [
        Change(
            ChangeKind.PLACE, Rule.R2, "place", after.school, person.upn, account.id,
            {key: old[key] for key in differing}, {key: new[key] for key in differing},
        )
    ]  # fmt: skip


def _back(person: Learner, before: LearnerEntry | None) -> list[Change]:
    """A missing learner is in the snapshot again, or has a leaving date now (R32)."""
    if before is None or not words.is_missing(before) or person.account is None:
        return []
    if person.account.holder != before.school:
        return []
    was = {"since": before.missing_since.isoformat() if before.missing_since else None}
    return [
        Change(
            ChangeKind.MISSING_END,
            Rule.R32,
            "missing_end",
            before.school,
            person.upn,
            person.account.id,
            was,
            {},
        )
    ]


def _outcome(
    changes: list[Change],
    after: LearnerEntry,
    before: LearnerEntry | None,
    person: Learner,
    context: Context,
) -> str:
    """The one word for what became of a record (I15)."""
    school = context.actor_school
    kinds = {change.kind for change in changes if change.school == school}
    for kind, word in (
        (ChangeKind.CREATE, "created"),
        (ChangeKind.CLAIM, "claimed"),
        (ChangeKind.RELEASE, "released"),
        (ChangeKind.WAIT, "waiting"),
    ):
        if kind in kinds:
            return word
    ended = ChangeKind.WAIT_END in kinds
    if not ended and any(waiting == school for waiting, _ in person.waits):
        return "waiting"
    if kinds - {ChangeKind.WAIT_END}:
        return "updated"
    if before is not None and before is not after and person.account and school in person.account.schools:
        return "updated"
    return "unchanged"


def _plan_absent(
    person: Learner,
    before: LearnerEntry,
    tied: bool,
    untied: bool,
    context: Context,
    part: LearnerPart,
) -> None:
    """A person of this school who is not in its newest full snapshot (R8, R32)."""
    account, school = person.account, context.actor_school
    concerned = account is not None and (account.holder == school or school in account.guests)
    waiting = any(waits == school for waits, _ in person.waits)
    after: LearnerEntry | None = before
    if tied:
        after = replace(before, refused=True, missing_since=None, doubtful=False)
    elif account is None or school not in account.schools:
        after = None  # only ever waited or was expected: nothing of theirs is here
    elif concerned or waiting or not calendar.has_left(before.record, context.on):
        newly = before.missing_since is None
        after = replace(
            before,
            missing_since=before.missing_since or context.on,
            refused=False,
            doubtful=untied and (newly or before.doubtful),
        )
    if after == before:
        after = before
    else:
        part.writes.append(EntryWrite(before, after))
    changes = learners.settle(with_entry(person, before, after), context)
    if account is not None and account.holder == school and after is not None:
        gone = any(change.kind in (ChangeKind.RELEASE, ChangeKind.CLAIM) for change in changes)
        if words.is_missing(after) and not gone:
            part.missing += 1
            if not words.is_missing(before):
                changes.append(_missing(person, after))
        elif words.is_missing(before) and not words.is_missing(after):
            changes += _back(person, before)
    part.changes += changes
    if account is not None and account.holder == school:
        part.held.append((account, before, after if tied else None, changes))


def _missing(person: Learner, after: LearnerEntry) -> Change:
    since = {"since": after.missing_since.isoformat() if after.missing_since else None}
    account_id = person.account.id if person.account else None
    return Change(ChangeKind.MISSING, Rule.R32, "missing", after.school, person.upn, account_id, {}, since)


def _tie(refused: tuple[Refused, ...], own: dict[str, LearnerEntry]) -> tuple[set[str], list[Refused]]:
    """UPNs of known people whose record had to be refused, and the refused records that could be anybody's."""
    tied: set[str] = set()
    untied: list[Refused] = []
    keys: dict[tuple[str, str], str] = {}
    for upn, entry in own.items():
        record = entry.record
        keys[("upn", upn)] = upn
        if record.mis_id:
            keys[("mis_id", record.mis_id)] = upn
        if record.admission_number:
            keys[("admission_number", record.admission_number)] = upn
        keys[("name", _name_key(record.legal_surname, record.legal_forename, record.birth_date))] = upn
    for item in refused:
        if item.kind != "learner":
            continue
        found = {
            keys[key]
            for key in (
                ("upn", item.upn), ("upn", item.former_upn), ("mis_id", item.mis_id),
                ("admission_number", item.admission_number),
                ("name", _name_key(item.legal_surname, item.legal_forename, item.birth_date)),
            )
            if key in keys
        }  # fmt: skip
        if found:
            tied |= found
        else:
            untied.append(item)
    return tied, untied


def _name_key(surname: str, forename: str, birth_date: date | None) -> str:
    return f"{identity.folded(surname)}|{identity.folded(forename)}|{birth_date}"


def _asked(records: tuple[LearnerRecord, ...], by_mis: dict[str, str], facts: SchoolFacts) -> dict[str, Learner]:
    """UPNs without account → the learner whose account their record asks to re-key (R9)."""
    asked = {}
    for record in records:
        if not record.former_upn and (not record.mis_id or record.mis_id not in by_mis):
            continue
        person = facts.learners.get(record.upn)
        if person is not None and person.account is not None:
            continue
        for former in (record.former_upn, by_mis.get(record.mis_id, "") if record.mis_id else ""):
            known = facts.learners.get(former) if former and former != record.upn else None
            if known is not None and known.account is not None:
                asked[record.upn] = known
                break
    return asked


def _contradicted(asked: dict[str, Learner], present: set[str], tied: set[str]) -> set[str]:
    """Accounts that more than one record of the snapshot, a refused one too, stands for or asks for."""
    times = Counter(_account_of(former).id for former in asked.values())
    found = {account for account, number in times.items() if number > 1}
    for former in asked.values():
        account = _account_of(former)
        upns = account.aliases | {account.upn}
        if not present.isdisjoint(upns) or not tied.isdisjoint(upns):
            found.add(account.id)
    return found


def _account_of(former: Learner) -> Account:
    if former.account is None:
        raise ValueError("re-keying needs an account")
    return former.account


def _outgrown(records: tuple[LearnerRecord, ...], facts: SchoolFacts) -> set[str]:
    """UPNs that a learner with an account is said to have had before: a new account for one would be a second one."""
    return {
        record.former_upn
        for record in records
        if record.former_upn and (known := facts.learners.get(record.upn)) is not None and known.account is not None
    }


def _earlier_words(former: Learner, school: str, present: set[str]) -> list[LearnerEntry]:
    """The school's words about the account that its snapshot no longer bears out, the likeliest first."""
    earlier = [e for e in former.entries if e.school == school and e.record.upn not in present]
    return sorted(earlier, key=lambda e: (e.missing_since is not None, e.record.upn != former.upn))


def _carried_from(record: LearnerRecord, earlier: list[LearnerEntry]) -> LearnerRecord:
    return _carried(record, earlier[0].record) if earlier else record


def _plan_rekeyed(
    record: LearnerRecord,
    person: Learner,
    former: Learner,
    earlier: list[LearnerEntry],
    context: Context,
    part: LearnerPart,
) -> None:
    """R9: the account of the former UPN gets the new one. ``earlier``: the school's words that this one replaces."""
    account, school = _account_of(former), context.actor_school
    before = earlier[0] if earlier else None
    after = LearnerEntry(school, _carried_from(record, earlier))
    own_before = next((e for e in person.entries if e.school == school), None)
    replaced = [*earlier, *([own_before] if own_before is not None else [])]
    part.writes += [EntryWrite(entry, None) for entry in replaced]
    part.writes.append(EntryWrite(None, after))
    entries = (
        *(e for e in former.entries if e not in earlier),
        *(rekeying.answer(e, former) for e in person.entries if e is not own_before),
        after,
    )
    united = rekeying.united(former, person, entries)
    changes = [*rekeying.taken_over(former, person, school), *learners.settle(united, context)]
    changes += _place(united, before, after, changes)
    part.changes += changes
    outcome = _outcome(changes, after, before, united, context)
    part.outcomes[record.upn] = "updated" if outcome == "unchanged" else outcome
    if account.holder == school:
        part.held.append((account, before, after, changes))


def _wait_for_rekeying(
    record: LearnerRecord, former_upn: str, person: Learner, context: Context, part: LearnerPart
) -> None:
    """R9: the record waits, and makes no account of its own meanwhile.

    ``former_upn``: whose account goes to this record once it is let go; none while the snapshot contradicts itself.
    """
    school = context.actor_school
    before = next((entry for entry in person.entries if entry.school == school), None)
    after = LearnerEntry(school, replace(record, former_upn=former_upn), doubtful=True)
    if before == after:
        after = before
    else:
        part.writes.append(EntryWrite(before, after))
    part.changes += learners.settle(with_entry(person, before, after), context)
    part.outcomes[record.upn] = "waiting"


def _warn_of_duplicates(records: tuple[LearnerRecord, ...], facts: SchoolFacts, part: LearnerPart) -> None:
    """Former and new UPN both own accounts: support is told once, nothing merges by itself (R9)."""
    if not any(record.former_upn for record in records):
        return
    owners = {upn: person.account.id for upn, person in facts.learners.items() if person.account is not None}
    owners |= {change.after["upn"]: change.account or "" for change in part.changes if change.kind is ChangeKind.REKEY}
    for record in records:
        one, other = owners.get(record.upn), owners.get(record.former_upn)
        if not record.former_upn or one is None or other is None or one == other or (one, other) in facts.duplicates:
            continue
        part.changes.append(
            Change(
                ChangeKind.DUPLICATE, Rule.R9, "possible_duplicate", facts.school.dfes, record.upn, one, {},
                {"other": other},
            )
        )  # fmt: skip
