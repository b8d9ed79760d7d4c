"""Every page of the portal that links lead to, as a Digital Champion, and without script as a headteacher, in a
browser: axe, one language, no sideways scrolling. One address for each route and view; the crawler of tests/web
follows all of them."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import resolve
from playwright.sync_api import Browser
from tests.acceptance.conftest import Look
from tests.support.crawler import crawl
from tests.support.deliveries import deliver, learner_row
from tests.support.people import upn
from tests.support.world import SCHOOL, World

from hwb.directory.models import Account
from hwb.web.policy import Role

pytestmark = [pytest.mark.system("chromium"), pytest.mark.slow]


@pytest.mark.parametrize(
    ("role", "language", "width", "script"),
    [(Role.CHAMPION, "en", 1280, True), (Role.CHAMPION, "cy", 390, True), (Role.HEAD, "cy", 1280, False)],
)
def test_every_page(
    browser: Browser, server: str, world: World, monkeypatch: pytest.MonkeyPatch, role: Role, language: str,
    width: int, script: bool,
) -> None:  # fmt: skip
    monkeypatch.setenv("HWB_NOW", "2018-07-20T09:00")
    rows = [learner_row(n, year_group="6", registration_group="6 Gwyrdd") for n in range(1, 6)]
    leaver = learner_row(6, leaving_date=date(2018, 7, 6))
    deliver([*rows, leaver, learner_row(8, upn="nonsense")], on=date(2018, 7, 19))
    client = world.client(role)
    addresses = {}
    for path, status in crawl(client, f"/{language}/?all=1").statuses.items():
        bare, _, query = path.partition("?")
        if status == 200 and not bare.endswith(("/download/", ".csv")):
            view = next((part for part in query.split("&") if part.startswith(("view=", "name=", "learner="))), "")
            addresses.setdefault((_route(bare), view), path)
    # Links of forms and of lists' boxes lead to these by POST; by GET they stand on their own.
    learner = Account.objects.get(upn=upn(1)).id
    ends = ("access/", "passwords/?class=6+Gwyrdd", f"people/{learner}/password/new/", "settings/grace.6/")
    for end in ends if role is Role.CHAMPION else ():
        path = f"/{language}/school/{SCHOOL}/{end}"
        addresses.setdefault((_route(path.partition("?")[0]), end), path)
    assert len({route for route, _ in addresses}) > (20 if role is Role.CHAMPION else 12)
    look = Look(browser, server, world, language, width, script)
    page = look.as_(role)
    for path in addresses.values():
        look.visit(page, path)
    page.context.close()


def _route(path: str) -> str:
    return resolve(f"/en/{path[4:]}").view_name  # addresses are read in the language of the moment
