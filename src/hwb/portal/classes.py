"""B8 and B22: a class, its list for print, and a teacher's own classes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import path, reverse

from hwb import clock
from hwb.directory.queries import children, explanations, passwords, people, slips
from hwb.directory.queries.passwords import PasswordRow
from hwb.directory.queries.people import LearnerRow
from hwb.lifecycle import explain
from hwb.lifecycle.passwords import PasswordState
from hwb.operations import badges, settings
from hwb.portal.learners import COLUMNS, Line, acts_of, address_of, class_address, line
from hwb.web.frame import show
from hwb.web.lists import titled
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, may
from hwb.web.words import N_, Text

_SHOWN = ("name", "username", "state", "password", "signed_in")
#: Empty columns of a printed list, for ticks.
TICKS = range(5)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Of a class's learners: how many can sign in, and why the others cannot. `unknown`: they can, with a password that
    nobody here knows, and have not done so here. Three pictures are as good as a password."""

    learners: int
    can: int
    without: int
    inactive: int
    unknown: int

    @classmethod
    def of(cls, rows: Mapping[UUID, PasswordRow], *, school: str, pictures: Collection[UUID]) -> Readiness:
        """pictures: who of them signs in with three pictures."""
        active = [row for row in rows.values() if row.active]
        others = [row for row in active if row.account not in pictures]
        none = sum(row.state(school=school) is PasswordState.NONE for row in others)
        return cls(
            len(rows), sum(row.account in pictures or row.can_sign_in(school=school) for row in active), none,
            len(rows) - len(active),
            sum(row.can_sign_in(school=school) and row.cannot_sign_in_yet(school=school) for row in others),
        )  # fmt: skip

    @property
    def need(self) -> int:
        """To how many a password must be made before they can sign in, or can be expected to."""
        return self.without + self.unknown


@dataclass(frozen=True, slots=True)
class Member:
    """A learner of the class; slip: when one was last printed."""

    line: Line
    slip: datetime | None


@dataclass(frozen=True, slots=True)
class OwnClass:
    """A row of a teacher's classes."""

    name: str
    address: str
    print_address: str
    readiness: Readiness
    slip: datetime | None


def class_asked(request: PageRequest) -> str:
    """The class in the address; another teacher's is as unknown as one that is not there."""
    name = request.GET.get("name", "").strip()
    if not name or (request.access.classes is not None and name not in request.access.classes):
        raise Http404
    return name


@page(Action.SEE_LEARNERS)
def class_page(request: PageRequest, dfes: str) -> HttpResponse:
    """Can everyone in this class sign in today?"""
    name = class_asked(request)
    rows = people.class_(school=dfes, name=name, language=request.language)
    accounts = [row.account for row in rows]
    known, printed = passwords.of_accounts(accounts), slips.printed(accounts, school=dfes)
    limits, today = settings.explanation_limits(school=dfes), clock.today()
    seen = explanations.school_seen(school=dfes, on=today, limits=limits)
    acts = acts_of(request, dfes)
    prints = may(request.person, Action.SHOW_PASSWORD, school=dfes)
    sheet = slips.open_one(school=dfes, made_by=request.person.account, title=name, at=datetime.now(UTC))
    return show(
        request, "portal/class.html", title=titled(Text(N_("Class: {name}"), {"name": name}), len(rows)),
        section="my-classes" if request.access.classes is not None else "learners", dfes=dfes, name=name,
        back=_back(request, dfes), columns={key: COLUMNS[key] for key in _SHOWN} | {"slip": N_("Slip printed")},
        members=[Member(line(row, known.get(row.account), dfes), printed.get(row.account)) for row in rows],
        readiness=Readiness.of(known, school=dfes, pictures=_with_pictures(accounts, dfes)), acts=tuple(acts.values()),
        list_address=_of_class(dfes, name), notices=explain.of_school(seen, on=today, limits=limits),
        last_run=seen.last_run, print_address=_named("class-print", dfes, name) if prints else "",
        class_list=_named("class-list", dfes, name), sheet=sheet if prints else None,
        badges=_named("class-badges", dfes, name) if prints else "",
        sign_in=_named("class-sign-in-start", dfes, name)
        if may(request.person, Action.START_CLASS_SIGN_IN, school=dfes) else "",
    )  # fmt: skip


