"""B1, a school's first page: what stands where, for whom, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError
from tests.support.deliveries import JULY, deliver, learner_row, register_schools
from tests.support.languages import foreign_texts
from tests.support.world import ELSEWHERE, SCHOOL, World

from hwb.directory.models import Account, Run
from hwb.directory.queries import passwords, school_home
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
PATH = f"school/{SCHOOL}/"


@pytest.fixture(autouse=True)
def summer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The evening of the day on which the world's runs were sent."""
    monkeypatch.setenv("HWB_NOW", "2018-07-02T20:00")


def texts(answer: object) -> str:
    return " ".join(answer.content.decode().split())  # type: ignore[attr-defined]


@pytest.mark.parametrize("role", [Role.CHAMPION, Role.HEAD, Role.MIS_ADMIN])
def test_the_first_sentence_says_how_old_the_data_is(world: World, role: Role) -> None:
    page = texts(world.client(role).get(f"/en/{PATH}"))
    assert "Your last successful run finished today at 13:00. Your data is up to date." in page
    assert "Year 6" in page
    assert "Numbers on roll" in page


def test_both_languages_say_only_their_own(world: World) -> None:
    client = world.client(Role.CHAMPION)
    for language in ("en", "cy"):
        assert not foreign_texts(client.get(f"/{language}/{PATH}").content, language)


@pytest.mark.parametrize("role", [Role.TEACHER, Role.STAFF, Role.LEARNER, Role.CLIENT_MANAGER, Role.AREA_OFFICER])
def test_others_do_not_know_it(world: World, role: Role) -> None:
    assert world.client(role).get(f"/en/{PATH}").status_code == 404


def test_another_schools_page_is_unknown(world: World) -> None:
    assert world.client(Role.CHAMPION).get(f"/en/school/{ELSEWHERE}/").status_code == 404


def test_old_data_is_called_old_and_last_years(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWB_NOW", "2018-09-03T08:00")
    page = texts(world.client(Role.CHAMPION).get(f"/en/{PATH}"))
    assert "Your last successful run was on 2 July 2018, 63 days ago. Your data is out of date." in page
    assert "Class information is last year&#x27;s." in page


def test_a_later_failure_stands_beside_last_run(world: World) -> None:
    at = datetime(2018, 7, 2, 18, 30, tzinfo=UTC)
    Run.objects.create(
        school=SCHOOL, state="failed", failure="internal_error", as_at=at, received_at=at, finished_at=at
    )
    page = texts(world.client(Role.CHAMPION).get(f"/en/{PATH}"))
    assert "Your last successful run finished today at 13:00." in page
    assert "A later attempt on 2 July 2018 at 19:30 failed." in page


def test_what_waits_is_counted(world: World) -> None:
    deliver([learner_row(n) for n in range(1, 7)] + [learner_row(8, upn="nonsense"), learner_row(9)], hour=14)
    page = texts(world.client(Role.CHAMPION).get(f"/en/{PATH}"))
    assert "1 record to put right" in page
    assert "7 arrivals in the last 7 days" in page  # six of the first run, and one
    assert "learners who have no password from this school" in page


def test_a_new_school_gets_three_steps(world: World) -> None:
    Run.objects.filter(school=SCHOOL).delete()
    page = texts(world.client(Role.CHAMPION).get(f"/en/{PATH}"))
    assert "We have never received data for this school." in page
    assert "Three steps to begin" in page
    assert "Numbers on roll" not in page


def test_a_block_that_cannot_be_loaded_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise DatabaseError("cancelled")

    monkeypatch.setattr(school_home, "waiting", fail)
    monkeypatch.setattr(school_home, "staff", fail)
    answer = world.client(Role.CHAMPION).get(f"/en/{PATH}")
    assert answer.status_code == 200
    assert texts(answer).count("These figures cannot be loaded at the moment.") == 2
    assert "Your last successful run finished today" in texts(answer)


def test_passwords_are_counted_as_the_password_lists_do(world: World) -> None:
    learners = Account.objects.filter(kind="learner")
    learners.filter(id=world.learners["6G"][1].id).update(password="a hash")
    expected = sum(
        row.kind == "learner" and row.active and row.cannot_sign_in_yet(school=SCHOOL)
        for row in passwords.of_school(SCHOOL).values()
    )
    found = school_home.waiting(school=SCHOOL, since=JULY - timedelta(days=7))
    assert found.cannot_sign_in == expected == 4  # one has chosen, and one is the world's own learner


def test_at_most_twelve_queries(world: World, django_assert_max_num_queries: object) -> None:
    client = world.client(Role.CHAMPION)
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        client.get(f"/en/{PATH}")


def test_figures_of_a_school_without_anybody(db: None) -> None:
    register_schools("6712999")
    assert school_home.learners(school="6712999") == ()
    assert school_home.staff(school="6712999").people == 0


@pytest.mark.parametrize("role", [Role.CHAMPION, Role.HEAD, Role.MIS_ADMIN])
def test_everything_is_a_step_away_also_when_nothing_waits(world: World, role: Role) -> None:
    """Each page of the school that the reader may see has a link here, and only those."""
    page, client = texts(world.client(role).get(f"/en/{PATH}")), world.client(role)
    ways = (
        "find-learner", "find-staff", "to-put-right", "arrivals", "passwords", "access-list", "settings", "activity",
    )  # fmt: skip
    linked = {way for way in ways if f'href="/en/{PATH}{way}/"' in page}
    assert linked == {way for way in ways if client.get(f"/en/{PATH}{way}/").status_code == 200}
    assert {"find-learner", "settings"} <= linked


@pytest.mark.parametrize(
    ("role", "theirs", "not_theirs"),
    [
        (Role.CHAMPION, ("activity", "settings", "passwords", "arrivals", "access-list", "find-learner"), ()),
        (Role.HEAD, ("activity", "settings", "access-list", "find-staff"), ("passwords",)),
        (Role.MIS_ADMIN, ("to-put-right", "settings", "arrivals"), ("activity", "passwords", "access-list")),
    ],
)
def test_the_schools_other_pages_are_one_link_away(
    world: World, role: Role, theirs: tuple[str, ...], not_theirs: tuple[str, ...]
) -> None:
    """No page of the school can be had by its address alone; and no link leads where the reader may not go."""
    client = world.client(role)
    for language in ("en", "cy"):
        page = texts(client.get(f"/{language}/{PATH}"))
        for name in theirs:
            link = f'href="/{language}/{PATH}{name}/"'
            assert link in page
            assert client.get(f"/{language}/{PATH}{name}/").status_code == 200
        assert not [name for name in not_theirs if f'href="/{language}/{PATH}{name}/"' in page]


def test_the_title_names_the_school_once(world: World) -> None:
    page = texts(world.client(Role.CHAMPION).get(f"/en/{PATH}"))
    title = page.split("<title>")[1].split("</title>")[0]
    assert title.count(f"School {SCHOOL}") == 1
    learners = texts(world.client(Role.CHAMPION).get(f"/en/{PATH}learners/"))
    assert f"School {SCHOOL}" in learners.split("<title>")[1].split("</title>")[0]
