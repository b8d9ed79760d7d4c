"""E3: a school's record, support view. What is this school's state, and whom do I call? No names outside a case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb import clock
from hwb.directory.queries import area, desk_schools, movers, roles
from hwb.directory.queries import consolidation as moves
from hwb.directory.queries import desk as cases
from hwb.directory.queries import provisioning as runs
from hwb.extract.problems import headline
from hwb.operations import settings
from hwb.operations.desk import cases as desk
from hwb.operations.desk.refusals import DeskRefused
from hwb.operations.desk.storing import LONGEST
from hwb.portal import area as area_page
from hwb.portal.cases import about, acting, case_address
from hwb.portal.desk_case import read_desk_case
from hwb.web.desk_words import KINDS, LANGUAGES, MOVE, STATES
from hwb.web.forms import PageForm
from hwb.web.frame import ROLE_NAMES, name_in_language, show
from hwb.web.move_words import STATUS, school_name
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, Role
from hwb.web.words import N_, moment, say

_RUNS = 10
_MESSAGES = timedelta(days=30)
_YEAR = timedelta(days=365)
#: What messages are called on the record, by their kind.
MESSAGES = {
    "M1": N_("Runs have failed or stopped"), "M2": N_("A run is held"), "M3": N_("New refusals"),
    "M4": N_("A task was passed on"), "M7": N_("Other schools wait"), "M10": N_("Arrivals"),
    "M11": N_("Somebody arrived who was watched"), "M12": N_("A decision is asked of the headteacher"),
    "M13": N_("Account move"), "M14": N_("A case needs something, or is done"),
    "M15": N_("A password or second step changed"),
    "M16": N_("A Champion was added or removed"), "asked": N_("Something was asked of the school"),
    "invitation": N_("Invitation"), "address": N_("A registered address changes"),
}  # fmt: skip


class SchoolReasonForm(PageForm):
    """Why a case about a school is opened."""

    reason = forms.CharField(
        label=N_("What is it about?"), help_text=N_("It is recorded. No names, no UPNs."), max_length=LONGEST
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


@page(Action.SEE_SCHOOL_RECORD)
def schools(request: PageRequest) -> HttpResponse:
    """Schools by a part of their name or number."""
    words = request.GET.get("words", "").strip()[:100].replace("\0", "")
    found = movers.schools_named(words) if words else ()
    return show(
        request, "portal/support_schools.html", title=N_("Schools"), section="support-schools", words=words,
        schools=[(school_name(one), one.dfes) for one in found],
    )  # fmt: skip


@page(Action.SEE_SCHOOL_RECORD)
def school(request: PageRequest, dfes: str) -> HttpResponse:
    """One page with a contents list."""
    seen, contact = movers.school(dfes), desk_schools.contact(dfes)
    if seen is None or contact is None:
        raise Http404
    now = clock.now()
    facts = area.schools(schools=[dfes], areas=(), on=clock.today(), now=now, limits=settings.school_limits())
    row = area_page.row_of(facts[0], clock.today()) if facts else None
    name, language = school_name(seen)
    return show(
        request, "portal/support_school.html", title=name, section="support-schools", back=reverse("support-schools"),
        name_language=language, dfes=dfes, row=row, closed=seen.closed, standing=facts[0].status if facts else None,
        contact=contact, client=runs.client_of(dfes), runs=runs.runs(school=dfes, size=_RUNS).rows,
        refused=[(one.code, headline(one.code, language=request.language), one.count)
                 for one in desk_schools.refused(dfes)],
        messages=[(say(MESSAGES[one.kind]) if one.kind in MESSAGES else one.kind, one.count, one.newest)
                  for one in desk_schools.sent(dfes, since=now - _MESSAGES)],
        cases=_cases(dfes), neighbours=_neighbours(dfes),
    )  # fmt: skip


@page(Action.SEE_SCHOOL_RECORD, methods="GET POST")
def open_case(request: PageRequest, dfes: str) -> HttpResponse:
    """A case about a school: within it the people with access can be seen."""
    if movers.school(dfes) is None:
        raise Http404
    form = SchoolReasonForm.of(request, initial={"spoken": request.language})
    if form.is_sent():
        given, account = form.cleaned_data, request.person.account
        try:
            number = desk.open_call(
                account=None, school=dfes, reason=given["reason"], asker=given["asker"], language=given["spoken"],
                code="", acting_account=account, acting_user=f"account {account}", now=clock.now(),
            )  # fmt: skip
        except DeskRefused as refused:
            form.add_refusal("asker" if refused.code == "not_at_school" else "reason", refused.text)
        else:
            return HttpResponseRedirect(case_address(number))
    return show(
        request, "portal/case_answer.html", title=N_("Open a case"), section="support-schools", form=form,
        back=reverse("support-school", args=[dfes]), button=N_("Open the case"),
    )  # fmt: skip


@page(Action.SEE_RECORD)
def people(request: PageRequest, case: int) -> HttpResponse:
    """Who has a role at the case's school; that it was looked at is recorded."""
    found = read_desk_case(case)
    if not found.school:
        raise Http404
    by = acting(request, case)
    del by["number"]
    try:
        desk.note_seen(case=found, what="people with access", **by)
    except DeskRefused:
        raise Http404 from None
    held = [
        {"name": one.name, "username": one.username, "role": ROLE_NAMES[Role(one.role)],
         "last": moment(one.last_sign_in) if one.last_sign_in else say(N_("Never")),
         "step": N_("Has one") if one.second_step else N_("Not yet")}
        for one in roles.granted(today=clock.today(), school=found.school)
        if one.state == "given"
    ]  # fmt: skip
    return show(
        request, "portal/support_people.html", title=N_("People with access"), section="cases",
        back=case_address(case), people=held, columns=_COLUMNS,
    )  # fmt: skip


_COLUMNS = {
    "name": N_("Name"), "username": N_("Username"), "role": N_("Role"), "step": N_("Second step"),
    "last": N_("Last sign-in"),
}  # fmt: skip


def _cases(dfes: str) -> list[dict[str, Any]]:
    """Every case of the school, the newest first, people by their initials."""
    found = [
        (one.number, say(KINDS[one.kind]), say(STATES[one.state]), about(one))
        for one in cases.touching(dfes)
    ]  # fmt: skip
    found += [
        (one.row.number, say(MOVE), say(STATUS[one.status]), "–")
        for one in moves.opened_by_school(dfes, on=clock.today())
    ]
    return [
        {"reference": f"HW-{number}", "kind": kind, "state": state, "about": whom, "address": case_address(number)}
        for number, kind, state, whom in sorted(found, reverse=True)[:20]
    ]


def _neighbours(dfes: str) -> list[dict[str, Any]]:
    lines = []
    for one in desk_schools.neighbours(dfes, since=clock.now() - _YEAR):
        name, language = name_in_language(one.name_en, one.name_cy)
        lines.append({
            "name": name or one.school, "language": language, "came": one.came, "went": one.went,
            "address": reverse("support-school", args=[one.school]),
        })  # fmt: skip
    return lines


urlpatterns = [
    path("support/schools/", schools, name="support-schools"),
    path("support/schools/<str:dfes>/", school, name="support-school"),
    path("support/schools/<str:dfes>/case/", open_case, name="support-school-case"),
    path("support/cases/<int:case>/access/", people, name="case-access"),
]
