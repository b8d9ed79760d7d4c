"""E5, E6: a case of an account move. Is everything here, which account stays, and what will be lost?"""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb import clock
from hwb.directory.queries import consolidation as rows
from hwb.directory.queries import explanations
from hwb.directory.queries.consolidation import Case
from hwb.lifecycle import consolidation as rules
from hwb.lifecycle import explain
from hwb.lifecycle.consolidation import Event, State, Way
from hwb.lifecycle.consolidation_evidence import RECORDABLE, Evidence, Item, Result
from hwb.operations import consolidation, settings
from hwb.operations.consolidation import ConsolidationRefused, Word
from hwb.portal.cases import acting, case_address, initials, owner_name, read_case
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.move_words import CHECKS, DECIDERS, ITEMS, RESULTS, SOURCES, STATUS, school_name
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text, day, say

_EVENTS = {
    "opened by the school": N_("Opened by the new school"),
    "opened by the headteacher": N_("Opened by the previous headteacher"),
    "opened by the staff member": N_("Opened by the staff member"),
    "requested": N_("The staff member has asked"),
    "authorised": N_("Authorised"),
    "asked again": N_("Whoever decides was asked again"),
    "e-mail recorded": N_("An authorisation by e-mail was recorded"),
    "telephoned": N_("A second agent telephoned the school"),
    "link sent": N_("A link was sent to the registered address"),
    "link opened": N_("The registered address has confirmed the e-mail"),
    "authorisation taken back": N_("The authorisation was taken back"),
    "declined": N_("Not authorised"),
    "withdrawn": N_("Withdrawn"),
    "expired": N_("Expired"),
    "taken": N_("Taken by an agent"),
    "sent to a second agent": N_("Sent to a second agent"),
    "sent back": N_("Sent back by the second agent"),
    "refused": N_("Closed without change"),
    "joined": N_("The accounts were joined"),
    "undone": N_("The joining was undone"),
    "continued as another": N_("Continued as another case"),
}
_ITEM_RECORDED = N_("An item was recorded by the agent")
_STEPS = (N_("Requested"), N_("Headteacher decides"), N_("Ready"), N_("Done"))


class EmailForm(PageForm):
    """(a) of R25 as it stands in an e-mail from the school."""

    former_name = forms.CharField(label=N_("Name of the former member of staff"), max_length=200)
    school_name = forms.CharField(label=N_("Name of the previous school"), max_length=200)
    school = forms.CharField(label=N_("Number of the previous school"), max_length=12)
    username = forms.CharField(
        label=N_("Previous username"), max_length=254, widget=forms.TextInput(attrs={"plain": True})
    )
    new_school_name = forms.CharField(label=N_("Name of the new school"), max_length=200)
    leaving = forms.BooleanField(label=N_("The e-mail confirms that a leaving date is recorded"), required=False)
    sender = forms.BooleanField(label=N_("The sender's address is the one that is registered for the school"))
    errors_said: ClassVar = {
        "sender": {"required": N_("Only an e-mail from the registered address can be recorded. Send the link instead")},
    }


class ReasonForm(PageForm):
    """Why a case is closed; the staff member does not read it."""

    reason = forms.CharField(label=N_("Reason"), max_length=300, help_text=N_("For the record. No names."))
    errors_said: ClassVar = {"reason": {"required": N_("Enter a reason")}}


def show_move(request: PageRequest, case: int) -> HttpResponse:
    """E5. Whoever has not taken the case sees its reference and state, and nobody's name."""
    found = read_case(case)
    title = Text(N_("Account move, {reference}"), {"reference": found.row.reference})
    if found.row.owner != request.person.account:
        return show(
            request, "portal/case_closed.html", title=title, section="cases", back=reverse("cases"), number=case,
            stands=STATUS[found.status], about=initials(found), owner=owner_name(found.row.owner, request),
        )  # fmt: skip
    row = found.row
    return show(
        request, "portal/case.html", title=title, section="cases", back=reverse("cases"), case=found, number=case,
        stands=STATUS[found.status], steps=_steps(found), evidence=[_evidence(found, one) for one in found.evidence],
        checks=[{"text": CHECKS[check], "holds": holds} for check, holds in found.checks],
        history=[_happened(one) for one in row.history], can=_can(found, request), columns=_COLUMNS,
        previous=school_name(found.held.previous), new=school_name(found.held.new),
        decides=DECIDERS[found.asked.decider] if found.asked else "", explained=_explained(request, found),
        undo_until=rules.undo_until(row.joined_at) if row.joined_at else None, second=found.second_agent,
        email=bool(row.authorisation and row.authorisation.way is Way.EMAIL),
    )  # fmt: skip


