"""A2 to A4 in a browser: a child with a badge and pictures, a class on a tablet, a badge before the camera."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import segno
from playwright.sync_api import Browser, Page
from tests.acceptance.conftest import FLAGS, Look
from tests.support.world import OWN_CLASS, SCHOOL, World

from hwb import clock
from hwb.directory.models import Account
from hwb.operations import badges, child_pictures
from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium")
THREE = ("cat", "sun", "key")


def prepared(world: World) -> tuple[Account, str]:
    """A child with pictures, and the code of the badge."""
    child = world.learners[OWN_CLASS][1]
    who = {"school": SCHOOL, "acting_user": "tests", "now": clock.now()}
    child_pictures.choose(account=child.id, pictures=THREE, **who)  # type: ignore[arg-type]
    return child, badges.codes(accounts=[child.id], **who)[child.id]  # type: ignore[arg-type]


def touch(page: Page, *pictures: str) -> None:
    """By keyboard: to the button and Enter."""
    for one in pictures:
        page.focus(f"button[value={one}]")
        with page.expect_navigation():
            page.keyboard.press("Enter")


def is_in(page: Page) -> bool:
    return page.locator(".hwb-header__person").count() == 1


def test_a_badge_and_three_pictures(look: Look) -> None:
    _, code = prepared(look.world)
    page = look.as_()
    look.visit(page, f"/{look.language}/badge/")
    page.fill("#id_code", "ACDE")
    page.keyboard.press("Enter")
    page.wait_for_selector(".govuk-error-message")
    look.check(page)
    page.fill("#id_code", code)
    page.keyboard.press("Enter")  # as a hand scanner ends a code
    page.wait_for_url("**/pictures/")
    look.check(page)
    assert all(box["height"] >= 44 for box in (one.bounding_box() for one in page.locator("main button").all()) if box)
    touch(page, "cat", "sun")
    assert page.locator(".hwb-places__full").count() == 2
    look.check(page)
    touch(page, "cat")
    look.check(page)
    assert page.locator(".hwb-places__full").count() == 0
    touch(page, *THREE)
    assert is_in(page)
    look.check(page)
    page.click(".hwb-header__person button")
    page.wait_for_url("**/badge/")


def test_a_class_on_a_tablet(look: Look) -> None:
    child, _ = prepared(look.world)
    teacher, tablet = look.as_(Role.TEACHER), look.as_()
    place = f"/{look.language}/school/{SCHOOL}/class/sign-in/?name={OWN_CLASS}"
    look.visit(teacher, place)
    teacher.click("#form button")
    look.check(teacher)
    look.visit(tablet, f"/{look.language}/class/")
    tablet.fill("#id_code", teacher.inner_text(".hwb-code"))
    tablet.keyboard.press("Enter")
    tablet.wait_for_selector("button[name=child]")
    look.check(tablet)
    tablet.click(f"button[value='{child.id}']")
    tablet.wait_for_url("**/pictures/")
    touch(tablet, *THREE)
    assert is_in(tablet)
    look.visit(teacher, place)
    with teacher.expect_navigation():
        teacher.click(".govuk-button--warning")
    look.check(teacher)
    tablet.reload()
    assert not is_in(tablet)


def test_badges_and_pictures_for_a_class(look: Look) -> None:
    page = look.as_(Role.TEACHER)
    base = f"/{look.language}/school/{SCHOOL}/class"
    look.visit(page, f"{base}/pictures/?name={OWN_CLASS}")
    page.click("#form button")
    page.wait_for_selector(".hwb-three")
    look.check(page)
    assert page.locator(".hwb-three").count() == 3
    look.visit(page, f"{base}/badges/?name={OWN_CLASS}")
    page.click("#form button:not([type])")
    page.wait_for_selector(".hwb-badge")
    look.check(page)
    assert page.locator(".hwb-badge svg").count() == 3
    page.emulate_media(media="print")
    box = page.locator(".hwb-badge svg").first.bounding_box()
    assert box is not None
    assert box["width"] > 25 / 25.4 * 96  # at least 25 mm on paper


def test_a_badge_before_the_camera(browser: Browser, server: str, world: World, tmp_path: Path) -> None:
    """The camera is a film of the badge; it is asked for only after the press, and its reader is fetched then."""
    _, code = prepared(world)
    film = tmp_path / "badge.y4m"
    film.write_bytes(film_of(code))
    own = browser.browser_type.launch(
        executable_path=shutil.which("chromium"),
        args=[*FLAGS, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
              f"--use-file-for-fake-video-capture={film}"],
    )  # fmt: skip
    try:
        page = own.new_context(base_url=server, permissions=["camera"]).new_page()
        fetched: list[str] = []
        page.on("request", lambda request: fetched.append(request.url))
        page.goto("/en/badge/")
        assert not any("jsqr" in url for url in fetched)
        page.click("[data-camera]")
        page.wait_for_url("**/pictures/")
        assert any("jsqr" in url for url in fetched)
        touch(page, *THREE)
        assert is_in(page)
    finally:
        own.close()


def film_of(code: str, *, width: int = 640, height: int = 480, scale: int = 10) -> bytes:
    """A film of one still picture: the square of a badge on white."""
    square = [bytes(row) for row in segno.make_qr(code, error="m").matrix]
    left, top = (width - len(square) * scale) // 2, (height - len(square) * scale) // 2
    light = bytearray(b"\xeb" * width * height)
    for number, row in enumerate(square):
        line = b"".join((b"\x10" if mark else b"\xeb") * scale for mark in row)
        for across in range(scale):
            start = (top + number * scale + across) * width + left
            light[start : start + len(line)] = line
    colour = b"\x80" * (width * height // 2)
    frame = b"FRAME\n" + bytes(light) + colour
    return f"YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * 10
