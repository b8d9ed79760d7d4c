"""Signing in and out, the first sign-in, and giving the password again (A1)."""

from __future__ import annotations

from datetime import UTC, datetime

from allauth.account.utils import perform_login
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from hwb import clock
from hwb.directory.queries import movers
from hwb.directory.queries import second_step as rows
from hwb.operations import passwords, sessions
from hwb.operations.sessions import Purpose
from hwb.signin import barred, inactive, known_devices
from hwb.signin.backend import PasswordBackend
from hwb.signin.forms import NewPasswordForm, SignInForm
from hwb.signin.launcher import MOVED
from hwb.signin.oidc import anew
from hwb.signin.own import ASK_MOVE
from hwb.signin.stages import waiting
from hwb.web import again, session
from hwb.web.frame import show
from hwb.web.language import LANGUAGES, in_language
from hwb.web.page import PageRequest, is_signed_in, page
from hwb.web.policy import Action
from hwb.web.words import N_

BACKEND = "hwb.signin.backend.PasswordBackend"
#: By what a child's session began → where the next child begins.
CHILDREN = {"badge": "badge", "class": "class-sign-in"}


@sensitive_post_parameters("password")
@page(Action.OPEN, methods="GET POST")
def sign_in(request: PageRequest) -> HttpResponse:
    """A1: username and password; every failure has the same answer."""
    former = is_signed_in(request)
    asked = former and anew.is_asked(request) and bool(again.next_of(request))
    if former and not asked and request.method == "GET":
        return HttpResponseRedirect(again.next_of(request) or reverse("start"))
    form = SignInForm.of(request)
    if form.is_sent():
        outcome = passwords.attempt(
            name=form.cleaned_data["username"], password=form.cleaned_data["password"],
            caller=known_devices.caller(request), at=datetime.now(UTC),
        )  # fmt: skip
        if outcome.found is not None:
            return _right(request, outcome.found)
        form.add_refusal("username", barred.said(outcome.verdict))
    return show(
        request, "signin/sign_in.html", title=N_("Sign in to Hwb"), form=form, next=again.next_of(request),
        former=request.person.name if asked else "", back=reverse("start") if asked else "",
    )  # fmt: skip


@page(Action.OPEN, methods="POST")
def sign_out(request: PageRequest) -> HttpResponse:
    """Ends the session here and now, and has the browser forget it. The next child finds the page to begin."""
    began = request.session.get(session.BY, "")
    logout(request)
    response = HttpResponseRedirect(reverse(CHILDREN.get(began, "sign-in")))
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@sensitive_post_parameters("new_password")
@page(Action.OPEN, methods="GET POST")
def first_sign_in(request: PageRequest, token: str) -> HttpResponse:
    """The link of somebody new: they choose a password and are in. Used, expired and unknown links look the same."""
    return use_link(request, token, Purpose.FIRST)


def use_link(request: PageRequest, token: str, purpose: Purpose) -> HttpResponse:
    """A new password by a link that works once, and on through whatever else signing in asks."""
    now = datetime.now(UTC)
    if sessions.account_of_link(token, at=now, purpose=purpose) is None:
        title = N_("This link cannot be used")
        return show(request, "signin/link_over.html", title=title, status=404, purpose=purpose)
    form = NewPasswordForm.of(request)
    if form.is_sent():
        try:
            found = sessions.use_link(
                token=token, password=form.cleaned_data["new_password"], now=clock.now(), at=now, purpose=purpose
            )
        except passwords.PasswordRefused as refused:
            form.add_refusal("new_password", refused.text)
        else:
            account = None if found is None else PasswordBackend().get_user(found)
            if account is None:
                raise Http404
            anew.sign_out_former(request)
            session.forget_child(request)
            session.comes_by_link(request, account.sessions_from)
            account.backend = BACKEND  # type: ignore[attr-defined] # as Django's authenticate() sets it
            return signed_in(request, account)
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
        return HttpResponseRedirect(again.next_of(request) or reverse("start"))
    return again.ask(request, form, action=request.get_full_path())


def _right(request: PageRequest, found: passwords.SignIn) -> HttpResponse:
    """The password was right: a session, or of an inactive account the page that helps (A5, R40)."""
    account = PasswordBackend().get_user(found.account)
    if account is None:
        return inactive.show_help(request, found.account)
    anew.sign_out_former(request)
    session.forget_child(request)
    account.must_change = found.must_change
    account.backend = BACKEND  # type: ignore[attr-defined] # as Django's authenticate() sets it
    return signed_in(request, account)


def signed_in(request: HttpRequest, account: object) -> HttpResponse:
    """Through allauth's stages, of which one is the second step; the session gets a new id.

    Whoever was signed in here before has been signed out already (anew.sign_out_former).
    """
    to = again.next_of(request) or anew.following(request) or reverse("start")
    response: HttpResponse = perform_login(request, account, email_verification="none", redirect_url=to)
    return _begun(request, account, response)


def _begun(request: HttpRequest, account: object, response: HttpResponse) -> HttpResponse:
    """What every sign-in ends in once all stages are passed: the session's clocks, and where to go."""
    if request.user.is_authenticated and request.user.pk == getattr(account, "pk", None):
        # before this sign-in is noted: only the first one is asked, or the one after "later"
        asks_move = getattr(account, "kind", "") == "staff" and movers.is_to_be_asked(request.user.pk)
        begun = session.begin(request)
        if getattr(account, "must_change", False):
            request.session[session.MUST_CHANGE] = True
        if begun.moved:
            request.session[MOVED] = True
        if asks_move:
            request.session[ASK_MOVE] = True
        if isinstance(response, HttpResponseRedirect):  # the same answer, which carries the device's cookie
            to = response.url
            if session.MUST_CHANGE in request.session:
                to = again.on_the_way("own-password", "" if to in _beginnings() else to)
            if begun.reads in LANGUAGES and to in _beginnings():
                to = in_language(to, "cy" if begun.reads == "cy" else "en")
            response["Location"] = to
    return response


def _beginnings() -> set[str]:
    """Where somebody begins who asked for no page."""
    return {in_language(reverse(name), language) for name in ("start", "own-password") for language in LANGUAGES}
