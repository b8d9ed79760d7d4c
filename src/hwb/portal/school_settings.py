"""B19: how this school wants things done. An empty answer is the default that applies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb import clock
from hwb.directory.queries import actors, school_settings
from hwb.lifecycle.badges import YEARS
from hwb.lifecycle.calendar import YEAR_GROUPS
from hwb.lifecycle.passwords import MADE_FOR
from hwb.operations import settings
from hwb.portal.naming import year_name
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, may
from hwb.web.words import N_, Text, say

_YES_NO = {"yes": N_("Allowed"), "no": N_("Not allowed")}
_LANGUAGES = {
    "cy en": N_("Both, Welsh first"), "en cy": N_("Both, English first"), "cy": N_("Welsh"), "en": N_("English"),
}  # fmt: skip
#: Key → what it is, its answers (none: a line of text).
_GENERAL: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "passwords.teachers": (N_("Class teachers may reset passwords"), _YES_NO),
    "languages.print": (N_("Languages of what is printed"), _LANGUAGES),
    "languages.messages": (N_("Languages of messages to the school"), _LANGUAGES),
    "client_contact": (N_("Contact of whoever runs the client"), {}),
}
_CHOOSE = N_("Own password, {year}")
_BADGES = N_("Sign-in with badge and pictures, {year}")
_GRACE = N_("Sign-in after leaving goes on until, {year}")


@dataclass(frozen=True, slots=True)
class Line:
    """One setting as it stands: who changed it last and when; address to change it, when the reader may."""

    label: Text
    value: Text
    default: bool
    by: str
    at: datetime | None
    address: str


class ValueForm(PageForm):
    """One setting."""

    value = forms.CharField(label=N_("New value"), required=False, max_length=200)


@page(Action.SEE_SETTINGS)
def all_settings(request: PageRequest, dfes: str) -> HttpResponse:
    """Every setting of the school; also those where the default applies."""
    own = school_settings.of_school(dfes)
    national = settings.stored()
    named = actors.names(row.changed_by for row in own.values())
    changes = may(request.person, Action.CHANGE_SETTINGS, school=dfes)
    lines = []
    for key in _keys():
        row = own.get(key)
        value = row.value if row else ""
        lines.append(
            Line(
                _label(key), _said(key, value or national.get(key, "")), not value,
                named.get(row.changed_by, row.changed_by) if row else "", row.changed_at if row else None,
                reverse("school-setting", args=[dfes, key]) if changes else "",
            )
        )  # fmt: skip
    return show(request, "portal/settings.html", title=N_("School settings"), lines=lines)


@page(Action.CHANGE_SETTINGS, methods="GET POST")
def change(request: PageRequest, dfes: str, key: str) -> HttpResponse:
    """One setting; the answer "the default" takes the school's own away."""
    if key not in _keys():
        raise Http404
    row = school_settings.of_school(dfes).get(key)
    form = ValueForm.of(request, initial={"value": row.value if row else ""})
    choices = _answers(key)
    if choices:
        default = say(Text(N_("The default: {value}"), {"value": say(_said(key, settings.stored().get(key, "")))}))
        form.fields["value"] = forms.ChoiceField(
            label=N_("New value"), required=False, widget=forms.RadioSelect, choices=[("", default), *choices.items()]
        )
    elif key.startswith("grace."):
        form.fields["value"].help_text = N_("Month and day, for example 08-31. Leave it empty for the default.")
    if form.is_sent() and _put(request, dfes, key, form):
        banner.put(request, Text(N_("The setting is saved.")))
        return HttpResponseRedirect(reverse("school-settings", args=[dfes]))
    return show(
        request, "portal/setting.html", title=_label(key), form=form, section="school-settings",
        back=reverse("school-settings", args=[dfes]),
    )  # fmt: skip


def _put(request: PageRequest, dfes: str, key: str, form: PageForm) -> bool:
    acting = f"account {request.person.account}"
    try:
        settings.put(key=f"{key}.{dfes}", value=form.cleaned_data["value"], acting_user=acting, now=clock.now())
    except settings.SettingRefused:
        form.add_error("value", N_("This value cannot be used here."))
        return False
    return True


def _keys() -> tuple[str, ...]:
    choosing = [f"passwords.choose.{year}" for year in YEAR_GROUPS if year not in MADE_FOR]
    badges = [f"badges.{year}" for year in YEAR_GROUPS]
    return (*_GENERAL, *choosing, *badges, *(f"grace.{year}" for year in YEAR_GROUPS))


def _answers(key: str) -> Mapping[str, str]:
    return _YES_NO if key.startswith(("passwords.choose.", "badges.")) else _GENERAL.get(key, ("", {}))[1]


def _label(key: str) -> Text:
    if key in _GENERAL:
        return Text(_GENERAL[key][0])
    year = say(year_name(key.rpartition(".")[2]))
    text = _CHOOSE if key.startswith("passwords.choose.") else _BADGES if key.startswith("badges.") else _GRACE
    return Text(text, {"year": year})


def _said(key: str, value: str) -> Text:
    """The value that applies, in words; of nothing that was set, the default."""
    if not value:
        value = settings.KNOWN[key].default if key in settings.KNOWN else ""
    if key.startswith("passwords.choose.") and not value:
        value = "yes"
    if key.startswith("badges.") and not value:
        value = "yes" if key.rpartition(".")[2] in YEARS else "no"
    if key.startswith("grace."):
        return Text(N_("Month and day: {day}"), {"day": value}) if value else Text(N_("The leaving date"))
    if not value:
        return Text(N_("Not given"))
    answers = _answers(key)
    return Text(answers[value]) if value in answers else Text("{value}", {"value": value})


urlpatterns = [
    path("school/<str:dfes>/settings/", all_settings, name="school-settings"),
    path("school/<str:dfes>/settings/<str:key>/", change, name="school-setting"),
]
