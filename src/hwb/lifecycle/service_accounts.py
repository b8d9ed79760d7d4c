"""What an account must look like in a service that follows it (mail, files): a pure function of what Hwb holds.

Level-based, like a run: nobody asks what changed. The same facts give the same answer however often they are carried
over, in whatever order (docs/adr/0003).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from hwb.extract.frozen import made_often


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
    """One account as the directory has it. kind: learner, staff or official; ``address`` its e-mail address."""

    account: str
    kind: str
    active: bool
    address: str
    surname: str
    forename: str
    places: tuple[Place, ...] = ()


@made_often
@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """What the service must have. ``enabled``: whether the person may sign in there; ``licence``: learner or staff.

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
    return ServiceAccount(
        facts.account, facts.address, facts.surname, facts.forename, facts.active, facts.kind,
        groups_of(facts.kind, facts.places) if facts.active else frozenset(),
    )  # fmt: skip


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
