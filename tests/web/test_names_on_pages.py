"""Names on pages (ux.md 13.3): the order of lists in each language, letters above them, and what a search finds."""

from __future__ import annotations

import random
import re

import pytest
from lxml import html
from tests.support.asking import asker
from tests.support.deliveries import JULY, deliver, learner_row, register_schools, staff_row
from tests.support.people import WELSH_ORDER
from tests.support.walk import Walk
from tests.support.world import SCHOOL

from hwb.directory.models import Account
from hwb.operations import passwords

pytestmark = pytest.mark.django_db
MIXED = random.Random(7).sample(WELSH_ORDER, len(WELSH_ORDER))
ENGLISH_FIRST = ["Cadwaladr", "Chappell", "Crowther", "Cyril"]


@pytest.fixture(autouse=True)
def the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class and a staff room whose surnames are the list of 13.3, sent in no order."""
    monkeypatch.setenv("HWB_NOW", f"{JULY}T18:00:00+00:00")
    register_schools(SCHOOL)
    learners = [learner_row(n, legal_surname=name, legal_forename="Non") for n, name in enumerate(MIXED, 1)]
    staff = [
        staff_row(f"S{n}", legal_surname=name, legal_forename="Twm", mis_id=f"p{n}") for n, name in enumerate(MIXED)
    ]
    deliver(learners, staff, school=SCHOOL)


def surnames(content: bytes, elements: str) -> list[str]:
    said = [" ".join(element.text_content().split()) for element in html.fromstring(content).iterfind(elements)]
    return [re.sub(r"^(Non|Twm) | (Non|Twm)$|,.*", "", name) for name in said]


@pytest.mark.parametrize(
    ("page", "elements"),
    [
        ("learners/", ".//table[@id='list']/tbody/tr/th"),
        ("class/?name=6G", ".//table[@id='list']/tbody/tr/th"),
        ("class/list/?name=6G", ".//table/tbody/tr/th"),
        ("staff/", ".//table[@id='list']/tbody/tr/th"),
    ],
)
def test_lists_follow_the_pages_alphabet(page: str, elements: str) -> None:
    """On Welsh pages the Welsh alphabet, on English ones the English."""
    client = asker(SCHOOL)
    assert surnames(client.get(f"/cy/school/{SCHOOL}/{page}").content, elements) == WELSH_ORDER
    english = surnames(client.get(f"/en/school/{SCHOOL}/{page}").content, elements)
    assert english[:4] == ENGLISH_FIRST
    assert sorted(english) == sorted(WELSH_ORDER)


def test_slips_come_in_the_chosen_languages_order() -> None:
    """ux.md 12: class order in the chosen language."""
    client = asker(SCHOOL)
    learners = Account.objects.filter(kind="learner")
    now = learners.latest("created_at").created_at
    passwords.reset_many(accounts=[one.id for one in learners], school=SCHOOL, acting_user="tests", now=now)
    choice = {"who": "all", "languages": "cy", "size": "8"}
    opened = client.post(f"/cy/school/{SCHOOL}/class/print/?name=6G", choice)
    slips = client.post(opened.headers["Location"]).content
    people = [element.text_content() for element in html.fromstring(slips).iterfind(".//p[@class='hwb-slip__who']/b")]
    initials = [f"Non {name[0]}" for name in WELSH_ORDER]
    assert [name.rstrip(".") for name in people] == initials
    assert slips.count(b"hwb-sheet--8") == 5  # 37 of them, 8 a page


def test_the_letters_above_a_long_list_are_those_of_the_language() -> None:
    for first in (100, 115):  # a school that grows by more at once is held
        more = [learner_row(n, legal_surname="Ddu", legal_forename=f"Non{n}") for n in range(100, first + 15)]
        known = [learner_row(n, legal_surname=name, legal_forename="Non") for n, name in enumerate(MIXED, 1)]
        deliver(known + more, school=SCHOOL, hour=14 + first % 2)
    client = asker(SCHOOL)
    letters = {}
    for language in ("en", "cy"):
        tree = html.fromstring(client.get(f"/{language}/school/{SCHOOL}/learners/").content)
        letters[language] = [link.text for link in tree.iterfind(".//nav[@class='hwb-letters']//a")]
    assert [letter for letter in letters["cy"] if len(letter) == 2] == ["Ch", "Dd", "Ff", "Ng", "Ll", "Ph", "Rh", "Th"]
    assert all(len(letter) == 1 for letter in letters["en"])


@pytest.mark.parametrize(
    ("typed", "found"),
    [("sian", "Siân"), ("SIÂN", "Siân"), ("wyn", "Ŵyn"), ("oneill", "O'Neill"), ("ŵyn", "Ŵyn"), ("non  sion", "Siôn")],
)
def test_a_search_finds_a_name_however_it_is_typed(typed: str, found: str) -> None:
    walk = Walk(asker(SCHOOL), f"/cy/school/{SCHOOL}/").follow("Dysgwyr").send("Chwilio", search=typed)
    assert found in surnames(walk.content, ".//table[@id='list']/tbody/tr/th")
    walk = Walk(asker(SCHOOL, role="head"), f"/cy/school/{SCHOOL}/find-learner/").send("Chwilio", asked=typed)
    assert found in walk.text


def test_near_spellings_come_under_their_own_heading() -> None:
    """ "Llewelyn" and "Llywelyn", within the school."""
    client = asker(SCHOOL)
    for language, link, button, heading in (
        ("en", "Learners", "Search", "Similar names"),
        ("cy", "Dysgwyr", "Chwilio", "Enwau tebyg"),
    ):
        walk = Walk(client, f"/{language}/school/{SCHOOL}/")
        walk.follow(link).send(button, search="Llewelyn")
        assert heading in walk.text
        assert "Llywelyn" in walk.text.split(heading)[1]
