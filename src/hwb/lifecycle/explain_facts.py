"""What an explanation stands on. Gathered by ``directory.queries.explanations``, judged by ``lifecycle.explain``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from hwb.extract.records import MisKind, Problem
from hwb.extract.texts import Both
from hwb.lifecycle.attempts import NO_TROUBLE, Trouble
from hwb.lifecycle.facts import DecisionKind, Learner, StaffMember
from hwb.lifecycle.policy import Policy
from hwb.lifecycle.service_accounts import Standing

NO_NAME = Both("", "")


@dataclass(frozen=True, slots=True)
class RunSeen:
    """A run as it bears on people. ``at``: when it was finished, or received while it is not."""

    id: str
    at: datetime
    as_at: datetime
    failure: str = ""


@dataclass(frozen=True, slots=True)
class SchoolSeen:
    """A school's runs and who runs its client.

    ``last_run``: the last successful run (R37). ``failures`` attempts failed or were refused since, here or, as its
    client reported, in the school; ``failure`` is the newest one's code. ``held``: a run that waits for confirmation.
    ``schedule``: the time of day at which the client says that it runs. ``year_groups_stayed``: the newest runs of
    this academic year still show last year's year groups (warning X03).
    """

    dfes: str
    name: Both
    authority: Both = NO_NAME
    phase: str = ""
    mis: MisKind = "hwb"
    last_run: RunSeen | None = None
    held: RunSeen | None = None
    failures: int = 0
    failure: str = ""
    contact: str = ""
    schedule: str = ""
    year_groups_stayed: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """Who made a decision, when, and the reason given. ``by`` is a name to show."""

    kind: DecisionKind
    school: str | None
    by: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RefusedSeen:
    """A record that the school's newest run could not use (R8, R20): whose it says it is, and what is wrong."""

    run: RunSeen
    surname: str
    forename: str
    problems: tuple[Problem, ...]
    staff_code: str = ""


@dataclass(frozen=True, slots=True)
class YearShare:
    """Learners of one year group at a school: how many there are, and how many of them have no leaving date."""

    year_group: str
    missing: int
    total: int


@dataclass(frozen=True, slots=True)
class ChildSeen:
    """How a learner signs in whose year group does so with badge and pictures, where the asking school has the account.

    ``badge_last_day``: of the badge that was made last. ``alone``: it is enough without pictures. ``password``: there
    is one too. ``shut_until``: wrong pictures make the child wait on some device; ``ended``: devices that are new to
    the child wait for the teacher.
    """

    pictures: bool = False
    badge_last_day: date | None = None
    alone: bool = False
    password: bool = False
    shut_until: datetime | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True)
class LearnerFacts:
    """One UPN as one school may ask about it. ``school`` asks.

    ``holder``: the school that has the account when it is another; for a learner who waits to be re-keyed (R9), the
    school that has the account of the ``former`` UPN. ``held_name``: as the asking school's held run names the
    learner; None when that run does not bear on them. ``released``: when, and ``last_holder`` by whom, an account
    that nobody holds was let go. ``namesake``: the asking school's newest records have somebody of the same name and
    birth date under another UPN. ``final_year``: the learner's final year group at the holder.
    ``trouble``: with signing in, where the asking school has the account. ``child``: None for everybody who does not
    sign in with badge and pictures. ``mail``: how e-mail and files stand, and ``arrived``: the day on which the school
    that has the account got it.
    """

    upn: str
    school: SchoolSeen
    learner: Learner
    holder: SchoolSeen | None = None
    former: Learner | None = None
    protected: bool = False
    decisions: tuple[Made, ...] = ()
    refusal: RefusedSeen | None = None
    held_name: str | None = None
    released: datetime | None = None
    last_holder: str | None = None
    namesake: bool = False
    final_year: YearShare | None = None
    trouble: Trouble = NO_TROUBLE
    child: ChildSeen | None = None
    mail: Standing | None = None
    arrived: date | None = None


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member of the school's staff who has an account, for comparing spellings."""

    surname: str
    forename: str
    staff_code: str


@dataclass(frozen=True, slots=True)
class StaffFacts:
    """A member of staff as their own school asks about them: by account, by code or by name.

    ``asked``: the words that were asked with. ``refusals``: refused records that fit; those with one code come
    together (R20). ``username`` is the account's own; ``renamed`` when the one asked with is an earlier one of it.
    ``for_owner``: the account's owner asks, or support: only they are told of an account from a previous school.
    """

    school: SchoolSeen
    asked: str
    member: StaffMember | None = None
    protected: bool = False
    decisions: tuple[Made, ...] = ()
    refusals: tuple[RefusedSeen, ...] = ()
    colleagues: tuple[Colleague, ...] = ()
    in_held_run: bool = False
    username: str = ""
    renamed: bool = False
    for_owner: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What else the answer depends on. A school whose last successful run is older than ``old_days`` has not run."""

    policy: Policy
    fresh_days: int = 2
    old_days: int = 7
