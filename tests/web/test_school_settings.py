"""B19: what a school sets for itself, with who changed it last; the default shows where it sets nothing."""

from __future__ import annotations

import pytest
from tests.support.languages import foreign_texts
from tests.support.world import SCHOOL, World

from hwb.directory.models import Establishment
from hwb.operations import settings
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("language", ["en", "cy"])
def test_settings(world: World, language: str) -> None:
    champion, path = world.client(Role.CHAMPION), f"/{language}/school/{SCHOOL}/settings/"
    pages = [champion.get(path), champion.get(f"{path}grace.11/"), champion.get(f"{path}passwords.teachers/")]
    for key, value in (
        ("grace.11", "08-31"),
        ("passwords.choose.3", "no"),
        ("passwords.teachers", "no"),
        ("client_contact", "IT 01632 960 111"),
    ):
        assert champion.post(f"{path}{key}/", {"value": value}).status_code == 302
        assert settings.get(f"{key}.{SCHOOL}") == value
    pages += [champion.get(path), champion.post(f"{path}grace.11/", {"value": "tomorrow"})]
    assert "Mali Champion" in pages[3].content.decode()
    assert Establishment.objects.get(dfes=SCHOOL).client_contact == "IT 01632 960 111"
    assert (settings.policy().graces[0].school, settings.teachers_reset(SCHOOL)) == (SCHOOL, False)
    champion.post(f"{path}grace.11/", {"value": ""})
    assert settings.policy().graces == ()
    for answer in pages:
        assert answer.status_code == 200
        assert not foreign_texts(answer.content, language)


def test_who_may_change(world: World) -> None:
    path = f"/en/school/{SCHOOL}/settings/"
    for role in (Role.HEAD, Role.MIS_ADMIN):
        assert world.client(role).get(path).status_code == 200
        assert world.client(role).post(f"{path}passwords.teachers/", {"value": "no"}).status_code == 404
    assert world.client(Role.TEACHER).get(path).status_code == 404
    assert world.client(Role.CHAMPION).get(f"{path}holds.missing/").status_code == 404
