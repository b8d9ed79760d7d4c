"""What the client says, in the language of ``--lang`` or of the computer."""

from __future__ import annotations

import locale
import os

from hwb.client.faults import WrongUse
from hwb.extract.texts import N_, Language, Text, Value, render

DOMAIN = "client"


def language_of(option: str | None) -> Language:
    """ "cy" or "en": the option, else the locale; English for any other."""
    if option in ("cy", "en"):
        return "cy" if option == "cy" else "en"
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return "cy" if os.environ[name].lower().startswith("cy") else "en"
    name = locale.getlocale()[0] or ""  # Windows names its language here and nowhere else
    return "cy" if name.lower().startswith(("cy", "welsh")) else "en"


def check_language(option: str | None) -> None:
    """Raises WrongUse for a language that the client does not speak."""
    if option not in (None, "en", "cy"):
        raise WrongUse(Text(N_("--lang takes en or cy.")))


def say(message: str, *, language: Language, **values: Value) -> str:
    """A marked sentence of the client with its gaps filled."""
    return render(Text(message, values), language=language, domain=DOMAIN)
