"""Printing password slips (ux.md B8 and 12): the choice, the sheet that closes, and "Slips handed out"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.safestring import SafeString

from hwb import clock
from hwb.directory.queries import children, passwords, people
from hwb.directory.queries import slips as sheets
from hwb.directory.queries.passwords import PasswordRow
from hwb.directory.queries.people import LearnerRow
from hwb.directory.queries.slips import SheetRow
from hwb.extract.texts import Language
from hwb.lifecycle.badges import written
from hwb.lifecycle.passwords import PasswordState
from hwb.operations import badges, slips
from hwb.operations.passwords import PasswordRefused, Slip
from hwb.portal.badges import square
from hwb.portal.classes import class_asked
from hwb.portal.learners import address_of, class_address
from hwb.portal.naming import full_name
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.language import is_switch
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, may
from hwb.web.words import N_, Text, say, time_of_day

#: What a slip can say: the password, or that the learner has set it. Of the others a new one must be made first.
_PRINTED = frozenset({PasswordState.VISIBLE, PasswordState.CHOSEN})
_LANGUAGES: dict[str, tuple[Language, ...]] = {"both": ("cy", "en"), "cy": ("cy",), "en": ("en",)}


class SlipsForm(PageForm):
    """Who, in which language, how large."""

    who = forms.ChoiceField(
        label=N_("Who"),
        choices=[("new", N_("Only those who have not signed in here yet")), ("all", N_("Everybody"))],
        widget=forms.RadioSelect,
        initial="new",
    )
    what = forms.ChoiceField(
        label=N_("What"),
        required=False,
        choices=[("password", N_("Username and password")), ("both", N_("Username, password and badge"))],
        widget=forms.RadioSelect,
        initial="password",
    )
    languages = forms.ChoiceField(
        label=N_("Language of the slips"),
        choices=[("both", N_("Welsh and English")), ("cy", N_("Welsh")), ("en", N_("English"))],
        widget=forms.RadioSelect,
        initial="both",
    )
    size = forms.TypedChoiceField(
        label=N_("Size"),
        choices=[("8", N_("8 on a page")), ("4", N_("4 on a page, large")), ("1", N_("1 on a page"))],
        coerce=int,
        widget=forms.RadioSelect,
        initial="8",
    )
    errors_said: ClassVar = {
        "who": {"nobody": N_("Nobody of these needs a slip. Choose “Everybody” to print all the same.")},
    }


@dataclass(frozen=True, slots=True)
class Labels:
    """The words of a slip in one language."""

    language: Language
    at: str
    username: str
    password: str
    set_by_learner: str


@dataclass(frozen=True, slots=True)
class Printed:
    """One slip. password is empty when the learner set it, or when it can no longer be shown; so are the badge's square
    and code on a slip without one."""

    name: str
    class_: str
    username: str
    password: str
    square: SafeString | str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of paper."""

    number: int
    slips: tuple[Printed, ...]


@page(Action.SHOW_PASSWORD, methods="GET POST")
def class_print(request: PageRequest, dfes: str) -> HttpResponse:
    """The choice. Of a class (?name=), of one learner (?learner=), or of those that a list sends."""
    rows, title, back = _whom(request, dfes)
    known = passwords.of_accounts([row.account for row in rows])
    chosen = is_switch(request) or request.method != "POST" or "size" in request.POST
    form = SlipsForm.of(request, initial=_first(known)) if chosen else SlipsForm(initial=_first(known))
    if form.is_sent():
        accounts = _to_print(rows, known, dfes, form.cleaned_data["who"])
        if not accounts:
            form.add_error("who", forms.ValidationError("", code="nobody"))
        elif len(accounts) > slips.MOST:
            most = {"count": slips.MOST}
            form.add_refusal("who", Text(N_("At most {count} slips at once. Choose fewer learners."), most))
        else:
            return _opened(request, dfes, title, accounts, form.cleaned_data)
    first = [row for row in rows if row.account in known and known[row.account].state(school=dfes) not in _PRINTED]
    resets = may(request.person, Action.RESET_PASSWORD, school=dfes)
    return show(
        request, "portal/slips_choice.html", title=N_("Print password slips"), section="learners", form=form, back=back,
        about=title, count=len(rows), badges=_have_badges(rows, dfes),
        sent=[] if request.GET else [row.account for row in rows],
        first=[(full_name(row), row.account) for row in first],
        reset=address_of("reset-passwords", dfes) if resets else "",
    )  # fmt: skip


@page(Action.SHOW_PASSWORD, methods="GET POST")
def sheet(request: PageRequest, dfes: str, sheet: UUID) -> HttpResponse:
    """The slips. Looking at passwords is recorded, so they come by POST; until then there is a button."""
    person, at = request.person.account, datetime.now(UTC)
    found = sheets.find(sheet, school=dfes, made_by=person)
    if found is None:
        raise Http404
    title = Text(N_("Password slips ({count})"), {"count": len(found.accounts)})
    back = _back(found, dfes)
    if not found.is_open(at):
        return _closed(request, back)
    if request.method != "POST" or is_switch(request):
        return show(request, "portal/slips_open.html", title=title, section="learners", back=back, until=_until(found))
    try:
        shown = slips.show(sheet=sheet, school=dfes, person=person, now=clock.now(), at=at)
    except (slips.SheetClosed, PasswordRefused):
        return _closed(request, back)
    rows = people.chosen(school=dfes, accounts=found.accounts, language=request.language, own=request.access.classes)
    codes: dict[UUID, str] = {}
    if found.badges:
        acting = f"account {person}"
        codes = badges.codes(accounts=found.accounts, school=dfes, acting_user=acting, now=clock.now())
    papers = _papers(shown, rows, found, codes)
    return show(
        request, "portal/slips.html", title=title, section="learners", back=back, papers=papers, found=found,
        about=found.title or say(N_("Chosen learners")), count=len(shown), labels=_labels(found),
        address=_address(), printed_at=clock.now(), pages=len(papers),
        until=_until(found), handed=reverse("slips-handed-out", kwargs={"dfes": dfes, "sheet": sheet}),
    )  # fmt: skip


