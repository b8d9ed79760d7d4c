"""A forgotten password (A9): the recovery address of adults, the link that goes there, and what it leads to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from hwb import clock
from hwb.directory.queries import own
from hwb.operations import recovery, sessions
from hwb.operations.recovery import AddressRefused
from hwb.operations.sessions import Purpose
from hwb.signin.forms import LONGEST
from hwb.signin.views import use_link
from hwb.web import again, banner
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text

_NO_ADDRESS = N_("Enter an e-mail address, such as name@example.wales")
_NAME = N_("Enter your username")


class NameForm(PageForm):
    """Whose password is forgotten."""

    username = forms.CharField(
        label=N_("Username"), max_length=LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "username", "plain": True}),
    )  # fmt: skip
    errors_said: ClassVar = {
        "username": {"required": _NAME, "max_length": _NAME, "null_characters_not_allowed": _NAME},
    }  # fmt: skip


class AddressForm(PageForm):
    """One's recovery address."""

    address = forms.EmailField(
        label=N_("Recovery address"), required=False, max_length=LONGEST,
        help_text=N_("Leave it empty to have none."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "plain": True}),
    )  # fmt: skip
    errors_said: ClassVar = {
        "address": {"invalid": _NO_ADDRESS, "max_length": _NO_ADDRESS, "null_characters_not_allowed": _NO_ADDRESS},
    }  # fmt: skip


@page(Action.OPEN, methods="GET POST")
def forgotten(request: PageRequest) -> HttpResponse:
    """A9: who can help now, and a link for whoever registered an address: the same answer for every username."""
    form = NameForm.of(request)
    asked = form.is_sent()
    if asked:
        recovery.ask(name=form.cleaned_data["username"], now=clock.now(), at=datetime.now(UTC))
    title, back = N_("I have forgotten my password"), reverse("sign-in")
    return show(request, "signin/forgotten.html", title=title, form=form, asked=asked, back=back)


@sensitive_post_parameters("new_password")
@page(Action.OPEN, methods="GET POST")
def recover(request: PageRequest, token: str) -> HttpResponse:
    """The link of the e-mail: a new password, then the second step of whoever has one."""
    return use_link(request, token, Purpose.PASSWORD)


@page(Action.OPEN, methods="GET POST")
def confirm_address(request: PageRequest, token: str) -> HttpResponse:
    """The link to a new recovery address; a button, so that a mail scanner that follows links confirms nothing."""
    now = datetime.now(UTC)
    title = N_("Confirm your recovery address")
    if sessions.account_of_link(token, at=now, purpose=Purpose.ADDRESS) is None:
        title = N_("This link cannot be used")
        return show(request, "signin/link_over.html", title=title, status=404, purpose=Purpose.ADDRESS)
    form = PageForm.of(request)
    if form.is_sent():
        if not recovery.confirm(token=token, now=clock.now(), at=now):
            raise Http404
        banner.put(request, Text(N_("Your recovery address is confirmed.")))
        return HttpResponseRedirect(reverse("sign-in"))
    return show(request, "signin/confirm_address.html", title=title, form=form)


@page(Action.OWN_ACCOUNT, methods="GET POST")
def own_address(request: PageRequest) -> HttpResponse:
    """A8: where a link to a new password goes. Adults alone have one, and prove anew who they are."""
    person = request.person
    if person.kind == "learner":
        raise Http404
    if (asked := again.asked_for(request)) is not None:
        return asked
    known = own.recovery_address(person.account)
    form = AddressForm.of(request, initial={"address": known.address if known else ""})
    if form.is_sent():
        given = form.cleaned_data["address"]
        try:
            recovery.put(account=person.account, address=given, now=clock.now(), at=datetime.now(UTC))
        except AddressRefused as refused:
            form.add_refusal("address", refused.text)
        else:
            sent = N_("A link is on its way to the new address. Follow it to confirm the address.")
            banner.put(request, Text(sent if given else N_("You have no recovery address any more.")))
            return HttpResponseRedirect(reverse("own-account"))
    title, back = N_("Your recovery address"), reverse("own-account")
    return show(request, "signin/own_address.html", title=title, form=form, back=back)
