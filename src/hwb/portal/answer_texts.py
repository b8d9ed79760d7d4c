"""E9: what the desk tells people by code, in both languages, written by one person and approved by another."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb import clock
from hwb.directory.queries import help_answers as rows
from hwb.directory.queries.help_answers import AnswerRow
from hwb.extract.texts import Text as Sentence
from hwb.extract.texts import render
from hwb.lifecycle import help_answers as rules
from hwb.lifecycle.explain_texts import SITUATIONS
from hwb.operations import help_answers
from hwb.operations.help_answers import AnswerRefused
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.help_words import GROUPS
from hwb.web.lists import Filter, FilterBox, Listing, titled
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text, language_now, say

_COLUMNS = {
    "code": N_("Code"), "about": N_("About"), "used": N_("Used in"), "languages": N_("Languages"),
    "times": N_("Cases"), "changed": N_("Changed"),
}  # fmt: skip
_VIEWS = {"without": N_("Without an answer of its own"), "waiting": N_("Waiting for a second person")}
_QUESTIONS = {one.code: one.question for _, questions in GROUPS for one in questions}


class AnswerTextForm(PageForm):
    """The short answer in both languages."""

    english = forms.CharField(
        label=N_("English"), max_length=rules.LONGEST, widget=forms.Textarea(attrs={"lang": "en"}),
        help_text=N_("Variables: {telephone} and {email}, each in braces. No names."),
    )  # fmt: skip
    welsh = forms.CharField(label=N_("Welsh"), max_length=rules.LONGEST, widget=forms.Textarea(attrs={"lang": "cy"}))
    errors_said: ClassVar = {
        "english": {"required": N_("Write the answer in English")},
        "welsh": {"required": N_("Write the answer in Welsh")},
    }  # fmt: skip


@page(Action.EDIT_ANSWERS)
def answers(request: PageRequest) -> HttpResponse:
    """Every code; those without an answer first."""
    listing = Listing.of(request, filters=("view",), sorts=("code",))
    written, view = rows.every(), listing.filters["view"]
    found = [written.get(code, AnswerRow(code)) for code in rules.CODES]
    fits = {"without": lambda one: not one.text_en, "waiting": lambda one: bool(one.draft_en)}.get(view, lambda _: True)
    found = sorted(filter(fits, found), key=lambda one: (bool(one.text_en), rules.CODES.index(one.code)))
    paging = listing.paging(len(found))
    box = FilterBox(listing, (Filter("view", N_("View"), [(key, say(text)) for key, text in _VIEWS.items()]),))
    return show(
        request, "portal/answer_texts.html", title=titled(Text(N_("Answers")), len(found)), section="answers",
        lines=[_line(one) for one in found[paging.offset : paging.last]], columns=_COLUMNS, listing=listing,
        paging=paging, box=box,
    )  # fmt: skip


@page(Action.EDIT_ANSWERS, methods="GET POST")
def answer(request: PageRequest, code: str) -> HttpResponse:
    """One code: what counts, what is proposed, and a form for other words."""
    if code not in rules.CODES:
        raise Http404
    one = rows.one(code)
    form = AnswerTextForm.of(request, initial={
        "english": one.draft_en or one.text_en, "welsh": one.draft_cy or one.text_cy,
    })  # fmt: skip
    if form.is_sent():
        given = form.cleaned_data
        try:
            help_answers.propose(code=code, english=given["english"], welsh=given["welsh"], **_acting(request))
        except AnswerRefused as refused:
            form.add_refusal("english", refused.text)
        else:
            banner.put(request, Text(N_("Proposed. It counts once another person has approved it.")))
            return HttpResponseRedirect(reverse("answers"))
    return show(
        request, "portal/answer_text.html", title=Text(N_("Answer {code}"), {"code": code}), section="answers",
        back=reverse("answers"), form=form, one=one, about=_about(code),
        may_approve=bool(one.draft_en) and one.drafted_by != request.person.account,
        read=rules.mark(one.draft_en, one.draft_cy),
    )  # fmt: skip


@page(Action.EDIT_ANSWERS, methods="POST")
def approve(request: PageRequest, code: str) -> HttpResponse:
    """The second person agrees."""
    try:
        help_answers.approve(code=code, read=request.POST.get("read", ""), **_acting(request))
    except AnswerRefused as refused:
        banner.put(request, refused.text)
    else:
        banner.put(request, Text(N_("Approved. This is what people read from now on.")))
    return HttpResponseRedirect(reverse("answers"))


def _acting(request: PageRequest) -> dict[str, Any]:
    account = request.person.account
    return {"acting_account": account, "acting_user": f"account {account}", "now": clock.now()}


def _line(one: AnswerRow) -> dict[str, Any]:
    used = N_("Public help") if one.code in rules.QUESTIONS else N_("Answers to cases")
    languages = N_("Both") if one.text_en else N_("Neither yet")
    return {
        "code": one.code, "about": _about(one.code), "used": used, "languages": languages, "times": one.used,
        "changed": one.changed_at, "waits": bool(one.draft_en),
    }  # fmt: skip


def _about(code: str) -> str:
    """The question, or the situation for which the explanation has the code."""
    if code in _QUESTIONS:
        return say(_QUESTIONS[code], domain="web")
    return render(Sentence(SITUATIONS[code]), language=language_now(), domain="lifecycle")


urlpatterns = [
    path("support/answers/", answers, name="answers"),
    path("support/answers/<str:code>/", answer, name="answer"),
    path("support/answers/<str:code>/approve/", approve, name="answer-approve"),
]
