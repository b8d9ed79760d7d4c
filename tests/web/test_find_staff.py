"""Find a member of staff (ux.md B15): each code's answer, in both languages."""

from __future__ import annotations

import html as entities

import pytest
from tests.support import explanations
from tests.support.asking import ask_staff, asker
from tests.support.explanations import SITUATIONS
from tests.support.languages import foreign_texts

from hwb.lifecycle import explain

pytestmark = pytest.mark.django_db
#: SX10 is for the account's owner and support alone.
STAFF = [name for name in SITUATIONS if name.startswith("SX") and name != "SX10"]


def test_a_school_is_not_told_of_an_account_from_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """SX10 is only shown to the account's owner and to support (ux.md 5.3)."""
    explanations.start()
    asked = SITUATIONS["SX10"]()
    monkeypatch.setenv("HWB_NOW", f"{asked.on}T18:00:00+00:00")
    shown = ask_staff(asker(asked.school), asked, "en").content.decode()
    assert "SX11" in shown
    assert "previous school can be kept" not in shown


@pytest.mark.parametrize("situation", STAFF)
def test_each_code_is_on_the_page_in_both_languages(situation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """ux.md 15, check 2; and the words are in no address."""
    explanations.start()
    asked = SITUATIONS[situation]()
    monkeypatch.setenv("HWB_NOW", f"{asked.on}T18:00:00+00:00")
    found, client = asked.answer(), asker(asked.school)
    for language in ("en", "cy"):
        answer = ask_staff(client, asked, language)
        shown = entities.unescape(answer.content.decode())
        for text in (situation[:4], explain.say(found.headline, language), explain.say(found.next_step, language)):
            assert text in shown
        assert all(explain.say(link.question, language) in shown for link in found.chain)
        assert not foreign_texts(answer.content, language)
        assert (asked.staff or asked.username).split()[0] not in answer.redirect_chain[-1][0]  # type: ignore[attr-defined]
