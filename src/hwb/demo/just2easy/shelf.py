"""Works, kept by person and school; and who may open them (R41)."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Missing(LookupError):
    """There is no such person, space or work."""


class Shut(Exception):
    """The space is not open to the person."""


class Right(StrEnum):
    """What somebody may do in a space of theirs."""

    NONE = "none"
    LOOK = "look"
    COPY = "copy"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Access:
    """A shut space is open from the first day to the last; with ``copy`` works may be copied out of it."""

    first: date
    last: date
    copy: bool


@dataclass(frozen=True, slots=True)
class Work:
    """Something that somebody made."""

    number: int
    title: str
    text: str
    copied_from: str = ""


@dataclass(slots=True)
class Space:
    """What one person made at one school."""

    is_open: bool = True
    access: Access | None = None
    works: dict[int, Work] = field(default_factory=dict)


@dataclass(slots=True)
class Person:
    """Somebody as Hwb tells of them, with their spaces by school."""

    id: str
    name: str
    address: str
    kind: str
    active: bool
    spaces: dict[str, Space] = field(default_factory=dict)

    def right(self, school: str, *, on: date) -> Right:
        """What they may do in a space, on a day."""
        space = self.spaces.get(school)
        if space is None or not self.active:
            return Right.NONE
        if space.is_open:
            return Right.OWN
        access = space.access
        if access is None or not access.first <= on <= access.last:
            return Right.NONE
        return Right.COPY if access.copy else Right.LOOK


class Shelf:
    """Everybody, safe for several threads. ``changed``: identifiers, whoever changed last at the end.

    ``welcome``: title and text of the work that lies in every new space.
    """

    def __init__(self, *, welcome: tuple[str, str] | None = None) -> None:
        self._welcome = welcome
        self.lock = threading.RLock()
        self.people: dict[str, Person] = {}
        self.changed: dict[str, None] = {}
        self._numbers = itertools.count(1)

    # -- what Hwb asks for ------------------------------------------------------------------------------

    def person(self, id_: str) -> Person:
        """Raises Missing."""
        try:
            return self.people[id_]
        except KeyError:
            raise Missing("no such person") from None

    def put_person(self, id_: str, *, name: str, address: str, kind: str, active: bool) -> bool:
        """True when the person is new."""
        with self.lock:
            found = self.people.get(id_)
            if found is None:
                self.people[id_] = Person(id_, name, address, kind, active)
            else:
                found.name, found.address, found.kind, found.active = name, address, kind, active
            self._note(id_)
            return found is None

    def put_space(self, id_: str, school: str, *, is_open: bool) -> bool:
        """Makes, opens or shuts a space; its works stay. True when it is new. Raises Missing."""
        with self.lock:
            spaces = self.person(id_).spaces
            is_new = school not in spaces
            if is_new and not is_open:
                raise Missing("no such space")
            space = spaces.setdefault(school, Space())
            if is_new and self._welcome:
                number = next(self._numbers)
                space.works[number] = Work(number, *self._welcome)
            space.is_open = is_open
            if is_open:
                space.access = None
            self._note(id_)
            return is_new

    def put_access(self, id_: str, school: str, access: Access | None) -> None:
        """Opens a shut space for a time, or no longer. An open one is left as it is. Raises Missing."""
        with self.lock:
            space = self._space(id_, school)
            space.access = None if space.is_open else access
            self._note(id_)

    def after(self, id_: str, limit: int) -> tuple[list[Person], bool]:
        """People by identifier after this one, and whether there are more."""
        with self.lock:
            ids = sorted(each for each in self.people if each > id_)
            return [self.people[each] for each in ids[:limit]], len(ids) > limit

    # -- what people do ---------------------------------------------------------------------------------

    def works(self, id_: str, school: str, *, on: date) -> list[Work]:
        """A space's works, the newest first. Raises Missing, and Shut for whoever may not open it."""
        with self.lock:
            space = self._space(id_, school)
            if self.person(id_).right(school, on=on) is Right.NONE:
                raise Shut(school)
            return list(reversed(space.works.values()))

    def make(self, id_: str, school: str, *, title: str, text: str, on: date, copied_from: str = "") -> Work:
        """A new work in an open space. Raises Missing and Shut."""
        with self.lock:
            space = self._space(id_, school)
            if self.person(id_).right(school, on=on) is not Right.OWN:
                raise Shut(school)
            work = Work(next(self._numbers), title, text, copied_from)
            space.works[work.number] = work
            self._note(id_)
            return work

    def copy(self, id_: str, school: str, number: int, *, into: str, on: date) -> Work:
        """A work of a space that may be copied from, into an open one. Raises Missing and Shut."""
        with self.lock:
            work = self._space(id_, school).works.get(number)
            if self.person(id_).right(school, on=on) not in (Right.COPY, Right.OWN):
                raise Shut(school)
            if work is None:
                raise Missing("no such work")
            return self.make(id_, into, title=work.title, text=work.text, on=on, copied_from=school)

    def _space(self, id_: str, school: str) -> Space:
        try:
            return self.person(id_).spaces[school]
        except KeyError:
            raise Missing("no such space") from None

    def _note(self, id_: str) -> None:
        self.changed.pop(id_, None)
        self.changed[id_] = None
