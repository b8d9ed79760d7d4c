"""A case of the desk (E4): what is asked, whom it is about, and the answer that closes it; E5 at the same address."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb.directory.queries import desk as rows
from hwb.directory.queries import matching
from hwb.directory.queries.desk import DeskCase
from hwb.lifecycle import desk as rules
from hwb.lifecycle.desk import Event, Kind
from hwb.operations.desk import cases as desk
from hwb.operations.desk.refusals import DeskRefused
from hwb.operations.desk.storing import LONGEST
from hwb.portal import desk_answer
from hwb.portal.cases import about, acting, case_address, desk_school, owner_name
from hwb.portal.consolidation_case import show_move
from hwb.web import banner
from hwb.web.desk_words import EVENTS, KINDS, LANGUAGES, STATES
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text, say


class AnswerForm(PageForm):
    """The answer, and whether something was changed."""

    text = forms.CharField(
        label=N_("Answer"), help_text=N_("Whoever asked reads it after signing in. No UPNs, no passwords."),
        max_length=LONGEST, widget=forms.Textarea,
    )  # fmt: skip
    outcome = forms.ChoiceField(
        label=N_("How it ends"), widget=forms.RadioSelect, initial="explained",
        choices=[("explained", N_("Explained, no change")), ("done", N_("Done: something was changed"))],
    )  # fmt: skip
    errors_said: ClassVar = {"text": {"required": N_("Write the answer")}}


class AskBackForm(PageForm):
    """What support needs of whoever asked."""

    text = forms.CharField(
        label=N_("What we need from you"), help_text=N_("Whoever asked reads it after signing in."),
        max_length=LONGEST, widget=forms.Textarea,
    )  # fmt: skip
    errors_said: ClassVar = {"text": {"required": N_("Write what is needed")}}


@page(Action.SEE_CASES)
def case(request: PageRequest, case: int) -> HttpResponse:
    """Whoever has not taken the case, and everybody once it is over, sees its reference and state alone."""
    found = rows.read(case)
    if found is None:
        return show_move(request, case)
    title = Text(N_("{kind}, {reference}"), {"kind": say(KINDS[found.kind]), "reference": found.reference})
    if found.owner != request.person.account or found.closed_at is not None:
        return show(
            request, "portal/case_closed.html", title=title, section="cases", back=reverse("cases"), number=case,
            stands=STATES[found.state], about=about(found), owner=owner_name(found.owner, request),
            over=found.closed_at is not None,
            can_take_back=found.kind is Kind.MATCHING and rules.TABLE[found.state][Event.TAKE_BACK] is not None,
        )  # fmt: skip
    by = acting(request, case)
    del by["number"]
    try:
        desk.note_seen(case=found, what="case", **by)
    except DeskRefused:
        raise Http404 from None
    form = answer_form(request, found)
    values: dict[str, Any] = {} if form is None else {"form": form}
    return show(
        request, "portal/desk_case.html", title=title, section="cases", back=reverse("cases"), case=found,
        stands=STATES[found.state], school=desk_school(found), language_said=LANGUAGES.get(found.language, ""),
        asker=owner_name(found.asked_by, request) if found.asked_by else "",
        people=_people(found), history=[{"at": one.at, "title": say(EVENTS[one.what])} for one in found.history],
        matching=found.kind is Kind.MATCHING,
        can_ask=found.asked_by is not None and rules.TABLE[found.state][Event.ASK_BACK] is not None, **values,
    )  # fmt: skip


@page(Action.ANSWER_CASE, methods="POST")
def close(request: PageRequest, case: int) -> HttpResponse:
    """Answers and closes in one action (ux.md 6.5)."""
    found = read_desk_case(case)
    form = AnswerForm.of(request)
    if form.is_sent():
        given = form.cleaned_data
        try:
            desk.close(text=given["text"], changed_something=given["outcome"] == "done", **acting(request, case))
        except DeskRefused as refused:
            form.add_refusal("text", refused.text)
        else:
            told = N_("The case is closed, and whoever asked is told.")
            banner.put(request, Text(told if found.asked_by else N_("The case is closed.")))
            return HttpResponseRedirect(reverse("cases"))
    return show(
        request, "portal/case_answer.html", title=N_("Answer and close"), section="cases", back=case_address(case),
        form=form, button=N_("Send the answer and close"),
    )  # fmt: skip


@page(Action.ANSWER_CASE, methods="GET POST")
def ask_back(request: PageRequest, case: int) -> HttpResponse:
    """Something is needed of whoever asked."""
    read_desk_case(case)
    form = AskBackForm.of(request)
    if form.is_sent():
        try:
            desk.ask_back(text=form.cleaned_data["text"], **acting(request, case))
        except DeskRefused as refused:
            form.add_refusal("text", refused.text)
        else:
            banner.put(request, Text(N_("Whoever asked is told that something is needed.")))
            return HttpResponseRedirect(case_address(case))
    return show(
        request, "portal/case_answer.html", title=N_("Ask for something"), section="cases", back=case_address(case),
        form=form, button=N_("Send"),
    )  # fmt: skip


def answer_form(request: PageRequest, found: DeskCase) -> AnswerForm | None:
    """The form that closes a case, its answer filled in from the explanation; None where that does not close it."""
    if rules.TABLE[found.state][Event.EXPLAIN] is None:
        return None
    if found.kind is Kind.MATCHING and matching.still_stands(found.matter):
        return None
    language = desk_answer.language_of(found, request.language)
    form = AnswerForm.of(request, initial={"text": desk_answer.suggested(found, language)})
    form.fields["text"].widget.attrs["lang"] = language
    return form


def read_desk_case(case: int) -> DeskCase:
    """The case of an address, 404 when there is none of the desk."""
    found = rows.read(case)
    if found is None:
        raise Http404
    return found


def _people(found: DeskCase) -> list[dict[str, Any]]:
    """Whose records can be opened in this case."""
    return [
        {"address": reverse("case-record", kwargs={"case": found.number, "place": place}), "first": not place}
        for place, whom in enumerate((found.account, found.other))
        if whom is not None
    ]


urlpatterns = [
    path("support/cases/<int:case>/", case, name="case"),
    path("support/cases/<int:case>/answer/", close, name="case-close"),
    path("support/cases/<int:case>/needs/", ask_back, name="case-needs"),
]
