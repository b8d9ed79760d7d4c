"""B20: activity in this school. Who did what here?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path

from hwb import clock
from hwb.directory.queries import activity as rows
from hwb.directory.queries import people, staff
from hwb.directory.queries.activity import Act
from hwb.portal.naming import year_name
from hwb.portal.places import address
from hwb.web import searches
from hwb.web.downloads import csv_response
from hwb.web.frame import ROLE_NAMES, show
from hwb.web.language import is_switch
from hwb.web.lists import Filter, FilterBox, Listing, read_day
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, Role, Scope
from hwb.web.words import N_, Text, say

#: Kind → action of the log → what it says. What is not here a run or a day brings, not a person.
ACTS = {
    "passwords": {
        "password shown": N_("Looked at a password"), "password reset": N_("Made a new password"),
        "password chosen": N_("Chose an own password"), "slips opened": N_("Printed password slips"),
        "slips handed out": N_("Handed out password slips"),
        "badge made": N_("Made a badge"), "badge shown": N_("Printed a badge"),
        "badge alone": N_("Decided whether a badge is enough alone"), "pictures set": N_("Gave three pictures"),
        "pictures shown": N_("Looked at three pictures"),
        "pictures unlocked": N_("Ended the wait after wrong pictures"),
        "class sign-in started": N_("Started class sign-in"), "class sign-in ended": N_("Ended class sign-in"),
        "class device let in": N_("Let a device into class sign-in"),
        "class device refused": N_("Did not let a device into class sign-in"),
    },
    "accounts": {
        "decision": N_("Decided about an account"), "decision end": N_("Took back a decision about an account"),
        "support request": N_("Asked Hwb Support for help with an account"),
        "username issued": N_("Issued a new username"),
    },
    "look-ups": {"look-up": N_("Looked up a learner of another school by UPN")},
    "runs": {
        "confirm": N_("Confirmed a held run"), "withdraw": N_("Withdrew a held run"), "undo": N_("Undid a run"),
        "run asked for": N_("Asked for a run"), "preview asked for": N_("Asked for a preview"),
        "school told": N_("Told another school that learners wait for it"),
        "runner told": N_("Asked whoever runs the client to look at it"),
        "asked of school": N_("Asked the school to do something about its data"),
        "school closed": N_("Closed the school"),
    },
    "records": {
        "task passed on": N_("Passed on records to put right"),
        "warning hidden": N_("Said that a warning is not a mistake"),
    },
    "access": {
        "role grant": N_("Gave somebody a role"), "role revoke": N_("Took a role away"),
        "invitation sent": N_("Sent an invitation again"),
        "setting": N_("Changed a setting of the school"),
        "second step reset": N_("Took away somebody's second step"),
        "second step reset asked": N_("Asked for somebody's second step to be taken away"),
        "second step reset refused": N_("Left somebody's second step as it is"),
    },
}  # fmt: skip
_KINDS = {
    "passwords": N_("Passwords"), "accounts": N_("Accounts"), "look-ups": N_("Look-ups by UPN"), "runs": N_("Runs"),
    "records": N_("Records to put right"), "access": N_("Roles and settings"),
}  # fmt: skip
_SAID = {action: text for acts in ACTS.values() for action, text in acts.items()}
_SAID_WITH = {
    ("decision", "deactivated"): N_("Switched off an account"),
    ("decision", "safety"): N_("Switched off an account for safety"),
    ("decision", "left"): N_("Confirmed that somebody left"),
    ("decision", "suspended"): N_("Suspended an account"),
    ("decision end", "deactivated"): N_("Switched an account on again"),
    ("decision end", "safety"): N_("Switched an account on again"),
    ("decision end", "left"): N_("Took back that somebody left"),
    ("decision end", "suspended"): N_("Ended the suspension of an account"),
    ("password shown", "slip"): N_("Printed a password on a slip"),
}
_PERIODS = {"7": N_("Last 7 days"), "30": N_("Last 30 days"), "90": N_("Last 90 days"), "365": N_("Last 12 months")}
_MOST_FOUND = 20
COLUMNS = {"time": N_("Time"), "person": N_("Person"), "role": N_("Role"), "what": N_("What"), "about": N_("About")}


@dataclass(frozen=True, slots=True)
class Row:
    """One act as it is shown; addresses are "" where there is nothing to see."""

    at: datetime
    person: str
    role: str
    what: str
    about: str
    address: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be meant, and the list of what was done for them."""

    name: str
    what: str
    address: str


@page(Action.SEE_ACTIVITY, methods="GET POST")
def activity(request: PageRequest, dfes: str) -> HttpResponse:
    """The list. Whom it is to be about is searched by POST; somebody found is named by the account's id."""
    own = request.access.scope is Scope.SCHOOL
    listing = _listing(request, own=own)
    if own and request.method == "POST" and not is_switch(request):
        return HttpResponseRedirect(_searched(request, dfes, listing))
    asked = _asked(listing, dfes)
    search = searches.text_of(request, listing.filters["search"])
    total, found = rows.find(**asked, offset=(listing.page - 1) * rows.PAGE_SIZE)
    if not found and listing.page > 1:
        total, found = rows.find(**asked)
    kept = {name: value for name, value in listing.filters.items() if value and name != "search"}
    return show(
        request, "portal/activity.html", title=N_("Activity in this school"), section="activity",
        rows=[_row(each, dfes, own=own) for each in found], total=total, paging=listing.paging(total),
        box=_box(listing, dfes), columns=COLUMNS, may_search=own, search=search,
        candidates=_candidates(request, dfes, listing, search) if search else (),
        without_search=listing.address(search="", page=1), back=address("school-home", dfes=dfes) if own else "",
        download=address("activity-download", query=kept, dfes=dfes),
    )  # fmt: skip


