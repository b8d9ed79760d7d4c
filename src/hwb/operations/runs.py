"""A run's row: found, locked, finished and forgotten. Every writing operation on a run goes through here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from hwb.directory import store
from hwb.extract.records import MisKind
from hwb.lifecycle.plan import Plan, digest_of
from hwb.operations import audit, results

#: Accepted runs of a school whose bodies and memories are kept, so that they can be undone.
KEPT_RUNS = 3
ACCEPTED = ("applied", "no change")


class RunNotFound(LookupError):
    """No such run, or not in a state in which this can be done."""


class PlanMoved(Exception):
    """What would be done is no longer what the person looked at. Nothing was done."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run as it is stored. ``body`` and ``before`` are compressed, empty when they are no longer kept."""

    id: UUID
    school: str
    preview: bool
    state: str
    as_at: datetime
    mis: MisKind
    body: bytes
    before: bytes
    result: dict[str, Any] | None
    plan: list[dict[str, Any]]
    plan_digest: str
    acting_user: str


@dataclass(frozen=True, slots=True)
class Newest:
    """A school's newest accepted run.

    ``moved``: the school's words are no longer those of this run alone (R43). ``refused`` and ``warned``: whether
    its result names refused records, and warnings. ``received``: its records by kind.
    """

    id: UUID
    as_at: datetime
    digest: str
    moved: bool
    refused: bool
    warned: bool
    received: dict[str, int]


def find(cursor: Any, run_id: UUID) -> Run:
    """The run, its school's chain head and its row locked, in this order. Raises RunNotFound."""
    cursor.execute("SELECT school FROM run WHERE id = %s", [run_id])
    row = cursor.fetchone()
    if row is None:
        raise RunNotFound(str(run_id))
    store.lock_chain(cursor, row[0])
    cursor.execute(
        "SELECT id, school, preview, state, as_at, mis, body, before, result, plan, plan_digest, acting_user"
        " FROM run WHERE id = %s FOR UPDATE",
        [run_id],
    )
    id_, school, preview, state, as_at, mis, body, before, result, plan, digest, user = cursor.fetchone()
    return Run(
        id_, school, preview, state, as_at, mis, bytes(body or b""), bytes(before or b""), load(result),
        load(plan) or [], digest, user,
    )  # fmt: skip


def find_in(cursor: Any, run_id: UUID, *states: str) -> Run:
    """As :func:`find`, no preview and in one of ``states``. Raises RunNotFound."""
    run = find(cursor, run_id)
    if run.preview or run.state not in states:
        raise RunNotFound(str(run_id))
    return run


def is_closed(cursor: Any, school: str, *, on: date) -> bool:
    """Whether the register says that the school has closed: its words are others' by now, or nobody's (R43)."""
    cursor.execute("SELECT closed <= %s FROM establishment WHERE dfes = %s", [on, school])
    row = cursor.fetchone()
    return bool(row and row[0])


def find_open(cursor: Any, run_id: UUID, *states: str, on: date) -> Run:
    """As :func:`find_in`, of a school that has not closed. Raises RunNotFound."""
    run = find_in(cursor, run_id, *states)
    if is_closed(cursor, run.school, on=on):
        raise RunNotFound(str(run_id))
    return run


def newest_of(cursor: Any, school: str) -> Newest | None:
    """The school's newest accepted run, None before the first."""
    cursor.execute(
        "SELECT id, as_at, content_digest, words_moved, result -> 'problems' <> '[]'::jsonb,"
        " result -> 'notices' <> '[]'::jsonb, result -> 'counts' FROM run"
        " WHERE school = %s AND accepted_no IS NOT NULL AND state <> 'undone' ORDER BY accepted_no DESC LIMIT 1",
        [school],
    )
    row = cursor.fetchone()
    if row is None:
        return None
    id_, as_at, digest, moved, refused, warned, counts = row
    received = {kind: of_kind["received"] for kind, of_kind in load(counts).items()}
    return Newest(id_, as_at, digest, moved, refused, warned, received)


