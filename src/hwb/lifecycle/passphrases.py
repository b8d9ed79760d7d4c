"""Passwords that are made for people: three words from checked lists, in the school's language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources

#: Three words of 2,048 or more: 33 bits at least. The hyphen is on the first page of every tablet's keyboard.
WORDS = 3
JOINT = "-"
LISTS = ("en", "cy")


def make(language: str, *, choose: Callable[[Sequence[str]], str]) -> str:
    """A password of three words, for example ``garlleg-tonnau-pensil``.

    language: a school's: cy, en, both (either list, drawn anew for each) or "" (English). choose: draws one of a
    sequence, each equally likely and unforeseeably: `secrets.choice`.
    """
    list_ = choose(LISTS) if language == "both" else language if language in LISTS else LISTS[0]
    return JOINT.join(choose(words(list_)) for _ in range(WORDS))


@cache
def words(language: str) -> tuple[str, ...]:
    """The words of one list, `en` or `cy` (made by tools.words)."""
    return _lines(f"{language}.txt")


@cache
def common_welsh() -> frozenset[str]:
    """Welsh passwords that everybody thinks of first, in small letters without spaces or accents."""
    return frozenset(_lines("common_cy.txt"))


def _lines(name: str) -> tuple[str, ...]:
    file = resources.files("hwb.lifecycle") / "words" / name
    return tuple(line for line in file.read_text("utf-8").splitlines() if line and line[0] != "#")
