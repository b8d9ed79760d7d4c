"""R34: a new username after a name change; the old one still signs in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import path

from hwb import clock
from hwb.operations import usernames
from hwb.portal.people import person_of, record_of, where
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_


@page(Action.ISSUE_USERNAME, methods="GET POST")
def issue(request: PageRequest, dfes: str, account: UUID) -> HttpResponse:
    """Says what will happen, then does it and shows the new names."""
    person = person_of(request, account)
    form = PageForm.of(request)
    shown: dict[str, Any] = {"person": person, "where": where(person), "back": record_of(person, dfes)}
    if usernames.follows_name(person.username, person.surname, person.forename, "", ""):
        return show(request, "portal/username.html", title=N_("Issue a new username"), follows=True, **shown)
    if form.is_sent():
        try:
            issued = usernames.issue(
                account=account, school=dfes, acting_user=f"account {request.person.account}", now=clock.now()
            )
        except usernames.UsernameRefused as refused:
            form.add_refusal(None, refused.text)
        else:
            return show(request, "portal/username_done.html", title=N_("New username"), issued=issued, **shown)
    return show(request, "portal/username.html", title=N_("Issue a new username"), form=form, **shown)


urlpatterns = [path("school/<str:dfes>/people/<uuid:account>/username/", issue, name="issue-username")]
