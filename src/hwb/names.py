"""People's names as keys: for searching, for sorting in English and Welsh, and for near spellings (ux.md 13.3).

The database has neither Welsh sorting nor accent removal, so keys are worked out here and stored as plain text that
sorts right by its bytes (COLLATE "C"). Names themselves are never changed.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal, NamedTuple

Language = Literal["en", "cy"]

#: The letters of the index above a list, in order.
ALPHABETS: dict[Language, tuple[str, ...]] = {
    "en": tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    "cy": (*"ABC", "Ch", "D", "Dd", "E", "F", "Ff", "G", "Ng", *"HIJKL", "Ll", *"MNOP", "Ph", "Q", "R", "Rh", "S", "T",
           "Th", *"UVWXYZ"),
}  # fmt: skip
#: The letter of names that begin with none of an alphabet's.
OTHER = "#"
#: Parts of names in which a pair is two letters, with a bar between them. Others use the pair as one letter.
TWO_LETTERS = (
    "ban|gor", "ben|gough", "clap|ham", "glan|gors", "llan|gefni", "llan|gollen", "pen|gelley", "pen|gelli",
    "pen|gelly", "pen|gilly", "pen|gwern", "shep|hard", "shep|herd", "up|ham",
)  # fmt: skip

# A letter of two characters stands as its place in the alphabet says: after every other c, before every d.
# "ng" comes after g. "~" is behind all letters and digits.
_PAIRS = (
    ("ch", "c~"), ("dd", "d~"), ("ff", "f~"), ("ng", "g~"), ("ll", "l~"), ("ph", "p~"), ("rh", "r~"), ("th", "t~"),
)  # fmt: skip
_LETTERS_OF_PAIRS = {code: pair.capitalize() for pair, code in _PAIRS}
_EXCEPTIONS = {part.replace("|", ""): tuple(part.split("|")) for part in TWO_LETTERS}
#: Letters whose accent is not a sign of its own, and apostrophes that Unicode takes for letters.
_PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "þ": "th", "æ": "ae", "œ": "oe", "ʼ": "'", "ʻ": "'"}
)
_MANY = 1 << 15


class _Name(NamedTuple):
    """One surname or forename: its parts for searching, its keys without accents, and itself where those lose some."""

    search: str
    near: str
    en: str
    cy: str
    exact: str


def keys(
    legal_surname: str, legal_forename: str, preferred_surname: str = "", preferred_forename: str = ""
) -> dict[str, str]:
    """What is stored beside a person: ``search_key`` and ``near_key`` of all names, ``sort_en`` and ``sort_cy`` of
    those that are shown (preferred before legal).
    """
    surname, forename = _name(preferred_surname or legal_surname), _name(preferred_forename or legal_forename)
    search, near = surname.search + forename.search, surname.near + forename.near
    for shown, legal in ((preferred_surname, legal_surname), (preferred_forename, legal_forename)):
        if shown and shown != legal:
            search, near = search + _name(legal).search, near + _name(legal).near
    ends = f" {surname.exact} {forename.exact}" if surname.exact or forename.exact else ""
    return {
        "search_key": search,
        "sort_en": f"{surname.en} {forename.en}{ends}",
        "sort_cy": f"{surname.cy} {forename.cy}{ends}",
        "near_key": near,
    }


def sort_key(surname: str, forename: str, language: Language) -> str:
    """Orders people: surname, forename, and only then accents, apostrophes and hyphens."""
    return keys(surname, forename)[f"sort_{language}"]


def search_key(*names: str) -> str:
    """The stored parts of these names. A term finds them when ``" " + term`` stands in the key.

    "Mary-Ann" has the parts "maryann" and "ann", so that it is found with the hyphen, without, and by its second part.
    """
    return "".join(_name(name).search for name in names)


def near_key(*names: str) -> str:
    """As :func:`search_key`, of sounds instead of letters: Llewelyn and Llywelyn have one key."""
    return "".join(_name(name).near for name in names)


def search_terms(text: str) -> tuple[str, ...]:
    """What was typed as terms of letters and digits; every one must begin a part of a name that it finds."""
    return tuple(term for word in text.split() if (term := "".join(_words(word))))


def near_terms(text: str) -> tuple[str, ...]:
    """The sounds of :func:`search_terms`, in their order; each must be a whole part of a near key."""
    return tuple(_sound(term) for term in search_terms(text))


def letter(name: str, language: Language) -> str:
    """The letter of the index under which a name stands: "Ch" for Chappell in Welsh, "C" in English."""
    name_ = _name(name)
    return letter_of_key(name_.cy if language == "cy" else name_.en)


def letter_of_key(key: str) -> str:
    """As :func:`letter`, from a sort key of either language."""
    first = _LETTERS_OF_PAIRS.get(key[:2]) or key[:1].upper()
    return first if first in ALPHABETS["cy"] or first in ALPHABETS["en"] else OTHER


@lru_cache(maxsize=_MANY)
def _name(name: str) -> _Name:
    words = _words(name)
    joined = tuple("".join(words[at:]) for at in range(len(words)))
    return _Name(
        "".join(f" {part}" for part in joined),
        "".join(f" {_sound(part)}" for part in dict.fromkeys((*words, *joined))),
        "".join(words),
        "".join(map(_welsh, words)),
        # a plain name comes before the same one with an accent or a mark
        "" if "".join(words) == name.lower() else " ".join(unicodedata.normalize("NFC", name).casefold().split()),
    )


def _words(text: str) -> list[str]:
    """Letters and digits without accents or capitals, parted at everything else."""
    plain = text.casefold()
    if not plain.isascii():
        marked = unicodedata.normalize("NFKD", plain.translate(_PLAIN))
        plain = "".join(sign for sign in marked if not unicodedata.combining(sign)).casefold()
    return [plain] if plain.isalnum() else "".join(c if c.isalnum() else " " for c in plain).split()


def _welsh(word: str) -> str:
    if word in _EXCEPTIONS:
        return "".join(map(_paired, _EXCEPTIONS[word]))
    return _paired(word)


def _paired(letters: str) -> str:
    # No pair ends in a letter with which another one begins, so that the order of replacing does not matter.
    for pair, code in _PAIRS:
        letters = letters.replace(pair, code)
    return letters


# Near spellings: the differences that English and Welsh spellings of one name have.
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"^mac(?=.{3})", "mc"),
        (r"ph|v", "f"),
        (r"(?<=.)h", ""),
        (r"ck|c|q", "k"),
        (r"z", "s"),
        (r"x", "ks"),
        (r"(?<=[^aeiouwy][^aeiouwy])e$", ""),
        (r"ai|ae|ay|ei|ey|eu", "i"),
        (r"[eiy]+", "i"),
        (r"[ouw]+", "o"),
        (r"(.)\1+", r"\1"),
    )
)


@lru_cache(maxsize=_MANY)
def _sound(part: str) -> str:
    """A part as it roughly sounds: doubled letters once, e i y as one, o u w as one, f v ph as one, h only first."""
    for pattern, sound in _SOUNDS:
        part = pattern.sub(sound, part)
    return part
