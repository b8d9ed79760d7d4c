"""G1–G5: a member of staff asks to keep the account of their previous school (R25).

Nothing here says whether there is such an account: that is for whoever proves it, the headteacher there.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb import clock
from hwb.directory.queries import movers
from hwb.directory.queries.movers import PostRow
from hwb.identifiers import parse_dfes_number
from hwb.lifecycle.consolidation import SchoolSeen, State
from hwb.operations import consolidation
from hwb.operations.consolidation import ConsolidationRefused, Request, Wanted
from hwb.portal.move_request import open_case, require_staff
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.move_words import school_name
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text

#: In the session: what was answered so far.
DRAFT = "move-draft"
_USERNAME = re.compile(r"[a-z][a-z0-9.'-]{1,63}(@[a-z0-9.-]{1,190})?")
_FIELDS = ("new_school", "new_school_name", "new_username", "staff_code", "employee_number")


class SchoolForm(PageForm):
    """The previous school: looked for by number or name, then confirmed."""

    words = forms.CharField(
        label=N_("Number or name of the school that you left"), max_length=100,
        help_text=N_("The number has 7 digits, and is on letters and payslips. Part of the name will do."),
    )  # fmt: skip
    school = forms.ChoiceField(
        label=N_("Which of these is it?"), required=False, widget=forms.RadioSelect(attrs={"verbatim": True})
    )
    errors_said: ClassVar = {"words": {"required": N_("Enter the number or the name of the school")}}

    def __init__(self, *parts: Any, found: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(*parts, **more)
        self.fields["school"].choices = found  # type: ignore[attr-defined]


class AccountsForm(PageForm):
    """Both accounts: the earlier username as typed, the rest as the new school's records have it."""

    username = forms.CharField(
        label=N_("Your username at the school that you left"), max_length=254,
        help_text=N_("As you signed in there, for example jonesr12. With or without what follows the @."),
        widget=forms.TextInput(attrs={"plain": True}),
    )  # fmt: skip
    new_school = forms.CharField(label=N_("Number of your new school"), max_length=12)
    new_school_name = forms.CharField(label=N_("Name of your new school"), max_length=200)
    new_username = forms.CharField(
        label=N_("Your new username"), max_length=254, widget=forms.TextInput(attrs={"plain": True})
    )
    staff_code = forms.CharField(label=N_("Your staff code at the new school"), max_length=20)
    employee_number = forms.CharField(
        label=N_("Your employee number at the new school"), max_length=40,
        help_text=N_("It is on your payslip."),
    )  # fmt: skip
    errors_said: ClassVar = {
        "username": {"required": N_("Enter the username that you had")},
        "employee_number": {"required": N_("Enter your employee number. The school's office knows it")},
    }

    def clean_username(self) -> str:
        """The shape only; whether somebody has it is not said."""
        typed = str(self.cleaned_data["username"]).strip().casefold()
        if not _USERNAME.fullmatch(typed):
            raise ValidationError(N_("This is not a username: it begins with a letter and has no spaces"))
        return typed

    def clean_new_school(self) -> str:
        number = parse_dfes_number(self.cleaned_data["new_school"])
        if number is None:
            raise ValidationError(N_("A school number has 7 digits"))
        return number


class SendForm(PageForm):
    """What must have been done before the new account closes."""

    copied = forms.BooleanField(label=N_("I have copied what I want to keep from my new account"))
    errors_said: ClassVar = {"copied": {"required": N_("Copy what you want to keep first, then tick that you have")}}


@page(Action.OWN_ACCOUNT)
def before(request: PageRequest) -> HttpResponse:
    """G1: what happens to each account, how long it takes, and what to copy first."""
    require_staff(request)
    case = open_case(request)
    if case is not None and case.row.state is not State.INVITED:
        return HttpResponseRedirect(reverse("move-request"))
    return show(
        request, "portal/move_before.html", title=N_("Move my Hwb account"), back=reverse("own-account"),
        invited=case is not None, posts=movers.posts_of(request.person.account),
    )  # fmt: skip


@page(Action.OWN_ACCOUNT, methods="GET POST")
def previous_school(request: PageRequest) -> HttpResponse:
    """G2: the school by number or name; the match is confirmed."""
    require_staff(request)
    draft = _draft(request)
    typed = request.POST.get("words", "") or str(draft.get("words", ""))
    own = {post.school for post in movers.posts_of(request.person.account)}
    found = [one for one in movers.schools_named(typed) if one.dfes not in own] if typed else []
    form = SchoolForm.of(
        request, initial={"words": draft.get("words", ""), "school": draft.get("school", "")},
        found=[(one.dfes, f"{school_name(one)[0]}, {one.dfes}") for one in found],
    )  # fmt: skip
    if form.is_sent():
        if not found:
            form.add_refusal("words", Text(N_("No school has this number or name. A school number has 7 digits")))
        elif form.cleaned_data["school"]:
            _keep(request, school=form.cleaned_data["school"], words=form.cleaned_data["words"])
            return HttpResponseRedirect(reverse("move-accounts"))
    return show(
        request, "portal/move_school.html", title=N_("Which school did you leave?"), form=form, found=bool(found),
        back=reverse("move"),
    )  # fmt: skip


