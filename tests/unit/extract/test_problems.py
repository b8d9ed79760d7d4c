"""What problems say: to every school, of every MIS, in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

import hwb.extract
from hwb.extract.problems import WORDINGS, describe
from hwb.extract.records import MisKind, Problem


@pytest.mark.parametrize("mis", get_args(MisKind))
@pytest.mark.parametrize("code", sorted(WORDINGS))
def test_every_code_is_said_in_both_languages(code: str, mis: MisKind) -> None:
    """Each code has sentence, need and fix in English and Welsh, for each MIS, without an open gap."""
    kind = "staff" if code.startswith("S") else "learner"
    problem = Problem(code, "001234", "leaving_date", "x", kind)
    english, welsh = (describe(problem, mis=mis, language=language) for language in ("en", "cy"))
    for part in ("sentence", "needed", "fix"):
        assert english[part]
        assert english[part] != welsh[part]
        assert "{" not in english[part] + welsh[part]


def test_no_code_is_given_that_has_no_words() -> None:
    """Every code that the checks give stands in the table of sentences."""
    folder = Path(hwb.extract.__file__).parent
    source = "".join(
        (folder / name).read_text("utf-8") for name in ("learners.py", "staff.py", "findings.py", "duplicates.py")
    )
    given = set(re.findall(r'"([LS][0-9]{2})"', source))
    assert given - set(WORDINGS) == set()


@pytest.mark.parametrize(
    ("kind", "field", "caption"),
    [
        ("learner", "start_date", "Date of Admission"),
        ("staff", "start_date", "Start Date"),
        ("learner", "birth_date", "DOB"),
    ],
)
def test_a_fix_names_the_field_as_the_mis_does(kind: str, field: str, caption: str) -> None:
    """A SIMS school reads SIMS's own name of the field, which for staff can be another one."""
    problem = Problem("S01" if kind == "staff" else "L07", "RJ", field, "", "staff" if kind == "staff" else "learner")
    assert f": {caption}." in describe(problem, mis="sims", language="en")["fix"]
    assert describe(problem, mis="sims", language="en")["field"] == field


@pytest.mark.parametrize(
    ("rule", "part"), [("length", "13"), ("check", "first letter"), ("digit", "2 to 12"), ("letter", "never")]
)
def test_what_is_wrong_with_a_upn_is_said(rule: str, part: str) -> None:
    """L02 names the rule that the UPN breaks, and what was probably meant."""
    problem = Problem("L02", "1", "upn", "x", values=(("rule", rule), ("suggestion", "M671404118001")))
    said = describe(problem, mis="hwb", language="en")
    assert part in said["sentence"]
    assert "M671404118001" in said["fix"]
    assert "M671404118001" in describe(problem, mis="hwb", language="cy")["fix"]
