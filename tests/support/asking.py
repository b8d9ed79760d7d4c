"""Somebody of a school who asks about people there, and pages asked for on the day of a prepared situation."""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from tests.support.explanations import Asked
from tests.support.world import session_of

from hwb.directory.models import Account, RoleGrant
from hwb.operations import roles
from hwb.operations.roles import NewPerson, Reach


def asker(school: str, *, role: str = "champion", on: date = date(2018, 7, 2)) -> Client:
    """A client in which a person from outside every roll has the role at the school."""
    at = datetime.now(UTC)
    made = roles.grant_new(
        Reach("auditor"), acting_user="tests", now=at, on=on, at=at,
        person=NewPerson("Non Prydderch", f"{role}.{school}@example.wales"),
    )  # fmt: skip
    RoleGrant.objects.filter(account=made.account).update(role=role, school=school)
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session_of(Account.objects.get(id=made.account).id)
    return client


def ask_learner(client: Client, about: Asked, language: str, **typed: str) -> HttpResponse:
    """What Find my learner answers about the situation's UPN, or about what is typed."""
    sent = typed or {"asked": about.upn, "what": "one"}
    return client.post(f"/{language}/school/{about.school}/find-learner/", sent, follow=True)


def ask_staff(client: Client, asked: Asked, language: str) -> HttpResponse:
    """What Find a member of staff answers about the situation's words, or its username."""
    return client.post(
        f"/{language}/school/{asked.school}/find-staff/", {"asked": asked.staff or asked.username}, follow=True
    )
