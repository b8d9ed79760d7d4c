"""B21: arrivals and departures. Who came, who left, and are the arrivals able to sign in?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.urls import path

from hwb import clock
from hwb.directory.queries import moves, passwords, provisioning
from hwb.directory.queries.moves import Arrival, Departure
from hwb.lifecycle.passwords import PasswordState
from hwb.portal import naming, run_words
from hwb.portal.places import address
from hwb.web.frame import name_in_language, show
from hwb.web.lists import PAGE_SIZE, Filter, FilterBox, Listing
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, may
from hwb.web.status import WORDS
from hwb.web.words import N_, Text, say

_PERIODS = {"7": N_("Last 7 days"), "30": N_("Last 30 days"), "90": N_("Last 90 days"), "365": N_("Last 12 months")}
_STANDARD = "30"
_YEARS = ("N1", "N2", "R", *(str(year) for year in range(1, 15)))
_WHICH = {"arrivals": N_("Arrivals"), "departures": N_("Departures")}
#: Shown of each list while both are on the page.
_FIRST = 25


@dataclass(frozen=True, slots=True)
class ArrivalRow:
    """Somebody who came. `origin` is "" for an account made here; of a protected learner no school is named."""

    account: str
    name: str
    address: str
    origin: str
    origin_language: str
    place: str
    password: str
    arrived: date
    run: str


@dataclass(frozen=True, slots=True)
class DepartureRow:
    """Somebody who left; `claimed`: the day on which another school got the account, which one is not said."""

    name: str
    address: str
    place: str
    leaving_date: date | None
    left: date | None
    claimed: date | None
    run: str


@page(Action.SEE_ARRIVALS)
def arrivals(request: PageRequest, dfes: str) -> HttpResponse:
    listing = Listing.of(request, filters=("period", "year", "password", "claimed", "which"), sorts=("newest",))
    today = clock.calendar_date(clock.now())
    period = listing.filters["period"] if listing.filters["period"] in _PERIODS else _STANDARD
    asked: dict[str, Any] = {
        "school": dfes, "since": today - timedelta(days=int(period) - 1), "until": today,
        "language": request.language, "year": listing.filters["year"] or None,
    }  # fmt: skip
    which = listing.filters["which"] if listing.filters["which"] in _WHICH else ""
    came_count, came = (0, ()) if which == "departures" else _came(asked, listing, which)
    left_count, left = (0, ()) if which == "arrivals" else _left(asked, listing, which)
    paging = listing.paging(came_count or left_count) if which else None
    resets = address("reset-passwords", dfes=dfes)
    return show(
        request, "portal/arrivals.html", title=N_("Arrivals and departures"), section="arrivals",
        came=_arrival_rows(came, dfes, request.language), came_count=came_count, left=_departure_rows(left, dfes),
        left_count=left_count, which=which, paging=paging, box=_box(listing), later=_later(dfes),
        period=_PERIODS[period], all_came=listing.address(which="arrivals"),
        all_left=listing.address(which="departures"),
        resets=resets if resets and may(request.person, Action.RESET_PASSWORD, school=dfes) else "",
        back=address("school-home", dfes=dfes),
    )  # fmt: skip


def _came(asked: dict[str, Any], listing: Listing, which: str) -> tuple[int, Sequence[Arrival]]:
    """The arrivals of this page; those in a state of password are found among all."""
    state = listing.filters["password"]
    size = PAGE_SIZE if which else _FIRST
    if state not in WORDS["password"]:
        return moves.arrivals(**asked, page=listing.page if which else 1, size=size)
    _, found = moves.arrivals(**asked, size=None)
    states = passwords.of_accounts([each.learner.account for each in found])
    kept = [
        each
        for each in found
        if (row := states.get(each.learner.account)) and str(row.state(school=asked["school"])) == state
    ]
    start = (listing.page - 1) * size if which else 0
    return len(kept), kept[start : start + size]


def _left(asked: dict[str, Any], listing: Listing, which: str) -> tuple[int, Sequence[Departure]]:
    return moves.departures(
        **asked, only_unclaimed=listing.filters["claimed"] == "no", page=listing.page if which else 1,
        size=PAGE_SIZE if which else _FIRST,
    )  # fmt: skip


def _arrival_rows(found: Sequence[Arrival], dfes: str, language: Any) -> list[ArrivalRow]:
    accounts = [each.learner.account for each in found]
    states = passwords.of_accounts(accounts)
    protected = moves.protected(accounts)
    rows = []
    for each in found:
        learner = each.learner
        origin, origin_language = name_in_language(each.from_en, each.from_cy) if each.came_from else ("", language)
        if each.came_from and learner.account in protected:
            origin, origin_language = say(N_("Another school")), language
        row = states.get(learner.account)
        rows.append(ArrivalRow(
            str(learner.account), naming.list_name(learner),
            address("learner", dfes=dfes, account=learner.account), origin, origin_language, _place(learner),
            str(row.state(school=dfes) if row else PasswordState.NONE), learner.arrived,
            address("run-detail", dfes=dfes, run=each.run) if each.run else "",
        ))  # fmt: skip
    return rows


def _departure_rows(found: Sequence[Departure], dfes: str) -> list[DepartureRow]:
    return [
        DepartureRow(
            naming.list_name(each.learner), address("learner", dfes=dfes, account=each.learner.account),
            _place(each.learner), each.leaving_date, each.learner.left_on, each.claimed,
            address("run-detail", dfes=dfes, run=each.run) if each.run else "",
        )
        for each in found
    ]  # fmt: skip


def _place(learner: Any) -> str:
    return ", ".join(filter(None, (say(naming.year_name(learner.year_group)), learner.registration_group)))


def _later(dfes: str) -> tuple[Text, ...]:
    """A held or failed last run: arrivals may be waiting in it."""
    tried = provisioning.attempts_after(school=dfes, last=provisioning.newest(school=dfes))
    return tuple(run_words.attempt(each) for each in tried[:1])


def _box(listing: Listing) -> FilterBox:
    states = [(key, say(word, domain="web")) for key, (word, _) in WORDS["password"].items()]
    years = [(year, say(naming.year_name(year))) for year in _YEARS]
    return FilterBox(listing, (
        Filter("period", N_("Period"), [(key, say(text)) for key, text in _PERIODS.items()]),
        Filter("year", N_("Year group"), years),
        Filter("password", N_("Password of arrivals"), states),
        Filter("claimed", N_("Departures"), [("no", say(N_("Not claimed by another school yet")))]),
        Filter("which", N_("Show"), [(key, say(text)) for key, text in _WHICH.items()]),
    ))  # fmt: skip


urlpatterns = [path("school/<str:dfes>/arrivals/", arrivals, name="arrivals")]
