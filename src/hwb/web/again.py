"""Asking for the password: of somebody who is not signed in, and again before an act that needs a fresh one.

Before such an act the question stands in the way of the request itself: what was sent travels through the page in
hidden fields and goes on when the password is right, so nothing typed is lost.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from hwb.operations import passwords
from hwb.operations.attempts import Caller, mark_of
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.policy import Person
from hwb.web.words import N_

FRESH_SECONDS = 15 * 60
CONFIRMED_AT = "confirmed-at"  # in the session: when the password was last given
FIELD = "password_again"  # no other form has a field of this name


class AgainForm(PageForm):
    """The password, once more."""

    password_again = forms.CharField(
        label=N_("Password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    errors_said: ClassVar = {FIELD: {"required": N_("Enter your password")}}


def confirm(request: HttpRequest) -> None:
    """Notes that the person has just proved who they are. Signing in does so too."""
    request.session[CONFIRMED_AT] = time.time()


def is_fresh(request: HttpRequest) -> bool:
    """Whether the password was given within the last 15 minutes, by the real clock."""
    return time.time() - float(request.session.get(CONFIRMED_AT, 0)) <= FRESH_SECONDS


def signed_out(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back here; what was sent by POST was not saved, and the page says so."""
    if request.method in ("GET", "HEAD"):
        return HttpResponseRedirect(f"{reverse('sign-in')}?{urlencode({'next': request.get_full_path()})}")
    return show(request, "web/signed_out.html", title=N_("You have been signed out"), status=401)


def asked_for(request: HttpRequest) -> HttpResponse | None:
    """None when the password is fresh enough; else the page that asks for it."""
    if is_fresh(request):
        return None
    if request.method != "POST":
        return HttpResponseRedirect(f"{reverse('again')}?{urlencode({'next': request.get_full_path()})}")
    form = AgainForm.of(request) if FIELD in request.POST else AgainForm()
    if form.is_sent() and accepts(request, form):
        return None
    return ask(request, form, action=request.get_full_path())


def accepts(request: HttpRequest, form: AgainForm) -> bool:
    """Whether the typed password is the signed-in person's own; if so, they are fresh from now."""
    person: Person = request.person  # type: ignore[attr-defined]
    typed = form.cleaned_data[FIELD]
    # Counted apart from the sign-in page, for each session: a stolen one guesses no faster, and locks nobody out.
    session = getattr(request.session, "session_key", None) or ""
    here = Caller(str(request.META.get("REMOTE_ADDR", "")), session, frozenset({mark_of(session, person.account)}))
    outcome = passwords.attempt(name=person.username, password=typed, caller=here, at=datetime.now(UTC))
    if outcome.verdict.bar is not None:
        form.add_error(FIELD, N_("Too many wrong tries. Wait some minutes, then try again"))
        return False
    if outcome.found is None or outcome.found.account != person.account:
        form.add_error(FIELD, N_("The password is not right"))
        return False
    confirm(request)
    return True


def ask(request: HttpRequest, form: AgainForm, *, action: str) -> HttpResponse:
    """The page. What was sent before stays in it and goes on with the password."""
    kept = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in (FIELD, "csrfmiddlewaretoken")
        for value in values
    ]
    return show(request, "web/again.html", title=N_("Give your password again"), form=form, kept=kept, action=action)
