"""`hwb worker`: takes jobs from the queue until it is told to stop."""

from __future__ import annotations

import typer
from django.conf import settings
from procrastinate.contrib.django import app as queue

from hwb.jobs.collector import collect_seldom
from hwb.jobs.prepared import prepare_statements


def register(app: typer.Typer) -> None:
    app.command("worker")(worker)


def worker() -> None:
    """Do queued work, on any host that reaches the database, until stopped. Start as many as you like."""
    collect_seldom()
    prepare_statements()
    stalled_after = float(settings.HWB_JOB_STALLED_SECONDS)
    # procrastinate.contrib.django has its own connections for a worker; Django's are for the jobs themselves.
    with queue.replace_connector(queue.connector.get_worker_connector()):  # type: ignore[attr-defined]
        queue.run_worker(
            concurrency=settings.HWB_WORKER_CONCURRENCY,
            fetch_job_polling_interval=settings.HWB_WORKER_POLL_SECONDS,
            update_heartbeat_interval=stalled_after / 3,
            stalled_worker_timeout=stalled_after,
            delete_jobs="successful",
        )
