"""C2: one school for its manager. What is wrong at this school, and is it mine to mend? Figures and codes only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path

from hwb import clock
from hwb.directory.queries import area as rows
from hwb.directory.queries.area import AreaSchool, RefusedRecord
from hwb.operations import messages, wishes
from hwb.operations import settings as nation_settings
from hwb.operations.messages import Told
from hwb.portal.area import SchoolRow, row_of
from hwb.portal.places import address
from hwb.portal.references import beyond_the_school
from hwb.portal.to_put_right import field_said
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, Person, decide, may
from hwb.web.status import WORDS
from hwb.web.words import N_, Text, moment, say

COLUMNS = {"record": N_("Record number"), "kind": N_("Kind"), "field": N_("Field"), "code": N_("Code")}
KINDS = {"learner": N_("Learner"), "staff": N_("Staff")}
_MOST = 100
ASKED = {
    "held": N_("Look at the held run, then confirm or withdraw it"),
    "refused": N_("Put the refused records right in the MIS"),
    "leaving dates": N_("Enter the leaving dates of learners who have left"),
    "new year": N_("Finish the end-of-year procedures in the MIS"),
    "contact": N_("Get in touch with whoever looks after the client"),
}
_TOLD = {
    Told.TOLD: N_("The school's Digital Champions and MIS administrators get an e-mail."),
    Told.BEFORE: N_("You have told this school something today already. Nobody was told again."),
    Told.NO_READER: N_("Nobody was told: the school has nobody who reads our messages, and no registered address."),
}


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """A school without names. refused is None for who sees the number only."""

    facts: AreaSchool
    row: SchoolRow
    summary: tuple[dict[str, Any], ...]
    refused: tuple[RefusedRecord, ...] | None
    runs: str
    register: str
    asks: bool
    tell: str


@page(Action.SEE_AREA)
def area_school(request: PageRequest, dfes: str) -> HttpResponse:
    overview = _overview(request.person, dfes)
    return show(
        request, "portal/area_school.html", title=overview.row.name, section="area", page=overview, columns=COLUMNS,
        kinds=KINDS, most=_MOST, dfes=dfes, back=address("area"),
        refused=[(record, field_said(record.field)) for record in overview.refused or ()],
    )  # fmt: skip


@page(Action.ASK_FOR_RUN, methods="POST")
def ask(request: PageRequest, dfes: str) -> HttpResponse:
    """A wish that the school's client collects at its next check-in; back to the manager's page."""
    kind: wishes.WishKind = "preview" if request.POST.get("kind") == "preview" else "run"
    try:
        wishes.ask_for_run(school=dfes, kind=kind, acting_user=f"account {request.person.account}", now=clock.now())
    except wishes.WishRefused as refused:
        return show(
            request, "portal/wish_refused.html", title=N_("Nobody can do this now"), text=refused.text, status=409,
            section="area", back=address("area-school", dfes=dfes),
        )  # fmt: skip
    said = (
        N_("We have asked for a preview. The client usually collects this within 15 minutes.")
        if kind == "preview"
        else N_("We have asked for a run. The client usually collects this within 15 minutes.")
    )
    banner.put(request, Text(said))
    return HttpResponseRedirect(address("area-school", dfes=dfes))


class AskForm(PageForm):
    """What a school is asked to do: fixed words, so that nobody is named."""

    what = forms.ChoiceField(label=N_("What do you ask of the school?"), widget=forms.RadioSelect)
    errors_said: ClassVar = {"what": {"required": N_("Choose what you ask")}}

    def __init__(self, *parts: Any, facts: AreaSchool, **more: Any) -> None:
        super().__init__(*parts, **more)
        self.fields["what"].choices = _askable(facts)  # type: ignore[attr-defined]


def _askable(facts: AreaSchool) -> list[tuple[str, str]]:
    """What there is to ask of this school now."""
    status = facts.status
    there = {
        "held": status.held_run is not None, "refused": bool(facts.refused), "leaving dates": bool(status.waits_caused),
        "new year": status.last_years_classes, "contact": True,
    }  # fmt: skip
    return [(what, text) for what, text in ASKED.items() if there[what]]


@page(Action.ASK_OF_SCHOOL, methods="GET POST")
def ask_of_school(request: PageRequest, dfes: str) -> HttpResponse:
    """Tells the school's people what to do; at most once a day from each person."""
    overview, back = _overview(request.person, dfes), address("area-school", dfes=dfes)
    form = AskForm.of(request, facts=overview.facts)
    if form.is_sent():
        account = request.person.account
        told = messages.ask_of_school(
            school=dfes, what=form.cleaned_data["what"], role=request.access.role, acting_account=account,
            acting_user=f"account {account}", now=clock.now(),
        )  # fmt: skip
        banner.put(request, Text(_TOLD[told]))
        return HttpResponseRedirect(back)
    return show(
        request, "portal/ask_of_school.html", title=N_("Tell the school"), section="area", form=form, back=back,
        row=overview.row,
    )  # fmt: skip


def _overview(person: Person, dfes: str) -> OverviewPage:
    now = clock.now()
    today = clock.calendar_date(now)
    found = rows.schools(schools=[dfes], areas=(), on=today, now=now, limits=nation_settings.school_limits())
    if not found:
        raise Http404
    facts = found[0]
    codes = decide(person, Action.SEE_REFUSALS, school=dfes, codes=True) is not None
    row = row_of(facts, today)
    return OverviewPage(
        facts, row, _summary(facts, row), _refused(dfes) if codes else None,
        address("provisioning", dfes=dfes) if may(person, Action.SEE_RUNS, school=dfes) else "",
        address("register-client", query={"school": dfes}),
        may(person, Action.ASK_FOR_RUN, school=dfes),
        address("ask-of-school", dfes=dfes) if may(person, Action.ASK_OF_SCHOOL, school=dfes) else "",
    )  # fmt: skip


def _refused(dfes: str) -> tuple[RefusedRecord, ...]:
    """The refused records without a word that could be somebody's UPN or name."""
    found = rows.refused_records(dfes, most=_MOST)
    return tuple(replace(each, record=beyond_the_school(each.record, kind=each.kind)) for each in found)


def _summary(facts: AreaSchool, row: SchoolRow) -> tuple[dict[str, Any], ...]:
    status = facts.status
    attempt = "\n".join(say(text) for text in (row.attempt, row.reason) if text is not None)
    if not attempt:
        attempt = say(N_("The last run itself") if row.last_run else N_("Never"))
    return (
        {"label": N_("School number"), "value": status.school},
        {"label": N_("Phase"), "value": row.phase},
        {"label": N_("Last Run"), "value": say(row.last_run) if row.last_run else say(N_("Never"))},
        {"label": N_("Freshness"), "value": say(WORDS["freshness"][status.freshness][0], domain="web")},
        {"label": N_("Last attempt"), "value": attempt},
        {"label": N_("MIS"), "value": row.mis},
        {
            "label": N_("Client"),
            "value": say(Text(N_("Version {version}"), {"version": facts.version or "–"}))
            if facts.last_contact
            else say(N_("No client sends for this school yet")),
        },
        {
            "label": N_("Client last heard from"),
            "value": moment(clock.rehearsed(facts.last_contact)) if facts.last_contact else say(N_("Never")),
        },
    )


urlpatterns = [
    path("area/school/<str:dfes>/", area_school, name="area-school"),
    path("area/school/<str:dfes>/tell/", ask_of_school, name="ask-of-school"),
    path("area/school/<str:dfes>/ask/", ask, name="area-ask-for-run"),
]
