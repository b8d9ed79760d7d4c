"""The forms of signing in and of passwords."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from hwb.web.forms import PageForm
from hwb.web.words import N_

LONGEST = 200
SHORTEST_PASSWORD = 12
#: The one answer to every failure of the two.
WRONG = N_("The username or password is not right")


class SignInForm(PageForm):
    """A1. Case of the username and spaces around it do not matter."""

    username = forms.CharField(
        label=N_("Username"), max_length=LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "username", "plain": True}),
    )  # fmt: skip
    password = forms.CharField(
        label=N_("Password"), strip=False, max_length=LONGEST,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip
    errors_said: ClassVar = {
        "username": {"required": N_("Enter your username"), "max_length": WRONG, "null_characters_not_allowed": WRONG},
        "password": {"required": N_("Enter your password"), "max_length": WRONG, "null_characters_not_allowed": WRONG},
    }


class NewPasswordForm(PageForm):
    """A first password."""

    new_password = forms.CharField(
        label=N_("New password"), strip=False, min_length=SHORTEST_PASSWORD, max_length=LONGEST,
        help_text=N_("At least 12 characters. Three words that have nothing to do with each other are a good choice."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    errors_said: ClassVar = {
        "new_password": {
            "required": N_("Enter a new password"),
            "min_length": N_("The new password must have at least 12 characters"),
            "max_length": N_("The new password must have at most 200 characters"),
            "same": N_("The new password must be another one than the present one"),
        },
        "present_password": {
            "required": N_("Enter your present password"),
            "max_length": N_("The present password is not right"),
        },
    }


class OwnPasswordForm(NewPasswordForm):
    """A6: the present password and a new one."""

    present_password = forms.CharField(
        label=N_("Present password"), strip=False, max_length=LONGEST,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip
    field_order = ("present_password", "new_password")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("new_password") and cleaned.get("new_password") == cleaned.get("present_password"):
            self.add_error("new_password", ValidationError("", code="same"))
        return cleaned
