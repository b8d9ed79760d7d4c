"""Find my learner (ux.md B12): why a learner is not here, and who can put it right; one, or many at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import path

from hwb import clock, names
from hwb.directory.queries import explanations, newcomers, people
from hwb.identifiers import UpnFault, clean_upn, upn_fault
from hwb.lifecycle import explain
from hwb.lifecycle.explain import Explanation
from hwb.lifecycle.explain_facts import LearnerFacts
from hwb.operations import help_codes, lookups, searches, settings
from hwb.portal import asks, learner_answers
from hwb.portal.answers import address
from hwb.portal.naming import year_name
from hwb.web import errors
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.language import is_switch
from hwb.web.lists import Listing
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, may
from hwb.web.words import N_, Text, ngettext, say

KIND = "learner"
MOST = explanations.MOST_AT_ONCE
TITLE = N_("Find my learner")
COLUMNS = {
    "upn": N_("UPN"), "name": N_("Name"), "school": N_("Previous school"), "left": N_("Left there"),
    "their run": N_("Their run"), "on roll": N_("On roll here"), "your run": N_("Your run"),
    "owner": N_("Whose turn"),
}  # fmt: skip
_HYPHENS = re.compile(r"[-‐‑‒–—]")  # typed inside a UPN they mean nothing
_FAULTS = {
    UpnFault.LETTER: N_(
        "This is not a UPN: it begins with a letter other than I, O and S, and ends with a digit or such a letter"
    ),
    UpnFault.DIGIT: N_(
        "This is not a UPN: characters 2 to 12 are digits. Look for the letter O in place of 0, or I in place of 1"
    ),
    UpnFault.CHECK: N_(
        "This is not a UPN: the first letter does not fit the digits. That is most likely a typing mistake; compare it "
        "with the transfer form"
    ),
}


#: The same of a mistyped code, of one that is over, and of another school's learner.
NOBODYS_CODE = N_(
    "This help code is over, or it is not one of your learners'. Ask the learner to sign in again and show you the code"
)


class FindLearnerForm(PageForm):
    """One form with three ways to ask; the button says which."""

    asked = forms.CharField(
        label=N_("UPN or name"), help_text=N_("The UPN is on the transfer form and in your MIS."), required=False,
        max_length=100, widget=forms.TextInput(attrs={"plain": True, "autocomplete": "off"}),
    )  # fmt: skip
    many = forms.CharField(
        label=N_("UPNs"), help_text=N_("Up to 300, one on each line, or with commas between."), required=False,
        max_length=12_000, widget=forms.Textarea,
    )  # fmt: skip
    year = forms.ChoiceField(
        label=N_("Everybody in a year group"), required=False, widget=forms.Select(attrs={"verbatim": True})
    )
    errors_said: ClassVar = {"asked": {"max_length": N_("Enter a UPN or a name of at most 100 characters")}}

    def __init__(
        self, *args: Any, years: Sequence[str] = (), of_code: Callable[[str], str | None] | None = None, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self._of_code = of_code
        choices = [(group, say(year_name(group))) for group in years]
        self.fields["year"].choices = [("", say(N_("Choose a year group"))), *choices]  # type: ignore[attr-defined]
        self.content: dict[str, Any] = {}

    def clean(self) -> dict[str, Any]:
        asks = {"many": self._many, "year": self._year}.get(self.data.get("what", ""), self._one)
        if not self.errors:
            asks()
        return self.cleaned_data

    def _one(self) -> None:
        words = str(self.cleaned_data.get("asked", "")).strip()
        if self._of_code is not None and help_codes.is_code(words):
            known = self._of_code(words)
            if known is None:
                return self.add_refusal("asked", Text(NOBODYS_CODE))
            self.content = {"what": "one", "upns": [known]}
        elif any(letter.isdigit() for letter in words):
            upn = clean_upn(_HYPHENS.sub("", words))
            if (fault := fault_of(upn)) is not None:
                return self.add_refusal("asked", fault)
            self.content = {"what": "one", "upns": [upn]}
        elif names.search_terms(words):
            self.content = {"what": "names", "words": words}
        else:
            self.add_refusal("asked", Text(N_("Enter a UPN or a name")))
        return None

    def _many(self) -> None:
        typed = [clean_upn(_HYPHENS.sub("", part)) for part in re.split(r"[\s,;]+", self.cleaned_data["many"])]
        asked = list(dict.fromkeys(filter(None, typed)))
        if not asked:
            return self.add_refusal("many", Text(N_("Enter at least one UPN")))
        if len(asked) > MOST:
            text = Text(N_("Enter at most {most} UPNs at once; these are {count}"), {"most": MOST, "count": len(asked)})
            return self.add_refusal("many", text)
        wrong = [text[:20] for text in asked if upn_fault(text) is not None]
        self.content = {"what": "many", "upns": [u for u in asked if upn_fault(u) is None], "wrong": wrong}
        return None

    def _year(self) -> None:
        if not self.cleaned_data.get("year"):
            return self.add_refusal("year", Text(N_("Choose a year group")))
        self.content = {"what": "year", "year": self.cleaned_data["year"]}
        return None


def fault_of(upn: str) -> Text | None:
    """What is wrong with something typed as a UPN, said; None when it can be one."""
    fault = upn_fault(upn)
    if fault is None:
        return None
    if fault in _FAULTS:
        return Text(_FAULTS[fault])
    return Text(N_("This is not a UPN: a UPN has 13 characters, and this has {count}"), {"count": len(upn)})


@page(Action.FIND_LEARNER, methods="GET POST")
def find_learner(request: PageRequest, dfes: str) -> HttpResponse:
    """The box, with what can be typed into it."""
    years = newcomers.year_groups(school=dfes, on=clock.today())
    form = FindLearnerForm.of(request, years=years, of_code=partial(_of_code, dfes))
    if form.is_sent():
        return _begin(request, dfes, form.content)
    several = (form.is_bound and form.data.get("what") in _SEVERAL) or any(map(form.initial.get, _SEVERAL))
    return show(
        request, "portal/find_learner.html", title=TITLE, form=form, several=several, years=years,
        back=address("school-home", dfes=dfes), section="learners",
    )  # fmt: skip


@page(Action.FIND_LEARNER, methods="GET POST")
def found_learner(request: PageRequest, dfes: str, search: UUID) -> HttpResponse:
    """What was found. POST looks again: it is a look-up of its own."""
    at = datetime.now(UTC)
    content = searches.find(search, account=request.person.account, school=dfes, kind=KIND, at=at)
    if content is None:
        raise Http404
    if request.method == "POST" and not is_switch(request):
        return _begin(request, dfes, content)
    shows = {"names": _show_names, "many": _show_many, "year": _show_many}.get(content["what"], _show_one)
    return shows(request, dfes, search, content)


@page(Action.FIND_LEARNER, methods="POST")
def asks_of_learner(request: PageRequest, dfes: str, search: UUID) -> HttpResponse:
    """A message about what was found: the other school is told, the task passed on, or its end watched."""
    content = searches.find(search, account=request.person.account, school=dfes, kind=KIND, at=datetime.now(UTC))
    if content is None or content["what"] == "names":
        raise Http404
    offered = asks.of_learners(request, _where(dfes, search), list(_seen(dfes, content).values()))
    asks.do(request, dfes, offered, asks.looked_at(KIND, content))
    return redirect("found-learner", dfes=dfes, search=search)


def _where(dfes: str, search: UUID) -> str:
    return address("found-learner-asks", dfes=dfes, search=search)


def _seen(dfes: str, content: dict[str, Any]) -> dict[str, tuple[Explanation, LearnerFacts]]:
    """The answers that the reader may see without another look-up, by UPN."""
    upns = content.get("upns", [])
    if content["what"] == "year" and "upns" not in content:
        upns = newcomers.upns_of_year(school=dfes, year_group=content["year"], on=clock.today())
    on, limits, recorded = clock.today(), settings.explanation_limits(school=dfes), set(content.get("recorded", ()))
    return {
        upn: (explain.learner(facts, on=on, limits=limits), facts)
        for upn, facts in _facts(dfes, upns).items()
        if upn in recorded or not lookups.is_of_others(facts, dfes)
    }


def _of_code(dfes: str, code: str) -> str | None:
    """The UPN behind a help code, if the learner is or was here, or is in the school's own data; else None."""
    upn = help_codes.upn_of(code, at=datetime.now(UTC))
    return upn if upn is not None and lookups.is_own(_facts(dfes, [upn])[upn], dfes) else None


