"""A delivery received, a run reconciled, held, confirmed, withdrawn or undone: one transaction each (R35, R36)."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection
from procrastinate.contrib.django import app

from hwb.directory import facts as directory_facts
from hwb.directory import store
from hwb.directory.chain import Writer
from hwb.extract import check, wire
from hwb.extract.records import Extract, Snapshot
from hwb.extract.texts import N_, Text
from hwb.lifecycle import planning
from hwb.lifecycle.facts import Decision, DecisionKind, SchoolFacts, StaffEntry, StaffMember
from hwb.lifecycle.plan import Counts, Plan
from hwb.operations import audit, due, faults, locking, memory, results, settings
from hwb.operations.transactions import FactsMoved, in_transaction

AHEAD = timedelta(hours=24)
KEPT_RUNS = 3
TRIES = 5


class DeliveryRefused(Exception):
    """A delivery that the server refuses whole; nothing of it is applied. ``status`` is HTTP's."""

    def __init__(self, code: str, status: int, text: Text) -> None:
        super().__init__(code)
        self.code, self.status, self.text = code, status, text


class RunNotFound(LookupError):
    """No such run, or not in a state in which this can be done."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a delivery; ``result`` is None while the run is not finished."""

    run_id: UUID
    state: str
    result: dict[str, Any] | None
    created: bool


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A confirmed run's result; or, when facts had moved, the changes that the new plan adds and drops (R36)."""

    result: dict[str, Any] | None
    added: tuple[dict[str, Any], ...] = ()
    removed: tuple[dict[str, Any], ...] = ()


def receive_snapshot(
    *,
    run_id: UUID,
    body: bytes,
    extract: Extract,
    preview: bool,
    client_id: UUID | None,
    acting_user: str,
    now: datetime,
) -> Delivery:
    """Stores a delivery and queues its reconciling in the same transaction. The same again gets what is stored (R35).

    Raises DeliveryRefused; a refusal of a known school's snapshot is also kept as a run, beside Last Run.
    """
    digest = hashlib.sha256(body).hexdigest()

    def work() -> tuple[Delivery | None, DeliveryRefused | None]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM establishment WHERE dfes = %s", [extract.school])
            if cursor.fetchone() is None:
                text = Text(N_("School {school} is not in the register."), {"school": extract.school})
                return None, DeliveryRefused("unknown_school", 404, text)
            known = _delivered(cursor, run_id, digest, preview)
            if known is not None:
                return known
            refusal = _refusal(cursor, extract, digest, now)
            state = "refused" if refusal else "received"
            cursor.execute(
                "INSERT INTO run (id, school, client, preview, state, as_at, received_at, finished_at, content_digest,"
                " body_digest, mis, covers, body, plan_digest, confirmed, failure, acting_user)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '', %s, %s, %s, %s, '', false, %s, %s)",
                [
                    run_id, extract.school, client_id, preview, state, extract.as_at, now, now if refusal else None,
                    digest, extract.mis, sorted(extract.covers), None if refusal else zlib.compress(body, 1),
                    refusal.code if refusal else "", acting_user,
                ],
            )  # fmt: skip
        if refusal is not None:
            return None, refusal
        faults.point("stored")
        app.configure_task("hwb.reconcile", lock=f"school-{extract.school}").defer(run_id=str(run_id))
        return Delivery(run_id, state, None, True), None

    delivery, refusal = in_transaction(work)
    faults.point("received")
    if refusal is not None:
        raise refusal
    if delivery is None:
        raise AssertionError("a delivery is stored or refused")
    return delivery


def _delivered(
    cursor: Any, run_id: UUID, digest: str, preview: bool
) -> tuple[Delivery | None, DeliveryRefused | None] | None:
    """What is known of a run id that was delivered before."""
    cursor.execute("SELECT state, result, body_digest, preview, failure FROM run WHERE id = %s", [run_id])
    row = cursor.fetchone()
    if row is None:
        return None
    state, result, known, was_preview, failure = row
    if known != digest or was_preview != preview:
        text = Text(N_("This run was delivered before with other content."))
        return None, DeliveryRefused("run_id_reused", 422, text)
    if state == "refused":
        return None, _REFUSALS[failure]()
    return Delivery(run_id, state, _load(result), False), None


