"""A process killed at any moment of a run: the state is before or after, and the next try ends it (F2–F4)."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from tests.support.people import PRIMARY, learner

from hwb.directory.models import Account, Audit, Establishment, LearnerRecord, Run
from hwb.extract import wire
from hwb.extract.records import LEARNER_COLUMNS, Extract
from hwb.operations import faults, provisioning, verification

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2018, 7, 2)
NOW = datetime.combine(DAY, time(12), UTC)


@pytest.fixture(autouse=True)
def school() -> None:
    Establishment.objects.create(dfes=PRIMARY, name_en="Ysgol", phase="primary")


def deliver(run: UUID) -> provisioning.Delivery:
    rows = []
    for number in range(1, 31):
        record = learner(number)
        texts = [getattr(record, name) for name in LEARNER_COLUMNS]
        rows.append((f"row {number}", *(";".join(t) if isinstance(t, tuple) else str(t or "") for t in texts)))
    extract = Extract(PRIMARY, NOW, "hwb", frozenset({"learner"}), tuple(rows))
    return provisioning.receive_snapshot(
        run_id=run,
        body=wire.dump(extract),
        extract=extract,
        preview=False,
        client_id=None,
        acting_user="t",
        now=NOW,
    )


def reconcile(run: UUID) -> dict[str, Any]:
    return provisioning.reconcile(run_id=run, on=DAY, now=NOW)


def killed_in(point: str, work: Callable[[], Any]) -> bool:
    """Does the work in a process of its own that dies at ``point``; whether it was killed there."""
    connection.close()  # a connection must not be shared with the child
    child = os.fork()
    if child == 0:
        faults._reached.clear()  # what an earlier test in this process came by
        os.environ["HWB_FAULT"] = f"{point}:1"
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'hwb.reconcile'")
        found: int = cursor.fetchone()[0]
        return found


@pytest.mark.parametrize(("point", "stored"), [("stored", 0), ("received", 1)])
def test_killed_while_a_delivery_is_stored(point: str, stored: int) -> None:
    """F2: a delivery and its job stand both or not at all; the client's next try with the same run id is the same."""
    run = uuid4()
    before = jobs()
    assert killed_in(point, lambda: deliver(run))
    assert (Run.objects.count(), jobs() - before) == (stored, stored)
    assert deliver(run).created == (not stored)
    assert (Run.objects.count(), jobs() - before) == (1, 1)


@pytest.mark.parametrize("point", ["locked", "applied", "before-commit", "committed"])
def test_killed_while_a_run_is_reconciled(point: str) -> None:
    """F3, F4: nothing of the run stands, or all of it; the job taken up again ends it and applies nothing twice."""
    run = uuid4()
    deliver(run)
    assert killed_in(point, lambda: reconcile(run))
    people = 30 if point == "committed" else 0
    assert [model.objects.count() for model in (Account, LearnerRecord, Audit)] == [people] * 3
    result = reconcile(run)
    assert (result["outcome"], result["created"]) == ("applied", 30)
    assert [model.objects.count() for model in (Account, LearnerRecord, Audit)] == [30] * 3
    assert verification.verify(on=DAY, deep=True).breaches == ()
