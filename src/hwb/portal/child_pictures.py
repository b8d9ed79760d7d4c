"""The three pictures of small children: set for one child or for those of a class who have none, and shown (B10)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.views.decorators.debug import sensitive_post_parameters

from hwb import clock
from hwb.directory.queries import children, people
from hwb.directory.queries.people import LearnerRow
from hwb.lifecycle.child_pictures import WORDS, are_pictures, make
from hwb.operations import badges, child_pictures, settings
from hwb.portal.classes import class_asked
from hwb.portal.learners import class_address
from hwb.portal.naming import full_name
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.language import is_switch
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, Role
from hwb.web.words import N_, Text

MAKE, CHOOSE = "make", "choose"
_CHOICES = [("", N_("Choose a picture")), *WORDS.items()]


class PicturesForm(PageForm):
    """Three pictures of one child."""

    how = forms.ChoiceField(
        label=N_("What do you want to do?"), widget=forms.RadioSelect,
        choices=[(MAKE, N_("Have three pictures made by chance")), (CHOOSE, N_("Choose them with the child"))],
    )  # fmt: skip
    first = forms.ChoiceField(label=N_("First picture"), required=False, choices=_CHOICES)
    second = forms.ChoiceField(label=N_("Second picture"), required=False, choices=_CHOICES)
    third = forms.ChoiceField(label=N_("Third picture"), required=False, choices=_CHOICES)
    errors_said: ClassVar = {
        "how": {"required": N_("Choose one")},
        "first": {"different": N_("Choose three different pictures")},
    }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("how") == CHOOSE and not are_pictures(self.chosen(cleaned)):
            self.add_error("first", ValidationError("", code="different"))
        return cleaned

    @staticmethod
    def chosen(cleaned: dict[str, Any]) -> tuple[str, ...]:
        """The three in their order."""
        return tuple(cleaned.get(name, "") for name in ("first", "second", "third"))


@dataclass(frozen=True, slots=True)
class Three:
    """A child with the three pictures and their words."""

    name: str
    pictures: tuple[tuple[str, str], ...]


@sensitive_post_parameters("first", "second", "third")
@page(Action.RESET_PASSWORD, methods="GET POST")
def one(request: PageRequest, dfes: str, account: UUID) -> HttpResponse:
    """New pictures for one child; then they are shown."""
    if not _teachers_may(request):
        return _teachers_may_not(request)
    row = _row(request, dfes, account)
    form = PicturesForm.of(request, initial={"how": MAKE})
    if form.is_sent():
        given = form.cleaned_data
        pictures = PicturesForm.chosen(given) if given["how"] == CHOOSE else make(choose=secrets.choice)
        child_pictures.choose(
            account=account, school=dfes, pictures=pictures, acting_user=_acting(request), now=clock.now()
        )
        return _shown_next(reverse("show-pictures", kwargs={"dfes": dfes, "account": account}))
    return show(
        request, "portal/pictures.html", title=N_("Set three pictures"), section="learners", form=form,
        name=full_name(row), back=reverse("learner", kwargs={"dfes": dfes, "account": account}),
    )  # fmt: skip


@page(Action.SHOW_PASSWORD, methods="GET POST")
def show_one(request: PageRequest, dfes: str, account: UUID) -> HttpResponse:
    """One child's pictures; looking is recorded, so it takes a POST."""
    row = _row(request, dfes, account)
    back = reverse("learner", kwargs={"dfes": dfes, "account": account})
    return _shown(request, dfes, [row], Text(N_("Three pictures")), back)


@page(Action.RESET_PASSWORD, methods="GET POST")
def of_class(request: PageRequest, dfes: str) -> HttpResponse:
    """How many of the class have pictures; the others get three by chance."""
    if not _teachers_may(request):
        return _teachers_may_not(request)
    name, found = _class(request, dfes)
    known = children.of_accounts([row.account for row in found], school=dfes, on=clock.today())
    able = [child for child in known.values() if badges.may_use(child)]
    if request.method == "POST" and not is_switch(request):
        child_pictures.make_missing(
            accounts=[child.account for child in able], school=dfes, acting_user=_acting(request), now=clock.now()
        )
        query = urlencode({"name": name})
        return _shown_next(f"{reverse('show-class-pictures', kwargs={'dfes': dfes})}?{query}")
    return show(
        request, "portal/class_pictures.html", title=Text(N_("Pictures of the class: {name}"), {"name": name}),
        section="learners", back=class_address(dfes, name), able=len(able),
        ready=sum(child.pictures for child in able), without=sum(not child.pictures for child in able),
        shows=f"{reverse('show-class-pictures', kwargs={'dfes': dfes})}?{urlencode({'name': name})}",
    )  # fmt: skip


@page(Action.SHOW_PASSWORD, methods="GET POST")
def show_class(request: PageRequest, dfes: str) -> HttpResponse:
    """The pictures of everybody in the class, on screen and for paper."""
    name, found = _class(request, dfes)
    title = Text(N_("Pictures of the class: {name}"), {"name": name})
    return _shown(request, dfes, found, title, class_address(dfes, name))


def _shown(
    request: PageRequest, dfes: str, rows: Sequence[LearnerRow], title: Text, back: str
) -> HttpResponse:  # fmt: skip
    if request.method != "POST" or is_switch(request):
        return show(request, "portal/pictures_open.html", title=title, section="learners", back=back)
    seen = child_pictures.show(
        accounts=[row.account for row in rows], school=dfes, acting_user=_acting(request), now=clock.now()
    )
    threes = [
        Three(full_name(row), tuple((one, WORDS[one]) for one in seen[row.account]))
        for row in rows
        if row.account in seen
    ]
    return show(
        request, "portal/pictures_shown.html", title=title, section="learners", back=back, threes=threes,
        others=len(rows) - len(threes), printed_at=clock.now(),
    )  # fmt: skip


def _shown_next(address: str) -> HttpResponse:
    response = HttpResponseRedirect(address)
    response.status_code = 307  # the browser asks by POST, because looking at pictures is recorded
    return response


def _row(request: PageRequest, dfes: str, account: UUID) -> LearnerRow:
    """The learner whom the school holds."""
    own = request.access.classes
    rows = people.chosen(school=dfes, accounts=[account], language=request.language, own=own)
    if not rows or rows[0].guest:
        raise Http404
    return rows[0]


def _class(request: PageRequest, dfes: str) -> tuple[str, list[LearnerRow]]:
    name = class_asked(request)
    rows = people.class_(school=dfes, name=name, language=request.language)
    return name, [row for row in rows if not row.guest]


def _teachers_may(request: PageRequest) -> bool:
    """A class teacher sets pictures where teachers make passwords."""
    return request.access.role is not Role.TEACHER or settings.teachers_reset(request.access.school)


def _teachers_may_not(request: PageRequest) -> HttpResponse:
    title = N_("Class teachers do not set pictures at this school")
    return show(request, "portal/pictures_not_teachers.html", title=title, status=403)


def _acting(request: PageRequest) -> str:
    return f"account {request.person.account}"


urlpatterns = [
    path("school/<str:dfes>/learners/<uuid:account>/pictures/", one, name="set-pictures"),
    path("school/<str:dfes>/learners/<uuid:account>/pictures/show/", show_one, name="show-pictures"),
    path("school/<str:dfes>/class/pictures/", of_class, name="class-pictures"),
    path("school/<str:dfes>/class/pictures/show/", show_class, name="show-class-pictures"),
]
