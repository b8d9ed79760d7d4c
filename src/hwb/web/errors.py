"""Pages for what went wrong, in the frame and in both languages (ux.md 3.6). No page tells what is inside."""

from __future__ import annotations

import logging
import secrets
import sys
from datetime import datetime

from django.http import HttpRequest, HttpResponse

from hwb.api.access import DATABASE_AWAY
from hwb.web.frame import show
from hwb.web.words import N_

_LOG = logging.getLogger(__name__)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: no such page, or none that this person may see; the two look the same."""
    del exception
    return show(request, "web/not_found.html", title=N_("Page not found"), status=404)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: what was sent is not what a browser sends."""
    del exception
    return show(request, "web/bad_request.html", title=N_("This could not be understood"), status=400)


def not_authentic(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form came without its token, or with that of another session."""
    del reason
    return show(request, "web/not_authentic.html", title=N_("This form is no longer valid"), status=403)


def broken(request: HttpRequest) -> HttpResponse:
    """500 with a reference that the log has too; 503 when it is the database that does not answer."""
    problem = sys.exc_info()[1]
    if isinstance(problem, DATABASE_AWAY):
        return unavailable(request)
    reference = secrets.token_hex(4)
    _LOG.error("problem %s: %s", reference, type(problem).__name__)
    title = N_("There is a problem with the service")
    return show(_without_person(request), "web/broken.html", title=title, status=500, reference=reference)


def unavailable(request: HttpRequest) -> HttpResponse:
    """503: the database is away."""
    title = N_("The service is unavailable")
    response = show(_without_person(request), "web/unavailable.html", title=title, status=503)
    response["Retry-After"] = "60"
    return response


def too_many(request: HttpRequest, *, until: datetime) -> HttpResponse:
    """429: says when to try again."""
    return show(request, "web/too_many.html", title=N_("Too many attempts"), status=429, until=until)


def _without_person(request: HttpRequest) -> HttpRequest:
    """The frame of a page about a failure asks neither the session nor the database."""
    request.person = None  # type: ignore[attr-defined]
    if hasattr(request, "session"):
        del request.session
    return request
