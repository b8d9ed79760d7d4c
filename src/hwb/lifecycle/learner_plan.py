"""A school's snapshot laid over what is known of its learners: whose word is new, absent, refused or re-keyed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from hwb.extract.records import LearnerRecord, Problem, Refused
from hwb.lifecycle import calendar, identity, learners, rekeying, words
from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.context import Context
from hwb.lifecycle.facts import Account, Learner, LearnerEntry, SchoolFacts, WaitCause
from hwb.lifecycle.learner_part import (
    LearnerPart,
    carried,
    missing_ended,
    outcome_of,
    own_entries,
    place_changes,
    places_left_out,
    with_entry,
    with_known_places,
)
from hwb.lifecycle.learner_rekeys import (
    account_of,
    asked_accounts,
    borne_by_one,
    carried_from,
    contradicted_accounts,
    earlier_words,
    exchanged_upns,
    outgrown_upns,
    plan_rekeyed,
    wait_for_rekeying,
    warn_of_duplicates,
)
from hwb.lifecycle.plan import EntryWrite
from hwb.lifecycle.policy import Policy
from hwb.lifecycle.refusals import tie
from hwb.lifecycle.rules import Rule


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
    part.places_kept = places_left_out(records, own)
    if part.places_kept:
        records = tuple(
            with_known_places(record, own.get(record.upn) or own.get(record.former_upn), part.places_kept)
            for record in records
        )
    context = Context(on, policy, school)
    tied, untied = tie(refused, own, present)
    by_mis = borne_by_one({upn: e.record.mis_id for upn, e in own.items() if upn not in present})
    outgrown = outgrown_upns(records, facts)
    asked = asked_accounts(records, by_mis, facts)
    contradicted = contradicted_accounts(asked, present, tied)
    exchanged = exchanged_upns(records, own)
    seen: set[str] = set()
    for record in records:
        upn = record.upn
        person = facts.learners.get(upn) or Learner(upn)
        former = asked.get(upn)
        if former is not None:
            earlier = earlier_words(former, school, present)
            if account_of(former).id in contradicted:
                wait_for_rekeying(record, "", person, context, part)
            elif rekeying.may_take(carried_from(record, earlier), account_of(former), school):
                plan_rekeyed(record, person, former, earlier, context, part)
                seen.update(e.record.upn for e in earlier)
                continue
            else:
                wait_for_rekeying(record, record.former_upn or former.upn, person, context, part)
            tied.update(e.record.upn for e in earlier)  # somebody in the snapshot is said to be this person
            continue
        said = record.former_upn
        if person.account is None and (upn in outgrown or (said and said != upn and said in present)):
            # the snapshot has both UPNs as two people: it must say first which of the two it means
            wait_for_rekeying(record, "", person, context, part)
            continue
        before = own.get(upn) or _own_alias(person, school, own, present)
        if before is not None and before.record.upn != upn:
            seen.add(before.record.upn)
        _plan_one(record, person, before, context, part, exchanged=upn in exchanged)
    for upn, entry in own.items():
        if upn in present or upn in seen:
            continue
        _plan_absent(facts.learners[upn], entry, upn in tied, bool(untied), context, part)
    part.writes += rekeying.writes(part.changes, facts, apart_from=school)
    warn_of_duplicates(records, facts, part)
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
    *,
    exchanged: bool = False,
) -> None:
    account = person.account
    if before is not None:
        record = carried(record, before.record)
    after = LearnerEntry(context.actor_school, record)
    held_here = account is not None and account.holder == context.actor_school
    if account is not None and held_here and (exchanged or _taken_over(record, before, account)):
        _clash_at_holder(person, before, context, part, record.upn)
        return
    if before == after:
        after = before
    elif before is None or before.record.upn == record.upn:
        part.writes.append(EntryWrite(before, after))
    else:
        part.writes += [EntryWrite(before, None), EntryWrite(None, after)]
    changes = learners.settle(with_entry(person, before, after), context)
    changes += place_changes(person, before, after, changes)
    changes += missing_ended(person, before)
    part.changes += changes
    part.outcomes[record.upn] = outcome_of(changes, after, before, person, context)
    if account is not None and account.holder == context.actor_school:
        part.held.append((account, before, after, changes))


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
            changes += missing_ended(person, before)
    part.changes += changes
    if account is not None and account.holder == school:
        part.held.append((account, before, after if tied else None, changes))


def _missing(person: Learner, after: LearnerEntry) -> Change:
    since = {"since": after.missing_since.isoformat() if after.missing_since else None}
    account_id = person.account.id if person.account else None
    return Change(ChangeKind.MISSING, Rule.R32, "missing", after.school, person.upn, account_id, {}, since)