@page(Action.OWN_ACCOUNT, methods="GET POST")
def two_accounts(request: PageRequest) -> HttpResponse:
    """G3: the earlier username is typed; what the new school has sent stands there to be confirmed."""
    require_staff(request)
    draft, post = _draft(request), _post(request)
    if not draft.get("school"):
        return HttpResponseRedirect(reverse("move-school"))
    known = {
        "new_school": post.school, "new_school_name": post.name_cy if request.language == "cy" and post.name_cy
        else post.name_en or post.name_cy, "new_username": request.person.username, "staff_code": post.staff_code,
        "employee_number": post.employee_number,
    }  # fmt: skip
    form = AccountsForm.of(request, initial={**known, **{n: v for n, v in draft.items() if v}})
    if form.is_sent():
        _keep(request, username=form.cleaned_data["username"], **{n: form.cleaned_data[n] for n in _FIELDS})
        return HttpResponseRedirect(reverse("move-check"))
    return show(
        request, "portal/move_accounts.html", title=N_("Your two accounts"), form=form, back=reverse("move-school"),
        asks_number=not post.employee_number,
    )  # fmt: skip


@page(Action.OWN_ACCOUNT, methods="GET POST")
def check(request: PageRequest) -> HttpResponse:
    """G4: the answers with links to change them; then it is sent."""
    require_staff(request)
    draft = _draft(request)
    school = movers.school(str(draft.get("school", "")))
    if school is None or not draft.get("username"):
        return HttpResponseRedirect(reverse("move-school"))
    form = SendForm.of(request)
    if form.is_sent():
        person = request.person
        try:
            number = consolidation.ask(
                account=person.account, now=clock.now(), acting_user=f"account {person.account}",
                wanted=Wanted(school.dfes, str(draft["username"]), str(draft["new_school"])),
                request=Request(
                    str(draft["new_school_name"]), str(draft["new_school"]), str(draft["new_username"]),
                    str(draft["staff_code"]), str(draft["employee_number"]), True,
                ),
            )  # fmt: skip
        except ConsolidationRefused as refused:
            form.add_refusal(None, refused.text)
        else:
            request.session.pop(DRAFT, None)
            return HttpResponseRedirect(reverse("move-sent", kwargs={"number": number}))
    return show(
        request, "portal/move_check.html", title=N_("Check and send your request"), form=form,
        rows=_answers(draft, school), back=reverse("move-accounts"),
    )  # fmt: skip


def _answers(draft: dict[str, Any], school: SchoolSeen) -> list[dict[str, Any]]:
    change, accounts = N_("Change"), reverse("move-accounts")
    name, language = school_name(school)
    return [
        {"label": N_("School that you left"), "value": f"{name}, {school.dfes}", "language": language,
         "address": reverse("move-school"), "action": change},
        {"label": N_("Username there"), "value": draft["username"], "address": accounts, "action": change},
        {"label": N_("New school"), "value": f"{draft['new_school_name']}, {draft['new_school']}",
         "address": accounts, "action": change},
        {"label": N_("New username"), "value": draft["new_username"], "address": accounts, "action": change},
        {"label": N_("Staff code"), "value": draft["staff_code"], "address": accounts, "action": change},
        {"label": N_("Employee number"), "value": draft["employee_number"], "address": accounts, "action": change},
    ]  # fmt: skip


def _post(request: PageRequest) -> PostRow:
    posts = movers.posts_of(request.person.account)
    if not posts:
        raise Http404
    wanted = _draft(request).get("new_school")
    return next((post for post in posts if post.school == wanted), posts[0])


def _draft(request: PageRequest) -> dict[str, Any]:
    """What was answered so far; of a case that the school began, what it gave."""
    draft = request.session.get(DRAFT)
    if draft is None:
        case = open_case(request)
        row = case.row if case is not None else None
        draft = {"words": row.previous_school, "school": row.previous_school, "username": ""} if row else {}
    return dict(draft)


def _keep(request: PageRequest, **values: str) -> None:
    request.session[DRAFT] = {**_draft(request), **values}


urlpatterns = [
    path("move/", before, name="move"),
    path("move/school/", previous_school, name="move-school"),
    path("move/accounts/", two_accounts, name="move-accounts"),
    path("move/check/", check, name="move-check"),
]