_COLUMNS = {"fact": N_("Fact"), "value": N_("Value"), "source": N_("Source"), "result": N_("Result")}


@page(Action.CONSOLIDATE, methods="POST")
def record_item(request: PageRequest, case: int) -> HttpResponse:
    """The agent checked an item by other means."""
    try:
        item = Item(request.POST.get("item", ""))
    except ValueError:
        raise Http404 from None
    return _done(request, case, lambda **by: consolidation.record_item(item=item, **by), N_("Recorded."))


@page(Action.CONSOLIDATE, methods="POST")
def ask_again(request: PageRequest, case: int) -> HttpResponse:
    """Whoever decides is asked once more, by the addresses that are registered and by no other."""
    return _done(request, case, consolidation.ask_again, N_("Whoever decides has been asked again."))


@page(Action.CONSOLIDATE, methods="POST")
def send_link(request: PageRequest, case: int) -> HttpResponse:
    """To the registered address, and to no other."""
    return _done(request, case, consolidation.send_link, N_("The link has been sent to the registered address."))


@page(Action.CONSOLIDATE, methods="POST")
def telephoned(request: PageRequest, case: int) -> HttpResponse:
    """A second agent rang the registered number."""
    return _done(request, case, consolidation.telephoned, N_("Recorded: the school stands by its e-mail."))


@page(Action.CONSOLIDATE, methods="POST")
def send_on(request: PageRequest, case: int) -> HttpResponse:
    """A second agent is to look."""
    return _done(request, case, consolidation.send_on, N_("Sent to a second agent, who takes it from the list."))


@page(Action.CONSOLIDATE, methods="POST")
def send_back(request: PageRequest, case: int) -> HttpResponse:
    """The second agent does not agree."""
    return _done(request, case, consolidation.send_back, N_("Sent back to the first agent."))


@page(Action.CONSOLIDATE, methods="GET POST")
def record_email(request: PageRequest, case: int) -> HttpResponse:
    """An authorisation that came by e-mail; it counts once it is proved."""
    found = read_case(case)
    said = {item: value for item, (value, _) in found.row.said.items()}
    form = EmailForm.of(request, initial={
        "username": found.row.previous_username, "school": found.row.previous_school,
        "school_name": school_name(found.held.previous)[0], "new_school_name": said.get(Item.NEW_SCHOOL, ""),
    })  # fmt: skip
    if form.is_sent():
        given = form.cleaned_data
        word = Word(given["former_name"], given["school_name"], given["school"], given["username"],
                    given["new_school_name"], leaving_confirmed=given["leaving"])  # fmt: skip
        try:
            consolidation.record_email(word=word, **acting(request, case))
        except ConsolidationRefused as refused:
            form.add_refusal(None, refused.text)
        else:
            banner.put(request, Text(N_("Recorded. Now send the link, or have a second agent telephone.")))
            return HttpResponseRedirect(case_address(case))
    return show(
        request, "portal/case_email.html", title=N_("Record an authorisation received by e-mail"), form=form,
        section="cases", back=case_address(case), number=case,
    )  # fmt: skip


@page(Action.CONSOLIDATE, methods="GET POST")
def refuse(request: PageRequest, case: int) -> HttpResponse:
    """Closes the case without joining anything."""
    form = ReasonForm.of(request)
    if form.is_sent():
        try:
            consolidation.refuse(reason=form.cleaned_data["reason"], **acting(request, case))
        except ConsolidationRefused as refused:
            form.add_refusal(None, refused.text)
        else:
            banner.put(request, Text(N_("The case is closed, and the staff member is told.")))
            return HttpResponseRedirect(case_address(case))
    return show(
        request, "portal/case_refuse.html", title=N_("Close without change"), form=form, section="cases",
        back=case_address(case), button=N_("Close the case"), warns=True,
    )  # fmt: skip


