"""Pages of an area in a browser."""

from __future__ import annotations

import pytest
from tests.acceptance.conftest import Look
from tests.support.deliveries import register_schools
from tests.support.world import SCHOOL

from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium")


def test_schools_by_last_run_and_what_a_filter_leaves(look: Look) -> None:
    register_schools(*(f"{SCHOOL[:3]}{number}" for number in range(3000, 3060)))
    page = look.as_(Role.CLIENT_MANAGER)
    look.visit(page, f"/{look.language}/area/")
    look.visit(page, f"/{look.language}/area/?freshness=up+to+date&result=held")


def test_a_client_is_registered_and_retired(look: Look) -> None:
    page = look.as_(Role.CLIENT_MANAGER)
    look.visit(page, f"/{look.language}/area/clients/")
    look.visit(page, f"/{look.language}/area/clients/register/")
    page.click("#form button:not([name])")
    look.check(page)
    page.fill("#id_schools", SCHOOL)
    page.fill("#id_computer", "Gweinydd y swyddfa")
    page.click("#form button:not([name])")
    look.check(page)
    page.click("main .govuk-button--secondary")
    look.check(page)
    page.click("main a[href$='/retire/']")
    look.check(page)
    page.click("#form button:not([name])")
    look.check(page)
    assert page.locator(".govuk-notification-banner").count() == 1


def test_one_school_for_its_manager(look: Look) -> None:
    page = look.as_(Role.CLIENT_MANAGER)
    look.visit(page, f"/{look.language}/area/school/{SCHOOL}/")
    page.click("button[name=kind][value=run]")
    look.check(page)
