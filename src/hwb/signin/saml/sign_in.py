"""The authentication request: the page between a SAML service and Hwb."""

from __future__ import annotations

import hashlib
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from hwb import clock
from hwb.directory.queries import service_sign_ins as rows
from hwb.directory.queries.service_sign_ins import SchoolChoice
from hwb.operations import saml_signatures, service_sign_ins
from hwb.operations.saml_messages import PERSISTENT
from hwb.operations.service_sign_ins import AnsweredBefore, Beginning, NotAnyMore
from hwb.signin.oidc import anew, pending
from hwb.signin.oidc.authorize import SchoolForm
from hwb.signin.oidc.ways import ways_of
from hwb.signin.saml import messages
from hwb.signin.saml.asked import Asked, Unbelievable, as_query, read_sign_in
from hwb.web.frame import name_in_language, show
from hwb.web.language import chosen_before
from hwb.web.page import PageRequest, is_signed_in, led_first, page
from hwb.web.policy import Action
from hwb.web.session import BEGAN, LONGEST, ends_of, place_of
from hwb.web.words import N_

_LOG = logging.getLogger(__name__)
_ANY_FORMAT = ("", PERSISTENT, "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified")


@csrf_exempt
@page(Action.OPEN, methods="GET POST")
def entry(request: PageRequest) -> HttpResponse:
    """The one address that services know, for both bindings: it leads to the page in the reader's language."""
    must_be_on()
    try:
        query = as_query(request.POST) if request.method == "POST" else request.META.get("QUERY_STRING", "")
    except Unbelievable as wrong:
        return unbelievable(request, wrong)
    with translation.override(chosen_before(request) or "en"):
        return HttpResponseRedirect(f"{reverse('saml')}?{query}")


@page(Action.OPEN, methods="GET POST")
def sign_in(request: PageRequest) -> HttpResponse:
    """Sends the browser back with a response, or says why not."""
    must_be_on()
    at = datetime.now(UTC)
    try:
        asked = read_sign_in(request.META.get("QUERY_STRING", ""), address=messages.sign_in_address(), at=at)
        return _answer(request, asked, at)
    except Unbelievable as wrong:
        return unbelievable(request, wrong)
    except AnsweredBefore:
        return show(request, "signin/service_again.html", title=N_("This link was used already"), status=400)


def unbelievable(request: PageRequest, wrong: Unbelievable) -> HttpResponse:
    """Nobody is led anywhere; the log has the reason, and nothing of the message."""
    _LOG.warning("SAML request refused: %s", wrong)
    return show(request, "signin/service_unknown.html", title=N_("This service is not known here"), status=400)


def must_be_on() -> None:
    """Not found where SAML is off."""
    if not saml_signatures.program():
        raise Http404


def _answer(request: PageRequest, asked: Asked, at: datetime) -> HttpResponse:
    if asked.format not in _ANY_FORMAT:
        return _refuse(request, asked, "InvalidNameIDPolicy", at)
    if not is_signed_in(request) or _must_sign_in_again(request, asked):
        return _refuse(request, asked, "NoPassive", at) if asked.passive else _to_sign_in(request, asked)
    if (led := led_first(request)) is not None:
        return _refuse(request, asked, "NoPassive", at) if asked.passive else led
    choices = rows.choices(request.person.account, service=asked.message.service.service)
    if not choices:
        return _not_theirs(request, asked, at)
    authn_class = messages.class_for(asked, ways_of(request))
    if not authn_class:
        return _refuse(request, asked, "NoAuthnContext", at)
    if len(choices) == 1:
        return _respond(request, asked, choices[0].school, authn_class, at)
    return _choose(request, asked, choices, authn_class, at)


def _not_theirs(request: PageRequest, asked: Asked, at: datetime) -> HttpResponse:
    if asked.passive:
        return _refuse(request, asked, "RequestDenied", at)
    return show(
        request, "signin/service_not_yours.html", title=N_("Your school does not have this service"), status=403,
        service=asked.message.service, back=reverse("start"),
    )  # fmt: skip


