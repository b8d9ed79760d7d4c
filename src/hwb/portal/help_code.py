"""A class teacher's way from a learner's help code to the learner's record, which says why the account is off (A5)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path

from hwb.directory.queries import roles
from hwb.operations import help_codes
from hwb.portal.answers import address
from hwb.portal.find_learner import NOBODYS_CODE
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text


class HelpCodeForm(PageForm):
    """The code, as the learner shows it."""

    code = forms.CharField(
        label=N_("Help code"), help_text=N_("Three letters and three digits, for example FGT-482."), max_length=20,
        widget=forms.TextInput(attrs={"plain": True, "autocomplete": "off"}),
    )  # fmt: skip
    errors_said: ClassVar = {"code": {"required": N_("Enter the help code"), "max_length": NOBODYS_CODE}}


@page(Action.SEE_OWN_CLASSES, methods="GET POST")
def help_code(request: PageRequest, dfes: str) -> HttpResponse:
    """Opens the record of a learner of the teacher's own classes; of anybody else nothing is told."""
    form = HelpCodeForm.of(request)
    if form.is_sent():
        account = help_codes.account_of(form.cleaned_data["code"], at=datetime.now(UTC))
        if account is not None and roles.belongs(account, school=dfes, classes=request.access.classes or frozenset()):
            return redirect("learner", dfes=dfes, account=account)
        form.add_refusal("code", Text(NOBODYS_CODE))
    return show(
        request, "portal/help_code.html", title=N_("A learner shows you a help code"), form=form, section="my-classes",
        back=address("my-classes", dfes=dfes),
    )  # fmt: skip


urlpatterns = [path("school/<str:dfes>/help-code/", help_code, name="help-code")]
