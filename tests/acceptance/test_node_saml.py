"""A service written with node-saml, the library most used in Node.js: in, attributes, out, and refused."""

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
from tests.support.saml_party import key_pair, library
from tests.support.second_step import code_now, set_up
from tests.support.world import PASSWORD, SCHOOL, World

from hwb.jobs import service_log_outs
from hwb.operations import accounts, services
from hwb.web.policy import WITH_SECOND_STEP, Role

pytestmark = pytest.mark.system("chromium", "node", "npm", "xmlsec1")
HERE = Path(__file__).parent / "relying_parties/node_saml"
ENTITY = "urn:example:shelf"


@pytest.fixture(scope="session")
def node_saml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library, as its lock file says, from the package registry or npm's cache."""
    place = tmp_path_factory.mktemp("node-saml")
    for file in HERE.iterdir():
        shutil.copy(file, place)
    npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    subprocess.run(npm, cwd=place, check=True, capture_output=True, timeout=120)
    return place


@pytest.fixture
def service(world: World, server: str, settings: Any, node_saml: Path) -> Iterator[str]:
    """The service's address while it runs."""
    settings.HWB_BASE_URL = server
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = f"http://localhost:{port}"
    made = library(
        schools=(SCHOOL,), entity=ENTITY, consumer=f"{own}/acs", out=f"{own}/out", soap=f"http://127.0.0.1:{port}/soap",
        signs=True,
    )  # fmt: skip
    environment = {
        "PATH": os.environ["PATH"], "HWB": server, "ENTITY": ENTITY, "CERTIFICATE": made.certificates()[0],
        "KEY": key_pair().pem, "PORT": str(port), "NO_PROXY": "*",
    }  # fmt: skip
    process = subprocess.Popen(
        ["node", "service.mjs"], cwd=node_saml, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
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
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def shown(page: Page, address: str = "") -> Any:
    """What the service shows, now or at an address."""
    if address:
        page.goto(address)
    return json.loads(page.locator("body").inner_text())


def sign_in(page: Page, service: str, world: World, role: Role) -> Any:
    page.goto(f"{service}/sign-in")
    page.wait_for_url("**/sign-in/?next=**")
    page.fill("[name=username]", world.accounts[role].username)
    page.fill("[name=password]", PASSWORD)
    secret = set_up(world.accounts[role].id)[0] if role in WITH_SECOND_STEP else ""
    page.click("#form > button")
    if secret:
        page.fill("[name=code_again]", code_now(secret))
        page.click("#form > button")
    page.wait_for_url(f"{service}/acs")
    return shown(page)


def test_a_teacher_is_signed_in_and_signed_out_by_the_service(world: World, service: str, page: Page) -> None:
    told = sign_in(page, service, world, Role.TEACHER)
    assert told["nameID"] == services.pairwise_key().identifier(world.accounts[Role.TEACHER].id, sector="library")
    assert told["attributes"]["roles"] == ["staff", "teacher"]
    assert told["relay"] == "here"
    page.goto(f"{service}/sign-in")
    page.wait_for_url(f"{service}/acs")  # signed in at Hwb: nothing to do in between
    assert shown(page, f"{service}/sign-out") == {"out": True, "relay": "bye"}
    page.goto("/cy/account/")
    assert "/cy/sign-in/" in page.url


def test_a_learner_who_is_switched_off_is_out_of_the_service_at_once(world: World, service: str, page: Page) -> None:
    told = sign_in(page, service, world, Role.LEARNER)
    accounts.deactivate(
        username=world.accounts[Role.LEARNER].username, school=SCHOOL, reason="tests", acting_user="tests",
        now=datetime(2018, 7, 4, 9, tzinfo=UTC), on=date(2018, 7, 4),
    )  # fmt: skip
    assert service_log_outs.tell_due() == 1
    heard = shown(page, f"{service}/heard")
    assert len(heard) == 1
    assert told["nameID"] in heard[0]
    page.goto(f"{service}/sign-in")
    page.wait_for_url("**/sign-in/?next=**")
