"""Which of the two languages a request asks for."""

from __future__ import annotations

from django.http import HttpRequest

from hwb.extract.texts import Language

_LONGEST_HEADER = 200


def language_of(request: HttpRequest) -> Language:
    """Welsh when it is preferred by Accept-Language, else English."""
    return preferred(request) or "en"


def preferred(request: HttpRequest) -> Language | None:
    """The one of the two that Accept-Language prefers; None when it names neither."""
    best: tuple[float, Language | None] = (0.0, None)
    for part in request.headers.get("Accept-Language", "")[:_LONGEST_HEADER].split(","):
        name, _, parameters = part.strip().partition(";")
        short = name.strip().lower()[:2]
        if short in ("en", "cy") and (weight := _weight(parameters)) > best[0]:
            best = (weight, "cy" if short == "cy" else "en")
    return best[1]


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
