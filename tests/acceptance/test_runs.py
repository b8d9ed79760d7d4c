"""A Digital Champion's morning (ux.md 6.1): home, provisioning status, the run, what it changed."""

from __future__ import annotations

from datetime import date

import pytest
from tests.acceptance.conftest import Look
from tests.support.deliveries import deliver, learner_row
from tests.support.world import SCHOOL

from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium")


def test_from_home_to_what_a_run_changed(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWB_NOW", "2018-09-03T20:00")
    rows = [learner_row(n, year_group="6", registration_group="6 Gwyrdd") for n in range(1, 7)]
    long = learner_row(7, legal_surname="Llanfairpwllgwyngyllgogerychwyrndrobwll")
    deliver([*rows, long, learner_row(8, upn="nonsense")], on=date(2018, 9, 3))
    page = look.as_(Role.CHAMPION)
    look.visit(page, f"/{look.language}/school/{SCHOOL}/")
    look.picture(page, "home")
    with page.expect_navigation():
        page.click(f"main a[href='/{look.language}/school/{SCHOOL}/provisioning/']")
    look.check(page)
    look.picture(page, "provisioning")
    with page.expect_navigation():
        page.click("#list tbody tr:first-child a")
    look.check(page)
    with page.expect_navigation():
        page.click("main a[href$='/changes/']")
    look.check(page)
    assert "Llanfairpwll" in page.inner_text("main")
    look.visit(page, page.url.removeprefix(look.server) + "?group=moved&class=6%20Gwyrdd&year=6")
    look.picture(page, "changes")
    with page.expect_navigation():
        page.click(".govuk-back-link")
    look.check(page)
