"""The queue's tasks: what they do, when they come again, and how a killed worker's job returns."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zlib
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from croniter import croniter
from django.conf import settings
from django.db import OperationalError, connection
from procrastinate.contrib.django import app
from procrastinate.jobs import Job
from tests.support.deliveries import JULY, extract_of, learner_row, register_schools, send

from hwb.directory.models import Account, Run, Seal
from hwb.jobs import tasks

pytestmark = pytest.mark.django_db


def test_reconcile_applies_a_delivered_run_and_is_harmless_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """F4: the second time changes nothing."""
    monkeypatch.setenv("HWB_NOW", "2018-07-02T15:00:00")
    register_schools()
    run = send(extract_of([learner_row(1)]))
    tasks.reconcile(run_id=str(run))
    tasks.reconcile(run_id=str(run))
    assert Account.objects.count() == 1
    assert Run.objects.get().state == "applied"


def test_a_run_that_cannot_be_done_is_failed_and_changes_nothing() -> None:
    """A stored body that is no snapshot any more: the run says so, beside Last Run, and nobody has an account."""
    register_schools()
    run = send(extract_of([learner_row(1)]))
    Run.objects.update(body=zlib.compress(b"nonsense"))
    with pytest.raises(ValueError, match="Expecting value"):
        tasks.reconcile(run_id=str(run))
    assert (Run.objects.get().state, Run.objects.get().failure) == ("failed", "internal_error")
    assert not Account.objects.exists()


def test_a_delivery_queues_its_task_by_name() -> None:
    """Operations know the task's name, and the worker's module has it."""
    register_schools()
    run = send(extract_of([learner_row(1)]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, lock, args->>'run_id' FROM procrastinate_jobs")
        assert cursor.fetchall() == [("hwb.reconcile", "school-6712041", str(run))]
    assert {"hwb.reconcile", "hwb.tick", "hwb.seal", "hwb.rescue_stalled"} <= app.tasks.keys()


def test_tick_and_seal_follow_the_rehearsed_calendar(monkeypatch: pytest.MonkeyPatch) -> None:
    """The seal is of the calendar's day."""
    monkeypatch.setenv("HWB_NOW", "2018-07-02T15:00:00")
    register_schools()
    tasks.reconcile(run_id=str(send(extract_of([learner_row(1, leaving_date=JULY)]))))
    monkeypatch.setenv("HWB_NOW", "2018-07-03T02:00:00")
    tasks.tick(timestamp=0)
    assert not Account.objects.get().active
    tasks.seal(timestamp=0)
    assert Seal.objects.get().day.isoformat() == "2018-07-03"


def test_the_database_away_is_tried_again_longer_and_longer() -> None:
    """2, 4, 8 … 60 seconds, without an end; another error is not tried again."""
    waits = []
    for attempts in range(9):
        job = Job(id=1, queue="q", lock=None, queueing_lock=None, task_name="t", attempts=attempts)
        decision = tasks.DATABASE_AWAY.get_retry_decision(exception=OperationalError(), job=job)
        assert decision is not None
        assert decision.retry_at is not None
        waits.append(round((decision.retry_at - datetime.now(UTC)).total_seconds()))
        assert tasks.DATABASE_AWAY.get_retry_decision(exception=ValueError(), job=job) is None
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60, 60]


def test_by_default_a_stalled_job_is_back_within_95_seconds() -> None:
    """30 s of silence, a look every minute, 5 s until a worker polls (F3)."""
    code = "from django.conf import settings as s; print(s.HWB_JOB_STALLED_SECONDS, s.HWB_WORKER_POLL_SECONDS)"
    bare = {name: value for name, value in os.environ.items() if not name.startswith("HWB_")}
    environment = {**bare, "DJANGO_SETTINGS_MODULE": "hwb.config.settings", "HWB_SECRET_KEY": "x"}
    output = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    stalled, poll = map(float, output.stdout.split())
    looks = croniter(tasks.rescue_cron(stalled), 0.0)
    between = -(looks.get_next(float) - looks.get_next(float))
    assert stalled + between + poll <= 95


@pytest.mark.parametrize(("stalled", "seconds"), [(0.5, 1), (1, 2), (2, 4), (30, 60), (300, 60)])
def test_the_rescue_looks_oftener_where_less_silence_is_allowed(stalled: float, seconds: int) -> None:
    """Never less often than every minute."""
    looks = croniter(tasks.rescue_cron(stalled), 0.0)
    first = looks.get_next(float)
    assert looks.get_next(float) - first == seconds


def test_the_worker_asks_for_the_module_with_the_tasks() -> None:
    """The settings name it."""
    assert settings.PROCRASTINATE_IMPORT_PATHS == ["hwb.jobs.tasks"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_killed_workers_job_is_done_by_another(tmp_path: object) -> None:
    """F3: killed in the middle of a run, its school's run is taken up again and applied once."""
    register_schools()
    dsn = " ".join(
        f"{key}={value}"
        for key, value in connection.connection.info.get_parameters().items()
        if key in ("host", "port", "user", "dbname")
    )
    environment = {
        **os.environ, "HWB_DATABASE_URL": f"{dsn} password={connection.connection.info.password}",
        "HWB_NOW": "2018-07-02T15:00:00", "HWB_JOB_STALLED_SECONDS": "1", "HWB_WORKER_POLL_SECONDS": "1",
    }  # fmt: skip
    command = [sys.executable, "-m", "hwb.cli.main", "worker"]
    run = send(extract_of([learner_row(n) for n in range(1, 31)]), run=uuid4())
    first = subprocess.Popen(command, env={**environment, "HWB_FAULT": "before-commit:1"})
    assert first.wait(timeout=30) == -signal.SIGKILL
    assert Run.objects.get(id=run).state == "received"
    assert not Account.objects.exists()
    second = subprocess.Popen(command, env=environment)
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and Run.objects.get(id=run).state != "applied":
            time.sleep(0.2)
    finally:
        second.terminate()
        second.wait(timeout=15)
    assert Run.objects.get(id=run).state == "applied"
    assert Account.objects.count() == 30
