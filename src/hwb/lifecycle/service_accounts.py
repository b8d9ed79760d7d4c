"""What an account must look like in a service that follows it (mail, files): a pure function of what Hwb holds.

Level-based, like a run: nobody asks what changed. The same facts give the same answer however often they are carried
over, in whatever order (docs/adr/0003).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hwb.extract.frozen import made_often
from hwb.extract.texts import N_
from hwb.lifecycle.work_spaces import Granted, Space, spaces_of


class GroupKind(StrEnum):
    """What a group of people stands for."""

    SCHOOL = "school"
    YEAR = "year"
    CLASS = "class"


@made_often
@dataclass(frozen=True, slots=True)
class Group:
    """People of one school that a service keeps together. ``name``: year group or class; empty for the school."""

    kind: GroupKind
    school: str
    name: str = ""


@made_often
@dataclass(frozen=True, slots=True)
class Place:
    """An open placement with what the school's newest word says of it. role: holding, guest or post."""

    school: str
    role: str
    year_group: str = ""
    classes: tuple[str, ...] = ()


@made_often
@dataclass(frozen=True, slots=True)
class AccountFacts:
    """One account as the directory has it. kind: learner, staff or official; ``address`` its e-mail address.

    last: the school that had it last, when none has it now; granted: accesses to earlier work that stand (R41).
    """

    account: str
    kind: str
    active: bool
    address: str
    surname: str
    forename: str
    places: tuple[Place, ...] = ()
    last: str = ""
    granted: tuple[Granted, ...] = ()


@made_often
@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """What the service must have. ``enabled``: whether the person may sign in there; ``licence``: learner or staff.
    ``spaces``: of a service that keeps work by school (R41), those that are open.

    An object that is there already stays when it is not enabled, with its licence, mailbox and files (R11, R38); one
    that is not there is made only for somebody who may sign in (``made``).
    """

    account: str
    address: str
    surname: str
    forename: str
    enabled: bool
    licence: str
    groups: frozenset[Group] = frozenset()
    spaces: frozenset[Space] = frozenset()

    @property
    def made(self) -> bool:
        """Whether the service has to make the object where it has none."""
        return self.enabled

    @property
    def name(self) -> str:
        """The name that others see."""
        return f"{self.forename} {self.surname}".strip()


def follows(kind: str) -> bool:
    """Whether services follow accounts of this kind: people of schools; officials have mail of their own."""
    return kind in ("learner", "staff")


def wanted(facts: AccountFacts) -> ServiceAccount | None:
    """What the service must have of this account; None of one that services do not follow.

    Nothing but becoming active or inactive opens and shuts it (R40): a wait, a grace (R39) or a change of school is not
    seen by the service as long as the account is active.
    """
    if not follows(facts.kind):
        return None
    groups, spaces = (
        (groups_of(facts.kind, facts.places), _spaces(facts)) if facts.active else (frozenset(), frozenset())
    )
    return ServiceAccount(
        facts.account, facts.address, facts.surname, facts.forename, facts.active, facts.kind, groups, spaces
    )


def _spaces(facts: AccountFacts) -> frozenset[Space]:
    places = {place.school for place in facts.places}
    held = {place.school for place in facts.places if place.role == "holding"}
    return spaces_of(places=places, held=held, last=facts.last, granted=facts.granted)


def groups_of(kind: str, places: Iterable[Place]) -> frozenset[Group]:
    """School, year group and classes of every place; of a guest's (R7) only the classes, which the visit is for."""
    found: set[Group] = set()
    for place in places:
        found.update(Group(GroupKind.CLASS, place.school, name) for name in place.classes if name)
        if place.role == "guest":
            continue
        found.add(Group(GroupKind.SCHOOL, place.school))
        if kind == "learner" and place.year_group:
            found.add(Group(GroupKind.YEAR, place.school, place.year_group))
    return frozenset(found)


#: So often an object is looked for that may have been made; some ten minutes.
LOOKED_FOR = 10


@dataclass(frozen=True, slots=True)
class Waiting:
    """An account that a worker has to carry over: what the service must have, and what was known of it there.

    identifier: by which the service knows the person when they sign in. remote: the service's own id of the object,
    empty before it is made or found. ended: when it was last carried over the person was shut out. touched: an earlier
    worker may have made an object, and did not come to say so; tries: how often in a row it was refused since.
    """

    account: str
    wanted: ServiceAccount | None
    identifier: str
    remote: str = ""
    ended: bool = False
    touched: bool = False
    tries: int = 0

    @property
    def may_be_there(self) -> bool:
        """Whether an object that is not found may be there all the same: services find new ones minutes later. Else
        somebody could stay let in whose object was made just before they left."""
        return bool(self.remote or self.touched) and self.tries < LOOKED_FOR


class State(StrEnum):
    """How somebody's mail and files stand at the service."""

    NONE = ""
    READY = "ready"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody's e-mail and files stand: as last carried over; ``since``: they have waited for that time."""

    state: State
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Carried:
    """The service has what it must have."""

    account: str
    remote: str
    state: State


@dataclass(frozen=True, slots=True)
class NotCarried:
    """The service refused this account; ``failure``: why, of :data:`FAILURES`. It is tried again, ever more slowly."""

    account: str
    remote: str
    failure: str


@dataclass(frozen=True, slots=True)
class PutBack:
    """Nothing can be said of the account: the service was away or asked for patience. It waits as before."""

    account: str


Outcome = Carried | NotCarried | PutBack

#: Why a service refused an account, in the words of the operator's page.
FAILURES = {
    "address_taken": N_("Somebody else has the e-mail address there"),
    "no_licence": N_("There is no licence left"),
    "no_group": N_("A group could not be made there"),
    "no_space": N_("The service keeps no work of the learner at the earlier school"),
    "not_there_yet": N_("The service does not find what it has just made"),
    "refused": N_("The service refused it"),
    "broken": N_("The service failed with this account"),
}
#: Seconds until a refused account is tried again: 1, 2, 4 … at most a quarter of an hour.
LONGEST_PAUSE = 15 * 60


def pause(tries: int, chance: float) -> float:
    """Seconds to wait after so many tries in a row, drawn (``chance`` of 0 to 1) from the upper half: what failed
    together does not come again together."""
    full = float(min(2 ** min(tries - 1, 20), LONGEST_PAUSE))
    return full * (0.5 + chance / 2)


def key_of(group: Group) -> str:
    """The name of a group that is the same for ever and in every service: letters, digits and hyphens."""
    if group.kind is GroupKind.SCHOOL:
        return f"hwb-{group.school}"
    short = hashlib.sha256(group.name.encode()).hexdigest()[:16]
    return f"hwb-{group.school}-{group.kind}-{short}"


def school_of(key: str) -> str:
    """The school whose group it is (:func:`key_of`)."""
    return key.split("-")[1]


def title_of(group: Group, school: str) -> str:
    """What people see of a group, in both languages."""
    if group.kind is GroupKind.SCHOOL:
        return school
    year = f"Blwyddyn {group.name} / Year {group.name}"
    return f"{school} · {year if group.kind is GroupKind.YEAR else group.name}"
