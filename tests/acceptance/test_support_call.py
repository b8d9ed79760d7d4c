"""The support call of ux.md 6.5 in a browser, in under ten clicks, and what the school then reads (issue 7 point 2)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from tests.acceptance.conftest import Look
from tests.support.world import OWN_CLASS, SCHOOL, World

from hwb.directory.models import Message, SupportCase
from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium")
VIEWS = [
    ("en", 1280, False), ("cy", 390, True), pytest.param(("cy", 1280, False), marks=pytest.mark.slow),
    pytest.param(("en", 390, True), marks=pytest.mark.slow),
]  # fmt: skip
MOST_CLICKS = 9


@pytest.mark.parametrize("look", VIEWS, indirect=True)
def test_a_call_is_answered_and_closed(look: Look, world: World) -> None:
    """From the search to the answer that is sent: each page is looked at, and the clicks are counted."""
    base, champion, learner = f"/{look.language}", world.accounts[Role.CHAMPION], world.learners[OWN_CLASS][1]
    agent = look.as_(Role.AGENT)
    look.visit(agent, f"{base}/support/cases/")
    look.visit(agent, f"{base}/support/search/")
    clicks = 0
    agent.fill("#id_words", str(learner.upn))
    clicks += _press(look, agent, "#form button")
    agent.fill("#id_reason", "6.5")
    agent.fill("#id_asker", champion.username)
    look.picture(agent, "desk-reason")
    clicks += _press(look, agent, "#form button")
    assert learner.legal_surname in agent.inner_text("h1")
    look.picture(agent, "desk-record")
    clicks += _press(look, agent, "form[action$='/answer/'] button")
    assert clicks <= MOST_CLICKS
    case = SupportCase.objects.get()
    assert (case.state, case.answer != "") == ("unchanged", True)
    assert Message.objects.filter(kind="M14", to_account=champion.id).exists()
    look.visit(agent, f"{base}/support/schools/{SCHOOL}/")
    look.picture(agent, "desk-school")
    look.visit(agent, f"{base}/support/cases/?view=done")
    look.picture(agent, "desk-cases")
    for place in ("support/answers/", "support/answers/LX05/", "support/schools/", "help/"):
        look.visit(agent, f"{base}/{place}")
    school = look.as_(Role.CHAMPION)
    look.visit(school, f"{base}/school/{SCHOOL}/requests/new/learner/")
    look.visit(school, f"{base}/school/{SCHOOL}/requests/")
    look.visit(school, f"{base}/school/{SCHOOL}/requests/{case.number}/")
    look.picture(school, "desk-request")
    look.visit(look.as_(), f"{base}/status/")


def _press(look: Look, page: Page, button: str) -> int:
    page.click(button)
    page.wait_for_load_state()
    look.check(page)
    return 1
