"""B4: who is affected by a run, and how, before and after; for a held or previewed one, what it would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path

from hwb import clock
from hwb.directory.queries import people, provisioning, run_changes
from hwb.directory.queries.provisioning import RunLine
from hwb.directory.queries.run_changes import GROUPS, ChangeRow, Line
from hwb.lifecycle import reasons
from hwb.lifecycle.calendar import YEAR_GROUPS
from hwb.names import search_key, search_terms
from hwb.portal.naming import year_name
from hwb.portal.places import address
from hwb.web import searches, words
from hwb.web.downloads import csv_response
from hwb.web.frame import show
from hwb.web.language import is_switch
from hwb.web.lists import Filter, FilterBox, Listing, Paging
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, Scope, decide
from hwb.web.words import N_, Text, say

#: Group → its heading, and what it means.
TITLES = {
    "new": (N_("New accounts"), N_("They were on roll here and had no account yet.")),
    "claimed": (N_("Claimed from another school"), N_("The account came here from the school before, as it was.")),
    "moved": (N_("Moved year or class"), N_("The MIS names another year group or class.")),
    "details": (N_("Other details changed"), N_("The MIS names another name, date of birth, UPN or post.")),
    "released": (N_("Released"), N_("The leaving date has passed, or the school let the person go.")),
    "reactivated": (N_("Reactivated"), N_("They are back, and the account is active again.")),
    "missing": (N_("Missing without a leaving date"), N_("They are not in the data. The accounts stay as they are.")),
    "waiting": (N_("Waiting"), N_("They are on roll here, and the account is not here yet.")),
    "other": (N_("Other changes"), N_("Guest enrolments, people found again, decisions that ended.")),
}
FIELDS = {
    "year_group": N_("Year group"), "registration_group": N_("Class"), "classes": N_("Teaching classes"),
    "legal_surname": N_("Legal surname"), "legal_forename": N_("Legal forename"),
    "preferred_surname": N_("Preferred surname"), "preferred_forename": N_("Preferred forename"),
    "birth_date": N_("Date of birth"), "upn": N_("UPN"), "staff_code": N_("Staff code"),
    "employee_number": N_("Employee number"), "role": N_("Post"),
}  # fmt: skip
#: In these groups fields are told before and after; elsewhere the note says it all.
_COMPARED = frozenset({"moved", "details"})
_FIRST = 10
_LEAST_OF_UPN = 4  # characters; as many as the page shows
_AT_ONCE = 1000
_FILTERS = ("who", "year", "class", "field")
_WHO = {"learner": N_("Learners"), "staff": N_("Staff")}
_OLD_PREVIEW = timedelta(hours=48)
#: States whose plan is kept, and those whose changes stand in the log.
_PLANNED, _LOGGED = ("held", "previewed"), ("applied", "applied with refusals", "no change", "undone")


@dataclass(frozen=True, slots=True)
class Difference:
    """A field before and after."""

    field: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Row:
    """One person's change as it is shown."""

    name: str
    address: str
    upn: str
    place: str
    differences: tuple[Difference, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Group:
    """One kind of change: how many, and the first or the asked part of them; no rows for who sees figures only."""

    key: str
    title: str
    meaning: str
    count: int
    rows: tuple[Row, ...]
    all_address: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a run's changes are read: its lines, and their details by number. `kept` is False when they are gone."""

    kept: bool
    lines: tuple[Line, ...]
    read: Callable[[Sequence[int]], Mapping[int, ChangeRow]]


@page(Action.SEE_RUNS, methods="GET POST")
def changes(request: PageRequest, dfes: str, run: UUID) -> HttpResponse:
    """The changes, as they are filtered. A text is searched by POST and goes on under an id."""
    found = provisioning.run(run, school=dfes)
    if found is None:
        raise Http404
    listing = Listing.of(request, filters=("group", *_FILTERS, "search"), sorts=("order",))
    asked, names = listing.filters["group"], sees_names(request, dfes)
    if names and request.method == "POST" and not is_switch(request):
        kept = searches.keep(request, request.POST.get("search", ""))
        return HttpResponseRedirect(listing.address(search=kept, page=1))
    search = searches.text_of(request, listing.filters["search"])
    source = source_of(found.line)
    box = None
    if names:
        source, box = _narrowed(source, listing, search), _box(listing, source, dfes)
    counts = Counter(line.group for line in source.lines)
    paging = listing.paging(counts[asked]) if asked in TITLES else None
    groups = _groups(source, counts, dfes, listing, asked=asked if paging else "", paging=paging, names=names)
    return show(
        request, "portal/run_changes.html", title=_title(found.line), section="provisioning", groups=groups,
        shown=[each for each in groups if asked not in TITLES or each.key == asked], paging=paging, names=names,
        kept=source.kept, run=found.line, dfes=dfes, everything=listing.address(group=""), asked=asked in TITLES,
        box=box, search=search, without_search=listing.address(search="", page=1),
        back=address("run-detail", dfes=dfes, run=run), old=_is_old(found.line, clock.now()),
        download=address("run-changes-download", dfes=dfes, run=run),
    )  # fmt: skip


@page(Action.SEE_RUNS)
def download(request: PageRequest, dfes: str, run: UUID) -> HttpResponse:
    """Every change with names for the school's own people; for others one line a group with its number."""
    found = provisioning.run(run, school=dfes)
    if found is None:
        raise Http404
    source = source_of(found.line)
    if not sees_names(request, dfes):
        counts = Counter(line.group for line in source.lines)
        cells: Any = ([say(TITLES[key][0]), counts[key]] for key in GROUPS)
        return cast("HttpResponse", csv_response(f"changes-{run}", [N_("Kind of change"), N_("People")], cells))
    headings = (
        N_("Kind of change"), N_("Surname"), N_("Forename"), N_("UPN"), N_("Year group"), N_("Class"), N_("Was"),
        N_("Now"), N_("Note"), N_("Rule"),
    )  # fmt: skip
    return cast("HttpResponse", csv_response(f"changes-{run}", headings, _cells(source)))


def sees_names(request: PageRequest, dfes: str) -> bool:
    """Names are the school's own people's to see; managers of several schools see figures."""
    access = decide(request.person, Action.SEE_LEARNERS, school=dfes)
    return access is not None and access.scope is Scope.SCHOOL


def source_of(line: RunLine) -> Source:
    """The log of a run that was applied, the plan of one that was not."""
    if line.preview or line.state in _PLANNED:
        plan = run_changes.plan_of(line.run, school=line.school)
        if plan is None:
            return Source(False, (), lambda _: {})
        groups = {each.number: each.group for each in plan.lines}
        return Source(True, plan.lines, lambda numbers: plan.rows_of(numbers, groups=groups))
    if line.state not in _LOGGED:
        return Source(False, (), lambda _: {})
    found = run_changes.lines(line.run, school=line.school, finished_at=line.finished_at)
    groups = {each.number: each.group for each in found}
    return Source(True, found, lambda numbers: run_changes.rows_of(numbers, school=line.school, groups=groups))


def _narrowed(source: Source, listing: Listing, search: str) -> Source:
    """The lines that fit the filters on people and fields, and the text; the group is a matter of the page."""
    asked = {name: listing.filters[name] for name in _FILTERS if listing.filters[name]}
    if not asked and not search:
        return source
    found: list[Line] = []
    for start in range(0, len(source.lines), _AT_ONCE):
        part = source.lines[start : start + _AT_ONCE]
        rows = source.read([line.number for line in part])
        found += [line for line in part if _fits(rows[line.number], asked) and _says(rows[line.number], search)]
    return replace(source, lines=tuple(found))


def _fits(row: ChangeRow, asked: Mapping[str, str]) -> bool:
    """A change of class fits the class before as well as the one after it."""
    for name, value in asked.items():
        if name == "who" and row.kind != value:
            return False
        if name == "field" and (row.group not in _COMPARED or row.before.get(value) == row.after.get(value)):
            return False
        if name in ("year", "class"):
            key = {"year": "year_group", "class": "registration_group"}[name]
            own = row.year_group if name == "year" else row.registration_group
            if value not in (own, row.before.get(key), row.after.get(key)):
                return False
    return True


def _says(row: ChangeRow, search: str) -> bool:
    """Whether each word of the text begins a part of the name, of the class, or of what was or is now; or the text is
    the UPN or its end."""
    text = "".join(search.split()).upper()
    if not text or (row.upn and len(text) >= _LEAST_OF_UPN and row.upn.endswith(text)):
        return True
    told = [part for each in differences_of(row) for part in (each.was, each.now)] if row.group in _COMPARED else []
    key = search_key(row.surname, row.forename, row.registration_group, *told, note_of(row))
    terms = search_terms(search)
    return bool(terms) and all(f" {term}" in key for term in terms)


def _box(listing: Listing, source: Source, dfes: str) -> FilterBox | None:
    """The filters; none where there is nothing to filter."""
    if not source.lines and not any(listing.filters.values()):
        return None
    classes = people.classes(school=dfes)
    years = sorted({year for each in classes for year in each.year_groups if year}, key=YEAR_GROUPS.index)
    return FilterBox(listing, (
        Filter("group", N_("Kind of change"), [(key, say(TITLES[key][0])) for key in GROUPS]),
        Filter("who", N_("Learners or staff"), [(key, say(text)) for key, text in _WHO.items()]),
        Filter("year", N_("Year group"), [(year, say(year_name(year))) for year in years]),
        Filter("class", N_("Class"), [(each.name, each.name) for each in classes]),
        Filter("field", N_("Field that changed"), [(key, say(text)) for key, text in FIELDS.items()]),
    ))  # fmt: skip


def _groups(
    source: Source, counts: Counter[str], dfes: str, listing: Listing, *, asked: str, paging: Paging | None, names: bool
) -> tuple[Group, ...]:
    wanted: dict[str, list[int]] = {}
    for key in GROUPS if names else ():
        numbers = [line.number for line in source.lines if line.group == key]
        if asked and paging:
            numbers = numbers[paging.offset : paging.last] if key == asked else []
        wanted[key] = numbers if asked else numbers[:_FIRST]
    rows = source.read([number for numbers in wanted.values() for number in numbers])
    return tuple(
        Group(
            key, *TITLES[key], counts[key], tuple(shown(rows[number], dfes) for number in wanted.get(key, ())),
            listing.address(group=key),
        )
        for key in GROUPS
    )  # fmt: skip


def shown(row: ChangeRow, dfes: str) -> Row:
    """A change in the reader's language."""
    name = ", ".join(filter(None, (row.surname, row.forename))) or say(N_("Name no longer kept"))
    route = "learner" if row.kind == "learner" else "staff-member"
    there = address(route, dfes=dfes, account=row.account) if row.account and row.on_lists else ""
    year = say(year_name(row.year_group)) if row.year_group else ""
    differences = tuple(differences_of(row)) if row.group in _COMPARED else ()
    return Row(
        name, there, row.upn[-4:], ", ".join(filter(None, (year, row.registration_group))), differences,
        "" if differences else note_of(row),
    )  # fmt: skip


def differences_of(row: ChangeRow) -> Iterator[Difference]:
    """The fields that differ, in the order of `FIELDS`."""
    for key, text in FIELDS.items():
        was, now = row.before.get(key), row.after.get(key)
        if was != now:
            yield Difference(text, _value(was), _value(now))


def note_of(row: ChangeRow) -> str:
    """The reason in words, with dates as the language writes them."""
    if row.reason not in reasons.SENTENCES:
        return ""
    values = {"date": "", "groups": "", "school": "", **row.values}
    return say(Text(reasons.SENTENCES[row.reason], {key: _value(value) for key, value in values.items()}))


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "–"
    text = "" if value is None else str(value)
    try:
        return words.day(date.fromisoformat(text)) if len(text) == 10 and text[4] == "-" else text or "–"
    except ValueError:
        return text


def _title(line: RunLine) -> Text:
    at = {"date": words.moment(line.received_at)}
    if line.preview:
        return Text(N_("Preview: what this run would change"))
    if line.state == "held":
        return Text(N_("What the run of {date} would change"), at)
    return Text(N_("Changes in the run of {date}"), at)


def _is_old(line: RunLine, now: datetime) -> bool:
    return line.preview and now - line.received_at > _OLD_PREVIEW


def _cells(source: Source) -> Iterator[list[object]]:
    every = source.lines
    for start in range(0, len(every), _AT_ONCE):
        part = every[start : start + _AT_ONCE]
        rows = source.read([line.number for line in part])
        for row in (rows[line.number] for line in part):
            told = tuple(differences_of(row)) if row.group in _COMPARED else ()
            yield [
                say(TITLES[row.group][0]), row.surname, row.forename, row.upn, row.year_group, row.registration_group,
                "; ".join(f"{say(each.field)}: {each.was}" for each in told),
                "; ".join(f"{say(each.field)}: {each.now}" for each in told),
                "" if told else note_of(row), row.rule,
            ]  # fmt: skip


urlpatterns = [
    path("school/<str:dfes>/runs/<uuid:run>/changes/", changes, name="run-changes"),
    path("school/<str:dfes>/runs/<uuid:run>/changes.csv", download, name="run-changes-download"),
]
