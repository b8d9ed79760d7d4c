"""B14: one member of staff: can they sign in, and if not, why; and what happened to the account."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path

from hwb import clock
from hwb.directory.queries import explanations, passwords, roles
from hwb.directory.queries import staff as rows
from hwb.directory.queries.staff import StaffRecord
from hwb.lifecycle import explain
from hwb.lifecycle.attempts import Trouble
from hwb.lifecycle.explain_facts import StaffFacts
from hwb.operations import settings
from hwb.portal import asks, invite_to_move
from hwb.portal.answers import address, answer_of
from hwb.portal.naming import full_name
from hwb.portal.records import Deed, account_rows, happened, on_record, schools_named
from hwb.web.frame import ROLE_NAMES, show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, Role, may
from hwb.web.words import N_, day, moment, say


@page(Action.SEE_STAFF)
def staff_member(request: PageRequest, dfes: str, account: UUID) -> HttpResponse:
    """The record. Of somebody who works elsewhere since, it is what this school knew."""
    record = rows.staff_member(account=account, school=dfes, language=request.language)
    if record is None:
        raise Http404
    row, today, limits = record.row, clock.today(), settings.explanation_limits(school=dfes)
    known = passwords.of_accounts([account]).get(account)
    facts = explanations.staff(school=dfes, account=account, on=today, limits=limits)
    answer = offered = None
    if facts.member is not None:  # else the school has not said a word of them that still stands
        found = explain.staff(facts, on=today, limits=limits)
        offered = asks.of_staff(request, address("staff-asks", dfes=dfes, account=account), found, facts)
        said = answer_of(found, school=facts.school, person=request.person, language=request.language)
        answer = on_record(said, active=row.active)
    details = account_rows(row, record.email, known, dfes, mail=record.mail, why=row.short, of="staff")
    names = schools_named(record.stays, dfes, protected=facts.protected)
    return show(
        request, "portal/staff_member.html", title=full_name(row), section="staff", back=address("staff", dfes=dfes),
        row=row, answer=answer, asks=offered,
        account_rows=[*details, *_held(request, account, dfes, second_step=row.second_step),
                      *invite_to_move.of_staff(request, dfes, account)] if details else [],
        school_rows=school_rows(request, record, facts, dfes),
        deeds=_deeds(request, record, dfes, known.trouble) if known else [],
        puts_right=address("to-put-right", dfes=dfes) if facts.refusals and not facts.protected else "",
        **happened(request, row, dfes, names, account=account, of="staff"),
    )  # fmt: skip


@page(Action.SEE_STAFF, methods="POST")
def asks_of_staff(request: PageRequest, dfes: str, account: UUID) -> HttpResponse:
    """A message about what the record says: somebody who must act is told."""
    record = rows.staff_member(account=account, school=dfes, language=request.language)
    today, limits = clock.today(), settings.explanation_limits(school=dfes)
    facts = explanations.staff(school=dfes, account=account, on=today, limits=limits)
    if record is None or facts.member is None:
        raise Http404
    where = address("staff-member", dfes=dfes, account=account)
    offered = asks.of_staff(request, where, explain.staff(facts, on=today, limits=limits), facts)
    words = record.row.staff_code or record.row.username or full_name(record.row)
    asks.do(request, dfes, offered, asks.looked_at("staff", {"words": words}))
    return HttpResponseRedirect(where)


def _held(request: PageRequest, account: UUID, dfes: str, *, second_step: bool) -> list[dict[str, Any]]:
    """Roles, and whether there is a second step; whoever may help with a lost device is led there."""
    helps = second_step and may(request.person, Action.RESET_SECOND_STEP, school=dfes)
    step = {
        "label": N_("Second step"), "value": say(N_("Has one") if second_step else N_("Not yet")),
        "address": address("lost-device") if helps else "", "action": N_("Lost device"),
    }  # fmt: skip
    return [_roles(request, account, dfes), step]


def _roles(request: PageRequest, account: UUID, dfes: str) -> dict[str, Any]:
    """The roles held at the school; they lead to where they are given."""
    held = [
        say(ROLE_NAMES[Role(grant.role)], domain="web")
        for grant in roles.granted(today=clock.today(), school=dfes)
        if grant.account == account and grant.state == "given"
    ]
    gives = may(request.person, Action.SEE_PEOPLE_WITH_ACCESS, school=dfes)
    return {
        "label": N_("Roles"), "value": ", ".join(held) or say(N_("No role")),
        "address": address("people-with-access", dfes=dfes) if gives else "",
    }  # fmt: skip


def school_rows(request: PageRequest, record: StaffRecord, facts: StaffFacts, dfes: str) -> list[dict[str, Any]]:
    row, none = record.row, say(N_("Not given"))
    found: list[dict[str, Any]] = [
        {"label": N_("Staff code"), "value": row.staff_code or none, "own": True},
        {"label": N_("Employee number"), "value": row.employee_number or none, "own": True},
        {"label": N_("Legal name"), "value": f"{record.legal_forename} {record.legal_surname}".strip(), "own": True},
        {"label": N_("Role in the MIS"), "value": row.role or none, "own": True},
        {"label": N_("Start date"), "value": day(row.start_date) if row.start_date else none},
        {"label": N_("Leaving date"), "value": day(row.leaving_date) if row.leaving_date else none},
    ]
    if row.classes:
        found.insert(4, {"label": N_("Teaching classes"), "value": ", ".join(row.classes), "own": True})
    if row.missing_since:
        found.append({"label": N_("Missing since"), "value": day(row.missing_since)})
    run = facts.school.last_run
    if run is not None:
        seen = may(request.person, Action.SEE_RUNS, school=dfes)
        leads = address("run-detail", dfes=dfes, run=UUID(run.id)) if seen else ""
        found.append({"label": N_("Last Run"), "value": moment(run.at), "address": leads})
    return found


def _deeds(request: PageRequest, record: StaffRecord, dfes: str, trouble: Trouble) -> list[Deed]:
    """What the reader may do about them, while they work here."""
    row, person = record.row, request.person
    if not row.here or row.account is None:
        return []
    switch = N_("Switch off this account") if row.active else N_("Switch on this account")
    offered = (
        (Action.RESET_STAFF_PASSWORD, N_("Reset the password"), "reset-password"),
        (Action.SWITCH_ACCESS, switch, "account-access"),
        (Action.ISSUE_USERNAME, N_("Issue a new username"), "issue-username"),
        (Action.INVITE_TO_MOVE, N_("Keep an earlier account"), "invite-to-move"),
    )
    found = [
        Deed(say(text), address(route, dfes=dfes, account=row.account))
        for action, text, route in offered
        if may(person, action, school=dfes)
    ]
    if may(person, Action.SEE_REQUESTS, school=dfes):
        found.append(Deed(say(N_("Ask Hwb Support")), address("requests-new", dfes=dfes)))
    if trouble.can_be_unlocked and may(person, Action.RESET_STAFF_PASSWORD, school=dfes):
        unlock = address("unlock-staff", dfes=dfes, account=row.account)
        found.insert(0, Deed(say(N_("Unlock signing in")), unlock, post=True))
    return found


urlpatterns = [
    path("school/<str:dfes>/staff/<uuid:account>/", staff_member, name="staff-member"),
    path("school/<str:dfes>/staff/<uuid:account>/asks/", asks_of_staff, name="staff-asks"),
]
