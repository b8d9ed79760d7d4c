"""Dates, numbers, plural forms, downloads, lists: what pages are made of, without a database."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime

import pytest
from django.template import TemplateSyntaxError, engines
from django.test import RequestFactory
from django.utils import translation

from hwb.web import words
from hwb.web.downloads import csv_response, safe_cell
from hwb.web.lists import Filter, FilterBox, Listing
from hwb.web.words import Text


def test_dates_are_written_as_the_language_writes_them() -> None:
    first = date(2018, 9, 1)
    assert (words.day(first, "en"), words.day(first, "cy")) == ("1 September 2018", "1 Medi 2018")
    assert (words.short_day(first, "en"), words.short_day(first, "cy")) == ("1 Sep", "1 Medi")
    assert (words.short_day(date(2018, 5, 3), "en"), words.short_day(date(2018, 5, 3), "cy")) == ("3 May", "3 Mai")
    late = datetime(2018, 6, 30, 23, 14, tzinfo=UTC)
    assert (words.moment(late, "en"), words.moment(late, "cy")) == ("1 July 2018, 00:14", "1 Gorffennaf 2018, 00:14")


@pytest.mark.parametrize(
    ("days", "english", "welsh"),
    [
        (0, "today", "heddiw"), (1, "yesterday", "ddoe"), (-1, "tomorrow", "yfory"),
        (2, "2 days ago", "2 ddiwrnod yn ôl"), (3, "3 days ago", "3 diwrnod yn ôl"), (-2, "in 2 days", "ymhen 2 ddiwrnod"),
        (6, "6 days ago", "6 diwrnod yn ôl"), (11, "11 days ago", "11 diwrnod yn ôl"), (100, "100 days ago", "100 diwrnod yn ôl"),
    ],
)  # fmt: skip
def test_relative_days(days: int, english: str, welsh: str) -> None:
    from datetime import timedelta

    today = date(2018, 9, 10)
    then = today - timedelta(days=days)
    assert words.relative(then, today=today, language="en") == english
    assert words.relative(then, today=today, language="cy") == welsh


def test_gaps_are_escaped_and_values_written_in_the_language() -> None:
    template = engines["django"].from_string(
        '{% say "Telephone: {number}" number=name %}|{% say "Try again after {time}." time=when as later %}{{ later }}'
        '|{% count "{count} day ago" "{count} days ago" many %}'
    )
    with translation.override("cy"):
        said = template.render({"name": "<b>'x'</b>", "when": date(2018, 9, 1), "many": 1002})
    assert said == (
        "Ffôn: &lt;b&gt;&#x27;x&#x27;&lt;/b&gt;|Rhowch gynnig arall arni ar ôl 1 Medi 2018.|1,002 diwrnod yn ôl"
    )


def test_sentences_in_templates_are_literal() -> None:
    with pytest.raises(TemplateSyntaxError, match="literal"):
        engines["django"].from_string("{% say sentence %}")


@pytest.mark.parametrize("lead", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", " =", "\0="])
def test_no_cell_of_a_download_is_a_formula(lead: str) -> None:
    """CSV injection: the eight leads, the full-width ones, and what stands behind spaces."""
    cell = safe_cell(f"{lead}1+1")
    assert cell.startswith("'")
    assert "\0" not in cell


def test_downloads_open_with_accents_and_headings_in_the_language() -> None:
    with translation.override("cy"):
        response = csv_response("dysgwyr", ["Name", "Username"], [["Siân Ŵyn", None], [date(2018, 9, 1), "=cmd"]])
        content = b"".join(response.streaming_content)
    assert content.startswith("﻿".encode())
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows == [["Enw", "Enw defnyddiwr"], ["Siân Ŵyn", ""], ["2018-09-01", "'=cmd"]]
    assert response["Content-Disposition"] == 'attachment; filename="dysgwyr.csv"'


def listing(query: str) -> Listing:
    return Listing.of(RequestFactory().get(f"/en/x/?{query}"), filters=("year", "state"), sorts=("name", "username"))


def test_the_address_holds_filters_sort_and_page() -> None:
    asked = listing("year=7&sort=-username&page=3&other=1&upn=x")
    assert (asked.filters["year"], asked.sort, asked.descending, asked.page) == ("7", "username", True, 3)
    assert asked.sort_address("name") == "/en/x/?year=7"
    assert asked.sort_address("username") == "/en/x/?year=7&sort=username"
    box = FilterBox(asked, (Filter("year", "Year"),))
    assert box.cleared == "/en/x/?sort=-username"
    paging = asked.paging(186)
    assert (paging.page, paging.pages, paging.first, paging.last, paging.offset) == (3, 4, 101, 150, 100)
    assert paging.next == "/en/x/?year=7&sort=-username&page=4"


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=x", "page=٣", "page=999999999999", "sort=drop", "year=%00"]
)
def test_what_an_address_cannot_mean_falls_back(query: str) -> None:
    asked = listing(query)
    assert (asked.page, asked.sort, asked.filters["year"]) == (1, "name", "")


def test_an_empty_list_and_a_page_after_the_last() -> None:
    empty = listing("").paging(0)
    assert (empty.page, empty.pages, empty.first, empty.last, empty.offset) == (1, 1, 0, 0, 0)
    assert listing("page=99").paging(51).page == 2


def test_filters_that_are_on_can_be_removed_one_by_one() -> None:
    box = FilterBox(
        listing("year=7&state=active"),
        (Filter("year", "Name", [("7", "7")]), Filter("state", "State", [("active", "Active")])),
    )
    assert [(one.text, one.address) for one in box.chosen] == [
        ("7", "/en/x/?state=active"),
        ("Active", "/en/x/?year=7"),
    ]


def test_a_sentence_of_python_finds_its_catalogue() -> None:
    assert words.say(Text("Mali and {count}", {"count": 1}), "cy") == "Mali and 1"
    assert words.say("Choose your password", "cy") == "Dewiswch eich cyfrinair"
