"""A4, the teacher's side: start and end signing in as a class, the class code, devices, children who must wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb import clock
from hwb.directory.queries import children, class_sessions, people
from hwb.operations import badges, child_pictures
from hwb.operations import class_sessions as acts
from hwb.portal.classes import class_asked
from hwb.portal.learners import address_of, class_address
from hwb.portal.naming import full_name
from hwb.web import banner, visitors
from hwb.web.frame import show
from hwb.web.language import is_switch
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, may
from hwb.web.words import N_, Text, time_of_day


@dataclass(frozen=True, slots=True)
class Waiting:
    """A child whose pictures were wrong too often on some device. until is empty when only the teacher ends it."""

    name: str
    until: str
    address: str


@page(Action.START_CLASS_SIGN_IN, methods="GET POST")
def class_sign_in(request: PageRequest, dfes: str) -> HttpResponse:
    """Who can take part; once started, the code in large letters and the devices."""
    name, at = class_asked(request), datetime.now(UTC)
    if request.method == "POST" and not is_switch(request):
        acts.start(
            school=dfes, class_name=name, account=request.person.account, address=visitors.address_of(request),
            now=clock.now(), at=at,
        )  # fmt: skip
        return HttpResponseRedirect(sign_in_address(dfes, name))
    found = people.class_(school=dfes, name=name, language=request.language)
    known = children.of_accounts([row.account for row in found], school=dfes, on=clock.today())
    able = [row for row in found if row.account in known and badges.may_use(known[row.account])]
    ready = [row for row in able if known[row.account].pictures]
    running = class_sessions.of_class(dfes, name, at=at)
    sets = may(request.person, Action.RESET_PASSWORD, school=dfes)
    return show(
        request, "portal/class_sign_in.html", title=Text(N_("Class sign-in: {name}"), {"name": name}),
        section="my-classes" if request.access.classes is not None else "learners", back=class_address(dfes, name),
        children=len(able), ready=len(ready), running=running, dfes=dfes,
        until=time_of_day(running.ends_at) if running else "",
        code=acts.code_of(session=running.session, school=dfes) if running else "",
        devices=class_sessions.devices(running.session) if running else (), query=urlencode({"name": name}),
        waiting=[
            Waiting(full_name(row), "" if child.ended or child.until is None else time_of_day(child.until),
                    reverse("unlock-pictures", kwargs={"dfes": dfes, "account": row.account}) if sets else "")
            for row in able if (child := known[row.account]).is_shut(at)
        ],
        pictures=f"{address_of('class-pictures', dfes)}?{urlencode({'name': name})}" if sets else "",
    )  # fmt: skip


@page(Action.START_CLASS_SIGN_IN, methods="POST")
def end(request: PageRequest, dfes: str) -> HttpResponse:
    """Ends it; the children who signed in by it are signed out."""
    name, at = class_asked(request), datetime.now(UTC)
    running = class_sessions.of_class(dfes, name, at=at)
    if running is not None:
        acts.end(session=running.session, school=dfes, account=request.person.account, now=clock.now(), at=at)
    banner.put(request, Text(N_("The class sign-in has ended. The children are signed out.")))
    return HttpResponseRedirect(sign_in_address(dfes, name))


@page(Action.START_CLASS_SIGN_IN, methods="POST")
def decide(request: PageRequest, dfes: str, device: UUID) -> HttpResponse:
    """Lets a device in, or not."""
    name = class_asked(request)
    running = class_sessions.of_class(dfes, name, at=datetime.now(UTC))
    if running is not None:
        acts.decide(
            session=running.session, device=device, let_in="in" in request.POST, school=dfes,
            account=request.person.account, now=clock.now(),
        )  # fmt: skip
    return HttpResponseRedirect(sign_in_address(dfes, name))


@page(Action.RESET_PASSWORD, methods="POST")
def unlock(request: PageRequest, dfes: str, account: UUID) -> HttpResponse:
    """Ends every wait of a child whose pictures were wrong too often, on every device."""
    acting = f"account {request.person.account}"
    if not child_pictures.unlock(account=account, school=dfes, acting_user=acting, now=clock.now()):
        raise Http404
    banner.put(request, Text(N_("The child can try again on every device.")))
    if "name" in request.GET:
        return HttpResponseRedirect(sign_in_address(dfes, class_asked(request)))
    return HttpResponseRedirect(reverse("learner", kwargs={"dfes": dfes, "account": account}))


def sign_in_address(dfes: str, name: str) -> str:
    """The page of a class's sign-in."""
    return f"{reverse('class-sign-in-start', kwargs={'dfes': dfes})}?{urlencode({'name': name})}"


urlpatterns = [
    path("school/<str:dfes>/class/sign-in/", class_sign_in, name="class-sign-in-start"),
    path("school/<str:dfes>/class/sign-in/end/", end, name="class-sign-in-end"),
    path("school/<str:dfes>/class/sign-in/devices/<uuid:device>/", decide, name="class-device"),
    path("school/<str:dfes>/learners/<uuid:account>/pictures/unlock/", unlock, name="unlock-pictures"),
]
