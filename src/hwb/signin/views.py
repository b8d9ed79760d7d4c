"""Signing in and out, the first sign-in, and giving the password again (A1)."""

from __future__ import annotations

from datetime import UTC, datetime

from allauth.account.utils import perform_login
from django.contrib.auth import authenticate, logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters

from hwb import clock
from hwb.directory.queries import own as own_rows
from hwb.directory.queries import second_step as rows
from hwb.operations import passwords, sessions
from hwb.signin.backend import PasswordBackend
from hwb.signin.forms import WRONG, NewPasswordForm, SignInForm
from hwb.signin.launcher import MOVED
from hwb.signin.stages import waiting
from hwb.web import again, session
from hwb.web.frame import show
from hwb.web.language import LANGUAGES, in_language, language_in
from hwb.web.page import PageRequest, is_signed_in, page
from hwb.web.policy import Action
from hwb.web.words import N_


@sensitive_post_parameters("password")
@page(Action.OPEN, methods="GET POST")
def sign_in(request: PageRequest) -> HttpResponse:
    """A1: username and password; every failure has the same answer."""
    if is_signed_in(request) and request.method == "GET":
        return HttpResponseRedirect(reverse("start"))
    form = SignInForm.of(request)
    if form.is_sent():
        account = authenticate(request, username=form.cleaned_data["username"], password=form.cleaned_data["password"])
        if account is not None:
            return _signed_in(request, account)
        form.add_error("username", WRONG)
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
            account.backend = "hwb.signin.backend.PasswordBackend"  # type: ignore[attr-defined] # as authenticate() sets it
            return _signed_in(request, account)
    return show(request, "signin/first_sign_in.html", title=N_("Choose your password"), form=form)


@sensitive_post_parameters(again.CODE)
@page(Action.OPEN, methods="GET POST")
def second_step(request: PageRequest) -> HttpResponse:
    """A7: the code or passkey after the right password; nobody is signed in before it is right."""
    stage = waiting(request)
    if stage is None:
        return HttpResponseRedirect(reverse("start" if is_signed_in(request) else "sign-in"))
    account = stage.login.user
    form = again.StepForm.of(request)
    if form.is_sent() and again.proves(request, form, account.pk):
        account.must_change = passwords.must_change(account.pk)
        return _begun(request, account, stage.exit())
    title = N_("Enter the code from your app") if rows.of_account(account.pk).has_app else N_("Your second step")
    asked = again.challenge(request, account.pk)
    return show(request, "signin/second_step.html", title=title, form=form, passkey=asked)


@sensitive_post_parameters(again.FIELD, again.CODE)
@page(Action.OWN_ACCOUNT, methods="GET POST", sets_up=True)
def give_again(request: PageRequest) -> HttpResponse:
    """Password or second step again, before a page that shows or changes what matters most."""
    form = again.form_of(request)
    if form.is_sent() and again.accepts(request, form):
        return HttpResponseRedirect(_next(request) or reverse("start"))
    return again.ask(request, form, action=request.get_full_path())


def _signed_in(request: HttpRequest, account: object) -> HttpResponse:
    """Through allauth's stages, of which one is the second step; the session gets a new id."""
    response = perform_login(
        request, account, email_verification="none", redirect_url=_next(request) or reverse("start")
    )
    return _begun(request, account, response)


def _begun(request: HttpRequest, account: object, response: HttpResponse) -> HttpResponse:
    """What every sign-in ends in once all stages are passed: the session's clocks, and where to go."""
    if request.user.is_authenticated:
        session.begin(request)
        if getattr(account, "must_change", False):
            request.session[session.MUST_CHANGE] = True
            response = HttpResponseRedirect(reverse("own-password"))
        if getattr(account, "kind", "") == "learner" and own_rows.moved(request.user.pk):
            request.session[MOVED] = True
        reads = passwords.record_sign_in(account=request.user.pk, now=clock.now())
        if reads in LANGUAGES and isinstance(response, HttpResponseRedirect):
            return HttpResponseRedirect(in_language(response.url, "cy" if reads == "cy" else "en"))
    return HttpResponseRedirect(response.url) if isinstance(response, HttpResponseRedirect) else response


def _next(request: HttpRequest) -> str:
    """The page to go on to: one of ours, else empty."""
    asked = request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(asked, allowed_hosts=None, require_https=request.is_secure())
    return asked if ours and asked.startswith("/") and language_in(asked) else ""
