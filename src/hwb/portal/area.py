"""C1: schools by last run. Which schools need me today?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import cast

from django.http import HttpResponse
from django.urls import path

from hwb import clock
from hwb.directory.queries import area as rows
from hwb.directory.queries import attempts
from hwb.directory.queries.area import AGES, AreaSchool
from hwb.lifecycle.attempts import is_alarming
from hwb.operations import settings as nation_settings
from hwb.portal import run_words
from hwb.portal.places import address
from hwb.web.downloads import csv_response
from hwb.web.frame import name_in_language, show
from hwb.web.lists import Filter, FilterBox, Listing, titled
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, Scope, may
from hwb.web.status import WORDS
from hwb.web.words import N_, Text, day, moment, ngettext, relative, say, time_of_day

COLUMNS = {
    "school": N_("School"), "number": N_("School number"), "phase": N_("Phase"), "mis": N_("MIS"),
    "last_run": N_("Last Run"), "attempt": N_("Last attempt and reason"), "refused": N_("Refused"), "held": N_("Held"),
    "others": N_("Others waiting"), "version": N_("Client version"),
}  # fmt: skip
_DOWNLOADED = {**COLUMNS, "freshness": N_("Freshness"), "reason": N_("Reason")}
PHASES = {
    "nursery": N_("Nursery"), "primary": N_("Primary"), "middle": N_("Middle"), "secondary": N_("Secondary"),
    "all-through": N_("All-through"), "special": N_("Special"), "pru": N_("Pupil referral unit"),
}  # fmt: skip
AGE_NAMES = {
    "today": N_("Today"), "yesterday": N_("Yesterday"), "week": N_("2 to 7 days ago"), "month": N_("8 to 30 days ago"),
    "older": N_("More than 30 days ago"), "never": N_("Never"),
}  # fmt: skip
RESULTS = {
    "completed": N_("Completed"), "refusals": N_("Completed with refusals"), "held": N_("Held for review"),
    "failed": N_("Failed"), "received": N_("In progress"), "none": N_("Never run"),
}  # fmt: skip
#: What keeps a school's data from being up to date, beside the codes of failures.
REASONS = {
    "held": N_("A run is held until the school confirms it."), "received": N_("A run is being worked on."),
    "no client": N_("No client sends for this school yet."), "silent": N_("The client has not been heard from."),
    "idle": N_("The client is heard from, and has not run."),
}  # fmt: skip
_FILTERS = ("freshness", "age", "result", "reason", "phase", "mis", "version")
_SORTS = ("urgency", "school", "number", "last_run", "refused", "others")
_BAR = 200


@dataclass(frozen=True, slots=True)
class SchoolRow:
    """A school as the table shows it; `reason` says why its data is not up to date."""

    facts: AreaSchool
    name: str
    language: str
    phase: str
    mis: str
    last_run: Text | None
    attempt: Text | None
    reason: Text | None


@dataclass(frozen=True, slots=True)
class Bar:
    """Schools whose Last Run is of one age: P2."""

    text: str
    number: int
    width: int
    address: str


@page(Action.SEE_AREA)
def area(request: PageRequest) -> HttpResponse:
    found, today = _found(request), clock.today()
    listing = Listing.of(request, filters=_FILTERS, sorts=_SORTS)
    chosen = _chosen(found, listing, today)
    paging = listing.paging(len(chosen))
    fresh = Counter(each.status.freshness for each in found)
    return show(
        request, "portal/area.html", title=titled(Text(N_("Schools")), len(found)), section="area",
        headline=_headline(found, fresh),
        figures=[
            (fresh["up to date"], N_("Up to date"), listing.address(freshness="up to date")),
            (fresh["getting old"], N_("Getting old"), listing.address(freshness="getting old")),
            (fresh["overdue"] + fresh["never run"], N_("Overdue or never run"), listing.address(freshness="late")),
        ],
        rows=[row_of(each, today) for each in chosen[paging.offset : paging.last]], columns=COLUMNS, listing=listing,
        paging=paging, box=_box(listing, found), bars=_bars(found, listing, today), total=len(found),
        guessing=_guessing() if may(request.person, Action.CHANGE_NATION) else (),
        shown=len(chosen), download=address("area-download", query={k: v for k, v in listing.filters.items() if v}),
    )  # fmt: skip


@page(Action.SEE_AREA)
def download(request: PageRequest) -> HttpResponse:
    """What the filters leave, in the list's own order."""
    found, today = _found(request), clock.today()
    chosen = _chosen(found, Listing.of(request, filters=_FILTERS, sorts=_SORTS), today)
    return cast("HttpResponse", csv_response("schools", list(_DOWNLOADED.values()), _cells(chosen, today)))


