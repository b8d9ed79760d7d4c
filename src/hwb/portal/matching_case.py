"""E8: matching and duplicate. Is this one person or two? Records side by side, decided with a reason, undoable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path

from hwb.directory.queries import matching as rows
from hwb.directory.queries.desk import DeskCase
from hwb.directory.queries.matching import Known, Record
from hwb.lifecycle import desk as rules
from hwb.lifecycle import identity
from hwb.lifecycle.desk import Event, Finding, Kind
from hwb.operations.desk import cases as desk
from hwb.operations.desk import matching
from hwb.operations.desk.refusals import DeskRefused
from hwb.operations.desk.storing import LONGEST
from hwb.portal.cases import acting, case_address
from hwb.portal.desk_case import read_desk_case
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import name_in_language, show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text, day, say

FINDINGS = {
    Finding.SAME: N_("The same person: the school's record has a mistake"),
    Finding.DIFFERENT: N_("Different people: the school's record has somebody else's UPN"),
    Finding.ASK: N_("Ask the school"),
}
CAUSES = {
    "identity": N_("Surname and date of birth both differ from what Hwb knows of this UPN."),
    "conflict": N_("Two schools say that this learner is on roll."),
    "rekey": N_("A former UPN was given, and the date of birth does not agree."),
    "duplicate": N_("A former and a new UPN both have accounts."),
}
_COLUMNS = {
    "what": N_("Record"), "name": N_("Name"), "born": N_("Date of birth"), "upn": N_("UPN"), "from": N_("From"),
    "until": N_("Until"), "differs": N_("Differences"),
}  # fmt: skip


class FindingForm(PageForm):
    """What the agent finds, and why."""

    finding = forms.ChoiceField(label=N_("What do you find?"), widget=forms.RadioSelect, choices=list(FINDINGS.items()))
    reason = forms.CharField(label=N_("Reason"), help_text=N_("For the record. No names, no UPNs."), max_length=LONGEST)
    errors_said: ClassVar = {
        "finding": {"required": N_("Choose what you find")}, "reason": {"required": N_("Enter the reason")},
    }  # fmt: skip


class TakeBackForm(PageForm):
    reason = forms.CharField(
        label=N_("Why is the finding taken back?"),
        help_text=N_("For the record. No names, no UPNs."),
        max_length=LONGEST,
    )
    errors_said: ClassVar = {"reason": {"required": N_("Enter the reason")}}


@page(Action.SEE_RECORD, post=Action.ANSWER_CASE, methods="GET POST")
def compare(request: PageRequest, case: int) -> HttpResponse:
    """The records beside what Hwb knows; POST decides. Looking is recorded."""
    found = read_desk_case(case)
    if found.kind is not Kind.MATCHING:
        raise Http404
    by = acting(request, case)
    form = FindingForm.of(request)
    if form.is_sent():
        try:
            matching.decide(finding=Finding(form.cleaned_data["finding"]), reason=form.cleaned_data["reason"], **by)
        except DeskRefused as refused:
            form.add_refusal("reason", refused.text)
        else:
            banner.put(request, Text(N_("Recorded, and the schools are asked to look at their records.")))
            return HttpResponseRedirect(case_address(case))
    seen = {name: value for name, value in by.items() if name != "number"}
    try:
        desk.note_seen(case=found, what="matching", accounts=_accounts(found) or (None,), **seen)
    except DeskRefused:
        raise Http404 from None
    stands = rows.still_stands(found.matter)
    values: dict[str, Any] = {"form": form} if stands else {}
    return show(
        request, "portal/matching_case.html", title=Text(N_("Matching, {reference}"), {"reference": found.reference}),
        section="cases", back=case_address(case), cause=CAUSES[found.matter.partition(":")[0]], stands=stands,
        lines=_lines(found), columns=_COLUMNS, **values,
    )  # fmt: skip


@page(Action.SEE_CASES, methods="GET POST")
def take_back(request: PageRequest, case: int) -> HttpResponse:
    """Undoes a finding: the case is open again. Any agent may, and has it then."""
    found = read_desk_case(case)
    if found.kind is not Kind.MATCHING or rules.TABLE[found.state][Event.TAKE_BACK] is None:
        raise Http404
    form = TakeBackForm.of(request)
    if form.is_sent():
        try:
            matching.take_back(reason=form.cleaned_data["reason"], **acting(request, case))
        except DeskRefused as refused:
            form.add_refusal("reason", refused.text)
        else:
            banner.put(request, Text(N_("The finding is taken back, and the case is open again.")))
            return HttpResponseRedirect(case_address(case))
    return show(
        request, "portal/case_answer.html", title=N_("Take the finding back"), section="cases", form=form,
        back=case_address(case), button=N_("Take the finding back"),
    )  # fmt: skip


def _accounts(found: DeskCase) -> list[UUID]:
    return [one for one in (found.account, found.other) if one is not None]


def _lines(found: DeskCase) -> list[dict[str, Any]]:
    """What Hwb knows first, then each school's word with its differences from it, in words."""
    accounts = _accounts(found)
    known = rows.known(accounts)
    lines = [
        {
            "what": say(Text(N_("Account {username}"), {"username": one.username})), "language": "",
            "name": f"{one.forename} {one.surname}", "born": _day(one.birth_date), "upn": one.upn, "from": "",
            "until": "", "differs": "",
        }
        for one in known
    ]  # fmt: skip
    return lines + [_line(record, known) for record in rows.records(upn=found.upn, accounts=accounts)]


def _line(record: Record, known: Sequence[Known]) -> dict[str, Any]:
    name, language = name_in_language(record.name_en, record.name_cy)
    return {
        "what": name or record.school, "language": language, "name": f"{record.forename} {record.surname}",
        "born": _day(record.birth_date), "upn": record.upn, "from": _day(record.start_date),
        "until": _day(record.leaving_date), "differs": _differs(record, known),
    }  # fmt: skip


def _differs(record: Record, known: Sequence[Known]) -> str:
    """In words, from the account of this UPN, else from the first one."""
    one = next((each for each in known if each.upn == record.upn), known[0] if known else None)
    if one is None:
        return say(N_("No account to compare with"))
    found = []
    if identity.folded(one.surname) != identity.folded(record.surname):
        found.append(say(N_("Surname")))
    if identity.folded(one.forename) != identity.folded(record.forename):
        found.append(say(N_("Forename")))
    if one.birth_date != record.birth_date:
        found.append(say(N_("Date of birth")))
    if one.upn != record.upn:
        found.append(say(N_("UPN")))
    return ", ".join(found) or say(N_("None"))


def _day(when: Any) -> str:
    return day(when) if when else "–"


urlpatterns = [
    path("support/cases/<int:case>/matching/", compare, name="case-matching"),
    path("support/cases/<int:case>/matching/back/", take_back, name="case-matching-back"),
]
