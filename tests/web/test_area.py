"""C1: schools by last run, for client managers and officers of an area."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.support.deliveries import deliver, learner_row, register_schools
from tests.support.languages import foreign_texts
from tests.support.world import ELSEWHERE, SCHOOL, World

from hwb import clock
from hwb.directory.models import Client, ClientSchool, Establishment, Run, Wait
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
AREA_ROLES = (Role.CLIENT_MANAGER, Role.AREA_OFFICER)
SECOND, THIRD, FAR = SCHOOL[:3] + "2901", SCHOOL[:3] + "2902", "6602999"


@pytest.mark.parametrize("role", AREA_ROLES)
def test_area_roles_see_figures_of_their_own_schools_and_nobodys_name(world: World, role: Role) -> None:
    register_schools(SECOND)
    Establishment.objects.create(dfes="6602999", name_en="Far away", name_cy="Ymhell")
    client = world.client(role)
    for language in ("en", "cy"):
        answer = client.get(f"/{language}/area/")
        text = answer.content.decode()
        assert answer.status_code == 200
        assert SCHOOL in text
        assert SECOND in text
        assert "6602999" not in text
        assert not foreign_texts(answer.content, language)
        for account in (*world.learners["6G"], *world.elsewhere):
            assert account.legal_surname not in text
            assert account.upn not in text
        csv = b"".join(client.get(f"/{language}/area/schools.csv")).decode()
        assert SCHOOL in csv
        assert "6602999" not in csv


@pytest.mark.parametrize("role", [None, Role.CHAMPION, Role.TEACHER, Role.AGENT, Role.LEARNER])
def test_others_get_nothing(world: World, role: Role | None) -> None:
    for path in ("/en/area/", "/en/area/schools.csv"):
        assert world.client(role).get(path).status_code in ((403, 404, 401, 302) if role is None else (404,))


def test_those_that_block_others_come_first_then_the_oldest(world: World) -> None:
    register_schools(SECOND, THIRD)
    now = clock.now()
    deliver([learner_row(80)], [], school=SECOND)
    Run.objects.filter(school=SCHOOL).update(finished_at=now)
    Run.objects.filter(school=ELSEWHERE).update(finished_at=now)
    Run.objects.filter(school=SECOND).update(finished_at=now - timedelta(days=5))
    own = [SECOND, SCHOOL, THIRD] + ([ELSEWHERE] if ELSEWHERE.startswith(SCHOOL[:3]) else [])
    order = _order(world, own)
    assert order[:2] == [THIRD, SECOND]
    Wait.objects.create(school=THIRD, upn=world.learners["6G"][0].upn, cause="held", since=clock.today())
    assert _order(world, own)[:3] == [SCHOOL, THIRD, SECOND]


def test_filters_leave_what_they_say(world: World) -> None:
    register_schools(SECOND)
    text = world.client(Role.CLIENT_MANAGER).get("/en/area/?freshness=never+run").content.decode()
    assert f'<td data-label="School number">{SECOND}' in text
    assert f'data-label="School number">{SCHOOL}' not in text
    for query in ("freshness=nonsense", "result=held"):
        assert (
            "No school fits these filters."
            in world.client(Role.CLIENT_MANAGER).get(f"/en/area/?{query}").content.decode()
        )


def test_a_failure_that_only_the_client_knows_is_told(world: World) -> None:
    sender = Client.objects.create(
        enrolled_at=clock.now(), version="9.8.7", last_contact=clock.now(),
        report={"schools": [{"school": SCHOOL, "failed_attempts": [
            {"at": (clock.now() + timedelta(hours=1)).isoformat(), "code": "mis_error", "detail": ""}]}]},
    )  # fmt: skip
    ClientSchool.objects.create(client=sender, school=SCHOOL)
    for version, listed in (("9.8.7", True), ("1.0", False)):
        text = world.client(Role.CLIENT_MANAGER).get(f"/en/area/?version={version}").content.decode()
        assert (f'data-label="School number">{SCHOOL}' in text) is listed
    text = world.client(Role.CLIENT_MANAGER).get("/en/area/?result=failed").content.decode()
    assert "Failed," in text
    assert "9.8.7" in text
    assert "Reason: " in text


@pytest.mark.parametrize("language", ["en", "cy"])
def test_each_school_says_why_its_data_is_not_up_to_date(world: World, language: str) -> None:
    """C1: the reason, and a filter for it; a school that is up to date has none."""
    idle, silent, missing = SECOND, THIRD, f"{SCHOOL[:3]}2903"
    register_schools(idle, silent, missing)
    for school, ago in ((idle, timedelta(minutes=5)), (silent, timedelta(days=3))):
        sender = Client.objects.create(enrolled_at=clock.now(), last_contact=datetime.now(UTC) - ago, report={})
        ClientSchool.objects.create(client=sender, school=school)
    Run.objects.filter(school=SCHOOL).update(finished_at=clock.now())
    Run.objects.filter(school=ELSEWHERE).update(state="held")
    client = world.client(Role.OPERATOR)
    reasons = {idle: "idle", silent: "silent", missing: "no client", ELSEWHERE: "held"}
    for school, reason in reasons.items():
        answer = client.get(f"/{language}/area/?reason={reason}")
        assert not foreign_texts(answer.content, language)
        listed = answer.content.decode().split("<tbody")[-1]
        assert [number for number in (SCHOOL, *reasons) if f'">{number}</td>' in listed] == [school]
        assert listed.count("hwb-note") == 1
    assert str((datetime.now(UTC) - timedelta(days=3)).year) in client.get("/en/area/?reason=silent").content.decode()


def test_the_number_of_queries_does_not_grow_with_the_schools_and_the_page_is_small(world: World) -> None:
    client = world.client(Role.CLIENT_MANAGER)
    with CaptureQueriesContext(connection) as few:
        client.get("/en/area/")
    register_schools(*(f"{SCHOOL[:3]}{number}" for number in range(3000, 3110)))
    with CaptureQueriesContext(connection) as many:
        answer = client.get("/en/area/")
    assert len(many) == len(few) <= 12
    for language in ("en", "cy"):
        assert len(client.get(f"/{language}/area/").content) < 60_000
    assert "page 1 of 3" in answer.content.decode()


def test_somebody_without_schools_is_told_so(world: World) -> None:
    Establishment.objects.filter(dfes__startswith=SCHOOL[:3]).update(closed=clock.today() - timedelta(days=9))
    text = world.client(Role.AREA_OFFICER).get("/en/area/").content.decode()
    assert "No schools are assigned to you." in text


def _order(world: World, own: list[str]) -> list[str]:
    text = world.client(Role.CLIENT_MANAGER).get("/en/area/").content.decode()
    return sorted(own, key=lambda dfes: text.index(f'data-label="School number">{dfes}'))


def test_an_operators_page_asks_no_more_of_a_larger_nation(world: World) -> None:
    """At most 12 statements, however many schools there are; one page of them is under 60 KB."""
    operator = world.client(Role.OPERATOR)
    register_schools(*(f"{area}{number}" for area in ("660", "672", "681") for number in range(3000, 3060)))
    with CaptureQueriesContext(connection) as queries:
        answer = operator.get("/cy/area/")
    assert len(queries) <= 12
    assert len(answer.content) < 60_000
    assert "(182)" in answer.content.decode()


@pytest.mark.parametrize("language", ["en", "cy"])
def test_an_operators_first_page_is_every_school_of_the_nation(world: World, language: str) -> None:
    """Whoever looks after the platform begins with the schools, and gets on to any of them."""
    register_schools(FAR)
    operator = world.client(Role.OPERATOR)
    assert operator.get(f"/{language}/")["Location"] == f"/{language}/area/"
    answer = operator.get(f"/{language}/area/")
    assert not foreign_texts(answer.content, language)
    text = answer.content.decode()
    assert [school for school in (SCHOOL, FAR) if school not in text] == []
    assert operator.get(f"/{language}/area/school/{FAR}/").status_code == 200
    assert FAR not in world.client(Role.AREA_OFFICER).get(f"/{language}/area/").content.decode()
