"""A service written with openid-client, the library most used in Node.js: in, claims, renewed, out, and refused."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from tests.support.second_step import code_now, set_up
from tests.support.world import PASSWORD, SCHOOL, World

from hwb.jobs import service_log_outs
from hwb.operations import accounts, services
from hwb.operations.services import Wanted
from hwb.web.policy import WITH_SECOND_STEP, Role

pytestmark = pytest.mark.system("chromium", "node", "npm")
HERE = Path(__file__).parent / "relying_parties/openid_client"
SCOPES = ("openid", "profile", "email", "roles", "organisation", "age_band", "offline_access")


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library, as its lock file says, from the package registry or npm's cache."""
    place = tmp_path_factory.mktemp("openid-client")
    for file in HERE.iterdir():
        shutil.copy(file, place)
    npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    subprocess.run(npm, cwd=place, check=True, capture_output=True, timeout=120)
    return place


@pytest.fixture
def party(world: World, server: str, settings: Any, library: Path) -> Iterator[str]:
    """The service's address while it runs."""
    settings.HWB_BASE_URL = server
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own, at = f"http://localhost:{port}", datetime.now(UTC)
    made = services.register(
        Wanted(protocol="oidc", name="Mathemateg", schools=(SCHOOL,), redirect_uris=(f"{own}/back",), scopes=SCOPES,
               after_logout_uris=(f"{own}/bye",), logout_uri=f"{own}/out"),
        acting_user="tests", at=at, now=at,
    )  # fmt: skip
    environment = {
        "PATH": os.environ["PATH"], "ISSUER": server, "CLIENT_ID": made.client_id, "CLIENT_SECRET": made.secret,
        "PORT": str(port), "NO_PROXY": "*",
    }  # fmt: skip
    process = subprocess.Popen(
        ["node", "party.mjs"], cwd=library, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first == "ready\n", first + process.stdout.read()
        yield own
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def page(browser: Browser, server: str) -> Iterator[Page]:
    context = browser.new_context(base_url=server, locale="cy")
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def shown(page: Page, address: str = "") -> Any:
    """What the service shows, now or at an address."""
    if address:
        page.goto(address)
    return json.loads(page.locator("body").inner_text())


def sign_in(page: Page, party: str, world: World, role: Role) -> Any:
    page.goto(f"{party}/sign-in")
    page.wait_for_url("**/cy/sign-in/**")
    page.fill("[name=username]", world.accounts[role].username)
    page.fill("[name=password]", PASSWORD)
    secret = set_up(world.accounts[role].id)[0] if role in WITH_SECOND_STEP else ""
    page.click("#form > button")
    if secret:
        page.fill("[name=code_again]", code_now(secret))
        page.click("#form > button")
    page.wait_for_url(f"{party}/back?**")
    return shown(page)


def test_a_teacher_is_signed_in_renewed_and_signed_out_by_the_service(world: World, party: str, page: Page) -> None:
    told = sign_in(page, party, world, Role.TEACHER)
    assert told["userinfo"]["sub"] == told["claims"]["sub"]
    assert told["userinfo"]["roles"] == ["staff", "teacher"]
    assert told["userinfo"]["organisation"]["id"] == SCHOOL
    assert told["claims"]["amr"] == ["pwd", "otp", "mfa"]
    assert shown(page, f"{party}/refresh")["userinfo"]["nickname"] == world.accounts[Role.TEACHER].username
    assert shown(page, f"{party}/introspect")["active"] is True
    assert "claims" in shown(page, f"{party}/sign-in")  # signed in at Hwb: no page in between
    assert shown(page, f"{party}/sign-out") == {"bye": "bye"}
    service_log_outs.tell_due()
    assert {each["sub"] for each in shown(page, f"{party}/heard")} == {told["claims"]["sub"]}
    page.goto("/cy/account/")
    assert "/cy/sign-in/" in page.url


def test_a_learner_who_is_switched_off_is_out_of_the_service_at_once(world: World, party: str, page: Page) -> None:
    told = sign_in(page, party, world, Role.LEARNER)
    accounts.deactivate(
        username=world.accounts[Role.LEARNER].username, school=SCHOOL, reason="tests", acting_user="tests",
        now=datetime(2018, 7, 4, 9, tzinfo=UTC), on=date(2018, 7, 4),
    )  # fmt: skip
    assert service_log_outs.tell_due() == 1
    assert shown(page, f"{party}/heard") == [{"sub": told["claims"]["sub"], "sid": told["claims"]["sid"]}]
    assert shown(page, f"{party}/refresh") == {"error": "invalid_grant"}
    assert shown(page, f"{party}/introspect") == {"active": False}
    page.goto(f"{party}/sign-in")
    assert "/cy/sign-in/" in page.url
