"""B9 "Ask for earlier work" and E7, in both languages: from the school's question to what support decides (R41)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from tests.support import earlier_work as people
from tests.support.connectors import connect_work
from tests.support.just2easy import SECRET, FakeJust2easy
from tests.support.languages import foreign_texts
from tests.support.world import ELSEWHERE, SCHOOL, World

from hwb.directory.models import Account, Audit, Protection, WorkRequest
from hwb.directory.queries.connectors import Working
from hwb.jobs import connectors as jobs
from hwb.operations import earlier_work
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
LANGUAGES = pytest.mark.parametrize("language", ["en", "cy"])
DAYS = {"first": "2018-07-16", "last": "2018-08-13"}


@pytest.fixture(autouse=True)
def day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWB_NOW", "2018-07-16T10:00:00+00:00")
    monkeypatch.setenv("HWB_CONNECTOR_WORK_SECRET", SECRET)


@pytest.fixture
def mover(world: World) -> Account:
    return people.moved(world)


@pytest.fixture
def work(mover: Account) -> Working:
    return connect_work()


def shown(client: Client, address: str, language: str, data: dict[str, str] | None = None) -> str:
    """The page, or where the form led, in one language only."""
    place = f"/{language}/{address}"
    answer: Any = client.get(place) if data is None else client.post(place, data, follow=True)
    assert answer.status_code == 200, (place, answer.status_code)
    assert not foreign_texts(answer.content, language), foreign_texts(answer.content, language)
    return re.sub(r"\s+", " ", answer.content.decode())


@LANGUAGES
def test_a_school_asks_and_support_opens(world: World, mover: Account, work: Working, language: str) -> None:
    """The record leads to the question, the question to support, support's days to the service, and back to the record."""
    says = {
        "en": ("Ask for earlier work", "Nothing was asked for yet", "Asked", "Being arranged", "Ready"),
        "cy": ("Gofyn am waith cynharach", "Ni ofynnwyd am ddim eto", "Gofynnwyd", "Wrthi", "Yn barod"),
    }[language]
    champion, agent = world.client(Role.CHAMPION), world.client(Role.AGENT)
    record = f"school/{SCHOOL}/learners/{mover.id}/"
    text = shown(champion, record, language)
    assert says[0] in text
    assert says[1] in text
    asking = {"earlier": ELSEWHERE, "needed": "copy", "reason": "Coursework"}
    assert "govuk-error-summary" in shown(champion, f"{record}earlier-work/", language, {**asking, "reason": ""})
    assert (
        f"School {ELSEWHERE}" in (page := shown(champion, f"{record}earlier-work/", language))
        or f"Ysgol {ELSEWHERE}" in page
    )
    text = shown(champion, f"{record}earlier-work/", language, asking)
    request = WorkRequest.objects.get()
    reference, case = f"HW-{request.number}", f"support/work/{request.number}/"
    assert reference in text
    assert says[2] in text
    assert says[0] not in text.partition("</main>")[0].partition('id="earlier-work"')[2].partition("</section>")[0]
    assert reference in shown(champion, f"school/{SCHOOL}/earlier-work/", language)
    name = f"{mover.legal_forename} {mover.legal_surname}"
    for address in ("support/work/", "support/work/?view=unassigned", case):
        text = shown(agent, address, language)
        assert reference in text
        assert name not in text
    text = shown(agent, f"{case}take/", language, {})
    assert name in text
    assert "Coursework" in text
    assert re.findall(r'value="(2018-[0-9-]+)"', text) == ["2018-07-16", "2018-08-13"]
    assert reference in shown(agent, "support/work/?view=mine", language)
    assert "govuk-error-summary" in shown(agent, case, language, {"first": "2018-07-15", "last": "2018-08-13"})
    text = shown(agent, case, language, DAYS)
    assert says[3] in text
    service = FakeJust2easy()
    jobs.carry_due(work, http=service.client())
    assert {"en": "keeps no work of the learner", "cy": "dim gwaith gan y dysgwr"}[language] in shown(
        agent, case, language
    )
    WorkRequest.objects.update(delivered_at=people.NOW)
    assert says[4] in shown(champion, record, language)
    earlier_work.tell_ready(now=people.NOW)
    assert {"en": "can be opened", "cy": "Mae modd agor"}[language] in shown(champion, record, language)
    text = shown(agent, f"{case}stop/", language)
    text = shown(agent, f"{case}stop/", language, {"reason": "Asked by telephone"})
    assert "Asked by telephone" in text
    assert "Asked by telephone" in shown(champion, record, language)
    assert reference in shown(agent, "support/work/?view=done", language)


def test_nobody_else_asks_or_decides(world: World, mover: Account) -> None:
    """Other roles get 403, other schools' learners 404; an agent without the request is led to it, and it is recorded."""
    where = f"/en/school/{SCHOOL}/learners/{mover.id}/earlier-work/"
    for role in (Role.HEAD, Role.TEACHER, Role.MIS_ADMIN, Role.LEARNER):
        assert world.client(role).get(where).status_code in (403, 404), role
    assert world.client(Role.CHAMPION).get(where.replace(SCHOOL, ELSEWHERE)).status_code in (403, 404)
    number = people.ask(mover.id, world.accounts[Role.CHAMPION].id)
    case = f"/en/support/work/{number}/"
    for role in (Role.CHAMPION, Role.OPERATOR, Role.HEAD):
        for address in (case, f"{case}stop/", "/en/support/work/"):
            assert world.client(role).get(address).status_code in (403, 404), (role, address)
    agent = world.client(Role.AGENT)
    assert agent.post(case, DAYS).status_code == 302
    assert agent.get(f"{case}stop/").status_code == 302
    assert WorkRequest.objects.get().state == "asked"
    assert Audit.objects.filter(action="earlier work not let", account=mover.id).count() == 2
    assert agent.get("/en/support/work/9999/").status_code == 404


def test_of_protected_people_no_school_is_named(world: World, mover: Account) -> None:
    """ux.md 2: the record offers no question, and its page is not there."""
    Protection.objects.create(account=mover.id, reason="r", made_at=people.NOW, made_by="t")
    champion = world.client(Role.CHAMPION)
    record = f"school/{SCHOOL}/learners/{mover.id}/"
    assert "earlier-work/" not in shown(champion, record, "en")
    assert champion.get(f"/en/{record}earlier-work/").status_code == 404


def test_few_statements_a_page(world: World, mover: Account, work: Working, django_assert_max_num_queries: Any) -> None:
    """No more than twelve for each page."""
    number = people.ask(mover.id, world.accounts[Role.CHAMPION].id)
    champion, agent = world.client(Role.CHAMPION), world.client(Role.AGENT)
    shown(agent, f"support/work/{number}/take/", "en", {})
    for client, address in (
        (champion, f"school/{SCHOOL}/learners/{mover.id}/earlier-work/"), (champion, f"school/{SCHOOL}/earlier-work/"),
        (agent, "support/work/"), (agent, f"support/work/{number}/"),
    ):  # fmt: skip
        with django_assert_max_num_queries(12):
            client.get(f"/en/{address}")
