"""A held run is confirmed or withdrawn by a person (R36)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from hwb.directory.chain import Writer
from hwb.extract import check, wire
from hwb.lifecycle.plan import digest_of
from hwb.operations import due, locking, runs, settings
from hwb.operations.acceptance import accept
from hwb.operations.runs import PlanMoved
from hwb.operations.transactions import in_transaction


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A confirmed run's result; or, when facts had moved, the changes that the new plan adds and drops (R36)."""

    result: dict[str, Any] | None
    added: tuple[dict[str, Any], ...] = ()
    removed: tuple[dict[str, Any], ...] = ()


def confirm(*, run_id: UUID, acting_user: str, now: datetime, on: date, seen: str = "") -> Confirmation:
    """Applies a held run as shown. When the facts have moved, nothing is applied and the differences are returned;
    the new plan then needs its own confirmation (R36). ``seen``: digest of the plan that the person looked at.

    Raises RunNotFound, also when the school has closed (R43); PlanMoved when the kept plan is no longer the one seen,
    since somebody else tried meanwhile.
    """

    def work() -> Confirmation:
        with connection.cursor() as cursor:
            run = runs.find_open(cursor, run_id, "held", on=on)
            if seen and seen != run.plan_digest:
                raise PlanMoved(str(run_id))
            snapshot = check.check(wire.load_again(zlib.decompress(run.body)))
            due.settle_school(cursor, school=run.school, on=on, now=now)
            policy = settings.policy()
            facts, plan = locking.plan_locked(cursor, snapshot, on=on, policy=policy)
            new = runs.changes_of(plan)
            if digest_of(new) != run.plan_digest:
                runs.keep_plan(cursor, run_id, plan)
                added = tuple(change for change in new if change not in run.plan)
                return Confirmation(None, added, tuple(change for change in run.plan if change not in new))
            cursor.execute("UPDATE run SET confirmed = true WHERE id = %s", [run_id])
            writer = Writer(run.school, acting_user, now, str(run_id))
            plan = replace(plan, holds=())
            result = accept(cursor, run, plan, facts=facts, digest=snapshot.digest, writer=writer, on=on, policy=policy)
            runs.note(run, "confirm", acting_user, now)
            return Confirmation(result)

    return in_transaction(work)


def withdraw(*, run_id: UUID, acting_user: str, now: datetime, reason: str = "") -> None:
    """Withdraws a held run: nothing of it is applied, and its content, sent again, is held (R36).

    ``reason``: a code for the audit log. Raises RunNotFound.
    """

    def work() -> None:
        with connection.cursor() as cursor:
            run = runs.find_in(cursor, run_id, "held")
            cursor.execute(
                "UPDATE run SET state = 'withdrawn', body = NULL, plan = NULL, result = result - 'people'"
                " WHERE id = %s",
                [run_id],
            )
            runs.note(run, "withdraw", acting_user, now, reason=reason)

    in_transaction(work)