def _done(request: PageRequest, case: int, act: Any, said: str) -> HttpResponse:
    try:
        act(**acting(request, case))
    except ConsolidationRefused as refused:
        banner.put(request, refused.text)
    else:
        banner.put(request, Text(said))
    return HttpResponseRedirect(case_address(case))


def _explained(request: PageRequest, case: Case) -> str:
    """What the engine says to support about the new account while it stands for itself (SX10)."""
    if case.row.mover is None or case.row.closed_at is not None:
        return ""
    limits, today = settings.explanation_limits(), clock.today()
    facts = explanations.staff(
        school=case.row.new_school, account=case.row.mover, on=today, limits=limits, for_owner=True
    )
    told = explain.staff(facts, on=today, limits=limits)
    return f"{told.code}: {explain.say(told.headline, request.language)}"


def _steps(case: Case) -> list[dict[str, Any]]:
    row = case.row
    reached = [row.requested_at, row.authorised_at, row.authorised_at and row.requested_at, row.joined_at]
    return [{"text": text, "on": at} for text, at in zip(_STEPS, reached, strict=True)]


def _evidence(case: Case, one: Evidence) -> dict[str, Any]:
    value = one.value
    if one.item is Item.LEAVING_CONFIRMED and value:
        value = say(N_("Confirmed"))
        if case.row.leaving_said:
            value = say(Text(N_("Confirmed for {date}"), {"date": day(case.row.leaving_said)}))
    can = one.item in RECORDABLE and one.result in (Result.DIFFERS, Result.NOT_RECEIVED) and bool(one.value)
    return {
        "fact": ITEMS[one.item], "value": value or "–", "source": SOURCES.get(one.source, ""), "item": str(one.item),
        "result": RESULTS[one.result], "wrong": one.result in (Result.DIFFERS, Result.NOT_RECEIVED),
        "can": can and case.row.closed_at is None,
    }  # fmt: skip


def _happened(one: rows.Happening) -> dict[str, Any]:
    text = _ITEM_RECORDED if one.what.startswith("item recorded") else _EVENTS[one.what]
    return {"at": one.at, "title": say(text)}


def _can(case: Case, request: PageRequest) -> dict[str, bool]:
    """What the page offers; the operations decide again."""
    row, table = case.row, rules.TABLE[case.row.state]
    email = row.authorisation is not None and row.authorisation.way is Way.EMAIL
    unproved = email and row.authorisation is not None and not row.authorisation.counts
    return {
        "compare": row.state in (State.COMPLETE, State.CHECKING), "email": table[Event.AUTHORISE] is not None,
        "link": bool(unproved), "telephoned": bool(unproved) and row.authorisation is not None
        and row.authorisation.by != f"account {request.person.account}",
        "ask": row.state is State.ASKED,
        "send_on": table[Event.SEND_ON] is not None,
        "send_back": table[Event.SEND_BACK] is not None and row.sent_on_by != request.person.account,
        "refuse": table[Event.REFUSE] is not None,
        "undo": row.state is State.DONE and row.joined_at is not None
        and clock.now() <= rules.undo_until(row.joined_at),
    }  # fmt: skip


urlpatterns = [
    path("support/cases/<int:case>/item/", record_item, name="case-item"),
    path("support/cases/<int:case>/ask/", ask_again, name="case-ask"),
    path("support/cases/<int:case>/link/", send_link, name="case-link"),
    path("support/cases/<int:case>/telephoned/", telephoned, name="case-telephoned"),
    path("support/cases/<int:case>/second/", send_on, name="case-second"),
    path("support/cases/<int:case>/second/back/", send_back, name="case-second-back"),
    path("support/cases/<int:case>/email/", record_email, name="case-email"),
    path("support/cases/<int:case>/refuse/", refuse, name="case-refuse"),
]
