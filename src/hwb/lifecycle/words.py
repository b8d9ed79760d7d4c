"""What one school's word about a learner says: whether it claims, is absent, or asks for another UPN's account."""

from __future__ import annotations

from datetime import date
from typing import Any

from hwb.extract.records import LearnerRecord
from hwb.lifecycle import calendar
from hwb.lifecycle.facts import Account, Learner, LearnerEntry
from hwb.lifecycle.policy import Policy

HOLDING_STATUSES = frozenset("CM")


def claims(entry: LearnerEntry, on: date) -> bool:
    """Whether this word asks for the account: current or main, on roll, in the newest snapshot, usable (R1, R4, R7)."""
    return is_present(entry) and may_hold(entry.record, on)


def may_hold(record: LearnerRecord, on: date) -> bool:
    """Whether somebody with this record can be held by the school: current or main, and on roll (R1, R7)."""
    return record.enrolment_status in HOLDING_STATUSES and calendar.is_on_roll(record, on)


def precedence(entry: LearnerEntry) -> tuple[date, bool, str]:
    """Among several claims: earliest start date, then main enrolment, then the lower DfES number (R6)."""
    return (entry.record.start_date or date.max, entry.record.enrolment_status != "M", entry.school)


def is_missing(entry: LearnerEntry) -> bool:
    """Absent from the newest full snapshot and without a leaving date (R32)."""
    return entry.missing_since is not None and entry.record.leaving_date is None


def is_present(entry: LearnerEntry) -> bool:
    """In the newest full snapshot, as a record that could be used."""
    return entry.missing_since is None and not entry.refused


def claimable_from(entry: LearnerEntry, policy: Policy) -> date | None:
    """The day from which another school may claim a missing learner (R32), None while nobody may."""
    if entry.missing_since is None or not is_missing(entry) or entry.doubtful:
        return None
    return date.fromordinal(entry.missing_since.toordinal() + policy.missing_days)


def asks_for(entry: LearnerEntry, account: Account) -> bool:
    """Whether this word waits to re-key the account: it names one of its UPNs as the former one (R9).

    A word whose snapshot contradicts itself keeps no former UPN (:mod:`hwb.lifecycle.learner_plan`).
    """
    former = entry.record.former_upn
    return entry.doubtful and is_present(entry) and former != "" and former in account.aliases | {account.upn}


def placed_alike(one: LearnerRecord, other: LearnerRecord) -> bool:
    """Whether two records put the learner into the same year group, registration group and classes."""
    return (
        one.year_group == other.year_group
        and one.registration_group == other.registration_group
        and one.classes == other.classes
    )


def placement_values(record: Any) -> dict[str, Any]:
    """Where the school's word puts the learner."""
    return {
        "year_group": record.year_group,
        "registration_group": record.registration_group,
        "classes": list(record.classes),
    }


def word_of(learner: Learner, school: str | None) -> LearnerEntry | None:
    """The school's word; with two (a UPN and its alias) the one under the account's UPN, then the present one."""
    own = [entry for entry in learner.entries if entry.school == school]
    if len(own) > 1:
        own.sort(key=lambda e: (e.missing_since is not None, e.record.upn != learner.upn))
    return own[0] if own else None
