"""One's own second step (A7): an app that gives codes, passkeys, recovery codes; adding and removing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote, urlencode
from uuid import UUID

import segno
from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from hwb import clock
from hwb.directory.queries import second_step as rows
from hwb.directory.queries.second_step import SecondStep
from hwb.operations import second_step
from hwb.operations.second_step import StepRefused
from hwb.web import again, banner, session
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.language import is_switch
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, needs_second_step
from hwb.web.words import N_, Text

#: In the session: an app's secret that was shown and not proved yet, sealed; what a new passkey was asked.
PENDING, ASKED = "app-pending", "passkey-asked"
#: In the session: the page that was asked for before the second step was set up.
AFTER = "after-second-step"
KINDS = {"app": N_("App that gives codes"), "passkey": N_("Passkey")}


class CodeForm(PageForm):
    """The first code of a new app."""

    code = forms.CharField(
        label=N_("Code from the app"), max_length=20, help_text=N_("Six digits. You may paste them."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "plain": True}),
    )  # fmt: skip
    errors_said: ClassVar = {"code": {"required": N_("Enter the code"), "max_length": N_("This is not a code")}}


class PasskeyForm(PageForm):
    """A name for a new passkey; the script puts the browser's answer into the second field."""

    name = forms.CharField(
        label=N_("Name of the passkey"),
        max_length=60,
        help_text=N_("By which you know it again: your telephone, a key."),
    )
    answer = forms.CharField(required=False, max_length=20_000, widget=forms.HiddenInput())
    errors_said: ClassVar = {"name": {"required": N_("Enter a name"), "max_length": N_("Use a shorter name")}}


@page(Action.OWN_ACCOUNT, sets_up=True)
def own_second_step(request: PageRequest) -> HttpResponse:
    """What one has, and what one may add. For a role that needs one and has none, the page says why."""
    known = rows.of_account(request.person.account)
    if wanted := again.next_of(request):
        request.session[AFTER] = wanted
    if (asked := _proof(request, known)) is not None:
        return asked
    return show(
        request, "signin/second_steps.html", title=N_("Your second step"), known=known, kinds=KINDS,
        needed=needs_second_step(request.person), back=reverse("own-account") if known.factors else "",
    )  # fmt: skip


@page(Action.OWN_ACCOUNT, methods="GET POST", sets_up=True)
def add_app(request: PageRequest) -> HttpResponse:
    """The square to scan, the same secret as text, and the first code."""
    known = rows.of_account(request.person.account)
    if (asked := _proof(request, known)) is not None:
        return asked
    if known.has_app:
        return HttpResponseRedirect(reverse("own-second-step"))
    secret = _pending_secret(request)
    form = CodeForm.of(request)
    if form.is_sent():
        try:
            codes = second_step.add_app(
                account=request.person.account, secret=secret, code=form.cleaned_data["code"], now=clock.now(),
                at=datetime.now(UTC),
            )  # fmt: skip
        except StepRefused as refused:
            form.add_refusal("code", refused.text)
        else:
            del request.session[PENDING]
            return _added(request, codes, second_step.Method.APP)
    return show(
        request, "signin/second_step_app.html", title=N_("Set up an app"), form=form, back=reverse("own-second-step"),
        square=_square(request, secret), secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    )  # fmt: skip


@page(Action.OWN_ACCOUNT, methods="GET POST", sets_up=True)
def add_passkey(request: PageRequest) -> HttpResponse:
    """A passkey of this device, of a telephone or on a key: needs a script, as every browser's passkeys do."""
    person = request.person
    known = rows.of_account(person.account)
    if (asked := _proof(request, known)) is not None:
        return asked
    form = PasskeyForm.of(request)
    if form.is_sent():
        state: Mapping[str, Any] = request.session.pop(ASKED, None) or {}
        try:
            codes = second_step.add_passkey(
                account=person.account, name=form.cleaned_data["name"], site=again.site_of(request), state=state,
                answer=form.cleaned_data["answer"], now=clock.now(), at=datetime.now(UTC),
            )  # fmt: skip
        except StepRefused as refused:
            form.add_refusal(None, refused.text)
        else:
            return _added(request, codes, second_step.Method.PASSKEY)
    begun = second_step.begin_passkey(
        account=person.account, username=person.username, name=person.name, site=again.site_of(request)
    )
    request.session[ASKED] = begun.state
    return show(
        request, "signin/second_step_passkey.html", title=N_("Add a passkey"), form=form,
        back=reverse("own-second-step"), options=begun.options,
    )  # fmt: skip