@page(Action.SEE_ACTIVITY)
def download(request: PageRequest, dfes: str) -> HttpResponse:
    """Everything that the filters leave."""
    own = request.access.scope is Scope.SCHOOL
    _, found = rows.find(**_asked(_listing(request, own=own), dfes), size=None)
    cells = _cells([_row(each, dfes, own=own) for each in found])
    return cast("HttpResponse", csv_response(f"activity-{dfes}", list(COLUMNS.values()), cells))


def _listing(request: PageRequest, *, own: bool) -> Listing:
    """own: only the school's own people ask whom something is about."""
    about = ("about", "search") if own else ()
    listing = Listing.of(request, filters=("kind", "person", *about, "period", "from", "to"), sorts=("newest",))
    wrong = {name: "" for name in ("from", "to") if read_day(listing.filters[name]) is None}
    return replace(listing, filters={"about": "", "search": "", **listing.filters, **wrong})


def _asked(listing: Listing, dfes: str) -> dict[str, Any]:
    kind, person, period = (listing.filters[name] for name in ("kind", "person", "period"))
    since: date | None = None
    if period in _PERIODS:
        since = clock.calendar_date(clock.now()) - timedelta(days=int(period) - 1)
    since = max(filter(None, (since, read_day(listing.filters["from"]))), default=None)
    about = _account(listing.filters["about"])
    if listing.filters["about"] and (about is None or not rows.named(about, school=dfes)):
        raise Http404
    return {
        "school": dfes, "actions": list(ACTS.get(kind, _SAID)), "by": _account(person), "about": about, "since": since,
        "until": read_day(listing.filters["to"]),
    }  # fmt: skip


def _searched(request: PageRequest, dfes: str, listing: Listing) -> str:
    """Where a search leads: to what was done for the one who is meant, or to the choice of several."""
    search = searches.keep(request, request.POST.get("search", ""))
    found = _candidates(request, dfes, listing, searches.text_of(request, search)) if search else ()
    return found[0].address if len(found) == 1 else listing.address(search=search, about="", page=1)


def _candidates(request: PageRequest, dfes: str, listing: Listing, search: str) -> tuple[Candidate, ...]:
    """People who are or were at this school and may be meant."""
    known = people.learners(school=dfes, language=request.language, view="all", search=search, size=_MOST_FOUND)
    found = [(row.account, row.forename, row.surname, say(year_name(row.year_group))) for row in known.rows]
    for view in ("current", "leavers"):
        listed = staff.staff(school=dfes, language=request.language, view=view, search=search, size=_MOST_FOUND)
        found += [(row.account, row.forename, row.surname, say(N_("Member of staff"))) for row in listed.rows
                  if row.account is not None]  # fmt: skip
    return tuple(
        Candidate(f"{forename} {surname}", what, listing.address(search="", about=str(account), page=1))
        for account, forename, surname, what in found[:_MOST_FOUND]
    )


def _account(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _row(act: Act, dfes: str, *, own: bool) -> Row:
    """own: the reader is the school's, and sees whom it is about; others see the act."""
    person, role = act.by_name, say(ROLE_NAMES[Role(act.role)]) if act.role in set(Role) else ""
    if not person:
        person = role or say(N_("Hwb Support"))
    elif not role:
        role = say(ROLE_NAMES[Role.STAFF]) if act.by != act.about else ""
    about, there = "", ""
    if act.run is not None:
        about, there = say(N_("The run")), address("run-detail", dfes=dfes, run=act.run)
    elif act.about is not None and own:
        unnamed = say(N_("A learner of another school")) if act.action == "look-up" else ""
        about = act.about_name or unnamed
        if act.about_name and act.on_lists:
            route = "learner" if act.about_kind == "learner" else "staff-member"
            there = address(route, dfes=dfes, account=act.about)
    return Row(act.at, person, role, _what(act), about, there)


def _what(act: Act) -> str:
    key = act.what or act.reason if act.action.startswith("decision") else act.reason
    said = _SAID_WITH.get((act.action, act.reason)) or _SAID_WITH.get((act.action, key)) or _SAID[act.action]
    if act.action in ("role grant", "role revoke") and act.what in set(Role):
        return say(Text(N_("{act}: {role}"), {"act": say(said), "role": say(ROLE_NAMES[Role(act.what)])}))
    return say(said)


def _box(listing: Listing, dfes: str) -> FilterBox:
    about = _account(listing.filters["about"])
    chosen = [(str(about), rows.named(about, school=dfes))] if about is not None else []
    people_ = [(str(by), name) for by, name in rows.people(school=dfes, actions=list(_SAID))]
    return FilterBox(listing, (
        Filter("kind", N_("What"), [(key, say(text)) for key, text in _KINDS.items()]),
        *([Filter("person", N_("Person"), people_)] if people_ else []),
        *([Filter("about", N_("About"), chosen)] if chosen else []),
        Filter("period", N_("Period"), [(key, say(text)) for key, text in _PERIODS.items()]),
        Filter("from", N_("From"), kind="date"),
        Filter("to", N_("To"), kind="date"),
    ))  # fmt: skip


def _cells(found: list[Row]) -> Iterator[list[object]]:
    for row in found:
        yield [row.at.astimezone(clock.LONDON).isoformat(timespec="minutes"), row.person, row.role, row.what, row.about]


urlpatterns = [
    path("school/<str:dfes>/activity/", activity, name="activity"),
    path("school/<str:dfes>/activity/acts.csv", download, name="activity-download"),
]
