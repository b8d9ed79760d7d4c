"""Names as keys: the Welsh alphabet, searching and near spellings (ux.md 13.3)."""

from __future__ import annotations

import random
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.people import WELSH_ORDER

from hwb import names

ANY_NAME = st.text(max_size=12) | st.sampled_from(
    ["Llŷr", "O’Brien", "d'Arcy", "Mary-Ann", "Æthel", "Łukasz", "محمد", ""]
)


def key(name: str, language: names.Language = "cy") -> bytes:
    return names.sort_key(name, "", language).encode()  # as COLLATE "C" compares


def test_welsh_order() -> None:
    """On Welsh pages lists follow the Welsh alphabet; accents count only as a last tie-break."""
    order = [key(name) for name in WELSH_ORDER]
    # each pair in either order: with that, every permutation of the list sorts to the list
    for first, second in permutations(range(len(WELSH_ORDER)), 2):
        assert (order[first] < order[second]) is (first < second), (WELSH_ORDER[first], WELSH_ORDER[second])
    for seed in range(200):
        shuffled = random.Random(seed).sample(WELSH_ORDER, len(WELSH_ORDER))
        assert sorted(shuffled, key=key) == WELSH_ORDER


def test_every_letter_of_the_welsh_alphabet_stands_in_its_place() -> None:
    """a, b, c, ch, d, dd, e, f, ff, g, ng, h, i, j, k, l, ll, m, n, o, p, ph, q, r, rh, s, t, th, u, v, w, x, y, z."""
    letters = names.ALPHABETS["cy"]
    assert sorted(random.Random(1).sample(letters, len(letters)), key=key) == list(letters)
    assert [names.letter(f"{letter}ydd", "cy") for letter in letters] == list(letters)


def test_english_order() -> None:
    """On English pages lists follow English order, accents again last."""
    order = ["Chappell", "Cyril", "Davies", "Ddu", "Dylan", "Lloyd", "Lynch", "Phillips", "Price", "Wyn", "Ŵyn", "Ynyr"]
    assert sorted(random.Random(1).sample(order, len(order)), key=lambda name: key(name, "en")) == order
    assert names.letter("Chappell", "en") == "C"


def test_forenames_count_before_accents() -> None:
    """Accents count only as a last tie-break, after the forename; a shorter surname comes first."""
    people = [("Wyn", "Alun"), ("Ŵyn", "Beca"), ("Wyn", "Cai"), ("Wynne", "Ann")]
    assert sorted(random.Random(3).sample(people, 4), key=lambda person: names.sort_key(*person, "cy")) == people
    assert names.sort_key("Wyn", "Siân", "cy") < names.sort_key("Ŵyn", "Sian", "cy")


def test_pairs_that_are_two_letters() -> None:
    """Pairs such as "ng" in "Bangor" are two letters; names not on the list use the pair as one letter."""
    assert sorted(["Bango", "Banham", "Bangor", "Bagnall", "Bacon"], key=key) == [
        "Bacon", "Bagnall", "Bango", "Bangor", "Banham",
    ]  # fmt: skip
    assert key("Bango") < key("Bahr") < key("Bangor") < key("Banham")
    assert key("Lan-Gwyn") != key("Langwyn"), "a pair does not reach across a hyphen"
    assert key("Langwyn") < key("Lal"), "ng comes before l"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("sian", "Siân"), ("SIÂN", "Sian"), ("wyn", "Ŵyn"), ("oneill", "O'Neill"), ("o'neill", "ONeill"),
        ("o’neill", "O'Neill"), ("neill", "O'Neill"), ("maryann", "Mary-Ann"), ("mary-ann", "Mary Ann"), ("ann", "Mary-Ann"),
        ("mary  ann", "Mary-Ann"), ("van d", "Van Dyke"), ("llyr", "Llŷr"), ("lukasz", "Łukasz"), ("مح", "محمد"), ("ll", "Llŷr"),
        ("SIÂN", "Siân"),
    ],
)  # fmt: skip
def test_search_finds(typed: str, name: str) -> None:
    """Search ignores case, accents, apostrophes, hyphens and repeated spaces; it matches beginnings of any part."""
    stored = names.search_key(name)
    terms = names.search_terms(typed)
    assert terms
    assert all(f" {term}" in stored for term in terms)


@pytest.mark.parametrize(
    ("typed", "name"), [("yn", "Ŵyn"), ("eill", "O'Neill"), ("sioned", "Siân"), ("%yn", "Ŵyn"), ("_yn", "Ŵyn")]
)
def test_search_does_not_find(typed: str, name: str) -> None:
    """Only beginnings; and signs that mean something to the database mean nothing."""
    terms = names.search_terms(typed)
    assert not all(f" {term}" in names.search_key(name) for term in terms)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Llewelyn", "Llywelyn"), ("Davies", "Davis"), ("Dafis", "Davies"), ("Rhys", "Rees"), ("Catrin", "Kathryn"),
     ("Phillips", "Philips"), ("Sara", "Sarah"), ("Ifans", "Evans"), ("Owen", "Owain"), ("Ann", "Anne")],
)  # fmt: skip
def test_near_spellings(one: str, other: str) -> None:
    """Near spellings ("Llewelyn" and "Llywelyn") share a key."""
    assert names.near_key(one) == names.near_key(other)
    assert set(names.near_terms(one)) <= set(names.near_key(other).split())


@pytest.mark.parametrize(("one", "other"), [("Sian", "Sioned"), ("Siân", "Siôn"), ("Jones", "James"), ("Mair", "Mari")])
def test_names_that_are_not_near(one: str, other: str) -> None:
    """Other names stay other names."""
    assert names.near_key(one) != names.near_key(other)


def test_a_person_is_searched_by_all_names_and_sorted_by_the_shown_ones() -> None:
    """Preferred names are shown, legal ones still find the person."""
    found = names.keys("Davies-Rees", "Margaret", "", "Meg")
    assert set(found["search_key"].split()) == {"daviesrees", "rees", "meg", "margaret"}
    assert found["sort_en"] == names.sort_key("Davies-Rees", "Meg", "en")
    assert found["sort_cy"] == names.sort_key("Davies-Rees", "Meg", "cy")


@given(ANY_NAME, ANY_NAME, ANY_NAME, ANY_NAME)
def test_any_name_has_keys(surname: str, forename: str, preferred: str, called: str) -> None:
    """Whatever a MIS sends has keys, is found by what it says, and stands under a letter."""
    found = names.keys(surname, forename, preferred, called)
    for text in (surname, forename, preferred, called):
        assert all(f" {term}" in found["search_key"] for term in names.search_terms(text))
        assert len(text.split()) > 1 or all(f" {term} " in found["near_key"] + " " for term in names.near_terms(text))
    for language in ("en", "cy"):
        found_letter = names.letter(preferred or surname, language)  # type: ignore[arg-type]
        assert found_letter in (*names.ALPHABETS[language], names.OTHER)  # type: ignore[index]
        if preferred or surname:
            assert names.letter_of_key(found[f"sort_{language}"]) == found_letter or not names.search_terms(
                preferred or surname
            )