def finish(
    cursor: Any,
    run: Run,
    plan: Plan,
    *,
    state: str,
    outcome: str,
    digest: str,
    now: datetime,
    before: bytes | None = None,
) -> dict[str, Any]:
    """Stores the result. An accepted run becomes the school's newest; what older ones held is forgotten.

    ``before``: what an undo of it needs (:mod:`hwb.operations.memory`).
    """
    result = results.result_of(
        run=str(run.id), school=run.school, as_at=run.as_at, outcome=outcome, plan=plan, mis=run.mis
    )
    accepted = state in ACCEPTED
    if not accepted and state != "held":
        del result["people"]
    if accepted or state == "held":  # before this one is held: a school has one at most
        cursor.execute(
            "UPDATE run SET state = 'replaced', body = NULL, plan = NULL, result = result - 'people'"
            " WHERE school = %s AND state = 'held' AND NOT preview AND id <> %s",
            [run.school, run.id],
        )
        # what a preview said is no longer what a run would do
        cursor.execute("UPDATE run SET plan = NULL WHERE school = %s AND preview AND plan IS NOT NULL", [run.school])
    cursor.execute(
        "UPDATE run SET state = %s, result = %s, finished_at = %s, content_digest = %s, plan = NULL, before = %s,"
        " body = CASE WHEN %s THEN body END, accepted_no = CASE WHEN %s THEN"
        " (SELECT COALESCE(max(accepted_no), 0) + 1 FROM run r WHERE r.school = %s) END WHERE id = %s",
        [state, dump(result), now, digest, before, accepted or state == "held", accepted, run.school, run.id],
    )
    if accepted:
        _forget(cursor, run)
    return result


def _forget(cursor: Any, run: Run) -> None:
    """Bodies, memories and refused people are personal data: they stay only while the run can be undone."""
    cursor.execute(
        "UPDATE run SET body = NULL, before = NULL, result = result - 'people' WHERE school = %s"
        " AND (body IS NOT NULL OR before IS NOT NULL)"
        " AND id <> %s AND accepted_no <= (SELECT max(accepted_no) - %s FROM run r WHERE r.school = %s)",
        [run.school, run.id, KEPT_RUNS, run.school],
    )


def keep_plan(cursor: Any, run_id: UUID, plan: Plan) -> None:
    """The plan of a held run, as it is shown and as confirming it must find it again."""
    changes = changes_of(plan)
    cursor.execute(
        "UPDATE run SET plan = %s, plan_digest = %s WHERE id = %s", [dump(changes), digest_of(changes), run_id]
    )


def keep_preview(cursor: Any, run: Run, plan: Plan) -> None:
    """The plan of a school's newest preview, for looking at; that of an older one is forgotten."""
    keep_plan(cursor, run.id, plan)
    cursor.execute(
        "UPDATE run SET plan = NULL WHERE school = %s AND preview AND plan IS NOT NULL AND id <> %s",
        [run.school, run.id],
    )


def changes_of(plan: Plan) -> list[dict[str, Any]]:
    """The plan's changes as they are stored and shown.

    The day on which a new absence is first seen is left out: it is the day of planning, so that a plan held
    on Friday would never be the one confirmed on Monday.
    """
    changes = []
    for change in plan.changes:
        found = change.to_json()
        if found["kind"] == "missing":
            found["after"] = {key: value for key, value in found["after"].items() if key != "since"}
        changes.append(found)
    return changes


def note(run: Run, action: str, acting_user: str, now: datetime, *, reason: str = "") -> None:
    """What a person did with a run, in the audit log of its school (R42). ``reason`` is a code, nothing personal."""
    audit.record(
        action=action, actor=acting_user, at=now, details={"reason": reason} if reason else {}, school=run.school,
        chain=run.school, run=str(run.id),
    )  # fmt: skip


def load(value: Any) -> Any:
    """A JSON column: the driver gives text or the value."""
    return json.loads(value) if isinstance(value, str) else value


def dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
