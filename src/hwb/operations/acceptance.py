"""A plan that may be executed becomes the school's newest accepted run."""

from __future__ import annotations

from datetime import date
from typing import Any

from hwb.directory import store
from hwb.directory.chain import Writer
from hwb.lifecycle.facts import SchoolFacts
from hwb.lifecycle.plan import Plan
from hwb.lifecycle.policy import Policy
from hwb.operations import faults, locking, memory, messages, runs
from hwb.operations.runs import Run


def outcome_of(plan: Plan) -> str:
    """Whether a plan does anything at all (R35)."""
    return "applied" if plan.changes or plan.learner_writes or plan.staff_writes else "no change"


def accept(
    cursor: Any, run: Run, plan: Plan, *, facts: SchoolFacts, digest: str, writer: Writer, on: date, policy: Policy
) -> dict[str, Any]:
    """Executes the plan, remembers what an undo needs, and stores the result, which is returned."""
    before = memory.remember(plan)
    store.apply(cursor, plan, facts=facts, applying=locking.applying(writer, on=on, policy=policy))
    faults.point("applied")
    outcome = outcome_of(plan)
    result = runs.finish(cursor, run, plan, state=outcome, outcome=outcome, digest=digest, now=writer.at, before=before)
    messages.of_acceptance(cursor, run=run.id, school=run.school, plan=plan, result=result, now=writer.at)
    faults.point("before-commit")
    return result
