"""B19: how this school wants things done. An empty answer is the default that applies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb import clock
from hwb.directory.queries import actors, school_settings
from hwb.lifecycle.badges import YEARS
from hwb.lifecycle.calendar import YEAR_GROUPS
from hwb.lifecycle.messages import CHOOSABLE, READERS, Kind
from hwb.lifecycle.passwords import MADE_FOR
from hwb.operations import settings
from hwb.portal.naming import year_name
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import ROLE_NAMES, show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, Role, may
from hwb.web.words import N_, Text, say

_YES_NO = {"yes": N_("Allowed"), "no": N_("Not allowed")}
_LANGUAGES = {
    "cy en": N_("Both, Welsh first"), "en cy": N_("Both, English first"), "cy": N_("Welsh"), "en": N_("English"),
}  # fmt: skip
_TERM = "term_start"
#: Key → what it is, its answers (none: a line of text).
_GENERAL: Mapping[str, tuple[str, Mapping[str, str]]] = {
    _TERM: (N_("First day of the autumn term"), {}),
    "client_contact": (N_("Contact of whoever runs the client"), {}),
    "languages.print": (N_("Languages of what is printed"), _LANGUAGES),
    "languages.messages": (N_("Languages of messages to the school"), _LANGUAGES),
    "passwords.teachers": (N_("Class teachers may reset passwords"), _YES_NO),
}
_READERS = {
    Kind.FAILING: N_("Who is told that no data reaches us"),
    Kind.HELD: N_("Who is told that a run is held"),
    Kind.REFUSALS: N_("Who gets the daily summary of refused records"),
    Kind.WAITED_FOR: N_("Who is told that another school waits for learners"),
    Kind.ARRIVALS: N_("Who gets the daily summary of arrivals"),
}
_DECIDES = N_("Choose at least one role that can confirm or withdraw the run: Digital Champion or headteacher.")
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


@dataclass(frozen=True, slots=True)
class Section:
    """Settings that belong together; `own` of those by year group are the school's own, and all of them are folded."""

    title: str
    lines: tuple[Line, ...]
    folded: bool
    own: int


class ValueForm(PageForm):
    """One setting."""

    value = forms.CharField(label=N_("New value"), required=False, max_length=200)


class TermForm(ValueForm):
    """The first day of term; one before the nation's academic year is to be confirmed."""

    value = forms.CharField(
        label=N_("New value"), required=False, max_length=5,
        help_text=N_("Month and day, for example 09-03. Leave it empty for the default. From this day on, data of "
                     "before counts as last year's."),
    )  # fmt: skip
    early = forms.BooleanField(label=N_("The term begins before the nation's academic year"), required=False)

    def clean(self) -> None:
        value, national = str(self.cleaned_data.get("value", "")), settings.get("academic_year_start")
        if value and value < national and not self.cleaned_data.get("early"):
            self.add_error("early", ValidationError(
                N_("The nation's academic year begins on {day} (month and day). Tick the box if your term begins "
                   "before"),
                params={"day": national},
            ))  # fmt: skip

    @property
    def asks_early(self) -> bool:
        """Whether the question is there to be answered."""
        return bool(self.errors.get("early") or self["early"].value())


class ReadersForm(PageForm):
    """The roles that read one message."""

    value = forms.MultipleChoiceField(
        label=N_("Who is to get this message?"), widget=forms.CheckboxSelectMultiple, required=False,
        help_text=N_("Choose nobody to go back to the default."),
    )  # fmt: skip


@page(Action.SEE_SETTINGS)
def all_settings(request: PageRequest, dfes: str) -> HttpResponse:
    """Every setting of the school; also those where the default applies."""
    own = school_settings.of_school(dfes)
    national = settings.stored()
    named = actors.names(row.changed_by for row in own.values())
    changes = may(request.person, Action.CHANGE_SETTINGS, school=dfes)

    def line(key: str) -> Line:
        row = own.get(key)
        value = row.value if row else ""
        return Line(
            _label(key), _said(key, value or national.get(key, "")), not value,
            named.get(row.changed_by, row.changed_by) if row else "", row.changed_at if row else None,
            reverse("school-setting", args=[dfes, key]) if changes else "",
        )  # fmt: skip

    sections = []
    for title, keys, folded in _sections():
        lines = tuple(map(line, keys))
        sections.append(Section(title, lines, folded, sum(not each.default for each in lines)))
    return show(request, "portal/settings.html", title=N_("School settings"), sections=sections)


