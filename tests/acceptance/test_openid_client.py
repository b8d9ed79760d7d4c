"""A service written with openid-client, the library most used in Node.js: in, claims, renewed, out, and refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from tests.support.programs import check_refused, free_port, install, running, shown, sign_in
from tests.support.world import SCHOOL, World, release_learner

from hwb.jobs import service_log_outs
from hwb.operations import services
from hwb.operations.services import Wanted
from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium", "node", "npm")
LANGUAGE = "cy"
SCOPES = ("openid", "profile", "email", "roles", "organisation", "age_band", "offline_access")


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install("openid_client", tmp_path_factory.mktemp("openid-client"))


@pytest.fixture
def party(world: World, server: str, settings: Any, program: Path, tmp_path: Path) -> Iterator[str]:
    """The service's address while it runs."""
    settings.HWB_BASE_URL = server
    port, at = free_port(), datetime.now(UTC)
    own = f"http://localhost:{port}"
    made = services.register(
        Wanted(protocol="oidc", name="Mathemateg", schools=(SCHOOL,), redirect_uris=(f"{own}/back",), scopes=SCOPES,
               after_logout_uris=(f"{own}/bye",), logout_uri=f"{own}/out"),
        acting_user="tests", at=at, now=at,
    )  # fmt: skip
    told = {"ISSUER": server, "CLIENT_ID": made.client_id, "CLIENT_SECRET": made.secret}
    with running(["node", "party.mjs"], port=port, log=tmp_path / "log", within=program, **told):
        yield own


def go_in(page: Page, party: str, world: World, role: Role) -> Any:
    page.goto(f"{party}/sign-in")
    sign_in(page, world, role)
    page.wait_for_url(f"{party}/back?**")
    return shown(page)


def test_a_teacher_is_signed_in_renewed_and_signed_out_by_the_service(world: World, party: str, visitor: Page) -> None:
    told = go_in(visitor, party, world, Role.TEACHER)
    assert told["userinfo"]["sub"] == told["claims"]["sub"]
    assert told["userinfo"]["roles"] == ["staff", "teacher"]
    assert told["userinfo"]["organisation"]["id"] == SCHOOL
    assert told["claims"]["amr"] == ["pwd", "otp", "mfa"]
    assert shown(visitor, f"{party}/refresh")["userinfo"]["nickname"] == world.accounts[Role.TEACHER].username
    assert shown(visitor, f"{party}/introspect")["active"] is True
    assert "claims" in shown(visitor, f"{party}/sign-in")  # signed in at Hwb: no page in between
    assert shown(visitor, f"{party}/sign-out") == {"bye": "bye"}
    service_log_outs.tell_due()
    assert {each["sub"] for each in shown(visitor, f"{party}/heard")} == {told["claims"]["sub"]}
    visitor.goto("/cy/account/")
    assert "/cy/sign-in/" in visitor.url


def test_a_learner_who_is_let_go_is_out_of_the_service_at_once(world: World, party: str, visitor: Page) -> None:
    told = go_in(visitor, party, world, Role.LEARNER)
    release_learner(world)
    assert service_log_outs.tell_due() == 1
    assert shown(visitor, f"{party}/heard") == [{"sub": told["claims"]["sub"], "sid": told["claims"]["sid"]}]
    assert shown(visitor, f"{party}/refresh") == {"error": "invalid_grant"}
    assert shown(visitor, f"{party}/introspect") == {"active": False}
    visitor.goto(f"{party}/sign-in")
    check_refused(visitor, world, Role.LEARNER)
