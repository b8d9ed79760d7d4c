"""A plan counted by rule, for a preview."""

from __future__ import annotations

import pytest

from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.rules import Rule
from hwb.lifecycle.tally import sentence, tally


def change(rule: Rule, kind: ChangeKind, person: str) -> Change:
    return Change(kind, rule, "", "6712041", person, None, {}, {})


def test_people_are_counted_by_rule_and_kind_in_the_rules_order() -> None:
    """Two changes of one kind to one person are one; nobody is named."""
    found = tally(
        [
            change(Rule.R32, ChangeKind.MISSING, "A"),
            change(Rule.R2, ChangeKind.PLACE, "A"),
            change(Rule.R2, ChangeKind.PLACE, "A"),
            change(Rule.R2, ChangeKind.PLACE, "B"),
            change(Rule.R4, ChangeKind.WAIT, "C"),
            change(Rule.R4, ChangeKind.CLAIM, "D"),
        ]
    )
    assert found == (("R2", "place", 2), ("R4", "claim", 1), ("R4", "wait", 1), ("R32", "missing", 1))


@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize("kind", list(ChangeKind))
def test_whatever_a_plan_may_hold_is_said_in_both_languages(rule: Rule, kind: ChangeKind) -> None:
    """Total over rules and kinds of change."""
    english, welsh = (sentence(rule, kind, language=language) for language in ("en", "cy"))
    assert "" not in (english, welsh)
    assert english != welsh
