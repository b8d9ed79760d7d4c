"""Signing in and out, the first sign-in, and giving the password again (A1)."""

from __future__ import annotations

from datetime import UTC, datetime

from allauth.account.utils import perform_login
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters

from hwb import clock
from hwb.operations import passwords, sessions
from hwb.signin import barred, devices, inactive
from hwb.signin.backend import PasswordBackend
from hwb.signin.forms import NewPasswordForm, SignInForm
from hwb.web import again, session
from hwb.web.frame import show
from hwb.web.language import language_in
from hwb.web.page import PageRequest, is_signed_in, page
from hwb.web.policy import Action
from hwb.web.words import N_

BACKEND = "hwb.signin.backend.PasswordBackend"


@sensitive_post_parameters("password")
@page(Action.OPEN, methods="GET POST")
def sign_in(request: PageRequest) -> HttpResponse:
    """A1: username and password; every failure has the same answer."""
    if is_signed_in(request) and request.method == "GET":
        return HttpResponseRedirect(reverse("start"))
    form = SignInForm.of(request)
    if form.is_sent():
        outcome = passwords.attempt(
            name=form.cleaned_data["username"], password=form.cleaned_data["password"],
            caller=devices.caller(request), at=datetime.now(UTC),
        )  # fmt: skip
        if outcome.found is not None:
            return _right(request, outcome.found)
        form.add_refusal("username", barred.said(outcome.verdict))
    return show(request, "signin/sign_in.html", title=N_("Sign in to Hwb"), form=form, next=_next(request))


@page(Action.OPEN, methods="POST")
def sign_out(request: PageRequest) -> HttpResponse:
    """Ends the session here and now, and has the browser forget what it kept of it."""
    logout(request)
    response = HttpResponseRedirect(reverse("sign-in"))
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@sensitive_post_parameters("new_password")
@page(Action.OPEN, methods="GET POST")
def first_sign_in(request: PageRequest, token: str) -> HttpResponse:
    """The link of somebody new: they choose a password and are in. Used, expired and unknown links look the same."""
    now = datetime.now(UTC)
    if sessions.account_of_link(token, at=now) is None:
        return show(request, "signin/link_over.html", title=N_("This link cannot be used"), status=404)
    form = NewPasswordForm.of(request)
    if form.is_sent():
        try:
            found = sessions.use_link(token=token, password=form.cleaned_data["new_password"], now=clock.now(), at=now)
        except passwords.PasswordRefused as refused:
            form.add_refusal("new_password", refused.text)
        else:
            account = None if found is None else PasswordBackend().get_user(found)
            if account is None:
                raise Http404
            account.backend = BACKEND  # type: ignore[attr-defined] # as Django's authenticate() sets it
            return _signed_in(request, account)
    return show(request, "signin/first_sign_in.html", title=N_("Choose your password"), form=form)


@sensitive_post_parameters(again.FIELD)
@page(Action.OWN_ACCOUNT, methods="GET POST")
def give_again(request: PageRequest) -> HttpResponse:
    """The password again, before a page that shows or changes what matters most."""
    form = again.AgainForm.of(request)
    if form.is_sent() and again.accepts(request, form):
        return HttpResponseRedirect(_next(request) or reverse("start"))
    return again.ask(request, form, action=request.get_full_path())


@page(Action.OPEN)
def forgotten(request: PageRequest) -> HttpResponse:
    """A9: who can help now. It asks for nothing, so it tells nothing."""
    return show(request, "signin/forgotten.html", title=N_("I have forgotten my password"), back=reverse("sign-in"))


def _right(request: PageRequest, found: passwords.SignIn) -> HttpResponse:
    """The password was right: a session, or of an inactive account the page that helps (A5, R40)."""
    account = PasswordBackend().get_user(found.account)
    if account is None:
        return inactive.show_help(request, found.account)
    account.must_change = found.must_change
    account.backend = BACKEND  # type: ignore[attr-defined] # as Django's authenticate() sets it
    return _signed_in(request, account)


def _signed_in(request: HttpRequest, account: object) -> HttpResponse:
    """Through allauth's stages, where a second step will stand; the session gets a new id."""
    response: HttpResponse = perform_login(
        request, account, email_verification="none", redirect_url=_next(request) or reverse("start")
    )
    if request.user.is_authenticated:
        session.begin(request)
        if getattr(account, "must_change", False):
            request.session[session.MUST_CHANGE] = True
            response["Location"] = reverse("own-password")
        passwords.record_sign_in(account=request.user.pk, now=clock.now())
    return response


def _next(request: HttpRequest) -> str:
    """The page to go on to: one of ours, else empty."""
    asked = request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(asked, allowed_hosts=None, require_https=request.is_secure())
    return asked if ours and asked.startswith("/") and language_in(asked) else ""
