"""UPN, DfES number and staff code."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwb.identifiers import (
    UpnFault,
    clean_staff_code,
    clean_upn,
    is_temporary,
    parse_dfes_number,
    staff_code_fault,
    suggest_upn,
    upn_fault,
)

VECTORS = Path(__file__).parent.parent / "fixtures/upn/upn_vectors.csv"
ANSWERS = {
    "valid": None,
    "valid_temporary": None,
    "valid_after_strip": None,
    "bad_check": UpnFault.CHECK,
    "bad_length": UpnFault.LENGTH,
    "bad_letter": UpnFault.LETTER,
}


@pytest.mark.parametrize("row", list(csv.DictReader(VECTORS.open(encoding="utf-8"))), ids=lambda row: row["upn"])
def test_every_vector_gets_its_answer(row: dict[str, str]) -> None:
    """Each UPN of the shared vectors is judged as they say; only the one marked so is temporary."""
    upn = clean_upn(row["upn"])
    assert upn_fault(upn) == ANSWERS[row["expected"]]
    if upn_fault(upn) is None:
        assert is_temporary(upn) == (row["expected"] == "valid_temporary")


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("M67140411800I", "M671404118001"),
        ("M6714O4118OO1", "M671404118001"),
        ("Q207000016049", "P207000016049"),
        ("B671404118001", "M671404118001"),
        ("B6714O4118001", None),
        ("M67140411800", None),
        ("", None),
    ],
)
def test_a_likely_upn_is_suggested(wrong: str, meant: str | None) -> None:
    """Input 18: O for 0, I for 1 or another check letter is suggested; two mistakes at once are not guessed at."""
    assert upn_fault(wrong) is not None
    assert suggest_upn(wrong) == meant


@given(st.text(max_size=16))
def test_any_text_is_judged(text: str) -> None:
    """Whatever stands in the UPN column, it is judged, and what is suggested is itself valid."""
    upn = clean_upn(text)
    upn_fault(upn)
    meant = suggest_upn(upn)
    assert meant is None or upn_fault(meant) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("6714041", "6714041"), (" 671/4041 ", "6714041"), ("671-4041", "6714041"), ("671 4041", "6714041"),
        ("661100", None), ("6594041", None), ("6824041", None), ("671/404", None), ("٦٧١٤٠٤١", None), ("", None),
    ],
)  # fmt: skip
def test_dfes_numbers(text: str, number: str | None) -> None:
    """Input 28: a number with a slash is read, one of six digits or outside 660–681 is not."""
    assert parse_dfes_number(text) == number


@pytest.mark.parametrize(("text", "bad"), [("mj", False), ("M.J-2", False), ("ŵj", False), ("", True), ("--", True)])
def test_staff_codes(text: str, bad: bool) -> None:
    """A staff code is letters, digits and a few marks, in capitals; marks alone are none."""
    assert staff_code_fault(clean_staff_code(text)) is bad


def test_staff_code_is_short() -> None:
    """Twenty characters are the most."""
    assert not staff_code_fault("A" * 20)
    assert staff_code_fault("A" * 21)
