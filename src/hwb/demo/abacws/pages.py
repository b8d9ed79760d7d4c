"""The service's addresses. Every page is in English and Welsh; what it says of a person is what Hwb told it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import OAuth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render as fill
from django.urls import path, re_path
from django.utils.translation import get_language_from_request
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from joserfc.errors import JoseError

from hwb.demo.abacws import BACK, BYE, OUT, SCOPES, START, log_outs
from hwb.demo.abacws.desk import Desk, SignedIn
from hwb.demo.telling import DOMAIN
from hwb.extract.texts import N_, Language, Text, render

ISSUER, CLIENT_ID = os.environ["ISSUER"], os.environ["CLIENT_ID"]
OWN = f"http://localhost:{os.environ['PORT']}"
STYLE = Path(__file__).with_name("style.css").read_bytes()
DESK = Desk()
_LANGUAGE, _KEY, _SAID = "language", "key", "said"
HWB = OAuth().register(
    "hwb", client_id=CLIENT_ID, client_secret=os.environ["CLIENT_SECRET"],
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_kwargs={"scope": " ".join(SCOPES), "code_challenge_method": "S256", "default_timeout": 10},
)  # fmt: skip
_WORDS = {
    "about": N_("This is not Hwb. It is a small service of its own, and people sign in to it with their Hwb account."),
    "sign_in": N_("Sign in with Hwb"),
    "sign_out": N_("Sign out"),
    "sign_out_hint": N_("Signs you out of Hwb too."),
    "told": N_("What Hwb says about the person (userinfo)"),
    "proof": N_("What Hwb says about the sign-in (id token)"),
    "name": N_("Name"),
    "value": N_("Value"),
}
_OUT = N_("You are signed out, here and at Hwb.")
_ENDED = N_("Hwb has signed you out of this service.")
_REFUSED = N_("Hwb did not sign you in: {code}")


@require_GET
def lead_home(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(f"/{_language(request)}/")


@require_GET
def home(request: HttpRequest, language: Language) -> HttpResponse:
    """Whoever is signed in with everything that was told of them, or the way in."""
    request.session[_LANGUAGE] = language
    key = request.session.get(_KEY, "")
    person = DESK.find(key)
    if key and person is None:
        del request.session[_KEY]
        request.session[_SAID] = [_ENDED, ""]
    said, code = request.session.pop(_SAID, ["", ""])
    words = {name: _say(message, language) for name, message in _WORDS.items()}
    heading = _say(N_("Signed in as {name}"), language, name=str(person.told["name"])) if person else "Abacws"
    return fill(request, "page.html", {
        "language": language, "words": words, "person": person, "heading": heading,
        "said": _say(said, language, code=code) if said else "",
        "told": _shown(person.told) if person else (), "proof": _shown(person.proof) if person else (),
        "other": ("en", "English") if language == "cy" else ("cy", "Cymraeg"),
    })  # fmt: skip


@require_GET
def sign_in(request: HttpRequest, language: Language | None = None) -> HttpResponse:
    """To Hwb; from the launcher's tile, too, which has no language."""
    chosen = request.session[_LANGUAGE] = language or _language(request)
    return cast("HttpResponse", HWB.authorize_redirect(request, OWN + BACK, ui_locales=chosen))


@require_GET
def back(request: HttpRequest) -> HttpResponse:
    """From Hwb, with a code or the reason why there is none."""
    try:
        person = _redeem(request)
    except (AuthlibBaseError, JoseError, requests.RequestException, _NotHwb) as error:
        request.session[_SAID] = [_REFUSED, str(getattr(error, "error", "") or type(error).__name__)]
        return lead_home(request)
    DESK.leave(request.session.get(_KEY, ""))
    request.session.cycle_key()
    request.session[_KEY] = DESK.take(person)
    return lead_home(request)


@require_POST
def sign_out(request: HttpRequest, language: Language) -> HttpResponse:
    """Here first, then at Hwb (RP-Initiated Logout), which leads back to `bye`."""
    person = DESK.leave(request.session.pop(_KEY, ""))
    if person is None:
        return HttpResponseRedirect(f"/{language}/")
    leading = HWB.logout_redirect(
        request, post_logout_redirect_uri=OWN + BYE, id_token_hint=person.id_token, ui_locales=language
    )
    return cast("HttpResponse", leading)


@require_GET
def bye(request: HttpRequest) -> HttpResponse:
    try:
        HWB.validate_logout_response(request)
        request.session[_SAID] = [_OUT, ""]
    except AuthlibBaseError:
        pass  # nobody signed out here: there is nothing to say
    return lead_home(request)


@csrf_exempt
@require_POST
def out(request: HttpRequest) -> HttpResponse:
    """Hwb says that somebody is out (Back-Channel Logout): 200 when it was heard, 400 for what Hwb did not say."""
    token, failure = request.POST.get("logout_token", ""), "keys"
    for afresh in (False, True):  # a key may be new
        try:
            sub, sid = log_outs.read(token, keys=HWB.fetch_jwk_set(force=afresh), issuer=ISSUER, client_id=CLIENT_ID)
        except log_outs.NotALogOut as error:
            failure = str(error)
        except requests.RequestException:
            return HttpResponse(status=503)
        else:
            DESK.end(sub=sub, sid=sid)
            return HttpResponse(headers={"Cache-Control": "no-store"})
    return HttpResponse(failure, status=400, content_type="text/plain")


@require_GET
def style(request: HttpRequest) -> HttpResponse:
    del request
    return HttpResponse(STYLE, content_type="text/css; charset=utf-8")


class _NotHwb(Exception):
    """The answer did not come from the Hwb that was asked."""

    error = "iss"


def _redeem(request: HttpRequest) -> SignedIn:
    """Whom the code stands for. Authlib checks state, PKCE, nonce and the id token; not yet who answers (RFC 9207)."""
    if request.GET.get("iss") != ISSUER:
        raise _NotHwb
    tokens = HWB.authorize_access_token(request)
    proof, told = dict(tokens["userinfo"]), dict(HWB.userinfo(token=tokens))
    if told.get("sub") != proof["sub"]:
        raise _NotHwb
    return SignedIn(proof["sub"], proof["sid"], tokens["id_token"], told, proof)


def _shown(claims: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in claims.items()
    ]


def _language(request: HttpRequest) -> Language:
    kept = request.session.get(_LANGUAGE) or get_language_from_request(request)
    return "cy" if kept == "cy" else "en"


def _say(message: str, language: Language, **values: str) -> str:
    return render(Text(message, values), language=language, domain=DOMAIN)


_IN_LANGUAGE = "(?P<language>en|cy)"
urlpatterns = [
    path("", lead_home),
    re_path(rf"^{_IN_LANGUAGE}/$", home),
    re_path(rf"^{_IN_LANGUAGE}/sign-in$", sign_in),
    re_path(rf"^{_IN_LANGUAGE}/sign-out$", sign_out),
    path(START[1:], sign_in),
    path(BACK[1:], back),
    path(BYE[1:], bye),
    path(OUT[1:], out),
    path("style.css", style),
]
