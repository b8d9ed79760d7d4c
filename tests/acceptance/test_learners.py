"""Learners, record, class and slips in a browser, and the slips on paper (ux.md 15, check 14)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser
from tests.acceptance.conftest import Look
from tests.support.deliveries import deliver, learner_row
from tests.support.world import OWN_CLASS, SCHOOL, World

from hwb.directory.models import Account, LearnerRecord, Run
from hwb.operations import passwords, provisioning
from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium")
NOW = datetime(2018, 7, 3, 9, tzinfo=UTC)


def _class_of_thirty() -> list[Account]:
    """Class 3 Gwyrdd joins the school's roll; one name is very long. So many at once wait for a confirmation."""
    long = "Angharad-Gwenllian-Myfanwy-Llywelyn-Rhys"
    rows = [
        learner_row(n, registration_group="3 Gwyrdd", year_group="3", legal_forename=long if n == 207 else f"Siôn{n}")
        for n in range(200, 230)
    ]
    rows += [learner_row(n, registration_group=OWN_CLASS) for n in range(1, 7)]
    run = deliver(rows, school=SCHOOL, on=NOW.date())
    if Run.objects.get(id=run).state == "held":
        provisioning.confirm(run_id=run, acting_user="tests", now=NOW, on=NOW.date())
    upns = LearnerRecord.objects.filter(registration_group="3 Gwyrdd").values_list("upn", flat=True)
    return list(Account.objects.filter(upn__in=upns))


def _passwords(*accounts: Account) -> None:
    for account in accounts:
        passwords.reset(account=account.id, school=SCHOOL, acting_user="tests", now=NOW)


def test_learners_record_class_and_slips(look: Look) -> None:
    _passwords(*look.world.learners[OWN_CLASS])
    page = look.as_(Role.CHAMPION)
    home = f"/{look.language}/school/{SCHOOL}"
    look.visit(page, f"{home}/learners/?year=6")
    page.fill("#search", "mali1")
    page.click(".hwb-search button")
    look.check(page)
    page.click("#list tbody a")
    look.check(page)
    page.click(".hwb-deeds form button")
    look.check(page)
    assert page.locator(".hwb-shown code").count() == 1
    look.visit(page, f"{home}/learners/?view=leavers")
    look.visit(page, f"{home}/class/?name={OWN_CLASS}")
    look.visit(page, f"{home}/class/print/?name={OWN_CLASS}")
    page.click("main form button:not([type])")
    look.check(page)
    assert page.locator(".hwb-slip").count() == 3
    page.click("main form button")
    look.check(page)
    assert page.locator(".govuk-notification-banner").count() == 1
    look.visit(page, f"{home}/class/list/?name={OWN_CLASS}")


def test_a_teachers_classes(look: Look) -> None:
    page = look.as_(Role.TEACHER)
    look.visit(page, f"/{look.language}/school/{SCHOOL}/my-classes/")
    page.click("#list tbody th a")
    look.check(page)


@pytest.mark.parametrize("what", ["password", "both"])
@pytest.mark.parametrize(("size", "sheets"), [("8", 4), ("4", 8), ("1", 30)])
def test_thirty_slips_fill_whole_sheets_and_none_is_cut(
    browser: Browser, server: str, world: World, size: str, sheets: int, what: str
) -> None:
    """Check 14: print of a class of 30 gives 4 pages of slips with none cut; a badge's square has 25 mm or more."""
    for account in _class_of_thirty():
        passwords.reset(account=account.id, school=SCHOOL, acting_user="tests", now=NOW)
    page = Look(browser, server, world, "cy", 1280, True).as_(Role.CHAMPION)
    page.goto(f"/cy/school/{SCHOOL}/class/print/?name=3+Gwyrdd")
    page.check(f"input[name=size][value='{size}']")
    page.check(f"input[name=what][value='{what}']")
    page.click("main form button:not([type])")
    assert page.locator(".hwb-slip").count() == 30
    page.emulate_media(media="print")
    cut = page.evaluate(
        "[...document.querySelectorAll('.hwb-slip, .hwb-sheet, .hwb-sheet__slips')]"
        ".filter(e => e.scrollHeight > e.clientHeight + 2 || e.scrollWidth > e.clientWidth + 2).length"
    )
    assert cut == 0
    squares = page.locator(".hwb-slip svg path").all()
    assert len(squares) == (30 if what == "both" else 0)
    assert all(box["width"] >= 25 / 25.4 * 96 for box in (one.bounding_box() for one in squares) if box)
    pdf = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == sheets
    page.context.close()
