"""docs/explanations.md is what the table of codes says."""

from __future__ import annotations

from tools import explanations

from hwb.lifecycle.explain_texts import SITUATIONS, WORDINGS


def test_the_page_is_made_from_the_table() -> None:
    """A wording that changed is on the page too."""
    assert explanations.PAGE.read_text("utf-8") == explanations.render(), "make it with python -m tools.explanations"


def test_every_code_has_a_situation_and_its_wordings() -> None:
    """No wording without a code of the table, no code without a wording; in the order in which they are tried."""
    codes = list(dict.fromkeys(key[:4] for key in WORDINGS))
    assert codes == list(SITUATIONS)
