"""The service that a sign-in is on the way to: forms of the sign-in may lead to its origin, and to no other.

Browsers hold a form to `form-action` through every redirect that follows it, so that without this the last step back
to the service would not happen.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

_KEY = "pending-service"
#: What of a session belongs to the pending request.
KEYS = (_KEY,)
_LONGEST = 60 * 60


def remember(request: HttpRequest, origin: str) -> None:
    """The origin of the one pending, validated request."""
    request.session[_KEY] = [origin, time.time() + _LONGEST]


def forget(request: HttpRequest) -> None:
    if _KEY in request.session:
        del request.session[_KEY]


def origin_of(request: HttpRequest) -> str:
    """Where the pending request leads; empty when there is none."""
    kept = request.session.get(_KEY) if hasattr(request, "session") else None
    return str(kept[0]) if kept and float(kept[1]) > time.time() else ""


class FormActionMiddleware:
    """Below the content policy's middleware: adds the origin to `form-action` of pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if response.get("Content-Type", "").startswith("text/html") and (origin := origin_of(request)):
            response._csp_update = {"form-action": [origin]}  # type: ignore[attr-defined] # as csp_update() does
        return response
