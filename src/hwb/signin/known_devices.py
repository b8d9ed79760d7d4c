"""Which device tries to sign in: its address, and a signed cookie that names the accounts it knows.

Whoever signs in on a device that knows their account is counted there, apart from everybody else: nobody can shut them
out from elsewhere. The cookie has marks, no names, and is of no use on another device's id.
"""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from hwb.operations.attempts import Caller, mark_of
from hwb.web import visitors

_SALT = "hwb.device"
_AGE = 180 * 24 * 60 * 60
#: A class's worth on a shared tablet; the newest stay.
_MOST = 60


def caller(request: HttpRequest) -> Caller:
    """Where a try comes from."""
    kept = _kept(request)
    return Caller(visitors.address_of(request), kept["device"], frozenset(kept["known"]))


def remember(request: HttpRequest, response: HttpResponse, account: UUID) -> None:
    """From now on this device knows the account."""
    kept = _kept(request)
    device = kept["device"] or secrets.token_urlsafe(12)
    mark = mark_of(device, account)
    known = [mark, *(other for other in kept["known"] if other != mark)][:_MOST]
    response.set_cookie(
        settings.HWB_DEVICE_COOKIE_NAME,
        signing.dumps({"device": device, "known": known}, salt=_SALT, compress=True),
        max_age=_AGE, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax",
    )  # fmt: skip


def _kept(request: HttpRequest) -> dict[str, Any]:
    text = request.COOKIES.get(settings.HWB_DEVICE_COOKIE_NAME, "")
    try:
        kept: dict[str, Any] = signing.loads(text, salt=_SALT, max_age=_AGE)
    except signing.BadSignature:
        return {"device": "", "known": []}
    return kept
