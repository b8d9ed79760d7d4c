"""A teacher whose class is a teaching class, not a registration group: no link leads to a class that is not theirs."""

from __future__ import annotations

import pytest
from tests.support.crawler import crawl
from tests.support.deliveries import deliver, learner_row, staff_row
from tests.support.walk import Walk
from tests.support.world import SCHOOL, World

from hwb.directory.models import Account, FirstPassword
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
TAUGHT = "6Ma1"


@pytest.fixture
def teaching(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The teacher teaches two of 6G and one of 5M."""
    monkeypatch.setenv("HWB_NOW", "2018-07-02T18:00:00+00:00")
    learners = [
        learner_row(
            number, year_group="6" if number <= 3 else "5", registration_group="6G" if number <= 3 else "5M",
            classes=(TAUGHT,) if number in (2, 3, 4) else (),
        )
        for number in range(1, 7)
    ]  # fmt: skip
    names = {"CH": "Champion", "MI": "Misadmin", "HE": "Head", "TE": "Teacher", "ST": "Staff"}
    surnames = {
        code: Account.objects.get(legal_surname__istartswith=name[:3], kind="staff") for code, name in names.items()
    }
    staff = [
        staff_row(code, legal_surname=account.legal_surname, classes=(TAUGHT,) if code == "TE" else (),
                  role="Headteacher" if code == "HE" else "")
        for code, account in surnames.items()
    ]  # fmt: skip
    deliver(learners, staff, school=SCHOOL, hour=13)
    return world


@pytest.mark.parametrize("language", ["en", "cy"])
def test_every_link_leads_to_what_the_teacher_may_see(teaching: World, language: str) -> None:
    crawled = crawl(teaching.client(Role.TEACHER), f"/{language}/school/{SCHOOL}/my-classes/")
    assert not crawled.broken
    assert any(f"name={TAUGHT}" in path for path in crawled.statuses)
    assert any("/learners/" in path and path.count("-") >= 4 for path in crawled.statuses), "no record was visited"


def test_the_slips_after_a_reset_are_those_of_the_own_class(teaching: World) -> None:
    walk = Walk(teaching.client(Role.TEACHER), f"/en/school/{SCHOOL}/passwords/")
    walk.follow(TAUGHT).send("Continue", who="needed")
    made = FirstPassword.objects.count()
    assert made >= 2
    assert f"Class: 6Ma1 {made} learners" in walk.text
    assert "6G" not in walk.text
    walk.follow("Class: 6Ma1")
    assert "Print password slips" in walk.text
