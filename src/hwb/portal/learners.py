"""B7: the learners of a school by year and class, with what they need to sign in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, cast
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, path, reverse

from hwb import clock
from hwb.directory.queries import explanations, passwords, people
from hwb.directory.queries.passwords import PasswordRow
from hwb.directory.queries.people import LearnerPage, LearnerRow
from hwb.directory.queries.roll import View
from hwb.lifecycle import calendar, explain
from hwb.lifecycle.passwords import PasswordState
from hwb.operations import settings
from hwb.portal.naming import full_name, list_name, year_name
from hwb.web import searches
from hwb.web.downloads import csv_response
from hwb.web.forms import FieldError
from hwb.web.frame import show
from hwb.web.language import is_switch
from hwb.web.lists import Filter, FilterBox, Listing, titled
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, may
from hwb.web.status import WORDS
from hwb.web.words import N_, Text, say

FILTERS = ("view", "search", "year", "class", "account", "password", "sign-in", "since")
SORTS: tuple[people.Sort, ...] = ("name", "username", "year", "class", "state", "arrived")
COLUMNS = {
    "name": N_("Name"), "username": N_("Username"), "year": N_("Year group"), "class": N_("Class"),
    "state": N_("Account"), "password": N_("Password"), "signed_in": N_("Last sign-in"), "arrived": N_("Arrived"),
}  # fmt: skip
_VIEWS: Mapping[str, View] = {"": "on roll", "leavers": "leavers", "all": "all"}
#: Filter "password" → what it looks for; "cannot" is those to whom nobody here can give a password that they know.
_PASSWORDS = {
    "visible": PasswordState.VISIBLE, "chosen": PasswordState.CHOSEN, "elsewhere": PasswordState.NOT_HELD_HERE,
    "none": PasswordState.NONE,
}  # fmt: skip
_CANNOT = N_("Cannot sign in yet")
_DAYS = {"7": 7, "30": 30}
_OFF_ROLL: Final = N_("Leavers stay in this list so that you can see what happened. They cannot sign in.")
#: So many can be chosen at once; a page that carries them stays small.
MOST_CHOSEN = 500
#: What can be done with chosen learners: the button, where it leads, and who may.
ACTS = {
    "reset": (N_("Reset passwords"), "reset-passwords", Action.RESET_PASSWORD),
    "slips": (N_("Print password slips"), "class-print", Action.SHOW_PASSWORD),
    "access": (N_("Switch accounts off or on"), "accounts-access", Action.SWITCH_ACCESS),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A learner as the list shows them. password: a state's key, empty where none is told."""

    account: UUID
    name: str
    full_name: str
    username: str
    year: str
    class_: str
    state: str
    short: Text | None
    password: str
    signed_in: datetime | None
    arrived: date


@dataclass(frozen=True, slots=True)
class Choice:
    """A link above the list with its number; `current` where the reader is."""

    text: str
    address: str
    number: int
    current: bool


