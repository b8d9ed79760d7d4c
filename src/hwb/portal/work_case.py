"""E7: may this learner have the work of an earlier school, and is it arranged? With a list for support agents (R41)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb import clock
from hwb.directory.queries import earlier_work as rows
from hwb.directory.queries.earlier_work import WorkRow
from hwb.lifecycle import earlier_work as rules
from hwb.lifecycle.earlier_work import USUAL, Event, Standing
from hwb.lifecycle.service_accounts import FAILURES
from hwb.operations import earlier_work
from hwb.operations.earlier_work import WorkRefused
from hwb.portal.cases import owner_name
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.lists import Filter, FilterBox, Listing, titled
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text, moment, say
from hwb.web.work_words import STANDING, named, request_rows

_VIEWS = {"mine": N_("Mine"), "unassigned": N_("Unassigned"), "done": N_("Done")}
COLUMNS = {
    "reference": N_("Reference"), "about": N_("About"), "school": N_("School"), "status": N_("Status"),
    "opened": N_("Opened"), "owner": N_("Owner"),
}  # fmt: skip
_STEPS = (Standing.ASKED, Standing.ARRANGING, Standing.READY)


class DaysForm(PageForm):
    """From when to when; both days are included."""

    first = forms.DateField(label=N_("First day"), help_text=N_("For example 2018-09-10. Today or later."))
    last = forms.DateField(label=N_("Last day"), help_text=N_("For example 2018-10-08. At most a year ahead."))
    errors_said: ClassVar = {
        "first": {"required": N_("Enter the first day"), "invalid": N_("Enter a day such as 2018-09-10")},
        "last": {"required": N_("Enter the last day"), "invalid": N_("Enter a day such as 2018-09-10")},
    }


class WhyForm(PageForm):
    """Why it is not possible, or not any longer; the school reads it."""

    reason = forms.CharField(label=N_("Reason"), max_length=300, help_text=N_("The school reads it. No names."))
    errors_said: ClassVar = {"reason": {"required": N_("Enter a reason")}}


@page(Action.SEE_CASES)
def work_cases(request: PageRequest) -> HttpResponse:
    """The list by view, the oldest first; people by their initials only."""
    listing = Listing.of(request, filters=("view",), sorts=("opened",))
    view, me = listing.filters["view"], request.person.account
    found = [
        row for row in rows.every(is_open=view != "done")
        if (view != "mine" or row.owner == me) and (view != "unassigned" or row.owner is None)
    ]  # fmt: skip
    paging = listing.paging(len(found))
    box = FilterBox(listing, (Filter("view", N_("View"), [(key, say(text)) for key, text in _VIEWS.items()]),))
    return show(
        request, "portal/work_cases.html", title=titled(Text(N_("Earlier Just2easy work")), len(found)),
        section="cases", back=reverse("cases"), columns=COLUMNS, listing=listing, paging=paging, box=box, lines=[
            {"facts": row, "about": initials(row), "school": named(row.school), "status": STANDING[row.standing],
             "opened": row.asked_at.date(), "owner": owner_name(row.owner, request)}
            for row in found[paging.offset : paging.last]
        ],
    )  # fmt: skip


@page(Action.SEE_CASES, methods="POST")
def take(request: PageRequest, number: int) -> HttpResponse:
    """The agent has it from now on."""
    try:
        earlier_work.take(
            number=number, acting_account=request.person.account, acting_user=f"account {request.person.account}",
            now=clock.now(),
        )  # fmt: skip
    except WorkRefused as refused:
        banner.put(request, refused.text)
        return HttpResponseRedirect(reverse("work-cases"))
    return HttpResponseRedirect(_address(number))


@page(Action.SEE_CASES, post=Action.GRANT_WORK, methods="GET POST")
def work_case(request: PageRequest, number: int) -> HttpResponse:
    """E7. Whoever has not taken the request sees its reference and state, and nobody's name."""
    row = _read(number)
    title = Text(N_("Earlier Just2easy work, {reference}"), {"reference": row.reference})
    if row.owner != request.person.account:
        if request.method == "POST":
            return _not_let(request, row)
        return show(
            request, "portal/work_case_closed.html", title=title, section="cases", back=reverse("work-cases"),
            number=number, stands=STANDING[row.standing], about=initials(row), owner=owner_name(row.owner, request),
        )  # fmt: skip
    form = DaysForm.of(request, initial=_days(row))
    if form.is_sent():
        try:
            earlier_work.grant(
                number=number, first=form.cleaned_data["first"], last=form.cleaned_data["last"],
                acting_account=request.person.account, acting_user=f"account {request.person.account}",
                on=clock.today(), now=clock.now(),
            )  # fmt: skip
        except WorkRefused as refused:
            form.add_refusal("last", refused.text)
        else:
            banner.put(request, Text(N_("Granted. The service is told now, and both schools when it can be opened.")))
            return HttpResponseRedirect(_address(number))
    return show(
        request, "portal/work_case.html", title=title, section="cases", back=reverse("work-cases"), form=form,
        number=number, row=row, stands=STANDING[row.standing], checks=_checks(row), rows=_rows(row), steps=_steps(row),
        delivery=_delivery(row), can_grant=rules.TABLE[row.state][Event.GRANT] is not None,
        stop=_stop_text(row), wrong=row.failure != "",
    )  # fmt: skip