@page(Action.OWN_ACCOUNT, methods="POST", sets_up=True)
def recovery_codes(request: PageRequest) -> HttpResponse:
    """A fresh set of codes for paper, shown this once."""
    known = rows.of_account(request.person.account)
    if (asked := _proof(request, known)) is not None:
        return asked
    if is_switch(request) or not known.factors:
        return HttpResponseRedirect(reverse("own-second-step"))
    codes = second_step.new_recovery_codes(account=request.person.account, now=clock.now(), at=datetime.now(UTC))
    return _show_codes(request, codes)


@page(Action.OWN_ACCOUNT, methods="GET POST", sets_up=True)
def remove(request: PageRequest, factor: UUID) -> HttpResponse:
    """Takes an app or a passkey away, after a page that says which."""
    known = rows.of_account(request.person.account)
    if (asked := _proof(request, known)) is not None:
        return asked
    row = next((one for one in known.factors if one.id == factor), None)
    if row is None:
        raise Http404
    form, back = PageForm.of(request), reverse("own-second-step")
    if form.is_sent():
        required = needs_second_step(request.person)
        try:
            second_step.remove(account=request.person.account, factor=row.id, required=required, now=clock.now())
        except StepRefused as refused:
            form.add_refusal(None, refused.text)
        else:
            banner.put(request, Text(N_("The second step has been removed.")))
            return HttpResponseRedirect(back)
    return show(
        request, "signin/second_step_remove.html", title=N_("Remove this second step"), form=form, back=back,
        named=row.name, kind=KINDS[row.kind], button=N_("Remove"), warns=True,
    )  # fmt: skip


def _proof(request: PageRequest, known: SecondStep) -> HttpResponse | None:
    """Whoever has a second step gives it before changing it, also one who signed in before there was any."""
    if known.factors and not request.session.get(session.SECOND_STEP):
        request.session[again.CONFIRMED_AT] = 0
    return again.asked_for(request)


def _added(request: PageRequest, codes: list[str], method: second_step.Method) -> HttpResponse:
    """After the first one the session goes on under a new id, and says by what it was proved."""
    if codes:
        request.session.cycle_key()
        session.go_on(request)
        again.note(request, method)
        return _show_codes(request, codes)
    banner.put(request, Text(N_("The second step has been added.")))
    return HttpResponseRedirect(reverse("own-second-step"))


def _show_codes(request: PageRequest, codes: list[str]) -> HttpResponse:
    """Once; then on to the page that was asked for before there was a second step."""
    onward = request.session.pop(AFTER, "") or reverse("start")
    return show(request, "signin/recovery_codes.html", title=N_("Keep these recovery codes"), codes=codes, next=onward)


def _pending_secret(request: PageRequest) -> str:
    account = request.person.account
    secret = second_step.open_pending(account, request.session.get(PENDING, ""))
    if not secret:
        secret = second_step.new_app_secret()
        request.session[PENDING] = second_step.seal_pending(account, secret)
    return secret


def _square(request: PageRequest, secret: str) -> SafeString:
    """The square for an app's camera, drawn in the page."""
    label = quote(f"Hwb:{request.person.username}")
    address = f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': 'Hwb'})}"
    drawn = segno.make_qr(address, error="m").svg_inline(scale=5, svgclass="hwb-square", lineclass=None, omitsize=True)
    return mark_safe(drawn)  # noqa: S308 - a drawing of our own making
