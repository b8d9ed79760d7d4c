"""A process killed at any moment of a run: the state is before or after, and the next try ends it (F2–F4)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from tests.support.people import PRIMARY, learner

from hwb.directory.models import Account, Audit, Establishment, LearnerRecord, Run
from hwb.extract import wire
from hwb.extract.records import LEARNER_COLUMNS, Extract
from hwb.operations import provisioning, verification

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


_CHILD = """
import json, os, sys, uuid
import django
django.setup()
from django.db import connections
connections.settings["default"].update(json.loads(os.environ["HWB_TEST_DATABASE"]))
from tests.integration import test_crashes
getattr(test_crashes, sys.argv[1])(uuid.UUID(sys.argv[2]))
"""


def killed_in(point: str, work: Callable[[UUID], Any], run: UUID) -> bool:
    """Does the work in a process of its own that dies at ``point``; whether it was killed there.

    A new process, not a fork: this one may have threads of a server and a browser.
    """
    database = {name: connection.settings_dict[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    told = {**os.environ, "HWB_FAULT": f"{point}:1", "HWB_TEST_DATABASE": json.dumps(database)}
    command = [sys.executable, "-c", _CHILD, work.__name__, str(run)]
    ended = subprocess.run(
        command, env=told, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    return True


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
    assert killed_in(point, deliver, run)
    assert (Run.objects.count(), jobs() - before) == (stored, stored)
    assert deliver(run).created == (not stored)
    assert (Run.objects.count(), jobs() - before) == (1, 1)


@pytest.mark.parametrize("point", ["locked", "applied", "before-commit", "committed"])
def test_killed_while_a_run_is_reconciled(point: str) -> None:
    """F3, F4: nothing of the run stands, or all of it; the job taken up again ends it and applies nothing twice."""
    run = uuid4()
    deliver(run)
    assert killed_in(point, reconcile, run)
    people = 30 if point == "committed" else 0
    assert [model.objects.count() for model in (Account, LearnerRecord, Audit)] == [people] * 3
    result = reconcile(run)
    assert (result["outcome"], result["created"]) == ("applied", 30)
    assert [model.objects.count() for model in (Account, LearnerRecord, Audit)] == [30] * 3
    assert verification.verify(on=DAY, deep=True).breaches == ()
