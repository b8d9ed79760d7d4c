"""Find a member of staff (ux.md B15): why a colleague has no account, and who can put it right."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import path

from hwb import clock
from hwb.directory.queries import explanations
from hwb.directory.queries import staff as rows
from hwb.lifecycle import explain
from hwb.operations import searches, settings
from hwb.portal.answers import address, answer_of
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_

KIND = "staff"
TITLE = N_("Find a member of staff")


class FindStaffForm(PageForm):
    asked = forms.CharField(
        label=N_("Staff code or name"), help_text=N_("Of your own school's staff, as your MIS writes them."),
        max_length=100, widget=forms.TextInput(attrs={"plain": True, "autocomplete": "off"}),
    )  # fmt: skip
    errors_said: ClassVar = {"asked": {"required": N_("Enter a staff code or a name")}}


@page(Action.SEE_STAFF, methods="GET POST")
def find_staff(request: PageRequest, dfes: str) -> HttpResponse:
    """The box."""
    form = FindStaffForm.of(request)
    if form.is_sent():
        kept = searches.keep(
            account=request.person.account, school=dfes, kind=KIND, content={"words": form.cleaned_data["asked"]},
            at=datetime.now(UTC),
        )  # fmt: skip
        return redirect("found-staff", dfes=dfes, search=kept)
    return show(
        request, "portal/find_staff.html", title=TITLE, form=form, section="staff", back=address("staff", dfes=dfes)
    )


@page(Action.SEE_STAFF)
def found_staff(request: PageRequest, dfes: str, search: UUID) -> HttpResponse:
    """The explanation of what was asked for, and spellings that come near."""
    kept = searches.find(search, account=request.person.account, school=dfes, kind=KIND, at=datetime.now(UTC))
    if kept is None:
        raise Http404
    on, limits, words = clock.today(), settings.explanation_limits(), str(kept["words"])
    facts = explanations.staff(school=dfes, asked=words, on=on, limits=limits)
    answer = answer_of(explain.staff(facts, on=on, limits=limits), school=facts.school, language=request.language)
    similar = () if facts.member else rows.similar_staff(school=dfes, search=words, language=request.language)
    return show(
        request, "portal/found_staff.html", title=TITLE, section="staff", back=address("find-staff", dfes=dfes),
        words=words, answer=answer, similar=similar,
        puts_right=address("to-put-right", dfes=dfes) if facts.refusals and answer.code != "LX21" else "",
    )  # fmt: skip


urlpatterns = [
    path("school/<str:dfes>/find-staff/", find_staff, name="find-staff"),
    path("school/<str:dfes>/find-staff/<uuid:search>/", found_staff, name="found-staff"),
]
