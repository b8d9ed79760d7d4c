"""A site behind Debian's Apache with mod_auth_mellon: in, attributes, out both ways, told by SOAP, and refused."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page
from tests.support.programs import PARTIES, apache, check_refused, free_port, sign_in
from tests.support.saml_party import key_pair
from tests.support.world import SCHOOL, World, release_learner

from hwb.directory.models import Establishment, ServiceLogOut
from hwb.jobs import service_log_outs
from hwb.operations import saml_signatures, services
from hwb.operations.services import Wanted
from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium")
TOLD = ("REMOTE_USER", "MELLON_NAME_ID", "MELLON_roles", "MELLON_organisation", "MELLON_organisation_name_cy")


@pytest.fixture
def site(world: World, server: str, settings: Any, tmp_path: Path) -> Iterator[str]:
    """The site's address while its Apache runs; registered by the metadata that it has itself."""
    settings.HWB_BASE_URL = server
    port, place = free_port(), tmp_path / "apache"
    (place / "site/inside").mkdir(parents=True)
    shown = "".join(f'<p id={name}><!--#echo var="{name}" --></p>' for name in TOLD)
    (place / "site/inside/index.shtml").write_text(shown)
    (place / "site/bye.html").write_text("bye")
    certificate = saml_signatures.certificate(key_pair())
    lines = "\n".join(textwrap.wrap(certificate, 64))
    (place / "certificate.pem").write_text(f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
    (place / "key.pem").write_text(key_pair().pem)
    described = (PARTIES / "mod_auth_mellon/site.xml").read_text()
    metadata = described.format(own=f"http://localhost:{port}", certificate=certificate)
    (place / "site.xml").write_text(metadata)
    with httpx2.Client(trust_env=False) as client:
        (place / "hwb.xml").write_text(client.get(f"{server}/api/saml/metadata").text)
    at = datetime.now(UTC)
    services.register(
        Wanted(protocol="saml", name="Safle", schools=(SCHOOL,), metadata=metadata,
               scopes=("profile", "roles", "organisation")),
        acting_user="tests", at=at, now=at,
    )  # fmt: skip
    with apache("mod_auth_mellon", port=port, place=place) as own:
        yield own


def told(page: Page) -> dict[str, str]:
    return {name: page.locator(f"#{name}").inner_text() for name in TOLD}


def test_a_learner_is_let_in_by_apache_and_is_out_at_once_when_let_go(world: World, site: str, visitor: Page) -> None:
    learner = world.accounts[Role.LEARNER]
    visitor.goto(f"{site}/inside/index.shtml")
    sign_in(visitor, world, Role.LEARNER)
    visitor.wait_for_url(f"{site}/inside/index.shtml")
    assert told(visitor) == {
        "REMOTE_USER": learner.username, "MELLON_roles": "learner", "MELLON_organisation": SCHOOL,
        "MELLON_NAME_ID": services.pairwise_key().identifier(learner.id, sector="safle"),
        "MELLON_organisation_name_cy": Establishment.objects.get(dfes=SCHOOL).name_cy,
    }  # fmt: skip
    release_learner(world)
    visitor.reload()
    assert told(visitor)["MELLON_roles"] == "learner"  # mellon has a session of its own, which only the message ends
    assert service_log_outs.tell_due() == 1, list(ServiceLogOut.objects.values_list("failure", flat=True))
    visitor.goto(f"{site}/inside/index.shtml")
    check_refused(visitor, world, Role.LEARNER)


def test_a_teacher_signs_out_from_the_site(world: World, site: str, visitor: Page) -> None:
    visitor.goto(f"{site}/inside/index.shtml")
    sign_in(visitor, world, Role.TEACHER)
    visitor.wait_for_url(f"{site}/inside/index.shtml")
    assert told(visitor)["MELLON_roles"] == "staff,teacher"
    visitor.goto(f"{site}/mellon/logout?ReturnTo={site}/bye.html")
    visitor.wait_for_url(f"{site}/bye.html")
    visitor.goto("/en/account/")
    assert "/en/sign-in/" in visitor.url
    visitor.goto(f"{site}/inside/index.shtml")
    assert "/en/sign-in/" in visitor.url


def test_a_teacher_who_signs_out_of_hwb_is_out_of_the_site(world: World, site: str, visitor: Page) -> None:
    visitor.goto(f"{site}/inside/index.shtml")
    sign_in(visitor, world, Role.TEACHER)
    visitor.wait_for_url(f"{site}/inside/index.shtml")
    visitor.goto("/en/account/")
    visitor.click("form[action*='sign-out'] button")
    visitor.wait_for_url("**/en/**")
    assert service_log_outs.tell_due() == 1, list(ServiceLogOut.objects.values_list("failure", flat=True))
    visitor.goto(f"{site}/inside/index.shtml")
    assert "/en/sign-in/" in visitor.url
