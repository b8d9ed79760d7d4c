"""The rules of token requests: allauth's, and where formats.md finds them wanting, ours.

Codes lie in the database beside tokens, so that all processes see them, each read under a lock: of requests with one
code at one moment the first gets tokens. A code or refresh token that comes again ends the sign-in with everything it
was given.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.core import context
from allauth.core.internal import httpkit
from allauth.idp.oidc import app_settings
from allauth.idp.oidc.internal.oauthlib.request_validator import OAuthLibRequestValidator
from allauth.idp.oidc.internal.oauthlib.server import generate_access_token, generate_refresh_token
from allauth.idp.oidc.internal.oauthlib.utils import get_validator_context
from allauth.idp.oidc.models import Token
from django.utils import timezone
from oauthlib.common import Request
from oauthlib.openid import Server

from hwb.operations import service_sign_ins, services
from hwb.signin.oidc.adapter import take_up, taken_up

CODE, ACCESS, REFRESH = Token.Type.AUTHORIZATION_CODE, Token.Type.ACCESS_TOKEN, Token.Type.REFRESH_TOKEN
#: A refresh token that was used; it is kept to be known when it comes again.
SPENT = "sp"


def server() -> Server:
    """What answers token, userinfo, introspection and revocation requests."""
    return Server(
        request_validator=Validator(), token_generator=generate_access_token,
        refresh_token_generator=generate_refresh_token, token_expires_in=app_settings.ACCESS_TOKEN_EXPIRES_IN,
    )  # fmt: skip


class Validator(OAuthLibRequestValidator):  # type: ignore[misc]
    """One request's questions. What is not here is as allauth has it."""

    def authenticate_client(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        """By the service's secret, in the header or in the body, not in both."""
        client_id, secret = httpkit.extract_basic_auth(request.headers)
        if not client_id:
            client_id, secret = getattr(request, "client_id", None), getattr(request, "client_secret", None)
        elif getattr(request, "client_secret", None) or getattr(request, "client_id", client_id) not in (
            None,
            client_id,
        ):
            return False
        if not isinstance(client_id, str) or not isinstance(secret, str):
            return False
        client = (
            self._lookup_client(request, client_id) if services.proves(client_id=client_id, secret=secret) else None
        )
        if client is None:
            return False
        self._use_client(request, client)
        return True

    def client_authentication_required(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        return True

    def authenticate_client_id(self, client_id: str, request: Request, *args: Any, **kwargs: Any) -> bool:
        return False

    def is_pkce_required(self, client_id: str, request: Request) -> bool:
        return True

    def get_authorization_code_scopes(
        self, client_id: str, code: str, redirect_uri: str, request: Request
    ) -> list[str]:
        """Asked before the service has proved itself, to tell OpenID Connect from OAuth: every code is of the one."""
        return ["openid"]

    def _lookup_authorization_code(self, request: Request, client_id: str, code: str) -> dict[str, Any] | None:
        """The code's row, locked; None for one that is unknown, over, spent or another service's."""
        known = get_validator_context().codes
        place = (request.client.id, code)
        if place not in known:
            known[place] = _code_of(request, code)
        found: dict[str, Any] | None = known[place]
        return found

    def validate_code(
        self, client_id: str, code: str, client: Any, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        found = self._lookup_authorization_code(request, client_id, code)
        if found is None:
            return False
        request.scopes = found["scopes"]
        request.code_challenge = found["pkce"]["code_challenge"]
        request.code_challenge_method = found["pkce"]["code_challenge_method"]
        request.claims = None
        return True

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Request, *args: Any, **kwargs: Any
    ) -> None:
        found = self._lookup_authorization_code(request, client_id, code)
        if found is not None:
            Token.objects.by_value(code).filter(type=CODE).update(data={"sign_in": found["sign_in"], "used": True})

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        own = Token.objects.by_value(refresh_token).filter(client=request.client, type__in=[REFRESH, SPENT])
        seen = own.first()
        if seen is None or not _may_go_on(request, seen.data["sign_in"], seen.user):
            return False
        found = own.filter(type=REFRESH).valid().select_for_update().first()
        if found is None:
            if own.filter(type=SPENT).exists():
                service_sign_ins.end(UUID(seen.data["sign_in"]))
            return False
        get_validator_context().refresh_token = found
        return True

    def save_bearer_token(self, token: dict[str, Any], request: Request, *args: Any, **kwargs: Any) -> None:
        """As allauth does, each token with its sign-in; the refresh token that was used is kept as spent."""
        row = taken_up(context.request)
        spent = get_validator_context().refresh_token
        old = None if spent is None else Token(
            type=SPENT, hash=spent.hash, client=spent.client, user=spent.user, data={"sign_in": str(row.sign_in)},
            expires_at=spent.expires_at,
        )  # fmt: skip
        if "offline_access" not in request.scopes:
            token.pop("refresh_token", None)
        if row.ends_at is not None:  # a child's hour
            left = int((row.ends_at - timezone.now()).total_seconds())
            token["expires_in"] = max(0, min(token["expires_in"], left))
        super().save_bearer_token(token, request)
        token.pop("refresh_expires_in", None)
        given = [token[name] for name in ("access_token", "refresh_token") if name in token]
        for each in given:
            made = Token.objects.by_value(each)
            made.update(data={"sign_in": str(row.sign_in)})
            made.filter(type=REFRESH).update(expires_at=row.created_at + service_sign_ins.LONGEST)
        if old is not None:
            old.save()

    def validate_bearer_token(self, token: str, scopes: Any, request: Request) -> bool:
        if not super().validate_bearer_token(token, scopes, request):
            return False
        found = get_validator_context().access_token
        return take_up(context.request, found.data["sign_in"]) is not None

    def revoke_token(self, token: str, token_type_hint: str, request: Request, *args: Any, **kwargs: Any) -> None:
        """Of the service's own only: an access token, or with a refresh token the whole sign-in's tokens (RFC 7009)."""
        own = Token.objects.by_value(token).filter(client=request.client, type__in=[ACCESS, REFRESH])
        found = own.first()
        if found is not None and found.type == REFRESH:
            family = Token.objects.filter(user=found.user, data__sign_in=found.data["sign_in"])
            family.filter(type__in=[ACCESS, REFRESH, SPENT]).delete()
        own.delete()


def _code_of(request: Request, code: str) -> dict[str, Any] | None:
    own = Token.objects.by_value(code).filter(type=CODE, client=request.client)
    seen = own.first()
    if seen is None or not _may_go_on(request, seen.data["sign_in"], seen.user):
        return None
    found = own.select_for_update().first()
    if found is not None and found.data.get("used"):
        service_sign_ins.end(UUID(found.data["sign_in"]))
        return None
    if found is None or found.expires_at <= timezone.now():
        return None
    return {**found.data, "scopes": found.get_scopes()}


def _may_go_on(request: Request, sign_in: str, user: Any) -> bool:
    """Whether the sign-in stands; its account is held active until the tokens are stored (R40)."""
    if user is None or not service_sign_ins.hold(UUID(sign_in)):
        return False
    if take_up(context.request, sign_in) is None:
        return False
    request.user = user
    return True
