"""A service signs somebody out of Hwb (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from django.contrib.auth import logout
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from hwb import clock
from hwb.directory.queries import service_sign_ins as rows
from hwb.directory.queries import services
from hwb.operations import service_sign_ins
from hwb.signin.oidc import hints, pending
from hwb.web.frame import show
from hwb.web.language import LANGUAGES, chosen_before, is_switch
from hwb.web.page import PageRequest, is_signed_in, page
from hwb.web.policy import Action
from hwb.web.words import N_


@dataclass(frozen=True, slots=True)
class _Asked:
    """sign_in: what the id token names, None without one of ours. address: where to lead to after, empty: to us."""

    sign_in: rows.SignInRow | None
    address: str


@csrf_exempt
@page(Action.OPEN, methods="GET POST")
def entry(request: PageRequest) -> HttpResponse:
    """The one address that services know: it leads to the page in the reader's language."""
    query = request.POST if request.method == "POST" else request.GET
    wanted = [each.split("-")[0].lower() for each in query.get("ui_locales", "").split()]
    language = next((each for each in wanted if each in LANGUAGES), None) or chosen_before(request) or "en"
    with translation.override(language):
        return HttpResponseRedirect(f"{reverse('service-sign-out')}?{query.urlencode()}")


@page(Action.OPEN, methods="GET POST")
def sign_out(request: PageRequest) -> HttpResponse:
    """Signs out at once who comes from a service that they are signed in to here; anybody else is asked first."""
    asked = _read(request)
    if not is_signed_in(request):
        return _onwards(request, asked)
    session = service_sign_ins.session_digest(request.session.session_key or "")
    own = asked.sign_in is not None and service_sign_ins.is_of_session(asked.sign_in.sign_in, session=session)
    if own or (request.method == "POST" and not is_switch(request)):
        logout(request)
        return _onwards(request, asked)
    if asked.address:
        parts = urlsplit(asked.address)
        pending.remember(request, f"{parts.scheme}://{parts.netloc}")
    return show(
        request, "signin/service_sign_out.html", title=N_("Sign out of Hwb?"), back=reverse("start"),
        button=N_("Sign out"),
    )  # fmt: skip


def _read(request: PageRequest) -> _Asked:
    """A redirect address counts only as a whole, of the service that the id token or the client id names."""
    query = request.GET
    told = hints.read(query["id_token_hint"]) if query.get("id_token_hint") else None
    client_id = str(told["aud"]) if told else query.get("client_id", "")
    if told and query.get("client_id", client_id) != client_id:
        told, client_id = None, ""
    service = services.of_client(client_id)
    address = query.get("post_logout_redirect_uri", "")
    if service is None or address not in service.after_logout_uris:
        address = ""
    elif state := query.get("state"):
        address += ("&" if urlsplit(address).query else "?") + urlencode({"state": state[:1000]})
    return _Asked(rows.find(told["sid"], today=clock.today()) if told else None, address)


def _onwards(request: PageRequest, asked: _Asked) -> HttpResponse:
    pending.forget(request)
    response = HttpResponse(status=302)
    response["Location"] = asked.address or reverse("sign-in")
    response["Clear-Site-Data"] = '"cache", "storage"'
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
