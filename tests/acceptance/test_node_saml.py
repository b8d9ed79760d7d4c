"""A service written with node-saml, the library most used in Node.js: in, attributes, out, and refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page
from tests.support.programs import check_refused, free_port, install, running, shown, sign_in
from tests.support.saml_party import key_pair, library
from tests.support.world import SCHOOL, World, release_learner

from hwb.jobs import service_log_outs
from hwb.operations import saml_messages, services
from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium", "node", "npm", "xmlsec1")
LANGUAGE = "cy"
ENTITY = "urn:example:shelf"


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install("node_saml", tmp_path_factory.mktemp("node-saml"))


@pytest.fixture
def service(world: World, server: str, settings: Any, program: Path, tmp_path: Path) -> Iterator[str]:
    """The service's address while it runs."""
    settings.HWB_BASE_URL = server
    port = free_port()
    own = f"http://localhost:{port}"
    made = library(
        schools=(SCHOOL,), entity=ENTITY, consumer=f"{own}/acs", out=f"{own}/out", soap=f"http://127.0.0.1:{port}/soap",
        signs=True,
    )  # fmt: skip
    told = {"HWB": server, "ENTITY": ENTITY, "CERTIFICATE": made.certificates()[0], "KEY": key_pair().pem}
    with running(["node", "service.mjs"], port=port, log=tmp_path / "log", within=program, **told):
        yield own


def go_in(page: Page, service: str, world: World, role: Role) -> Any:
    page.goto(f"{service}/sign-in")
    sign_in(page, world, role)
    page.wait_for_url(f"{service}/acs")
    return shown(page)


def test_a_teacher_is_signed_in_and_signed_out_by_the_service(world: World, service: str, visitor: Page) -> None:
    told = go_in(visitor, service, world, Role.TEACHER)
    assert told["nameID"] == services.pairwise_key().identifier(world.accounts[Role.TEACHER].id, sector="library")
    assert told["attributes"]["roles"] == ["staff", "teacher"]
    assert told["relay"] == "here"
    visitor.goto(f"{service}/sign-in")
    visitor.wait_for_url(f"{service}/acs")  # signed in at Hwb: nothing to do in between
    assert shown(visitor, f"{service}/sign-out") == {"out": True, "relay": "bye"}
    visitor.goto("/cy/account/")
    assert "/cy/sign-in/" in visitor.url


def test_a_learner_who_is_let_go_is_out_of_the_service_at_once(world: World, service: str, visitor: Page) -> None:
    told = go_in(visitor, service, world, Role.LEARNER)
    assert shown(visitor, f"{service}/who") == {"who": told["nameID"]}
    release_learner(world)
    assert service_log_outs.tell_due() == 1
    assert shown(visitor, f"{service}/heard") == [{name: told[name] for name in ("nameID", "sessionIndex")}]
    assert shown(visitor, f"{service}/who") == {"who": None}
    visitor.goto(f"{service}/sign-in")
    check_refused(visitor, world, Role.LEARNER)


def test_only_hwb_can_sign_somebody_out(world: World, service: str, visitor: Page) -> None:
    """The service does not believe a request of another signer, and Hwb would not take its answer for a yes."""
    told = go_in(visitor, service, world, Role.LEARNER)
    at = datetime.now(UTC)
    forged = saml_messages.log_out_envelope(
        address=f"{service}/soap", entity=ENTITY, identifier=told["nameID"], sign_in=told["sessionIndex"], at=at,
        key=key_pair("another"),
    )  # fmt: skip
    with httpx2.Client(trust_env=False) as client:
        assert not saml_messages.is_heard(client.post(f"{service}/soap", content=forged).content)
    assert shown(visitor, f"{service}/who") == {"who": told["nameID"]}