@dataclass(frozen=True, slots=True)
class Act:
    """A button of the action bar."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Nobody:
    """The error of a sent list in which nobody was chosen."""

    text: str

    @property
    def said_errors(self) -> list[FieldError]:
        return [FieldError(self.text, "list")]


@dataclass(frozen=True, slots=True)
class Found:
    """One page of the list with everything that was asked for."""

    listing: Listing
    search: str
    page: LearnerPage
    known: Mapping[UUID, PasswordRow]


@page(Action.SEE_LEARNERS, methods="GET POST")
def learners(request: PageRequest, dfes: str) -> HttpResponse:
    """The list. A search comes by POST and goes on under an id; so do the chosen learners of an act."""
    sent = request.method == "POST" and not is_switch(request)
    listing = listing_of(request)
    if sent and "search" in request.POST:
        return HttpResponseRedirect(listing.address(search=searches.keep(request, request.POST["search"])))
    if sent and request.POST.get("act") in acts_of(request, dfes):
        return _act(request, dfes, listing)
    return _listed(request, dfes, listing)


@page(Action.SEE_LEARNERS)
def download(request: PageRequest, dfes: str) -> HttpResponse:
    """The same list as a file, without passwords."""
    found = find(request, dfes, listing_of(request), size=None)
    headings = [
        N_("Surname"), N_("Forename"), N_("Username"), N_("UPN"), N_("Year group"), N_("Class"), N_("Account"),
        N_("Reason"), N_("Password"), N_("Last sign-in"), N_("Arrived"), N_("Leaving date"),
    ]  # fmt: skip
    return cast("HttpResponse", csv_response("learners", headings, _cells(found, dfes)))


def _cells(found: Found, dfes: str) -> Iterator[list[object]]:
    for row in found.page.rows:
        shown = line(row, found.known.get(row.account), dfes)
        yield [
            row.surname, row.forename, row.username, row.upn, row.year_group, row.registration_group,
            say(WORDS["account"][shown.state][0], domain="web"), row.reason,
            say(WORDS["password"][shown.password][0], domain="web") if shown.password else "",
            shown.signed_in and clock.calendar_date(shown.signed_in), row.arrived, row.left_on,
        ]  # fmt: skip


def listing_of(request: PageRequest) -> Listing:
    """What the address asks for. A teacher has no view but the roll."""
    listing = Listing.of(request, filters=FILTERS, sorts=SORTS)
    known = listing.filters["view"] in _VIEWS and request.access.classes is None
    return listing if known else _with(listing, view="")


def _with(listing: Listing, **filters: str) -> Listing:
    return Listing(
        listing.path, {**listing.filters, **filters}, listing.sort, listing.descending, listing.page,
        listing.default_sort,
    )  # fmt: skip


def find(request: PageRequest, dfes: str, listing: Listing, *, size: int | None = people.PAGE_SIZE) -> Found:
    """The rows that a listing asks for, with the state of their passwords."""
    asked, search = listing.filters, searches.text_of(request, listing.filters["search"])
    among = _among(asked, dfes)

    def rows(number: int) -> LearnerPage:
        return people.learners(
            school=dfes, language=request.language, view=_VIEWS[asked["view"]], year=asked["year"] or None,
            class_=asked["class"] or None, active={"active": True, "inactive": False}.get(asked["account"]),
            arrived_since=_since(asked["since"]), search=search, own=request.access.classes,
            among=None if among is None else tuple(among), sort=listing.sort,  # type: ignore[arg-type]
            descending=listing.descending, page=number, size=size,
        )  # fmt: skip

    found = rows(1 if size is None else listing.page)
    if size is not None and found.page > found.pages:
        found = rows(found.pages)
    accounts = [row.account for row in found.rows if not row.moved_on]
    return Found(listing, search, found, passwords.of_accounts(accounts) if among is None else among)


def _among(asked: Mapping[str, str], dfes: str) -> dict[UUID, PasswordRow] | None:
    """Who is left by the filters on passwords and signing in; None when neither is on."""
    state, never = asked["password"], asked["sign-in"] == "never"
    if state not in (*_PASSWORDS, "cannot") and not never:
        return None
    return {
        account: row
        for account, row in passwords.of_learners(dfes).items()
        if (not never or row.never_signed_in_here)
        and (state not in _PASSWORDS or row.state(school=dfes) is _PASSWORDS[state])
        and (state != "cannot" or row.cannot_sign_in_yet(school=dfes))
    }


def _since(asked: str) -> date | None:
    if asked in _DAYS:
        return clock.today() - timedelta(days=_DAYS[asked])
    if asked == "year":
        month, day = settings.policy().year_start
        return calendar.academic_year_start(clock.today(), month=month, day=day)
    return None


def line(row: LearnerRow, known: PasswordRow | None, school: str) -> Line:
    """A row as it is shown. Of who moved on, nothing of the account is told."""
    told = known is not None and not row.moved_on
    return Line(
        row.account, list_name(row), full_name(row), row.username, row.year_group, row.registration_group,
        "active" if row.active else "inactive", row.short,
        str(known.state(school=school)) if known is not None and told else "",
        known.last_sign_in_since(row.arrived) if known is not None and told else None, row.arrived,
    )  # fmt: skip


def acts_of(request: PageRequest, dfes: str) -> dict[str, Act]:
    """What the reader may do with chosen learners, as far as its page is there."""
    return {
        value: Act(value, say(text))
        for value, (text, route, action) in ACTS.items()
        if may(request.person, action, school=dfes) and address_of(route, dfes)
    }


def address_of(route: str, dfes: str, **parts: object) -> str:
    """A page's address, empty while it is not built."""
    try:
        return reverse(route, kwargs={"dfes": dfes, **parts})
    except NoReverseMatch:
        return ""


