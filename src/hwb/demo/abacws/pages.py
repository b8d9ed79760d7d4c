"""The service's page, in English and Welsh; what it says of a person is what Hwb told it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as fill
from django.urls import re_path
from django.views.decorators.http import require_GET

from hwb.demo.abacws import SCOPES
from hwb.demo.party.door import IN_LANGUAGE, Door, frame, say
from hwb.extract.texts import N_, Language

DOOR = Door(scopes=SCOPES, folder=Path(__file__).parent)
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


@require_GET
def home(request: HttpRequest, language: Language) -> HttpResponse:
    """Whoever is signed in with everything that was told of them, or the way in."""
    person, said = DOOR.who(request, language)
    words = {name: say(message, language) for name, message in _WORDS.items()}
    heading = say(N_("Signed in as {name}"), language, name=str(person.told["name"])) if person else "Abacws"
    return fill(request, "page.html", {
        **frame(language), "words": words, "person": person, "heading": heading, "said": said,
        "told": _shown(person.told) if person else (), "proof": _shown(person.proof) if person else (),
    })  # fmt: skip


def _shown(claims: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in claims.items()
    ]


urlpatterns = [*DOOR.addresses(), re_path(rf"^{IN_LANGUAGE}/$", home)]
