"""The way in, when it does not open: wrong and forgotten passwords, help codes, locks, in a real browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.world import OWN_CLASS, PASSWORD, SCHOOL, encoded

from hwb import clock
from hwb.directory.models import Account, SignInCount
from hwb.operations import accounts
from hwb.web.policy import Role


@pytest.mark.system("chromium")
def test_the_way_in_when_it_does_not_open(look: Any) -> None:
    """Mistyped, locked and unlocked by the school; then switched off: a code, which the school types in."""
    learner, base = look.world.learners[OWN_CLASS][1], f"/{look.language}"
    Account.objects.filter(id=learner.id).update(password=encoded())
    page, school = look.as_(), look.as_(Role.CHAMPION)

    def sign_in(password: str) -> None:
        page.fill("#id_username", learner.username)
        page.fill("#id_password", password)
        page.click("#form button[class=govuk-button]")
        look.check(page)

    look.visit(page, f"{base}/sign-in/")
    page.click("a[href$='/forgotten/']")
    look.check(page)
    look.picture(page, "forgotten")
    page.fill("#id_username", learner.username)
    page.click("#form button[class=govuk-button]")
    look.check(page)
    assert page.locator("[role=status]").is_visible()
    look.picture(page, "forgotten-asked")
    look.visit(page, f"{base}/forgotten/x/", status=404)
    recovery = look.as_(Role.STAFF)
    look.visit(recovery, f"{base}/account/recovery-address/")
    recovery.fill("#id_address", "x")
    recovery.click("#form button[class=govuk-button]")
    look.check(recovery)
    look.picture(recovery, "recovery-address-wrong")
    recovery.fill("#id_address", "sian@example.wales")
    recovery.click("#form button[class=govuk-button]")
    look.check(recovery)
    look.picture(recovery, "account")
    look.visit(page, f"{base}/sign-in/")
    sign_in("wrong")
    assert page.input_value("#id_username") == learner.username
    SignInCount.objects.update(row=10, until=datetime.now(UTC) + timedelta(minutes=5))
    sign_in(PASSWORD)
    assert page.locator(".govuk-error-summary").is_visible()
    look.visit(school, f"{base}/school/{SCHOOL}/learners/{learner.id}/")
    school.click("form[action$='/unlock/'] button")
    look.check(school)
    accounts.deactivate(
        username=learner.username, school=SCHOOL, reason="asked", acting_user="tests", now=clock.now(), on=clock.today()
    )
    look.visit(page, f"{base}/sign-in/")
    sign_in(PASSWORD)
    code = page.locator("main .hwb-code").inner_text()
    look.visit(school, f"{base}/school/{SCHOOL}/find-learner/")
    school.fill("#id_asked", code)
    school.click("button[value=one]")
    look.check(school)
    assert "LX13" in school.locator("main").inner_text()
