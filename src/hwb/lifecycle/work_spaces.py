"""Which spaces for work a person has in a service that keeps one for each school, and which of them are open (R41)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from hwb.extract.frozen import made_often


@made_often
@dataclass(frozen=True, slots=True)
class Access:
    """A shut space is open from the first day to the last; with ``copy`` works may be copied out of it."""

    first: date
    last: date
    copy: bool = False


@made_often
@dataclass(frozen=True, slots=True)
class Granted:
    """Support has opened the space of an earlier school to a learner, at the request of ``school``, which has them."""

    school: str
    earlier: str
    access: Access


@made_often
@dataclass(frozen=True, slots=True)
class Space:
    """A space that the person may open: as their own, or by an access alone. Every other one is shut."""

    school: str
    access: Access | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is their own."""
        return self.access is None


def spaces_of(
    *, places: Collection[str], held: Collection[str], last: str, granted: Iterable[Granted]
) -> frozenset[Space]:
    """The spaces of somebody who may sign in.

    places: schools that have them; held: those of them that hold a learner's account; last: where nobody has them any
    more and a grace runs (R39), the school that had them last. A grant counts as long as the school that asked holds
    the learner, and never makes anybody's own space a borrowed one.
    """
    own = set(places) or ({last} if last else set())
    borrowed = {
        one.earlier: Space(one.earlier, one.access)
        for one in granted
        if one.school in held and one.earlier not in own
    }  # fmt: skip
    return frozenset(Space(school) for school in own) | frozenset(borrowed.values())
