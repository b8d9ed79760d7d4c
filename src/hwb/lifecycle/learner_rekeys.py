"""Records of a snapshot that ask for the account of a former UPN (R9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from hwb.extract.records import LearnerRecord
from hwb.lifecycle import identity, learners, rekeying
from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.context import Context
from hwb.lifecycle.facts import Account, Learner, LearnerEntry, SchoolFacts
from hwb.lifecycle.learner_part import LearnerPart, carried, outcome_of, place_changes, with_entry
from hwb.lifecycle.plan import EntryWrite
from hwb.lifecycle.rules import Rule


def borne_by_one(ids: Mapping[str, str]) -> dict[str, str]:
    """MIS ids → the UPN that bears each; an id of two people says of neither that it is the same person."""
    times = Counter(ids.values())
    return {mis_id: upn for upn, mis_id in ids.items() if mis_id and times[mis_id] == 1}


def asked_accounts(
    records: tuple[LearnerRecord, ...], by_mis: dict[str, str], facts: SchoolFacts
) -> dict[str, Learner]:
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


def contradicted_accounts(asked: dict[str, Learner], present: set[str], tied: set[str]) -> set[str]:
    """Accounts that more than one record of the snapshot, a refused one too, stands for or asks for."""
    times = Counter(account_of(former).id for former in asked.values())
    found = {account for account, number in times.items() if number > 1}
    for former in asked.values():
        account = account_of(former)
        upns = account.aliases | {account.upn}
        if not present.isdisjoint(upns) or not tied.isdisjoint(upns):
            found.add(account.id)
    return found


def account_of(former: Learner) -> Account:
    if former.account is None:
        raise ValueError("re-keying needs an account")
    return former.account


def outgrown_upns(records: tuple[LearnerRecord, ...], facts: SchoolFacts) -> set[str]:
    """UPNs that a learner with an account is said to have had before: a new account for one would be a second one."""
    return {
        record.former_upn
        for record in records
        if record.former_upn and (known := facts.learners.get(record.upn)) is not None and known.account is not None
    }


def exchanged_upns(records: tuple[LearnerRecord, ...], own: Mapping[str, LearnerEntry]) -> set[str]:
    """UPNs that stand at another child than before, as the MIS itself says (R4).

    The person who bore one is here under another UPN, and the forename is not theirs: brothers and sisters have a
    surname in common, twins a birth date too.
    """
    bearers = borne_by_one({record.upn: record.mis_id for record in records})
    found = set()
    for record in records:
        before = own.get(record.upn)
        if before is None or not before.record.mis_id or before.record.mis_id == record.mis_id:
            continue
        elsewhere = bearers.get(before.record.mis_id, record.upn) != record.upn
        if elsewhere and identity.folded(record.legal_forename) != identity.folded(before.record.legal_forename):
            found.add(record.upn)
    return found


def earlier_words(former: Learner, school: str, present: set[str]) -> list[LearnerEntry]:
    """The school's words about the account that its snapshot no longer bears out, the likeliest first."""
    earlier = [e for e in former.entries if e.school == school and e.record.upn not in present]
    return sorted(earlier, key=lambda e: (e.missing_since is not None, e.record.upn != former.upn))


def carried_from(record: LearnerRecord, earlier: list[LearnerEntry]) -> LearnerRecord:
    return carried(record, earlier[0].record) if earlier else record


def plan_rekeyed(
    record: LearnerRecord,
    person: Learner,
    former: Learner,
    earlier: list[LearnerEntry],
    context: Context,
    part: LearnerPart,
) -> None:
    """R9: the account of the former UPN gets the new one. ``earlier``: the school's words that this one replaces."""
    account, school = account_of(former), context.actor_school
    before = earlier[0] if earlier else None
    after = LearnerEntry(school, carried_from(record, earlier))
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
    changes += place_changes(united, before, after, changes)
    part.changes += changes
    outcome = outcome_of(changes, after, before, united, context)
    part.outcomes[record.upn] = "updated" if outcome == "unchanged" else outcome
    if account.holder == school:
        part.held.append((account, before, after, changes))


def wait_for_rekeying(
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


def warn_of_duplicates(records: tuple[LearnerRecord, ...], facts: SchoolFacts, part: LearnerPart) -> None:
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
