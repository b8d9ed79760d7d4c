"""B10: new passwords, for one person or for many. They are shown once, or printed on slips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.views.decorators.debug import sensitive_post_parameters

from hwb import clock
from hwb.directory.queries import members, people
from hwb.directory.queries import passwords as rows
from hwb.directory.queries.members import Member
from hwb.directory.queries.passwords import PasswordRow
from hwb.lifecycle.calendar import YEAR_GROUPS
from hwb.lifecycle.passwords import PasswordState
from hwb.operations import passwords, settings
from hwb.portal.naming import year_name
from hwb.portal.people import CHOSEN, chosen, kept, link, person_of, record_of, section_of, where
from hwb.portal.reset_results import asked_by, hindrance, new_form, sent_form, to_the_new_password, to_the_new_passwords
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.language import is_switch
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, Role, may
from hwb.web.words import N_, Text, say

MAKE, TYPE = "make", "type"
NEEDED, EVERYBODY = "needed", "everybody"


class ResetForm(PageForm):
    """One new password: made, or typed by whoever gives it."""

    how = forms.ChoiceField(
        label=N_("What do you want to do?"), widget=forms.RadioSelect,
        choices=[(MAKE, N_("Make a new password of three words")), (TYPE, N_("Type a password"))],
    )  # fmt: skip
    typed = forms.CharField(
        label=N_("Password to type, if you chose that"), required=False, strip=False, max_length=200,
        help_text=N_("12 characters or more. No symbols are needed. Well-known passwords are refused."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "plain": True}),
    )  # fmt: skip
    errors_said: ClassVar = {
        "how": {"required": N_("Choose whether to make a password or to type one")},
        "typed": {
            "missing": N_("Type the new password"),
            "max_length": N_("The password must have at most 200 characters"),
        },
    }

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("how") == TYPE and not cleaned.get("typed") and "typed" not in self.errors:
            self.add_error("typed", ValidationError("", code="missing"))
        return cleaned


@sensitive_post_parameters("typed")
@page(Action.RESET_PASSWORD, methods="GET POST")
def one(request: PageRequest, dfes: str, account: UUID) -> HttpResponse:
    """A new password for one learner or member of staff. The result page shows it this once."""
    person = person_of(request, account)
    if person.kind != "learner" and not may(request.person, Action.RESET_STAFF_PASSWORD, school=dfes):
        raise Http404
    if account == request.person.account:
        return HttpResponseRedirect(reverse("own-password"))
    back = record_of(person, dfes) or reverse("reset-passwords", args=[dfes])
    if not _teachers_may(request):
        return _teachers_may_not(request)
    row = rows.of_accounts([account])[account]
    if (reason := hindrance(person)) is not None:
        return show(
            request, "portal/reset_refused.html", title=N_("A password cannot be made here"), person=person,
            reason=reason, back=back, section=section_of(person),
        )  # fmt: skip
    form = ResetForm.of(request, initial={"how": MAKE})
    if form.is_sent() and _is_made(request, form, person):
        return to_the_new_password(dfes, account)
    state = row.state(school=dfes)
    return show(
        request, "portal/reset.html", title=N_("Reset a password"), form=form, elsewhere=_is_from_elsewhere(row, state),
        chosen_own=state is PasswordState.CHOSEN, person=person, where=where(person), back=back,
        section=section_of(person), form_id=new_form(),
    )  # fmt: skip


@page(Action.RESET_PASSWORD, methods="GET POST")
def many(request: PageRequest, dfes: str) -> HttpResponse:
    """New passwords for a year group, a class or the people whose boxes were ticked."""
    if not _teachers_may(request):
        return _teachers_may_not(request)
    selected = chosen(request)
    year, class_ = request.GET.get("year", "")[:20], request.GET.get("class", "")[:100]
    if not selected and not year and not class_:
        return _choose_group(request, dfes)
    group = _group(request, dfes, selected, year, class_)
    states = rows.of_accounts([person.account for person in group])
    able = [person for person in group if hindrance(person) is None]
    asked = asked_by(request, [person.account for person in able])
    needed = [p for p in able if p.account in asked or states[p.account].cannot_sign_in_yet(school=dfes)]
    who = request.POST.get("who", "") if request.method == "POST" else ""
    heading: dict[str, Any] = {"title": _title(year, class_), "group": group, "able": able, "needed": needed}
    around: dict[str, Any] = {
        "back": _back(dfes), "section": "learners", "selected": kept(selected), "chosen_field": CHOSEN,
        "form_id": new_form(),
    }  # fmt: skip
    step = "" if is_switch(request) else request.POST.get("step", "")
    nobody_loses = len(needed) == len(able)  # then there is nothing to be asked twice about
    if step == "who" and who == EVERYBODY and able and not nobody_loses:
        return show(
            request, "portal/resets_sure.html", button=N_("Make new passwords"), warns=True, form=PageForm(),
            **heading, **{**around, "back": _here(dfes, year, class_)},
        )  # fmt: skip
    wanted = able if who == EVERYBODY else needed
    if wanted and (step == "sure" or (step == "who" and (who == NEEDED or (who == EVERYBODY and nobody_loses)))):
        return _make(request, dfes, group, wanted)
    return show(
        request, "portal/resets.html", form=PageForm(), who=who or (NEEDED if needed else EVERYBODY),
        unanswered=step == "who", **heading, **around,
    )  # fmt: skip


def _is_made(request: PageRequest, form: ResetForm, person: Member) -> bool:
    """Makes the password, which its own page then shows; False when it was refused."""
    typed = form.cleaned_data["typed"] if form.cleaned_data["how"] == TYPE else None
    try:
        passwords.reset_by_form(
            account=person.account, school=request.access.school, acting_user=_acting(request), now=clock.now(),
            typed=typed, form=sent_form(request),
        )  # fmt: skip
    except passwords.PasswordRefused as refused:
        form.add_refusal("typed" if typed is not None else None, refused.text)
        return False
    return True


def _make(request: PageRequest, dfes: str, group: Sequence[Member], wanted: Sequence[Member]) -> HttpResponse:
    """Makes the passwords of all who were meant; a page of its own says who got one, who did not and why."""
    done = passwords.reset_many(
        accounts=[person.account for person in wanted], school=dfes, acting_user=_acting(request), now=clock.now(),
        everyone=True, form=sent_form(request),
    )  # fmt: skip
    made = set(done.made)
    failed = [person.account for person in group if hindrance(person) is not None]
    classes = _by_class(request, dfes, [person for person in wanted if person.account in made])
    return to_the_new_passwords(
        request, dfes, made=len(made), kept=len(group) - len(made) - len(failed), failed=failed, classes=classes
    )


def _by_class(request: PageRequest, dfes: str, made: Sequence[Member]) -> Mapping[str, int]:
    """Whose slips are printed, class by class: registration groups, and for a teacher the teacher's own classes."""
    own = request.access.classes
    if own is None:
        return Counter(person.class_ for person in made if person.class_)
    accounts = [person.account for person in made]
    found = {
        name: len(members.find(school=dfes, language=request.language, accounts=accounts, class_=name, classes=own))
        for name in sorted(own)
    }
    return {name: count for name, count in found.items() if count}


