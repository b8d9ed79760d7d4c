"""Made passwords and the word lists that they come from."""

from __future__ import annotations

import itertools
import math
import re
import secrets
from collections.abc import Sequence

import pytest
from tools import words as tool

from hwb.lifecycle import passphrases
from hwb.lifecycle.passwords import SHORTEST, weakness
from hwb.operations.passwords import choosing

LISTS = {language: passphrases.words(language) for language in ("en", "cy")}


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_list_keeps_its_rules(language: str) -> None:
    """2,048 words or more, each once, four to eight plain letters, none that was left out, none the start of another."""
    words = LISTS[language]
    assert len(words) == len(set(words)) >= 2_048
    assert all(re.fullmatch("[a-z]{4,8}", word) for word in words)
    assert not set(words) & tool.left_out(language)
    assert not [after for word, after in itertools.pairwise(words) if after.startswith(word)]
    assert len({tool.shape(word) for word in words}) == len(words)
    assert list(tool.faults(language)) == []


def test_the_tool_takes_only_what_passes() -> None:
    """One planted fault of each kind."""
    offered = ["afal", "afalau", "tŷ", "Bala", "ci", "clown", "down", "llong", "llong", "gormesol1", "hirachhir"]
    assert tool.choose(offered, frozenset({"llong"})) == ["afal", "clown"]


def test_three_words_are_33_bits() -> None:
    """Of each list, drawn independently."""
    assert all(passphrases.WORDS * math.log2(len(words)) >= 33 for words in LISTS.values())


@pytest.mark.parametrize(("language", "lists"), [("cy", ["cy"]), ("en", ["en"]), ("", ["en"]), ("both", ["en", "cy"])])
def test_a_password_is_three_words_of_the_schools_language(language: str, lists: list[str]) -> None:
    """A school of both languages draws the list anew for each password, and does not mix them."""
    seen = set()
    for _ in range(200):
        password = passphrases.make(language, choose=secrets.choice)
        parts = password.split("-")
        (used,) = [name for name in lists if set(parts) <= set(LISTS[name])][:1]
        seen.add(used)
        assert len(parts) == 3
        assert len(password) >= SHORTEST
    assert seen == set(lists)


def test_every_word_is_drawn_by_the_chooser() -> None:
    """Nothing but `choose` decides: the first of everything, then the last."""

    def last(items: Sequence[str]) -> str:
        return items[-1]

    assert passphrases.make("cy", choose=last) == "-".join([LISTS["cy"][-1]] * 3)


def test_a_made_password_would_be_taken_from_a_person_too() -> None:
    """The rules for chosen ones refuse none that is made."""
    for _ in range(200):
        made = passphrases.make("both", choose=secrets.choice)
        assert weakness(made, names=(), common=choosing.common()) is None or len(set(made.split("-"))) < 3


def test_well_known_passwords_are_known_in_both_languages() -> None:
    """A thousand and more, in the form in which they are compared."""
    known = choosing.common()
    assert len(known) > 1_000
    assert len(passphrases.common_welsh()) > 200
    assert {"password", "dragon", "cyfrinair", "cymruambyth", "penblwyddhapus"} <= known
    assert all(re.fullmatch("[a-z]{4,}", word) for word in passphrases.common_welsh())
