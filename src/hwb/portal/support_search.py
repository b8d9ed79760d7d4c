"""E1: search by an exact word. Who or what is this about? And the reason that comes before a record without a case.

A word travels by POST and stands under a random search id. Before a case is open, people are initials.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb import clock
from hwb.directory.queries import consolidation as moves
from hwb.directory.queries import desk as cases
from hwb.directory.queries import desk_people, earlier_work, movers
from hwb.directory.queries.desk_people import DeskPerson
from hwb.identifiers import clean_upn, parse_dfes_number, upn_fault
from hwb.operations import searches
from hwb.operations.desk import cases as desk
from hwb.operations.desk.refusals import DeskRefused
from hwb.operations.desk.storing import LONGEST
from hwb.portal.cases import case_address, initials_of, queue
from hwb.portal.naming import year_name
from hwb.web.desk_words import LANGUAGES
from hwb.web.forms import PageForm
from hwb.web.frame import name_in_language, show
from hwb.web.move_words import school_name
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, say

KIND = "desk"
_MOST = 10
_REFERENCE = re.compile(r"HW-?(\d{1,9})", re.IGNORECASE)
_HYPHENS = re.compile(r"[-‐‑‒–—]")
_PEOPLE = {"learner": N_("Learner"), "staff": N_("Staff member"), "official": N_("Official account")}


class SearchForm(PageForm):
    words = forms.CharField(
        label=N_("UPN, username, e-mail, staff code and school, school, or case"),
        help_text=N_("For example RJ 9991234 for a staff code at a school, or HW-2041 for a case. No names."),
        max_length=200, widget=forms.TextInput(attrs={"plain": True, "autocomplete": "off"}),
    )  # fmt: skip
    errors_said: ClassVar = {"words": {"required": N_("Enter what you were given")}}


class ReasonForm(PageForm):
    """Why a record is opened, for whom, and in which language they are answered."""

    reason = forms.CharField(
        label=N_("Why do you open this record?"), help_text=N_("It is recorded. No names, no UPNs."), max_length=LONGEST
    )
    school = forms.ChoiceField(
        label=N_("Which school asks?"), required=False, widget=forms.Select(attrs={"verbatim": True})
    )
    asker = forms.CharField(
        label=N_("Username of whoever asks (optional)"), max_length=254, required=False,
        help_text=N_("Somebody with a role at the school; they are told when you have answered."),
        widget=forms.TextInput(attrs={"plain": True, "autocomplete": "off"}),
    )  # fmt: skip
    spoken = forms.ChoiceField(
        label=N_("Language of whoever asks"), choices=list(LANGUAGES.items()), widget=forms.RadioSelect
    )
    errors_said: ClassVar = {"reason": {"required": N_("Enter the reason")}}

    def __init__(self, *parts: Any, schools: list[tuple[str, str]] | None, **more: Any) -> None:
        """schools: those to choose from; None for a protected person, whose schools nobody is told before the case."""
        super().__init__(*parts, **more)
        if schools is not None:
            self.fields["school"].choices = schools  # type: ignore[attr-defined]
            return
        self.fields["school"] = forms.CharField(
            label=N_("Which school asks?"), required=False, max_length=20,
            help_text=N_("Its DfES number, as whoever asks says it; empty if no school asks."),
            widget=forms.TextInput(attrs={"plain": True, "autocomplete": "off"}),
        )  # fmt: skip

    def clean_school(self) -> str:
        """A typed number as it is written in the register."""
        typed = str(self.cleaned_data["school"]).strip()
        return parse_dfes_number(typed) or typed


@page(Action.SEARCH_DESK, methods="GET POST")
def search(request: PageRequest) -> HttpResponse:
    """The box; an exact word leads on at once."""
    form = SearchForm.of(request)
    if form.is_sent():
        return _begin(request, form.cleaned_data["words"].strip())
    own = [line for line in queue(request, is_open=True) if line.owner in (request.person.account, None)]
    own.sort(key=lambda line: (line.due, line.number))
    mine = [line for line in own if line.owner is not None]
    return show(
        request, "portal/support_search.html", title=N_("Search"), section="support-search", form=form,
        mine=mine[:_MOST], unassigned=[line for line in own if line.owner is None][:_MOST],
    )  # fmt: skip


@page(Action.SEARCH_DESK)
def found(request: PageRequest, search: UUID) -> HttpResponse:
    """What was found, ten of each kind."""
    content = _kept(request, search)
    people = desk_people.people([UUID(one) for one in content["accounts"]])[:_MOST]
    schools = movers.schools_named(content["words"]) if not people else ()
    return show(
        request, "portal/support_found.html", title=N_("What was found"), section="support-search",
        back=reverse("support-search"), words=content["words"], upn_like=content["upn_like"],
        people=[_line(request, person, search) for person in people],
        schools=[(school_name(one), one.dfes) for one in schools],
    )  # fmt: skip


@page(Action.SEARCH_DESK, methods="GET POST")
def open_record(request: PageRequest, search: UUID, number: int) -> HttpResponse:
    """The reason comes before the record (E2). A case that the agent has about the person is gone on with."""
    content = _kept(request, search)
    if number >= len(content["accounts"]):
        raise Http404
    person = desk_people.person(UUID(content["accounts"][number]))
    if person is None:
        raise Http404
    if request.method == "GET" and (own := cases.open_case_of(person.account, owner=request.person.account)):
        return HttpResponseRedirect(case_address(own))
    schools = None if person.protected else _schools(person)
    near = "" if person.protected else person.near
    form = ReasonForm.of(request, initial={"spoken": request.language, "school": near}, schools=schools)
    if form.is_sent():
        answer = _open(request, form, person)
        if answer is not None:
            return answer
    return show(
        request, "portal/case_reason.html", title=N_("Open a record"), section="support-search", form=form,
        back=reverse("support-found", args=[search]), person=_line(request, person, search), protected=person.protected,
    )  # fmt: skip


def _begin(request: PageRequest, words: str) -> HttpResponse:
    """Looks, records whom it found, and leads on: to a case, a school, or what was found."""
    if (reference := _REFERENCE.fullmatch(words)) is not None:
        number = int(reference[1])
        if cases.read(number) is not None or moves.read(number, on=clock.today()) is not None:
            return HttpResponseRedirect(case_address(number))
        if earlier_work.read(number) is not None:
            return HttpResponseRedirect(reverse("work-case", args=[number]))
    dfes = parse_dfes_number(words)
    if dfes is not None and movers.school(dfes) is not None:
        return HttpResponseRedirect(reverse("support-school", args=[dfes]))
    by, accounts = _people(words)
    for account in accounts:
        desk.note_found(account=account, by=by, acting_user=f"account {request.person.account}", now=clock.now())
    content = {
        "words": words, "accounts": [str(one) for one in accounts], "upn_like": any(c.isdigit() for c in words),
    }  # fmt: skip
    kept = searches.keep(account=request.person.account, school="", kind=KIND, content=content, at=datetime.now(UTC))
    if len(accounts) == 1:
        return HttpResponseRedirect(reverse("support-open", args=[kept, 0]))
    return HttpResponseRedirect(reverse("support-found", args=[kept]))


def _people(words: str) -> tuple[str, list[UUID]]:
    """By which kind of word, and whom."""
    upn = clean_upn(_HYPHENS.sub("", words))
    if upn_fault(upn) is None:
        return "upn", desk_people.by_upn(upn)
    named = desk_people.by_name(words)
    if named:
        return "name", named
    first, _, rest = words.partition(" ")
    for code, where in ((first, rest), (words.rpartition(" ")[2], words.rpartition(" ")[0])):
        for school in _schools_of(where.strip()):
            if accounts := desk_people.by_staff_code(code, school):
                return "staff code", accounts
    return "nothing", []


def _schools_of(words: str) -> list[str]:
    if not words:
        return []
    number = parse_dfes_number(words)
    return [number] if number is not None else [one.dfes for one in movers.schools_named(words)]


def _open(request: PageRequest, form: ReasonForm, person: DeskPerson) -> HttpResponse | None:
    given = form.cleaned_data
    acting = request.person.account
    try:
        number = desk.open_call(
            account=person.account, school=given["school"], reason=given["reason"], asker=given["asker"],
            language=given["spoken"], code="", acting_account=acting, acting_user=f"account {acting}", now=clock.now(),
        )  # fmt: skip
    except DeskRefused as refused:
        at = {"not_at_school": "asker", "never_there": "school", "unknown_school": "school"}
        form.add_refusal(at.get(refused.code, "reason"), refused.text)
        return None
    return HttpResponseRedirect(reverse("case-record", kwargs={"case": number, "place": 0}))


def _kept(request: PageRequest, search: UUID) -> dict[str, Any]:
    kept = searches.find(search, account=request.person.account, school="", kind=KIND, at=datetime.now(UTC))
    if kept is None:
        raise Http404
    return kept


def _schools(person: DeskPerson) -> list[tuple[str, str]]:
    """The person's schools by name, the present one first."""
    named = {one.school: name_in_language(one.name_en, one.name_cy)[0] or one.school for one in person.spells}
    return sorted(named.items(), key=lambda one: one[0] != person.near)


def _line(request: PageRequest, person: DeskPerson, search: UUID) -> dict[str, Any]:
    """Enough to tell people apart; of a protected person no school."""
    near = next((one for one in person.spells if one.school == person.near), None)
    school = ("", "")
    if near is not None and not person.protected:
        name, language = name_in_language(near.name_en, near.name_cy)
        school = (name or near.school, language)
    what = say(year_name(person.year_group)) if person.kind == "learner" else say(_PEOPLE[person.kind])
    content = _kept(request, search)["accounts"]
    return {
        "initials": initials_of(person.name), "what": what, "school": school, "active": person.active,
        "protected": person.protected,
        "address": reverse("support-open", args=[search, content.index(str(person.account))]),
    }  # fmt: skip


urlpatterns = [
    path("support/search/", search, name="support-search"),
    path("support/search/<uuid:search>/", found, name="support-found"),
    path("support/search/<uuid:search>/<int:number>/", open_record, name="support-open"),
]
