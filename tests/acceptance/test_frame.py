"""The pages of the frame itself, as everybody sees them."""

from __future__ import annotations

import pytest
from tests.acceptance.conftest import Look
from tests.support.second_step import code_now, set_up
from tests.support.world import PASSWORD

from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium")
PUBLIC = ("sign-in/", "status/", "accessibility/", "privacy/", "cookies/")


def test_public_pages_are_right_in_both_languages_and_widths_with_and_without_script(look: Look) -> None:
    page = look.as_()
    for path in PUBLIC:
        look.visit(page, f"/{look.language}/{path}")
    look.visit(page, f"/{look.language}/not-there/", status=404)
    look.visit(page, f"/{look.language}/first-sign-in/unknown/", status=404)


def test_somebody_signs_in_changes_the_password_and_signs_out(look: Look) -> None:
    page = look.as_()
    look.visit(page, f"/{look.language}/sign-in/")
    page.fill("#id_username", "nobody1")
    page.fill("#id_password", "wrong")
    page.click("main button[type=submit], main form button:not([type])")
    look.check(page)
    assert page.title().startswith("Error:" if look.language == "en" else "Gwall:")
    assert page.input_value("#id_username") == "nobody1"
    assert page.input_value("#id_password") == ""
    page.fill("#id_username", f"  {look.world.accounts[Role.CHAMPION].username.upper()} ")
    page.fill("#id_password", PASSWORD)
    secret, _ = set_up(look.world.accounts[Role.CHAMPION].id)
    page.click("main form button:not([type])")
    page.fill("#id_code_again", code_now(secret))
    page.click("main form button:not([type])")
    look.visit(page, f"/{look.language}/account/")
    look.visit(page, f"/{look.language}/?all=1")
    look.visit(page, f"/{look.language}/password/")
    page.fill("#id_present_password", PASSWORD)
    page.fill("#id_new_password", "short")
    page.click("main form button:not([type])")
    look.check(page)
    page.fill("#id_present_password", PASSWORD)
    page.fill("#id_new_password", "another-good-password")
    page.click("main form button:not([type])")
    look.check(page)
    assert page.locator(".govuk-notification-banner").count() == 1
    page.click(".hwb-header__button")
    look.check(page)
    assert page.url.endswith("/sign-in/")


def test_changing_language_keeps_what_was_typed(look: Look) -> None:
    page = look.as_()
    look.visit(page, f"/{look.language}/sign-in/?next=/{look.language}/account/")
    page.fill("#id_username", "siân.wyn")
    page.click("button[name=switch-language]")
    other = "cy" if look.language == "en" else "en"
    assert page.locator("html").get_attribute("lang") == other
    assert f"/{other}/sign-in/" in page.url
    assert page.input_value("#id_username") == "siân.wyn"
    assert page.locator(".govuk-error-summary").count() == 0