def _act(request: PageRequest, dfes: str, listing: Listing) -> HttpResponse:
    """Sends the chosen accounts on to the page of the act, as they were sent here."""
    target = address_of(ACTS[request.POST["act"]][1], dfes)
    if "everyone" not in request.POST:
        if not request.POST.getlist("account") and "listed" not in request.POST:
            return _listed(request, dfes, listing, error=say(N_("Choose at least one learner")))
        if request.POST.getlist("account"):
            response = HttpResponseRedirect(target)
            response.status_code = 307  # the browser sends the same accounts there
            return response
    # "listed" alone is a browser without scripts, in which it ticks no boxes
    found = find(request, dfes, listing, size=None if "everyone" in request.POST else people.PAGE_SIZE)
    if len(found.page.rows) > MOST_CHOSEN:
        most = {"count": MOST_CHOSEN}
        text = Text(N_("At most {count} learners at once. Choose a year group or a class first."), most)
        return _listed(request, dfes, listing, error=say(text))
    accounts = [row.account for row in found.page.rows if row.here]
    if not accounts:
        return _listed(request, dfes, listing, error=say(N_("Nobody in this list is on roll")))
    title, back = N_("Everybody in this list"), listing.address(page=listing.page)
    act = acts_of(request, dfes)[request.POST["act"]]
    return show(
        request, "portal/learners_chosen.html", title=title, section="learners", back=back, accounts=accounts,
        target=target, act=act,
    )  # fmt: skip


def _listed(request: PageRequest, dfes: str, listing: Listing, *, error: str = "") -> HttpResponse:
    found = find(request, dfes, listing)
    listing, rows, asked = found.listing, found.page, found.listing.filters
    lines = [line(row, found.known.get(row.account), dfes) for row in rows.rows]
    box = FilterBox(listing, _filters(rows, asked))
    view = _VIEWS[asked["view"]]
    similar: Sequence[LearnerRow] = ()
    if found.search:
        similar = people.similar(
            school=dfes, search=found.search, language=request.language, view=view, own=request.access.classes
        )
    heading = {"on roll": N_("Learners"), "leavers": N_("Leavers"), "all": N_("All learners")}[view]
    limits, today = settings.explanation_limits(school=dfes), clock.today()
    seen = explanations.school_seen(school=dfes, on=today, limits=limits)
    return show(
        request, "portal/learners.html", title=titled(Text(heading), rows.total), section="learners",
        form=Nobody(error) if error else None, dfes=dfes, columns=COLUMNS, listing=listing, box=box,
        paging=listing.paging(rows.total), lines=lines, views=_views(listing, rows, request),
        years=_years(listing, rows), classes=_classes(request, rows, asked), letters=_letters(listing, rows),
        acts=tuple(acts_of(request, dfes).values()) if any(row.here for row in rows.rows) else (),
        notices=explain.of_school(seen, on=today, limits=limits), status_page=_status_page(request, dfes),
        inset=_OFF_ROLL if view == "leavers" and rows.total else "", search=found.search,
        similar=[(full_name(row), row.username, row.account) for row in similar], empty=_is_empty(rows, asked),
        without_search=listing.address(search=""),
        first=N_("They appear after the first run.") if seen.last_run is None else "",
        finder=address_of("find-learner", dfes) if may(request.person, Action.FIND_LEARNER, school=dfes) else "",
        file=f"{reverse('learners-download', kwargs={'dfes': dfes})}{listing.address().removeprefix(listing.path)}",
    )  # fmt: skip


