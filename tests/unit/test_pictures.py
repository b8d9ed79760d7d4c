"""Pictures say in words, marks and a table the same, in both languages, and carry nothing that a page must not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from lxml import etree

from hwb.extract.texts import Language
from hwb.web import pictures
from hwb.web.pictures import RunDay, Spell, YearMove

FIRST = date(2018, 7, 15)
OUTCOMES: tuple[pictures.Outcome, ...] = ("completed", "refusals", "held", "failed", "none")
DAYS = [RunDay(FIRST + timedelta(days=n), OUTCOMES[n * 7 // 3 % 5]) for n in range(60)]
MOVES = [
    YearMove("R", "1", 28),
    YearMove("2", "2", 3),
    YearMove("2", "3", 27),
    YearMove("6", "", 30),
    YearMove("", "N2", 1),
]
TIMES = [
    Spell("Bryn Heulog", date(2011, 9, 1), date(2018, 7, 20), active=True, language="cy"),
    Spell("", date(2018, 7, 21), date(2018, 9, 4), active=False),
    Spell("<i>Ysgol</i> & Co", date(2018, 9, 4), None, active=True),
]
TODAY = date(2018, 11, 24)


def iso(day: date) -> str:
    return day.isoformat()


def drawn(language: Language) -> dict[str, etree._Element]:
    return {
        "runs": parsed(pictures.run_strip(DAYS, language=language, dates=iso)),
        "movement": parsed(pictures.year_movement(MOVES, language=language)),
        "spells": parsed(pictures.spells(TIMES, today=TODAY, language=language, dates=iso)),
    }


def parsed(html: str) -> etree._Element:
    return etree.fromstring(html)  # well-formed, or it raises


def texts(node: etree._Element, path: str) -> list[str]:
    return ["".join(each.itertext()).strip() for each in node.iterfind(path)]


def rows(node: etree._Element, at: int = 0) -> list[list[str]]:
    table = list(node.iter("table"))[at]
    return [["".join(cell.itertext()).strip() for cell in row] for row in table.iterfind("tbody/tr")]


@pytest.fixture(params=["en", "cy"])
def language(request: pytest.FixtureRequest) -> Iterator[Language]:
    return request.param  # type: ignore[no-any-return]


def test_each_is_a_picture_with_a_title_and_no_styles(language: Language) -> None:
    """The content security policy allows no style in the page; ids are used once; a title and a description are named."""
    for picture in drawn(language).values():
        html = etree.tostring(picture, encoding="unicode")
        assert " style=" not in html
        assert "<style" not in html
        ids = list(picture.xpath("//@id"))
        assert len(ids) == len(set(ids))
        for svg in picture.iter("svg"):
            if svg.get("role") == "img":
                assert set(svg.get("aria-labelledby", "").split()) <= set(ids)
            else:
                assert svg.get("aria-hidden") == "true"
        assert set(re.findall(r"url\(#([^)]*)\)", html)) <= set(ids)


def test_the_strip_of_runs_says_the_same_thrice(language: Language) -> None:
    """P7: a letter and a shape a day beside its colour, the numbers below, and each day in the table."""
    picture = drawn(language)["runs"]
    said = {each.outcome: str(pictures._say(pictures._OUTCOMES[each.outcome], language)) for each in DAYS}
    assert len({text[0] for outcome, text in said.items() if outcome != "none"}) == 4, "letters differ"
    expected = Counter(said[each.outcome] for each in DAYS)
    assert {name: int(days) for name, days in rows(picture)} == expected
    assert rows(picture, 1) == [[iso(each.day), said[each.outcome]] for each in DAYS]
    for layout in ("wide", "narrow"):
        svg = next(each for each in picture.iter("svg") if each.get("class") == f"picture-{layout}")
        letters = Counter(text for text in texts(svg, "g/text") if len(text) == 1)
        assert letters == {text[0]: expected[text] for outcome, text in said.items() if outcome != "none"}
    good = [each.day for each in DAYS if each.outcome in ("completed", "refusals")]
    sentence = texts(picture, "figcaption")[0]
    assert f"{len(good)} " in sentence
    assert iso(good[-1]) in sentence


def test_a_school_that_never_ran(language: Language) -> None:
    """The sentence says so; one day is enough to draw."""
    picture = parsed(pictures.run_strip([RunDay(FIRST, "held")], language=language, dates=iso))
    assert iso(FIRST) in texts(picture, "figcaption")[0]


def test_year_movement_marks_who_stayed(language: Language) -> None:
    """P8: bars as long as the numbers; who stayed is hatched and called so."""
    picture = drawn(language)["movement"]
    assert [int(row[2]) for row in rows(picture)] == [28, 3, 27, 30, 1]
    assert [bool(row[4]) for row in rows(picture)] == [False, True, False, False, False]
    bars = [each for each in picture.iter("rect") if each.get("stroke")]
    assert [int(bar.get("width", "")) for bar in bars] == [187, 20, 180, 200, 7]
    assert [bar.get("fill", "").startswith("url") for bar in bars] == [False, True, False, False, False]
    assert re.findall(r"\d+", texts(picture, "figcaption")[0]) == ["3", "58"]
    assert rows(picture)[0][:2] == {"en": ["Reception", "Year 1"], "cy": ["Derbyn", "Blwyddyn 1"]}[language]


def test_in_term_time_nobody_was_to_move(language: Language) -> None:
    """B3: only in the run that brings the new year is somebody marked who stayed."""
    picture = parsed(pictures.year_movement(MOVES, language=language, new_year=False))
    assert not any(row[4] for row in rows(picture))
    assert not [each for each in picture.iter("rect") if each.get("fill", "").startswith("url")]
    said = {"en": "in the same year group", "cy": "yn yr un grŵp blwyddyn"}[language]
    assert said in texts(picture, "figcaption")[0]


def test_spells_are_bars_with_dates(language: Language) -> None:
    """P12: one scale of time; an inactive time is hatched and called so; names are shown as they are, and only shown."""
    picture = drawn(language)["spells"]
    assert [row[0] for row in rows(picture)][::2] == ["Bryn Heulog", "<i>Ysgol</i> & Co"]
    assert rows(picture)[1][1:3] == ["2018-07-21", "2018-09-04"]
    svg = next(each for each in picture.iter("svg") if each.get("class") == "picture-wide")
    bars = [each for each in svg.iterfind("rect") if each.get("stroke")]
    left, width = ([int(bar.get(name, "")) for bar in bars] for name in ("x", "width"))
    assert left == sorted(left)
    assert left[-1] + width[-1] == 758
    assert [bar.get("fill", "").startswith("url") for bar in bars] == [False, True, False]
    assert "2018-09-04" in texts(picture, "figcaption")[0]
    assert not list(picture.iter("i"))


def test_a_long_name_is_drawn_whole(language: Language) -> None:
    """On a narrow screen in several lines."""
    name = "Ysgol Gynradd Gymraeg Llanfair-ar-y-Bryn a'r Cylch a'r Ffin"
    picture = parsed(
        pictures.spells([Spell(name, TODAY, None, active=False)], today=TODAY, language=language, dates=iso)
    )
    svg = next(each for each in picture.iter("svg") if each.get("class") == "picture-narrow")
    lines = [each.text for each in svg.iter("text") if each.get("font-weight") == "bold"]
    assert " ".join(line or "" for line in lines) == name
    assert max(len(line or "") for line in lines) <= 38


def test_somebody_at_no_school(language: Language) -> None:
    """Since the day on which the last school ended."""
    times = [Spell("Bryn Heulog", date(2011, 9, 1), date(2018, 7, 20), active=True)]
    picture = parsed(pictures.spells(times, today=TODAY, language=language, dates=iso))
    assert "2018-07-20" in texts(picture, "figcaption")[0]