def _begin(request: PageRequest, dfes: str, content: dict[str, Any]) -> HttpResponse:
    """Records who is looked up, keeps the search, and leads to its answer."""
    if content["what"] == "names":
        found = _named(request, dfes, content["words"])
        if len(found) == 1 and found[0].upn:
            content = {"what": "one", "upns": [found[0].upn]}
    upns = content.get("upns", [])
    if upns:
        facts = list(_facts(dfes, upns).values())
        now, actor = clock.now(), f"account {request.person.account}"
        until = lookups.free_at(school=dfes, acting_user=actor, now=now)
        # Also where nobody is known by a UPN: waiting must not tell who is protected from who does not exist.
        if until is not None and not all(lookups.is_own(one, dfes) for one in facts):
            return errors.too_many(request, until=until)
        try:
            lookups.record(facts=facts, school=dfes, acting_user=actor, now=now, limited=True)
        except lookups.TooManyLookUps:
            return errors.too_many(request, until=until or now + timedelta(hours=1))
        content = {**content, "recorded": [one.upn for one in facts if lookups.is_of_others(one, dfes)]}
    kept = searches.keep(account=request.person.account, school=dfes, kind=KIND, content=content, at=datetime.now(UTC))
    return redirect("found-learner", dfes=dfes, search=kept)


