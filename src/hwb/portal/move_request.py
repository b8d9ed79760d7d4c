"""G5: a member of staff's request to move an account. Who has it now (R25)?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb import clock
from hwb.directory.queries import consolidation as rows
from hwb.directory.queries.consolidation import Case
from hwb.lifecycle import consolidation as rules
from hwb.lifecycle.consolidation import State, Status
from hwb.operations import consolidation
from hwb.operations.consolidation import ConsolidationRefused
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.move_words import STATUS, school_name
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text, day


class WithdrawForm(PageForm):
    """Nothing to fill in: the button is the answer."""


@page(Action.OWN_ACCOUNT)
def sent(request: PageRequest, number: int) -> HttpResponse:
    """The reference, and what happens next."""
    case = own_case(request)
    if case is None or case.row.number != number:
        raise Http404
    return show(
        request, "portal/move_sent.html", title=N_("Your request has been sent"), reference=case.row.reference,
        school=school_name(case.held.previous), case=case,
    )  # fmt: skip


@page(Action.OWN_ACCOUNT)
def request_page(request: PageRequest) -> HttpResponse:
    """G5: who has it now?"""
    require_staff(request)
    case = own_case(request)
    return show(
        request, "portal/move_request.html", title=N_("Your request to move an account"), back=reverse("own-account"),
        case=case, steps=_steps(case) if case else (), stands=STATUS[case.status] if case else "",
        school=school_name(case.held.previous) if case else ("", ""), says=_says(case) if case else (),
        can_withdraw=case is not None and case.row.closed_at is None and case.row.mover == request.person.account,
        username=request.person.username,
    )  # fmt: skip


@page(Action.OWN_ACCOUNT, methods="GET POST")
def withdraw(request: PageRequest) -> HttpResponse:
    """Second thoughts, before anything is joined."""
    case = open_case(request)
    if case is None:
        return HttpResponseRedirect(reverse("move-request"))
    form = WithdrawForm.of(request)
    if form.is_sent():
        try:
            consolidation.withdraw(
                number=case.row.number, account=request.person.account,
                acting_user=f"account {request.person.account}", now=clock.now(),
            )  # fmt: skip
        except ConsolidationRefused as refused:
            form.add_refusal(None, refused.text)
        else:
            banner.put(request, Text(N_("Your request has been withdrawn. You keep your new account.")))
            return HttpResponseRedirect(reverse("move-request"))
    return show(
        request, "portal/move_withdraw.html", title=N_("Withdraw your request"), form=form,
        button=N_("Withdraw the request"), back=reverse("move-request"), warns=True,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One of the four steps of a request, and on which day it was done."""

    text: str
    state: str
    on: datetime | None


_REQUESTED, _DECIDED, _READY, _DONE = (
    N_("You have asked"), N_("The previous school decides"), N_("Hwb Support checks everything"),
    N_("The accounts are joined"),
)  # fmt: skip


def _steps(case: Case) -> tuple[Step, ...]:
    row = case.row
    over = row.closed_at is not None and row.state is not State.DONE
    done = (row.requested_at, row.authorised_at, row.joined_at, row.joined_at)
    found, current = [], True
    for text, at in zip((_REQUESTED, _DECIDED, _READY, _DONE), done, strict=True):
        state = "done" if at else "current" if current and not over else "later"
        current = current and at is not None
        found.append(Step(text, state, at))
    return tuple(found)


def _says(case: Case) -> tuple[Text, ...]:
    """Who is waited for, what is missing and who must act; only what the reader may know by now."""
    row, name = case.row, school_name(case.held.previous)[0]
    match case.status:
        case Status.WAITING_HEAD:
            # the same whoever it is: that a headteacher cannot decide may say whose the username is
            until = ((row.requested_at or row.opened_at) + rules.EXPIRES).date()
            return (
                Text(N_("We have asked the headteacher, or whoever decides in their place. School: {school}"),
                     {"school": name}),
                Text(N_("The request ends by itself when nobody decides by {date}."), {"date": day(until)}),
            )  # fmt: skip
        case Status.WAITING_LEAVING_DATE:
            return (
                Text(N_("The previous school has agreed, but its data has no leaving date for you that has passed.")),
                Text(
                    N_(
                        "Next step: the office of that school enters it in the MIS and runs the client. School: "
                        "{school}"
                    ),
                    {"school": name},
                ),
            )
        case Status.WAITING_STAFF:
            return (Text(N_("Your request is not complete. Go on where you stopped.")),)
        case Status.DONE:
            until = rules.undo_until(row.joined_at) if row.joined_at else row.opened_at + timedelta(0)
            return (
                Text(N_("Both usernames lead to one account now. The earlier one counts.")),
                Text(
                    N_("If something is wrong, tell Hwb Support by {date}: until then it can be undone."),
                    {"date": day(until.date())},
                ),
            )
        case Status.REFUSED:
            return (Text(N_("You keep your new account. You can ask again.")),)
        case Status.EXPIRED | Status.WITHDRAWN | Status.UNDONE:
            return (Text(N_("You keep your new account. You can ask again.")),)
        case _:
            return (Text(N_("Hwb Support has it now. You need to do nothing.")),)


def require_staff(request: PageRequest) -> None:
    """These pages are for members of staff: nobody else has an account to move."""
    if request.person.kind != "staff":
        raise Http404


def own_case(request: PageRequest) -> Case | None:
    """The newest request of whoever is signed in."""
    return rows.newest_of(request.person.account, on=clock.today())


def open_case(request: PageRequest) -> Case | None:
    """The request that is not over yet."""
    case = own_case(request)
    return case if case is not None and case.row.closed_at is None else None


urlpatterns = [
    path("move/sent/<int:number>/", sent, name="move-sent"),
    path("move/request/", request_page, name="move-request"),
    path("move/withdraw/", withdraw, name="move-withdraw"),
]
