"""Who may call what. Every address is refused unless its view says who may call it.

A route is made by `endpoint`, which takes one view a method; each view carries `allow(...)`. The tests walk
all routes and fail on one that was made in another way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import wraps
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from hwb.api.errors import ApiError, error_response, method_not_allowed, unauthenticated, unavailable, unexpected
from hwb.embedded import EmbeddedDatabaseUnavailable
from hwb.operations import clients, service_tokens
from hwb.operations.service_tokens import Reader

View = Callable[..., HttpResponseBase]
Errors = Callable[[HttpRequest, ApiError], HttpResponseBase]
_LOG = logging.getLogger(__name__)
#: The database is away, restarting or full: the answer is 503, and the client tries again.
DATABASE_AWAY = (OperationalError, InterfaceError, EmbeddedDatabaseUnavailable)


class Caller(StrEnum):
    """Who may call a view."""

    ANYONE = "anyone"
    CLIENT = "client"
    #: Services, by their protocol.
    ONEROSTER = "oneroster"
    SCIM = "scim"


@dataclass(frozen=True, slots=True)
class CallingClient:
    """The Provisioning Client that a token proves, and the schools it may send for."""

    id: UUID
    schools: frozenset[str]


class HwbRequest(HttpRequest):
    """A request whose client (views for Caller.CLIENT) or service (those for services) is known."""

    client: CallingClient
    reader: Reader


def allow(caller: Caller) -> Callable[[View], View]:
    """States who may call a view, and sees to it."""

    def mark(view: View) -> View:
        @wraps(view)
        def guarded(request: HwbRequest, **parts: object) -> HttpResponseBase:
            if caller is Caller.CLIENT:
                request.client = _calling_client(request)
            elif caller is not Caller.ANYONE:
                request.reader = _reading_service(request, caller)
            return view(request, **parts)

        guarded.hwb_caller = caller  # type: ignore[attr-defined]
        return guarded

    return mark


def endpoint(errors: Errors = lambda _request, error: error_response(error), /, **views: View) -> View:
    """One address: a view a method, errors as JSON, security headers on every answer. errors: in a standard's own form.

    Raises TypeError at import when a view does not say who may call it.
    """
    for view in views.values():
        if not hasattr(view, "hwb_caller"):
            raise TypeError(f"{view.__name__} does not say who may call it")

    @csrf_exempt  # no cookies here: a token in a header proves who calls
    def dispatch(request: HttpRequest, **parts: object) -> HttpResponseBase:
        try:
            response = views.get(request.method or "", _no_such_method)(request, **parts)
        except ApiError as error:
            response = errors(request, error)
        except DATABASE_AWAY:
            _LOG.warning("the database is away: %s %s", request.method, request.resolver_match)
            response = errors(request, unavailable())
            response["Retry-After"] = "5"
        except Exception:  # noqa: BLE001 - logged; the caller gets an answer in both languages, never a page
            _LOG.exception("unexpected: %s", request.resolver_match)
            response = errors(request, unexpected())
        return _with_headers(response, views)

    dispatch.hwb_views = views  # type: ignore[attr-defined]
    return dispatch


def _no_such_method(_request: HttpRequest, **_parts: object) -> HttpResponseBase:
    raise method_not_allowed()


def _with_headers(response: HttpResponseBase, views: dict[str, View]) -> HttpResponseBase:
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    if response.status_code == 405:
        response["Allow"] = ", ".join(sorted(views))
    if response.status_code == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def _calling_client(request: HttpRequest) -> CallingClient:
    known = clients.client_of_token(_token(request), at=datetime.now(UTC))
    if known is None:
        raise unauthenticated()
    return CallingClient(known.id, known.schools)


def known_reader(request: HttpRequest, caller: Caller) -> Reader | None:
    """The service that asks an address which anyone may ask, where it says which it is."""
    try:
        return _reading_service(request, caller) if "Authorization" in request.headers else None
    except ApiError:
        return None


def _reading_service(request: HttpRequest, caller: Caller) -> Reader:
    """A token is good for its service's own protocol alone."""
    found = service_tokens.reader(_token(request), at=datetime.now(UTC))
    if found is None or found.service.protocol != caller.value:
        raise unauthenticated()
    return found


def _token(request: HttpRequest) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > 200:
        raise unauthenticated()
    return token.strip()
