"""The demo's own service, written with Authlib: in, claims, out by itself, out by Hwb, and refused."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import httpx2
import jwt
import pytest
from playwright.sync_api import Page
from tests.support.axe import violations
from tests.support.languages import foreign_texts
from tests.support.programs import check_refused, free_port, running, sign_in
from tests.support.world import SCHOOL, World, release_learner, session_of

from hwb.demo.abacws import SCOPES
from hwb.demo.party import BACK, BYE, OUT, START
from hwb.jobs import service_log_outs
from hwb.operations import services
from hwb.operations.services import Wanted
from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium")


@pytest.fixture
def abacws(world: World, server: str, settings: Any, tmp_path: Path) -> Iterator[str]:
    """Its address while it runs."""
    settings.HWB_BASE_URL = server
    port, at = free_port(), datetime.now(UTC)
    own = f"http://localhost:{port}"
    made = services.register(
        Wanted(protocol="oidc", name="Abacws", schools=(SCHOOL,), redirect_uris=(own + BACK,), scopes=SCOPES,
               after_logout_uris=(own + BYE,), start_uri=own + START, logout_uri=f"http://127.0.0.1:{port}{OUT}"),
        acting_user="tests", at=at, now=at,
    )  # fmt: skip
    told = {"ISSUER": server, "CLIENT_ID": made.client_id, "CLIENT_SECRET": made.secret}
    with running([sys.executable, "-m", "hwb.demo.abacws"], port=port, log=tmp_path / "log", **told):
        yield own


def look_at(page: Page, own: str, language: str, width: int) -> None:
    """The page as it is now, in one language and width."""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{own}/{language}/")
    assert page.locator("html").get_attribute("lang") == language
    assert not foreign_texts(page.content(), language)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert not violations(page)
    if folder := os.environ.get("HWB_TEST_PICTURES"):
        page.screenshot(path=f"{folder}/abacws-{language}-{width}-{page.locator('tr').count()}.png", full_page=True)


def told(page: Page) -> dict[str, str]:
    return {row.locator("th").inner_text(): row.locator("td").inner_text() for row in page.locator("tbody tr").all()}


def test_a_teacher_comes_by_the_tile_and_signs_out_there(world: World, abacws: str, visitor: Page) -> None:
    visitor.goto("/cy/services/")
    sign_in(visitor, world, Role.TEACHER)
    visitor.click(".hwb-tile")
    visitor.wait_for_url(f"{abacws}/en/")
    teacher = world.accounts[Role.TEACHER]
    assert visitor.locator("h1").inner_text() == f"Signed in as {teacher.legal_forename} {teacher.legal_surname}"
    claims = told(visitor)
    assert claims["roles"] == '["staff", "teacher"]'
    assert claims["amr"] == '["pwd", "otp", "mfa"]'
    assert str(teacher.id) not in visitor.content()
    for language, width in (("en", 390), ("cy", 1280)):
        look_at(visitor, abacws, language, width)
    visitor.click("button")
    visitor.wait_for_url(f"{abacws}/cy/")
    assert visitor.locator(".said").inner_text() == "Rydych wedi allgofnodi, yma ac yn Hwb."
    visitor.goto("/en/account/")
    assert "/en/sign-in/" in visitor.url


def test_a_learner_who_is_let_go_is_out_at_once_and_stays_out(world: World, abacws: str, visitor: Page) -> None:
    for language, width in (("cy", 390), ("en", 1280)):
        look_at(visitor, abacws, language, width)
    visitor.click("main a")
    sign_in(visitor, world, Role.LEARNER)
    visitor.wait_for_url(f"{abacws}/en/")
    assert told(visitor)["age_band"]
    assert "birth" not in visitor.content()
    release_learner(world)
    assert service_log_outs.tell_due() == 1
    visitor.reload()
    assert visitor.locator(".said").inner_text() == "Hwb has signed you out of this service."
    assert not told(visitor)
    visitor.click("main a")
    check_refused(visitor, world, Role.LEARNER)


def test_only_hwb_can_sign_somebody_out(world: World, abacws: str, visitor: Page) -> None:
    """A logout token of another signer, or no token, is 400; whoever is signed in stays."""
    visitor.goto(abacws)
    visitor.click("main a")
    sign_in(visitor, world, Role.LEARNER)
    visitor.wait_for_url(f"{abacws}/en/")
    claims = told(visitor)
    forged = jwt.encode(
        {name: claims[name] for name in ("iss", "aud", "sub", "sid")} | {
            "iat": int(claims["iat"]), "exp": int(claims["exp"]), "jti": "j",
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        },
        "k" * 32, algorithm="HS256", headers={"typ": "logout+jwt"},
    )  # fmt: skip
    for token in ("", "nothing", forged):
        with httpx2.Client(trust_env=False) as client:
            assert client.post(abacws + OUT, data={"logout_token": token}).status_code == 400
    visitor.reload()
    assert told(visitor) == claims


@pytest.mark.parametrize("iss", ["https://other.example", "", None])
def test_an_answer_of_another_provider_is_not_taken_for_hwbs(
    world: World, server: str, abacws: str, iss: str | None
) -> None:
    """Mix-up (RFC 9207): a code of Hwb's own, good in all else, under another name or none."""
    with httpx2.Client(trust_env=False) as away, httpx2.Client(trust_env=False) as hwb:
        asked = away.get(f"{abacws}/en/sign-in").headers["location"]
        hwb.cookies.set("sessionid", session_of(world.accounts[Role.LEARNER].id))
        entry = hwb.get(asked).headers["location"]
        back = urlsplit(hwb.get(urljoin(server, entry)).headers["location"])
        told = dict(parse_qsl(back.query))
        assert told["iss"] == server
        wrong = {**told, "iss": iss} if iss is not None else {name: told[name] for name in ("code", "state")}
        page = away.get(f"{abacws}{BACK}?{urlencode(wrong)}", follow_redirects=True).text
        assert "Hwb did not sign you in: iss" in page
        assert "Signed in as" not in page
