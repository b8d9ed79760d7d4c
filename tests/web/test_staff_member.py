"""One member of staff (ux.md B14), and comparing with a colleague (B15)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.support import explanations
from tests.support.asking import ask_staff, asker
from tests.support.deliveries import deliver, staff_row
from tests.support.explanations import SITUATIONS, Asked
from tests.support.languages import foreign_texts
from tests.support.people import OTHER
from tests.support.world import SCHOOL, World

from hwb import clock
from hwb.directory.models import Account, Placement
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db


def record(account: UUID, language: str = "en", school: str = SCHOOL) -> str:
    return f"/{language}/school/{school}/staff/{account}/"


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_record_explains_and_shows_in_one_language_within_twelve_queries(world: World, language: str) -> None:
    head = world.accounts[Role.HEAD]
    client = world.client(Role.CHAMPION)
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(record(head.id, language))
    assert len(asked) <= 12, [query["sql"][:90] for query in asked]
    shown = text_of(answer)
    assert not foreign_texts(answer.content, language)
    for part in ("SX11", head.username, head.email, "HE", {"en": "Headteacher", "cy": "Pennaeth"}[language]):
        assert part in shown
    assert {"en": "Account created", "cy": "Crëwyd y cyfrif"}[language] in shown
    listed = client.get(f"/{language}/school/{SCHOOL}/staff/").content.decode()
    assert record(head.id, language) in listed


def test_actions_are_offered_to_those_who_may(world: World) -> None:
    account = world.accounts[Role.STAFF].id
    acts = [f"/en/school/{SCHOOL}/people/{account}/{act}/" for act in ("password", "access", "username")]
    champion = world.client(Role.CHAMPION).get(record(account)).content.decode()
    admin = world.client(Role.MIS_ADMIN).get(record(account)).content.decode()
    assert all(act in champion for act in acts)
    assert not any(act in admin for act in acts)
    assert world.client(Role.CHAMPION).get(acts[1]).status_code == 200


def test_a_learner_and_another_schools_staff_have_no_record_here(world: World) -> None:
    client = world.client(Role.CHAMPION)
    assert client.get(record(world.accounts[Role.LEARNER].id)).status_code == 404
    assert client.get(record(world.elsewhere[0].id)).status_code == 404
    assert client.get(record(world.accounts[Role.HEAD].id, school=OTHER)).status_code == 404


def test_a_leaver_keeps_the_record_and_offers_nothing(world: World) -> None:
    del world
    today = clock.today()
    deliver([], [staff_row("AA", legal_surname="Huws"), staff_row("BB")], school=OTHER, on=today, hour=23)
    account = Account.objects.get(legal_surname="Huws").id
    later = today + timedelta(days=1)
    deliver([], [staff_row("AA", legal_surname="Huws", leaving_date=today), staff_row("BB")], school=OTHER, on=later, hour=1)  # fmt: skip
    assert Placement.objects.filter(account=account, ended__isnull=True).count() == 0
    client = asker(OTHER)
    for language, ended in (("en", "No longer works here"), ("cy", "gweithio yma mwyach")):
        answer = client.get(record(account, language, OTHER))
        shown = text_of(answer)
        assert "SX08" in shown
        assert ended in shown
        assert today.isoformat() not in shown  # a date is in words
        assert not foreign_texts(client.get(f"/{language}/school/{OTHER}/staff/?view=leavers").content, language)
        assert "/people/" not in answer.content.decode()
        assert not foreign_texts(answer.content, language)


def asked(situation: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Asked, Any, str]:
    """The situation, its client, and the address of the answer."""
    explanations.start()
    found = SITUATIONS[situation]()
    monkeypatch.setenv("HWB_NOW", f"{found.on}T18:00:00+00:00")
    client = asker(found.school)
    answer = ask_staff(client, found, "en")
    return found, client, answer.redirect_chain[-1][0]  # type: ignore[attr-defined]


def test_nothing_received_is_compared_word_by_word(monkeypatch: pytest.MonkeyPatch) -> None:
    _, client, address = asked("SX05", monkeypatch)
    assert f"{address}compare/" in client.get(address).content.decode()
    first = client.get(f"{address}compare/")
    colleague = Account.objects.get(kind="staff", id__in=re.findall(r'option value="([^"]+)"', first.content.decode()))
    for language, missing in (("en", "Missing here"), ("cy", "Ar goll yma")):
        page = client.get(f"{address.replace('/en/', f'/{language}/')}compare/?colleague={colleague.id}")
        assert not foreign_texts(page.content, language)
        assert colleague.legal_surname in text_of(page)
        assert missing in text_of(page)
    assert client.get(f"{address}compare/?colleague={UUID(int=1)}").status_code == 404


def test_of_a_refused_record_only_what_is_kept_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    _, client, address = asked("SX01", monkeypatch)
    first = client.get(f"{address}compare/").content.decode()
    account = re.findall(r'option value="([^"]+)"', first)[0]
    page = client.get(f"{address}compare/?colleague={account}").content.decode()
    rows = [re.sub(r"<[^>]*>", " ", row).split() for row in page.split("<tr")[2:]]
    assert [row for row in rows if "Start" in row and "Missing" in row]
    assert "Employee number" not in page


def test_whoever_has_an_account_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    _, client, address = asked("SX11", monkeypatch)
    assert "compare/" not in client.get(address).content.decode()
    assert client.get(f"{address}compare/").status_code == 404


def test_a_birth_date_of_a_colleague_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    _, client, address = asked("SX05", monkeypatch)
    account = re.findall(r'option value="([^"]+)"', client.get(f"{address}compare/").content.decode())[0]
    page = text_of(client.get(f"{address}compare/?colleague={account}"))
    assert "Birth date" in page
    assert "Not shown" in page
