"""What the client says, in the language of ``--lang`` or of the computer."""

from __future__ import annotations

import os

from hwb.extract.texts import Text, render

DOMAIN = "client"


def language_of(option: str | None) -> str:
    """ "cy" or "en": the option, else the locale."""
    if option in ("cy", "en"):
        return option
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "cy" if locale.startswith("cy") else "en"


def say(message: str, *, language: str, **values: str | int) -> str:
    """A marked sentence of the client with its gaps filled."""
    return render(Text(message, values), language=language, domain=DOMAIN)