@page(Action.GRANT_WORK, methods="GET POST")
def stop(request: PageRequest, number: int) -> HttpResponse:
    """It is not possible, or not any longer."""
    row = _read(number)
    if row.owner != request.person.account:
        return _not_let(request, row)
    text = _stop_text(row)
    if not text:
        return HttpResponseRedirect(_address(number))
    form = WhyForm.of(request)
    if form.is_sent():
        try:
            earlier_work.stop(
                number=number, reason=form.cleaned_data["reason"], acting_account=request.person.account,
                acting_user=f"account {request.person.account}", now=clock.now(),
            )  # fmt: skip
        except WorkRefused as refused:
            form.add_refusal(None, refused.text)
        else:
            banner.put(request, Text(N_("Closed, and the school is told.")))
            return HttpResponseRedirect(_address(number))
    return show(
        request, "portal/work_case_stop.html", title=text, form=form, section="cases", back=_address(number),
        button=text, warns=True, is_open=_ends(row),
    )  # fmt: skip


def initials(row: WorkRow) -> str:
    """Of the learner."""
    return " ".join(f"{part[0]}." for part in row.name.split()) or "–"


def _not_let(request: PageRequest, row: WorkRow) -> HttpResponse:
    """Somebody wants to decide about a request that is not theirs: recorded, and led to its page."""
    earlier_work.note_refused(
        number=row.number, code="not_taken", actor=f"account {request.person.account}", now=clock.now()
    )
    banner.put(request, Text(N_("Take the case first. Only the agent who has it may do that.")))
    return HttpResponseRedirect(_address(row.number))


def _read(number: int) -> WorkRow:
    row = rows.read(number)
    if row is None:
        raise Http404
    return row


def _rows(row: WorkRow) -> list[dict[str, Any]]:
    school, _ = named(row.school)
    return [
        {"label": N_("Learner"), "value": row.name, "own": True},
        {"label": N_("Asked by"), "value": school, "own": True},
        *request_rows(row),
        {"label": N_("Reason of the school"), "value": row.reason, "own": True},
    ]


def _checks(row: WorkRow) -> list[dict[str, Any]]:
    seen = rows.learner(row.account)
    facts = seen.facts if seen else rules.Learner("", active=False, protected=False)
    return [
        {"text": N_("The learner is at the school that asked"), "holds": facts.holder == row.school.dfes},
        {"text": N_("The learner's account is active"), "holds": facts.active},
        {"text": N_("The learner was at the earlier school"), "holds": row.earlier.dfes in facts.earlier},
        {"text": N_("A service for the work is connected"), "holds": row.followed},
    ]


def _steps(row: WorkRow) -> list[dict[str, Any]]:
    reached = (row.asked_at, row.decided_at if row.first_day else None, row.delivered_at)
    return [{"text": STANDING[one], "on": at} for one, at in zip(_STEPS, reached, strict=True)]


def _delivery(row: WorkRow) -> str:
    """What has not reached the service yet, in words; empty when nothing waits."""
    if row.first_day is None or row.waits_since is None:
        return ""
    gaps = {"moment": moment(row.waits_since)}
    if row.failure:
        reason = say(FAILURES.get(row.failure, row.failure), domain="lifecycle")
        return say(Text(N_("The service has not done it since {moment}: {reason}"), {**gaps, "reason": reason}))
    return say(Text(N_("On its way to the service since {moment}."), gaps))


def _days(row: WorkRow) -> dict[str, str]:
    """As they are typed: a form would write a day as people read it, and not take it back."""
    today = clock.today()
    first = max(row.first_day or today, today)
    return {"first": first.isoformat(), "last": max(row.last_day or today + USUAL, first).isoformat()}


def _stop_text(row: WorkRow) -> str:
    if row.state not in rules.OPEN:
        return ""
    return N_("End the access now") if _ends(row) else N_("Say that it is not possible")


def _ends(row: WorkRow) -> bool:
    """Whether support's "no" ends an access, rather than saying that there can be none."""
    return rules.stopping(row.state, has_work=row.has_work) is Event.END


def _address(number: int) -> str:
    return reverse("work-case", kwargs={"number": number})


urlpatterns = [
    path("support/work/", work_cases, name="work-cases"),
    path("support/work/<int:number>/", work_case, name="work-case"),
    path("support/work/<int:number>/take/", take, name="work-case-take"),
    path("support/work/<int:number>/stop/", stop, name="work-case-stop"),
]
