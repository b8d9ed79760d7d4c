"""Somebody has lost the device of their second step: one person takes it away, or two do (A7)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb import clock
from hwb.operations import second_step
from hwb.operations.second_step import StepRefused
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text


class LostForm(PageForm):
    """Whose device, why, and that the person was recognised."""

    username = forms.CharField(
        label=N_("Username of the person who has lost the device"), max_length=200,
        widget=forms.TextInput(attrs={"plain": True}),
    )  # fmt: skip
    reason = forms.CharField(
        label=N_("What happened"), max_length=500, help_text=N_("For the record. No names."),
        widget=forms.Textarea,
    )  # fmt: skip
    recognised = forms.BooleanField(label=N_("I have made sure that it is this person who asks: seen, or called back"))
    errors_said: ClassVar = {
        "username": {"required": N_("Enter a username")},
        "reason": {"required": N_("Say what happened")},
        "recognised": {"required": N_("Make sure first that it is this person who asks")},
    }


@page(Action.RESET_SECOND_STEP, methods="GET POST")
def lost_device(request: PageRequest) -> HttpResponse:
    """The form, and what waits for a second person."""
    form = LostForm.of(request)
    if form.is_sent():
        given = form.cleaned_data
        try:
            done = second_step.reset(username=given["username"], reason=given["reason"], **_by(request))
        except StepRefused as refused:
            form.add_refusal("username", refused.text)
        else:
            said = N_("The second step has been taken away. The person sets up a new one at the next sign-in.")
            waits = N_("Asked for. It happens when a second person has confirmed it, within 24 hours.")
            banner.put(request, Text(said if done else waits))
            return HttpResponseRedirect(reverse("lost-device"))
    found = second_step.waiting(helper=request.person.account, today=clock.today(), at=datetime.now(UTC))
    return show(
        request, "portal/lost_device.html", title=N_("Somebody has lost their device"), form=form, waiting=found,
        back=reverse("own-account"),
    )  # fmt: skip


@page(Action.RESET_SECOND_STEP, methods="GET POST")
def lost_device_confirm(request: PageRequest, reset: UUID) -> HttpResponse:
    """The second person's yes or no, after a page that says whose it is."""
    known = second_step.waiting(helper=request.person.account, today=clock.today(), at=datetime.now(UTC))
    row = next((one for one in known if one.id == reset), None)
    back = reverse("lost-device")
    if row is None:
        banner.put(request, Text(N_("This is no longer waiting.")))
        return HttpResponseRedirect(back)
    form = PageForm.of(request)
    if form.is_sent():
        says_no = "no" in request.POST
        try:
            (second_step.refuse if says_no else second_step.confirm)(id_=row.id, **_by(request))
        except StepRefused as refused:
            form.add_refusal(None, refused.text)
        else:
            done = N_("The second step has been taken away. The person sets up a new one at the next sign-in.")
            banner.put(request, Text(N_("Closed. Nothing was changed.") if says_no else done))
            return HttpResponseRedirect(back)
    return show(
        request, "portal/lost_device_confirm.html", title=N_("Take this second step away"), form=form, back=back,
        row=row,
    )  # fmt: skip


def _by(request: PageRequest) -> dict[str, Any]:
    return {
        "helper": request.person.account, "today": clock.today(), "now": clock.now(), "at": datetime.now(UTC),
    }  # fmt: skip


urlpatterns = [
    path("lost-device/", lost_device, name="lost-device"),
    path("lost-device/<uuid:reset>/", lost_device_confirm, name="lost-device-confirm"),
]
