"""R36: what is held, at its limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.support.nation import Nation
from tests.support.people import PRIMARY, learner, staff

from hwb.extract.records import LearnerRecord, Problem, Refused
from hwb.lifecycle.plan import Plan

MARCH, JULY = date(2018, 3, 5), date(2018, 7, 2)
NUMBERS = range(1, 101)


@pytest.fixture
def nation() -> Nation:
    nation = Nation(phases={PRIMARY: "primary"})
    nation.run(PRIMARY, [learner(n, year_group="4", registration_group=f"4{n % 4}") for n in NUMBERS], on=MARCH)
    return nation


def changed(count: int, **values: object) -> list[LearnerRecord]:
    kept = {"year_group": "4"}
    return [
        learner(n, **{**kept, "registration_group": f"4{n % 4}", **(values if n <= count else {})}) for n in NUMBERS
    ]


def checks(plan: Plan) -> set[str]:
    return {hold.check for hold in plan.holds}


@pytest.mark.parametrize(("count", "held"), [(10, False), (11, True)])
def test_missing(nation: Nation, count: int, held: bool) -> None:
    """R36 missing: newly absent without leaving date, more than 10 and 5 %; a held run changes nothing."""
    before = nation.state()
    plan = nation.run(PRIMARY, changed(0)[count:], on=MARCH)
    assert ("missing" in checks(plan)) is held
    assert (nation.state() == before) is held


@pytest.mark.parametrize(("count", "held"), [(20, False), (21, True)])
def test_losing_access(nation: Nation, count: int, held: bool) -> None:
    """R36 losing_access: released or given a future leaving date, more than 10 and 20 %."""
    plan = nation.run(PRIMARY, changed(count, leaving_date=date(2018, 3, 1)), on=MARCH)
    assert ("losing_access" in checks(plan)) is held
    future = nation.run(PRIMARY, changed(count, leaving_date=date(2018, 4, 1)), on=MARCH)
    if held:
        assert "losing_access" in checks(future)


@pytest.mark.parametrize(("count", "held"), [(10, False), (11, True)])
def test_renamed(nation: Nation, count: int, held: bool) -> None:
    """R36 renamed: surname or birth date changes, more than 10 and 10 %."""
    assert ("renamed" in checks(nation.run(PRIMARY, changed(count, legal_surname="X"), on=MARCH))) is held


@pytest.mark.parametrize("year", ["3", "6"])
@pytest.mark.parametrize(("count", "held"), [(10, False), (11, True)])
def test_moved_back(nation: Nation, year: str, count: int, held: bool) -> None:
    """R36 moved_back: the year group falls, or rises by two or more, more than 10 and 10 %."""
    assert ("moved_back" in checks(nation.run(PRIMARY, changed(count, year_group=year), on=MARCH))) is held


@pytest.mark.parametrize(("on", "held"), [(date(2018, 7, 31), True), (date(2018, 8, 1), False)])
def test_added(nation: Nation, on: date, held: bool) -> None:
    """R36 added: people the school did not hold, more than 20 and 20 %, outside an intake (1 August to 31 October)."""
    more = [learner(n) for n in range(201, 222)]
    assert ("added" in checks(nation.run(PRIMARY, changed(0) + more, on=on))) is held


def test_overlap(nation: Nation) -> None:
    """R36 overlap: more than half of those held not in the snapshot in any form."""
    plan = nation.run(PRIMARY, changed(0)[51:], on=MARCH)
    assert "overlap" in checks(plan)
    assert "overlap" not in checks(nation.run(PRIMARY, changed(0)[50:], on=MARCH))


def test_expected_leavers_do_not_count() -> None:
    """R36: final-year people with a leaving date from 1 June to 31 October do not count."""
    nation = Nation(phases={PRIMARY: "primary"})
    nation.run(PRIMARY, [learner(n) for n in NUMBERS], on=MARCH)
    plan = nation.run(PRIMARY, [learner(n, leaving_date=date(2018, 7, 20)) for n in NUMBERS], on=JULY)
    assert plan.holds == ()


def test_first_snapshot_is_measured_for_duplicates_only() -> None:
    """R36: A school's first accepted snapshot is measured only for duplicates."""
    twice = tuple(Refused("learner", f"row {n}", (Problem("L03", f"row {n}", "upn", ""),)) for n in range(6))
    nation = Nation()
    assert checks(nation.run(PRIMARY, [learner(n) for n in NUMBERS], on=MARCH, refused=twice)) == {"duplicates"}
    assert checks(nation.run(PRIMARY, [learner(n) for n in NUMBERS], on=MARCH)) == set()


def test_withdrawn_content_is_always_held(nation: Nation) -> None:
    """R36 withdrawn: content that was undone, sent again, is held."""
    nation.run(PRIMARY, changed(1, year_group="5"), on=MARCH)
    nation.undo(PRIMARY, on=MARCH)
    assert checks(nation.run(PRIMARY, changed(1, year_group="5"), on=MARCH)) == {"withdrawn"}


def test_likely_cause(nation: Nation) -> None:
    """R36: the likely cause is said when it can be seen: a whole class is absent."""
    plan = nation.run(PRIMARY, [r for r in changed(0) if r.registration_group != "43"], on=MARCH)
    (hold,) = plan.holds
    assert (hold.check, hold.measured, hold.cause, hold.values) == ("missing", 25, "class_absent", (("groups", "43"),))


def test_year_groups_that_did_not_move_are_a_warning(nation: Nation) -> None:
    """R36: Year groups that did not move in September are a warning."""
    plan = nation.run(PRIMARY, changed(0), on=date(2018, 9, 3))
    assert [warning.code for warning in plan.warnings] == ["X03"]
    assert plan.holds == ()


def test_a_kind_sent_for_the_first_time_is_not_added(nation: Nation) -> None:
    """R36 added: a school that never sent staff before sends sixty: a first snapshot of that kind, not held."""
    plan = nation.run(PRIMARY, changed(0), on=MARCH, staff=[staff(f"S{number}") for number in range(60)])
    assert plan.holds == ()
    more = [staff(f"S{number}") for number in range(120)]
    assert checks(nation.run(PRIMARY, changed(0), on=MARCH, staff=more)) == {"added"}


def test_r36_a_plan_is_known_again_in_any_order() -> None:
    """R36: The plan that was shown is the plan that is executed, in whatever order a database gives its facts."""
    nation = Nation(phases={PRIMARY: "primary"})
    plan = nation.run(PRIMARY, [learner(n) for n in (1, 2, 3)], on=JULY)
    turned = replace(plan, changes=tuple(reversed(plan.changes)))
    assert turned.changes != plan.changes
    assert turned.digest() == plan.digest()
    assert replace(plan, changes=plan.changes[1:]).digest() != plan.digest()
