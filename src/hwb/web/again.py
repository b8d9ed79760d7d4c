"""Asking who it is: of somebody who is not signed in, and again before an act that needs a fresh proof.

Whoever has a second step proves themselves by it, everybody else by the password. Before an act the question stands in
the way of the request itself: what was sent travels through the page in hidden fields and goes on when the proof is
right, so nothing typed is lost.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from hwb import clock
from hwb.directory.queries import second_step as rows
from hwb.operations import passwords, second_step, sessions
from hwb.operations.attempts import Caller, mark_of
from hwb.operations.second_step import Method, Site, StepRefused
from hwb.web import visitors
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.language import language_in
from hwb.web.policy import Person
from hwb.web.words import N_

FRESH_SECONDS = 15 * 60
CONFIRMED_AT = "confirmed-at"  # in the session: when somebody last proved who they are
WAYS = "ways"  # in the session: the ways of proving oneself, as services are told (RFC 8176)
SECOND_STEP = "second-step"  # in the session: by which second step (second_step.Method)
CHALLENGE = "passkey-challenge"  # in the session: what a passkey was asked
FIELD, CODE, PASSKEY = "password_again", "code_again", "passkey_again"  # no other form has fields of these names


class AgainForm(PageForm):
    """The password, once more."""

    password_again = forms.CharField(
        label=N_("Password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    errors_said: ClassVar = {FIELD: {"required": N_("Enter your password")}}


class StepForm(PageForm):
    """A code of an app or from paper, or the answer of a passkey, which a script puts into its field."""

    code_again = forms.CharField(
        label=N_("Your code"), max_length=40, required=False,
        help_text=N_("Six digits from your app, or one of your recovery codes."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "plain": True}),
    )  # fmt: skip
    passkey_again = forms.CharField(required=False, max_length=20_000, widget=forms.HiddenInput())
    errors_said: ClassVar = {
        CODE: {"required": N_("Enter the code"), "max_length": N_("This is not a code")},
        PASSKEY: {"max_length": N_("This passkey was not accepted. Try again, or use a code.")},
    }

    def clean_code_again(self) -> str:
        """Needed, unless a passkey has answered."""
        code = str(self.cleaned_data[CODE])
        if not code and not self.data.get(PASSKEY):
            raise forms.ValidationError("", code="required")
        return code


def confirm(request: HttpRequest) -> None:
    """Notes that the person has just proved who they are. Signing in does so too."""
    request.session[CONFIRMED_AT] = time.time()


def is_fresh(request: HttpRequest) -> bool:
    """Whether they did so within the last 15 minutes, by the real clock."""
    return time.time() - float(request.session.get(CONFIRMED_AT, 0)) <= FRESH_SECONDS


def signed_out(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back here; what was sent by POST was not saved, and the page says so."""
    if began := getattr(request, "ended_child", ""):
        return HttpResponseRedirect(f"{reverse('class-sign-in')}?ended=1" if began == "class" else reverse("badge"))
    if request.method in ("GET", "HEAD"):
        return HttpResponseRedirect(f"{reverse('sign-in')}?{urlencode({'next': request.get_full_path()})}")
    return show(request, "web/signed_out.html", title=N_("You have been signed out"), status=401)


def asked_for(request: HttpRequest) -> HttpResponse | None:
    """None when the proof is fresh enough; else the page that asks for it."""
    if is_fresh(request):
        return None
    if request.method != "POST":
        return HttpResponseRedirect(f"{reverse('again')}?{urlencode({'next': request.get_full_path()})}")
    form = form_of(request) if {FIELD, CODE} & request.POST.keys() else None
    if form is not None and form.is_sent() and accepts(request, form):
        return None
    return ask(request, form, action=request.get_full_path())


def form_of(request: HttpRequest) -> PageForm:
    """The question for this person: the second step of whoever has one, else the password."""
    return (StepForm if rows.has_one(_person(request).account) else AgainForm).of(request)


