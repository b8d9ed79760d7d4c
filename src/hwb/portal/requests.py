"""B17: a school's requests to Hwb Support. What have we asked for, and who has it now?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb import clock
from hwb.directory.queries import consolidation as moves
from hwb.directory.queries import desk as rows
from hwb.directory.queries.desk import DeskCase
from hwb.lifecycle import desk as rules
from hwb.lifecycle.desk import Event, Kind, State
from hwb.operations.desk import cases
from hwb.operations.desk.refusals import DeskRefused
from hwb.portal import request_forms
from hwb.portal.request_forms import Asking, ReplyForm
from hwb.web import banner
from hwb.web.desk_words import EVENTS, KINDS, MOVE, STATES, WAITING_FOR
from hwb.web.frame import show
from hwb.web.language import is_switch
from hwb.web.lists import Filter, FilterBox, Listing, titled
from hwb.web.move_words import STATUS
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, Scope, may
from hwb.web.words import N_, Text, say

_COLUMNS = {
    "reference": N_("Reference"), "kind": N_("Kind"), "opened": N_("Opened"), "status": N_("Status"),
    "waiting": N_("Waiting for"),
}  # fmt: skip
_VIEWS = {"open": N_("Open"), "done": N_("Closed"), "mine": N_("Mine")}


@page(Action.SEE_REQUESTS)
def requests(request: PageRequest, dfes: str) -> HttpResponse:
    """The list, the newest first; a teacher's own alone."""
    listing = Listing.of(request, filters=("view", "kind"), sorts=("opened",))
    view, kind = listing.filters["view"], listing.filters["kind"]
    found = [_line(case) for case in _visible(request, dfes) if _fits(view, kind, request)(case)]
    if view != "mine" and kind in ("", "move") and may(request.person, Action.INVITE_TO_MOVE, school=dfes):
        found += [_move_line(case) for case in moves.opened_by_school(dfes, on=clock.today()) if _move_fits(view, case)]
    found.sort(key=lambda line: line["opened"], reverse=True)
    paging = listing.paging(len(found))
    kinds = [*((str(one), say(KINDS[one])) for one in rules.ASKABLE), ("move", say(MOVE))]
    box = FilterBox(listing, (
        Filter("view", N_("Status"), [(key, say(text)) for key, text in _VIEWS.items()]),
        Filter("kind", N_("Kind"), kinds),
    ))  # fmt: skip
    return show(
        request, "portal/requests.html", title=titled(Text(N_("Requests")), len(found)), section="requests", dfes=dfes,
        lines=found[paging.offset : paging.last], columns=_COLUMNS, listing=listing, paging=paging, box=box,
        finds=reverse("find-learner", args=[dfes]) if may(request.person, Action.FIND_LEARNER, school=dfes) else "",
    )  # fmt: skip


@page(Action.SEE_REQUESTS)
def new_request(request: PageRequest, dfes: str) -> HttpResponse:
    """Which kind of request."""
    return show(
        request, "portal/request_kinds.html", title=N_("Ask Hwb Support"), section="requests",
        back=reverse("requests", args=[dfes]),
        kinds=[(say(kind.title), say(kind.hint), reverse("request-new", args=[dfes, name]))
               for name, kind in request_forms.offered(request, dfes)],
    )  # fmt: skip


@page(Action.SEE_REQUESTS, methods="GET POST")
def request_of_kind(request: PageRequest, dfes: str, kind: str) -> HttpResponse:
    """Asks only what the kind needs."""
    asking: Asking | None = dict(request_forms.offered(request, dfes)).get(kind)
    if asking is None:
        raise Http404
    form = asking.form.of(request)
    form.prepare(request, dfes)
    if form.is_sent():
        try:
            where = form.send(request, dfes)
        except request_forms.REFUSALS as refused:
            form.add_refusal(form.at_fault, refused.text)
        else:
            return HttpResponseRedirect(where)
    return show(
        request, "portal/request_new.html", title=asking.title, section="requests", form=form, hint=asking.hint,
        back=reverse("requests-new", args=[dfes]),
    )  # fmt: skip