_REFUSALS: dict[str, Callable[[], DeliveryRefused]] = {
    "stale": lambda: DeliveryRefused(
        "stale",
        409,
        Text(N_("The data is older than the last accepted run, or of the same moment with other content.")),
    ),
    "too_far_ahead": lambda: DeliveryRefused(
        "too_far_ahead", 422, Text(N_("The data is from more than 24 hours in the future: check the computer's clock."))
    ),
    "empty": lambda: DeliveryRefused("empty", 422, Text(N_("There are no people in the data."))),
}


def _refusal(cursor: Any, extract: Extract, digest: str, now: datetime) -> DeliveryRefused | None:
    """Why the whole delivery is refused (R35, R36); a preview is judged as its run would be."""
    if not extract.learners and not extract.staff:
        return _REFUSALS["empty"]()
    if extract.as_at > now + AHEAD:
        return _REFUSALS["too_far_ahead"]()
    cursor.execute(
        "SELECT as_at, body_digest, content_digest FROM run WHERE school = %s AND NOT preview"
        " AND accepted_no IS NOT NULL AND state <> 'undone' ORDER BY accepted_no DESC LIMIT 1",
        [extract.school],
    )
    newest = cursor.fetchone()
    if newest is None or extract.as_at > newest[0]:
        return None
    if extract.as_at < newest[0]:
        return _REFUSALS["stale"]()
    same = digest == newest[1] or check.check(extract).digest == newest[2]
    return None if same else _REFUSALS["stale"]()


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
        cursor.execute("SELECT school FROM run WHERE id = %s", [run_id])
        row = cursor.fetchone()
        if row is None:
            raise RunNotFound(str(run_id))
        store.lock_chain(cursor, row[0])
        faults.point("locked")
        run = _run(cursor, run_id)
        if run["state"] != "received":
            return run["result"] or {}
        snapshot = check.check(wire.load(zlib.decompress(run["body"])))
        writer = Writer(run["school"], run["acting_user"], now, str(run_id))
        if not run["preview"]:
            due.settle_school(cursor, school=run["school"], on=on, now=now)
        if _is_newest(cursor, snapshot):
            counts = _standing(cursor, run["school"])
            plan = Plan(run["school"], counts=counts, refused=snapshot.refused, warnings=snapshot.warnings)
            state = "previewed" if run["preview"] else "no change"
            return _finish(cursor, run, plan, state, "no change", snapshot, now)
        if not run["preview"] and _is_stale(cursor, run):
            return _refuse_late(cursor, run, snapshot, now)
        if run["preview"]:
            plan = locking.plan_unlocked(cursor, snapshot, on=on)
            return _finish(cursor, run, plan, "previewed", "held" if plan.holds else _outcome(plan), snapshot, now)
        facts, plan = locking.plan_locked(cursor, snapshot, on=on)
        if plan.holds:
            return _hold(cursor, run, plan, snapshot, now)
        return _accept(cursor, run, plan, facts, snapshot, writer, on=on, now=now)


def _outcome(plan: Plan) -> str:
    return "applied" if plan.changes or plan.learner_writes or plan.staff_writes else "no change"


def _run(cursor: Any, run_id: UUID) -> dict[str, Any]:
    names = (
        "id", "school", "client", "preview", "state", "as_at", "received_at", "content_digest", "mis", "body", "result",
        "plan", "plan_digest", "before", "accepted_no", "acting_user",
    )  # fmt: skip
    cursor.execute(f"SELECT {', '.join(names)} FROM run WHERE id = %s FOR UPDATE", [run_id])  # noqa: S608 - names above
    row = cursor.fetchone()
    if row is None:
        raise RunNotFound(str(run_id))
    run = dict(zip(names, row, strict=True))
    run["body"] = bytes(run["body"]) if run["body"] is not None else b""
    run["result"], run["plan"] = _load(run["result"]), _load(run["plan"])
    return run


