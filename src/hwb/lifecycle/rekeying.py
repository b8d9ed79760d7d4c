"""R9: an account goes on under another UPN: by a school's run, or when it is let go and a record waits for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from hwb.extract.records import LearnerRecord
from hwb.lifecycle import identity, words
from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.facts import Account, Learner, LearnerEntry, SchoolFacts
from hwb.lifecycle.plan import EntryWrite
from hwb.lifecycle.rules import Rule


def may_take(record: LearnerRecord, account: Account, school: str) -> bool:
    """Whether this record may re-key the account: the birth date agrees, and this school or nobody holds it (R9)."""
    agrees = record.birth_date is not None and record.birth_date == account.details.birth_date
    return agrees and account.holder in (None, school)


def taken_over(former: Learner, person: Learner, school: str) -> list[Change]:
    """The re-keying of ``former``'s account to ``person``'s UPN; waits under either end, or go on under the new one."""
    account = _account_of(former)
    rekey = Change(
        ChangeKind.REKEY, Rule.R9, "rekeyed", school, person.upn, account.id, {"upn": account.upn},
        {"upn": person.upn},
    )  # fmt: skip
    return [
        rekey,
        *(
            Change(ChangeKind.WAIT_END, Rule.R9, "wait_end", at, upn, None, {"cause": str(cause)}, {})
            for upn, waits in ((person.upn, person.waits), (former.upn, former.waits))
            for at, cause in waits
        ),
    ]


def united(former: Learner, person: Learner, entries: Iterable[LearnerEntry]) -> Learner:
    """The one learner under ``person``'s UPN: the account with ``entries``, without waits."""
    account = _account_of(former)
    moved = replace(account, upn=person.upn, aliases=(account.aliases | {account.upn}) - {person.upn})
    asking = tuple(other for other in former.asking if other.upn != person.upn)
    return Learner(person.upn, moved, tuple(entries), (), asking)


def on_release(learner: Learner, on: date) -> tuple[list[Change], Learner]:
    """An account that nobody holds goes to the record that waits to re-key it, unless another claim goes first (R6).

    Returns the changes, and the learner as they leave them: the same when nobody may take it.
    """
    found = _first_to_ask(learner, on)
    if found is None:
        return [], learner
    person, chosen = found
    entries = [answer(entry, learner) for entry in person.entries]
    left = [entry for entry in learner.entries if not _is_replaced(entry, person, learner)]
    changes = taken_over(learner, person, chosen.school)
    return changes, united(learner, person, (*left, *entries))


def answer(entry: LearnerEntry, former: Learner) -> LearnerEntry:
    """The word once the account that it asked for is its own."""
    if not words.asks_for(entry, _account_of(former)):
        return entry
    mis_id = entry.record.mis_id
    if mis_id and any(e.school == entry.school and e.record.mis_id == mis_id for e in former.entries):
        # not the record but its MIS id named the former UPN
        return replace(entry, record=replace(entry.record, former_upn=""), doubtful=False)
    return replace(entry, doubtful=False)


def writes(changes: Iterable[Change], facts: SchoolFacts, *, apart_from: str = "") -> list[EntryWrite]:
    """The words that re-keyings among ``changes`` answer: they ask no longer, and replace their school's earlier ones.

    ``apart_from``: a school whose words the plan writes itself.
    """
    found = []
    for change in changes:
        if change.kind is not ChangeKind.REKEY or change.rule != Rule.R9:
            continue
        former = next(p for p in facts.learners.values() if p.account is not None and p.account.id == change.account)
        known = {other.upn: other for other in former.asking}
        person = facts.learners.get(change.person) or known.get(change.person) or Learner(change.person)
        for entry in person.entries:
            after = answer(entry, former)
            if after is not entry and entry.school != apart_from:
                found.append(EntryWrite(entry, after))
        found += [
            EntryWrite(entry, None)
            for entry in former.entries
            if entry.school != apart_from and _is_replaced(entry, person, former)
        ]
    return found


def asked_by_others(facts: SchoolFacts, present: set[str]) -> SchoolFacts:
    """The facts without what the planned school's own snapshot decides: its asking words, and the UPNs in it."""
    school = facts.school.dfes
    apart: dict[int, Learner] = {}
    for person in facts.learners.values():
        if person.asking:
            others = tuple(
                replace(other, entries=tuple(e for e in other.entries if e.school != school))
                for other in person.asking
                if other.upn not in present
            )
            apart[id(person)] = replace(person, asking=others)
    if not apart:
        return facts
    return replace(facts, learners={upn: apart.get(id(person), person) for upn, person in facts.learners.items()})


def _first_to_ask(learner: Learner, on: date) -> tuple[Learner, LearnerEntry] | None:
    account = _account_of(learner)
    free = replace(account, holder=None)
    asking = [
        (person, entry)
        for person in learner.asking
        if person.account is None
        for entry in person.entries
        if words.asks_for(entry, account)
    ]
    # a school that has the account's UPN on somebody too, or asks twice, contradicts itself: support decides
    standing = Counter(entry.school for _, entry in asking)
    standing.update(entry.school for entry in learner.entries if words.is_present(entry))
    fitting = [
        (person, entry)
        for person, entry in asking
        if standing[entry.school] == 1 and may_take(entry.record, free, entry.school)
    ]
    if not fitting:
        return None
    chosen = min(fitting, key=lambda pair: (not words.claims(pair[1], on), words.precedence(pair[1])))
    others = [
        words.precedence(entry)
        for entry in learner.entries
        if words.claims(entry, on) and not identity.clashes(entry.record, account.details)
    ]
    if others and (not words.claims(chosen[1], on) or min(others) < words.precedence(chosen[1])):
        return None
    return chosen


def _is_replaced(entry: LearnerEntry, person: Learner, former: Learner) -> bool:
    """Whether the word is the earlier one of a school that asked under the new UPN."""
    account = _account_of(former)
    return any(words.asks_for(other, account) and other.school == entry.school for other in person.entries)


def _account_of(learner: Learner) -> Account:
    if learner.account is None:
        raise ValueError("re-keying needs an account")
    return learner.account
