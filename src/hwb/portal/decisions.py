"""F1, F2: whether a former member of staff may keep their account: the previous headteacher decides, or in their
place a deputy, the successor's headteacher or the local authority (R25)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path

from hwb import clock
from hwb.directory.queries import consolidation as rows
from hwb.directory.queries.consolidation import Case
from hwb.identifiers import parse_dfes_number
from hwb.lifecycle import consolidation as rules
from hwb.lifecycle.consolidation import Event, State
from hwb.operations import consolidation
from hwb.operations.consolidation import ConsolidationRefused, Wanted
from hwb.portal.places import address
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.move_words import STATUS, school_name
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text


class BeginForm(PageForm):
    """A headteacher begins for a former member of staff."""

    username = forms.CharField(
        label=N_("Username at your school"), max_length=254, widget=forms.TextInput(attrs={"plain": True})
    )
    new_school = forms.CharField(
        label=N_("Number of the new school"), max_length=12, help_text=N_("The DfES number has 7 digits.")
    )
    errors_said: ClassVar = {
        "username": {"required": N_("Enter the username that the person had at your school")},
        "new_school": {"required": N_("Enter the number of the new school")},
    }

    def clean_new_school(self) -> str:
        number = parse_dfes_number(self.cleaned_data["new_school"])
        if number is None:
            raise ValidationError(N_("A school number has 7 digits"))
        return number


@page(Action.SEE_DECISIONS)
def decisions(request: PageRequest, dfes: str) -> HttpResponse:
    """F1: does anyone wait for me?"""
    return _listed(request, rows.undecided(schools={dfes}, on=clock.today()), dfes)


@page(Action.SEE_DECISIONS_OF_AREA)
def area_decisions(request: PageRequest) -> HttpResponse:
    """F1 of a local authority, which decides where a school's headteacher cannot."""
    return _listed(request, rows.undecided(areas=request.access.areas, on=clock.today()), "")


@page(Action.SEE_DECISIONS, methods="GET POST")
def begin(request: PageRequest, dfes: str) -> HttpResponse:
    """The headteacher begins (F1); the staff member completes the request at the new school."""
    form = BeginForm.of(request)
    if form.is_sent():
        wanted = Wanted(dfes, form.cleaned_data["username"], form.cleaned_data["new_school"])
        try:
            number = consolidation.open_by_head(wanted=wanted, acting_user=acting(request), now=clock.now())
        except ConsolidationRefused as refused:
            form.add_refusal("new_school", refused.text)
        else:
            return HttpResponseRedirect(address("decision", dfes=dfes, number=str(number)))
    return show(
        request, "portal/decision_begin.html", title=N_("Authorise a move before you are asked"), form=form,
        section="decisions", back=address("decisions", dfes=dfes),
    )  # fmt: skip


def _listed(request: PageRequest, cases: tuple[Case, ...], dfes: str) -> HttpResponse:
    waiting = [_line(case, dfes) for case in cases if waits(case)]
    authorised = [_line(case, dfes) for case in cases if case.row.authorisation is not None]
    title = Text(N_("Decisions waiting for you ({count})"), {"count": len(waiting)})
    return show(
        request, "portal/decisions.html", title=title,
        section="decisions", waiting=waiting, authorised=authorised, columns=_COLUMNS,
        begin=address("decision-begin", dfes=dfes) if dfes else "",
    )  # fmt: skip


_COLUMNS = {
    "reference": N_("Reference"), "name": N_("Former member of staff"), "school": N_("New school"),
    "asked": N_("Asked on"), "until": N_("Reply by"),
}  # fmt: skip


def _line(case: Case, dfes: str) -> dict[str, Any]:
    asked = case.row.requested_at or case.row.opened_at
    return {
        "reference": case.row.reference, "name": former_name(case), "school": school_name(case.held.new),
        "asked": asked.date(), "until": (asked + rules.EXPIRES).date(), "status": STATUS[case.status],
        "address": place("decision", case.row.number, dfes), "back": place("decision-back", case.row.number, dfes),
        "can": rules.TABLE[case.row.state][Event.TAKE_BACK] is not None,
    }  # fmt: skip


def waits(case: Case) -> bool:
    """Whether somebody is to decide: the staff member has asked, or the headteacher began and has not authorised."""
    row = case.row
    return row.authorisation is None and (row.state is State.ASKED or row.opened_as == "head")


def former_name(case: Case) -> str:
    """The former member of staff as this school knew them; nothing when the username was nobody's here."""
    return max(case.held.kept.names, key=len, default="") if case.held.kept is not None else ""


def place(route: str, number: int | None, dfes: str) -> str:
    """The address of a page of a school's decisions, or without a school of an authority's."""
    if not dfes:
        return address(f"area-{route}", number=str(number)) if number is not None else address(f"area-{route}")
    return address(route, dfes=dfes, number=str(number)) if number is not None else address(route, dfes=dfes)


def acting(request: PageRequest) -> str:
    """How the audit log names whoever acts."""
    return f"account {request.person.account}"


urlpatterns = [
    path("school/<str:dfes>/decisions/", decisions, name="decisions"),
    path("school/<str:dfes>/decisions/begin/", begin, name="decision-begin"),
    path("area/decisions/", area_decisions, name="area-decisions"),
]
