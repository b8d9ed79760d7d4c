"""The device somebody sits at, as far as children's sign-in needs it: a random cookie, and where it comes from."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

COOKIE_AGE = 365 * 24 * 60 * 60
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
#: A household or school has a whole network of this length of the newer addresses.
_NETWORK_6 = 64


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


def address_of(request: HttpRequest) -> str:
    """The public address a request comes from; behind a proxy the one that the proxy itself has seen."""
    seen: str = request.META.get("REMOTE_ADDR", "")
    if settings.HWB_BEHIND_PROXY:
        seen = request.headers.get("X-Forwarded-For", seen).rpartition(",")[2].strip()
    try:
        address = ipaddress.ip_address(seen)
    except ValueError:
        return seen
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if (mapped := address.ipv4_mapped) is not None:
        return str(mapped)
    return str(ipaddress.ip_network((address, _NETWORK_6), strict=False))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
