"""The language of a page: the first part of its address (ux.md 13.1)."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from hwb.api.texts import preferred
from hwb.extract.texts import Language

COOKIE_AGE = 365 * 24 * 60 * 60
#: The name of the button that submits a form in the other language without having it checked.
SWITCH = "switch-language"
LANGUAGES: tuple[Language, ...] = ("en", "cy")


class LanguageMiddleware:
    """Speaks the address's language while the request is answered, and remembers it for the next visit."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        stated = language_in(request.path_info)
        language = stated or chosen_before(request) or "en"
        with translation.override(language):
            response = self._get_response(request)
        if stated is not None:
            response.headers.setdefault("Content-Language", stated)
            if request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) != stated and response.status_code < 400:
                response.set_cookie(
                    settings.LANGUAGE_COOKIE_NAME,
                    stated,
                    max_age=COOKIE_AGE,
                    secure=settings.SESSION_COOKIE_SECURE,
                    httponly=True,
                    samesite="Lax",
                )
        return response


def language_in(path: str) -> Language | None:
    """The language in an address, "/cy/school/…"; None when it states none."""
    first = path.lstrip("/").split("/", 1)[0]
    return "cy" if first == "cy" else "en" if first == "en" else None


def chosen_before(request: HttpRequest) -> Language | None:
    """What the cookie says, else what the browser prefers, else None."""
    cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if cookie in LANGUAGES:
        return "cy" if cookie == "cy" else "en"
    return preferred(request)


def in_language(address: str, language: Language) -> str:
    """The same page in a language, filters included. An address without a language is given back as it is."""
    stated = language_in(address)
    return address if stated is None else f"/{language}{address[3:]}"


def is_switch(request: HttpRequest) -> bool:
    """Whether the form was sent only to be shown in the other language: nothing is checked, nothing is done."""
    return request.method == "POST" and SWITCH in request.POST
