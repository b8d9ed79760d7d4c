"""From the school's question to the opened work: Hwb's pages, the outbox, and the reference server (R41)."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from tests.support import earlier_work as people
from tests.support.axe import violations
from tests.support.connectors import connect_work
from tests.support.languages import foreign_texts
from tests.support.programs import free_port, running
from tests.support.world import ELSEWHERE, PASSWORD, SCHOOL, World, encoded

from hwb.connectors import secrets
from hwb.demo.just2easy import ADAPTER, SCOPES
from hwb.demo.party import BACK, BYE, OUT, START
from hwb.directory.models import Account, Establishment, WorkRequest
from hwb.directory.queries.connectors import Working
from hwb.jobs import connectors as jobs
from hwb.operations import services
from hwb.operations.services import Wanted
from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium")
NAMES = {
    SCHOOL: ["Bryn Heulog Primary School", "Ysgol Gynradd Bryn Heulog"],
    ELSEWHERE: ["Dyffryn Primary School", "Ysgol Gynradd y Dyffryn"],
}


@dataclass
class Place:
    """The service while it runs, the learner who came, and what the connector needs."""

    own: str
    learner: Account
    work: Working


@pytest.fixture
def place(world: World, server: str, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    settings.HWB_BASE_URL = server
    for dfes, (english, welsh) in NAMES.items():
        Establishment.objects.filter(dfes=dfes).update(name_en=english, name_cy=welsh)
    monkeypatch.setenv(secrets.variable("work"), "gyfrinach")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "*")
    port, at = free_port(), datetime.now(UTC)
    own = f"http://localhost:{port}"
    made = services.register(
        Wanted(protocol="oidc", name="Just2easy", all_schools=True, redirect_uris=(own + BACK,), scopes=SCOPES,
               after_logout_uris=(own + BYE,), start_uri=own + START, logout_uri=f"http://127.0.0.1:{port}{OUT}"),
        acting_user="tests", at=at, now=at,
    )  # fmt: skip
    environment = {
        "ISSUER": server, "CLIENT_ID": made.client_id, "CLIENT_SECRET": made.secret, "ADAPTER_ID": "hwb", "ADAPTER_SECRET": "gyfrinach", "SCHOOLS": json.dumps(NAMES),
    }  # fmt: skip
    with running([sys.executable, "-m", "hwb.demo.just2easy"], port=port, log=tmp_path / "log", **environment):
        work = connect_work(f"http://127.0.0.1:{port}{ADAPTER}", by=made.service)
        jobs.carry_due(work)
        learner = people.leave(world)
        jobs.carry_due(work)
        learner = people.come(world, learner)
        jobs.carry_due(work)
        Account.objects.filter(id=learner.id).update(password=encoded())
        yield Place(own, learner, work)


def look_at(page: Page, language: str, name: str, width: int = 1280) -> None:
    """One language, no sideways scrolling, nothing against WCAG."""
    page.set_viewport_size({"width": width, "height": 800})
    assert page.locator("html").get_attribute("lang") == language
    assert not foreign_texts(page.content(), language), foreign_texts(page.content(), language)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert not violations(page)
    if folder := os.environ.get("HWB_TEST_PICTURES"):
        page.screenshot(path=f"{folder}/{name}-{language}-{width}.png", full_page=True)


def walk(look: Any, world: World, visitor: Page, place: Place) -> None:
    """The learner finds the earlier space shut; the school asks, support opens; the learner opens the work."""
    language, width = look.language, look.width
    ready = {"en": "Ready", "cy": "Yn barod"}[language]
    earlier = NAMES[ELSEWHERE][language == "cy"]
    visitor.goto(f"{place.own}/{language}/sign-in")
    visitor.wait_for_url("**/sign-in/?next=**")
    visitor.fill("[name=username]", place.learner.username)
    visitor.fill("[name=password]", PASSWORD)
    visitor.click("#form > button")
    visitor.wait_for_url(f"{place.own}/{language}/")
    look_at(visitor, language, "just2easy-shut", width)
    assert visitor.get_by_role("link", name=earlier).count() == 0
    visitor.goto(f"{place.own}/{language}/space/{ELSEWHERE}/")
    look_at(visitor, language, "just2easy-not-let", width)
    assert visitor.locator("article").count() == 0

    champion = look.as_(Role.CHAMPION)
    look.visit(champion, f"/{language}/school/{SCHOOL}/learners/{place.learner.id}/")
    champion.click("#earlier-work ~ p a")
    look.check(champion)
    look.picture(champion, "ask-for-work")
    champion.check("[name=needed][value=copy]")
    champion.fill("[name=reason]", "Coursework")
    champion.click("#form button.govuk-button")
    look.check(champion)
    number = WorkRequest.objects.get().number

    agent = look.as_(Role.AGENT)
    look.visit(agent, f"/{language}/support/work/")
    look.picture(agent, "work-cases")
    agent.click(f"text=HW-{number}")
    look.check(agent)
    agent.click("main form button.govuk-button")
    look.check(agent)
    look.picture(agent, "work-case")
    agent.click("#form button.govuk-button")  # with the days that it proposes
    look.check(agent)
    jobs.carry_due(place.work)
    look.visit(agent, f"/{language}/support/work/{number}/")
    assert agent.locator("main .govuk-body-l").inner_text() == ready
    look.picture(agent, "work-case-ready")

    visitor.goto(f"{place.own}/{language}/")
    look_at(visitor, language, "just2easy-open", width)
    visitor.get_by_role("link", name=earlier).click()
    look_at(visitor, language, "just2easy-work", width)
    assert visitor.locator("article").count() == 1
    visitor.click("article button")  # copied to the space at the present school
    visitor.goto(f"{place.own}/{language}/space/{SCHOOL}/")
    assert visitor.locator("article").count() == 2
    visitor.goto(f"{place.own}/{language}/all/")
    look_at(visitor, language, "just2easy-all", width)


@pytest.mark.parametrize("look", [("cy", 1280, True)], indirect=True)
def test_from_question_to_opened_work(look: Any, world: World, place: Place, visitor: Page) -> None:
    """R41, with every page looked at."""
    walk(look, world, visitor, place)


@pytest.mark.slow
@pytest.mark.parametrize("look", [("en", 1280, True), ("en", 390, False), ("cy", 390, True)], indirect=True)
def test_from_question_to_opened_work_in_the_other_views(look: Any, world: World, place: Place, visitor: Page) -> None:
    """As above: the other language, a narrow window, without JavaScript."""
    walk(look, world, visitor, place)