@page(Action.CHANGE_SETTINGS, methods="GET POST")
def change(request: PageRequest, dfes: str, key: str) -> HttpResponse:
    """One setting; the answer "the default" takes the school's own away."""
    if key not in _keys():
        raise Http404
    row = school_settings.of_school(dfes).get(key)
    value = row.value if row else ""
    form: PageForm
    if key.startswith("readers."):
        form = _readers_form(request, key, value)
    else:
        form = (TermForm if key == _TERM else ValueForm).of(request, initial={"value": value})
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


def _readers_form(request: PageRequest, key: str, value: str) -> PageForm:
    kind = Kind(key.removeprefix("readers."))
    form = ReadersForm.of(request, initial={"value": (value or " ".join(READERS[kind])).split()})
    choices = [(role, ROLE_NAMES[Role(role)]) for role in CHOOSABLE[kind]]
    form.fields["value"].choices = choices  # type: ignore[attr-defined]
    return form


def _put(request: PageRequest, dfes: str, key: str, form: PageForm) -> bool:
    acting, given = f"account {request.person.account}", form.cleaned_data["value"]
    value = given if isinstance(given, str) else " ".join(given)
    try:
        settings.put(key=f"{key}.{dfes}", value=value, acting_user=acting, now=clock.now())
    except settings.SettingRefused:
        held = key == f"readers.{Kind.HELD}"
        form.add_error("value", _DECIDES if held else N_("This value cannot be used here."))
        return False
    return True


def _sections() -> tuple[tuple[str, tuple[str, ...], bool], ...]:
    """Heading, keys, and whether they are many of one kind."""
    choosing = tuple(f"passwords.choose.{year}" for year in YEAR_GROUPS if year not in MADE_FOR)
    return (
        (N_("The school"), tuple(_GENERAL), False),
        (N_("Messages"), tuple(f"readers.{kind}" for kind in CHOOSABLE), False),
        (N_("Own passwords of learners, by year group"), choosing, True),
        (N_("Sign-in with badge and pictures, by year group"), tuple(f"badges.{year}" for year in YEAR_GROUPS), True),
        (N_("Sign-in after leaving, by year group"), tuple(f"grace.{year}" for year in YEAR_GROUPS), True),
    )


def _keys() -> tuple[str, ...]:
    return tuple(key for _, keys, _ in _sections() for key in keys)


def _answers(key: str) -> Mapping[str, str]:
    return _YES_NO if key.startswith(("passwords.choose.", "badges.")) else _GENERAL.get(key, ("", {}))[1]


def _label(key: str) -> Text:
    if key in _GENERAL:
        return Text(_GENERAL[key][0])
    if key.startswith("readers."):
        return Text(_READERS[Kind(key.removeprefix("readers."))])
    year = say(year_name(key.rpartition(".")[2]))
    text = _CHOOSE if key.startswith("passwords.choose.") else _BADGES if key.startswith("badges.") else _GRACE
    return Text(text, {"year": year})


def _said(key: str, value: str) -> Text:
    """The value that applies, in words; of nothing that was set, the default."""
    if not value:
        value = settings.KNOWN[key].default if key in settings.KNOWN else ""
    if key.startswith("passwords.choose.") and not value:
        value = "yes"
    if key.startswith("readers."):
        roles = value.split() or READERS[Kind(key.removeprefix("readers."))]
        return Text("{roles}", {"roles": "\n".join(say(ROLE_NAMES[Role(role)], domain="web") for role in roles)})
    if key.startswith("badges.") and not value:
        value = "yes" if key.rpartition(".")[2] in YEARS else "no"
    if key == _TERM:
        return Text(N_("Month and day: {day}"), {"day": value or settings.get("academic_year_start")})
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
