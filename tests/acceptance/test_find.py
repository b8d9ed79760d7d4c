"""Find my learner, the staff and one of them, in a real browser."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.support.deliveries import deliver, learner_row
from tests.support.people import upn
from tests.support.world import ELSEWHERE, SCHOOL

from hwb.web.policy import Role


@pytest.mark.system("chromium")
def test_find_a_learner_and_a_member_of_staff(look: Any) -> None:
    page = look.as_(Role.CHAMPION)
    base = f"/{look.language}/school/{SCHOOL}"
    for typed in ("X123", upn(50), "re"):  # an error, an answer, a list
        look.visit(page, f"{base}/find-learner/")
        page.fill("#id_asked", typed)
        page.click("button[value=one]")
        look.check(page)
    look.visit(page, f"{base}/find-learner/")
    page.click("details summary")
    page.fill("#id_many", "\n".join(upn(number) for number in (1, 2, 50, 99)))
    page.click("button[value=many]")
    look.check(page)
    look.visit(page, f"{base}/staff/")
    look.picture(page, "staff")
    look.visit(page, f"{base}/find-staff/")
    page.fill("#id_asked", "ZZ")
    page.click("#form button")
    look.check(page)
    page.click("a[href*=compare]")
    page.click("#choose button")
    look.check(page)
    look.visit(page, f"{base}/staff/{look.world.accounts[Role.HEAD].id}/")


@pytest.mark.system("chromium")
def test_what_an_answer_offers_to_do(look: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """6.1: the school that has the learner is told, the task is passed on, and we tell when it changes."""
    monkeypatch.setenv("HWB_NOW", "2018-07-03T18:00")
    deliver([learner_row(number) for number in (*range(1, 7), 50)], school=SCHOOL, on=date(2018, 7, 3))
    page = look.as_(Role.CHAMPION)
    base = f"/{look.language}/school/{SCHOOL}"
    look.visit(page, f"{base}/find-learner/")
    page.fill("#id_asked", upn(50))
    page.click("button[value=one]")
    look.check(page)
    look.picture(page, "asks")
    page.click(f"button[value='tell:{ELSEWHERE}']")
    look.check(page)
    look.picture(page, "told")
    assert page.locator("button[value=unwatch]").count() == 1
    look.visit(page, f"{base}/find-learner/")
    page.click("details summary")
    page.fill("#id_many", "\n".join(upn(number) for number in (1, 2, 50, 99)))
    page.click("button[value=many]")
    look.check(page)
    look.picture(page, "asks-many")
    page.click(f"button[value='pass:{look.world.accounts[Role.MIS_ADMIN].id}']")
    look.check(page)
