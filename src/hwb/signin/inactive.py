"""A5: the right password of an account that is switched off. Only whoever knows the password comes here."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from hwb import clock
from hwb.directory.models import Account
from hwb.directory.queries import explanations
from hwb.lifecycle import explain
from hwb.operations import help_codes, settings
from hwb.web.frame import name_in_language, show
from hwb.web.page import PageRequest
from hwb.web.words import N_, Text, day

_STARTS = N_("School: {school}. Your start date there is {date}, and your account is switched on that day.")
_LEFT = N_("School: {school}. Your leaving date there is {date}, so your account is switched off.")
_UNLISTED = N_("School: {school}. Its data no longer lists you as staff, so your account is switched off.")


def show_help(request: PageRequest, account: UUID) -> HttpResponse:
    """To learners a code for their teacher, to staff what their school's data says and whom to ask."""
    code = help_codes.code_for(account=account, at=datetime.now(UTC))
    person = Account.objects.get(pk=account)
    return show(
        request, "signin/inactive.html", title=N_("Your account is not switched on yet"), code=code or "",
        learner=person.kind == "learner", reason=_reason(person) if person.kind == "staff" else None,
        back=reverse("sign-in"),
    )  # fmt: skip


def _reason(person: Account) -> Text | None:
    """Of staff whose dates at their school are the reason (SX04, SX08). None for every other one: a person's decision
    is told by people, and of suspended and protected ones nothing is told."""
    found, today = explanations.person_of(username=person.username), clock.today()
    if not found or not found["school"]:
        return None
    school, limits = found["school"], settings.explanation_limits()
    facts = explanations.staff(school=school, account=person.pk, on=today, limits=limits)
    if facts.protected or facts.decisions or facts.member is None:
        return None
    name = name_in_language(facts.school.name.en, facts.school.name.cy)[0] or school
    record = facts.member.entry.record
    if record.start_date is not None and record.start_date > today:
        return Text(_STARTS, {"school": name, "date": day(record.start_date)})
    if explain.staff(facts, on=today, limits=limits).code != "SX08":
        return None
    if record.leaving_date is None:
        return Text(_UNLISTED, {"school": name})
    return Text(_LEFT, {"school": name, "date": day(record.leaving_date)})