def _load(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _newest(cursor: Any, school: str) -> tuple[UUID, datetime, str, int] | None:
    cursor.execute(
        "SELECT id, as_at, content_digest, accepted_no FROM run WHERE school = %s AND accepted_no IS NOT NULL"
        " AND state <> 'undone' ORDER BY accepted_no DESC LIMIT 1",
        [school],
    )
    found: tuple[UUID, datetime, str, int] | None = cursor.fetchone()
    return found


def _is_newest(cursor: Any, snapshot: Snapshot) -> bool:
    """Whether the content is that of the newest accepted run: then nothing changes (R35)."""
    newest = _newest(cursor, snapshot.school)
    return newest is not None and newest[2] == snapshot.digest


def _is_stale(cursor: Any, run: dict[str, Any]) -> bool:
    """Whether another run overtook this one while it waited in the queue."""
    newest = _newest(cursor, run["school"])
    return newest is not None and run["as_at"] <= newest[1]


def _refuse_late(cursor: Any, run: dict[str, Any], snapshot: Snapshot, now: datetime) -> dict[str, Any]:
    cursor.execute("UPDATE run SET failure = 'stale' WHERE id = %s", [run["id"]])
    return _finish(cursor, run, Plan(run["school"]), "refused", "refused", snapshot, now)


def _standing(cursor: Any, school: str) -> Counts:
    """What waits and is missing at a school whose content did not change."""
    cursor.execute("SELECT count(*) FROM wait WHERE school = %s", [school])
    waiting = cursor.fetchone()[0]
    cursor.execute(
        "SELECT (SELECT count(*) FROM learner_record w JOIN upn USING (upn) JOIN placement p ON p.account = upn.account"
        " AND p.school = w.school AND p.role = 'holding' AND p.ended IS NULL"
        " WHERE w.school = %(school)s AND w.missing_since IS NOT NULL AND w.leaving_date IS NULL)"
        " + (SELECT count(*) FROM staff_record w JOIN placement p ON p.account = w.account AND p.school = w.school"
        " AND p.role = 'post' AND p.ended IS NULL"
        " WHERE w.school = %(school)s AND w.missing_since IS NOT NULL AND w.leaving_date IS NULL)",
        {"school": school},
    )
    return Counts(waiting=waiting, missing=cursor.fetchone()[0])


def _finish(
    cursor: Any, run: dict[str, Any], plan: Plan, state: str, outcome: str, snapshot: Snapshot, now: datetime
) -> dict[str, Any]:
    """Stores the result; an accepted run becomes the school's newest, and older ones forget what they need no more."""
    result = results.result_of(
        run=str(run["id"]), school=run["school"], as_at=run["as_at"], outcome=outcome, counts=plan.counts, plan=plan,
        mis=run["mis"],
    )  # fmt: skip
    accepted = state in ("applied", "no change")
    cursor.execute(
        "UPDATE run SET state = %s, result = %s, finished_at = %s, content_digest = %s, accepted_no = CASE WHEN %s THEN"
        " (SELECT COALESCE(max(accepted_no), 0) + 1 FROM run r WHERE r.school = %s) END WHERE id = %s",
        [state, _dump(result), now, snapshot.digest, accepted, run["school"], run["id"]],
    )
    if state == "previewed" or (accepted and plan.changes):
        shown = [change.to_json() for change in plan.changes] if state == "previewed" else None
        cursor.execute("UPDATE run SET plan = %s WHERE id = %s", [_dump(shown) if shown else None, run["id"]])
    if state in ("previewed", "refused"):
        cursor.execute("UPDATE run SET body = NULL WHERE id = %s", [run["id"]])
    if accepted:
        cursor.execute(
            "UPDATE run SET state = 'replaced', body = NULL"
            " WHERE school = %s AND state = 'held' AND NOT preview AND id <> %s",
            [run["school"], run["id"]],
        )
        cursor.execute(
            "UPDATE run SET body = NULL, before = NULL WHERE school = %s AND (body IS NOT NULL OR before IS NOT NULL)"
            " AND id <> %s AND accepted_no <= (SELECT max(accepted_no) - %s FROM run r WHERE r.school = %s)",
            [run["school"], run["id"], KEPT_RUNS, run["school"]],
        )
    return result


def _hold(cursor: Any, run: dict[str, Any], plan: Plan, snapshot: Snapshot, now: datetime) -> dict[str, Any]:
    """R36: nothing is changed; the plan is kept as shown. A newer run replaces a held one."""
    cursor.execute(
        "UPDATE run SET state = 'replaced', body = NULL WHERE school = %s AND state = 'held' AND NOT preview",
        [run["school"]],
    )
    result = _finish(cursor, run, plan, "held", "held", snapshot, now)
    _keep_plan(cursor, run["id"], plan)
    return result


def _keep_plan(cursor: Any, run_id: UUID, plan: Plan) -> None:
    cursor.execute(
        "UPDATE run SET plan = %s, plan_digest = %s WHERE id = %s",
        [_dump([change.to_json() for change in plan.changes]), plan.digest(), run_id],
    )


def _accept(
    cursor: Any,
    run: dict[str, Any],
    plan: Plan,
    facts: SchoolFacts,
    snapshot: Snapshot,
    writer: Writer,
    *,
    on: date,
    now: datetime,
) -> dict[str, Any]:
    before = memory.remember(plan)
    store.apply(cursor, plan, facts=facts, applying=locking.applying(writer, on=on))
    faults.point("applied")
    result = _finish(cursor, run, plan, "applied", _outcome(plan), snapshot, now)
    cursor.execute("UPDATE run SET before = %s WHERE id = %s", [before, run["id"]])
    faults.point("before-commit")
    return result


def confirm(*, run_id: UUID, acting_user: str, now: datetime, on: date) -> Confirmation:
    """Applies a held run as shown. When the facts have moved, nothing is applied and the differences are returned;
    the new plan then needs its own confirmation (R36). Raises RunNotFound."""

    def work() -> Confirmation:
        with connection.cursor() as cursor:
            run = _locked(cursor, run_id, "held")
            snapshot = check.check(wire.load(zlib.decompress(run["body"])))
            due.settle_school(cursor, school=run["school"], on=on, now=now)
            facts, plan = locking.plan_locked(cursor, snapshot, on=on)
            if plan.digest() != run["plan_digest"]:
                new = [change.to_json() for change in plan.changes]
                old = run["plan"] or []
                _keep_plan(cursor, run_id, plan)
                return Confirmation(None, tuple(c for c in new if c not in old), tuple(c for c in old if c not in new))
            cursor.execute("UPDATE run SET confirmed = true WHERE id = %s", [run_id])
            writer = Writer(run["school"], acting_user, now, str(run_id))
            plan = replace(plan, holds=())
            result = _accept(cursor, run, plan, facts, snapshot, writer, on=on, now=now)
            _note(run, "confirm", acting_user, now)
            return Confirmation(result)

    return in_transaction(work)


def withdraw(*, run_id: UUID, acting_user: str, now: datetime) -> None:
    """Withdraws a held run: nothing of it is applied, and its content, sent again, is held (R36)."""

    def work() -> None:
        with connection.cursor() as cursor:
            run = _locked(cursor, run_id, "held")
            cursor.execute("UPDATE run SET state = 'withdrawn', body = NULL WHERE id = %s", [run_id])
            _note(run, "withdraw", acting_user, now)

    in_transaction(work)


def undo(*, run_id: UUID, acting_user: str, now: datetime, on: date, preview: bool = False) -> Plan:
    """Withdraws the school's newest accepted run: the one before is newest again and the school is re-planned.

    With ``preview`` only the plan is returned. Raises RunNotFound when it is not the newest, or too old to undo.
    """

    def work() -> Plan:
        with connection.cursor() as cursor:
            run = _locked(cursor, run_id, "applied", "no change")
            newest = _newest(cursor, run["school"])
            if newest is None or newest[0] != run_id:
                raise RunNotFound(str(run_id))
            facts, plan = _plan_undo(cursor, run, on=on)
            if preview:
                return plan
            writer = Writer(run["school"], acting_user, now, str(run_id))
            store.apply(cursor, plan, facts=facts, applying=locking.applying(writer, on=on))
            cursor.execute("UPDATE run SET state = 'undone', body = NULL, before = NULL WHERE id = %s", [run_id])
            _note(run, "undo", acting_user, now)
            return plan

    return in_transaction(work)


def _plan_undo(cursor: Any, run: dict[str, Any], *, on: date) -> tuple[SchoolFacts, Plan]:
    if run["state"] == "applied" and run["before"] is None:
        raise RunNotFound(str(run["id"]))  # what it changed is no longer remembered
    before = memory.recall(bytes(run["before"])) if run["before"] is not None else memory.Before()
    upns = {*before.learners, *(old for old, _ in before.rekeyed)}
    locked: frozenset[str] = frozenset()
    for _ in range(TRIES):
        facts = directory_facts.load(cursor, school=run["school"], upns=set(upns))
        plan = planning.plan_undo(
            facts=facts,
            learner_words=before.learners,
            staff_words=_staff_words(cursor, run, before, facts),
            taken_from=before.taken_from,
            rekeyed=before.rekeyed,
            reopened=_reopened(cursor, before),
            brought=frozenset(before.brought),
            on=on,
            policy=settings.policy_from(settings.stored()),
        )
        stakes = locking.with_aliases(plan.upns_at_stake() | upns, facts)
        if stakes <= locked:
            break
        store.lock_upns(cursor, stakes | locked)
        locked |= stakes
    else:
        raise FactsMoved(run["school"])
    return facts, plan


def _staff_words(
    cursor: Any, run: dict[str, Any], before: memory.Before, facts: SchoolFacts
) -> list[tuple[StaffMember, StaffEntry | None]]:
    """Staff whose words the run changed, and those whom it brought."""
    cursor.execute(
        "SELECT account::text FROM audit WHERE run = %s AND action = 'create' AND account IS NOT NULL", [run["id"]]
    )
    created = {account for (account,) in cursor.fetchall()}
    words: list[tuple[StaffMember, StaffEntry | None]] = []
    for member in facts.staff:
        if member.entry.id in before.staff:
            words.append((member, before.staff[member.entry.id]))
        elif member.account is not None and member.account.id in created:
            words.append((member, None))
    return words


def _reopened(cursor: Any, before: memory.Before) -> list[tuple[str, Decision]]:
    cursor.execute(
        "SELECT account::text, id::text, kind, school FROM decision WHERE id = ANY(%s::uuid[])",
        [[decision for _, decision in before.ended]],
    )
    return [
        (account, Decision(id_, DecisionKind(kind), school or None)) for account, id_, kind, school in cursor.fetchall()
    ]


def _locked(cursor: Any, run_id: UUID, *states: str) -> dict[str, Any]:
    cursor.execute("SELECT school FROM run WHERE id = %s", [run_id])
    row = cursor.fetchone()
    if row is None:
        raise RunNotFound(str(run_id))
    store.lock_chain(cursor, row[0])
    run = _run(cursor, run_id)
    if run["preview"] or run["state"] not in states:
        raise RunNotFound(str(run_id))
    return run


def _note(run: dict[str, Any], action: str, acting_user: str, now: datetime) -> None:
    audit.record(
        action=action, actor=acting_user, at=now, details={}, school=run["school"], chain=run["school"],
        run=str(run["id"]),
    )  # fmt: skip
