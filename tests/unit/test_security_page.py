"""docs/security/asvs.md names tests that there are, and leaves out no requirement of levels 1 and 2."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security" / "asvs.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`((?:\w+/)+test_\w+\.py)::(\w+)`", PAGE)))
#: Section → its last requirement of level 1 or 2 (those of level 3 between them are not claimed).
LAST = {
    "6.1": 3, "6.2": 11, "6.3": 3, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 3, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2,
    "7.6": 2, "9.1": 3, "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.6": 2, "10.7": 3,
}  # fmt: skip


@cache
def text_of(file: str) -> str:
    return (ROOT / "tests" / file).read_text("utf-8")


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_every_test_that_is_named_exists(file: str, test: str) -> None:
    assert re.search(rf"^def {test}\(", text_of(file), re.MULTILINE)


def test_every_requirement_has_its_line_and_every_yes_a_test_or_a_page() -> None:
    wanted = {f"{section}.{number}" for section, last in LAST.items() for number in range(1, last + 1)}
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")
    ]
    found = {row[0]: row for row in rows if re.fullmatch(r"\d+\.\d+\.\d+", row[0])}
    assert set(found) == wanted
    for number, row in found.items():
        assert row[2] in {"yes", "no", "partly", "—"}, number
        assert row[2] != "yes" or "test_" in row[3] or "above" in row[3] or "](" in row[3] or "none" in row[3], number
    assert PAGE.count("test_") > len(NAMED) > 100


def test_every_page_that_is_linked_exists() -> None:
    for link in re.findall(r"\]\(([^)#]+)", PAGE):
        assert (ROOT / "docs" / "security" / link).resolve().is_file(), link
