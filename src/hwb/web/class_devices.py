"""The device somebody sits at, as far as children's sign-in needs it: a random cookie."""

from __future__ import annotations

import hashlib
import re
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

COOKIE_AGE = 365 * 24 * 60 * 60
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def digest_of(request: HttpRequest) -> str:
    """What the device is known by; empty while it has no cookie."""
    token = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    return _digest(token) if _TOKEN.fullmatch(token) else ""


def named(request: HttpRequest) -> tuple[str, str]:
    """What the device is known by, and the cookie's value to give it: a new one when it has none."""
    token = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    if not _TOKEN.fullmatch(token):
        token = secrets.token_urlsafe(32)
    return _digest(token), token


def remember(response: HttpResponse, token: str) -> None:
    """Gives the device its cookie. It says nothing of anybody."""
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME, token, max_age=COOKIE_AGE, secure=settings.SESSION_COOKIE_SECURE, httponly=True,
        samesite="Lax",
    )  # fmt: skip


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
