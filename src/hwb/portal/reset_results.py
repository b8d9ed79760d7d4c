"""What a reset led to (B10): pages of their own, so that loading one again never makes another password."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.views.decorators.debug import sensitive_post_parameters

from hwb import clock
from hwb.directory.queries import members
from hwb.directory.queries import passwords as rows
from hwb.directory.queries.members import Member
from hwb.operations import passwords
from hwb.portal.people import link, person_of, record_of, section_of, where
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, may
from hwb.web.words import N_, Text

_DONE = "resets-done"  # in the session: numbers, classes and ids, never a name or a password


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody for whom nothing was done, and why."""

    name: str
    reason: Text


@dataclass(frozen=True, slots=True)
class Printing:
    """Slips of a class: its name, how many of its learners got a password, and where they are printed."""

    name: str
    made: int
    address: str


def new_form() -> str:
    """What a form carries so that sending it twice, by a double click, makes one password."""
    return str(uuid4())


def sent_form(request: PageRequest) -> UUID | None:
    """The id of the form that was sent; None for one without."""
    try:
        return UUID(request.POST.get("form", ""))
    except ValueError:
        return None


def asked_by(request: PageRequest, accounts: Sequence[UUID]) -> frozenset[UUID]:
    """For whom the form that was sent has made a password before."""
    form = sent_form(request)
    by = f"account {request.person.account}"
    return rows.made_by_form(form, accounts=accounts, made_by=by) if form is not None else frozenset()


def to_the_new_password(dfes: str, account: UUID) -> HttpResponse:
    """To the page that shows it. The browser asks by POST (307), because looking at passwords is recorded."""
    response = HttpResponseRedirect(reverse("new-password", args=[dfes, account]))
    response.status_code = 307
    return response


def to_the_new_passwords(
    request: PageRequest, dfes: str, *, made: int, kept: int, failed: Sequence[UUID], classes: Mapping[str, int]
) -> HttpResponse:
    """To the page that says how many were made (by class), how many left as they were, and who got none."""
    request.session[_DONE] = {
        "school": dfes, "made": made, "kept": kept, "failed": [str(one) for one in failed], "classes": dict(classes),
    }  # fmt: skip
    return HttpResponseRedirect(reverse("new-passwords", args=[dfes]))


@sensitive_post_parameters("typed")
@page(Action.RESET_PASSWORD, methods="GET POST")
def one(request: PageRequest, dfes: str, account: UUID) -> HttpResponse:
    """The new password, once, to whoever made it. By GET there is a button, as long as nobody has seen it."""
    person = person_of(request, account)
    if person.kind != "learner" and not may(request.person, Action.RESET_STAFF_PASSWORD, school=dfes):
        raise Http404
    now = clock.now()
    shown: dict[str, Any] = {
        "title": N_("New password"), "person": person, "where": where(person), "section": section_of(person),
        "back": record_of(person, dfes), "again": reverse("reset-password", args=[dfes, account]),
    }  # fmt: skip
    if request.method == "POST":
        try:
            made = passwords.show_new(
                account=account, school=dfes, acting_user=f"account {request.person.account}", now=now,
                form=sent_form(request),
            )  # fmt: skip
        except passwords.PasswordRefused:
            return show(request, "portal/reset_shown.html", status=409, **shown)
        return show(request, "portal/reset_done.html", made=made, **shown)
    row = rows.of_accounts([account])[account]
    unseen = row.made_at is not None and row.shown_at is None
    return show(request, "portal/reset_shown.html", unseen=unseen, **shown)


@page(Action.RESET_PASSWORD)
def many(request: PageRequest, dfes: str) -> HttpResponse:
    """What the last reset of many did."""
    done = request.session.get(_DONE)
    if not done or done["school"] != dfes:
        return HttpResponseRedirect(reverse("reset-passwords", args=[dfes]))
    accounts = tuple(UUID(one) for one in done["failed"])
    left = members.find(school=dfes, language=request.language, accounts=accounts, classes=request.access.classes)
    reasons = [(person, hindrance(person)) for person in left]
    return show(
        request, "portal/resets_done.html", title=N_("New passwords"), section="learners", made=done["made"],
        kept=done["kept"], failed=[Left(person.name, reason) for person, reason in reasons if reason is not None],
        back=link("learners", dfes), printing=_printing(dfes, done["classes"]),
    )  # fmt: skip


def hindrance(person: Member) -> Text | None:
    """Why the school cannot make this person's password; None when it can."""
    if person.has and not person.beyond:
        return None
    if person.has:
        return Text(N_("This person also has a role beyond the school: ask support."))
    if person.guest:
        return Text(N_("A guest here: the main school looks after the password."))
    return Text(N_("The person has left, so nobody signs in with this account."))


def _printing(dfes: str, counted: Mapping[str, int]) -> tuple[Printing, ...]:
    """The classes of those who got one, each with the way to its slips."""
    address = link("class-print", dfes)
    return tuple(Printing(name, counted[name], f"{address}?{urlencode({'name': name})}") for name in sorted(counted))


urlpatterns = [
    path("school/<str:dfes>/passwords/new/", many, name="new-passwords"),
    path("school/<str:dfes>/people/<uuid:account>/password/new/", one, name="new-password"),
]
