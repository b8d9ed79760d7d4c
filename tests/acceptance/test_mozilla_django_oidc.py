"""A Django site with mozilla-django-oidc: in, claims, renewed without a page, out both ways, and refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from tests.support.programs import PARTIES, check_refused, free_port, running, shown, sign_in
from tests.support.world import SCHOOL, World, release_learner

from hwb.operations import services
from hwb.operations.services import Wanted
from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium")
SITE = PARTIES / "mozilla_django_oidc/site.py"


@pytest.fixture
def site(world: World, server: str, settings: Any, tmp_path: Path) -> Iterator[str]:
    """The site's address while it runs."""
    settings.HWB_BASE_URL = server
    port, at = free_port(), datetime.now(UTC)
    own = f"http://localhost:{port}"
    made = services.register(
        Wanted(protocol="oidc", name="Gwefan", schools=(SCHOOL,), redirect_uris=(f"{own}/oidc/callback/",),
               scopes=("profile", "email", "roles"), after_logout_uris=(f"{own}/",)),
        acting_user="tests", at=at, now=at,
    )  # fmt: skip
    told = {
        "ISSUER": server, "CLIENT_ID": made.client_id, "CLIENT_SECRET": made.secret,
        "DATABASE": str(tmp_path / "site.sqlite3"),
    }  # fmt: skip
    with running([sys.executable, str(SITE)], port=port, log=tmp_path / "log", **told):
        yield own


def go_in(page: Page, site: str, world: World, role: Role) -> Any:
    page.goto(f"{site}/oidc/authenticate/")
    sign_in(page, world, role)
    page.wait_for_url(f"{site}/")
    return shown(page)


def renewed(page: Page, site: str) -> Any:
    """What the site shows at its next renewal: by way of Hwb and back, without a page."""
    page.goto(f"{site}/expire")
    return shown(page, f"{site}/")


def test_a_champion_signs_in_is_renewed_and_signs_out_there(world: World, site: str, visitor: Page) -> None:
    told = go_in(visitor, site, world, Role.CHAMPION)
    assert told == {
        "user": told["user"], "roles": "staff,digital_champion", "email": world.accounts[Role.CHAMPION].email,
    }  # fmt: skip
    assert len(told["user"]) == 32
    assert renewed(visitor, site) == told
    visitor.goto(f"{site}/leave")
    visitor.click("button")  # its log-out is sent as a form
    visitor.wait_for_url(f"{site}/")
    assert shown(visitor)["user"] == ""
    visitor.goto("/en/account/")
    assert "/en/sign-in/" in visitor.url


def test_a_learner_who_is_let_go_is_out_at_the_next_renewal(world: World, site: str, visitor: Page) -> None:
    assert go_in(visitor, site, world, Role.LEARNER)["roles"] == "learner"
    release_learner(world)
    assert renewed(visitor, site) == {"refused": True}
    visitor.goto(f"{site}/oidc/authenticate/")
    check_refused(visitor, world, Role.LEARNER)
