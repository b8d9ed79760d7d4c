"""A10: help and answers, for anybody. Is my question here?"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import NoReverseMatch, path, reverse

from hwb.directory.queries import help_answers
from hwb.directory.queries.help_answers import AnswerRow
from hwb.lifecycle import help_answers as rules
from hwb.lifecycle.identity import folded
from hwb.web.frame import show
from hwb.web.help_words import GROUPS, Question
from hwb.web.page import PageRequest, is_signed_in, page
from hwb.web.policy import Action, may
from hwb.web.words import N_, say


@page(Action.OPEN, methods="GET POST")
def help_(request: PageRequest) -> HttpResponse:
    """Four groups; what is searched for travels by POST and is not kept."""
    words = request.POST.get("words", "")[:100].strip() if request.method == "POST" else ""
    written = help_answers.every()
    groups = [
        (say(title, domain="web"), [_line(request, one, written.get(one.code)) for one in questions])
        for title, questions in GROUPS
    ]
    wanted = [folded(word) for word in words.split() if folded(word)]
    found = [(title, [one for one in lines if _fits(one, wanted)]) for title, lines in groups]
    found = [(title, lines) for title, lines in found if lines]
    return show(
        request, "web/help.html", title=N_("Help"), words=words, nothing=bool(wanted) and not found,
        groups=found or groups,
    )  # fmt: skip


def _line(request: PageRequest, one: Question, written: AnswerRow | None) -> dict[str, Any]:
    own = written.said(request.language) if written is not None else ""
    values = {"telephone": settings.HWB_HELP_TELEPHONE, "email": settings.HWB_HELP_EMAIL}
    said = [say(text, domain="web") for text in (one.question, one.short, one.owner, one.step)]
    return {
        "code": one.code, "question": said[0], "short": rules.filled(own, values) if own else said[1], "owner": said[2],
        "step": said[3], "tool": _tool(request, one),
    }  # fmt: skip


def _tool(request: PageRequest, one: Question) -> str:
    """Where somebody signed in can do it: at the first school where they may."""
    if not one.tool or (one.action is not None and not is_signed_in(request)):
        return ""
    if one.action is Action.OWN_ACCOUNT and request.person.kind != "staff":
        return ""
    schools = [""] if one.action is None else [*(grant.school for grant in request.person.grants if grant.school), ""]
    for school in schools:
        if one.action is not None and not may(request.person, one.action, school=school):
            continue
        try:
            return reverse(one.tool, kwargs={"dfes": school} if school else {})
        except NoReverseMatch:
            continue
    return ""


def _fits(line: dict[str, Any], wanted: list[str]) -> bool:
    """Whether every word begins one of the question's or the answer's; accents and case do not count."""
    there = [folded(word) for word in f"{line['question']} {line['short']} {line['step']}".split()]
    return all(any(word.startswith(each) for word in there) for each in wanted)


urlpatterns = [path("help/", help_, name="help")]
