"""B19 and A8: what a school and a person set for themselves, in a browser."""

from __future__ import annotations

import pytest
from tests.acceptance.conftest import Look
from tests.support.world import SCHOOL

from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium")


def test_a_school_chooses_the_readers_of_a_message(look: Look) -> None:
    page = look.as_(Role.CHAMPION)
    path = f"/{look.language}/school/{SCHOOL}/settings/"
    look.visit(page, f"{path}readers.M2/")
    page.uncheck("input[value=champion]")
    page.uncheck("input[value=head]")
    page.click("#form button:not([type])")
    look.check(page)
    look.picture(page, "readers")
    page.check("input[value=head]")
    page.click("#form button:not([type])")
    look.check(page)
    page.locator("details summary").first.click()
    look.check(page)
    look.picture(page, "settings")


def test_a_person_chooses_languages(look: Look) -> None:
    page = look.as_(Role.HEAD)
    look.visit(page, f"/{look.language}/account/messages/")
    look.picture(page, "own-messages")
    page.check("input[name=pages][value=cy]")
    page.locator("main button.govuk-button").last.click()
    look.check(page)
