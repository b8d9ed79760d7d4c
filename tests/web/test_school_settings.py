"""B19: what a school sets for itself, with who changed it last; the default shows where it sets nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from tests.support.languages import foreign_texts
from tests.support.world import ELSEWHERE, SCHOOL, World

from hwb import clock
from hwb.directory.models import Establishment
from hwb.directory.queries.schools import statuses
from hwb.lifecycle.messages import Kind
from hwb.operations import settings
from hwb.operations.messages.writing import readers_at
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


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_school_chooses_who_gets_which_message(world: World, language: str) -> None:
    """B19: by role; a held run is always told to somebody who can decide about it."""
    champion, path = world.client(Role.CHAMPION), f"/{language}/school/{SCHOOL}/settings/"
    asked = champion.get(f"{path}readers.M2/")
    assert not foreign_texts(asked.content, language)
    assert champion.post(f"{path}readers.M2/", {"value": ["head"]}).status_code == 302
    refused = champion.post(f"{path}readers.M2/", {"value": ["mis_admin"]})
    assert not foreign_texts(refused.content, language)
    assert settings.get(f"readers.M2.{SCHOOL}") == "head"
    assert champion.post(f"{path}readers.M2/", {"value": ["operator"]}).status_code == 200
    with connection.cursor() as cursor:
        found = readers_at(cursor, [SCHOOL, ELSEWHERE], Kind.HELD, now=datetime.now(UTC))
    assert {reader.account for reader in found[SCHOOL]} == {str(world.accounts[Role.HEAD].id)}
    assert {reader.role for reader in found[ELSEWHERE]} == {"client_manager"}
    assert champion.post(f"{path}readers.M2/", {}).status_code == 302
    with connection.cursor() as cursor:
        found = readers_at(cursor, [SCHOOL], Kind.HELD, now=datetime.now(UTC))
    assert {reader.role for reader in found[SCHOOL]} == {"champion", "head", "client_manager"}
    for key in ("readers.M16", "readers.M4", "readers.x"):
        assert champion.get(f"{path}{key}/").status_code == 404


def test_who_may_change(world: World) -> None:
    path = f"/en/school/{SCHOOL}/settings/"
    for role in (Role.HEAD, Role.MIS_ADMIN):
        assert world.client(role).get(path).status_code == 200
        assert world.client(role).post(f"{path}passwords.teachers/", {"value": "no"}).status_code == 404
    assert world.client(Role.TEACHER).get(path).status_code == 404
    assert world.client(Role.CHAMPION).get(f"{path}holds.missing/").status_code == 404


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_schools_own_first_day_of_term(world: World, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    """B19: from that day on earlier data is last year's; one before the nation's academic year is to be confirmed."""
    champion, path = world.client(Role.CHAMPION), f"/{language}/school/{SCHOOL}/settings/term_start/"
    early = champion.post(path, {"value": "08-20"})
    wrong = champion.post(path, {"value": "12-24", "early": "on"})
    for answer in (champion.get(path), early, wrong, champion.get(f"/{language}/school/{SCHOOL}/settings/")):
        assert answer.status_code == 200
        assert not foreign_texts(answer.content, language)
    assert 'name="early"' in early.content.decode()
    assert 'name="early"' not in champion.get(path).content.decode()
    assert settings.school_limits().own_starts == {}
    assert champion.post(path, {"value": "08-20", "early": "on"}).status_code == 302
    days = {"2018-08-19": set(), "2018-08-21": {SCHOOL}, "2018-09-02": {SCHOOL, ELSEWHERE}}
    for day, schools_with_last_years in days.items():
        monkeypatch.setenv("HWB_NOW", f"{day}T12:00")
        found = statuses(on=clock.today(), now=clock.now(), limits=settings.school_limits())
        assert {each.school for each in found if each.last_years_classes} == schools_with_last_years
    assert settings.explanation_limits(school=SCHOOL).policy.year_start == (8, 20)
    assert settings.explanation_limits(school=ELSEWHERE).policy.year_start == (9, 1)
    assert champion.post(path, {"value": "09-05"}).status_code == 302