@page(Action.SHOW_PASSWORD, methods="POST")
def handed_out(request: PageRequest, dfes: str, sheet: UUID) -> HttpResponse:
    """Closes the sheet for good."""
    person = request.person.account
    found = sheets.find(sheet, school=dfes, made_by=person)
    if found is None:
        raise Http404
    slips.close(sheet=sheet, school=dfes, person=person, now=clock.now(), at=datetime.now(UTC))
    banner.put(request, Text(N_("The print pages are closed. Shred slips that are left over.")))
    return HttpResponseRedirect(_back(found, dfes))


def _whom(request: PageRequest, dfes: str) -> tuple[tuple[LearnerRow, ...], str, str]:
    """The learners, the class that they are, if they are one, and the way back."""
    if "name" in request.GET:
        name = class_asked(request)
        rows = people.class_(school=dfes, name=name, language=request.language)
        back = class_address(dfes, name)
    else:
        asked = [request.GET["learner"]] if "learner" in request.GET else request.POST.getlist("account")
        accounts = _ids(asked)
        rows = people.chosen(school=dfes, accounts=accounts, language=request.language, own=request.access.classes)
        if len(rows) < len(set(accounts)) and "learner" in request.GET:
            raise Http404
        name, back = "", reverse("learners", kwargs={"dfes": dfes})
        if "learner" in request.GET:
            back = reverse("learner", kwargs={"dfes": dfes, "account": accounts[0]})
    own = tuple(row for row in rows if not row.guest)
    if not own:
        raise Http404
    return own, name, back


def _have_badges(rows: Sequence[LearnerRow], dfes: str) -> bool:
    """Whether somebody of them signs in with a badge."""
    found = children.of_accounts([row.account for row in rows], school=dfes, on=clock.today())
    return any(badges.may_use(child) for child in found.values())


def _ids(asked: Sequence[str]) -> list[UUID]:
    try:
        return [UUID(one) for one in asked]
    except ValueError:
        raise Http404 from None


def _first(known: dict[UUID, PasswordRow]) -> dict[str, Any]:
    """For a single learner the question who is answered."""
    return {"who": "all"} if len(known) == 1 else {}


def _to_print(rows: Sequence[LearnerRow], known: dict[UUID, PasswordRow], dfes: str, who: str) -> list[UUID]:
    """Whose slips are made: active, with a password that a slip can tell of."""
    return [
        row.account
        for row in rows
        if (one := known.get(row.account)) is not None
        and one.active
        and one.state(school=dfes) in _PRINTED
        and (who == "all" or one.never_signed_in_here)
    ]


def _opened(request: PageRequest, dfes: str, title: str, accounts: list[UUID], chosen: dict[str, Any]) -> HttpResponse:
    made = slips.open_sheet(
        accounts=accounts, school=dfes, title=title, size=chosen["size"], languages=chosen["languages"],
        badges=chosen["what"] == "both", person=request.person.account, now=clock.now(), at=datetime.now(UTC),
    )  # fmt: skip
    response = HttpResponseRedirect(reverse("slips", kwargs={"dfes": dfes, "sheet": made}))
    response.status_code = 307  # the browser asks by POST, because looking at passwords is recorded
    return response


def _closed(request: PageRequest, back: str) -> HttpResponse:
    title = N_("The print pages have closed")
    return show(request, "portal/slips_closed.html", title=title, section="learners", back=back, status=410)


def _until(found: SheetRow) -> str:
    """When it closes: by the real clock, like the time on the wall."""
    return time_of_day(found.closes_at)


def _back(found: SheetRow, dfes: str) -> str:
    return class_address(dfes, found.title) if found.title else reverse("learners", kwargs={"dfes": dfes})


def _papers(shown: Sequence[Slip], rows: Sequence[LearnerRow], found: SheetRow, codes: dict[UUID, str]) -> list[Sheet]:
    known = {row.account: row for row in rows}
    slips_ = [_printed(slip, known.get(slip.account), found, codes.get(slip.account, "")) for slip in shown]
    return [
        Sheet(number + 1, tuple(slips_[number * found.size : (number + 1) * found.size]))
        for number in range(math.ceil(len(slips_) / found.size))
    ]


def _printed(slip: Slip, row: LearnerRow | None, found: SheetRow, code: str) -> Printed:
    """First name, first letter of the surname, class: enough to hand it out, and no more."""
    name = f"{row.forename} {row.surname[:1]}".strip() if row else ""
    class_ = found.title or (row.registration_group if row else "")
    drawn = square(code) if code else ""
    return Printed(name, class_, slip.username, slip.password or "", drawn, written(code))


def _labels(found: SheetRow) -> list[Labels]:
    return [
        Labels(
            language, say(N_("Sign in at"), language), say(N_("Username"), language), say(N_("Password"), language),
            say(N_("Password set by the learner"), language),
        )
        for language in _LANGUAGES[found.languages]
    ]  # fmt: skip


def _address() -> str:
    """What a learner types: the address without what browsers add."""
    return str(settings.HWB_BASE_URL).partition("://")[2]


urlpatterns = [
    path("school/<str:dfes>/class/print/", class_print, name="class-print"),
    path("school/<str:dfes>/class/slips/<uuid:sheet>/", sheet, name="slips"),
    path("school/<str:dfes>/class/slips/<uuid:sheet>/handed-out/", handed_out, name="slips-handed-out"),
]
