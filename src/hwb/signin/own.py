"""The signed-in person's own pages: where to begin, account, password (A6, A8)."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib.auth import logout
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from hwb import clock
from hwb.directory.queries import roles
from hwb.operations import passwords, sessions
from hwb.signin.forms import OwnPasswordForm
from hwb.web import banner, session
from hwb.web.frame import places, show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text


@page(Action.OWN_ACCOUNT)
def start(request: PageRequest) -> HttpResponse:
    """Leads to the pages of the reader's role; somebody with several schools or roles chooses one."""
    found = places(request.person)
    with_pages = [place for place in found if place.address]
    if len(with_pages) == 1 and "all" not in request.GET:
        return HttpResponseRedirect(with_pages[0].address)
    if not found:
        return HttpResponseRedirect(reverse("own-account"))
    title = N_("Choose a school or role")
    return show(request, "signin/start.html", title=title, places=found)


@page(Action.OWN_ACCOUNT)
def account(request: PageRequest) -> HttpResponse:
    """A8: who one is here."""
    row = roles.find(request.person.account, today=clock.today())
    rows = [
        {"label": N_("Name"), "value": request.person.name},
        {"label": N_("Username"), "value": request.person.username},
        {"label": N_("E-mail"), "value": row.email if row else ""},
    ]
    return show(request, "signin/account.html", title=N_("Your account"), rows=rows, places=places(request.person))


@page(Action.OWN_ACCOUNT, methods="POST")
def sign_out_everywhere(request: PageRequest) -> HttpResponse:
    """Ends every session of the account, this one too."""
    person = request.person
    sessions.end_all(account=person.account, acting_user=acting(request), now=clock.now(), at=datetime.now(UTC))
    logout(request)
    response = HttpResponseRedirect(reverse("sign-in"))
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@sensitive_post_parameters("present_password", "new_password")
@page(Action.OWN_ACCOUNT, methods="GET POST", first=True)
def own_password(request: PageRequest) -> HttpResponse:
    """A6: a new password of one's own; other sessions end. After a reset it comes before every other page."""
    form = OwnPasswordForm.of(request)
    must = bool(request.session.get(session.MUST_CHANGE))
    if form.is_sent() and _changed(request, form):
        request.session.pop(session.MUST_CHANGE, None)
        banner.put(request, Text(N_("Your password has been changed.")))
        return HttpResponseRedirect(reverse("start" if must else "own-account"))
    back = "" if must else reverse("own-account")
    title = N_("Choose a new password")
    return show(request, "signin/own_password.html", title=title, form=form, back=back, must=must)


def acting(request: PageRequest) -> str:
    """How the audit log names whoever acts on a page: by the account's id, never by name."""
    return f"account {request.person.account}"


def _changed(request: PageRequest, form: OwnPasswordForm) -> bool:
    person, given = request.person, form.cleaned_data
    try:
        passwords.choose(
            account=person.account, old=given["present_password"], new=given["new_password"], now=clock.now()
        )
    except passwords.PasswordRefused as refused:
        form.add_refusal("present_password" if refused.code == "wrong_old" else "new_password", refused.text)
        return False
    sessions.end_all(account=person.account, acting_user=acting(request), now=clock.now(), at=datetime.now(UTC))
    request.session.cycle_key()
    session.begin(request)  # this one goes on, under a new id
    return True