def _choose_group(request: PageRequest, dfes: str) -> HttpResponse:
    """Without a group there is nobody yet: a class or a year group is chosen first."""
    only = request.access.classes
    found = people.classes(school=dfes, only=None if only is None else tuple(sorted(only)))
    in_years = sorted({year for each in found for year in each.year_groups if year}, key=_place)
    return show(
        request, "portal/resets_group.html", title=N_("Reset passwords"), section="learners", back=_back(dfes),
        classes=found, years=[] if only is not None else [(year, year_name(year)) for year in in_years],
    )  # fmt: skip


def _group(request: PageRequest, dfes: str, selected: tuple[UUID, ...], year: str, class_: str) -> tuple[Member, ...]:
    """Everybody who was meant. Of the chosen, those are left out that are no business of whoever asks."""
    found = members.find(
        school=dfes, language=request.language, accounts=selected or None, year="" if selected else year,
        class_="" if selected else class_, classes=request.access.classes,
    )  # fmt: skip
    if not may(request.person, Action.RESET_STAFF_PASSWORD, school=dfes):
        found = tuple(person for person in found if person.kind == "learner")
    return tuple(person for person in found if person.account != request.person.account)


def _title(year: str, class_: str) -> Text:
    if class_:
        return Text(N_("Reset passwords: class {class}"), {"class": class_})
    return (
        Text(N_("Reset passwords: {group}"), {"group": say(year_name(year))}) if year else Text(N_("Reset passwords"))
    )


def _is_from_elsewhere(row: PasswordRow, state: PasswordState) -> bool:
    return state is PasswordState.NOT_HELD_HERE and row.facts.made is not None and bool(row.facts.made.school)


def _teachers_may(request: PageRequest) -> bool:
    return request.access.role is not Role.TEACHER or settings.teachers_reset(request.access.school)


def _teachers_may_not(request: PageRequest) -> HttpResponse:
    title = N_("Class teachers do not make passwords at this school")
    return show(request, "portal/reset_not_teachers.html", title=title, status=403)


def _acting(request: PageRequest) -> str:
    return f"account {request.person.account}"


def _place(year: str) -> int:
    return YEAR_GROUPS.index(year) if year in YEAR_GROUPS else len(YEAR_GROUPS)


def _back(dfes: str) -> str:
    return link("learners", dfes)


def _here(dfes: str, year: str, class_: str) -> str:
    asked = urlencode({name: value for name, value in (("year", year), ("class", class_)) if value})
    return f"{reverse('reset-passwords', args=[dfes])}{'?' * bool(asked)}{asked}"


urlpatterns = [
    path("school/<str:dfes>/passwords/", many, name="reset-passwords"),
    path("school/<str:dfes>/people/<uuid:account>/password/", one, name="reset-password"),
]