def accepts(request: HttpRequest, form: PageForm) -> bool:
    """Whether the proof is right; if so, they are fresh from now, in a session under a new key."""
    if isinstance(form, StepForm):
        if not proves(request, form, _person(request).account):
            return False
    elif not is_own_password(request, form, FIELD, wrong=N_("The password is not right")):
        return False
    confirm(request)
    old = str(request.session.session_key)
    request.session.cycle_key()
    sessions.renew(old=old, new=str(request.session.session_key))
    return True


def is_own_password(request: HttpRequest, form: PageForm, field: str, *, wrong: str) -> bool:
    """Whether the password typed in a field is the signed-in person's own; a refusal stands in the form.

    Counted apart from the sign-in page, for each session: a stolen one guesses no faster, and locks nobody out.
    """
    person = _person(request)
    session = getattr(request.session, "session_key", None) or ""
    here = Caller(visitors.address_of(request), session, frozenset({mark_of(session, person.account)}))
    typed = form.cleaned_data[field]
    outcome = passwords.attempt(name=person.username, password=typed, caller=here, at=datetime.now(UTC))
    if outcome.verdict.bar is not None:
        form.add_error(field, N_("Too many wrong tries. Wait some minutes, then try again"))
        return False
    if outcome.found is None or outcome.found.account != person.account:
        form.add_error(field, wrong)
        return False
    return True


def proves(request: HttpRequest, form: StepForm, account: UUID) -> bool:
    """Whether the code or passkey is the account's; the session then says by what. A refusal stands in the form."""
    given, at = form.cleaned_data, datetime.now(UTC)
    state = request.session.pop(CHALLENGE, None)
    try:
        if given[PASSKEY]:
            method = second_step.prove_passkey(
                account=account, site=site_of(request), state=state or {}, answer=given[PASSKEY], at=at
            )  # fmt: skip
        else:
            method = second_step.prove_code(account=account, typed=given[CODE], now=clock.now(), at=at)
    except StepRefused as refused:
        form.add_refusal(CODE, refused.text)
        return False
    note(request, method)
    return True


def note(request: HttpRequest, method: Method) -> None:
    """Keeps in the session by which second step it was proved."""
    request.session[SECOND_STEP] = method.value
    first = [way for way in request.session.get(WAYS, ()) if way in ("badge", "pictures")] or ["pwd"]
    request.session[WAYS] = [*first, "pop" if method is Method.PASSKEY else "otp", "mfa"]


def ask(request: HttpRequest, form: PageForm | None, *, action: str) -> HttpResponse:
    """The page. What was sent before stays in it and goes on with the proof."""
    account = _person(request).account
    kept = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in (FIELD, CODE, PASSKEY, "csrfmiddlewaretoken")
        for value in values
    ]
    if form is None:
        form = StepForm() if rows.has_one(account) else AgainForm()
    if not isinstance(form, StepForm):
        title = N_("Give your password again")
        return show(request, "web/again.html", title=title, form=form, kept=kept, action=action)
    title, asked = N_("Give your second step again"), challenge(request, account)
    return show(request, "web/again_step.html", title=title, form=form, kept=kept, action=action, passkey=asked)


def challenge(request: HttpRequest, account: UUID) -> str:
    """What the browser asks a passkey, as JSON, kept in the session for the answer; empty without a passkey."""
    if not rows.of_account(account).has_passkey:
        return ""
    asked = second_step.begin_proof(account=account, site=site_of(request))
    request.session[CHALLENGE] = asked.state
    return asked.options


def next_of(request: HttpRequest) -> str:
    """The page to go on to: one of ours, else empty."""
    asked = request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(asked, allowed_hosts=None, require_https=request.is_secure())
    return asked if ours and asked.startswith("/") and language_in(asked) else ""


def on_the_way(name: str, following: str) -> str:
    """The address of a page that comes before another one and leads on to it; empty: to none."""
    return reverse(name) + (f"?{urlencode({'next': following})}" if following else "")


def site_of(request: HttpRequest) -> Site:
    """Passkeys are good for the host of the printed address; the browser must state the origin of this request."""
    host = urlsplit(settings.HWB_BASE_URL).hostname or "localhost"
    return Site(host, f"{request.scheme}://{request.get_host()}")


def _person(request: HttpRequest) -> Person:
    found: Person = request.person  # type: ignore[attr-defined]
    return found