def _choose(
    request: PageRequest, asked: Asked, choices: list[SchoolChoice], authn_class: str, at: datetime
) -> HttpResponse:
    """Staff with several posts choose which (issue 6 point 5)."""
    if asked.passive:
        return _refuse(request, asked, "NoPassive", at)
    form = SchoolForm.of(request)
    names = [(each.school, name_in_language(each.name_en, each.name_cy)[0] or each.school) for each in choices]
    form.fields["school"].choices = names  # type: ignore[attr-defined]
    if form.is_sent():
        return _respond(request, asked, form.cleaned_data["school"], authn_class, at)
    return show(
        request, "signin/service_school.html", title=N_("Choose a school"), form=form, service=asked.message.service,
        back=reverse("start"),
    )  # fmt: skip


def _respond(request: PageRequest, asked: Asked, school: str, authn_class: str, at: datetime) -> HttpResponse:
    service = asked.message.service
    began = datetime.fromtimestamp(float(request.session.get(BEGAN, time.time())), UTC)
    child_ends = ends_of(request)
    beginning = Beginning(
        service=service.service, client_id=service.client_id, account=request.person.account, school=school,
        session=service_sign_ins.session_digest(request.session.session_key or ""), signed_in_at=began,
        ways=ways_of(request), scopes=service.scopes, code={}, ends=child_ends, place=place_of(request),
    )  # fmt: skip
    try:
        made = service_sign_ins.begin_once(beginning, request=asked.message.id, at=at)
    except NotAnyMore:
        return _refuse(request, asked, "RequestDenied", at)
    row = rows.find(made, today=clock.today())
    if row is None or not row.stands:  # let go in this very moment
        return _refuse_again(request, asked, "RequestDenied", at)
    ends = began + timedelta(seconds=LONGEST)
    if child_ends is not None:
        ends = min(ends, child_ends)
    return _to_service(
        request, asked, messages.response(asked, row, authn_class=authn_class, ends=ends, at=at, on=clock.today())
    )


def _refuse(request: PageRequest, asked: Asked, code: str, at: datetime) -> HttpResponse:
    service_sign_ins.answer_once(client_id=asked.message.service.client_id, request=asked.message.id, at=at)
    return _refuse_again(request, asked, code, at)


def _refuse_again(request: PageRequest, asked: Asked, code: str, at: datetime) -> HttpResponse:
    return _to_service(request, asked, messages.refusal(asked, code, at=at))


def _to_service(request: PageRequest, asked: Asked, response: str) -> HttpResponse:
    """A form that sends itself, with a button where there is no script. What is pending is over."""
    pending.forget(request)
    anew.forget(request)
    shown: Any = show(
        request, "signin/saml_response.html", title=N_("You are being taken to the service"),
        consumer=asked.consumer, response=response, relay_state=asked.relay_state, service=asked.message.service,
    )  # fmt: skip
    shown._csp_update = {"form-action": [asked.origin]}  # as csp_update() does
    shown["Referrer-Policy"] = "no-referrer"
    return shown  # type: ignore[no-any-return]


def _to_sign_in(request: PageRequest, asked: Asked) -> HttpResponse:
    """By way of the sign-in page and back here. Whoever is signed in stays so until they have signed in anew."""
    pending.remember(request, asked.origin)
    following = f"{reverse('saml')}?{request.META.get('QUERY_STRING', '')}"
    anew.ask(request, what=_digest(asked), following=following)
    return HttpResponseRedirect(f"{reverse('sign-in')}?{urlencode({'next': following})}")


def _must_sign_in_again(request: PageRequest, asked: Asked) -> bool:
    """ForceAuthn: unless the sign-in was made because of this very request."""
    return asked.force and not anew.is_given(request, _digest(asked))


def _digest(asked: Asked) -> str:
    return hashlib.sha256(f"{asked.message.service.client_id}\n{asked.message.id}".encode()).hexdigest()
