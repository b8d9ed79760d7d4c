"""What is known, side by side, before a rule decides: records, accounts, decisions, waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from hwb.extract.frozen import made_often
from hwb.extract.records import Kind, LearnerRecord, StaffRecord


class WaitCause(StrEnum):
    """Why a school's on-roll record does not have the account."""

    RELEASE = "release"  # R5: another school still holds it
    CONFLICT = "conflict"  # R6: two schools claimed at once, the other had precedence
    IDENTITY = "identity"  # R4: birth date and surname both differ from what Hwb knows
    REKEY = "rekey"  # R9: the former UPN's account cannot be re-keyed (birth date, or held elsewhere)


class DecisionKind(StrEnum):
    """A person's decision about an account that outlives runs (R31, R32)."""

    DEACTIVATED = "deactivated"  # by a Digital Champion; ended by another school's claim
    SAFETY = "safety"  # as deactivated, but only support ends it
    LEFT = "left"  # confirmation that a missing person left (R32)
    SUSPENDED = "suspended"  # by support, anywhere; only support ends it


@dataclass(frozen=True, slots=True)
class Decision:
    """One standing decision; ``school`` is None for one of support."""

    id: str
    kind: DecisionKind
    school: str | None


@made_often
@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is so: rule, stable code, and the values for the gaps of its sentence."""

    rule: str
    code: str
    values: tuple[tuple[str, str], ...] = ()


@made_often
@dataclass(frozen=True, slots=True)
class Details:
    """Who a person is, as Hwb knows it."""

    legal_surname: str
    legal_forename: str
    preferred_surname: str = ""
    preferred_forename: str = ""
    birth_date: date | None = None


@made_often
@dataclass(frozen=True, slots=True)
class Account:
    """An account as it stands. ``upn`` is empty for staff; ``holder`` is None when no school holds it.

    ``guests`` are schools with an open guest placement, ``posts`` schools with an open post, ``schools`` all
    that ever had a placement. ``grace_until`` is the last day of a grace that runs (R39).
    """

    id: str
    active: bool
    reason: Reason
    details: Details
    upn: str = ""
    aliases: frozenset[str] = frozenset()
    holder: str | None = None
    guests: frozenset[str] = frozenset()
    posts: frozenset[str] = frozenset()
    schools: frozenset[str] = frozenset()
    decisions: tuple[Decision, ...] = ()
    grace_until: date | None = None


@made_often
@made_often
@dataclass(frozen=True, slots=True)
class LearnerEntry:
    """One school's newest accepted word about a learner.

    ``missing_since``: the date of the first snapshot of an unbroken series without this person.
    ``refused``: the newest snapshot had a record of this person that had to be refused (R8): the record here is
    the last usable one. ``doubtful``: absent from a snapshot in which a refused record could be anybody's (R32); or
    present, and asking for the account of another UPN that it cannot have yet (R9).
    """

    school: str
    record: LearnerRecord
    missing_since: date | None = None
    refused: bool = False
    doubtful: bool = False


@made_often
@dataclass(frozen=True, slots=True)
class Learner:
    """One learner as the nation knows them: the account if there is one, and each school's word.

    ``upn`` is the account's current UPN, else the one recorded. ``waits`` are those that stand now. ``asking``:
    learners without account of whom a word asks for this account, as that of a former UPN (R9).
    """

    upn: str
    account: Account | None = None
    entries: tuple[LearnerEntry, ...] = ()
    waits: tuple[tuple[str, WaitCause], ...] = ()
    asking: tuple[Learner, ...] = ()


@made_often
@dataclass(frozen=True, slots=True)
class StaffEntry:
    """One school's newest accepted word about one member of staff. ``id`` is empty before it is stored."""

    school: str
    record: StaffRecord
    id: str = ""
    missing_since: date | None = None
    refused: bool = False


@made_often
@dataclass(frozen=True, slots=True)
class StaffMember:
    """One member of staff of the planned school, with the account and its posts at other schools."""

    entry: StaffEntry
    account: Account | None = None
    #: the account's other words (consolidated, R24): of other schools, and of an earlier stay at this one
    elsewhere: tuple[StaffEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class School:
    """What the rules need of a school's register entry."""

    dfes: str
    phase: str = ""


@dataclass(frozen=True, slots=True)
class SchoolFacts:
    """Everything that may bear on one school's plan.

    ``learners`` by every UPN asked for or on this school's books; aliases of one person lead to the same object.
    ``newest_*`` describe the newest accepted run (None before the first, ``covered`` the kinds any accepted
    snapshot has covered). ``withdrawn`` and ``confirmed`` are content digests (R36). ``duplicates``: pairs of account
    ids that this school's records raised as possible duplicates before (R9).
    """

    school: School
    learners: dict[str, Learner] = field(default_factory=dict)
    staff: tuple[StaffMember, ...] = ()
    newest_as_at: datetime | None = None
    newest_digest: str = ""
    covered: frozenset[Kind] = frozenset()
    withdrawn: frozenset[str] = frozenset()
    confirmed: frozenset[str] = frozenset()
    duplicates: frozenset[tuple[str, str]] = frozenset()