@page(Action.SEE_REQUESTS, methods="GET POST")
def request_detail(request: PageRequest, dfes: str, number: int) -> HttpResponse:
    """How it stands, what support needs or answers, and what the school can do. POST replies or withdraws."""
    case = _own(request, dfes, number)
    form = ReplyForm.of(request)
    if request.method == "POST" and not is_switch(request):
        acting: dict[str, Any] = {"number": number, "school": dfes, "acting_user": f"account {request.person.account}",
                  "now": clock.now()}  # fmt: skip
        try:
            if "withdraw" in request.POST:
                cases.withdraw(**acting)
            elif form.is_sent():
                cases.reply(text=form.cleaned_data["text"], **acting)
            else:
                return _detail(request, dfes, case, form)
        except DeskRefused as refused:
            form.add_refusal(None, refused.text)
            return _detail(request, dfes, case, form)
        said = N_("The request is withdrawn.") if "withdraw" in request.POST else N_("Sent to Hwb Support.")
        banner.put(request, Text(said))
        return HttpResponseRedirect(request.path)
    return _detail(request, dfes, case, form if _can_reply(case) else None)


def _detail(request: PageRequest, dfes: str, case: DeskCase, form: ReplyForm | None) -> HttpResponse:
    matching = case.kind is Kind.MATCHING
    values: dict[str, Any] = {} if form is None else {"form": form}
    return show(
        request, "portal/request.html", title=Text(N_("Request {reference}"), {"reference": case.reference}),
        section="requests", back=reverse("requests", args=[dfes]), case=case, kind=KINDS[case.kind],
        stands=STATES[case.state], waiting=WAITING_FOR[case.state], finds=_finds(request, dfes, case),
        asked="" if case.kind is Kind.CALL else case.details,  # of a call it is the agent's reason, which is not theirs
        history=[{"at": one.at, "title": say(EVENTS[one.what])} for one in case.history],
        can_withdraw=not matching and rules.TABLE[case.state][Event.WITHDRAW] is not None, matching=matching,
        answer="" if matching else case.answer,  # of a finding it is the agent's reason
        new=reverse("requests-new", args=[dfes]), **values,
    )  # fmt: skip


def _can_reply(case: DeskCase) -> bool:
    """To a question about contradicting records a school answers while support waits for it."""
    if case.kind is Kind.MATCHING and case.state is not State.WAITING:
        return False
    return rules.TABLE[case.state][Event.REPLY] is not None


def _visible(request: PageRequest, dfes: str) -> tuple[DeskCase, ...]:
    own = request.person.account if request.access.scope is Scope.OWN_CLASSES else None
    return rows.of_school(dfes, asked_by=own)


def _own(request: PageRequest, dfes: str, number: int) -> DeskCase:
    found = next((case for case in _visible(request, dfes) if case.number == number), None)
    if found is None:
        raise Http404
    return found


def _fits(view: str, kind: str, request: PageRequest) -> Callable[[DeskCase], bool]:
    def fits(case: DeskCase) -> bool:
        is_open = case.state in rules.OPEN
        views = {"open": is_open, "done": not is_open, "mine": case.asked_by == request.person.account}
        return views.get(view, True) and kind in ("", str(case.kind))

    return fits


def _move_fits(view: str, case: moves.Case) -> bool:
    return {"open": case.row.closed_at is None, "done": case.row.closed_at is not None}.get(view, True)


def _line(case: DeskCase) -> dict[str, Any]:
    return {
        "reference": case.reference, "address": reverse("request", args=[case.school, case.number]),
        "kind": KINDS[case.kind], "opened": case.opened_at, "status": STATES[case.state],
        "waiting": WAITING_FOR[case.state],
    }  # fmt: skip


def _move_line(case: moves.Case) -> dict[str, Any]:
    row = case.row
    return {
        "reference": row.reference, "address": reverse("staff-member", args=[row.new_school, row.mover]),
        "kind": MOVE, "opened": row.opened_at, "status": STATUS[case.status], "waiting": "",
    }  # fmt: skip


def _finds(request: PageRequest, dfes: str, case: DeskCase) -> str:
    """Where to look the learner up as they are now. The request shows only the code that was found when it was sent:
    every look at another school's learner is one of its own, recorded and limited (R42)."""
    if case.kind is not Kind.LEARNER or not may(request.person, Action.FIND_LEARNER, school=dfes):
        return ""
    return reverse("find-learner", args=[dfes])


urlpatterns = [
    path("school/<str:dfes>/requests/", requests, name="requests"),
    path("school/<str:dfes>/requests/new/", new_request, name="requests-new"),
    path("school/<str:dfes>/requests/new/<str:kind>/", request_of_kind, name="request-new"),
    path("school/<str:dfes>/requests/<int:number>/", request_detail, name="request"),
]
