"""C3: clients. Which installations need attention before they fail?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version as installed
from typing import ClassVar
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path

from hwb import clock
from hwb.directory.queries import area_clients as rows
from hwb.directory.queries.area_clients import AreaClient
from hwb.lifecycle import expected
from hwb.operations import clients as operations
from hwb.portal.places import address
from hwb.web import banner
from hwb.web.forms import PageForm
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
    """A client as the table shows it; schools: (number, name, the name's language). kept: whether it runs at the time
    that was advised; command: what sets that time on its computer."""

    facts: AreaClient
    schools: tuple[tuple[str, str, str], ...]
    others: Text | None
    state: str
    colour: str
    silent: Text | None
    schedule: tuple[str, ...]
    next_run: datetime | None
    acts: bool
    kept: bool
    command: str


class NameForm(PageForm):
    """What people call the client's computer."""

    computer = forms.CharField(
        label=N_("Name for the computer"), max_length=60,
        help_text=N_("So that you know it again in the list of clients. Do not use a person's name."),
    )  # fmt: skip
    errors_said: ClassVar = {"computer": {"required": N_("Enter a name for the computer")}}


class AdviceForm(PageForm):
    """A time of day, or nothing for each school's own time."""

    at = forms.CharField(
        label=N_("Time of day"), required=False, max_length=5,
        help_text=N_("For example 04:30. Leave it empty for each school's own time, between 02:00 and 03:00."),
    )  # fmt: skip

    def clean_at(self) -> str:
        typed = str(self.cleaned_data["at"]).replace(".", ":")
        typed = f"0{typed}" if typed[1:2] == ":" else typed
        if typed and not clock.is_every_day(typed):
            raise ValidationError(
                N_("Enter a time as 04:30, and not one between 01:00 and 02:00: some nights do not have it")
            )
        return typed


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


@page(Action.REGISTER_CLIENT, methods="GET POST")
def rename(request: PageRequest, client: UUID) -> HttpResponse:
    """Another name for the computer, so that people know it again."""
    found = _own(request, client)
    form = NameForm.of(request, initial={"computer": found.computer})
    if form.is_sent():
        operations.rename(
            client=client, computer=form.cleaned_data["computer"], acting_user=_acting(request), now=clock.now()
        )
        return _changed(request, client)
    return _change_page(request, client, form, N_("Rename this client"))


@page(Action.REGISTER_CLIENT, methods="GET POST")
def advise(request: PageRequest, client: UUID) -> HttpResponse:
    """A time of day at which it is to run; whoever is at its computer sets it there."""
    found = _own(request, client)
    form = AdviceForm.of(request, initial={"at": found.advised})
    if form.is_sent():
        operations.advise(client=client, at=form.cleaned_data["at"], acting_user=_acting(request), now=clock.now())
        return _changed(request, client)
    return _change_page(request, client, form, N_("Advise a time for its runs"))


def _changed(request: PageRequest, client: UUID) -> HttpResponse:
    banner.put(request, Text(N_("The client is changed.")))
    return HttpResponseRedirect(address("client", client=client))


def _change_page(request: PageRequest, client: UUID, form: PageForm, title: str) -> HttpResponse:
    return show(
        request, "portal/client_change.html", title=title, section="clients", form=form,
        back=address("client", client=client),
    )  # fmt: skip


def _acting(request: PageRequest) -> str:
    return f"account {request.person.account}"


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
        silent = Text(N_("Not heard from since {date}."), {"date": moment(clock.rehearsed(each.last_contact))})
    others = ngettext("and {count} other school", "and {count} other schools", each.others) if each.others else None
    acts = not each.others and all(
        may(request.person, Action.REGISTER_CLIENT, school=school.school) for school in each.schools
    )
    kept = not each.advised or {expected.time_of(text) for text in schedules} == {expected.time_of(each.advised)}
    system = "windows" if any(text.startswith("windows") for text in schedules) else "systemd"
    return ClientRow(
        each, named, others, STATES[each.state], COLOURS[each.state], silent, schedules, min(coming, default=None),
        acts, kept,
        f"hwb-client schedule {system} --at {each.advised} --out {'tasks' if system == 'windows' else 'units'}",
    )  # fmt: skip


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
    path("area/clients/<uuid:client>/name/", rename, name="rename-client"),
    path("area/clients/<uuid:client>/time/", advise, name="advise-client"),
    path("area/clients/<uuid:client>/renew/", renew, name="renew-client"),
]
