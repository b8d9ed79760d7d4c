"""Passwords: what a school may know of one (R10), who chooses their own, and what is good enough."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

#: The shortest a person may choose, learner or adult; the longest keeps one check cheap.
SHORTEST, LONGEST = 12, 128
#: Year groups whose learners choose none; theirs is made, and stays on their card.
MADE_FOR = frozenset({"N1", "N2", "R", "1", "2"})
_SHORTEST_NAME = 4
_FEWEST_CHARACTERS = 5


class PasswordState(StrEnum):
    """What a school can know of an account's password. The values are those of `hwb accounts --json`."""

    VISIBLE = "visible"
    CHOSEN = "set by user"
    NOT_HELD_HERE = "not held here"
    NONE = "none"


class Showing(StrEnum):
    """How long a made password can be shown: the nation decides (R10)."""

    UNTIL_CHANGED = "until changed"
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class Made:
    """A password that was made for the person. ``school`` made it, or it was made for that school ("" = for none);
    ``hidden`` for good by a claim of another school, or by having been shown where the nation says once."""

    school: str
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A spell at a school as far as passwords go: ``until`` is None while it lasts."""

    school: str
    role: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class PasswordFacts:
    """What decides the state: the password in force was ``made``, or else ``chosen``; ``schools`` have the account."""

    chosen: bool = False
    made: Made | None = None
    schools: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """The nation's showing, and who may change their own: (school or "", year group) → yes or no."""

    showing: Showing = Showing.UNTIL_CHANGED
    choosing: Mapping[tuple[str, str], bool] = field(default_factory=dict)


class Weakness(StrEnum):
    """Why a password that somebody wants is not taken."""

    SHORT = "too_short"
    LONG = "too_long"
    COMMON = "too_common"
    PERSONAL = "own_name"


def state(facts: PasswordFacts, *, school: str | None = None) -> PasswordState:
    """The state as ``school`` sees it; without one, as the school that has the account now does (R10)."""
    made = facts.made
    if made is None:
        return PasswordState.CHOSEN if facts.chosen else PasswordState.NONE
    has_it = made.school in facts.schools and school in (None, made.school)
    return PasswordState.VISIBLE if has_it and not made.hidden else PasswordState.NOT_HELD_HERE


def schools_of(places: Iterable[Place]) -> frozenset[str]:
    """The schools that have the account: those where a spell lasts; when none does, the last that had it (R30)."""
    own = [place for place in places if place.role in ("holding", "post")]
    lasting = frozenset(place.school for place in own if place.until is None)
    if lasting or not own:
        return lasting
    newest = max(place.until or date.min for place in own)
    return frozenset({[place.school for place in own if place.until == newest][-1]})


def may_choose(*, kind: str, year_group: str, school: str, policy: PasswordPolicy) -> bool:
    """Adults may; Reception to Year 2 and younger never; else as school or nation says, and without a word yes."""
    if kind != "learner":
        return True
    if year_group in MADE_FOR:
        return False
    nations = policy.choosing.get(("", year_group), True)
    return policy.choosing.get((school, year_group), nations)


def must_change(*, kind: str, may_choose: bool, first: bool) -> bool:
    """Whether a made password must be changed at the next sign-in: always by staff; by learners who may, after a
    reset. Their very first one only can be."""
    return kind != "learner" or (may_choose and not first)


def prepared(password: str) -> str:
    """The one form in which a password is stored and compared: the same letters however a keyboard sends them."""
    return unicodedata.normalize("NFC", password.encode("utf-8", "replace").decode("utf-8"))


def weakness(password: str, *, names: Iterable[str], common: Collection[str]) -> Weakness | None:
    """What keeps a password from being taken, None when nothing does.

    names: the person's own, username included. common: well-known passwords and their words, in small plain letters.
    """
    if len(password) < SHORTEST:
        return Weakness.SHORT
    if len(password) > LONGEST:
        return Weakness.LONG
    plain = _plain(password)
    if any(len(name) >= _SHORTEST_NAME and name in plain for name in map(_plain, names)):
        return Weakness.PERSONAL
    if len(set(password)) < _FEWEST_CHARACTERS or any(_is_common(form, common) for form in _forms(plain)):
        return Weakness.COMMON
    return None


_SIGNS = str.maketrans("013457", "oleast")
_ENDS = re.compile(r"^[0-9]+|[0-9]+$")
_ROWS = tuple(
    row * 3 for row in ("abcdefghijklmnopqrstuvwxyz", "0123456789", "1234567890", "qwertyuiopasdfghjklzxcvbnm")
)


def _plain(text: str) -> str:
    """Small letters and digits alone, without accents: Siân Ŵyn → ``sianwyn``; p@$$ → ``pass``."""
    bare = unicodedata.normalize("NFKD", text).casefold().replace("@", "a").replace("$", "s")
    return "".join(letter for letter in bare if letter.isalnum() and not unicodedata.combining(letter))


def _forms(plain: str) -> Iterator[str]:
    """What is left when the digits people add, or write for letters, are taken away."""
    yield plain
    yield _ENDS.sub("", plain)
    yield plain.translate(_SIGNS)
    yield _ENDS.sub("", plain).translate(_SIGNS)


def _is_common(form: str, common: Collection[str]) -> bool:
    """Well known, nothing but digits, one piece again and again, or a row of the alphabet or the keyboard."""
    if form in common or not form or form.isdigit():
        return True
    if form in (form + form)[1:-1]:
        return True
    return any(form in row or form in row[::-1] for row in _ROWS)
