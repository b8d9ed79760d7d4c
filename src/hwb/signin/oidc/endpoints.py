"""What services ask directly: discovery, keys, tokens, userinfo, introspection, revocation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from allauth.core.internal import jwkkit
from allauth.idp.oidc.internal.oauthlib.utils import convert_response, extract_params
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from oauthlib.oauth2 import OAuth2Error

from hwb.operations import signing_keys
from hwb.operations.service_addresses import CLAIM_SCOPES
from hwb.signin.oidc.claims import NONE, ONE_FACTOR, TWO_FACTORS
from hwb.signin.oidc.own_tokens import own_token
from hwb.signin.oidc.provider import server

KEYS_KEPT = 60 * 60
_METHODS = ["client_secret_basic", "client_secret_post"]
_CLAIMS = [
    "sub", "iss", "aud", "exp", "iat", "nonce", "at_hash", "auth_time", "acr", "amr", "sid", "name", "given_name",
    "family_name", "nickname", "email", "email_verified", "roles", "organisation", "age_band",
]  # fmt: skip


@require_GET
def configuration(request: HttpRequest) -> JsonResponse:
    """OpenID Connect Discovery 1.0 and RFC 8414. Addresses are those of HWB_BASE_URL, whatever host was asked."""
    del request
    base = settings.HWB_BASE_URL
    found: dict[str, Any] = {
        "issuer": base,
        "authorization_endpoint": base + reverse("oidc-authorization"),
        "token_endpoint": base + reverse("oidc-token"),
        "userinfo_endpoint": base + reverse("oidc-userinfo"),
        "jwks_uri": base + reverse("oidc-keys"),
        "introspection_endpoint": base + reverse("oidc-introspection"),
        "revocation_endpoint": base + reverse("oidc-revocation"),
        "end_session_endpoint": base + reverse("oidc-log-out"),
        "scopes_supported": list(CLAIM_SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "acr_values_supported": [TWO_FACTORS, ONE_FACTOR, NONE],
        "claims_supported": _CLAIMS,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "prompt_values_supported": ["none", "login", "select_account", "consent"],
        "ui_locales_supported": ["en", "cy"],
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "service_documentation": base,
    }
    for name in ("token", "introspection", "revocation"):
        found[f"{name}_endpoint_auth_methods_supported"] = _METHODS
    return _open_to_all(found)


@require_GET
def keys(request: HttpRequest) -> JsonResponse:
    """The public keys, those that are to sign next included."""
    del request
    return _open_to_all({
        "keys": [
            {**jwkkit.load_jwk_from_pem(key.pem)[0], "use": "sig", "alg": "RS256"}
            for key in signing_keys.published(at=datetime.now(UTC))
        ]
    })  # fmt: skip


def _open_to_all(content: dict[str, Any]) -> JsonResponse:
    response = JsonResponse(content)
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = f"public, max-age={KEYS_KEPT}"
    return response


def _answering(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Errors as RFC 6749 wants them. One transaction: what it refuses may still have ended a sign-in."""

    @csrf_exempt
    @never_cache
    @sensitive_variables()
    def answering(request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            try:
                response = answer(request)
            except OAuth2Error as error:
                response = JsonResponse(dict(error.twotuples), status=error.status_code)
                for name, value in error.headers.items():
                    response[name] = value
        response["Cache-Control"] = "no-store"
        return response

    return answering


@require_POST
@_answering
def token(request: HttpRequest) -> HttpResponse:
    if request.POST.get("grant_type") == "client_credentials":
        return own_token(request)
    return _converted(server().create_token_response(*extract_params(request)))


@require_http_methods(["GET", "POST"])
@_answering
def userinfo(request: HttpRequest) -> HttpResponse:
    return _converted(server().create_userinfo_response(*extract_params(request)))


@require_POST
@_answering
def introspection(request: HttpRequest) -> HttpResponse:
    return _converted(server().create_introspect_response(*extract_params(request)))


@require_POST
@_answering
def revocation(request: HttpRequest) -> HttpResponse:
    return _converted(server().create_revocation_response(*extract_params(request)))


def _converted(response: tuple[dict[str, str], Any, int]) -> HttpResponse:
    """A body without a type is JSON here, or empty."""
    made: HttpResponse = convert_response(*response)
    if not response[0].get("Content-Type"):
        made["Content-Type"] = "application/json"
    return made