@page(Action.SEE_LEARNERS)
def class_list(request: PageRequest, dfes: str) -> HttpResponse:
    """Names and usernames with columns for ticks, for paper. Never passwords."""
    name = class_asked(request)
    rows = people.class_(school=dfes, name=name, language=request.language)
    if not rows:
        raise Http404
    return show(
        request, "portal/class_list.html", title=titled(Text(N_("Class list: {name}"), {"name": name}), len(rows)),
        section="learners", back=class_address(dfes, name), lines=[line(row, None, dfes) for row in rows],
        ticks=TICKS, printed_at=clock.now(),
    )  # fmt: skip


@page(Action.SEE_OWN_CLASSES)
def my_classes(request: PageRequest, dfes: str) -> HttpResponse:
    """B22: a row for each class that the teacher has."""
    own = request.access.classes or frozenset()
    found = people.learners(school=dfes, language=request.language, own=own, size=None).rows
    known = passwords.of_accounts([row.account for row in found])
    pictures = _with_pictures(known, dfes)
    printed = slips.printed(list(known), school=dfes)
    limits, today = settings.explanation_limits(school=dfes), clock.today()
    seen = explanations.school_seen(school=dfes, on=today, limits=limits)
    prints = may(request.person, Action.SHOW_PASSWORD, school=dfes)
    return show(
        request, "portal/my_classes.html", title=N_("My classes"), section="my-classes",
        help_code=reverse("help-code", kwargs={"dfes": dfes}),
        classes=[_own_class(name, found, known, pictures, printed, dfes, prints) for name in sorted(own)],
        notices=explain.of_school(seen, on=today, limits=limits),
        columns={"name": N_("Class"), "learners": N_("Learners"), "can": N_("Can sign in"),
                 "need": N_("Need a password"), "slip": N_("Slips printed"), "print": N_("Print")},
    )  # fmt: skip


def _own_class(
    name: str,
    found: Iterable[LearnerRow],
    known: Mapping[UUID, PasswordRow],
    pictures: Collection[UUID],
    printed: Mapping[UUID, datetime],
    dfes: str,
    prints: bool,
) -> OwnClass:
    ids = [row.account for row in found if name == row.registration_group or name in row.classes]
    return OwnClass(
        name, class_address(dfes, name), _named("class-print", dfes, name) if prints and ids else "",
        Readiness.of({one: known[one] for one in ids if one in known}, school=dfes, pictures=pictures),
        max((printed[one] for one in ids if one in printed), default=None),
    )  # fmt: skip


def _with_pictures(accounts: Collection[UUID], dfes: str) -> frozenset[UUID]:
    """Who of them signs in with three pictures, by badge or with the class."""
    found = children.of_accounts(accounts, school=dfes, on=clock.today()).values()
    return frozenset(child.account for child in found if child.pictures and badges.may_use(child))


def _named(route: str, dfes: str, name: str) -> str:
    query = class_address(dfes, name).partition("?")[2]
    return f"{reverse(route, kwargs={'dfes': dfes})}?{query}"


def _of_class(dfes: str, name: str) -> str:
    """The list of the same learners: it knows what to do with those who are chosen."""
    return f"{address_of('learners', dfes)}?{urlencode({'class': name})}"


def _back(request: PageRequest, dfes: str) -> str:
    return address_of("my-classes" if request.access.classes is not None else "learners", dfes)


urlpatterns = [
    path("school/<str:dfes>/class/", class_page, name="class"),
    path("school/<str:dfes>/class/list/", class_list, name="class-list"),
    path("school/<str:dfes>/my-classes/", my_classes, name="my-classes"),
]
