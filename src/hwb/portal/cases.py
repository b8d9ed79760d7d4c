"""E4: support's cases. What should I do next? Today they are account moves; other kinds come with the desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb import clock
from hwb.directory.queries import consolidation as rows
from hwb.directory.queries import roles
from hwb.directory.queries.consolidation import Case
from hwb.lifecycle import consolidation as rules
from hwb.lifecycle.consolidation import Status
from hwb.operations import consolidation
from hwb.operations.consolidation import ConsolidationRefused
from hwb.web import banner
from hwb.web.frame import show
from hwb.web.lists import Filter, FilterBox, Listing, titled
from hwb.web.move_words import STATUS, school_name
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text, say

_VIEWS = {
    "": N_("All open"), "mine": N_("Mine"), "unassigned": N_("Unassigned"), "ready": N_("Ready to do"),
    "waiting": N_("Waiting"), "done": N_("Done"),
}  # fmt: skip
_COLUMNS = {
    "reference": N_("Reference"), "kind": N_("Kind"), "about": N_("About"), "school": N_("New school"),
    "status": N_("Status"), "opened": N_("Opened"), "due": N_("Due"), "owner": N_("Owner"),
}  # fmt: skip
_READY = frozenset({Status.READY, Status.SECOND_CHECK, Status.TO_CHECK, Status.WAITING_PROOF})


@page(Action.SEE_CASES)
def cases(request: PageRequest) -> HttpResponse:
    """The list by view, due soonest first; people by their initials only."""
    listing = Listing.of(request, filters=("view",), sorts=("due",))
    view = listing.filters["view"]
    found = [case for case in rows.every(on=clock.today(), is_open=view != "done") if _fits(view, request)(case)]
    found.sort(key=lambda case: case.row.opened_at, reverse=view == "done")
    paging = listing.paging(len(found))
    box = FilterBox(listing, (Filter("view", N_("View"), [(key, say(text)) for key, text in _VIEWS.items() if key]),))
    lines = [_line(case, request) for case in found[paging.offset : paging.last]]
    return show(
        request, "portal/cases.html", title=titled(Text(N_("Cases")), len(found)), section="cases", lines=lines,
        columns=_COLUMNS, listing=listing, paging=paging, box=box,
    )  # fmt: skip


@page(Action.SEE_CASES, methods="POST")
def take(request: PageRequest, case: int) -> HttpResponse:
    """The agent has it from now on; a colleague who had it is told by the list."""
    try:
        consolidation.take(
            number=case, acting_account=request.person.account, acting_user=f"account {request.person.account}",
            now=clock.now(),
        )  # fmt: skip
    except ConsolidationRefused as refused:
        banner.put(request, refused.text)
        return HttpResponseRedirect(reverse("cases"))
    return HttpResponseRedirect(case_address(case))


def _fits(view: str, request: PageRequest) -> Callable[[Case], bool]:
    views: dict[str, Callable[[Case], bool]] = {
        "mine": lambda case: case.row.owner == request.person.account,
        "unassigned": lambda case: case.row.owner is None,
        "ready": lambda case: case.status in _READY,
        "waiting": lambda case: case.status not in _READY,
    }
    return views.get(view, lambda _: True)


def _line(case: Case, request: PageRequest) -> dict[str, Any]:
    row = case.row
    return {
        "number": row.number, "reference": row.reference, "about": initials(case), "status": STATUS[case.status],
        "school": school_name(case.held.new), "opened": row.opened_at.date(),
        "due": (row.opened_at + rules.EXPIRES).date(), "owner": owner_name(row.owner, request),
        "mine": row.owner == request.person.account,
    }  # fmt: skip


def initials(case: Case) -> str:
    """Of the person who moves, as far as anything is known of them."""
    account = case.held.retiring or case.held.kept
    name = max(account.names, key=len, default="") if account is not None else ""
    return " ".join(f"{part[0]}." for part in name.split()) or "–"


def owner_name(owner: UUID | None, request: PageRequest) -> str:
    """Who has the case."""
    if owner is None:
        return say(N_("Nobody yet"))
    if owner == request.person.account:
        return say(N_("You"))
    person = roles.find(owner, today=clock.today())
    return person.name if person is not None else ""


def read_case(case: int) -> Case:
    """The case of an address, 404 when there is none."""
    found = rows.read(case, on=clock.today())
    if found is None:
        raise Http404
    return found


def acting(request: PageRequest, case: int) -> dict[str, Any]:
    """Who acts on which case, and when, as every operation takes it."""
    return {
        "number": case, "acting_account": request.person.account, "now": clock.now(),
        "acting_user": f"account {request.person.account}",
    }  # fmt: skip


def case_address(case: int) -> str:
    """Where a case is (E5)."""
    return reverse("consolidation-case", kwargs={"case": case})


urlpatterns = [
    path("support/cases/", cases, name="cases"),
    path("support/cases/<int:case>/take/", take, name="case-take"),
]
