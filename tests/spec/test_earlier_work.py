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
    stopping,
)
from hwb.lifecycle.work_spaces import Access, Granted, spaces_of

TODAY = date(2018, 9, 10)
MALI = Learner(SECONDARY, active=True, protected=False, earlier=frozenset({PRIMARY}))


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_every_event_has_its_answer_in_every_state(state: State, event: Event) -> None:
    """R41: Every event has its answer in every state of a request, and what is over stays over."""
    following = TABLE[state][event]
    if following is None:
        with pytest.raises(NotNow):
            after(state, event)
    else:
        assert after(state, event) is following
    assert state in OPEN or following is None


def test_asked_arranged_ready() -> None:
    """R41: A request is asked, being arranged, ready, not possible or ended; ready only once the service has it."""
    assert standing(State.ASKED, delivered=False) is Standing.ASKED
    assert standing(State.GRANTED, delivered=False) is Standing.ARRANGING
    assert standing(State.GRANTED, delivered=True) is Standing.READY
    assert standing(State.REFUSED, delivered=False) is Standing.NOT_POSSIBLE
    assert {standing(State.ENDED, delivered=each) for each in (True, False)} == {Standing.ENDED}


def test_the_present_school_asks_for_work_of_a_school_that_had_the_learner() -> None:
    """R41: The present school asks for work at a school that had its learner, never of a protected person."""
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
    """R41: A grant has a first day, today or later, and a last one within a year; an inactive learner's waits."""
    days = {"first": TODAY + timedelta(first), "last": TODAY + timedelta(last), "on": TODAY}
    assert against_granting(MALI, school=SECONDARY, earlier=PRIMARY, **days) is cause
    inactive = replace(MALI, active=False)
    assert against_granting(inactive, school=SECONDARY, earlier=PRIMARY, **days) is Cause.INACTIVE
    gone = replace(MALI, holder=OTHER)
    assert against_granting(gone, school=SECONDARY, earlier=PRIMARY, **days) is Cause.NOT_HERE


def test_an_access_ends_after_its_last_day_and_when_the_learner_leaves() -> None:
    """R41: A grant ends after its last day, and when the learner leaves the school that asked."""

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


def test_what_was_granted_ends_and_is_not_refused() -> None:
    """R41: Support's "no" ends what was granted, and refuses what was not, or of which the service keeps no work."""
    assert stopping(State.GRANTED, has_work=True) is Event.END
    assert stopping(State.GRANTED, has_work=False) is Event.REFUSE
    assert {stopping(State.ASKED, has_work=each) for each in (True, False)} == {Event.REFUSE}


def test_a_move_gives_a_new_space_and_shuts_the_earlier_one() -> None:
    """R41: After a move the learner has the new school's space, and the earlier one only by a grant, for its days."""
    access = Access(TODAY, TODAY + timedelta(28))
    granted = [Granted(SECONDARY, PRIMARY, access)]

    def spaces(*places: str, held: str = "", last: str = "", of: list[Granted] = granted) -> dict[str, Access | None]:
        found = spaces_of(places=places, held={held}, last=last, granted=of)
        return {space.school: space.access for space in found}

    assert spaces(PRIMARY, held=PRIMARY, of=[]) == {PRIMARY: None}
    assert spaces(SECONDARY, held=SECONDARY, of=[]) == {SECONDARY: None}
    assert spaces(SECONDARY, held=SECONDARY) == {SECONDARY: None, PRIMARY: access}
    assert spaces(OTHER, held=OTHER) == {OTHER: None}
    assert spaces(SECONDARY, PRIMARY, held=SECONDARY) == {SECONDARY: None, PRIMARY: None}
    assert spaces(last=PRIMARY, of=[]) == {PRIMARY: None}
