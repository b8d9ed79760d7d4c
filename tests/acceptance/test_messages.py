"""The pages about messages, as people see them."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from tests.acceptance.conftest import Look
from tests.support.deliveries import deliver, learner_row
from tests.support.world import SCHOOL

from hwb.jobs import mail
from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium")


def test_messages(look: Look, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From the list of what was sent to one message, and from there to the choice of language."""
    monkeypatch.setattr(mail, "folder", lambda: tmp_path / "mail")
    monkeypatch.setenv("HWB_NOW", "2018-09-04T14:00")
    page = look.as_(Role.CHAMPION)
    look.visit(page, f"/{look.language}/mail/")
    everyone = [learner_row(number) for number in (*range(1, 7), *range(200, 230))]
    deliver(everyone, school=SCHOOL, on=date(2018, 9, 4), hour=11)
    deliver(everyone[:6], school=SCHOOL, on=date(2018, 9, 4))
    mail.send_due()
    look.visit(page, f"/{look.language}/mail/")
    page.locator("tbody a").first.click()
    look.check(page)
    look.visit(page, f"/{look.language}/account/messages/")
    page.locator("button.govuk-button").last.click()
    look.check(page)
    if folder := os.environ.get("HWB_TEST_PICTURES"):
        for name, place in (("mail", "mail/"), ("choice", "account/messages/")):
            page.goto(f"/{look.language}/{place}")
            page.screenshot(path=f"{folder}/{name}-{look.language}-{look.width}.png", full_page=True)
        page.goto(f"/{look.language}/mail/{min((tmp_path / 'mail').glob('*.eml')).stem}/")
        page.screenshot(path=f"{folder}/message-{look.language}-{look.width}.png", full_page=True)
