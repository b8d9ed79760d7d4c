"""C4: register a client. What do I type, and did it work?"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.urls import path

from hwb import clock
from hwb.directory.queries import area_clients as rows
from hwb.operations import clients as operations
from hwb.operations.client_keys import ClientRefused
from hwb.portal.clients import code_page
from hwb.portal.places import address
from hwb.portal.run_words import MIS_NAMES
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, Person, may
from hwb.web.words import N_

_MOST = 200
REPLACE, STANDBY = "replace", "standby"


class RegisterForm(PageForm):
    """schools become the list of numbers; `how` counts only where a school has a client already."""

    schools = forms.CharField(
        label=N_("School numbers"), max_length=4000, widget=forms.Textarea,
        help_text=N_("The DfES number of each school that this computer sends for, one on each line."),
    )  # fmt: skip
    mis = forms.ChoiceField(label=N_("MIS"), choices=list(MIS_NAMES.items()))
    computer = forms.CharField(
        label=N_("Name for the computer"), max_length=60,
        help_text=N_("So that you know it again in the list of clients. Do not use a person's name."),
    )  # fmt: skip
    how = forms.ChoiceField(
        label=N_("If a school has a client already"), required=False, widget=forms.RadioSelect,
        choices=[
            (REPLACE, N_("Replace it: the present client sends until the new one has connected")),
            (STANDBY, N_("Add a standby: both may send")),
        ],
    )  # fmt: skip
    errors_said: ClassVar = {
        "schools": {"required": N_("Enter the number of a school")},
        "computer": {"required": N_("Enter a name for the computer")},
    }

    person: Person

    def clean_schools(self) -> list[str]:
        """Numbers of the person's own schools: of others nothing is said, not even that they exist."""
        typed = [re.sub(r"[\s-]", "", part) for part in re.split(r"[,;\n]", self.cleaned_data["schools"])]
        numbers = list(dict.fromkeys(part for part in typed if part))
        if len(numbers) > _MOST:
            raise ValidationError(N_("At most {limit} schools for one client"), params={"limit": _MOST})
        for number in numbers:
            if not re.fullmatch(r"[0-9]{7}", number):
                raise ValidationError(N_("A school number has 7 digits: {number}"), params={"number": number[:20]})
            if not may(self.person, Action.REGISTER_CLIENT, school=number):
                raise ValidationError(N_("Not one of your schools: {number}"), params={"number": number})
        if not numbers:
            raise ValidationError(N_("Enter the number of a school"))
        return numbers

    def clean(self) -> None:
        numbers = self.cleaned_data.get("schools")
        if numbers and not self.cleaned_data.get("how"):
            served = sorted(rows.serving(numbers, at=datetime.now(UTC)))
            if served:
                self.add_error("how", ValidationError(
                    N_("School {number} has a client already. Choose whether to replace it or to add a standby"),
                    params={"number": served[0]},
                ))  # fmt: skip


@page(Action.REGISTER_CLIENT, methods="GET POST")
def register(request: PageRequest) -> HttpResponse:
    own = {grant.school for grant in request.person.grants if grant.school}
    asked = request.GET.get("school", "")
    first = asked if asked.isdecimal() and len(asked) == 7 else next(iter(own)) if len(own) == 1 else ""
    form = RegisterForm.of(request, initial={"schools": first})
    form.person = request.person
    if form.is_sent():
        try:
            made = operations.register(
                schools=form.cleaned_data["schools"], computer=form.cleaned_data["computer"],
                takes_over=form.cleaned_data["how"] == REPLACE, acting_user=f"account {request.person.account}",
                at=datetime.now(UTC), now=clock.now(),
            )  # fmt: skip
        except ClientRefused as refused:
            form.add_refusal("schools", refused.text)
        else:
            return code_page(request, made, mis=form.cleaned_data["mis"])
    return show(
        request, "portal/client_register.html", title=N_("Register a client"), section="clients", form=form,
        back=address("clients") if may(request.person, Action.SEE_CLIENTS) else "",
    )  # fmt: skip


urlpatterns = [path("area/clients/register/", register, name="register-client")]
