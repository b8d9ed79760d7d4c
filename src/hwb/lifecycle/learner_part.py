"""What planning a learner's record shares: the part that grows, and what a record came to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from hwb.extract.records import LearnerRecord, Refused
from hwb.lifecycle import words
from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.context import Context
from hwb.lifecycle.facts import Account, Learner, LearnerEntry, SchoolFacts
from hwb.lifecycle.plan import EntryWrite
from hwb.lifecycle.rules import Rule

#: Columns that lists are made of, and that not every export has.
PLACES = ("registration_group", "classes")


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
    #: columns of which the data says nothing, and whose known values are kept
    places_kept: frozenset[str] = frozenset()


def own_entries(facts: SchoolFacts) -> dict[str, LearnerEntry]:
    """The planned school's newest words by recorded UPN, in its order: facts come in any."""
    school = facts.school.dfes
    found = {
        entry.record.upn: entry
        for person in facts.learners.values()
        for entry in person.entries
        if entry.school == school
    }
    return {upn: found[upn] for upn in sorted(found)}


def with_entry(person: Learner, before: LearnerEntry | None, after: LearnerEntry | None) -> Learner:
    """The learner as known once the school's word has changed from ``before`` to ``after``."""
    entries = tuple(entry for entry in person.entries if entry is not before)
    if after is not None:
        entries = (*entries, after)
    # not by replace(): this is done for everybody of a nation
    return Learner(person.upn, person.account, entries, person.waits, person.asking)


def carried(record: LearnerRecord, known: LearnerRecord) -> LearnerRecord:
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


def places_left_out(records: Iterable[LearnerRecord], own: dict[str, LearnerEntry]) -> frozenset[str]:
    """What of registration group and classes the data does not speak of: given for nobody in it, known of somebody.

    As with a kind that a source does not have (interfaces.md): an export without the column empties no class list.
    """
    silent = {name for name in PLACES if not any(getattr(record, name) for record in records)}
    if not silent:
        return frozenset()
    return frozenset(name for name in silent if any(getattr(entry.record, name) for entry in own.values()))


def with_known_places(record: LearnerRecord, known: LearnerEntry | None, names: frozenset[str]) -> LearnerRecord:
    """The record with the last known value of what the data does not speak of."""
    if known is None or not names:
        return record
    return replace(record, **{name: getattr(known.record, name) for name in names})


def place_changes(
    person: Learner, before: LearnerEntry | None, after: LearnerEntry, changes: list[Change]
) -> list[Change]:
    """Year group, registration group and classes follow the MIS at a school that shows the learner (R2, R7)."""
    account = person.account
    if account is None or before is None or before is after:
        return []
    if after.school != account.holder and after.school not in account.guests:
        return []
    if any(change.kind is ChangeKind.CLAIM and change.school == after.school for change in changes):
        return []
    if words.placed_alike(before.record, after.record):
        return []
    old, new = words.placement_values(before.record), words.placement_values(after.record)
    differing = [key for key in new if old[key] != new[key]]
    return [
        Change(
            ChangeKind.PLACE, Rule.R2, "place", after.school, person.upn, account.id,
            {key: old[key] for key in differing}, {key: new[key] for key in differing},
        )
    ]  # fmt: skip


def missing_ended(person: Learner, before: LearnerEntry | None) -> list[Change]:
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


def outcome_of(
    changes: list[Change],
    after: LearnerEntry,
    before: LearnerEntry | None,
    person: Learner,
    context: Context,
) -> str:
    """The one word for what became of a record (I15)."""
    school = context.actor_school
    if not changes and before is after and not person.waits:
        return "unchanged"
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
