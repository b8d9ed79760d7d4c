"""Badges: printed for a class or one child, replaced singly, and enough alone where the school says so (B8, B9, 12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

import segno
from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.safestring import SafeString, mark_safe

from hwb import clock
from hwb.directory.queries import children, people
from hwb.directory.queries.people import LearnerRow
from hwb.lifecycle.badges import written
from hwb.operations import badges
from hwb.portal.classes import class_asked
from hwb.portal.learners import class_address
from hwb.portal.naming import full_name
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text

_NEW, _ALL = "new", "all"


class BadgesForm(PageForm):
    """Whose badges."""

    who = forms.ChoiceField(
        label=N_("Who"), widget=forms.RadioSelect, initial=_NEW,
        choices=[(_NEW, N_("Only those who have no badge yet")), (_ALL, N_("Everybody"))],
    )  # fmt: skip
    errors_said: ClassVar = {
        "who": {"required": N_("Choose one"), "nobody": N_("Everybody has a badge. Choose “Everybody” to print all.")},
    }


class AloneForm(PageForm):
    """B20's decision for one child."""

    alone = forms.ChoiceField(
        label=N_("Signing in with the badge alone"), widget=forms.RadioSelect,
        choices=[("yes", N_("The badge is enough for this child")), ("no", N_("Three pictures are needed too"))],
    )  # fmt: skip
    errors_said: ClassVar = {"alone": {"required": N_("Choose one"), "invalid_choice": N_("Choose one")}}


@dataclass(frozen=True, slots=True)
class Printed:
    """A badge for paper: no UPN, no class, no school."""

    name: str
    square: SafeString
    code: str


@page(Action.SHOW_PASSWORD, methods="GET POST")
def print_badges(request: PageRequest, dfes: str) -> HttpResponse:
    """The choice, then the badges. Of a class (?name=) or of one learner (?learner=)."""
    rows, about, back = _whom(request, dfes)
    known = children.of_accounts([row.account for row in rows], school=dfes, on=clock.today())
    able = [row for row in rows if row.account in known and badges.may_use(known[row.account])]
    form = BadgesForm.of(request, initial={"who": _ALL if len(rows) == 1 else _NEW})
    if form.is_sent():
        new = form.cleaned_data["who"] == _NEW
        chosen = [row for row in able if not new or known[row.account].badge is None]
        if chosen:
            return _printed(request, dfes, chosen, back)
        form.add_error("who", forms.ValidationError("", code="nobody"))
    return show(
        request, "portal/badges_choice.html", title=N_("Print badges"), section="learners", form=form, back=back,
        about=about, able=len(able), others=len(rows) - len(able),
    )  # fmt: skip


@page(Action.RESET_PASSWORD, methods="GET POST")
def replace(request: PageRequest, dfes: str, account: UUID) -> HttpResponse:
    """A new badge for one child whose badge is lost."""
    row, back = _one(request, dfes, account)
    form = PageForm.of(request)
    if form.is_sent():
        done = badges.replace(account=account, school=dfes, acting_user=_acting(request), now=clock.now())
        text = N_("The old badge has stopped working. Print the new one.") if done else _MAY_NOT
        banner.put(request, Text(text))
        return HttpResponseRedirect(back)
    return show(
        request, "portal/badge_replace.html", title=N_("Replace this badge"), section="learners", form=form, back=back,
        name=full_name(row), button=N_("Replace the badge"), warns=True,
    )  # fmt: skip


@page(Action.CHANGE_SETTINGS, methods="GET POST")
def alone(request: PageRequest, dfes: str, account: UUID) -> HttpResponse:
    """Whether the badge is enough for a child with an access need: the school's decision."""
    row, back = _one(request, dfes, account)
    known = children.of_accounts([account], school=dfes, on=clock.today())
    if account not in known:
        raise Http404
    form = AloneForm.of(request, initial={"alone": "yes" if known[account].alone else "no"})
    if form.is_sent():
        badges.let_alone(
            account=account, school=dfes, alone=form.cleaned_data["alone"] == "yes", acting_user=_acting(request),
            now=clock.now(),
        )  # fmt: skip
        banner.put(request, Text(N_("The decision is kept.")))
        return HttpResponseRedirect(back)
    return show(
        request, "portal/badge_alone.html", title=N_("Badge without pictures"), section="learners", form=form,
        back=back, name=full_name(row),
    )  # fmt: skip


_MAY_NOT = N_("This child does not sign in with a badge.")


def _printed(request: PageRequest, dfes: str, rows: list[LearnerRow], back: str) -> HttpResponse:
    codes = badges.codes(
        accounts=[row.account for row in rows], school=dfes, acting_user=_acting(request), now=clock.now()
    )
    made = [
        Printed(f"{row.forename} {row.surname[:1]}".strip(), square(codes[row.account]), written(codes[row.account]))
        for row in rows
        if row.account in codes
    ]
    return show(
        request, "portal/badges.html", title=Text(N_("Badges ({count})"), {"count": len(made)}), section="learners",
        back=back, badges=made,
    )  # fmt: skip


def square(code: str) -> SafeString:
    """The square that a camera or scanner reads, drawn in the page."""
    drawn = segno.make_qr(code, error="m").svg_inline(omitsize=True, svgclass=None, lineclass=None)
    return mark_safe(drawn)  # noqa: S308 - a drawing of our own making


def _whom(request: PageRequest, dfes: str) -> tuple[list[LearnerRow], str, str]:
    if "learner" in request.GET:
        try:
            account = UUID(request.GET["learner"])
        except ValueError:
            raise Http404 from None
        row, back = _one(request, dfes, account)
        return [row], full_name(row), back
    name = class_asked(request)
    rows = [row for row in people.class_(school=dfes, name=name, language=request.language) if not row.guest]
    if not rows:
        raise Http404
    return rows, name, class_address(dfes, name)


def _one(request: PageRequest, dfes: str, account: UUID) -> tuple[LearnerRow, str]:
    own = request.access.classes
    rows = people.chosen(school=dfes, accounts=[account], language=request.language, own=own)
    if not rows or rows[0].guest:
        raise Http404
    return rows[0], reverse("learner", kwargs={"dfes": dfes, "account": account})


def _acting(request: PageRequest) -> str:
    return f"account {request.person.account}"


urlpatterns = [
    path("school/<str:dfes>/class/badges/", print_badges, name="class-badges"),
    path("school/<str:dfes>/learners/<uuid:account>/badge/replace/", replace, name="replace-badge"),
    path("school/<str:dfes>/learners/<uuid:account>/badge/alone/", alone, name="badge-alone"),
]
