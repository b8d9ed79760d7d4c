"""A delivered run is reconciled: planned and applied, found to change nothing, or held; one transaction (R35, R36).

The other things that can be done with a run are named here too: receiving it, confirming, withdrawing, undoing it.
"""

from __future__ import annotations

import zlib
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from hwb.directory.chain import Writer
from hwb.extract import check, wire
from hwb.extract.records import Extract, Problem
from hwb.lifecycle import calendar
from hwb.lifecycle.plan import Counts, Plan
from hwb.lifecycle.policy import Policy
from hwb.operations import due, faults, locking, messages, runs, settings
from hwb.operations.acceptance import accept, outcome_of
from hwb.operations.deliveries import Delivery, DeliveryRefused, receive_snapshot
from hwb.operations.reviews import Confirmation, confirm, withdraw
from hwb.operations.runs import Newest, PlanMoved, Run, RunNotFound
from hwb.operations.transactions import in_transaction
from hwb.operations.undoing import undo

__all__ = [
    "Confirmation",
    "Delivery",
    "DeliveryRefused",
    "PlanMoved",
    "RunNotFound",
    "confirm",
    "fail",
    "receive_snapshot",
    "reconcile",
    "undo",
    "withdraw",
]


def reconcile(*, run_id: UUID, on: date, now: datetime) -> dict[str, Any]:
    """Plans and applies one delivered run, or holds it; a finished one again changes nothing (F4).

    Returns the stored result (:mod:`hwb.operations.results`). Raises RunNotFound. What no later try could mend ends
    the run as failed, so that its client does not wait for ever; a database that is away leaves it received.
    """
    try:
        result = in_transaction(lambda: _reconcile(run_id, on, now))
    except (OperationalError, InterfaceError, RunNotFound):
        raise
    except Exception:
        fail(run_id=run_id, code="internal_error", now=now)
        raise
    faults.point("committed")
    return result


