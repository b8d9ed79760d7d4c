"""C3: clients. Which installations need attention before they fail?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version as installed
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path

from hwb import clock
from hwb.directory.queries import area_clients as rows
from hwb.directory.queries.area_clients import AreaClient
from hwb.lifecycle import expected
from hwb.operations import clients as operations
from hwb.portal.places import address
from hwb.web import banner
from hwb.web.frame import name_in_language, show
from hwb.web.language import is_switch
from hwb.web.lists import Filter, FilterBox, Listing, titled
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, Scope, may
from hwb.web.words import N_, Text, moment, ngettext, say

COLUMNS = {
    "client": N_("Client"), "schools": N_("School or schools"), "version": N_("Version"),
    "contact": N_("Last contact"), "expires": N_("Credential expires"), "schedule": N_("Schedule"),
    "next": N_("Next run"), "state": N_("State"),
}  # fmt: skip
STATES = {
    "waiting": N_("Waiting for its code to be used"), "expired": N_("Credential ended"),
    "silent": N_("Not heard from"), "first run": N_("Heard from, waiting for first run"),
    "connected": N_("Connected"),
}  # fmt: skip
COLOURS = {"waiting": "turquoise", "expired": "red", "silent": "red", "first run": "yellow", "connected": ""}
_NEEDS = {
    "silent": N_("Not heard from"), "expires": N_("Expires within 30 days"), "behind": N_("Version behind"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client as the table shows it; schools: (number, name, the name's language)."""

    facts: AreaClient
    schools: tuple[tuple[str, str, str], ...]
    others: Text | None
    state: str
    colour: str
    silent: Text | None
    schedule: tuple[str, ...]
    next_run: datetime | None
    acts: bool


@page(Action.SEE_CLIENTS)
def clients(request: PageRequest) -> HttpResponse:
    at = datetime.now(UTC)
    found = rows.find(schools=request.access.schools, areas=request.access.areas, at=at)
    listing = Listing.of(request, filters=("needs", "state"), sorts=("expires",))
    chosen = [each for each in found if _fits(each, listing, at)]
    paging = listing.paging(len(chosen))
    box = FilterBox(listing, (
        Filter("needs", N_("Needs attention"), [(key, say(text)) for key, text in _NEEDS.items()]),
        Filter("state", N_("State"), [(key, say(text)) for key, text in STATES.items()]),
    ))  # fmt: skip
    return show(
        request, "portal/clients.html", title=titled(Text(N_("Clients")), len(found)), section="clients",
        rows=[row_of(request, each) for each in chosen[paging.offset : paging.last]], columns=COLUMNS, box=box,
        listing=listing, paging=paging, total=len(found), register=address("register-client"),
    )  # fmt: skip


@page(Action.REGISTER_CLIENT)
def client(request: PageRequest, client: UUID) -> HttpResponse:
    """One client: whether it has connected."""
    found = client_of(request, client)
    return show(
        request, "portal/client.html", title=N_("Client"), section="clients", row=row_of(request, found),
        back=address("clients") if may(request.person, Action.SEE_CLIENTS) else "", columns=COLUMNS,
        check=address("client", client=client),
    )  # fmt: skip


@page(Action.REGISTER_CLIENT, methods="GET POST")
def retire(request: PageRequest, client: UUID) -> HttpResponse:
    """It sends no more, at once."""
    found = _own(request, client)
    if request.method == "POST" and not is_switch(request):
        operations.revoke(
            client=client, acting_user=f"account {request.person.account}", at=datetime.now(UTC), now=clock.now()
        )  # fmt: skip
        banner.put(request, Text(N_("The client is retired. It cannot send any more.")))
        return HttpResponseRedirect(address("clients") if may(request.person, Action.SEE_CLIENTS) else address("start"))
    return show(
        request, "portal/client_retire.html", title=N_("Retire this client"), section="clients", warns=True,
        row=row_of(request, found), button=N_("Retire this client"), back=address("client", client=client),
    )  # fmt: skip


