"""E2: a person's record, support view. What does the school see, and what is the evidence? Only within a case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb import clock
from hwb.directory.queries import consolidation as moves
from hwb.directory.queries import desk as cases
from hwb.directory.queries import desk_people, explanations, passwords, people, runs
from hwb.directory.queries import staff as staff_rows
from hwb.directory.queries.desk import DeskCase
from hwb.directory.queries.desk_people import DeskPerson
from hwb.lifecycle import explain
from hwb.lifecycle.explain import Explanation
from hwb.operations import settings
from hwb.operations.desk import cases as desk
from hwb.operations.desk.refusals import DeskRefused
from hwb.portal import learner as learner_page
from hwb.portal import staff_member as staff_page
from hwb.portal.answers import Answer, answer_of
from hwb.portal.cases import acting, case_address
from hwb.portal.desk_case import answer_form, read_desk_case
from hwb.portal.records import Deed, account_rows, happened, schools_named
from hwb.web import banner
from hwb.web.desk_words import KINDS, MOVE, STATES
from hwb.web.frame import name_in_language, show
from hwb.web.move_words import STATUS
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text, day, moment, say

_DECISIONS = {
    "deactivated": N_("Switched off by the school"), "safety": N_("Switched off by the school for safety"),
    "left": N_("The school confirmed that they left"), "suspended": N_("Suspended by support"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Seen:
    """One person as one school sees them, with the engine's answer."""

    found: Explanation | None
    answer: Answer | None
    account_rows: list[dict[str, Any]]
    school_rows: list[dict[str, Any]]
    picture: Any
    happened: dict[str, Any]


@page(Action.SEE_RECORD)
def record(request: PageRequest, case: int, place: int) -> HttpResponse:
    """Leads to the record as the case's school sees it, else as the person's own does."""
    found, person = _person(request, case, place)
    schools = {spell.school for spell in person.spells}
    at = found.school if found.school in schools else person.near
    if not at:
        return _show(request, found, place, person, "", None)
    return HttpResponseRedirect(reverse("case-record-at", kwargs={"case": case, "place": place, "dfes": at}))


@page(Action.SEE_RECORD)
def record_at(request: PageRequest, case: int, place: int, dfes: str) -> HttpResponse:
    """The record as one of the person's schools sees it; that it was looked at is recorded."""
    found, person = _person(request, case, place, dfes)
    if dfes not in {spell.school for spell in person.spells}:
        raise Http404
    return _show(request, found, place, person, dfes, _seen(request, person, dfes))


@page(Action.ANSWER_CASE, methods="POST")
def unlock(request: PageRequest, case: int, place: int, dfes: str) -> HttpResponse:
    """Ends the wait after wrong passwords, at the school that has the account."""
    _, person = _person(request, case, place, dfes)
    try:
        desk.unlock(account=person.account, school=dfes, **acting(request, case))
    except DeskRefused:
        raise Http404 from None
    banner.put(request, Text(N_("Signing in has been unlocked.")))
    return HttpResponseRedirect(reverse("case-record-at", kwargs={"case": case, "place": place, "dfes": dfes}))


def _person(request: PageRequest, case: int, place: int, dfes: str = "") -> tuple[DeskCase, DeskPerson]:
    """Whom the case is about; seeing them is recorded under them, and one's own record is refused."""
    found = read_desk_case(case)
    account = (found.account, found.other)[place] if place in (0, 1) else None
    if account is None:
        raise Http404
    by = acting(request, case)
    del by["number"]
    try:
        desk.note_seen(case=found, what="record" if not place else "other record", accounts=[account], dfes=dfes, **by)
    except DeskRefused:
        raise Http404 from None
    person = desk_people.person(account)
    if person is None:
        raise Http404
    return found, person


def _show(
    request: PageRequest, found: DeskCase, place: int, person: DeskPerson, dfes: str, seen: _Seen | None
) -> HttpResponse:  # fmt: skip
    form = answer_form(request, found)
    values: dict[str, Any] = {} if form is None else {"form": form}
    if seen is not None:
        values |= {
            "answer": seen.answer, "account_rows": seen.account_rows, "school_rows": seen.school_rows,
            "schools": seen.picture, "evidence": _evidence(seen.found), **seen.happened,
        }  # fmt: skip
    return show(
        request, "portal/desk_record.html", title=person.name, section="cases", back=case_address(found.number),
        case=found, person=person, views=_views(person, found, place, dfes), standing=_standing(person),
        deeds=_deeds(person, found, place, dfes), cases=_cases(person), **values,
    )  # fmt: skip


def _seen(request: PageRequest, person: DeskPerson, dfes: str) -> _Seen | None:
    if person.kind == "learner":
        return _learner(request, person, dfes)
    return _staff(request, person, dfes) if person.kind == "staff" else None


