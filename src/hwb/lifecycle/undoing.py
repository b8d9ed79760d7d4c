"""Undo: the words before a school's newest accepted run become newest again, and the school is re-planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from hwb.lifecycle import access, identity, learners, rekeying, staff, words
from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.context import Context
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
from hwb.lifecycle.learner_part import own_entries, with_entry
from hwb.lifecycle.plan import EntryWrite, Plan, StaffWrite
from hwb.lifecycle.policy import Policy
from hwb.lifecycle.rules import Rule
from hwb.lifecycle.staff_plan import member_key

#: names and birth date (ISO) of one account before and after a run, as far as it changed them
Renamed = tuple[dict[str, Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Before:
    """The state before a run, as far as the run changed it.

    ``learners``: recorded UPN → the school's word, None for one that the run brought; ``staff`` likewise by the
    word's id. ``taken_from``: UPN → school that held the account before the run claimed or released it. ``rekeyed``:
    (old, new) UPNs. ``ended``: (account id, decision id). ``brought``: UPNs of accounts that the run created or
    claimed for its school. ``renamed``: account id → :data:`Renamed`. ``waits``: UPN, school and cause (None: no wait)
    of waits. ``others``: words of other schools, before and after, that the run answered (R9). ``reposted``:
    ids of staff accounts whose post the run opened again.
    """

    learners: dict[str, LearnerEntry | None] = field(default_factory=dict)
    staff: dict[str, StaffEntry | None] = field(default_factory=dict)
    taken_from: dict[str, str] = field(default_factory=dict)
    rekeyed: list[tuple[str, str]] = field(default_factory=list)
    ended: list[tuple[str, str]] = field(default_factory=list)
    brought: frozenset[str] = frozenset()
    renamed: dict[str, Renamed] = field(default_factory=dict)
    waits: list[tuple[str, str, WaitCause | None]] = field(default_factory=list)
    others: list[tuple[LearnerEntry, LearnerEntry | None]] = field(default_factory=list)
    reposted: frozenset[str] = frozenset()

    def with_partners(self, partners: Mapping[str, str]) -> Before:
        """What was remembered of an account also of the one with which it was joined, before or since (R25).

        The word at the school leads to one of the two; the other has none there.
        """
        renamed = {partners[id_]: named for id_, named in self.renamed.items() if id_ in partners}
        reposted = frozenset(partners[id_] for id_ in self.reposted if id_ in partners)
        return replace(self, renamed={**renamed, **self.renamed}, reposted=self.reposted | reposted)


def plan_undo(
    *,
    facts: SchoolFacts,
    before: Before,
    staff_words: Iterable[tuple[StaffMember, StaffEntry | None]],
    reopened: Iterable[tuple[str, Decision]],
    on: date,
    policy: Policy,
) -> Plan:
    """The previous snapshot's words become newest again.

    ``staff_words``: members whose words the run changed, with the word before, None for one that it brought.
    ``reopened``: (account id, decision) that the run ended.
    """
    school = facts.school.dfes
    facts = rekeying.asked_by_others(facts, set(before.learners))
    own = own_entries(facts)
    open_again: dict[str, list[Decision]] = {}
    for account_id, decision in reopened:
        open_again.setdefault(account_id, []).append(decision)
    writes: list[EntryWrite] = []
    affected: dict[str, Learner] = {}
    for upn, word in before.learners.items():
        newest = own.get(upn)
        if newest != word:
            writes.append(EntryWrite(newest, word))
        person = facts.learners.get(upn) or Learner(upn)
        person = affected.get(person.upn, person)
        affected[person.upn] = with_entry(person, newest, word)
    changes: list[Change] = []
    for upn, person in affected.items():
        changes += _learner_back(upn, person, school, before, open_again, own, writes, on, policy)
    staff_changes, staff_writes = _staff_back(school, staff_words, before, on)
    writes += rekeying.writes(changes, facts, apart_from=school)
    return Plan(school, (*changes, *staff_changes), tuple(writes), tuple(staff_writes))


def _learner_back(
    upn: str,
    person: Learner,
    school: str,
    before: Before,
    open_again: dict[str, list[Decision]],
    own: dict[str, LearnerEntry],
    writes: list[EntryWrite],
    on: date,
    policy: Policy,
) -> list[Change]:
    """One learner of the withdrawn run, settled by the words before it; words put back are added to ``writes``."""
    person, changes, asking = _upn_back(person, school, before, writes)
    person, reopened = _decisions_back(person, school, open_again)
    changes += reopened
    if person.account is not None and person.account.holder in (school, None):
        account, named = _named_back(person.account, before.renamed, school=school, key=person.upn)
        person, changes = replace(person, account=account), [*changes, *named]
    upns = _names(person)
    context = Context(
        on,
        policy,
        school,
        brought=bool(before.brought & {upn, person.upn}),
        give_back=_give_back(person, before.taken_from, school, on),
        waits_before={at: cause for waiting, at, cause in before.waits if waiting in upns},
    )
    settled = learners.settle(person, context)
    changes += [*settled, *_places_back(person, own, before, settled, school)]
    if asking is not None:  # others wait again for what is not theirs
        changes += learners.settle(asking, context)
    return changes


def _upn_back(
    person: Learner, school: str, before: Before, writes: list[EntryWrite]
) -> tuple[Learner, list[Change], Learner | None]:
    """The learner under the UPN before the run re-keyed the account, and who asks for it again; unless built on."""
    account = person.account
    old = next((old for old, new in before.rekeyed if account is not None and new == account.upn), None)
    if account is None or old is None or account.holder not in (school, None):
        return person, [], None
    answered = {(word.school, word.record.upn): (word, after) for word, after in before.others}
    asking: dict[LearnerEntry, LearnerEntry] = {}
    for entry in person.entries:
        if entry.record.upn != account.upn:
            continue
        word, after = answered.get((entry.school, entry.record.upn), (None, None))
        # under that UPN already, and not the account's; or another child's
        before_it = entry.school == school or entry.doubtful or identity.clashes(entry.record, account.details)
        if not before_it and (word is None or after != entry):
            return person, [], None  # another school has the learner under the new UPN
        asking[entry] = word if word is not None and after == entry else entry
    writes += [EntryWrite(entry, word) for entry, word in asking.items() if entry != word]
    standing = {(entry.school, entry.record.upn) for entry in person.entries}
    upns = account.aliases | {account.upn}
    dropped = tuple(
        word
        for key, (word, after) in answered.items()
        if after is None and word.record.upn in upns and key not in standing
    )
    writes += [EntryWrite(None, word) for word in dropped]
    changes = [
        Change(
            ChangeKind.REKEY, Rule.UNDO, "rekeyed_back", school, person.upn, account.id, {"upn": account.upn},
            {"upn": old},
        ),
        # waits stand under the current UPN; the new one belongs to nobody again, it may be another child's
        *(
            Change(ChangeKind.WAIT_END, Rule.UNDO, "wait_end", at, account.upn, None, {"cause": str(cause)}, {})
            for at, cause in person.waits
        ),
    ]  # fmt: skip
    moved = replace(account, upn=old, aliases=account.aliases - {old})
    entries = (*(entry for entry in person.entries if entry not in asking), *dropped)
    back = replace(person, upn=old, account=moved, entries=entries, waits=())
    return back, changes, Learner(account.upn, None, tuple(asking.values())) if asking else None


def _decisions_back(
    person: Learner, school: str, open_again: dict[str, list[Decision]]
) -> tuple[Learner, list[Change]]:
    """The learner with the decisions that the run ended, and the changes that reopen them."""
    account = person.account
    decisions = open_again.get(account.id, []) if account is not None else []
    if account is None or not decisions:
        return person, []
    changes = [
        Change(
            ChangeKind.DECISION_REOPEN, Rule.UNDO, "decision_reopened", school, person.upn, account.id, {},
            {"decision": decision.id, "kind": str(decision.kind)},
        )
        for decision in decisions
    ]  # fmt: skip
    return replace(person, account=replace(account, decisions=(*account.decisions, *decisions))), changes


def _staff_back(
    school: str, staff_words: Iterable[tuple[StaffMember, StaffEntry | None]], before: Before, on: date
) -> tuple[list[Change], list[StaffWrite]]:
    context = staff.StaffContext(on, school)
    changes: list[Change] = []
    writes: list[StaffWrite] = []
    for member, word in staff_words:
        key = member_key(member)
        owner = member.account.id if member.account else None
        if member.account is not None:
            account, named = _named_back(member.account, before.renamed, school=school, key=key)
            member = replace(member, account=account)
            changes += named
        ended = word is None or (owner in before.reposted and staff.is_missing(word))
        if word is not None and not ended:
            writes.append(StaffWrite(member.entry, word, key, owner))
            changes += staff.settle(replace(member, entry=word), member.entry, key=key, context=context)
        elif member.account is None:
            writes.append(StaffWrite(member.entry, None, key))
        else:
            # who comes again is recognised by this word (R21), and gets the same account back (R23)
            writes.append(StaffWrite(member.entry, word or staff.absent(member.entry, on), key, owner))
            changes += staff.settle_without_word(member.account, school=school, key=key, context=context)
    return changes, writes


def _named_back(
    account: Account, renamed: Mapping[str, Renamed], *, school: str, key: str
) -> tuple[Account, list[Change]]:
    """The account with the names that the withdrawn run changed, where nobody changed them again since."""
    old, new = renamed.get(account.id, ({}, {}))
    names = [name for name in new if _json(getattr(account.details, name)) == new[name]]
    if not names:
        return account, []
    old = {name: old[name] for name in names}
    change = Change(
        ChangeKind.DETAILS, Rule.UNDO, "details", school, key, account.id, {name: new[name] for name in names}, old
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
    if account is not None and not previous and _let_go_since(person, account, school):
        previous = school
    word = next((entry for entry in person.entries if entry.school == previous), None)
    if account is None or word is None or account.holder not in (school, None) or not words.may_hold(word.record, on):
        return ""
    if previous == school:
        return previous if account.holder is None and not words.claims(word, on) else ""
    asks_again = any(entry.school == school and words.claims(entry, on) for entry in person.entries)
    return previous if words.is_missing(word) and not asks_again else ""


def _let_go_since(person: Learner, account: Account, school: str) -> bool:
    """Whether a leaving date of the withdrawn run passed meanwhile, and the word before it lets nobody go (R32)."""
    left_here = account.reason.code == "left" and dict(account.reason.values).get("school") == school
    missing = any(entry.school == school and words.is_missing(entry) for entry in person.entries)
    return account.holder is None and left_here and missing and not access.departure_confirmed(account, school)


def _places_back(
    person: Learner,
    own: dict[str, LearnerEntry],
    before: Before,
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
    aliases = (own[upn] for upn in before.learners if upn in own and upn in account.aliases)
    newest = own.get(word.record.upn) or next(aliases, None)
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
        was, now = ({}, values) if kind is ChangeKind.MISSING else (values, {})
        changes.append(Change(kind, Rule.UNDO, code, school, person.upn, account.id, was, now))
    return changes
