"""In and out of a service: the same for each of the demo's own. Every page is in English and Welsh."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, re_path
from django.utils.translation import get_language_from_request
from django.views.decorators.http import require_GET, require_POST

from hwb.demo.party import BACK, BYE, OUT, START, signing
from hwb.demo.party.desk import Desk, SignedIn
from hwb.demo.telling import DOMAIN
from hwb.extract.texts import N_, Language, Text, render

_LANGUAGE, _KEY, _SAID = "language", "key", "said"
_OUT = N_("You are signed out, here and at Hwb.")
_ENDED = N_("Hwb has signed you out of this service.")
_REFUSED = N_("Hwb did not sign you in: {code}")
IN_LANGUAGE = "(?P<language>en|cy)"


class Door:
    """One service's. scopes: what Hwb is to tell of a person; folder: where its style is."""

    def __init__(self, *, scopes: Sequence[str], folder: Path) -> None:
        self.desk = Desk()
        self._scopes, self._style = scopes, (folder / "style.css").read_bytes()

    def who(self, request: HttpRequest, language: Language) -> tuple[SignedIn | None, str]:
        """Whoever is signed in, and what is to be said about signing in, once."""
        request.session[_LANGUAGE] = language
        key = request.session.get(_KEY, "")
        person = self.desk.find(key)
        if key and person is None:
            del request.session[_KEY]
            request.session[_SAID] = [_ENDED, ""]
        said, code = request.session.pop(_SAID, ["", ""])
        return person, say(said, language, code=code) if said else ""

    def addresses(self) -> list[URLPattern]:
        """All but the service's own pages."""
        return [
            path("", require_GET(lead_home)),
            re_path(rf"^{IN_LANGUAGE}/sign-in$", require_GET(self._sign_in)),
            re_path(rf"^{IN_LANGUAGE}/sign-out$", require_POST(self._sign_out)),
            path(START[1:], require_GET(self._sign_in)),
            path(BACK[1:], require_GET(self._back)),
            path(BYE[1:], require_GET(self._bye)),
            path(OUT[1:], signing.out_of(self.desk)),
            path("style.css", require_GET(self._tell_style)),
        ]

    def _sign_in(self, request: HttpRequest, language: Language | None = None) -> HttpResponse:
        """To Hwb; from the launcher's tile, too, which has no language."""
        chosen = request.session[_LANGUAGE] = language or language_of(request)
        return signing.lead_in(request, self._scopes, chosen)

    def _back(self, request: HttpRequest) -> HttpResponse:
        """From Hwb, with a code or the reason why there is none."""
        try:
            person = signing.redeem(request)
        except signing.Refused as error:
            request.session[_SAID] = [_REFUSED, str(error)]
            return lead_home(request)
        self.desk.leave(request.session.get(_KEY, ""))
        request.session.cycle_key()
        request.session[_KEY] = self.desk.take(person)
        return lead_home(request)

    def _sign_out(self, request: HttpRequest, language: Language) -> HttpResponse:
        """Here first, then at Hwb (RP-Initiated Logout), which leads back to `_bye`."""
        person = self.desk.leave(request.session.pop(_KEY, ""))
        if person is None:
            return HttpResponseRedirect(f"/{language}/")
        return signing.lead_out(request, person, language)

    def _bye(self, request: HttpRequest) -> HttpResponse:
        if signing.has_signed_out(request):
            request.session[_SAID] = [_OUT, ""]
        return lead_home(request)

    def _tell_style(self, request: HttpRequest) -> HttpResponse:
        del request
        return HttpResponse(self._style, content_type="text/css; charset=utf-8")


def lead_home(request: HttpRequest) -> HttpResponse:
    """To the first page in the visitor's language."""
    return HttpResponseRedirect(f"/{language_of(request)}/")


def frame(language: Language) -> dict[str, Any]:
    """What every page needs: its language, and the other one with its name."""
    return {"language": language, "other": ("en", "English") if language == "cy" else ("cy", "Cymraeg")}


def say(message: str, language: Language, **values: str) -> str:
    """A sentence of the demo in the page's language."""
    return render(Text(message, values), language=language, domain=DOMAIN)


def language_of(request: HttpRequest) -> Language:
    """The one that the visitor chose, else the browser's."""
    kept = request.session.get(_LANGUAGE) or get_language_from_request(request)
    return "cy" if kept == "cy" else "en"
