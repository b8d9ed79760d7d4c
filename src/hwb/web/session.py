"""Who is signed in, asked anew at every request (R40): an account that is switched off is out at its next click.

Sessions lie in the database. They end after 30 minutes without use (learners 60), and 12 hours after signing in,
by the real clock. One that began by a badge or in a class ends an hour after its beginning at the latest, or with the
class session, has no roles, and takes with it what was begun at services. Nothing remembers anybody on a device.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse

from hwb import clock
from hwb.directory.queries import class_sessions, roles
from hwb.operations import service_sign_ins, sessions
from hwb.web import browsers, idle
from hwb.web.again import SECOND_STEP as SECOND_STEP
from hwb.web.again import WAYS, confirm
from hwb.web.policy import Grant, Person, Role

#: BEGAN, SEEN: times. SECOND_STEP: in the session of somebody who gave one, by what (operations.second_step.Method).
BEGAN, SEEN = "began", "seen"
#: In the session of somebody whose password was made by another person: a new one comes before anything else (A6).
MUST_CHANGE = "must-change"
#: In the session of a child: when it ends, by what it began ("badge", "class"), and the place in a class session.
ENDS, BY, PLACE = "ends", "by", "class-place"
LONGEST = 12 * 60 * 60


class PersonMiddleware:
    """Sets `request.person`: the signed-in :class:`Person`, or None."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.arrived = time.time()  # type: ignore[attr-defined]
        request.person = None if request.path_info.startswith(("/api/", "/ims/", "/scim/")) else person_of(request)  # type: ignore[attr-defined]
        return self._get_response(request)


def begin(request: HttpRequest) -> sessions.Begun:
    """Starts the clocks of a session that has just been signed in; what it is told of its person.

    It began when the password came, before it was looked at: one that is changed meanwhile ends this session too.
    """
    device = _started(request, request.arrived)  # type: ignore[attr-defined]
    return sessions.begin(account=UUID(request.session[SESSION_KEY]), device=device, now=clock.now())


def go_on(request: HttpRequest, since: datetime | None = None) -> None:
    """Starts the clocks anew of a session that goes on under a new id; `since`: from when on sessions count, by another
    machine's clock."""
    began = max(time.time(), since.timestamp() if since else 0)
    sessions.go_on(account=UUID(request.session[SESSION_KEY]), device=_started(request, began))


def comes_by_link(request: HttpRequest, since: datetime | None) -> None:
    """The password that lets somebody in was made in this request (see :func:`begin`); `since` as of :func:`go_on`."""
    request.arrived = max(time.time(), since.timestamp() if since else 0)  # type: ignore[attr-defined]


def _started(request: HttpRequest, began: float) -> sessions.Device:
    if request.session.session_key is None:  # somebody else was signed in here, and their session has been emptied
        request.session.cycle_key()
    request.session[BEGAN], request.session[SEEN] = began, time.time()
    if BY not in request.session:  # a badge or pictures prove nothing that matters most
        confirm(request)
    browser, system = browsers.named(request.headers.get("User-Agent", ""))
    return sessions.Device(str(request.session.session_key), browser, system, datetime.fromtimestamp(began, UTC))


def person_of(request: HttpRequest) -> Person | None:
    """The session's person; a session that is over, or whose account may no longer sign in, ends here.

    By what a child's session began that ends so, `request.ended_child` says: the next page is one for children.
    """
    stated = request.session.get(SESSION_KEY)
    if stated is None:
        return None
    row = roles.find(UUID(stated), today=clock.today())
    now = time.time()
    began, seen = float(request.session.get(BEGAN, 0)), float(request.session.get(SEEN, 0))
    if row is None or not row.active or _is_over(row, began, seen, now) or _is_childs_over(request, now):
        request.ended_child = request.session.get(BY, "")  # type: ignore[attr-defined]
        if BY in request.session:
            service_sign_ins.end_of_session(request.session.session_key or "")
        request.session.flush()
        return None
    if now - seen > idle.NOTED_EVERY:
        request.session[SEEN] = now
    return person_from(replace(row, roles=()) if BY in request.session else row)


def _is_childs_over(request: HttpRequest, now: float) -> bool:
    """Whether a child's hour is over, or the class session in which it signed in."""
    if now > float(request.session.get(ENDS, now)):
        return True
    place = place_of(request)
    return place is not None and not class_sessions.is_taken(place, at=datetime.fromtimestamp(now, UTC))


def place_of(request: HttpRequest) -> UUID | None:
    """The child's place in a class session; None for everybody else."""
    place = request.session.get(PLACE)
    return None if place is None else UUID(place)


def ends_of(request: HttpRequest) -> datetime | None:
    """When a child's session is over at the latest; None for everybody else's."""
    return datetime.fromtimestamp(float(request.session[ENDS]), UTC) if ENDS in request.session else None


def begin_child(request: HttpRequest, *, by: str, ends: float, place: UUID | None = None) -> None:
    """What holds of a session begun by a badge or in a class; said before :func:`begin`: it proves no password."""
    request.session[BY], request.session[ENDS] = by, ends
    request.session[WAYS] = ["badge" if by == "badge" else "pictures"]
    if place is not None:
        request.session[PLACE] = str(place)


def forget_child(request: HttpRequest) -> None:
    """A child began here and did not come in; whoever comes now has a password."""
    for name in (BY, ENDS, PLACE, WAYS):
        request.session.pop(name, None)


def person_from(row: roles.PersonRow) -> Person:
    """The policy's view of an account and its roles."""
    grants = tuple(
        Grant(Role(role.role), role.school, role.area, frozenset(role.classes), role.name_en, role.name_cy)
        for role in row.roles
    )
    return Person(row.account, row.kind, row.name, row.username, grants)


def is_stale(kind: str, *, began: float, seen: float, now: float) -> bool:
    """Whether a session is over by its own clocks."""
    return now - began > LONGEST or now - seen > idle.idle_seconds(kind)


def _is_over(row: roles.PersonRow, began: float, seen: float, now: float) -> bool:
    if is_stale(row.kind, began=began, seen=seen, now=now):
        return True
    return row.sessions_from is not None and datetime.fromtimestamp(began, UTC) < row.sessions_from
