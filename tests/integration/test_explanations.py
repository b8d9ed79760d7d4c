"""Each explanation from prepared data, in both languages; what is asked of the database; protection and look-ups."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from syrupy.assertion import SnapshotAssertion
from tests.support.explanations import SITUATIONS, Asked, start

from hwb.lifecycle import explain
from hwb.lifecycle.explain_texts import WORDINGS

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def july() -> None:
    start()


def shown(found: explain.Explanation, language: Any) -> dict[str, Any]:
    return {
        "headline": explain.say(found.headline, language),
        "owner": explain.owner_name(found.owner, language),
        "next step": explain.say(found.next_step, language),
        "when": explain.say(found.when, language) if found.when else "",
        "chain": [
            f"{explain.say(link.question, language)} {explain.state_name(link.state, language)} {link.day or ''}".strip()
            for link in found.chain
        ],
    }


@pytest.mark.parametrize("situation", SITUATIONS)
def test_each_code_is_answered_from_its_data(situation: str, snapshot: SnapshotAssertion) -> None:
    """The code, and headline, owner, next step, time and chain in English and Welsh."""
    found = SITUATIONS[situation]().answer()
    assert found.code == situation[:4]
    assert {language: shown(found, language) for language in ("en", "cy")} == snapshot


def test_every_code_has_its_data() -> None:
    """LX01–LX16, LX20–LX27, SX01–SX09, SX11–SX13, each with a situation, and no wording without a code."""
    codes = {f"LX{n:02}" for n in (*range(1, 17), *range(20, 28))} | {f"SX{n:02}" for n in (*range(1, 10), 11, 12, 13)}
    assert {name[:4] for name in SITUATIONS} == codes
    assert {key[:4] for key in WORDINGS} == codes
