"""Signing in with Hwb, by Authlib's client: in, out, and being told that somebody is out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import cast

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import OAuth
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from joserfc.errors import JoseError

from hwb.demo.party import BACK, BYE, log_outs
from hwb.demo.party.desk import Desk, SignedIn

ISSUER, CLIENT_ID = os.environ["ISSUER"], os.environ["CLIENT_ID"]
OWN = f"http://localhost:{os.environ['PORT']}"
_HWB = OAuth().register(
    "hwb", client_id=CLIENT_ID, client_secret=os.environ["CLIENT_SECRET"],
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_kwargs={"code_challenge_method": "S256", "default_timeout": 10},
)  # fmt: skip


class Refused(Exception):
    """Hwb signed nobody in; the text is its code."""


def lead_in(request: HttpRequest, scopes: Sequence[str], language: str) -> HttpResponse:
    """To Hwb, which leads back to BACK."""
    asked = _HWB.authorize_redirect(request, OWN + BACK, scope=" ".join(scopes), ui_locales=language)
    return cast("HttpResponse", asked)


def redeem(request: HttpRequest) -> SignedIn:
    """Whom the code stands for. Authlib checks state, PKCE, nonce and the id token; not yet who answers (RFC 9207).

    Raises Refused.
    """
    try:
        if request.GET.get("iss") != ISSUER:
            raise Refused("iss")
        tokens = _HWB.authorize_access_token(request)
        proof, told = dict(tokens["userinfo"]), dict(_HWB.userinfo(token=tokens))
    except (AuthlibBaseError, JoseError, requests.RequestException) as error:
        raise Refused(str(getattr(error, "error", "") or type(error).__name__)) from error
    if told.get("sub") != proof["sub"]:
        raise Refused("sub")
    return SignedIn(proof["sub"], proof["sid"], tokens["id_token"], told, proof)


def lead_out(request: HttpRequest, person: SignedIn, language: str) -> HttpResponse:
    """To Hwb, which ends the session there too and leads back to BYE (RP-Initiated Logout)."""
    leading = _HWB.logout_redirect(
        request, post_logout_redirect_uri=OWN + BYE, id_token_hint=person.id_token, ui_locales=language
    )
    return cast("HttpResponse", leading)


def has_signed_out(request: HttpRequest) -> bool:
    """Whether this is the way back of somebody who has just signed out here."""
    try:
        _HWB.validate_logout_response(request)
    except AuthlibBaseError:
        return False
    return True


def out_of(desk: Desk) -> Callable[[HttpRequest], HttpResponse]:
    """Hwb says that somebody is out (Back-Channel Logout): 200 when it was heard, 400 for what Hwb did not say."""

    @csrf_exempt
    @require_POST
    def out(request: HttpRequest) -> HttpResponse:
        token, failure = request.POST.get("logout_token", ""), "keys"
        for afresh in (False, True):  # a key may be new
            try:
                keys = _HWB.fetch_jwk_set(force=afresh)
                sub, sid = log_outs.read(token, keys=keys, issuer=ISSUER, client_id=CLIENT_ID)
            except log_outs.NotALogOut as error:
                failure = str(error)
            except requests.RequestException:
                return HttpResponse(status=503)
            else:
                desk.end(sub=sub, sid=sid)
                return HttpResponse(headers={"Cache-Control": "no-store"})
        return HttpResponse(failure, status=400, content_type="text/plain")

    return cast("Callable[[HttpRequest], HttpResponse]", out)
