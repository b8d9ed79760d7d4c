"""E6: which of the two accounts stays, and what will be lost; joining them, and putting both back (R25)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path

from hwb import clock
from hwb.directory.queries import movers
from hwb.directory.queries.consolidation import Case
from hwb.lifecycle import consolidation as rules
from hwb.operations import consolidation
from hwb.operations.consolidation import ConsolidationRefused
from hwb.portal.cases import acting, case_address, read_case
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import ROLE_NAMES, show
from hwb.web.move_words import STATUS, school_name
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, Role
from hwb.web.words import N_, Text, day, say


@page(Action.CONSOLIDATE, methods="GET POST")
def compare(request: PageRequest, case: int) -> HttpResponse:
    """E6: which account stays, and what will be lost; then the accounts are joined."""
    found = read_case(case)
    if found.held.kept is None or found.held.retiring is None or found.row.closed_at is not None:
        banner.put(request, Text(N_("One of the two accounts is not there, or the case is over.")))
        return HttpResponseRedirect(case_address(case))
    form = PageForm.of(request)
    if form.is_sent():
        try:
            consolidation.join(on=clock.today(), at=datetime.now(UTC), **acting(request, case))
        except ConsolidationRefused as refused:
            form.add_refusal(None, refused.text)
        else:
            return _joined(request, case)
    return show(
        request, "portal/case_compare.html", title=N_("Compare the two accounts"), form=form, section="cases",
        back=case_address(case), compared=_compared(found), copied=found.row.has_copied, second=found.second_agent,
        new=school_name(found.held.new), stands=STATUS[found.status],
    )  # fmt: skip


def _joined(request: PageRequest, case: int) -> HttpResponse:
    found = read_case(case)
    until = rules.undo_until(found.row.joined_at) if found.row.joined_at else None
    return show(
        request, "portal/case_joined.html", title=N_("The accounts are joined"), reference=found.row.reference,
        section="cases", until=until, back=case_address(case),
    )  # fmt: skip


@page(Action.CONSOLIDATE, methods="GET POST")
def undo(request: PageRequest, case: int) -> HttpResponse:
    """Both accounts back, for 14 days."""
    form = PageForm.of(request)
    if form.is_sent():
        try:
            consolidation.undo(on=clock.today(), at=datetime.now(UTC), **acting(request, case))
        except ConsolidationRefused as refused:
            form.add_refusal(None, refused.text)
        else:
            banner.put(request, Text(N_("Both accounts are as they were. The staff member and the school are told.")))
            return HttpResponseRedirect(case_address(case))
    return show(
        request, "portal/case_undo.html", title=N_("Undo the joining"), form=form, section="cases",
        back=case_address(case), button=N_("Put both accounts back"), warns=True,
    )  # fmt: skip


def _compared(case: Case) -> list[dict[str, Any]]:
    """Both accounts side by side; differences are said in words."""
    kept, retiring = (_account(one.id) for one in (case.held.kept, case.held.retiring) if one is not None)
    labels = {
        "name": N_("Name"), "username": N_("Username"), "email": N_("E-mail"), "schools": N_("Schools"),
        "state": N_("State"), "created": N_("Made on"), "last": N_("Last sign-in"), "roles": N_("Roles"),
        "step": N_("Second step"),
    }  # fmt: skip
    same, differs = say(N_("The same")), say(N_("Different"))
    return [
        {"label": label, "old": kept[key], "new": retiring[key],
         "difference": same if kept[key] == retiring[key] else differs}
        for key, label in labels.items()
    ]  # fmt: skip


def _account(id_: str) -> dict[str, str]:
    row = movers.beside(UUID(id_), today=clock.today())
    if row is None:
        raise Http404
    none = say(N_("None"))
    return {
        "name": row.name, "username": row.username, "email": row.email, "schools": ", ".join(row.schools) or none,
        "state": say(N_("Active") if row.active else N_("Inactive"), domain="web"), "created": day(row.created),
        "last": day(row.last_sign_in.date()) if row.last_sign_in else say(N_("Never")),
        "roles": ", ".join(say(ROLE_NAMES[Role(role)], domain="web") for role in row.roles) or none,
        "step": say(N_("Has one") if row.second_step else N_("Not yet")),
    }  # fmt: skip


urlpatterns = [
    path("support/cases/<int:case>/compare/", compare, name="case-compare"),
    path("support/cases/<int:case>/undo/", undo, name="case-undo"),
]
