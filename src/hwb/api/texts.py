"""Which of the two languages a request asks for."""

from __future__ import annotations

from django.http import HttpRequest

from hwb.extract.texts import Language


def language_of(request: HttpRequest) -> Language:
    """Welsh when it is preferred by Accept-Language, else English."""
    best: tuple[float, Language] = (0.0, "en")
    for part in request.headers.get("Accept-Language", "")[:200].split(","):
        name, _, parameters = part.strip().partition(";")
        short = name.strip().lower()[:2]
        if short in ("en", "cy"):
            weight = _weight(parameters)
            if weight > best[0]:
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