def _found(request: PageRequest) -> list[AreaSchool]:
    now = clock.now()
    return rows.schools(
        schools=request.access.schools, areas=request.access.areas, on=clock.calendar_date(now), now=now,
        limits=nation_settings.school_limits(), everywhere=request.access.scope is Scope.NATION,
    )  # fmt: skip


def _chosen(found: Sequence[AreaSchool], listing: Listing, today: date) -> list[AreaSchool]:
    asked, at = listing.filters, datetime.now(UTC)
    chosen = [
        each
        for each in found
        if asked["freshness"] in ("", each.status.freshness)
        or (asked["freshness"] == "late" and each.status.freshness in ("overdue", "never run"))
    ]
    chosen = [
        each
        for each in chosen
        if asked["age"] in ("", each.age(today)) and asked["result"] in ("", each.result)
        and asked["phase"] in ("", each.phase) and asked["mis"] in ("", each.mis)
        and asked["version"] in ("", each.version) and asked["reason"] in ("", each.reason(at))
    ]  # fmt: skip
    keys = {
        "school": lambda each: _name(each)[0].casefold(), "number": lambda each: each.status.school,
        "last_run": lambda each: each.status.last_run.at.timestamp() if each.status.last_run else 0.0,
        "refused": lambda each: each.refused, "others": lambda each: each.status.waits_caused,
    }  # fmt: skip
    if listing.sort in keys:
        chosen.sort(key=keys[listing.sort], reverse=listing.descending)
    return chosen


def _name(each: AreaSchool) -> tuple[str, str]:
    name, language = name_in_language(each.status.name_en, each.status.name_cy)
    return name or each.status.school, language


def _guessing() -> tuple[Text, ...]:
    """What an operator is told when passwords are being guessed; nothing else of it is known to anybody."""
    at = datetime.now(UTC)
    seen = attempts.guessing(at=at)
    found = []
    if seen.addresses:
        found.append(
            ngettext("{count} internet address tried many names with wrong passwords.",
                     "{count} internet addresses tried many names with wrong passwords.", seen.addresses)
        )  # fmt: skip
    if seen.passwords:
        found.append(
            ngettext("{count} wrong password was tried with many names.",
                     "{count} wrong passwords were each tried with many names.", seen.passwords)
        )  # fmt: skip
    if found and seen.last is not None:
        found.append(Text(N_("In the last 24 hours; the last time: {time}."), {"time": moment(seen.last)}))
    if is_alarming(failed=seen.failed, week_before=seen.before):
        found.append(
            Text(N_("Wrong passwords this hour: {failed}. In the same hour a week before: {before}."),
                 {"failed": seen.failed, "before": seen.before})
        )  # fmt: skip
    return tuple(found)


def _headline(found: Sequence[AreaSchool], fresh: Counter[str]) -> tuple[Text, ...]:
    """How many are up to date, and who blocks others."""
    blocking = [each for each in found if each.status.waits_caused]
    sentences = [
        Text(
            N_("Schools up to date: {fresh} of {total}. Getting old: {old}. Overdue: {overdue}. Never run: {never}."),
            {
                "fresh": fresh["up to date"],
                "total": len(found),
                "old": fresh["getting old"],
                "overdue": fresh["overdue"],
                "never": fresh["never run"],
            },
        )
    ]
    if blocking:
        sentences.append(
            ngettext("{count} school keeps other schools waiting.", "{count} schools keep other schools waiting.",
                     len(blocking))
        )  # fmt: skip
    return tuple(sentences)


