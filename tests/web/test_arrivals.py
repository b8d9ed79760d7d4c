"""B21: who came and who left, from where, and whether the arrivals can sign in."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from tests.support.deliveries import deliver, learner_row
from tests.support.languages import foreign_texts
from tests.support.world import ELSEWHERE, SCHOOL, World

from hwb.directory.models import Account, Protection, Run
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
PATH = f"school/{SCHOOL}/arrivals/"


@pytest.fixture(autouse=True)
def autumn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWB_NOW", "2018-09-06T20:00")


@pytest.fixture
def september(world: World) -> Account:
    """One came from the other school, one is new, and one left for there."""
    day = date(2018, 9, 3)
    deliver([learner_row(50, leaving_date=date(2018, 8, 31)), learner_row(51)], school=ELSEWHERE, on=day, hour=8)
    here = [learner_row(n) for n in (1, 2, 4, 5, 6, 60)]
    deliver([*here, learner_row(50), learner_row(3, leaving_date=date(2018, 9, 1))], on=day, hour=9)
    deliver([learner_row(51), learner_row(3)], school=ELSEWHERE, on=day, hour=10)
    return Account.objects.get(upn=learner_row(50)[1])


def texts(answer: object) -> str:
    return " ".join(answer.content.decode().split())  # type: ignore[attr-defined]


def get(world: World, path: str = PATH, role: Role = Role.CHAMPION) -> str:
    answer = world.client(role).get(f"/en/{path}")
    assert answer.status_code == 200
    return texts(answer)


def test_who_came_from_where_and_who_left(world: World, september: Account) -> None:
    page = get(world)
    came, left = page.split('id="left"')
    assert "Arrivals (2)" in came
    assert f"School {ELSEWHERE}" in came
    assert "New account" in came
    assert "Departures (1)" in left
    assert "Mali3" in left
    assert "1 September 2018" in left
    assert "Claimed on 3 September 2018" in left
    assert ELSEWHERE not in left


def test_of_a_protected_learner_no_school_is_named(world: World, september: Account) -> None:
    now = datetime(2018, 9, 4, tzinfo=UTC)
    Protection.objects.create(account=september.id, made_by="t", made_at=now)
    page = get(world)
    assert f"School {ELSEWHERE}" not in page
    assert "Another school" in page


def test_filters(world: World, september: Account) -> None:
    assert "Nobody left in this period." in get(world, f"{PATH}?claimed=no")
    page = get(world, f"{PATH}?password=none")
    assert "Arrivals (2)" in page
    assert "Arrivals (0)" in get(world, f"{PATH}?password=visible")
    assert "Nobody arrived in this period." in get(world, f"{PATH}?year=N1")
    assert "Departures (" not in get(world, f"{PATH}?which=arrivals")


def test_a_failed_last_run_is_said_first(world: World, september: Account) -> None:
    at = datetime(2018, 9, 4, 15, tzinfo=UTC)
    Run.objects.create(
        school=SCHOOL, state="failed", failure="internal_error", as_at=at, received_at=at, finished_at=at
    )
    assert "Arrivals may be waiting in it." in get(world)


def test_one_language_few_queries_and_whom_it_is_for(
    world: World, september: Account, django_assert_max_num_queries: object
) -> None:
    deliver([learner_row(n) for n in (1, 2, 4, 5, 6, 60, 50, *range(100, 220))], on=date(2018, 9, 5))
    client = world.client(Role.CHAMPION)
    for path in (PATH, f"{PATH}?which=arrivals&page=2"):
        for language in ("en", "cy"):
            answer = client.get(f"/{language}/{path}")
            assert answer.status_code == 200
            assert not foreign_texts(answer.content, language)
            assert len(answer.content) < 60_000
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        client.get(f"/en/{PATH}")
    for role in (Role.TEACHER, Role.CLIENT_MANAGER, Role.OPERATOR, Role.STAFF):
        assert world.client(role).get(f"/en/{PATH}").status_code == 404
    assert "Reset passwords of those chosen" not in get(world, role=Role.MIS_ADMIN)
    chosen = client.post(f"/en/school/{SCHOOL}/passwords/", {"account": str(september.id)})
    assert chosen.status_code == 200
