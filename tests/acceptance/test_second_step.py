"""The second step in a browser: an app's code, and a passkey of Chromium's virtual authenticator (A7)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from tests.acceptance.conftest import Look
from tests.support.second_step import code_now, set_up
from tests.support.world import PASSWORD
from tests.web.test_launcher import service

from hwb.directory.models import SecondFactor
from hwb.web.policy import Role

pytestmark = [pytest.mark.system("chromium"), pytest.mark.django_db(transaction=True)]
BUTTON = "form#form button.govuk-button:not([type=button])"


def sign_in(look: Look, page: Page, role: Role) -> None:
    page.goto(f"/{look.language}/sign-in/")
    page.fill("#id_username", look.world.accounts[role].username)
    page.fill("#id_password", PASSWORD)
    page.click(BUTTON)


def test_a_champion_sets_up_an_app_and_signs_in_with_it(look: Look) -> None:
    """Every page in both languages, wide and narrow, with and without script."""
    page, own = look.as_(), f"/{look.language}/account/second-step/"
    sign_in(look, page, Role.CHAMPION)
    page.wait_for_url(f"**{own}**")  # and what comes after
    look.check(page)
    page.click(f"a[href='{own}app/']")
    look.check(page)
    secret = page.inner_text("#secret").replace(" ", "")
    page.fill("#id_code", "12")
    page.click(BUTTON)
    look.check(page)
    page.fill("#id_code", code_now(secret))
    page.click(BUTTON)
    look.check(page)
    codes = page.locator(".hwb-codes code").all_inner_texts()
    assert len(codes) == 10
    look.visit(page, own)
    page.click(".hwb-header__person button")
    sign_in(look, page, Role.CHAMPION)
    page.wait_for_url("**/second-step/")
    look.check(page)
    page.fill("#id_code_again", codes[0])
    page.click(BUTTON)
    page.wait_for_url(f"**/{look.language}/school/**")


def test_a_champion_with_a_passkey(look: Look) -> None:
    """Made, used for signing in, and asked again; without script the page says what to do instead."""
    page, own = look.as_(), f"/{look.language}/account/second-step/"
    if not look.script:
        sign_in(look, page, Role.CHAMPION)
        look.visit(page, f"{own}passkey/")
        return
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True,
                     "automaticPresenceSimulation": True}},
    )  # fmt: skip
    sign_in(look, page, Role.CHAMPION)
    page.click(f"a[href='{own}passkey/']")
    look.check(page)
    page.click(BUTTON)  # without a name: the server says so
    look.check(page)
    page.fill("#id_name", "Yubikey")
    page.click(BUTTON)
    page.wait_for_selector(".hwb-codes")
    assert SecondFactor.objects.filter(kind="passkey").count() == 1
    page.click(".hwb-header__person button")
    sign_in(look, page, Role.CHAMPION)
    page.wait_for_url("**/second-step/")
    look.check(page)
    assert not page.locator("[data-passkey-failed]").is_visible()
    page.click("[data-passkey]")
    page.wait_for_url(f"**/{look.language}/school/**")
    look.visit(page, own)
    assert SecondFactor.objects.get(kind="passkey").used_at is not None


def test_ones_own_account_and_a_lost_device(look: Look) -> None:
    """A8 with a device that is signed out, and what an officer and an operator see of a headteacher's lost device."""
    world, language = look.world, look.language
    set_up(world.accounts[Role.HEAD].id)
    page = look.as_()
    sign_in(look, page, Role.STAFF)
    another = look.as_()
    sign_in(look, another, Role.STAFF)
    look.visit(another, f"/{language}/account/")
    another.click("form[action*='/sessions/'] button")
    look.check(another)
    look.visit(another, f"/{language}/account/second-step/")
    look.visit(another, f"/{language}/services/")
    service("Atlas")
    look.visit(another, f"/{language}/services/")
    page.goto(f"/{language}/account/")
    page.wait_for_url("**/sign-in/**")
    officer = look.as_(Role.AREA_OFFICER)
    look.visit(officer, f"/{language}/lost-device/")
    officer.click(BUTTON)
    look.check(officer)
    officer.fill("#id_username", world.accounts[Role.HEAD].username)
    officer.fill("#id_reason", "20/11")
    officer.check("#id_recognised")
    officer.click(BUTTON)
    look.check(officer)
    operator = look.as_(Role.OPERATOR)
    look.visit(operator, f"/{language}/lost-device/")
    operator.click("a[href*='/lost-device/']:not([href$='/lost-device/'])")
    look.check(operator)
    operator.click("form#form .govuk-button--warning")
    look.check(operator)
    assert not SecondFactor.objects.exists()


def test_before_a_session_ends_the_page_asks(look: Look) -> None:
    """Two minutes before, with one press to stay; whoever is silent is told. Without script nothing stands in the way."""
    page = look.as_(Role.CHAMPION)
    page.clock.install()
    look.visit(page, f"/{look.language}/account/")
    dialog = page.locator(".hwb-idle")
    page.clock.fast_forward(26 * 60_000)
    assert dialog.is_hidden()
    page.clock.fast_forward(70_000)
    assert dialog.is_visible() is look.script
    if not look.script:
        return
    assert page.evaluate("document.activeElement.closest('[data-idle-soon]') !== null")
    look.check(page)
    with page.expect_response("**/stay/") as answered:
        page.keyboard.press("Enter")
    assert answered.value.status == 204
    dialog.wait_for(state="hidden")
    page.clock.fast_forward(30 * 60_000)
    dialog.locator("[data-idle-over]").wait_for(state="visible")
    look.check(page)