def fail(*, run_id: UUID, code: str, now: datetime) -> None:
    """Ends a run that cannot be reconciled; a finished one stays as it is. Nothing else was changed by it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE run SET state = 'failed', failure = %s, finished_at = %s, body = NULL"
            " WHERE id = %s AND state = 'received'",
            [code, now, run_id],
        )


def _reconcile(run_id: UUID, on: date, now: datetime) -> dict[str, Any]:
    with connection.cursor() as cursor:
        run = runs.find(cursor, run_id)
        faults.point("locked")
        if run.state != "received":
            return run.result or {}
        extract = wire.load_again(zlib.decompress(run.body))
        digest = check.content_digest(extract)
        if not run.preview:
            due.settle_school(cursor, school=run.school, on=on, now=now)
        policy = settings.policy()
        newest = runs.newest_of(cursor, run.school)
        if runs.is_closed(cursor, run.school, on=on):
            return _refuse_late(cursor, run, "school_closed", digest, now)
        if newest is not None and _is_overtaken(run, newest, digest):
            return _refuse_late(cursor, run, "stale", digest, now)
        if newest is not None and _says_the_same(cursor, run, newest, digest, policy):
            return _leave(cursor, run, newest, extract, digest, now)
        snapshot = check.check(extract, digest=digest)
        if run.preview:
            plan = locking.plan_unlocked(cursor, snapshot, on=on, policy=policy)
            outcome = "held" if plan.holds else outcome_of(plan)
            result = runs.finish(cursor, run, plan, state="previewed", outcome=outcome, digest=digest, now=now)
            runs.keep_preview(cursor, run, plan)
            return result
        facts, plan = locking.plan_locked(cursor, snapshot, on=on, policy=policy)
        if plan.holds:
            return _hold(cursor, run, plan, digest, now)
        writer = Writer(run.school, run.acting_user, now, str(run_id))
        return accept(cursor, run, plan, facts=facts, digest=digest, writer=writer, on=on, policy=policy)


def _is_overtaken(run: Run, newest: Newest, digest: str) -> bool:
    """Whether another run was accepted while this one waited in the queue, so that it is stale now (R35)."""
    if run.preview:
        return False
    return run.as_at < newest.as_at or (run.as_at == newest.as_at and digest != newest.digest)


def _says_the_same(cursor: Any, run: Run, newest: Newest, digest: str, policy: Policy) -> bool:
    """Whether the content is known to ask for nothing, without facts: that of the newest accepted run (R35).

    It is planned all the same where the day alone may make a difference: a refused record may be usable now (a code
    that its other owner has left, R20), year groups that did not move are a warning (R37); and where the school's
    words have changed since by a school that closed (R43). So is one that waits to re-key an account (R9):
    a release answers it at once, but not where another run contradicted itself, or an undone one let go.
    """
    if digest != newest.digest or newest.moved or newest.refused:
        return False
    cursor.execute("SELECT EXISTS (SELECT FROM wait WHERE school = %s AND cause = 'rekey')", [run.school])
    if cursor.fetchone()[0]:
        return False
    month, day = policy.year_start
    began = calendar.academic_year_start(calendar.london_date(run.as_at), month=month, day=day)
    return calendar.london_date(newest.as_at) >= began


def _leave(cursor: Any, run: Run, newest: Newest, extract: Extract, digest: str, now: datetime) -> dict[str, Any]:
    """Nothing to do: the run is accepted, and says what still waits and is missing."""
    warnings: tuple[Problem, ...] = check.check(extract).warnings if newest.warned else ()
    of_learners, of_staff = _standing(cursor, run.school, newest.received)
    plan = Plan(run.school, learner_counts=of_learners, staff_counts=of_staff, warnings=warnings)
    state = "previewed" if run.preview else "no change"
    return runs.finish(cursor, run, plan, state=state, outcome="no change", digest=digest, now=now)


#: Absences first, and then whom the school still has among them: a school has hundreds of words and a few absences.
_STANDING = """
WITH absent_learners AS MATERIALIZED (
    SELECT upn FROM learner_record
    WHERE school = %(school)s AND missing_since IS NOT NULL AND leaving_date IS NULL
), absent_staff AS MATERIALIZED (
    SELECT account FROM staff_record
    WHERE school = %(school)s AND missing_since IS NOT NULL AND leaving_date IS NULL
)
SELECT (SELECT count(*) FROM wait WHERE school = %(school)s),
       (SELECT count(*) FROM absent_learners w JOIN upn u ON u.upn = w.upn
        WHERE EXISTS (SELECT FROM placement p WHERE p.account = u.account AND p.school = %(school)s
                      AND p.role = 'holding' AND p.ended IS NULL)),
       (SELECT count(*) FROM absent_staff w
        WHERE EXISTS (SELECT FROM placement p WHERE p.account = w.account AND p.school = %(school)s
                      AND p.role = 'post' AND p.ended IS NULL))
"""


def _standing(cursor: Any, school: str, received: dict[str, int]) -> tuple[Counts, Counts]:
    """Learners and staff of a school whose content did not change: all unchanged, but for what waits and is missing."""
    cursor.execute(_STANDING, {"school": school})
    waiting, learners, staff = cursor.fetchone()
    everyone = received["learner"]
    return (
        Counts(everyone, unchanged=everyone - waiting, waiting=waiting, missing=learners),
        Counts(received["staff"], unchanged=received["staff"], missing=staff),
    )


def _refuse_late(cursor: Any, run: Run, failure: str, digest: str, now: datetime) -> dict[str, Any]:
    cursor.execute("UPDATE run SET failure = %s WHERE id = %s", [failure, run.id])
    return runs.finish(cursor, run, Plan(run.school), state="refused", outcome="refused", digest=digest, now=now)


def _hold(cursor: Any, run: Run, plan: Plan, digest: str, now: datetime) -> dict[str, Any]:
    """R36: nothing is changed; the plan is kept as shown. A newer run replaces a held one."""
    result = runs.finish(cursor, run, plan, state="held", outcome="held", digest=digest, now=now)
    runs.keep_plan(cursor, run.id, plan)
    messages.of_hold(cursor, run=run.id, school=run.school, as_at=run.as_at, plan=plan, now=now)
    return result