def _show_one(request: PageRequest, dfes: str, search: UUID, content: dict[str, Any]) -> HttpResponse:
    upn = content["upns"][0]
    seen = _seen(dfes, content).get(upn)
    shared = {"title": TITLE, "section": "learners", "back": address("find-learner", dfes=dfes), "upn": upn}
    if seen is None:
        # What is known of them came after the search; to see it is a look-up, which is recorded.
        return show(request, "portal/found_later.html", **shared)
    found, facts = seen
    may_review = may(request.person, Action.CONFIRM_RUN, school=dfes)
    return show(
        request, "portal/found_learner.html",
        answer=learner_answers.answer_of(found, facts, request.person, request.language),
        links=learner_answers.links_of(found, facts, dfes, may_review=may_review),
        asks=asks.of_learners(request, _where(dfes, search), [seen]), **shared,
    )  # fmt: skip


def _show_names(request: PageRequest, dfes: str, _search: UUID, content: dict[str, Any]) -> HttpResponse:
    words = content["words"]
    found = _named(request, dfes, words)
    similar = people.similar(school=dfes, search=words, language=request.language, view="all")
    return show(
        request, "portal/found_names.html", title=TITLE, section="learners", back=address("find-learner", dfes=dfes),
        words=words, found=found[:MOST_NAMES], more=len(found) > MOST_NAMES,
        similar=[learner_answers.named(row, request.language) for row in similar], columns=learner_answers.COLUMNS,
        posts_to=address("find-learner", dfes=dfes), puts_right=address("to-put-right", dfes=dfes),
    )  # fmt: skip


def _show_many(request: PageRequest, dfes: str, search: UUID, content: dict[str, Any]) -> HttpResponse:
    upns = content.get("upns", [])
    if content["what"] == "year":
        upns = newcomers.upns_of_year(school=dfes, year_group=content["year"], on=clock.today())
        content = {**content, "upns": upns}
    seen = _seen(dfes, content)
    rows = learner_answers.rows_of(
        {upn: (facts, found) for upn, (found, facts) in seen.items()}, wrong=content.get("wrong", ()),
        own=newcomers.own_names(school=dfes, upns=upns), person=request.person, language=request.language,
    )  # fmt: skip
    listing = Listing.of(request, sorts=("group",))
    paging = listing.paging(len(rows))
    unseen = len(set(upns)) - len(seen)
    count = len(rows) + unseen
    return show(
        request, "portal/found_learners.html", title=say(ngettext("{count} learner", "{count} learners", count)),
        section="learners", back=address("find-learner", dfes=dfes), columns=COLUMNS,
        groups=learner_answers.groups_of(rows), rows=rows[paging.offset : paging.offset + 50], paging=paging,
        unseen=unseen, posts_to=address("find-learner", dfes=dfes),
        year=year_name(content["year"]) if content["what"] == "year" else None,
        asks=asks.of_learners(request, _where(dfes, search), list(seen.values())),
    )  # fmt: skip


def _facts(dfes: str, upns: Sequence[str]) -> dict[str, LearnerFacts]:
    """By UPN; a large year group takes more than one gathering."""
    on, limits = clock.today(), settings.explanation_limits(school=dfes)
    found: dict[str, LearnerFacts] = {}
    for start in range(0, len(upns), MOST):
        found |= explanations.learners(upns=upns[start : start + MOST], school=dfes, on=on, limits=limits)
    return found


def _named(request: PageRequest, dfes: str, words: str) -> list[learner_answers.Named]:
    """The school's own by name: those who are not here yet, then those here and those who left."""
    waiting = newcomers.newcomers(school=dfes, search=words, language=request.language)
    known = people.learners(school=dfes, language=request.language, view="all", search=words, size=MOST_NAMES + 1)
    return [
        *(learner_answers.waiting(one) for one in waiting),
        *(learner_answers.named(row, request.language) for row in known.rows),
    ]


MOST_NAMES = 50
_SEVERAL = ("many", "year")

urlpatterns = [
    path("school/<str:dfes>/find-learner/", find_learner, name="find-learner"),
    path("school/<str:dfes>/find-learner/<uuid:search>/", found_learner, name="found-learner"),
    path("school/<str:dfes>/find-learner/<uuid:search>/asks/", asks_of_learner, name="found-learner-asks"),
]
