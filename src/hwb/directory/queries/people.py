# ruff: noqa: S608 - statements are put together from the constants of this file only
"""Learners of one school in its lists, classes and records (ux.md B7, B8, B9, B22)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from hwb import names
from hwb.directory.queries import roll
from hwb.directory.queries.roll import View
from hwb.directory.queries.rows import fetch
from hwb.extract.texts import Language, Text
from hwb.lifecycle import explain, reasons
from hwb.lifecycle.calendar import YEAR_GROUPS, year_position

Sort = Literal["name", "username", "year", "class", "state", "arrived"]
PAGE_SIZE = 50
MOST_SIMILAR = 10


@dataclass(frozen=True, slots=True)
class LearnerRow:
    """One learner. `here`: on roll, as a `guest` (R7) or not. `moved_on`: known to a later school; then name, UPN, year
    and class are the school's last word, and username, reason and state are empty and inactive. `short`: the reason in
    a few words, where a list says one.
    """

    account: UUID
    surname: str
    forename: str
    username: str
    upn: str
    year_group: str
    registration_group: str
    classes: tuple[str, ...]
    active: bool
    reason_rule: str
    reason: str
    short: Text | None
    here: bool
    guest: bool
    moved_on: bool
    arrived: date
    left_on: date | None


@dataclass(frozen=True, slots=True)
class GroupCount:
    """How many learners of a view are in a year group, or in one registration group of it."""

    year_group: str
    registration_group: str
    learners: int


@dataclass(frozen=True, slots=True)
class LetterStart:
    """A letter of the index and the page on which its first name stands."""

    letter: str
    page: int


@dataclass(frozen=True, slots=True)
class LearnerPage:
    """One page of a list. `total` counts what the filters leave; `by_year`, `by_class`, `on_roll` and `leavers` count
    without filters. `letters` is empty unless the list is sorted by name.
    """

    total: int
    page: int
    pages: int
    rows: tuple[LearnerRow, ...]
    by_year: tuple[GroupCount, ...]
    by_class: tuple[GroupCount, ...]
    on_roll: int
    leavers: int
    letters: tuple[LetterStart, ...]


@dataclass(frozen=True, slots=True)
class ClassCount:
    """A registration group or teaching class: its learners on roll, and how many of their accounts are active."""

    name: str
    year_groups: tuple[str, ...]
    learners: int
    active: int


@dataclass(frozen=True, slots=True)
class Stay:
    """A time at a school, for the picture of spells; `ended` is None while it lasts."""

    school: str
    name_en: str
    name_cy: str
    role: str
    began: date
    ended: date | None


@dataclass(frozen=True, slots=True)
class LearnerRecord:
    """One learner's page. Dates are those of the school's word. `stays`: this school's and, unless the learner moved
    on, those before and beside; never a later one.
    """

    row: LearnerRow
    legal_surname: str
    legal_forename: str
    email: str
    start_date: date | None
    leaving_date: date | None
    missing_since: date | None
    created_at: datetime
    stays: tuple[Stay, ...]


def learners(
    *,
    school: str,
    language: Language,
    view: View = "on roll",
    year: str | None = None,
    class_: str | None = None,
    active: bool | None = None,
    arrived_since: date | None = None,
    search: str = "",
    own: Collection[str] | None = None,
    among: Collection[UUID] | None = None,
    sort: Sort = "name",
    descending: bool = False,
    page: int = 1,
    size: int | None = PAGE_SIZE,
) -> LearnerPage:
    """One page of the school's learners and the figures above it; a page beyond the last is empty.

    search: beginnings of parts of names or of the username, or a whole UPN. own: a teacher's classes, and then nobody
    else is seen or counted. among: only these accounts. size: None for all. Raises KeyError for an unknown `sort`.
    """
    key = f"sort_{language}"
    order = ", ".join(f"{by} {'DESC' if descending else 'ASC'}" for by in (*_SORTS[sort], key, "account"))
    parameters = roll.base(
        school=school, which=view, own=own, year=year, active=active, since=arrived_since, size=size,
        among=None if among is None else list(among), skip=(page - 1) * (size or 0), years=list(YEAR_GROUPS),
        **{"class": class_}, **roll.searched(search),
    )  # fmt: skip
    found = fetch(roll.statement(view, _PAGE.format(order=order, key=key)), parameters)
    figures = found[0]
    counted = sorted(figures["counted"] or (), key=_by_year)
    by_year: dict[str, int] = {}
    for row in counted:
        by_year[row["year_group"]] = by_year.get(row["year_group"], 0) + row["learners"]
    total = figures["total"]
    if own is not None:
        figures["on_roll"], figures["leavers"] = sum(by_year.values()), 0
    return LearnerPage(
        total, page, max(1, -(-total // size)) if size else 1,
        tuple(learner_row(row, language) for row in found if row["account"] is not None),
        tuple(GroupCount(name, "", number) for name, number in by_year.items()),
        tuple(GroupCount(**row) for row in counted if row["registration_group"]),
        figures["on_roll"], figures["leavers"],
        _letters(figures["letters"] or {}, size, language) if sort == "name" and not descending else (),
    )  # fmt: skip


def learner(*, account: UUID, school: str, language: Language) -> LearnerRecord | None:
    """One learner as this school sees them; None for an account that never was its learner's."""
    found: list[dict[str, Any]] = []
    for which in ("one on roll", "one"):
        if not found:  # whether somebody moved on takes more statements
            asked = roll.base(school=school, which=which, account=account)
            found = fetch(roll.statement(which, "SELECT * FROM people"), asked)
    if not found:
        return None
    row = found[0]
    until = row["left_on"] if row["moved_on"] else None
    own = {name: row[name] for name in LearnerRecord.__slots__ if name not in ("row", "stays")}
    return LearnerRecord(row=learner_row(row, language), stays=stays_of(account, school=school, until=until), **own)


