"""C2: one school for its manager."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.support.client_keys import new_key
from tests.support.deliveries import deliver, learner_row, register_schools
from tests.support.languages import foreign_texts
from tests.support.people import learner
from tests.support.world import SCHOOL, World

from hwb.directory.models import RunWish
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
