"""A site behind Debian's Apache with mod_auth_openidc, which takes back-channel log-outs: in, claims, out, refused."""

from __future__ import annotations

import grp
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from tests.support.second_step import code_now, set_up
from tests.support.world import PASSWORD, SCHOOL, World

from hwb.directory.models import ServiceLogOut
from hwb.jobs import service_log_outs
from hwb.operations import accounts, services
from hwb.operations.services import Wanted
from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium", "apache2")
CONFIGURATION = Path(__file__).parent / "relying_parties/mod_auth_openidc/apache.conf"
SHOWN = 'user=<!--#echo var="REMOTE_USER" -->;roles=<!--#echo var="OIDC_CLAIM_roles" -->;sub=<!--#echo var="OIDC_CLAIM_sub" -->'


@pytest.fixture
def site(world: World, server: str, settings: Any, tmp_path: Path) -> Iterator[str]:
    """The site's address while its Apache runs."""
    apache = Path(shutil.which("apache2") or "").resolve()
    modules = apache.parent.parent / "lib/apache2/modules"
    if not (modules / "mod_auth_openidc.so").exists():
        pytest.fail("libapache2-mod-auth-openidc is not installed beside apache2")
    settings.HWB_BASE_URL = server
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own, at = f"http://localhost:{port}", datetime.now(UTC)
    made = services.register(
        Wanted(protocol="oidc", name="Safle", schools=(SCHOOL,), redirect_uris=(f"{own}/back",),
               scopes=("profile", "roles", "organisation"), after_logout_uris=(f"{own}/bye",),
               logout_uri=f"{own}/back?logout=backchannel"),
        acting_user="tests", at=at, now=at,
    )  # fmt: skip
    place = tmp_path / "apache"
    (place / "site/inside").mkdir(parents=True)
    (place / "site/inside/index.shtml").write_text(f"<p id=shown>{SHOWN}</p>")
    (place / "site/bye").write_text("bye")
    shared = Path(tempfile.gettempdir()).resolve()
    for above in (place, *place.parents):  # Apache reads as somebody else
        if above == shared:
            break
        above.chmod(above.stat().st_mode | 0o055)
    user, group = pwd.getpwuid(os.getuid()), grp.getgrgid(os.getgid())
    www = ("www-data", "www-data") if user.pw_uid == 0 else (user.pw_name, group.gr_name)
    filled = CONFIGURATION.read_text().split("\n", 1)[1].format(
        place=place, port=port, modules=modules, issuer=server, client_id=made.client_id, client_secret=made.secret,
        passphrase=secrets.token_hex(16), user=www[0], group=www[1],
    )  # fmt: skip
    (place / "apache.conf").write_text(filled)
    process = subprocess.Popen([str(apache), "-f", str(place / "apache.conf"), "-DFOREGROUND"])
    try:
        _wait_for(port, process, place)
        yield own
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes], place: Path) -> None:
    until = time.monotonic() + 15
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    log = place / "error.log"
    pytest.fail(log.read_text() if log.exists() else "apache did not start")


@pytest.fixture
def page(browser: Browser, server: str) -> Iterator[Page]:
    context = browser.new_context(base_url=server, locale="en")
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def test_a_learner_is_let_in_by_apache_and_out_when_switched_off(world: World, site: str, page: Page) -> None:
    learner = world.accounts[Role.LEARNER]
    page.goto(f"{site}/inside/index.shtml")
    page.wait_for_url("**/en/sign-in/**")
    page.fill("[name=username]", learner.username)
    page.fill("[name=password]", PASSWORD)
    page.click("#form > button")
    page.wait_for_url(f"{site}/inside/index.shtml")
    shown = page.locator("#shown").inner_text()
    assert shown.startswith(f"user={learner.username};roles=learner;sub=")
    assert str(learner.id) not in shown
    accounts.deactivate(
        username=learner.username, school=SCHOOL, reason="tests", acting_user="tests",
        now=datetime(2018, 7, 4, 9, tzinfo=UTC), on=date(2018, 7, 4),
    )  # fmt: skip
    assert service_log_outs.tell_due() == 1, list(ServiceLogOut.objects.values_list("failure", flat=True))
    page.goto(f"{site}/inside/index.shtml")
    assert "/en/sign-in/" in page.url


def test_a_teacher_signs_out_from_the_site(world: World, site: str, page: Page) -> None:
    page.goto(f"{site}/inside/index.shtml")
    page.fill("[name=username]", world.accounts[Role.TEACHER].username)
    page.fill("[name=password]", PASSWORD)
    secret = set_up(world.accounts[Role.TEACHER].id)[0]
    page.click("#form > button")
    page.fill("[name=code_again]", code_now(secret))
    page.click("#form > button")
    page.wait_for_url(f"{site}/inside/index.shtml")
    page.goto(f"{site}/back?logout={site}/bye")
    page.wait_for_url(f"{site}/bye*")
    page.goto("/en/account/")
    assert "/en/sign-in/" in page.url
