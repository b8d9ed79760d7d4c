"""Find my learner, the staff and one of them, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.people import upn
from tests.support.world import SCHOOL

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
    look.visit(page, f"{base}/find-staff/")
    page.fill("#id_asked", "ZZ")
    page.click("#form button")
    look.check(page)
    page.click("a[href*=compare]")
    page.click("#choose button")
    look.check(page)
    look.visit(page, f"{base}/staff/{look.world.accounts[Role.HEAD].id}/")