def row_of(each: AreaSchool, today: date) -> SchoolRow:
    """The school in the reader's language."""
    name, language = _name(each)
    last = each.status.last_run
    return SchoolRow(
        each, name, language, _phase(each.phase), say(run_words.mis_name(each.mis)),
        Text(N_("{date} ({ago})"), {"date": day(last.at), "ago": relative(last.at, today=today)}) if last else None,
        _attempt(each), _reason(each),
    )  # fmt: skip


def _phase(phase: str) -> str:
    return say(PHASES[phase]) if phase in PHASES else say(N_("Not known"))


def _attempt(each: AreaSchool) -> Text | None:
    """The later attempt that was not successful; nothing when the last attempt is the Last Run."""
    if each.told is not None:
        return _dated("failed", each.told.at)
    attempt = each.status.last_attempt
    return None if attempt is None else _dated(attempt.state, attempt.at)


def _reason(each: AreaSchool) -> Text | None:
    """Why the school's data is not up to date."""
    why = each.reason(datetime.now(UTC))
    if why == "silent" and each.last_contact is not None:
        since = moment(clock.rehearsed(each.last_contact))
        return Text(N_("The client has not been heard from since {date}."), {"date": since})
    return _why(why) if why else None


def _why(reason: str) -> Text:
    return Text(REASONS[reason]) if reason in REASONS else run_words.reason(reason)


def _dated(state: str, at: datetime) -> Text:
    return Text(
        N_("{state}, {date}, {time}"),
        {"state": say(WORDS["run"][state][0], domain="web"), "date": day(at), "time": time_of_day(at)},
    )


def _bars(found: Sequence[AreaSchool], listing: Listing, today: date) -> list[Bar]:
    ages = Counter(each.age(today) for each in found)
    most = max(ages.values(), default=0) or 1
    return [
        Bar(
            AGE_NAMES[age], ages[age], max(1, round(_BAR * ages[age] / most)) if ages[age] else 0,
            listing.address(age=age),
        )
        for age in AGES
    ]  # fmt: skip


def _box(listing: Listing, found: Sequence[AreaSchool]) -> FilterBox:
    freshness = [(state, say(WORDS["freshness"][state][0], domain="web")) for state in WORDS["freshness"]]
    phases = sorted({each.phase for each in found if each.phase in PHASES}, key=list(PHASES).index)
    kinds = sorted({each.mis for each in found if each.mis})
    versions = sorted({each.version for each in found if each.version}, reverse=True)
    at = datetime.now(UTC)
    reasons = sorted((say(_why(why)), why) for why in {each.reason(at) for each in found} if why)
    return FilterBox(listing, (
        Filter("freshness", N_("Freshness"), [*freshness, ("late", say(N_("Overdue or never run")))]),
        Filter("age", N_("Last Run"), [(age, say(text)) for age, text in AGE_NAMES.items()]),
        Filter("result", N_("Last result"), [(key, say(text)) for key, text in RESULTS.items()]),
        *((Filter("reason", N_("Reason"), [(why, text) for text, why in reasons]),) if reasons else ()),
        Filter("phase", N_("Phase"), [(phase, say(PHASES[phase])) for phase in phases]),
        *((Filter("version", N_("Client version"), [(each, each) for each in versions]),) if versions else ()),
        Filter("mis", N_("MIS"), [(kind, say(run_words.mis_name(kind))) for kind in kinds]),
    ))  # fmt: skip


def _cells(found: Sequence[AreaSchool], today: date) -> Iterator[list[object]]:
    for each in found:
        row = row_of(each, today)
        last = each.status.last_run
        yield [
            row.name, each.status.school, row.phase, row.mis,
            last and last.at.astimezone(clock.LONDON).isoformat(timespec="minutes"),
            row.attempt and say(row.attempt), each.refused, int(each.status.held_run is not None),
            each.status.waits_caused, each.version, say(WORDS["freshness"][each.status.freshness][0], domain="web"),
            row.reason and say(row.reason),
        ]  # fmt: skip


urlpatterns = [
    path("area/", area, name="area"),
    path("area/schools.csv", download, name="area-download"),
]
