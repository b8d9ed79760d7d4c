"""The launcher: tiles of one's schools' services, and once after a move where one is now (issue 6 point 7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from tests.support.deliveries import JULY, deliver, learner_row
from tests.support.languages import foreign_texts
from tests.support.world import ELSEWHERE, OWN_CLASS, PASSWORD, SCHOOL, World, encoded

from hwb.directory.models import Account, Service, ServiceSchool
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
SERVICES = "/en/services/"


def service(name: str, *schools: str, **more: object) -> None:
    made = Service.objects.create(
        protocol="oidc", name=name, client_id=name, sector=name, key="k", created_by="tests", all_schools=not schools,
        created_at=datetime.now(UTC), start_uri=f"https://{name.lower()}.example/start", **more,
    )  # fmt: skip
    for school in schools:
        ServiceSchool.objects.create(service=made, school=school)


def test_tiles_of_the_own_school_and_of_all(world: World) -> None:
    """Not those of another school, nor ended ones; each leads to where the service begins."""
    service("Llyfrgell", SCHOOL)
    service("Atlas")
    service("Elsewhere", ELSEWHERE)
    service("Ended", revoked_at=datetime.now(UTC))
    for role in (Role.LEARNER, Role.STAFF, Role.TEACHER):
        page = world.client(role).get(SERVICES).content.decode()
        assert page.index("https://atlas.example/start") < page.index("https://llyfrgell.example/start")
        assert "elsewhere" not in page
        assert "ended" not in page
    assert not foreign_texts(world.client(Role.LEARNER).get("/cy/services/").content, "cy")


def test_who_has_no_role_begins_there(world: World) -> None:
    """Everybody else begins with their role's page and finds the services in the header."""
    for role in (Role.LEARNER, Role.STAFF):
        assert world.client(role).get("/en/")["Location"] == SERVICES
    assert f'href="{SERVICES}"' in world.client(Role.CHAMPION).get(f"/en/school/{SCHOOL}/").content.decode()
    assert "There are none yet" in world.client(Role.LEARNER).get(SERVICES).content.decode()


def signed_in(username: str) -> str:
    client = Client()
    client.post("/en/sign-in/", {"username": username, "password": PASSWORD})
    return client.get(SERVICES).content.decode() + client.get(SERVICES).content.decode()


def test_you_are_now_at_once_after_a_move(world: World) -> None:
    """At the first sign-in after the new school took the learner on, and on one page of it."""
    learner = world.learners[OWN_CLASS][0]
    assert "You are now at" not in signed_in(learner.username)
    before = datetime.combine(JULY, datetime.min.time(), UTC)
    Account.objects.filter(id=learner.id).update(last_sign_in=before)
    number = world.learners[OWN_CLASS].index(learner) + 1
    day = JULY + timedelta(days=1)
    stay = [learner_row(n) for n in range(1, 7) if n != number]
    deliver([*stay, learner_row(number, leaving_date=JULY)], on=day)
    deliver([learner_row(50), learner_row(51), learner_row(number, start_date=day)], school=ELSEWHERE, on=day)
    Account.objects.filter(id=learner.id).update(password=encoded())
    assert Account.objects.get(id=learner.id).active
    pages = signed_in(learner.username)
    assert pages.count("You are now at") == 1
    assert f"School {ELSEWHERE}" in pages
    assert "You are now at" not in signed_in(learner.username)
