"""docs/rules.md is what the spec tests say."""

from __future__ import annotations

from tools import rules


def test_the_page_is_made_from_the_tests() -> None:
    """A sentence that changed in a spec test is on the page too."""
    assert rules.PAGE.read_text("utf-8") == rules.render(), "make it anew with python -m tools.rules"
