"""F2: do you authorise this account move? Who is asking, and what am I agreeing to (R25)?"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path

from hwb import clock
from hwb.directory.queries import consolidation as rows
from hwb.directory.queries.consolidation import Case
from hwb.lifecycle.consolidation_evidence import Item
from hwb.operations import consolidation
from hwb.operations.consolidation import ConsolidationRefused, Word
from hwb.portal.decisions import acting, former_name, place, waits
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.move_words import STATUS, school_name
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text, day, say

#: In the session: the decision that is to be confirmed on the check page.
_DECISION = "move-decision"


AUTHORISE, REFUSE, UNKNOWN = "authorise", "refuse", "unknown"


class DecisionForm(PageForm):
    """(a) of R25, filled in where it is known, and the decision."""

    former_name = forms.CharField(label=N_("Name of the former member of staff"), max_length=200)
    username = forms.CharField(
        label=N_("Username at your school"), max_length=254, widget=forms.TextInput(attrs={"plain": True})
    )
    new_school_name = forms.CharField(label=N_("New school"), max_length=200)
    leaving_date = forms.DateField(
        label=N_("The leaving date, which will be entered in the MIS"), required=False,
        help_text=N_("For example 2018-08-31. Leave it empty when the person still works at your school."),
    )  # fmt: skip
    decision = forms.ChoiceField(
        label=N_("Do you authorise this account move?"), widget=forms.RadioSelect,
        choices=[
            (AUTHORISE, N_("I authorise it, and confirm that a leaving date is recorded")),
            (REFUSE, N_("I do not authorise it")), (UNKNOWN, N_("I do not know this person")),
        ],
    )  # fmt: skip
    reason = forms.CharField(
        label=N_("Why not?"), required=False, max_length=300, help_text=N_("Only if you do not authorise it. No names.")
    )
    errors_said: ClassVar = {
        "former_name": {"required": N_("Enter the name of the former member of staff")},
        "username": {"required": N_("Enter the username that the person had at your school")},
        "decision": {"required": N_("Choose what you decide")},
        "leaving_date": {"invalid": N_("Write the date as year, month and day, for example 2018-08-31")},
    }

    def clean(self) -> None:
        if self.cleaned_data.get("decision") == REFUSE and not self.cleaned_data.get("reason", "").strip():
            self.add_error("reason", ValidationError(N_("Say why you do not authorise it")))


@page(Action.SEE_DECISIONS, methods="GET POST")
def decision(request: PageRequest, dfes: str, number: int) -> HttpResponse:
    """F2: who is asking, and what am I agreeing to?"""
    return _decision(request, number, dfes)


@page(Action.SEE_DECISIONS_OF_AREA, methods="GET POST")
def area_decision(request: PageRequest, number: int) -> HttpResponse:
    """F2 of a local authority."""
    return _decision(request, number, "")


@page(Action.SEE_DECISIONS, methods="GET POST", post=Action.AUTHORISE_MOVE)
def decision_check(request: PageRequest, dfes: str, number: int) -> HttpResponse:
    """The check before it is decided; a fresh second step."""
    return _check(request, number, dfes)


@page(Action.SEE_DECISIONS_OF_AREA, methods="GET POST", post=Action.AUTHORISE_MOVE_FOR_SCHOOL)
def area_decision_check(request: PageRequest, number: int) -> HttpResponse:
    """The check of a local authority's decision."""
    return _check(request, number, "")


@page(Action.SEE_DECISIONS, methods="GET POST", post=Action.AUTHORISE_MOVE)
def take_back(request: PageRequest, dfes: str, number: int) -> HttpResponse:
    """Second thoughts, before the accounts are joined."""
    return _take_back(request, number, dfes)


@page(Action.SEE_DECISIONS_OF_AREA, methods="GET POST", post=Action.AUTHORISE_MOVE_FOR_SCHOOL)
def area_take_back(request: PageRequest, number: int) -> HttpResponse:
    """A local authority's second thoughts."""
    return _take_back(request, number, "")


def _decision(request: PageRequest, number: int, dfes: str) -> HttpResponse:
    case = _case(request, number, dfes)
    if isinstance(case, HttpResponse):
        return case
    left = _left_on(case)
    form = DecisionForm.of(request, initial=_known(case))
    if form.is_sent():
        given = form.cleaned_data
        request.session[_DECISION] = {
            **{name: given[name] for name in ("former_name", "username", "new_school_name", "decision", "reason")},
            "leaving_date": given["leaving_date"].isoformat() if given["leaving_date"] else "", "number": number,
        }  # fmt: skip
        return HttpResponseRedirect(place("decision-check", number, dfes))
    name = school_name(case.held.new)
    return show(
        request, "portal/decision.html", title=N_("Do you authorise this account move?"), form=form,
        section="decisions", back=place("decisions", None, dfes), case=case, left=left, school=name,
        rows=_summary(case, left), known=case.held.kept is not None,
    )  # fmt: skip