def _learner(request: PageRequest, person: DeskPerson, dfes: str) -> _Seen | None:
    kept = people.learner(account=person.account, school=dfes, language=request.language)
    if kept is None:
        return None
    row, on, limits = kept.row, clock.today(), settings.explanation_limits(school=dfes)
    known = passwords.of_accounts([person.account]).get(person.account)
    facts = explanations.learner(upn=person.upn, school=dfes, on=on, limits=limits)
    found = explain.learner(facts, on=on, limits=limits)
    names = schools_named(kept.stays, dfes, protected=False)
    why = explain.say(row.short, request.language) if row.short else ""
    return _Seen(
        found, answer_of(found, school=facts.school, person=request.person, language=request.language),
        account_rows(row, kept.email, known, dfes, mail=facts.mail, why=why),
        learner_page.school_rows(kept, facts, request, dfes), learner_page.picture(kept, names, on, request),
        happened(request, row, dfes, names, account=person.account),
    )  # fmt: skip


def _staff(request: PageRequest, person: DeskPerson, dfes: str) -> _Seen | None:
    kept = staff_rows.staff_member(account=person.account, school=dfes, language=request.language)
    if kept is None:
        return None
    on, limits = clock.today(), settings.explanation_limits(school=dfes)
    known = passwords.of_accounts([person.account]).get(person.account)
    facts = explanations.staff(school=dfes, account=person.account, on=on, limits=limits, for_owner=True)
    found = explain.staff(facts, on=on, limits=limits) if facts.member is not None else None
    names = schools_named(kept.stays, dfes, protected=False)
    answer = None
    if found is not None:
        answer = answer_of(found, school=facts.school, person=request.person, language=request.language)
    return _Seen(
        found, answer, account_rows(kept.row, kept.email, known, dfes, mail=kept.mail, why=kept.row.short, of="staff"),
        staff_page.school_rows(request, kept, facts, dfes), "",
        happened(request, kept.row, dfes, names, account=person.account, of="staff"),
    )  # fmt: skip


def _evidence(found: Explanation | None) -> list[dict[str, Any]]:
    """The runs on which the answer stands."""
    if found is None or not found.evidence:
        return []
    return [
        {"text": moment(run.received_at), "state": run.state,
         "address": reverse("run-detail", kwargs={"dfes": run.school, "run": run.run})}
        for run in runs.of_ids([UUID(one) for one in found.evidence])
    ]  # fmt: skip


def _views(person: DeskPerson, found: DeskCase, place: int, dfes: str) -> list[dict[str, Any]]:
    """Every school of the person, with the time there: its view of the record."""
    lines = []
    for spell in person.spells:
        name, language = name_in_language(spell.name_en, spell.name_cy)
        until = day(spell.ended) if spell.ended else say(N_("today"))
        lines.append({
            "name": name or spell.school, "language": language, "number": spell.school, "chosen": spell.school == dfes,
            "time": say(Text(N_("{began} to {until}"), {"began": day(spell.began), "until": until})),
            "address": reverse("case-record-at", kwargs={"case": found.number, "place": place, "dfes": spell.school}),
        })  # fmt: skip
    return lines


def _standing(person: DeskPerson) -> list[dict[str, Any]]:
    return [
        {"text": say(_DECISIONS[one.kind]), "school": one.school, "on": one.made_at, "reason": one.reason}
        for one in person.standing
    ]


def _deeds(person: DeskPerson, found: DeskCase, place: int, dfes: str) -> list[Deed]:
    where = {"case": found.number, "place": place}
    deeds = []
    if not person.retired and not person.suspended:
        deeds.append(Deed(say(N_("Suspend this account")), reverse("case-suspend", kwargs=where)))
    if not person.retired and person.barred:
        deeds.append(Deed(say(N_("End the suspension")), reverse("case-suspend-end", kwargs=where)))
    known = passwords.of_accounts([person.account]).get(person.account) if dfes else None
    if known is not None and known.trouble.can_be_unlocked and known.is_of(dfes):
        deeds.append(
            Deed(say(N_("Unlock signing in")), reverse("case-unlock", kwargs={**where, "dfes": dfes}), post=True)
        )
    return deeds


def _cases(person: DeskPerson) -> list[dict[str, Any]]:
    """Every case about the person, of whatever kind."""
    found = [(one.number, say(KINDS[one.kind]), say(STATES[one.state])) for one in cases.about(person.account)]
    found += [
        (one.row.number, say(MOVE), say(STATUS[one.status])) for one in moves.about(person.account, on=clock.today())
    ]
    return [
        {"reference": f"HW-{number}", "kind": kind, "state": state, "address": case_address(number)}
        for number, kind, state in sorted(found)
    ]


urlpatterns = [
    path("support/cases/<int:case>/record/<int:place>/", record, name="case-record"),
    path("support/cases/<int:case>/record/<int:place>/<str:dfes>/", record_at, name="case-record-at"),
    path("support/cases/<int:case>/record/<int:place>/<str:dfes>/unlock/", unlock, name="case-unlock"),
]
