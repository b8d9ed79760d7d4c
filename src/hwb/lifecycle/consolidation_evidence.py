"""The evidence of a consolidation (R25, E5): every item of (a) and (b) beside what the system holds, and what else must
be so before anything is joined."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hwb.identifiers import parse_dfes_number
from hwb.lifecycle.consolidation import SchoolSeen
from hwb.lifecycle.identity import folded


class Item(StrEnum):
    """What is given with (a), the previous headteacher's authorisation, and with (b), the staff member's request."""

    LEAVING_CONFIRMED = "leaving date confirmed"
    FORMER_NAME = "former staff name"
    PREVIOUS_SCHOOL = "previous school's name"
    PREVIOUS_NUMBER = "previous school's number"
    PREVIOUS_USERNAME = "previous username"
    MOVES_TO = "new school's name, by the headteacher"
    NEW_SCHOOL = "new school's name"
    NEW_NUMBER = "new school's number"
    NEW_USERNAME = "new username"
    STAFF_CODE = "staff code"
    EMPLOYEE_NUMBER = "employee number"


OF_HEAD = (
    Item.LEAVING_CONFIRMED, Item.FORMER_NAME, Item.PREVIOUS_SCHOOL, Item.PREVIOUS_NUMBER, Item.PREVIOUS_USERNAME,
    Item.MOVES_TO,
)  # fmt: skip
OF_STAFF = (Item.NEW_SCHOOL, Item.NEW_NUMBER, Item.NEW_USERNAME, Item.STAFF_CODE, Item.EMPLOYEE_NUMBER)
#: What an agent may record as checked by other means, when the records say otherwise or nothing: names are written in
#: many ways, and not every MIS gives an employee number. Numbers and usernames name exactly one, or are wrong.
RECORDABLE = frozenset({
    Item.FORMER_NAME, Item.PREVIOUS_SCHOOL, Item.MOVES_TO, Item.NEW_SCHOOL, Item.EMPLOYEE_NUMBER,
})  # fmt: skip


class Result(StrEnum):
    """How an item compares with what the system holds (E5)."""

    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_RECEIVED = "not yet received"
    RECORDED = "recorded by agent"


@dataclass(frozen=True, slots=True)
class Given:
    """What was said of an item: the value, and by whom (``headteacher``, ``staff member``, ``agent``)."""

    item: Item
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class AccountSeen:
    """An account as it bears on a case. ``names``: how the person may be called. ``usernames``: all that lead to it.

    ``left``: school → the leaving date of the school's word, None without one. ``words``: schools that have a word of
    this person; ``codes`` and ``numbers``: staff code and employee number by school. ``is_code_unique``: nobody else
    there has the code. ``is_barred``: support or a safety decision keeps it off. ``is_retired``: joined into another
    account. ``has_joined``: another account was joined into this one.
    """

    id: str
    kind: str
    active: bool
    surname: str
    names: frozenset[str]
    usernames: frozenset[str]
    posts: frozenset[str] = frozenset()
    schools: frozenset[str] = frozenset()
    left: tuple[tuple[str, date | None], ...] = ()
    codes: tuple[tuple[str, str], ...] = ()
    numbers: tuple[tuple[str, str], ...] = ()
    is_code_unique: bool = True
    is_barred: bool = False
    is_retired: bool = False
    has_joined: bool = False
    created: date = date.min

    @property
    def words(self) -> frozenset[str]:
        return frozenset(school for school, _ in self.left)


@dataclass(frozen=True, slots=True)
class Held:
    """What the system holds about a case today. None: there is no such school or account."""

    previous: SchoolSeen | None = None
    new: SchoolSeen | None = None
    kept: AccountSeen | None = None
    retiring: AccountSeen | None = None
    has_other_case: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line of the evidence table."""

    item: Item
    value: str
    source: str
    result: Result


class Check(StrEnum):
    """What must be so by itself before anything is joined (E5, and what the accounts' history asks for)."""

    LEFT = "leaving date received and passed"
    RELEASED = "old account inactive"
    ARRIVED = "new account active and from a run"
    CODE_UNIQUE = "staff code unique"
    NO_OTHER_CASE = "no other open case"
    OLDER = "old account is the earlier one"
    FREE = "both accounts can be joined"


def evidence(given: Iterable[Given], recorded: frozenset[Item], held: Held) -> tuple[Evidence, ...]:
    """The table of E5: every item once, in its order. ``recorded``: items that an agent checked by other means."""
    by_item = {one.item: one for one in given}
    rows = []
    for item in (*OF_HEAD, *OF_STAFF):
        one = by_item.get(item, Given(item, "", ""))
        rows.append(Evidence(item, one.value, one.source, _result(one, held, item in recorded & RECORDABLE)))
    return tuple(rows)


