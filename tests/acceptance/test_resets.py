"""B10 in a browser: what is typed stays in the middle of it (ux.md 15, check 9), and the pages are right."""

from __future__ import annotations

import pytest
from tests.acceptance.conftest import Look
from tests.support.world import OWN_CLASS, SCHOOL

from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium")


def test_one_password(look: Look) -> None:
    page = look.as_(Role.TEACHER)
    learner = look.world.learners[OWN_CLASS][1]
    look.visit(page, f"/{look.language}/school/{SCHOOL}/people/{learner.id}/password/")
    page.check("#id_how_1")
    page.fill("#id_typed", "glaw")
    page.click("#form button:not([type])")
    look.check(page)
    assert page.title().startswith("Error:" if look.language == "en" else "Gwall:")
    page.fill("#id_typed", "glaw trwm heddiw")
    page.click("button[name=switch-language]")
    assert page.locator("html").get_attribute("lang") == ("cy" if look.language == "en" else "en")
    assert page.input_value("#id_typed") == "glaw trwm heddiw"
    assert page.is_checked("#id_how_1")
    page.click("button[name=switch-language]")
    page.click("#form button:not([type])")
    look.check(page)
    assert page.locator(".hwb-secret__value").all_inner_texts() == [learner.username, "glaw trwm heddiw"]


def test_many_passwords(look: Look) -> None:
    page = look.as_(Role.CHAMPION)
    look.visit(page, f"/{look.language}/school/{SCHOOL}/passwords/")
    page.click(f"main a:text-is('{OWN_CLASS}')")
    look.check(page)
    page.check("input[value=everybody]")
    page.click("button[name=switch-language]")
    assert page.is_checked("input[value=everybody]")
    page.click("button[name=switch-language]")
    page.click("#form button:not([type])")
    look.check(page)
    page.click("#form button:not([type])")
    look.check(page)
    page.set_viewport_size({"width": 320, "height": 900})
    look.check(page)
