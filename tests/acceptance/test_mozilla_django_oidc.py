"""A Django site with mozilla-django-oidc: in, claims, renewed without a page, and out when it next renews."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from tests.support.second_step import code_now, set_up
from tests.support.world import PASSWORD, SCHOOL, World

from hwb.operations import accounts, services
from hwb.operations.services import Wanted
from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium")
SITE = Path(__file__).parent / "relying_parties/mozilla_django_oidc/site.py"


@pytest.fixture
def site(world: World, server: str, settings: Any, tmp_path: Path) -> Iterator[str]:
    """The site's address while it runs."""
    settings.HWB_BASE_URL = server
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own, at = f"http://localhost:{port}", datetime.now(UTC)
    made = services.register(
        Wanted(protocol="oidc", name="Gwefan", schools=(SCHOOL,), redirect_uris=(f"{own}/oidc/callback/",),
               scopes=("profile", "email", "roles")),
        acting_user="tests", at=at, now=at,
    )  # fmt: skip
    environment = {
        "PATH": os.environ["PATH"], "ISSUER": server, "CLIENT_ID": made.client_id, "CLIENT_SECRET": made.secret,
        "PORT": str(port), "NO_PROXY": "*", "DATABASE": str(tmp_path / "site.sqlite3"),
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, str(SITE)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=(tmp_path / "log").open("w"),
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", (tmp_path / "log").read_text()
        yield own
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def page(browser: Browser, server: str) -> Iterator[Page]:
    context = browser.new_context(base_url=server, locale="en")
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def shown(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.locator("body").inner_text())
    return found


def test_a_champion_signs_in_is_renewed_and_is_out_when_switched_off(world: World, site: str, page: Page) -> None:
    champion = world.accounts[Role.CHAMPION]
    page.goto(f"{site}/oidc/authenticate/")
    page.wait_for_url("**/en/sign-in/**")
    page.fill("[name=username]", champion.username)
    page.fill("[name=password]", PASSWORD)
    secret = set_up(champion.id)[0]
    page.click("#form > button")
    page.fill("[name=code_again]", code_now(secret))
    page.click("#form > button")
    page.wait_for_url(f"{site}/")
    told = shown(page)
    assert told == {"user": told["user"], "roles": "staff,digital_champion", "email": champion.email}
    assert len(told["user"]) == 32
    page.goto(f"{site}/expire")
    page.goto(f"{site}/")  # by way of Hwb and back, without a page
    assert shown(page) == told
    accounts.deactivate(
        username=champion.username, school=SCHOOL, reason="tests", acting_user="tests",
        now=datetime(2018, 7, 4, 9, tzinfo=UTC), on=date(2018, 7, 4),
    )  # fmt: skip
    page.goto(f"{site}/expire")
    page.goto(f"{site}/")
    assert shown(page) == {"refused": True}
    page.goto(f"{site}/oidc/authenticate/")
    assert "/en/sign-in/" in page.url