def checks(held: Held, *, on: date) -> tuple[tuple[Check, bool], ...]:
    """The automatic checks, in the order in which they are shown."""
    kept, retiring, previous = held.kept, held.retiring, held.previous
    arrived = retiring is not None and held.new is not None and retiring.active and held.new.dfes in retiring.words
    return (
        (Check.LEFT, has_left(held, on=on)),
        (Check.RELEASED, kept is not None and not kept.active and not kept.posts),
        (Check.ARRIVED, arrived),
        (Check.CODE_UNIQUE, retiring is not None and retiring.is_code_unique),
        (Check.NO_OTHER_CASE, not held.has_other_case),
        (Check.OLDER, kept is not None and retiring is not None and previous is not None
         and previous.dfes in kept.schools and kept.created <= retiring.created),
        (Check.FREE, kept is not None and retiring is not None and _can_join(kept, retiring)),
    )  # fmt: skip


def has_left(held: Held, *, on: date) -> bool:
    """Whether the previous school's word has a leaving date that has passed, or the school let the person go (R23)."""
    if held.kept is None or held.previous is None:
        return False
    left = [day for school, day in held.kept.left if school == held.previous.dfes]
    if left:  # a departure that the school confirmed has no date (R32), but has ended the post
        return all(day is not None and day < on for day in left) or (
            None in left and held.previous.dfes not in held.kept.posts and not held.kept.active
        )
    return held.previous.dfes in held.kept.schools and held.previous.dfes not in held.kept.posts


def is_right(table: Iterable[Evidence], made: Iterable[tuple[Check, bool]]) -> bool:
    """Whether every item agrees or was recorded, and every check holds."""
    return all(row.result in (Result.AGREES, Result.RECORDED) for row in table) and all(holds for _, holds in made)


def surnames_differ(held: Held) -> bool:
    """Whether the two accounts bear different surnames."""
    if held.kept is None or held.retiring is None:
        return True
    return folded(held.kept.surname) != folded(held.retiring.surname)


def _can_join(kept: AccountSeen, retiring: AccountSeen) -> bool:
    """Two staff accounts that stand for themselves, and no school that has a word of both: there it would be one person
    twice, and the school says which."""
    apart = kept.id != retiring.id and kept.kind == retiring.kind == "staff" and not kept.words & retiring.words
    return apart and not (kept.is_retired or retiring.is_retired or retiring.has_joined or kept.is_barred)


def _result(one: Given, held: Held, recorded: bool) -> Result:
    if not one.value.strip():
        return Result.NOT_RECEIVED
    found = _values(one.item, held)
    if one.value.strip() and any(_alike(one.item, one.value, value) for value in found):
        return Result.AGREES
    if recorded:
        return Result.RECORDED
    return Result.DIFFERS if any(found) else Result.NOT_RECEIVED


def _values(item: Item, held: Held) -> tuple[str, ...]:
    """What the system holds of an item; several are all right, and none means that nothing was received."""
    previous, new, kept, retiring = held.previous, held.new, held.kept, held.retiring
    at, school = previous.dfes if previous else "", new.dfes if new else ""
    if item in (Item.LEAVING_CONFIRMED, Item.FORMER_NAME, Item.PREVIOUS_USERNAME):
        if kept is None or at not in kept.schools:
            return ()
        left = tuple(str(day) for place, day in kept.left if place == at and day)
        return {
            Item.LEAVING_CONFIRMED: left, Item.FORMER_NAME: tuple(sorted(kept.names)),
            Item.PREVIOUS_USERNAME: tuple(sorted(kept.usernames)),
        }[item]  # fmt: skip
    if item in (Item.NEW_USERNAME, Item.STAFF_CODE, Item.EMPLOYEE_NUMBER):
        if retiring is None:
            return ()
        return {
            Item.NEW_USERNAME: tuple(sorted(retiring.usernames)),
            Item.STAFF_CODE: tuple(code for place, code in retiring.codes if place == school),
            Item.EMPLOYEE_NUMBER: tuple(number for place, number in retiring.numbers if place == school and number),
        }[item]  # fmt: skip
    named = previous if item in (Item.PREVIOUS_SCHOOL, Item.PREVIOUS_NUMBER) else new
    if named is None:
        return ()
    return (named.dfes,) if item in (Item.PREVIOUS_NUMBER, Item.NEW_NUMBER) else (named.name_en, named.name_cy)


def _alike(item: Item, said: str, value: str) -> bool:
    if not value:
        return False
    if item is Item.LEAVING_CONFIRMED:  # confirmed by a tick; the date is the MIS's
        return True
    if item in (Item.PREVIOUS_NUMBER, Item.NEW_NUMBER):
        return parse_dfes_number(said) == value
    if item in (Item.PREVIOUS_USERNAME, Item.NEW_USERNAME):
        return said.strip().casefold().partition("@")[0] == value
    if item in (Item.STAFF_CODE, Item.EMPLOYEE_NUMBER):
        return said.strip().casefold() == value.strip().casefold()
    return folded(said) == folded(value)
