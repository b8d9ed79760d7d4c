"""Joining and undoing while both schools run: one after the other, whoever is first, and everything adds up (R25)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from tests.support import moving as people
from tests.support.deliveries import deliver, learner_row, staff_row
from tests.support.moving import HERE, Moving, fresh
from tests.support.people import PRIMARY, SECONDARY

from hwb.operations.consolidation import ConsolidationRefused
from hwb.operations.verification import verify

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works: Callable[[], Any]) -> None:
    """All begin together, each with a connection of its own; what one raises is raised."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], Any]) -> None:
        try:
            barrier.wait(10)
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(run, work) for work in works]:
            done.result(60)


def _new_school(moving: Moving, day: int, **values: Any) -> None:
    del moving
    deliver(
        [learner_row(n) for n in range(11, 14)],
        [staff_row("NP", **{**HERE, **values}), staff_row("CH", legal_surname="Champion")],
        school=SECONDARY, on=date(2018, 9, day),
    )  # fmt: skip


def _old_school(day: int, *, back: bool) -> None:
    leaving = {} if back else {"leaving_date": date(2018, 8, 31)}
    deliver(
        [learner_row(n) for n in range(1, 4)],
        [staff_row("NP", **people.BEFORE, **leaving), staff_row("HE", legal_surname="Head", role="Headteacher")],
        school=PRIMARY, on=date(2018, 9, day),
    )  # fmt: skip


def test_joining_while_both_schools_run() -> None:
    """The old school takes the person back, the new one renames them, support joins and undoes: nothing is lost."""
    moving = people.build()
    number = moving.request()
    moving.authorise(number)
    moving.take(number)

    def join() -> None:
        with suppress(ConsolidationRefused):  # a school was first: not released any more, or two agents have to look
            moving.join(number)

    at_once(join, lambda: _new_school(moving, 5, legal_surname="Puw Rees"), lambda: _old_school(5, back=True))
    kept, mover = fresh(moving.kept), fresh(moving.mover)
    assert kept.active
    assert mover.active is (mover.retired_into_id is None)
    assert verify(on=date(2018, 9, 5), deep=True).breaches == ()
    if mover.retired_into_id is None:
        _old_school(6, back=False)
        _new_school(moving, 6)  # the surnames agree again: one agent is enough
        moving.join(number)
    at_once(
        lambda: moving.undo(number),
        lambda: _new_school(moving, 7, legal_surname="Puw"),
        lambda: _old_school(7, back=True),
    )
    assert (fresh(moving.kept).active, fresh(moving.mover).active) == (True, True)
    assert verify(on=date(2018, 9, 7), deep=True).breaches == ()
