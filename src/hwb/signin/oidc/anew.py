"""A service sends somebody to sign in: what for, so that the way goes on to it, and whether it must be anew.

Being asked ends nothing: whoever is signed in stays so, here and at services, until a form of the sign-in is answered.
A link from anywhere can therefore sign nobody out.
"""

from __future__ import annotations

import time

from django.contrib.auth import logout
from django.http import HttpRequest

from hwb.signin.oidc import pending
from hwb.web.session import BEGAN

#: In the session: what is asked for, the address of the way on, and when it was asked.
_KEY = "asked-by-service"
#: Whoever walks away from a sign-in is not led on by the next one.
_WAITS = 10 * 60


def ask(request: HttpRequest, *, what: str, following: str) -> None:
    """Notes the request of a service; `what` tells it from others."""
    request.session[_KEY] = [what, following, time.time()]


def is_given(request: HttpRequest, what: str) -> bool:
    """Whether whoever is signed in did so because this very request asked for it."""
    kept = request.session.get(_KEY)
    return kept is not None and kept[0] == what and float(request.session.get(BEGAN, 0)) >= float(kept[2])


def is_asked(request: HttpRequest) -> bool:
    """Whether whoever is signed in is on the way to sign in anew."""
    kept = request.session.get(_KEY)
    return kept is not None and float(request.session.get(BEGAN, 0)) < kept[2] and time.time() - kept[2] < _WAITS


def following(request: HttpRequest) -> str:
    """The way on to the service; empty without one."""
    kept = request.session.get(_KEY)
    return str(kept[1]) if kept and time.time() - kept[2] < _WAITS else ""


def forget(request: HttpRequest) -> None:
    """The service has its answer."""
    request.session.pop(_KEY, None)


def sign_out_former(request: HttpRequest) -> None:
    """Somebody has just proved who they are: whoever was signed in here before is not any more, nor in services.

    What a service asked for stays.
    """
    if not request.user.is_authenticated:
        return
    kept = {name: request.session[name] for name in (_KEY, *pending.KEYS) if name in request.session}
    logout(request)
    request.session.update(kept)
