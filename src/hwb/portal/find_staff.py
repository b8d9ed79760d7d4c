"""Find a member of staff (ux.md B15): why a colleague has no account, who can put it right, and how others differ."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import ClassVar
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import path

from hwb import clock, names
from hwb.directory.queries import colleagues, explanations
from hwb.directory.queries import staff as rows
from hwb.directory.queries.colleagues import Colleague
from hwb.lifecycle import explain
from hwb.lifecycle.explain_facts import StaffFacts
from hwb.operations import searches, settings
from hwb.portal import asks
from hwb.portal.answers import address, answer_of
from hwb.portal.naming import list_name
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, day

KIND = "staff"
TITLE = N_("Find a member of staff")


COMPARE = N_("Compare with a colleague")
COMPARED = {
    "field": N_("Field"), "own": N_("This person"), "other": N_("The colleague"),
    "difference": N_("Difference"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One field of two people, said. `hidden`: the colleague's own value is not shown, only whether there is one."""

    label: str
    own: str
    other: str
    difference: str
    hidden: bool


class FindStaffForm(PageForm):
    asked = forms.CharField(
        label=N_("Staff code, name or username"), help_text=N_("Of your own school's staff, as your MIS writes them."),
        max_length=100, widget=forms.TextInput(attrs={"plain": True, "autocomplete": "off"}),
    )  # fmt: skip
    errors_said: ClassVar = {"asked": {"required": N_("Enter a staff code, a name or a username")}}


@page(Action.SEE_STAFF, methods="GET POST")
def find_staff(request: PageRequest, dfes: str) -> HttpResponse:
    """The box."""
    form = FindStaffForm.of(request)
    if form.is_sent():
        kept = searches.keep(
            account=request.person.account, school=dfes, kind=KIND, content={"words": form.cleaned_data["asked"]},
            at=datetime.now(UTC),
        )  # fmt: skip
        route = "compare-staff" if request.POST.get("then") and _is_comparable(dfes, form) else "found-staff"
        return redirect(route, dfes=dfes, search=kept)
    return show(
        request, "portal/find_staff.html", title=TITLE, form=form, section="staff", back=address("staff", dfes=dfes)
    )


@page(Action.SEE_STAFF)
def found_staff(request: PageRequest, dfes: str, search: UUID) -> HttpResponse:
    """The explanation of what was asked for, and spellings that come near."""
    on, limits, words = clock.today(), settings.explanation_limits(school=dfes), _words(request, dfes, search)
    facts = explanations.staff(school=dfes, asked=words, on=on, limits=limits)
    found = explain.staff(facts, on=on, limits=limits)
    answer = answer_of(found, school=facts.school, person=request.person, language=request.language)
    similar = () if facts.member else rows.similar_staff(school=dfes, search=words, language=request.language)
    return show(
        request, "portal/found_staff.html", title=TITLE, section="staff", back=address("find-staff", dfes=dfes),
        words=words, answer=answer, similar=similar, dfes=dfes, record=_record(facts, dfes),
        compares=address("compare-staff", dfes=dfes, search=search) if explain.can_compare(facts) else "",
        puts_right=address("to-put-right", dfes=dfes) if facts.refusals and answer.code != "LX21" else "",
        asks=asks.of_staff(request, _where(dfes, search), found, facts),
    )  # fmt: skip


@page(Action.SEE_STAFF, methods="POST")
def asks_of_staff(request: PageRequest, dfes: str, search: UUID) -> HttpResponse:
    """A message about what was found: the task is passed on, or its end watched."""
    on, limits, words = clock.today(), settings.explanation_limits(school=dfes), _words(request, dfes, search)
    facts = explanations.staff(school=dfes, asked=words, on=on, limits=limits)
    offered = asks.of_staff(request, _where(dfes, search), explain.staff(facts, on=on, limits=limits), facts)
    asks.do(request, dfes, offered, asks.looked_at(KIND, {"words": words}))
    return redirect("found-staff", dfes=dfes, search=search)


@page(Action.SEE_STAFF)
def compare_staff(request: PageRequest, dfes: str, search: UUID) -> HttpResponse:
    """What was received of the one who was asked about, field by field beside a colleague with a working account."""
    words = _words(request, dfes, search)
    limits = settings.explanation_limits(school=dfes)
    facts = explanations.staff(school=dfes, asked=words, on=clock.today(), limits=limits)
    if not explain.can_compare(facts):
        raise Http404
    found = sorted(colleagues.working(school=dfes), key=lambda one: _sorted_by(one, request))
    asked = request.GET.get("colleague", "")
    chosen = next((one for one in found if str(one.account) == asked), None)
    if asked and chosen is None:
        raise Http404
    return show(
        request, "portal/compare_staff.html", title=COMPARE, section="staff",
        back=address("found-staff", dfes=dfes, search=search), words=words, chosen=chosen,
        choices=[(one.account, list_name(one), one.record.staff_code) for one in found],
        columns=COMPARED, rows=_compared(facts, chosen, request) if chosen else (),
        refused=bool(facts.refusals), nothing=not facts.refusals and facts.member is None,
    )  # fmt: skip


def _where(dfes: str, search: UUID) -> str:
    return address("found-staff-asks", dfes=dfes, search=search)


def _is_comparable(dfes: str, form: FindStaffForm) -> bool:
    asked, limits = form.cleaned_data["asked"], settings.explanation_limits(school=dfes)
    return explain.can_compare(explanations.staff(school=dfes, asked=asked, on=clock.today(), limits=limits))


def _sorted_by(one: Colleague, request: PageRequest) -> str:
    return names.sort_key(one.surname, one.forename, request.language)


def _compared(facts: StaffFacts, chosen: Colleague, request: PageRequest) -> list[ComparedRow]:
    language = request.language
    return [
        ComparedRow(
            explain.say(row.label, language), _value(row.own), _value(row.other),
            explain.say(row.difference, language), row.field == "birth_date",
        )
        for row in explain.compare_with(facts, chosen.record)
    ]  # fmt: skip


def _value(value: str | date | None) -> str:
    return day(value) if isinstance(value, date) else value or ""


def _words(request: PageRequest, dfes: str, search: UUID) -> str:
    """What was typed. 404 when the search is somebody else's, or over."""
    kept = searches.find(search, account=request.person.account, school=dfes, kind=KIND, at=datetime.now(UTC))
    if kept is None:
        raise Http404
    return str(kept["words"])


def _record(facts: StaffFacts, dfes: str) -> str:
    """Where the record of the one who was found is."""
    member = facts.member
    if facts.protected or member is None or member.account is None:
        return ""
    return address("staff-member", dfes=dfes, account=UUID(member.account.id))


urlpatterns = [
    path("school/<str:dfes>/find-staff/", find_staff, name="find-staff"),
    path("school/<str:dfes>/find-staff/<uuid:search>/", found_staff, name="found-staff"),
    path("school/<str:dfes>/find-staff/<uuid:search>/compare/", compare_staff, name="compare-staff"),
    path("school/<str:dfes>/find-staff/<uuid:search>/asks/", asks_of_staff, name="found-staff-asks"),
]
