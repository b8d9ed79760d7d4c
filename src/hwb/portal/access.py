"""B11: switching accounts off and on again: reason, consequences, check, result (R31, R32)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb import clock
from hwb.directory.queries import members
from hwb.directory.queries.members import Member
from hwb.operations import accounts
from hwb.portal.people import CHOSEN, chosen, kept, link, person_of, record_of, section_of, where
from hwb.portal.reset_results import Left
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text

OFF, ON = "off", "on"
REASONS = {
    "left": N_("Left, and the leaving date is not in the MIS yet"), "safety": N_("Safety concern"),
    "misused": N_("Account misused"), "other": N_("Other"),
}  # fmt: skip
#: More at once would keep a page waiting for minutes: each person is settled for themselves.
MOST = 300
_OWN = {"deactivated", "left"}
_SUPPORTS = {"safety", "suspended"}
_WHY_ON = "switched on again"


class OffForm(PageForm):
    """Why an account is switched off."""

    reason = forms.ChoiceField(
        label=N_("Why is the account switched off?"), choices=list(REASONS.items()), widget=forms.RadioSelect
    )
    details = forms.CharField(
        label=N_("In your own words, if more should be said"), required=False, max_length=400,
        help_text=N_("Do not write a name or a UPN. It is needed if you chose “Other”."),
    )  # fmt: skip
    errors_said: ClassVar = {
        "reason": {"required": N_("Choose why the account is switched off")},
        "details": {"missing": N_("Write why the account is switched off")},
    }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("reason") == "other" and not cleaned.get("details", "").strip():
            self.add_error("details", ValidationError("", code="missing"))
        return cleaned


class OffOrOnForm(OffForm):
    """For many: which way, too. The reason counts for switching off."""

    do = forms.ChoiceField(
        label=N_("What is to happen?"), widget=forms.RadioSelect,
        choices=[(OFF, N_("Switch the accounts off")), (ON, N_("Switch the accounts on again"))],
    )  # fmt: skip
    field_order = ("do", "reason", "details")
    errors_said: ClassVar = {**OffForm.errors_said, "do": {"required": N_("Choose what is to happen")}}

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["reason"].required = not self.is_bound or self.data.get("do") != ON


@page(Action.SWITCH_ACCESS, methods="GET POST")
def one(request: PageRequest, dfes: str, account: UUID) -> HttpResponse:
    """One account: switched off when it is on, on again when the school switched it off."""
    person = person_of(request, account)
    if account == request.person.account:
        return _cannot(
            request, person, Text(N_("Nobody switches their own account off. Ask another Digital Champion."))
        )
    if not set(person.decisions) & _OWN and set(person.decisions) & _SUPPORTS:
        return _cannot(request, person, Text(N_("Only support can switch this account on again.")))
    if set(person.decisions) & _OWN:
        return _on(request, dfes, person)
    return _off(request, dfes, person)


@page(Action.SWITCH_ACCESS)
def result(request: PageRequest, dfes: str, account: UUID) -> HttpResponse:
    """What the account is now, after it was switched: this page can be loaded again without doing anything."""
    person = person_of(request, account)
    off = bool(set(person.decisions) & (_OWN | _SUPPORTS))
    return show(
        request, "portal/access_done.html", off=off, safety="safety" in person.decisions, person=person,
        title=N_("The account is switched off") if off else N_("The account is switched on"), where=where(person),
        section=section_of(person), back=record_of(person, dfes),
    )  # fmt: skip


@page(Action.SWITCH_ACCESS, methods="GET POST")
def many(request: PageRequest, dfes: str) -> HttpResponse:
    """Everybody whose boxes were ticked, after one page that says how many they are."""
    ids = tuple(each for each in chosen(request) if each != request.person.account)[:MOST]
    people = members.find(school=dfes, language=request.language, accounts=ids) if ids else ()
    title = Text(N_("Switch accounts off or on"))
    around: dict[str, Any] = {
        "back": link("learners", dfes), "section": "learners", "selected": kept(ids), "chosen_field": CHOSEN,
    }  # fmt: skip
    if not people:
        return show(request, "portal/access_nobody.html", title=title, **around)
    stepped = request.POST.get("step", "")
    form = OffOrOnForm.of(request, initial={"do": OFF}) if stepped else OffOrOnForm(initial={"do": OFF})
    if not stepped or not form.is_sent():
        return show(request, "portal/accesses.html", title=title, form=form, people=people, **around)
    off = form.cleaned_data["do"] == OFF
    todo = tuple(person for person in people if bool(set(person.decisions) & (_OWN | _SUPPORTS)) is not off)
    if todo and stepped != "sure":
        return show(
            request, "portal/accesses_sure.html", title=title, form=form, todo=todo, off=off, warns=off,
            same=len(people) - len(todo),
            button=N_("Switch off these accounts") if off else N_("Switch on these accounts"),
            **around,
        )  # fmt: skip
    failed = _each(request, dfes, todo, form if off else None)
    return show(
        request, "portal/accesses_done.html", title=N_("Accounts switched"), off=off, done=len(todo) - len(failed),
        same=len(people) - len(todo), failed=failed, **around,
    )  # fmt: skip


def _off(request: PageRequest, dfes: str, person: Member) -> HttpResponse:
    form = OffForm.of(request)
    back = record_of(person, dfes)
    shown: dict[str, Any] = {"person": person, "where": where(person), "section": section_of(person)}
    if form.is_sent() and request.POST.get("step") == "sure":
        refused = _switch(request, dfes, person, form)
        if refused is None:
            return _to_result(dfes, person)
        form.add_refusal("details" if refused.code.startswith("reason") else None, refused.text)
    elif form.is_sent() and request.POST.get("step") == "reason":
        here = reverse("account-access", args=[dfes, person.account])
        reason = REASONS[form.cleaned_data["reason"]]
        return show(
            request, "portal/access_check.html", title=N_("Check before you switch off this account"), form=form,
            reason=reason, back=here, off=True, **shown,
        )  # fmt: skip
    return show(request, "portal/access_off.html", title=N_("Switch off this account"), form=form, back=back, **shown)


def _to_result(dfes: str, person: Member) -> HttpResponse:
    return HttpResponseRedirect(reverse("account-access-result", args=[dfes, person.account]))


def _on(request: PageRequest, dfes: str, person: Member) -> HttpResponse:
    form = PageForm.of(request)
    back = record_of(person, dfes)
    shown: dict[str, Any] = {"person": person, "where": where(person), "section": section_of(person), "back": back}
    # Only the page that asks for it says ON: what switched the account off, sent again, must not switch it on.
    if form.is_sent() and request.POST.get("do") == ON:
        refused = _switch(request, dfes, person, None)
        return _to_result(dfes, person) if refused is None else _cannot(request, person, refused.text)
    title = N_("Switch on this account")
    return show(request, "portal/access_check.html", title=title, form=form, off=False, **shown)


def _each(request: PageRequest, dfes: str, people: Sequence[Member], form: OffForm | None) -> tuple[Left, ...]:
    """Each for themselves: those who could not be switched are named with the reason, the others are done."""
    failed = []
    for person in people:
        refused = _switch(request, dfes, person, form)
        if refused is not None:
            failed.append(Left(person.name, refused.text))
    return tuple(failed)


def _switch(request: PageRequest, dfes: str, person: Member, form: OffForm | None) -> accounts.DecisionRefused | None:
    """Off for the form's reason, or on without one; what was refused is given back."""
    acting, now = f"account {request.person.account}", clock.now()
    on = clock.calendar_date(now)
    try:
        if form is None:
            accounts.reactivate(
                username=person.username, school=dfes, reason=_WHY_ON, acting_user=acting, now=now, on=on
            )
            return None
        reason, details = form.cleaned_data["reason"], " ".join(form.cleaned_data["details"].split())
        safety = reason == "safety"
        told = reason if reason in ("left", "safety") else f"{reason}: {details}" if details else reason
        accounts.deactivate(
            username=person.username, school=dfes, reason=told, acting_user=acting, now=now, on=on,
            details=details if safety else "",
        )  # fmt: skip
    except accounts.DecisionRefused as refused:
        return refused
    return None


def _cannot(request: PageRequest, person: Member, reason: Text) -> HttpResponse:
    back = record_of(person, request.access.school)
    title = N_("This account cannot be switched here")
    return show(
        request, "portal/reset_refused.html", title=title, person=person, reason=reason, back=back,
        section=section_of(person),
    )  # fmt: skip


urlpatterns = [
    path("school/<str:dfes>/access/", many, name="accounts-access"),
    path("school/<str:dfes>/people/<uuid:account>/access/", one, name="account-access"),
    path("school/<str:dfes>/people/<uuid:account>/access/result/", result, name="account-access-result"),
]
