"""Cases of the desk: one total table, and due days that are school days (ux.md E4)."""

from __future__ import annotations

from datetime import date

import pytest

from hwb.lifecycle import desk
from hwb.lifecycle.desk import OPEN, Event, Kind, NotNow, State


def test_the_table_is_total_and_what_is_over_stays_over() -> None:
    """Only a decision that is taken back opens a case again."""
    assert set(desk.TABLE) == set(State)
    for state, row in desk.TABLE.items():
        assert set(row) == set(Event)
        if state not in OPEN:
            assert {event for event, after in row.items() if after is not None} <= {Event.TAKE_BACK}
    with pytest.raises(NotNow):
        desk.after(State.WITHDRAWN, Event.REPLY)
    assert desk.after(State.WAITING, Event.REPLY) is State.READY


def test_nobody_closes_what_no_agent_has() -> None:
    assert all(desk.TABLE[State.NEW][event] is None for event in (Event.FINISH, Event.EXPLAIN, Event.ASK_BACK))


@pytest.mark.parametrize(
    ("kind", "opened", "due"),
    [
        (Kind.SAFETY, date(2018, 9, 7), date(2018, 9, 10)),  # a Friday
        (Kind.CALL, date(2018, 9, 8), date(2018, 9, 10)),
        (Kind.QUESTION, date(2018, 9, 5), date(2018, 9, 10)),
    ],
)
def test_due_in_school_days(kind: Kind, opened: date, due: date) -> None:
    assert desk.due(kind, opened) == due
    assert set(desk.DAYS) == set(Kind)
