"""B1: a school's first page. Is our data up to date, is anything waiting, how many are we?"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import DatabaseError
from django.http import Http404, HttpResponse
from django.urls import path

from hwb import clock
from hwb.directory.queries import provisioning, school_home, schools
from hwb.directory.queries.provisioning import RunLine
from hwb.directory.queries.school_home import RollCount, Waiting
from hwb.directory.queries.schools import SchoolStatus
from hwb.lifecycle import expected
from hwb.operations import settings as nation_settings
from hwb.portal import run_words
from hwb.portal.naming import year_name
from hwb.portal.places import address
from hwb.web.frame import name_in_language, show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, may
from hwb.web.words import N_, Text, moment, ngettext

#: What a school's people look for, in the order in which they are likely to: what it says, its route, who may.
_WAYS = (
    (N_("Find my learner"), "find-learner", Action.FIND_LEARNER),
    (N_("Find a member of staff"), "find-staff", Action.SEE_STAFF),
    (N_("Records to put right"), "to-put-right", Action.SEE_REFUSALS),
    (N_("Arrivals and departures"), "arrivals", Action.SEE_ARRIVALS),
    (N_("Reset passwords"), "reset-passwords", Action.RESET_PASSWORD),
    (N_("People with access"), "people-with-access", Action.SEE_PEOPLE_WITH_ACCESS),
    (N_("School settings"), "school-settings", Action.SEE_SETTINGS),
    (N_("Activity in this school"), "activity", Action.SEE_ACTIVITY),
)
ARRIVED_WITHIN = timedelta(days=7)
_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that waits, and where it is dealt with; no address while that page is not the reader's."""

    text: Text
    address: str


@dataclass(frozen=True, slots=True)
class YearRow:
    """A year group's figures, and its list; of staff and of all, without a list when there is none."""

    name: Text
    count: RollCount
    address: str


@dataclass(frozen=True, slots=True)
class HomePage:
    """Block by block. `waiting` and `years` are None when their figures could not be loaded."""

    name: str
    name_language: str
    headline: tuple[Text, ...]
    new: bool
    last_run: datetime | None
    later: Text | None
    next_run: datetime | None
    last_years: Text | None
    waiting: tuple[Item, ...] | None
    years: tuple[YearRow, ...] | None
    total: RollCount | None
    staff: YearRow | None


@page(Action.SEE_SCHOOL)
def home(request: PageRequest, dfes: str) -> HttpResponse:
    now = clock.now()
    found = schools.statuses(on=clock.today(), now=now, schools=[dfes], limits=nation_settings.school_limits())
    if not found:
        raise Http404
    page_ = _home(request, found[0], now=now)
    return show(
        request, "portal/school_home.html", title=page_.name, page=page_, dfes=dfes,
        provisioning=address("provisioning", dfes=dfes), learners=address("learners", dfes=dfes),
        ways=[
            (text, address(route, dfes=dfes))
            for text, route, action in _WAYS
            if may(request.person, action, school=dfes)
        ],
        register=address("register-client") if may(request.person, Action.REGISTER_CLIENT, school=dfes) else "",
    )  # fmt: skip


def _home(request: PageRequest, status: SchoolStatus, *, now: datetime) -> HomePage:
    dfes = status.school
    last = provisioning.newest(school=dfes)
    tried = provisioning.attempts_after(school=dfes, last=last)
    held = next((run for run in tried if run.state == "held"), None)
    confirms = may(request.person, Action.CONFIRM_RUN, school=dfes)
    client = provisioning.client_of(dfes)
    later = run_words.later(last, tried, client.told)
    waiting = _loaded(lambda: school_home.waiting(school=dfes, since=clock.calendar_date(now - ARRIVED_WITHIN)))
    learners = _loaded(lambda: school_home.learners(school=dfes))
    staff = _loaded(lambda: school_home.staff(school=dfes))
    name, language = name_in_language(status.name_en, status.name_cy)
    return HomePage(
        name or dfes, language,
        run_words.headline(last, held, status.freshness, now=now, confirms=confirms),
        last is None and held is None,
        last.at if last else None,
        later[0].text if later else None,
        expected.next_run(client.schedule, after=now),
        _last_years(status, last),
        None if waiting is None else _items(status, last, held, waiting, confirms=confirms),
        None if learners is None else tuple(_year(dfes, count) for count in learners),
        None if learners is None else RollCount("", sum(y.people for y in learners), sum(y.active for y in learners)),
        None if staff is None else YearRow(Text(N_("Staff")), staff, address("staff", dfes=dfes)),
    )  # fmt: skip


def _loaded(load: Callable[[], _T]) -> _T | None:
    """The figures, or None when the database does not give them: the other blocks are shown all the same."""
    try:
        return load()
    except DatabaseError as error:
        _LOG.warning("a block could not be loaded: %s", type(error).__name__)
        return None


def _last_years(status: SchoolStatus, last: RunLine | None) -> Text | None:
    if not status.last_years_classes or last is None:
        return None
    return Text(
        N_("Class information is last year's. Your last run was on {date}, before the new academic year."),
        {"date": moment(last.at)},
    )


def _items(
    status: SchoolStatus, last: RunLine | None, held: RunLine | None, waiting: Waiting, *, confirms: bool
) -> tuple[Item, ...]:
    dfes, items = status.school, []
    if held is not None:
        text = N_("A run is waiting for you to confirm it") if confirms else N_("A run is waiting for confirmation")
        route = "held-run" if confirms else "run-detail"
        items.append(Item(Text(text), address(route, dfes=dfes, run=held.run)))
    refused = last.both("refused") if last else 0
    if refused:
        text_ = ngettext("{count} record to put right", "{count} records to put right", refused)
        items.append(Item(text_, address("to-put-right", dfes=dfes)))
    if waiting.arrivals:
        text_ = ngettext("{count} arrival in the last 7 days", "{count} arrivals in the last 7 days", waiting.arrivals)
        items.append(Item(text_, address("arrivals", dfes=dfes)))
    if status.waits_caused:
        text_ = ngettext(
            "{count} learner here for whom another school waits", "{count} learners here for whom other schools wait",
            status.waits_caused,
        )  # fmt: skip
        items.append(Item(text_, ""))
    if waiting.cannot_sign_in:
        text_ = ngettext(
            "{count} learner who has no password from this school",
            "{count} learners who have no password from this school",
            waiting.cannot_sign_in,
        )  # fmt: skip
        items.append(Item(text_, address("learners", query={"password": "cannot"}, dfes=dfes)))
    return tuple(items)


def _year(dfes: str, count: RollCount) -> YearRow:
    query = {"year": count.year_group} if count.year_group else None
    return YearRow(year_name(count.year_group), count, address("learners", query=query, dfes=dfes))


urlpatterns = [path("school/<str:dfes>/", home, name="school-home")]
