"""Every sentence that depends on a number, for 0, 1, 2, 3, 4, 6, 11 and 100, in English and in Welsh (ux.md 13.2).

The nouns' forms are written here by hand, apart from the catalogues: a noun that is not here yet fails, so that
somebody writes down how it changes after a numeral.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import hwb
from hwb.extract.catalogue import Entry, read_catalogue
from hwb.extract.texts import Text, render

NUMBERS = (0, 1, 2, 3, 4, 6, 11, 100)
#: Singular → after 1 (or "un"), after 2, after 3, after 6; then the plural as it stands after "o".
#: 2 softens; 3 makes c, p and t breathe in masculine nouns only, 6 in all; 1 softens feminine nouns, but not ll and rh.
NOUNS = {
    "cyfrif": ("cyfrif", "gyfrif", "chyfrif", "chyfrif", "gyfrifon"),
    "cofnod": ("cofnod", "gofnod", "chofnod", "chofnod", "gofnodion"),
    "cyfeiriad": ("cyfeiriad", "gyfeiriad", "chyfeiriad", "chyfeiriad", "gyfeiriadau"),
    "cleient": ("cleient", "gleient", "chleient", "chleient", "gleientiaid"),
    "cyfrinair": ("cyfrinair", "gyfrinair", "chyfrinair", "chyfrinair", "gyfrineiriau"),
    "plentyn": ("plentyn", "blentyn", "phlentyn", "phlentyn", "blant"),
    "person": ("person", "berson", "pherson", "pherson", "bobl"),
    "dysgwr": ("dysgwr", "ddysgwr", "dysgwr", "dysgwr", "ddysgwyr"),
    "diwrnod": ("diwrnod", "ddiwrnod", "diwrnod", "diwrnod", "ddiwrnodau"),
    "munud": ("munud", "funud", "munud", "munud", "funudau"),
    "cod": ("cod", "god", "chod", "chod", "godau"),
    "grŵp": ("grŵp", "grŵp", "grŵp", "grŵp", "grwpiau"),  # borrowed, and left as it is
    "dosbarth": ("dosbarth", "ddosbarth", "dosbarth", "dosbarth", "ddosbarthiadau"),
    "rhediad": ("rhediad", "rediad", "rhediad", "rhediad", "rediadau"),
    "newid": ("newid", "newid", "newid", "newid", "newidiadau"),
    "aelod": ("aelod", "aelod", "aelod", "aelod", "aelodau"),
    "enw": ("enw", "enw", "enw", "enw", "enwau"),
    "ateb": ("ateb", "ateb", "ateb", "ateb", "atebion"),
    "ysgol": ("ysgol", "ysgol", "ysgol", "ysgol", "ysgolion"),
    "ymgais": ("ymgais", "ymgais", "ymgais", "ymgais", "ymgeisiau"),
    "eiliad": ("eiliad", "eiliad", "eiliad", "eiliad", "eiliadau"),
    "awr": ("awr", "awr", "awr", "awr", "oriau"),
    "rôl": ("rôl", "rôl", "rôl", "rôl", "rolau"),
    "llinell": ("llinell", "linell", "llinell", "llinell", "linellau"),
    "dalen": ("ddalen", "ddalen", "dalen", "dalen", "ddalennau"),
}
#: What may stand after a number that counts something named elsewhere in the sentence.
NO_NOUN = frozenset(["arall", "cyntaf", "fel", "heb", "o'r", "o", "ohonynt", "yn", "ymlaen"])
CATALOGUES = sorted((Path(hwb.__file__).parent / "locale/cy/LC_MESSAGES").glob("*.po"))
ENTRIES = [
    pytest.param(path.stem, entry, id=f"{path.stem}: {entry.message[:50]}")
    for path in CATALOGUES
    for entry in read_catalogue(path.read_text("utf-8"))
    if entry.plural
]
#: Stands in the other gaps; no sentence of ours has it.
OTHER = "¤"


def said(domain: str, entry: Entry, number: int, language: str) -> str:
    gaps = dict.fromkeys(re.findall(r"{(\w+)}", f"{entry.message} {entry.plural}"), OTHER)
    text = Text(entry.message, {**gaps, "count": number}, entry.plural)
    return render(text, language=language, domain=domain)


def form_after(noun: str, number: int) -> str:
    one, two, three, six, _ = NOUNS[noun]
    return {1: one, 2: two, 3: three, 6: six}.get(number, noun)


def wrong_in(sentence: str, number: int) -> list[str]:
    """What stands after the number and is no right form there; "unknown" when the noun is not in the table."""
    found = []
    for of, word in re.findall(rf"(?<![\d,]){number} (o )?([\w'’]+)", sentence):
        if of and any(word == forms[-1] for forms in NOUNS.values()):
            continue
        if not of and word in NO_NOUN:
            continue
        nouns = [noun for noun, forms in NOUNS.items() if word in (noun, *forms[:-1])]
        if of or not nouns:
            found.append(f"unknown: {number} {of}{word}")
        elif word not in [form_after(noun, number) for noun in nouns]:
            found.append(f"{number} {word}")
    return found


def test_there_are_entries() -> None:
    assert len(ENTRIES) > 80


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(("domain", "entry"), ENTRIES)
def test_welsh_nouns_change_as_the_numeral_wants(domain: str, entry: Entry, number: int) -> None:
    sentence = said(domain, entry, number, "cy")
    assert sentence
    assert "{" not in sentence
    assert wrong_in(sentence, number) == []
    assert str(number) in sentence or number in (0, 1)  # "the last attempt", "no record" say it in words


@pytest.mark.parametrize(("domain", "entry"), ENTRIES)
def test_where_a_noun_changes_the_forms_differ(domain: str, entry: Entry) -> None:
    """Six forms that are all one would pass a count of forms, and nothing else."""
    sentences = {number: said(domain, entry, number, "cy").replace(str(number), "#") for number in NUMBERS}
    for noun, (one, two, three, six, _) in NOUNS.items():
        if re.search(rf"# {noun}\b", sentences[4]):
            assert (sentences[2] != sentences[4]) or two == noun, (noun, sentences)
            assert (sentences[3] != sentences[4]) or three == noun, (noun, sentences)
            assert (sentences[6] != sentences[4]) or six == noun, (noun, sentences)
            assert re.search(rf"# {one}\b", sentences[1]) or "#" not in sentences[1], (noun, sentences)
    assert sentences[11] == sentences[100] == sentences[4]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(("domain", "entry"), ENTRIES)
def test_english_has_one_and_more(domain: str, entry: Entry, number: int) -> None:
    sentence = said(domain, entry, number, "en")
    assert "{" not in sentence
    plural = (entry.plural or "").replace("{count}", str(number))
    expected = entry.message.replace("{count}", str(number)) if number == 1 else plural
    assert sentence == re.sub(r"{\w+}", OTHER, expected)
    if number != 1:
        assert str(number) in sentence
        singular = r"(account|learner|record|person|run|school|client|day|second|attempt|role|line)"
        assert not re.search(rf"\b{number} ({singular}\b)(?!')", sentence), sentence


@pytest.mark.parametrize(
    ("sentence", "number", "wrong"),
    [
        ("2 gyfrif a 2 dysgwr", 2, ["2 dysgwr"]),
        ("3 chofnod", 3, []),
        ("3 cofnod", 3, ["3 cofnod"]),
        ("6 pherson", 6, []),
        ("6 person", 6, ["6 person"]),
        ("1 dalen", 1, ["1 dalen"]),
        ("3 dalen, 3 rhediad", 3, []),
        ("2 rhediad", 2, ["2 rhediad"]),
        ("11 o bobl", 11, []),
        ("11 o pobl", 11, ["unknown: 11 o pobl"]),
        ("4 buwch", 4, ["unknown: 4 buwch"]),
        ("2 o'r rhain, 2 ohonynt", 2, []),
    ],
)
def test_the_table_finds_what_is_wrong(sentence: str, number: int, wrong: list[str]) -> None:
    assert wrong_in(sentence, number) == wrong
