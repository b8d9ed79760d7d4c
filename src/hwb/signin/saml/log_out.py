"""A SAML service signs somebody out of Hwb (front channel): here, and with that at every service they went to."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib.auth import logout
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from hwb import clock
from hwb.directory.queries import service_sign_ins as rows
from hwb.operations import service_sign_ins
from hwb.operations.saml_descriptions import POST, REDIRECT
from hwb.operations.service_sign_ins import AnsweredBefore
from hwb.signin.oidc import claims
from hwb.signin.saml import messages
from hwb.signin.saml.asked import A, Message, P, Unbelievable, as_query, read_log_out
from hwb.signin.saml.sign_in import must_be_on, unbelievable
from hwb.web.language import chosen_before
from hwb.web.page import PageRequest, is_signed_in, page
from hwb.web.policy import Action


@csrf_exempt
@page(Action.OPEN, methods="GET POST")
def entry(request: PageRequest) -> HttpResponse:
    """The one address that services know, for both bindings: it leads to where the session's cookie comes along."""
    must_be_on()
    try:
        query = as_query(request.POST) if request.method == "POST" else request.META.get("QUERY_STRING", "")
    except Unbelievable as wrong:
        return unbelievable(request, wrong)
    with translation.override(chosen_before(request) or "en"):
        return HttpResponseRedirect(f"{reverse('saml-sign-out')}?{query}")


@page(Action.OPEN)
def sign_out(request: PageRequest) -> HttpResponse:
    """Ends the session whose sign-in the request names, and answers at the service's own address."""
    must_be_on()
    at = datetime.now(UTC)
    try:
        message, state = read_log_out(request.META.get("QUERY_STRING", ""), address=messages.log_out_address(), at=at)
        service_sign_ins.answer_once(client_id=message.service.client_id, request=message.id, at=at)
        named = _named(message)
    except (Unbelievable, AnsweredBefore) as wrong:
        return unbelievable(request, Unbelievable(str(wrong)))
    session = service_sign_ins.session_digest(request.session.session_key or "")
    if is_signed_in(request) and any(service_sign_ins.is_of_session(each, session=session) for each in named):
        logout(request)
    service_sign_ins.end(*named)
    return _back(message, state, at)


def _named(message: Message) -> list[UUID]:
    """The sign-ins that the request names: of this service, and of the person with this NameID."""
    name = message.root.find(f"{A}NameID")
    told = "" if name is None else (name.text or "").strip()
    found = []
    for each in message.root.findall(f"{P}SessionIndex"):
        try:
            row = rows.find(UUID((each.text or "").strip()), today=clock.today())
        except ValueError:
            continue
        if row is not None and row.client_id == message.service.client_id and claims.subject(row) == told:
            found.append(row.sign_in)
    return found


def _back(message: Message, state: str, at: datetime) -> HttpResponse:
    places = {place.binding: place.answers for place in message.description.log_outs}
    address = places.get(REDIRECT) or places.get(POST)
    response = HttpResponse(status=302)
    if address is None:
        response["Location"] = reverse("sign-in")
    else:
        joint = "&" if urlsplit(address).query else "?"
        response["Location"] = f"{address}{joint}{messages.log_out_query(message, address, state, at=at)}"
    response["Clear-Site-Data"] = '"cache", "storage"'
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