def _status_page(request: PageRequest, dfes: str) -> str:
    return address_of("provisioning", dfes) if may(request.person, Action.SEE_RUNS, school=dfes) else ""


def _is_empty(rows: LearnerPage, asked: Mapping[str, str]) -> str:
    """Why nothing is listed: there is nobody, nobody fits what was typed, or nobody fits the filters."""
    if rows.rows:
        return ""
    if asked["search"]:
        return "search"
    return "filters" if any(value for name, value in asked.items() if name != "view") else "nobody"


def _views(listing: Listing, rows: LearnerPage, request: PageRequest) -> list[Choice]:
    if request.access.classes is not None:
        return []
    numbers = {"": rows.on_roll, "leavers": rows.leavers, "all": rows.on_roll + rows.leavers}
    texts = {"": N_("On roll"), "leavers": N_("Leavers"), "all": N_("All")}
    now = listing.filters["view"]
    return [
        Choice(say(texts[view]), listing.address(view=view, year="", **{"class": ""}), number, view == now)
        for view, number in numbers.items()
    ]


def _years(listing: Listing, rows: LearnerPage) -> list[Choice]:
    chosen = listing.filters["year"]
    return [
        Choice(
            say(year_name(group.year_group)), listing.address(year=group.year_group, **{"class": ""}), group.learners,
            group.year_group == chosen,
        )
        for group in rows.by_year
        if group.year_group
    ]  # fmt: skip


def _classes(request: PageRequest, rows: LearnerPage, asked: Mapping[str, str]) -> list[Choice]:
    """The classes of the chosen year, of a teacher those that are the teacher's own; each leads to its own page."""
    own, dfes = request.access.classes, request.access.school
    found = [group for group in rows.by_class if group.year_group == asked["year"]] if asked["year"] else []
    return [
        Choice(group.registration_group, class_address(dfes, group.registration_group), group.learners, False)
        for group in found
        if asked["view"] == "" and (own is None or group.registration_group in own)
    ]


def class_address(dfes: str, name: str) -> str:
    """The page of a class."""
    return f"{reverse('class', kwargs={'dfes': dfes})}?{urlencode({'name': name})}"


def _letters(listing: Listing, rows: LearnerPage) -> list[Choice]:
    if rows.pages < 2:
        return []
    return [
        Choice(start.letter.upper() if len(start.letter) == 1 else start.letter.title(),
               listing.address(page=start.page), start.page, start.page == rows.page)
        for start in rows.letters
    ]  # fmt: skip


def _filters(rows: LearnerPage, asked: Mapping[str, str]) -> tuple[Filter, ...]:
    years = [(group.year_group, say(year_name(group.year_group))) for group in rows.by_year if group.year_group]
    groups = sorted({g.registration_group for g in rows.by_class if asked["year"] in ("", g.year_group)})
    state = [(key, say(WORDS["account"][key][0], domain="web")) for key in ("active", "inactive")]
    words = [(key, say(WORDS["password"][str(found)][0], domain="web")) for key, found in _PASSWORDS.items()]
    return (
        Filter("year", N_("Year group"), years),
        Filter("class", N_("Class"), [(group, group) for group in groups]),
        Filter("account", N_("Account"), state),
        Filter("password", N_("Password"), [("cannot", say(_CANNOT)), *words]),
        Filter("sign-in", N_("Signing in"), [("never", say(N_("Never signed in here")))]),
        Filter(
            "since", N_("Arrived"),
            [("7", say(N_("In the last 7 days"))), ("30", say(N_("In the last 30 days"))),
             ("year", say(N_("In this academic year")))],
        ),
    )  # fmt: skip


urlpatterns = [
    path("school/<str:dfes>/learners/", learners, name="learners"),
    path("school/<str:dfes>/learners/download/", download, name="learners-download"),
]
