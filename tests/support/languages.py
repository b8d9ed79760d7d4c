"""Does a page speak one language? English on a Welsh page, and the reverse: axe does not notice (issue 5, Proof)."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from lxml import html

import hwb
from hwb.extract.catalogue import read_catalogue

_CATALOGUES = Path(hwb.__file__).parent / "locale/cy/LC_MESSAGES"
_SAID = ("title", "aria-label", "alt", "placeholder", "data-label", "data-show", "data-hide")
#: Words of one language that the other does not have, however short a text is.
_TELLING = {
    "en": frozenset(
        [
            "the",
            "and",
            "your",
            "you",
            "with",
            "this",
            "that",
            "have",
            "has",
            "not",
            "was",
            "were",
            "are",
            "from",
            "which",
            "there",
            "when",
            "what",
            "for",
            "been",
        ]
    ),
    "cy": frozenset(
        [
            "mae",
            "nid",
            "yn",
            "yr",
            "eich",
            "gyda",
            "neu",
            "wedi",
            "chi",
            "nad",
            "oes",
            "heb",
            "sydd",
            "hwn",
            "hon",
            "ei",
            "eu",
            "rhowch",
            "cyfrif",
            "dysgwyr",
        ]
    ),
}
#: Sentences that both languages may share with a name, a unit or a borrowed word.
_LEAST = 4


def foreign_texts(page: str | bytes, language: str) -> list[str]:
    """Texts of a page in `language` that are the other language's: sentences of our catalogues, and telling words.

    Parts marked by another `lang` (names of schools) and by translate="no" are left out.
    """
    other = "en" if language == "cy" else "cy"
    tree = html.fromstring(page)
    found = []
    for text in _texts(tree, language):
        words = re.findall(r"[\w'’]+", text.casefold())
        if _is_sentence(text, other) or any(word in _TELLING[other] for word in words):
            found.append(text)
    return found


def _texts(element: html.HtmlElement, language: str) -> list[str]:
    if not isinstance(element.tag, str) or element.tag in ("script", "style"):
        return []
    if element.get("lang", language) != language or element.get("translate") == "no":
        return []
    found = [element.get(name, "") for name in _SAID] + [element.text or ""]
    for child in element:
        found += _texts(child, language)
        found.append(child.tail or "")
    return [" ".join(text.split()) for text in found if text.strip()]


def _is_sentence(text: str, language: str) -> bool:
    whole, patterns = _sentences(language)
    return text in whole or any(pattern.fullmatch(text) for pattern in patterns)


@cache
def _sentences(language: str) -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """Every sentence of all catalogues in a language that is another in the other, whole and with its gaps."""
    whole, patterns = set(), []
    for path in sorted(_CATALOGUES.glob("*.po")):
        for entry in read_catalogue(path.read_text("utf-8"))[1:]:
            english = [entry.message, *([entry.plural] if entry.plural else [])]
            welsh = list(entry.forms.values())
            ours, theirs = (english, welsh) if language == "en" else (welsh, english)
            for text in ours:
                if text in theirs or len(re.sub(r"\{\w*\}|\W", "", text)) < _LEAST:
                    continue
                if "{" in text:
                    parts = re.split(r"\{\w*\}", text)
                    if max(len(part.strip()) for part in parts) >= 8:
                        patterns.append(re.compile(".+".join(map(re.escape, parts))))
                else:
                    whole.add(text)
    both = whole & _other_sentences(language)
    return frozenset(whole - both), tuple(patterns)


def _other_sentences(language: str) -> set[str]:
    found: set[str] = set()
    for path in sorted(_CATALOGUES.glob("*.po")):
        for entry in read_catalogue(path.read_text("utf-8"))[1:]:
            found |= set(entry.forms.values()) if language == "en" else {entry.message, entry.plural or ""}
    return found
