"""The authorization request: the page between a service and Hwb. Only somebody with several posts sees it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from hwb.directory.queries import service_sign_ins as rows
from hwb.directory.queries.service_sign_ins import SchoolChoice
from hwb.operations import service_sign_ins, services
from hwb.operations.service_sign_ins import Beginning, NotAnyMore
from hwb.signin.oidc import anew, hints, pending
from hwb.signin.oidc import asked as requests
from hwb.signin.oidc.adapter import Adapter
from hwb.signin.oidc.asked import Asked, Refused, UnknownService
from hwb.signin.oidc.ways import ways_of
from hwb.web.forms import PageForm
from hwb.web.frame import name_in_language, show
from hwb.web.language import LANGUAGES, chosen_before
from hwb.web.page import PageRequest, is_signed_in, led_first, page
from hwb.web.policy import Action
from hwb.web.session import BEGAN, ends_of, place_of
from hwb.web.words import N_

#: A child's session on a shared device leaves nothing behind that works when the hour is over.
_OUTLASTING = frozenset({"offline_access"})


class SchoolForm(PageForm):
    """As whose member a person signs in."""

    school = forms.ChoiceField(label=N_("School"), widget=forms.RadioSelect(attrs={"verbatim": True}))
    errors_said: ClassVar = {"school": {"required": N_("Choose a school"), "invalid_choice": N_("Choose a school")}}


@csrf_exempt
@page(Action.OPEN, methods="GET POST")
def entry(request: PageRequest) -> HttpResponse:
    """The one address that services know: it leads to the page in the reader's language."""
    query = request.POST if request.method == "POST" else request.GET
    wanted = [each.split("-")[0].lower() for each in query.get("ui_locales", "").split()]
    language = next((each for each in wanted if each in LANGUAGES), None) or chosen_before(request) or "en"
    with translation.override(language):
        return HttpResponseRedirect(f"{reverse('authorize')}?{query.urlencode()}")


@page(Action.OPEN, methods="GET POST")
def authorize(request: PageRequest) -> HttpResponse:
    """Gives out a code, or says why not: on a page where the service is not known, else at the service's address."""
    try:
        asked = requests.read(request.GET)
        return _answer(request, asked)
    except UnknownService:
        return show(request, "signin/service_unknown.html", title=N_("This service is not known here"), status=400)
    except Refused as refused:
        if refused.asked is None:
            raise
        return _to_service(
            request, refused.asked.address(error=refused.code, error_description=refused.description, iss=_issuer())
        )


def _answer(request: PageRequest, asked: Asked) -> HttpResponse:
    silent = "none" in asked.prompt
    if not is_signed_in(request) or _must_sign_in_again(request, asked):
        if silent:
            raise Refused("login_required", "Nobody is signed in.", asked)
        return _to_sign_in(request, asked)
    if asked.id_token_hint and not _is_of(asked.id_token_hint, request, asked):
        raise Refused("login_required", "Somebody else is signed in.", asked)
    if (led := led_first(request)) is not None:
        if silent:
            raise Refused("interaction_required", "The person has to set up a second step or a password.", asked)
        pending.remember(request, asked.origin)
        return led
    choices = rows.choices(request.person.account, service=asked.service.service)
    if not choices:
        if silent:
            raise Refused("access_denied", "The service is not for this person.", asked)
        return show(
            request, "signin/service_not_yours.html", title=N_("Your school does not have this service"), status=403,
            service=asked.service, back=reverse("start"),
        )  # fmt: skip
    if len(choices) == 1:
        return _begin(request, asked, choices[0].school)
    if silent:
        raise Refused("interaction_required", "The person has to choose a school.", asked)
    return _choose(request, asked, choices)


def _choose(request: PageRequest, asked: Asked, choices: list[SchoolChoice]) -> HttpResponse:
    """Staff with several posts choose which (issue 6 point 5)."""
    form = SchoolForm.of(request)
    names = [(each.school, name_in_language(each.name_en, each.name_cy)[0] or each.school) for each in choices]
    form.fields["school"].choices = names  # type: ignore[attr-defined]
    pending.remember(request, asked.origin)
    if form.is_sent():
        return _begin(request, asked, form.cleaned_data["school"])
    return show(
        request, "signin/service_school.html", title=N_("Choose a school"), form=form, service=asked.service,
        back=reverse("start"),
    )  # fmt: skip


def _begin(request: PageRequest, asked: Asked, school: str) -> HttpResponse:
    began = datetime.fromtimestamp(float(request.session.get(BEGAN, time.time())), UTC)
    ends = ends_of(request)
    scopes = asked.scopes if ends is None else tuple(each for each in asked.scopes if each not in _OUTLASTING)
    beginning = Beginning(
        service=asked.service.service, client_id=asked.service.client_id, account=request.person.account,
        school=school, session=service_sign_ins.session_digest(request.session.session_key or ""),
        signed_in_at=began, ways=ways_of(request), scopes=scopes, ends=ends, place=place_of(request),
        code={
            "code": {"nonce": asked.nonce} if asked.nonce else {}, "redirect_uri": asked.redirect_uri,
            "pkce": {"code_challenge": asked.challenge, "code_challenge_method": "S256"},
        },
    )  # fmt: skip
    try:
        code = service_sign_ins.begin(beginning, at=datetime.now(UTC))
    except NotAnyMore:
        raise Refused("access_denied", "The person may not sign in any more.", asked) from None
    return _to_service(request, asked.address(code=code, iss=_issuer()))


def _to_sign_in(request: PageRequest, asked: Asked) -> HttpResponse:
    """By way of the sign-in page and back here. Whoever is signed in stays so until they have signed in anew."""
    pending.remember(request, asked.origin)
    following = f"{reverse('authorize')}?{asked.again()}"
    anew.ask(request, what=asked.digest, following=following)
    return HttpResponseRedirect(f"{reverse('sign-in')}?{urlencode({'next': following})}")


def _must_sign_in_again(request: PageRequest, asked: Asked) -> bool:
    """Unless the sign-in was made because of this very request."""
    if anew.is_given(request, asked.digest):
        return False
    if asked.prompt & {"login", "select_account"}:
        return True
    age = time.time() - float(request.session.get(BEGAN, 0))
    return asked.max_age is not None and age > asked.max_age


def _is_of(hint: str, request: PageRequest, asked: Asked) -> bool:
    """Whether the id token, which may have expired, was the person's at this service."""
    told = hints.read(hint)
    key = services.pairwise_key()
    own = key.identifier(request.person.account, sector=asked.service.sector)
    return told is not None and told.get("aud") == asked.service.client_id and told.get("sub") == own


def _issuer() -> str:
    return Adapter().get_issuer()


def _to_service(request: HttpRequest, address: str) -> HttpResponse:
    """The last step: what is pending is over."""
    pending.forget(request)
    anew.forget(request)
    response = HttpResponse(status=302)
    response["Location"] = address
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