def _check(request: PageRequest, number: int, dfes: str) -> HttpResponse:
    case = _case(request, number, dfes)
    if isinstance(case, HttpResponse):
        return case
    given = request.session.get(_DECISION)
    if given is None or given["number"] != number:
        return HttpResponseRedirect(place("decision", number, dfes))
    form = PageForm.of(request)
    if form.is_sent():
        try:
            _decide(request, case, given)
        except ConsolidationRefused as refused:
            form.add_refusal(None, refused.text)
        else:
            del request.session[_DECISION]
            return _decided(request, case, given, dfes)
    button = N_("Authorise the move") if given["decision"] == AUTHORISE else N_("Do not authorise the move")
    return show(
        request, "portal/decision_check.html", title=N_("Check what you have decided"), form=form, button=button,
        back=place("decision", number, dfes), warns=given["decision"] != AUTHORISE, given=given,
        authorises=given["decision"] == AUTHORISE,
    )  # fmt: skip


def _decide(request: PageRequest, case: Case, given: dict[str, Any]) -> None:
    by: dict[str, Any] = {
        "number": case.row.number, "acting_account": request.person.account, "acting_user": acting(request),
        "now": clock.now(),
    }  # fmt: skip
    if given["decision"] != AUTHORISE:
        reason = "unknown person" if given["decision"] == UNKNOWN else given["reason"]
        consolidation.decline(reason=reason, **by)
        return
    previous = case.held.previous
    if previous is None:
        raise Http404
    leaving = date.fromisoformat(given["leaving_date"]) if given["leaving_date"] else None
    word = Word(
        given["former_name"], previous.name_en or previous.name_cy, previous.dfes, given["username"],
        given["new_school_name"], leaving_confirmed=True, leaving_date=leaving,
    )  # fmt: skip
    consolidation.authorise(word=word, **by)


def _decided(request: PageRequest, case: Case, given: dict[str, Any], dfes: str) -> HttpResponse:
    authorised = given["decision"] == AUTHORISE
    title = N_("You have authorised the move") if authorised else N_("You have not authorised the move")
    return show(
        request, "portal/decision_done.html", title=title, reference=case.row.reference, authorised=authorised,
        left=_left_on(case), leaving=given["leaving_date"], back=place("decisions", None, dfes), section="decisions",
    )  # fmt: skip


def _take_back(request: PageRequest, number: int, dfes: str) -> HttpResponse:
    case = rows.read(number, on=clock.today())
    if case is None or not consolidation.may_decide(case, request.person.account, today=clock.today()):
        raise Http404
    back = place("decisions", None, dfes)
    form = PageForm.of(request)
    if form.is_sent():
        try:
            consolidation.take_back(
                number=number, acting_account=request.person.account, acting_user=acting(request), now=clock.now()
            )
        except ConsolidationRefused as refused:
            form.add_refusal(None, refused.text)
        else:
            banner.put(request, Text(N_("The authorisation has been taken back.")))
            return HttpResponseRedirect(back)
    return show(
        request, "portal/decision_back.html", title=N_("Take the authorisation back"), form=form, back=back,
        button=N_("Take it back"), warns=True, reference=case.row.reference,
    )  # fmt: skip


def _case(request: PageRequest, number: int, dfes: str) -> Case | HttpResponse:
    """The case when the reader may decide; else who does, or by what it has been decided already."""
    case = rows.read(number, on=clock.today())
    if case is None or (dfes and (case.asked is None or dfes not in (case.asked.school, case.row.previous_school))):
        raise Http404
    movers = {one.id for one in (case.held.kept, case.held.retiring) if one is not None}
    if str(request.person.account) in movers:
        return show(request, "portal/decision_own.html", title=N_("You cannot decide about your own account"),
                    back=place("decisions", None, dfes), area=bool(case.asked and case.asked.area))  # fmt: skip
    if not consolidation.may_decide(case, request.person.account, today=clock.today()):
        raise Http404
    if not waits(case):
        last = case.row.history[-1] if case.row.history else None
        return show(request, "portal/decision_over.html", title=N_("This request has been decided"),
                    back=place("decisions", None, dfes), stands=STATUS[case.status],
                    on=case.row.closed_at or case.row.authorised_at or (last.at if last else None))  # fmt: skip
    return case


def _known(case: Case) -> dict[str, Any]:
    said = {item: value for item, (value, _) in case.row.said.items()}
    return {
        "former_name": former_name(case), "username": case.row.previous_username,
        "new_school_name": said.get(Item.NEW_SCHOOL) or school_name(case.held.new)[0],
    }  # fmt: skip


def _left_on(case: Case) -> date | None:
    kept, previous = case.held.kept, case.held.previous
    if kept is None or previous is None:
        return None
    return max((left for school, left in kept.left if school == previous.dfes and left is not None), default=None)


def _summary(case: Case, left: date | None) -> list[dict[str, Any]]:
    new, language = school_name(case.held.new)
    return [
        {"label": N_("Reference"), "value": case.row.reference},
        {"label": N_("Name"), "value": former_name(case) or "–"},
        {"label": N_("Username"), "value": case.row.previous_username},
        {"label": N_("Left your school on"), "value": day(left) if left else say(N_("No leaving date received"))},
        {"label": N_("New school"), "value": f"{new}, {case.row.new_school}", "language": language},
    ]


urlpatterns = [
    path("school/<str:dfes>/decisions/<int:number>/", decision, name="decision"),
    path("school/<str:dfes>/decisions/<int:number>/check/", decision_check, name="decision-check"),
    path("school/<str:dfes>/decisions/<int:number>/back/", take_back, name="decision-back"),
    path("area/decisions/<int:number>/", area_decision, name="area-decision"),
    path("area/decisions/<int:number>/check/", area_decision_check, name="area-decision-check"),
    path("area/decisions/<int:number>/back/", area_take_back, name="area-decision-back"),
]
