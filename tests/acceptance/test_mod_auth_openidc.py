"""A site behind Debian's Apache with mod_auth_openidc, which takes back-channel log-outs: in, claims, out, refused."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from tests.support.programs import apache, check_refused, free_port, sign_in
from tests.support.world import SCHOOL, World, release_learner

from hwb.directory.models import ServiceLogOut
from hwb.jobs import service_log_outs
from hwb.operations import services
from hwb.operations.services import Wanted
from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium")
SHOWN = 'user=<!--#echo var="REMOTE_USER" -->;roles=<!--#echo var="OIDC_CLAIM_roles" -->;sub=<!--#echo var="OIDC_CLAIM_sub" -->'


@pytest.fixture
def site(world: World, server: str, settings: Any, tmp_path: Path) -> Iterator[str]:
    """The site's address while its Apache runs."""
    settings.HWB_BASE_URL = server
    port, place, at = free_port(), tmp_path / "apache", datetime.now(UTC)
    own = f"http://localhost:{port}"
    made = services.register(
        Wanted(protocol="oidc", name="Safle", schools=(SCHOOL,), redirect_uris=(f"{own}/back",),
               scopes=("profile", "roles", "organisation"), after_logout_uris=(f"{own}/bye",),
               logout_uri=f"{own}/back?logout=backchannel"),
        acting_user="tests", at=at, now=at,
    )  # fmt: skip
    (place / "site/inside").mkdir(parents=True)
    (place / "site/inside/index.shtml").write_text(f"<p id=shown>{SHOWN}</p>")
    (place / "site/bye").write_text("bye")
    told = {"issuer": server, "client_id": made.client_id, "client_secret": made.secret}
    with apache("mod_auth_openidc", port=port, place=place, passphrase=secrets.token_hex(16), **told):
        yield own


def test_a_learner_is_let_in_by_apache_and_out_at_once_when_let_go(world: World, site: str, visitor: Page) -> None:
    learner = world.accounts[Role.LEARNER]
    visitor.goto(f"{site}/inside/index.shtml")
    sign_in(visitor, world, Role.LEARNER)
    visitor.wait_for_url(f"{site}/inside/index.shtml")
    shown = visitor.locator("#shown").inner_text()
    assert shown.startswith(f"user={learner.username};roles=learner;sub=")
    assert str(learner.id) not in shown
    release_learner(world)
    visitor.reload()
    assert visitor.locator("#shown").inner_text() == shown  # the site's own session, which only the message ends
    assert service_log_outs.tell_due() == 1, list(ServiceLogOut.objects.values_list("failure", flat=True))
    visitor.goto(f"{site}/inside/index.shtml")
    check_refused(visitor, world, Role.LEARNER)


def test_a_teacher_signs_out_from_the_site(world: World, site: str, visitor: Page) -> None:
    visitor.goto(f"{site}/inside/index.shtml")
    sign_in(visitor, world, Role.TEACHER)
    visitor.wait_for_url(f"{site}/inside/index.shtml")
    visitor.goto(f"{site}/back?logout={site}/bye")
    visitor.wait_for_url(f"{site}/bye*")
    visitor.goto("/en/account/")
    assert "/en/sign-in/" in visitor.url
    visitor.goto(f"{site}/inside/index.shtml")
    assert "/en/sign-in/" in visitor.url