def stays_of(account: UUID, *, school: str, until: date | None) -> tuple[Stay, ...]:
    """Times at schools in their order: all, or with `until` those at this school and those elsewhere over by then."""
    found = fetch(_STAYS, {"account": account, "school": school, "until": until})
    return tuple(Stay(**stay) for stay in found)


def chosen(
    *, school: str, accounts: Collection[UUID], language: Language, own: Collection[str] | None = None
) -> tuple[LearnerRow, ...]:
    """Those of the accounts that are on roll, by year group, registration group and name."""
    by = f"{_YEAR}, registration_group, sort_{language}, account"
    query = f"SELECT * FROM people WHERE account = ANY(%(accounts)s::uuid[]) ORDER BY {by}"
    parameters = roll.base(school=school, which="on roll", own=own, accounts=list(accounts), years=list(YEAR_GROUPS))
    return tuple(learner_row(row, language) for row in fetch(roll.statement("on roll", query), parameters))


def class_(*, school: str, name: str, language: Language) -> tuple[LearnerRow, ...]:
    """Everybody on roll in a registration group or teaching class, by name."""
    query = f"SELECT * FROM people WHERE {_IN_CLASS} ORDER BY sort_{language}, account"
    found = fetch(roll.statement("on roll", query), roll.base(school=school, which="on roll", **{"class": name}))
    return tuple(learner_row(row, language) for row in found)


def classes(*, school: str, only: tuple[str, ...] | None = None) -> tuple[ClassCount, ...]:
    """The school's registration groups and teaching classes with learners on roll, or of these those that `only` names.

    In the order of their youngest year group and their name.
    """
    parameters = roll.base(school=school, which="on roll", only=None if only is None else list(only))
    found = [
        ClassCount(
            row["name"], tuple(sorted(row["year_groups"], key=_year_order)), row["learners"], row["active"]
        )
        for row in fetch(roll.statement("on roll", _CLASSES), parameters)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda each: (_year_order(each.year_groups[0]), each.name)))


def similar(
    *, school: str, search: str, language: Language, view: View = "on roll", own: Collection[str] | None = None
) -> tuple[LearnerRow, ...]:
    """Up to ten learners of this school whose names sound like what was typed and whom a search does not find."""
    parameters = roll.base(school=school, which=view, own=own, most=MOST_SIMILAR, **roll.searched(search))
    if parameters["terms"] is None:
        return ()
    found = fetch(roll.statement(view, _SIMILAR.format(key=f"sort_{language}")), parameters)
    return tuple(learner_row(row, language) for row in found)


def learner_row(row: dict[str, Any], language: Language) -> LearnerRow:
    """A row of `people` (queries.roll) as it is shown in a language."""
    code = row["reason_code"]
    reason = reasons.sentence(code, _in_words(row["reason_values"] or {}, language), language=language) if code else ""
    short = explain.short_reason(
        active=row["active"], code=code, values=row["reason_values"] or {}, here=not row["moved_on"]
    )
    own = {name: row[name] for name in LearnerRow.__slots__ if name not in ("reason", "short", "classes")}
    return LearnerRow(**own, reason=reason, short=short, classes=tuple(row["classes"]))


