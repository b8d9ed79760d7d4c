"""What a run comes to, in figures: I15 of the invariants, and the year movement of a run's page."""

from __future__ import annotations

from datetime import date

from tests.support.nation import Nation
from tests.support.people import PRIMARY, SECONDARY, learner, staff

from hwb.extract.records import Problem, Refused
from hwb.lifecycle.plan import Counts, Movement

JULY, AUGUST, SEPTEMBER = date(2018, 7, 2), date(2018, 8, 1), date(2018, 9, 3)


def test_i15_learners_and_staff_are_counted_apart() -> None:
    """I15: Every record received is one of unchanged, created, claimed, updated, released, waiting, refused, once;
    missing people are counted beside."""
    nation = Nation()
    nation.run(SECONDARY, [learner(9), learner(10)], on=JULY)
    nation.run(PRIMARY, [learner(n) for n in range(1, 6)], staff=[staff("AB"), staff("CD"), staff("EF")], on=JULY)
    nation.run(SECONDARY, [learner(9, leaving_date=AUGUST), learner(10)], on=AUGUST)
    nation.day(SEPTEMBER)
    refused = Refused("learner", "row 7", (Problem("L01", "row 7", "upn", ""),), mis_id="77")
    plan = nation.run(
        PRIMARY,
        [
            learner(1), learner(2, year_group="7"), learner(3, leaving_date=AUGUST), learner(6, start_date=SEPTEMBER),
            learner(9), learner(10),
        ],
        staff=[staff("AB"), staff("CD", leaving_date=AUGUST), staff("GH")],
        refused=(refused,),
        on=SEPTEMBER,
    )  # fmt: skip
    learners = Counts(
        received=7, unchanged=1, updated=1, released=1, created=1, claimed=1, waiting=1, refused=1, missing=2
    )
    assert plan.learner_counts == learners
    assert plan.staff_counts == Counts(received=3, unchanged=1, released=1, created=1, missing=1)
    assert plan.counts == learners + plan.staff_counts


def test_i15_a_returning_member_of_staff_is_reactivated() -> None:
    """I15: … reactivated: a staff record that brings an account back is counted as that, of the staff."""
    nation = Nation()
    nation.run(PRIMARY, [], staff=[staff("AB", mis_id="5", leaving_date=AUGUST)], on=JULY)
    nation.day(SEPTEMBER)
    plan = nation.run(PRIMARY, [], staff=[staff("AB", mis_id="5")], on=SEPTEMBER)
    assert plan.staff_counts == Counts(received=1, reactivated=1)
    assert plan.learner_counts == Counts()


def test_year_movement() -> None:
    """The year movement: learners held before by year group, and the year group they are in now or what became of
    them; whoever is new is not in it."""
    nation = Nation()
    years = {1: "R", 2: "6", 3: "6", 4: "6", 5: "6", 6: "10"}
    nation.run(PRIMARY, [learner(n, year_group=year, mis_id=str(n)) for n, year in years.items()], on=JULY)
    refused = Refused("learner", "row 5", (Problem("L01", "row 5", "upn", ""),), mis_id="5")
    plan = nation.run(
        PRIMARY,
        [
            learner(1, year_group="1", mis_id="1"), learner(2, year_group="7", mis_id="2"),
            learner(3, year_group="6", mis_id="3", leaving_date=AUGUST), learner(6, year_group="10", mis_id="6"),
            learner(7, year_group="R", mis_id="7"),
        ],
        refused=(refused,),
        on=SEPTEMBER,
    )  # fmt: skip
    assert plan.movement == (
        Movement("R", "1", 1),
        Movement("6", "7", 1),
        Movement("6", "missing", 1),
        Movement("6", "refused", 1),
        Movement("6", "released", 1),
        Movement("10", "10", 1),
    )
    assert nation.run(SECONDARY, [learner(20)], on=SEPTEMBER).movement == ()
