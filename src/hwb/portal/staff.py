"""Who works here according to the MIS, and who can sign in (ux.md B13)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, cast
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path

from hwb import clock
from hwb.directory.queries import roles
from hwb.directory.queries import staff as rows
from hwb.directory.queries.roles import GrantRow
from hwb.directory.queries.staff import StaffPage, StaffRow, StaffSort, StaffView
from hwb.portal.answers import address
from hwb.web import searches
from hwb.web.downloads import csv_response
from hwb.web.frame import ROLE_NAMES, show
from hwb.web.language import is_switch
from hwb.web.lists import Filter, FilterBox, Listing, titled
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, Role, may
from hwb.web.words import N_, Text, say

COLUMNS = {
    "name": N_("Name"), "username": N_("Username"), "code": N_("Staff code"), "start": N_("Start date"),
    "leaving": N_("Leaving date"), "state": N_("Account"), "roles": N_("Roles"),
    "step": N_("Second step"), "seen": N_("Last sign-in"),
}  # fmt: skip
_ROLES = (Role.CHAMPION, Role.HEAD, Role.MIS_ADMIN)
SORTS = ("name", "username", "code", "start", "leaving", "state")
VIEWS: dict[StaffView, str] = {
    "current": N_("Current"), "leavers": N_("Leavers"), "starting soon": N_("Starting soon"),
}  # fmt: skip


@page(Action.SEE_STAFF, methods="GET POST")
def staff(request: PageRequest, dfes: str) -> HttpResponse:
    """One page of the list, in one of three views. A search comes by POST and goes on under an id."""
    listing = _listing(request)
    if request.method == "POST" and not is_switch(request):
        return HttpResponseRedirect(listing.address(search=searches.keep(request, request.POST.get("search", ""))))
    granted = roles.granted(today=clock.today(), school=dfes)
    found = _found(request, dfes, listing, granted, page=listing.page)
    paging = listing.paging(found.total)
    if paging.page != listing.page:
        found = _found(request, dfes, listing, granted, page=paging.page)
    view = _view(listing)
    counts = {"current": found.current, "leavers": found.leavers, "starting soon": found.starting_soon}
    tabs = [(say(text), listing.address(view=name), counts[name], name == view) for name, text in VIEWS.items()]
    states = [("active", say(N_("Active"), domain="web")), ("inactive", say(N_("Inactive"), domain="web"))]
    roles_ = [(role.value, say(ROLE_NAMES[role], domain="web")) for role in _ROLES]
    box = FilterBox(listing, (
        Filter("state", N_("Account"), states), Filter("role", N_("Role"), roles_),
        Filter("step", N_("Second step"), [("none", say(N_("Has a role and no second step")))]),
        Filter("sign-in", N_("Signing in"), [("never", say(N_("Never signed in here")))]),
    ))  # fmt: skip
    held, acts = _roles(granted), _acts(request, dfes)
    sees_access = may(request.person, Action.SEE_PEOPLE_WITH_ACCESS, school=dfes)
    return show(
        request, "portal/staff.html", title=titled(Text(N_("Staff")), counts[view]), section="staff", view=view,
        dfes=dfes, tabs=tabs, columns=COLUMNS,
        rows=[(row, held.get(str(row.account), ""), step_of(row, held)) for row in found.rows],
        listing=listing, paging=paging, box=box, nobody=not sum(counts.values()), acts=acts,
        search=searches.text_of(request, listing.filters["search"]), without_search=listing.address(search=""),
        download=listing.address(page=1).replace(request.path, address("staff-download", dfes=dfes)),
        access=address("people-with-access", dfes=dfes) if sees_access else "", finds=address("find-staff", dfes=dfes),
    )  # fmt: skip


@page(Action.SEE_STAFF)
def staff_download(request: PageRequest, dfes: str) -> HttpResponse:
    """The whole list, as it is filtered and sorted, for a spreadsheet."""
    granted = roles.granted(today=clock.today(), school=dfes)
    found = _found(request, dfes, _listing(request), granted, page=1, size=None)
    held = _roles(granted)
    made = csv_response("staff", [*COLUMNS.values()], [_cells(row, held) for row in found.rows])
    return cast("HttpResponse", made)  # it streams; pages are typed by the usual kind


def _cells(row: StaffRow, held: dict[str, str]) -> list[object]:
    state = say(N_("Active") if row.active else N_("Inactive"), domain="web") if row.account else ""
    seen = clock.calendar_date(row.last_sign_in) if row.last_sign_in else None
    return [
        f"{row.forename} {row.surname}", row.username, row.staff_code, row.start_date, row.leaving_date, state,
        held.get(str(row.account), ""), say(step) if (step := step_of(row, held)) else "", seen,
    ]  # fmt: skip


def _listing(request: PageRequest) -> Listing:
    return Listing.of(request, filters=("view", "search", "state", "role", "step", "sign-in"), sorts=SORTS)


def _view(listing: Listing) -> StaffView:
    asked = listing.filters["view"]
    return cast("StaffView", asked) if asked in VIEWS else "current"


def _acts(request: PageRequest, dfes: str) -> list[tuple[str, str]]:
    """What can be done with those chosen: the button and where it leads."""
    known = (
        (N_("Reset passwords"), "reset-passwords", Action.RESET_STAFF_PASSWORD),
        (N_("Switch accounts off or on"), "accounts-access", Action.SWITCH_ACCESS),
    )
    return [
        (say(text), address(route, dfes=dfes))
        for text, route, action in known
        if may(request.person, action, school=dfes)
    ]


def _among(asked: str, granted: Collection[GrantRow]) -> frozenset[UUID] | None:
    """The accounts that have been given the role; None without the filter."""
    if asked not in {role.value for role in _ROLES}:
        return None
    return frozenset(grant.account for grant in granted if grant.role == asked and grant.state == "given")


def _found(
    request: PageRequest, dfes: str, listing: Listing, granted: Collection[GrantRow], *, page: int,
    size: Literal[50] | None = 50,
) -> StaffPage:  # fmt: skip
    active = {"active": True, "inactive": False}.get(listing.filters["state"])
    return rows.staff(
        school=dfes, language=request.language, view=_view(listing), active=active,
        among=_among(listing.filters["role"], granted),
        without_step=_with_role(granted) if listing.filters["step"] == "none" else None,
        never_signed_in=listing.filters["sign-in"] == "never",
        search=searches.text_of(request, listing.filters["search"]),
        sort=cast("StaffSort", {"code": "staff code"}.get(listing.sort, listing.sort)),
        descending=listing.descending, page=page, size=size,
    )  # fmt: skip


def _with_role(granted: Collection[GrantRow]) -> frozenset[UUID]:
    return frozenset(grant.account for grant in granted if grant.state == "given")


def step_of(row: StaffRow, held: Mapping[str, str]) -> str:
    """Whether somebody who signs in with a second step has one; empty for whoever needs none."""
    if row.account is None or not row.here or not (row.classes or str(row.account) in held):
        return ""
    return N_("Has one") if row.second_step else N_("Not yet")


def _roles(granted: Collection[GrantRow]) -> dict[str, str]:
    """Account → its roles at the school, said; those that a post proposes are not held yet."""
    held: dict[str, list[str]] = {}
    for grant in granted:
        if grant.state == "given":
            held.setdefault(str(grant.account), []).append(say(ROLE_NAMES[Role(grant.role)], domain="web"))
    return {account: ", ".join(names) for account, names in held.items()}


urlpatterns = [
    path("school/<str:dfes>/staff/", staff, name="staff"),
    path("school/<str:dfes>/staff/download/", staff_download, name="staff-download"),
]