def _in_words(values: Mapping[str, str], language: Language) -> dict[str, str]:
    """A reason's values with its date as the language writes dates."""
    said = dict(values)
    with suppress(ValueError):
        said["date"] = explain.day(date.fromisoformat(said.get("date", ""))).said(language)
    return said


def _letters(starts: dict[str, int], size: int | None, language: Language) -> tuple[LetterStart, ...]:
    """`starts`: beginnings of sort keys and the place in the list of the first name that has it."""
    first: dict[str, int] = {}
    for beginning, place in starts.items():
        letter = names.letter_of_key(beginning)
        first[letter] = min(place, first.get(letter, place))
    pages = {letter: (place - 1) // size + 1 if size else 1 for letter, place in first.items()}
    return tuple(LetterStart(each, pages[each]) for each in (*names.ALPHABETS[language], names.OTHER) if each in pages)


def _year_order(year_group: str) -> int:
    position = year_position(year_group)
    return len(YEAR_GROUPS) if position is None else position


def _by_year(row: dict[str, Any]) -> tuple[int, str, str]:
    return _year_order(row["year_group"]), row["year_group"], row["registration_group"]


_YEAR = "coalesce(array_position(%(years)s::text[], year_group), 99)"
_SORTS: dict[Sort, tuple[str, ...]] = {
    "name": (), "username": ("username",), "year": (_YEAR,), "class": (_YEAR, "registration_group"),
    "state": ("active",), "arrived": ("arrived",),
}  # fmt: skip
_IN_CLASS = "(registration_group = %(class)s OR %(class)s = ANY(classes))"
_PAGE = f""",
found AS (
    SELECT *, row_number() OVER (ORDER BY {{order}}) AS place FROM people
    WHERE (%(year)s::text IS NULL OR year_group = %(year)s)
      AND (%(class)s::text IS NULL OR {_IN_CLASS})
      AND (%(active)s::bool IS NULL OR active = %(active)s)
      AND (%(since)s::date IS NULL OR arrived >= %(since)s)
      AND (%(among)s::uuid[] IS NULL OR account = ANY(%(among)s::uuid[]))
      AND (%(terms)s::text[] IS NULL OR search_key LIKE ALL(%(terms)s::text[]) OR upn = %(upn)s
           OR starts_with(username, %(username)s))
)
SELECT t.*, f.* FROM (
    SELECT count(*) AS total,
        (SELECT jsonb_object_agg(l.start, l.place) FROM (
            SELECT left({{key}}, 2) AS start, min(place) AS place FROM found GROUP BY 1) l) AS letters,
        (SELECT jsonb_agg(to_jsonb(g)) FROM (
            SELECT year_group, registration_group, count(*) AS learners FROM people GROUP BY 1, 2) g) AS counted,
        (SELECT count(*) FROM mine WHERE here) AS on_roll, (SELECT count(*) FROM mine WHERE NOT here) AS leavers
    FROM found
) t LEFT JOIN (SELECT * FROM found ORDER BY place LIMIT %(size)s OFFSET %(skip)s) f ON true
ORDER BY f.place
"""
_CLASSES = """
SELECT name, array_agg(DISTINCT year_group) AS year_groups, count(*) AS learners,
       count(*) FILTER (WHERE active) AS active
FROM (SELECT DISTINCT p.account, p.year_group, p.active, c.name
      FROM people p, unnest(array_append(p.classes, p.registration_group)) AS c(name)) member
WHERE name <> '' AND (%(only)s::text[] IS NULL OR name = ANY(%(only)s)) GROUP BY name
"""
_SIMILAR = """
SELECT * FROM people
WHERE NOT (search_key LIKE ALL(%(terms)s::text[]) OR upn = %(upn)s
           OR coalesce(starts_with(username, %(username)s), false))
  AND NOT EXISTS (
      SELECT FROM unnest(%(terms)s::text[], %(near)s::text[]) AS t(term, near)
      WHERE NOT (search_key LIKE t.term OR near_key || ' ' LIKE t.near))
ORDER BY {key}, account LIMIT %(most)s
"""
_STAYS = """
SELECT p.school, coalesce(e.name_en, '') AS name_en, coalesce(e.name_cy, '') AS name_cy, p.role, p.began, p.ended
FROM placement p LEFT JOIN establishment e ON e.dfes = p.school
WHERE p.account = %(account)s
  AND (p.school = %(school)s OR %(until)s::date IS NULL OR p.ended <= %(until)s AND p.began < %(until)s)
ORDER BY p.began, p.id
"""
