"""D7 and what records say of e-mail and files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.support.connectors import connect, connect_work
from tests.support.just2easy import FakeJust2easy
from tests.support.languages import foreign_texts
from tests.support.world import SCHOOL, World

from hwb.demo.tenant import SECRET
from hwb.demo.tenant.graph import FakeGraph
from hwb.directory.models import Account, ConnectedAccount, Connector
from hwb.jobs import connectors as jobs
from hwb.operations import accounts
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
PAGE = "/nation/connected-services/"
LANGUAGES = pytest.mark.parametrize("language", ["en", "cy"])


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWB_CONNECTOR_MAIL_SECRET", SECRET)


def shown(answer: Any, language: str) -> str:
    assert not foreign_texts(answer.content, language)
    return str(answer.content.decode())


@LANGUAGES
def test_an_operator_sees_what_waits_and_tries_again(world: World, language: str) -> None:
    """Waiting, oldest, refused by reason, last success; one press tries all of a reason, or one, again."""
    browser = world.client(Role.OPERATOR)
    where = f"/{language}{PAGE}"
    assert {"en": "No service is connected", "cy": "Nid oes gwasanaeth"}[language] in shown(
        browser.get(where), language
    )
    mail, tenant = connect(), FakeGraph(licences=5)
    text = shown(browser.get(where), language)
    people = ConnectedAccount.objects.count()
    assert f"{people} " in text
    jobs.carry_due(mail, http=tenant.client())
    refused = ConnectedAccount.objects.filter(failure="no_licence")
    assert refused.count() == people - 5
    text = shown(browser.get(where), language)
    assert {"en": "There is no licence left", "cy": "Nid oes trwydded ar ôl"}[language] in text
    assert text.count('name="account"') == people - 5
    assert not [name for name in Account.objects.values_list("username", flat=True) if name in text]
    for query, rows in (
        ("reason=no_licence", people - 5),
        ("reason=broken", 0),
        ("age=day", 0),
        ("service=mail", people - 5),
    ):
        assert shown(browser.get(f"{where}?{query}"), language).count('name="account"') == rows, query
    ConnectedAccount.objects.update(waits_since=datetime.now(UTC) - timedelta(days=2))
    assert shown(browser.get(f"{where}?age=day"), language).count('name="account"') == people - 5
    later = datetime.now(UTC) + timedelta(minutes=9)
    refused.update(due_at=later)
    one = refused.first()
    again = f"{where}{mail.connector}/again/"
    assert one is not None
    assert browser.post(again, {"account": str(one.account)}).status_code == 302
    assert refused.filter(due_at=later).count() == people - 6
    assert browser.post(again, {"failure": "no_licence"}).status_code == 302
    assert refused.filter(due_at=later).count() == 0
    shown(browser.get(where), language)
    assert browser.post(again, {"account": "x"}).status_code == 404
    assert browser.post(f"{where}{uuid4()}/again/").status_code == 404


@LANGUAGES
def test_a_service_that_is_away_says_since_when(world: World, language: str) -> None:
    """In words, beside what waits; and a pause is no fault."""
    mail = connect()
    jobs.carry_due(mail, http=FakeGraph(down=True).client())
    text = shown(world.client(Role.OPERATOR).get(f"/{language}{PAGE}"), language)
    assert {"en": "cannot be reached since", "cy": "Nid oes modd cyrraedd"}[language] in text
    Connector.objects.update(paused_at=datetime.now(UTC), failing_since=None)
    text = shown(world.client(Role.OPERATOR).get(f"/{language}{PAGE}"), language)
    assert {"en": "Paused", "cy": "Wedi&#x27;i oedi"}[language] in text


@LANGUAGES
def test_a_record_says_whether_mail_and_files_are_ready(world: World, language: str) -> None:
    """Nothing without a service; then moving, ready, moving again, ended; for learners and for staff."""
    browser = world.client(Role.CHAMPION)
    learner, teacher = world.accounts[Role.LEARNER], world.accounts[Role.TEACHER]
    records = (
        f"/{language}/school/{SCHOOL}/learners/{learner.id}/",
        f"/{language}/school/{SCHOOL}/staff/{teacher.id}/",
    )
    said = {
        "en": ("E-mail and files", "Moving", "Ready", "Ended"),
        "cy": ("E-bost a ffeiliau", "Yn symud", "Yn barod", "Wedi dod i ben"),
    }
    label, moving, ready, ended = said[language]

    def row(address: str) -> str:
        text = shown(browser.get(address), language)
        return text.partition(f">{label}</dt>")[2].partition("</dd>")[0]

    assert [row(address) for address in records] == ["", ""]
    mail, tenant = connect(), FakeGraph()
    assert all(moving in row(address) for address in records)
    jobs.carry_due(mail, http=tenant.client())
    assert all(ready in row(address) for address in records)
    accounts.deactivate(
        username=learner.username,
        school=SCHOOL,
        reason="r",
        acting_user="t",
        now=datetime.now(UTC),
        on=datetime.now(UTC).date(),
    )
    assert moving in row(records[0])
    jobs.carry_due(mail, http=tenant.client())
    assert ended in row(records[0])


@LANGUAGES
def test_work_by_school_stands_beside_mail(world: World, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Just2easy is a service like any: its own block, what it carries in words."""
    monkeypatch.setenv("HWB_CONNECTOR_WORK_SECRET", "gyfrinach")
    work = connect_work()
    jobs.carry_due(work, http=FakeJust2easy().client())
    text = shown(world.client(Role.OPERATOR).get(f"/{language}{PAGE}"), language)
    assert {"en": "Work by school (Just2easy)", "cy": "Gwaith fesul ysgol (Just2easy)"}[language] in text
