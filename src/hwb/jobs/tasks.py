"""The queue's tasks: load ids, ask the calendar, one call into operations.

Operations defer them by name; the worker imports this module. A job that fails because the database is away, or
because two transactions met, comes back by itself.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from hwb import clock
from hwb.embedded import EmbeddedDatabaseUnavailable
from hwb.jobs import connectors, mail, service_log_outs
from hwb.operations import (
    attempts,
    child_pictures,
    class_sessions,
    clients,
    consolidation,
    due,
    earlier_work,
    help_codes,
    messages,
    passwords,
    provisioning,
    sealing,
    searches,
    service_sign_ins,
    service_tokens,
    sessions,
    signing_keys,
)
from hwb.operations.desk import matching

_LOG = logging.getLogger(__name__)


def rescue_cron(stalled_after: float) -> str:
    """How often stalled jobs are looked for: every minute, oftener where a worker is taken for dead sooner.

    30 s of silence, at most 60 s until the next look and 5 s until a worker polls make the promised 95 s.
    """
    seconds = int(2 * stalled_after)
    return "* * * * *" if seconds >= 60 else f"* * * * * */{max(1, seconds)}"


DATABASE_ERRORS = (OperationalError, InterfaceError, EmbeddedDatabaseUnavailable)
LONGEST_PAUSE = 60
HARDENED_AT_ONCE = 600


class WhileAway(BaseRetryStrategy):
    """Tries again after 2, 4, 8 … 60 s for as long as the database is away, restarting or full (F6, F13).

    Without an end: a run that was received is never forgotten. Any other error is not tried again.
    """

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if not isinstance(exception, DATABASE_ERRORS):
            return None
        return RetryDecision(retry_in={"seconds": min(2 ** min(job.attempts + 1, 6), LONGEST_PAUSE)})


DATABASE_AWAY = WhileAway()


def _look_at_connection() -> None:
    """Drops a connection that a restarted database left behind; a web request does this by itself, a job does not."""
    if not connection.in_atomic_block:
        close_old_connections()


@app.task(name="hwb.reconcile", retry=DATABASE_AWAY)
def reconcile(run_id: str) -> None:
    """Applies one delivered run; a finished one again changes nothing (F4)."""
    _look_at_connection()
    now = clock.now()
    provisioning.reconcile(run_id=UUID(run_id), on=clock.calendar_date(now), now=now)


@app.periodic(cron="*/5 * * * *")
@app.task(name="hwb.tick", lock="hwb.tick", queueing_lock="hwb.tick", retry=DATABASE_AWAY)
def tick(timestamp: int) -> None:  # noqa: ARG001 - the queue's own, not the calendar's
    """Does what is due by date: leaving dates that passed, starts, ends of waiting and grace (R3, R32, R39)."""
    _look_at_connection()
    now = clock.now()
    changed = due.apply_due(on=clock.calendar_date(now), now=now)
    if changed:
        _LOG.info("due by date: %d changes", changed)
    consolidation.expire(now=now)
    earlier_work.end_due(on=clock.calendar_date(now), now=now)
    matching.open_cases(now=now)
    clients.forget_expired(at=datetime.now(UTC))
    searches.forget(at=datetime.now(UTC))
    sessions.forget_expired(at=datetime.now(UTC))
    service_sign_ins.forget_expired(at=datetime.now(UTC))
    service_tokens.forget_expired(at=datetime.now(UTC))
    signing_keys.forget_expired(at=datetime.now(UTC))
    class_sessions.forget_old(at=datetime.now(UTC))
    child_pictures.forget_old(at=datetime.now(UTC))
    attempts.forget(at=datetime.now(UTC))
    help_codes.forget(at=datetime.now(UTC))


@app.periodic(cron="* * * * *")
@app.task(name="hwb.messages", lock="hwb.messages", queueing_lock="hwb.messages", retry=DATABASE_AWAY)
def send_messages(timestamp: int) -> None:  # noqa: ARG001 - the queue's own
    """Writes messages that are due (ux.md 10), and starts sending beside the queue: a slow server holds up no run."""
    _look_at_connection()
    earlier_work.tell_ready(now=clock.now())
    messages.gather(now=clock.now())
    mail.start_sending()


@app.periodic(cron="* * * * *")
@app.task(name="hwb.service_log_outs", retry=DATABASE_AWAY)
def tell_services(timestamp: int) -> None:  # noqa: ARG001 - the queue's own
    """Tells services who is out (issue 6 point 8), beside the queue; each minute those that did not hear it before, and
    those whose children's time is over."""
    _look_at_connection()
    service_sign_ins.end_due(at=datetime.now(UTC))
    service_log_outs.start_telling()


@app.periodic(cron="* * * * *")
@app.task(name="hwb.connectors", retry=DATABASE_AWAY)
def carry_accounts(timestamp: int) -> None:
    """Carries accounts to the services that follow them (issue 7 points 3, 4), beside the queue.

    ``timestamp``: the queue's own, 0 where a change asks for it.
    """
    _look_at_connection()
    connectors.start_carrying()
    if timestamp:  # once a minute, not with every change
        connectors.warn_of_waiting()


@app.periodic(cron="43 3 * * *")
@app.task(
    name="hwb.compare_services", lock="hwb.compare_services", queueing_lock="hwb.compare_services", retry=DATABASE_AWAY
)
def compare_services(timestamp: int) -> None:  # noqa: ARG001 - the queue's own
    """Compares each service with what it must have, and has what drifted carried over again, beside the queue."""
    connectors.start_comparing()


@app.periodic(cron="17 2 * * *")
@app.task(name="hwb.seal", lock="hwb.seal", queueing_lock="hwb.seal", retry=DATABASE_AWAY)
def seal(timestamp: int) -> None:  # noqa: ARG001 - the queue's own
    """Seals the heads of the audit chains (R42)."""
    _look_at_connection()
    sealing.seal_day(now=clock.now())


@app.periodic(cron="*/5 * * * *")
@app.task(
    name="hwb.harden_passwords", lock="hwb.harden_passwords", queueing_lock="hwb.harden_passwords", retry=DATABASE_AWAY
)
def harden_passwords(timestamp: int) -> None:  # noqa: ARG001 - the queue's own
    """Turns hidden first passwords into hashes (R10): some 170,000 a day, a nation's September within one."""
    _look_at_connection()
    passwords.harden(now=clock.now(), limit=HARDENED_AT_ONCE)


@app.periodic(cron=rescue_cron(settings.HWB_JOB_STALLED_SECONDS))
@app.task(name="hwb.rescue_stalled", queueing_lock="hwb.rescue_stalled", pass_context=True)
async def rescue_stalled(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - the queue's own
    """Gives back the jobs of workers that have not been heard from: a killed worker's job stays `doing`, and its
    school's next run waits behind it, until somebody does this (F3)."""
    manager = context.app.job_manager
    stalled = await manager.get_stalled_jobs(seconds_since_heartbeat=settings.HWB_JOB_STALLED_SECONDS)
    for job in stalled:
        _LOG.warning("job %s of a worker that is gone is taken up again", job.id)
        await manager.retry_job(job)
