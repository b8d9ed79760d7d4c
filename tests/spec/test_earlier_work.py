"""Work at an earlier school (R41): who may ask, what support may grant, and when it ends by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.support.people import OTHER, PRIMARY, SECONDARY

from hwb.lifecycle.earlier_work import (
    OPEN,
    TABLE,
    Cause,
    Event,
    Learner,
    NotNow,
    Standing,
    State,
    after,
    against_asking,
    against_granting,
    due,
    standing,
)

TODAY = date(2018, 9, 10)
MALI = Learner(SECONDARY, active=True, protected=False, earlier=frozenset({PRIMARY}))


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_every_event_has_its_answer_in_every_state(state: State, event: Event) -> None:
    """The table is total, and what is over stays over."""
    following = TABLE[state][event]
    if following is None:
        with pytest.raises(NotNow):
            after(state, event)
    else:
        assert after(state, event) is following
    assert state in OPEN or following is None


def test_asked_arranged_ready() -> None:
    """ux.md 9.6: asked, being arranged, ready, not possible."""
    assert standing(State.ASKED, delivered=False) is Standing.ASKED
    assert standing(State.GRANTED, delivered=False) is Standing.ARRANGING
    assert standing(State.GRANTED, delivered=True) is Standing.READY
    assert standing(State.REFUSED, delivered=False) is Standing.NOT_POSSIBLE
    assert {standing(State.ENDED, delivered=each) for each in (True, False)} == {Standing.ENDED}


def test_the_present_school_asks_for_work_of_a_school_that_had_the_learner() -> None:
    """R41: on request; nobody else's learner, no school that never had them, and no protected person."""
    assert against_asking(MALI, school=SECONDARY, earlier=PRIMARY) is None
    assert against_asking(replace(MALI, active=False), school=SECONDARY, earlier=PRIMARY) is None
    assert against_asking(MALI, school=OTHER, earlier=PRIMARY) is Cause.NOT_HERE
    assert against_asking(replace(MALI, holder=""), school=SECONDARY, earlier=PRIMARY) is Cause.NOT_HERE
    assert against_asking(MALI, school=SECONDARY, earlier=OTHER) is Cause.NEVER_THERE
    assert against_asking(replace(MALI, protected=True), school=SECONDARY, earlier=PRIMARY) is Cause.PROTECTED


@pytest.mark.parametrize(
    ("first", "last", "cause"),
    [
        (0, 0, None), (0, 28, None), (3, 366, None), (-1, 28, Cause.DAYS), (5, 4, Cause.DAYS), (0, 367, Cause.TOO_LONG),
        (366, 367, Cause.TOO_LONG),
    ],
)  # fmt: skip
def test_support_grants_for_days_within_a_year(first: int, last: int, cause: Cause | None) -> None:
    """R41: the grant can end, so it has a first and a last day."""
    days = {"first": TODAY + timedelta(first), "last": TODAY + timedelta(last), "on": TODAY}
    assert against_granting(MALI, school=SECONDARY, earlier=PRIMARY, **days) is cause
    inactive = replace(MALI, active=False)
    assert against_granting(inactive, school=SECONDARY, earlier=PRIMARY, **days) is Cause.INACTIVE
    gone = replace(MALI, holder=OTHER)
    assert against_granting(gone, school=SECONDARY, earlier=PRIMARY, **days) is Cause.NOT_HERE


def test_an_access_ends_after_its_last_day_and_when_the_learner_leaves() -> None:
    """R41: the last day is still in; leaving comes before everything; what is over happens once."""

    def on(day: date, learner: Learner = MALI, state: State = State.GRANTED) -> Event | None:
        return due(state, learner, school=SECONDARY, last=TODAY, on=day)

    assert on(TODAY) is None
    assert on(TODAY + timedelta(1)) is Event.PASS
    assert on(TODAY, replace(MALI, active=False)) is None
    for holder in ("", OTHER, PRIMARY):
        assert on(TODAY, replace(MALI, holder=holder)) is Event.LEAVE
        assert on(TODAY, replace(MALI, holder=holder), State.ASKED) is Event.LEAVE
        assert on(TODAY, replace(MALI, holder=holder), State.ENDED) is None
    assert due(State.ASKED, MALI, school=SECONDARY, last=None, on=TODAY + timedelta(900)) is None
