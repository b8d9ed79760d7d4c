"""Tokens of services for themselves: the client credentials grant, for OneRoster and SCIM (RFC 6749, section 4.4)."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from urllib.parse import unquote_plus

from django.http import HttpRequest, JsonResponse

from hwb import clock
from hwb.operations import service_tokens
from hwb.operations.service_tokens import LIFETIME, TokenRefused


def own_token(request: HttpRequest) -> JsonResponse:
    """By the service's secret, in the header or in the body, not in both."""
    try:
        client_id, secret = _credentials(request)
        made = service_tokens.issue(
            client_id=client_id, secret=secret, scopes=request.POST.get("scope", "").split(), at=datetime.now(UTC),
            now=clock.now(),
        )  # fmt: skip
    except TokenRefused as refused:
        status = 401 if refused.error == "invalid_client" else 400
        answer = JsonResponse({"error": refused.error}, status=status)
        if status == 401:
            answer["WWW-Authenticate"] = "Basic"
        return answer
    content = {
        "access_token": made.token, "token_type": "Bearer", "expires_in": int(LIFETIME.total_seconds()),
        "scope": " ".join(made.scopes),
    }  # fmt: skip
    return JsonResponse(content)


def _credentials(request: HttpRequest) -> tuple[str, str]:
    header = request.headers.get("Authorization", "")
    given = request.POST.get("client_id", ""), request.POST.get("client_secret", "")
    if not header:
        found = given
    elif given[1] or not header.lower().startswith("basic "):
        raise TokenRefused("invalid_request")
    else:
        try:
            text = base64.b64decode(header[6:].strip(), validate=True).decode()
        except (binascii.Error, UnicodeError):
            raise TokenRefused("invalid_client") from None
        name, _, secret = text.partition(":")
        found = unquote_plus(name), unquote_plus(secret)
        if given[0] not in ("", found[0]):
            raise TokenRefused("invalid_request")
    if any("\0" in part for part in found):
        raise TokenRefused("invalid_client")
    return found
