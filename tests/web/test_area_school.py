"""C2: one school for its manager."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.support.client_keys import new_key
from tests.support.deliveries import deliver, learner_row, register_schools
from tests.support.languages import foreign_texts
from tests.support.people import learner
from tests.support.world import SCHOOL, World

from hwb.directory.models import Audit, Establishment, Message, RoleGrant, Run, RunWish
from hwb.operations import clients
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
SECOND, FAR = SCHOOL[:3] + "2901", "6602999"


def test_a_manager_sees_codes_and_record_numbers_an_officer_the_number_alone(world: World) -> None:
    register_schools(SECOND)
    deliver([learner_row(80), learner_row(81, legal_forename="")], [], school=SECOND)
    for language in ("en", "cy"):
        for role, codes in ((Role.CLIENT_MANAGER, True), (Role.AREA_OFFICER, False)):
            answer = world.client(role).get(f"/{language}/area/school/{SECOND}/")
            text = answer.content.decode()
            assert answer.status_code == 200
            assert not foreign_texts(answer.content, language)
            assert ("L05" in text) == codes
            assert ("row 81" in text) == codes
            assert '<span class="hwb-number">1</span>' in text
            assert learner(81).upn not in text


@pytest.mark.parametrize("language", ["en", "cy"])
def test_what_an_mis_calls_a_record_is_shown_only_where_it_is_a_place_a_number_or_a_code(
    world: World, language: str
) -> None:
    """ux.md 2: code and record number. A OneRoster file may call a record by a UPN or a name, which nobody sees here."""
    mistyped = learner(82).upn[:-1]
    called = {learner(81).upn: False, mistyped: False, "mali.rees": False, "a@b.wales": False, "00412": True, "S-104": True,
              "users.csv row 7": True, "row 5": True}  # fmt: skip
    bad = [(name, *learner_row(90 + n, legal_forename="")[1:]) for n, name in enumerate(called)]
    near = learner(83).upn[:-1] + "X"
    kept = [learner_row(number) for number in range(1, 7)]
    deliver([*kept, *bad, learner_row(84, upn=near)], school=SCHOOL, hour=15)
    manager = world.client(Role.CLIENT_MANAGER)
    for path in (f"area/school/{SCHOOL}/", f"school/{SCHOOL}/to-put-right/", f"school/{SCHOOL}/runs/"):
        answer = manager.get(f"/{language}/{path}")
        if answer.status_code == 404:
            continue
        text = answer.content.decode()
        assert not foreign_texts(answer.content, language)
        assert not [
            upn for upn in (learner(81).upn, mistyped, near, learner(83).upn, "mali.rees", "a@b") if upn in text
        ]
        assert not re.search(r"[A-Z][0-9]{11}", text)
        if "runs" not in path:
            assert [name for name, seen in called.items() if seen and f">{name}<" not in text] == []
    own = world.client(Role.CHAMPION).get(f"/{language}/school/{SCHOOL}/to-put-right/").content.decode()
    assert learner(81).upn in own


def test_names_of_learners_are_not_shown(world: World) -> None:
    with CaptureQueriesContext(connection) as asked:
        text = world.client(Role.CLIENT_MANAGER).get(f"/en/area/school/{SCHOOL}/").content.decode()
    assert len(asked) <= 14  # two of them make the session
    for account in world.learners["6G"]:
        assert account.legal_surname not in text
        assert account.upn not in text


@pytest.mark.parametrize("role", [Role.CLIENT_MANAGER, Role.AREA_OFFICER, Role.CHAMPION])
def test_schools_elsewhere_are_not_found(world: World, role: Role) -> None:
    register_schools(FAR)
    for school in (FAR, "6719999"):
        assert world.client(role).get(f"/en/area/school/{school}/").status_code == 404
        assert world.client(role).post(f"/en/area/school/{FAR}/ask/").status_code == 404
    assert not RunWish.objects.exists()


def test_a_manager_asks_for_a_run_and_an_officer_cannot(world: World) -> None:
    address = f"/en/area/school/{SCHOOL}/ask/"
    manager = world.client(Role.CLIENT_MANAGER)
    assert manager.post(address, {"kind": "run"}).status_code == 409  # nobody would collect it
    at = datetime.now(UTC)
    made = clients.register(schools=[SCHOOL], acting_user="tests", at=at, now=at)
    clients.enrol(code=made.code, public_key=new_key()[1], version="1", at=at, now=at)
    assert manager.get(address).status_code == 405
    assert world.client(Role.AREA_OFFICER).post(address, {"kind": "run"}).status_code == 404
    assert not RunWish.objects.exists()
    answer = manager.post(address, {"kind": "run"})
    assert answer.status_code == 302
    assert answer["Location"] == f"/en/area/school/{SCHOOL}/"
    assert RunWish.objects.get().kind == "run"


def test_fields_are_called_as_people_call_them(world: World) -> None:
    register_schools(SECOND)
    deliver([learner_row(80), learner_row(81, legal_forename="")], [], school=SECOND)
    for language, said in (("en", "Legal forename"), ("cy", "Enw cyntaf cyfreithiol")):
        text = world.client(Role.CLIENT_MANAGER).get(f"/{language}/area/school/{SECOND}/").content.decode()
        assert said in text
        assert "legal_forename" not in text


@pytest.mark.parametrize("language", ["en", "cy"])
def test_the_school_is_told_what_to_do_once_a_day(world: World, language: str) -> None:
    """C2: fixed words to Champions and MIS administrators; what there is to ask depends on the school."""
    assert world.run is not None
    Run.objects.filter(id=world.run.id).update(result={"counts": {"learner": {"refused": 2}}})
    path, manager = f"/{language}/area/school/{SCHOOL}/tell/", world.client(Role.CLIENT_MANAGER)
    assert path in manager.get(f"/{language}/area/school/{SCHOOL}/").content.decode()
    asked, nothing = manager.get(path), manager.post(path)
    assert 'value="refused"' in asked.content.decode()
    assert 'value="held"' not in asked.content.decode()
    assert manager.post(path, {"what": "held"}).status_code == 200
    sent, again = (manager.post(path, {"what": what}, follow=True) for what in ("refused", "contact"))
    for answer in (asked, nothing, sent, again):
        assert not foreign_texts(answer.content, language)
    told = Message.objects.filter(kind="asked", school=SCHOOL)
    assert {message.to_account for message in told} == {
        world.accounts[role].id for role in (Role.CHAMPION, Role.MIS_ADMIN)
    }
    assert {message.details["what"] for message in told} == {"refused"}
    assert world.client(Role.AREA_OFFICER).post(path, {"what": "contact"}).status_code == 302
    assert told.all().count() == 4
    assert Audit.objects.filter(action="asked of school", chain=SCHOOL).count() == 3
    for role in (Role.CHAMPION, Role.AGENT, Role.MIS_ADMIN):
        assert world.client(role).get(path).status_code == 404


def test_a_school_without_readers_is_told_by_its_register_or_not_at_all(world: World) -> None:
    RoleGrant.objects.filter(school=SCHOOL).delete()
    path, manager = f"/en/area/school/{SCHOOL}/tell/", world.client(Role.CLIENT_MANAGER)
    assert "Nobody was told" in manager.post(path, {"what": "contact"}, follow=True).content.decode()
    Establishment.objects.filter(dfes=SCHOOL).update(registered_email="pennaeth@example.wales")
    manager.post(path, {"what": "contact"})
    assert Message.objects.get(kind="asked").address == "pennaeth@example.wales"
