"""Sentences that people read, in English and Welsh, through the standard library's gettext.

Code carries a `Text`: the English sentence with named gaps, marked by `N_`, and the values of its gaps.
Only where it is shown is it rendered, in the reader's language. Catalogues are
`hwb/locale/cy/LC_MESSAGES/<domain>.po`, one domain a package: extract, lifecycle, client, demo,
web, signin, portal; the rest is server.
"""

from __future__ import annotations

import gettext as stdlib_gettext
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from hwb.extract.catalogue import compile_catalogue

Language = Literal["en", "cy"]


@dataclass(frozen=True, slots=True)
class Both:
    """A value with a form of its own in each language: a school's name, a date, a sentence of another catalogue."""

    en: str
    cy: str

    def said(self, language: str) -> str:
        return self.cy if language == "cy" else self.en


Value = str | int | Both

NO_VALUES: Mapping[str, Value] = MappingProxyType({})


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for the marker
    """Marks a sentence for the catalogues and returns it unchanged."""
    return message


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence to be rendered later.

    message: English, marked by N_, gaps as {name}. values: what stands in the gaps.
    plural: English for more than one, also marked by N_; the form is chosen by `values["count"]`.
    """

    message: str
    values: Mapping[str, Value] = field(default_factory=dict)
    plural: str | None = None

    def __hash__(self) -> int:
        return hash((self.message, self.plural, tuple(sorted(self.values.items()))))


def ngettext(message: str, plural: str, count: int, **values: Value) -> Text:
    """A sentence that depends on a number: English for one and for more, Welsh in its six forms.

    The number itself stands in the gap {count}.
    """
    return Text(message, {"count": count, **values}, plural)


def render(text: Text, *, language: str, domain: str) -> str:
    """The sentence in `language` ("cy", or English for any other), from the catalogue `domain`.

    A sentence without a translation is rendered in English; `make check` lets none be missing.
    Raises KeyError when a gap has no value.
    """
    sentence = unfilled(text, language=language, domain=domain)
    return sentence.format_map(_said(text.values, language)) if text.values else sentence


def _said(values: Mapping[str, Value], language: str) -> Mapping[str, str | int]:
    return {name: value.said(language) if isinstance(value, Both) else value for name, value in values.items()}


def unfilled(text: Text, *, language: str, domain: str) -> str:
    """The sentence in `language` with its gaps still open, for pages that escape what goes into them."""
    if text.plural is None:
        return _translations(domain, language).gettext(text.message)
    return _translations(domain, language).ngettext(text.message, text.plural, int(str(text.values["count"])))


def has_sentence(text: Text, *, language: str, domain: str) -> bool:
    """Whether the catalogue `domain` has the sentence in `language`."""
    catalogue: Mapping[object, str] = getattr(_translations(domain, language), "_catalog", {})
    return (text.message if text.plural is None else (text.message, 0)) in catalogue


def translate(message: str, *, language: str, domain: str) -> str:
    """A marked sentence without gaps in `language`."""
    return render(Text(message, NO_VALUES), language=language, domain=domain)


@cache
def _translations(domain: str, language: str) -> stdlib_gettext.NullTranslations:
    if language != "cy":
        return stdlib_gettext.NullTranslations()
    folder = resources.files("hwb") / "locale" / language / "LC_MESSAGES"
    source = folder / f"{domain}.po"
    if source.is_file():
        compiled = compile_catalogue(source.read_text("utf-8"))
    elif (folder / f"{domain}.mo").is_file():
        compiled = (folder / f"{domain}.mo").read_bytes()
    else:
        return stdlib_gettext.NullTranslations()
    return stdlib_gettext.GNUTranslations(io.BytesIO(compiled))
