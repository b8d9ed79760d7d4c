"""By what ways whoever is signed in has proved who they are, as services are told (RFC 8176)."""

from __future__ import annotations

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest

#: In the session of somebody who signed in by another way than allauth knows of: the ways, as services are told.
WAYS = "ways"
_SECOND = {"totp": "otp", "recovery_codes": "otp", "webauthn": "pop"}


def ways_of(request: HttpRequest) -> tuple[str, ...]:
    """pwd; otp and pop (a key) for a second step; mfa when there are two."""
    stated = request.session.get(WAYS)
    found = list(stated) if stated else []
    for record in get_authentication_records(request) if not found else ():
        if record.get("method") == "mfa":
            found.append(_SECOND.get(str(record.get("type")), "otp"))
    first = [] if stated or (found and _is_passwordless(request)) else ["pwd"]
    every = list(dict.fromkeys([*first, *found]))
    if len(every) > 1 and "mfa" not in every and "badge" not in every:
        every.append("mfa")
    return tuple(every)


def _is_passwordless(request: HttpRequest) -> bool:
    return any(record.get("passwordless") for record in get_authentication_records(request))