@page(Action.REGISTER_CLIENT, methods="GET POST")
def renew(request: PageRequest, client: UUID) -> HttpResponse:
    """A new code for the same schools; the old credential holds until the code is used."""
    found = _own(request, client)
    if request.method == "POST" and not is_switch(request):
        made = operations.register(
            schools=[each.school for each in found.schools], computer=found.computer, takes_over=True,
            acting_user=f"account {request.person.account}", at=datetime.now(UTC), now=clock.now(),
        )  # fmt: skip
        return code_page(request, made, mis="")
    return show(
        request, "portal/client_renew.html", title=N_("Renew this client's credential"), section="clients",
        row=row_of(request, found), button=N_("Make a new code"), back=address("client", client=client),
    )  # fmt: skip


def code_page(request: PageRequest, made: operations.Registration, *, mis: str) -> HttpResponse:
    """The code, this once, with what to type."""
    first = made.schools[0]
    kind = f" --mis {mis}" if mis else ""
    return show(
        request, "portal/client_code.html", title=N_("Enrolment code"), section="clients", code=made.code,
        expires=made.expires, command=f"hwb-client enrol --server {settings.HWB_BASE_URL}",
        then=f"hwb-client check --school {first}{kind}", check=address("client", client=made.client),
    )  # fmt: skip


def client_of(request: PageRequest, client: UUID) -> AreaClient:
    """A client with a school where the reader may register one. Raises Http404 for any other."""
    found = rows.find(
        schools=_reach(request),
        areas=request.access.areas,
        at=datetime.now(UTC),
        client=client,
        everywhere=request.access.scope is Scope.NATION,
    )
    if not found:
        raise Http404
    return found[0]


def _reach(request: PageRequest) -> set[str]:
    grants = request.person.grants
    return {
        grant.school for grant in grants
        if grant.school and may(request.person, Action.REGISTER_CLIENT, school=grant.school)
    }  # fmt: skip


def _own(request: PageRequest, client: UUID) -> AreaClient:
    """A client all of whose schools are the reader's: nobody ends what serves another's school."""
    found = client_of(request, client)
    if found.others:
        raise Http404
    return found


def row_of(request: PageRequest, each: AreaClient) -> ClientRow:
    """The client in the reader's language."""
    named = tuple((school.school, *_named(school)) for school in each.schools)
    schedules = tuple(dict.fromkeys(school.schedule for school in each.schools if school.schedule))
    coming = [run for text in schedules if (run := expected.next_run(text, after=clock.now()))]
    silent = None
    if each.state == "silent" and each.last_contact is not None:
        silent = Text(N_("Not heard from since {date}."), {"date": moment(each.last_contact)})
    others = ngettext("and {count} other school", "and {count} other schools", each.others) if each.others else None
    acts = not each.others and all(
        may(request.person, Action.REGISTER_CLIENT, school=school.school) for school in each.schools
    )
    return ClientRow(
        each, named, others, STATES[each.state], COLOURS[each.state], silent, schedules, min(coming, default=None), acts
    )


def _named(school: rows.ServedSchool) -> tuple[str, str]:
    name, language = name_in_language(school.name_en, school.name_cy)
    return name or school.school, language


def _fits(each: AreaClient, listing: Listing, at: datetime) -> bool:
    needs = listing.filters["needs"]
    return listing.filters["state"] in ("", each.state) and (
        needs == ""
        or (needs == "silent" and each.state == "silent")
        or (needs == "expires" and each.expires_soon(at))
        or (needs == "behind" and bool(each.version) and _number(each.version) < _number(installed("hwb")))
    )


def _number(version: str) -> list[int]:
    return [int(part) if part.isdecimal() else 0 for part in version.split(".")]


urlpatterns = [
    path("area/clients/", clients, name="clients"),
    path("area/clients/<uuid:client>/", client, name="client"),
    path("area/clients/<uuid:client>/retire/", retire, name="retire-client"),
    path("area/clients/<uuid:client>/renew/", renew, name="renew-client"),
]
