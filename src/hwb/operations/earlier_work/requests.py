"""Asking for earlier work, by a school; taking, granting and stopping it, by support (ux.md B9, E7)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction

from hwb.directory import chain, store
from hwb.directory.queries import earlier_work as rows
from hwb.directory.queries.earlier_work import WorkRow
from hwb.lifecycle import earlier_work as rules
from hwb.lifecycle.earlier_work import Cause, Event, Needed
from hwb.operations.earlier_work import telling
from hwb.operations.earlier_work.storing import WorkRefused, following, lock, log, write
from hwb.operations.transactions import in_transaction

__all__ = ["WorkRefused", "ask", "grant", "note_refused", "stop", "take"]
REASON_MOST = 300


def ask(
    *, account: UUID, school: str, earlier: str, needed: Needed, reason: str, acting_user: str, now: datetime
) -> int:
    """The learner's present school asks for work at an earlier one; the request's number. Raises WorkRefused."""
    reason = _reason(reason)

    def work() -> int:
        with connection.cursor() as cursor:
            store.lock_chain(cursor, school)
            seen = rows.learner(account)
            if seen is None:
                raise WorkRefused(Cause.NOT_HERE)
            if (cause := rules.against_asking(seen.facts, school=school, earlier=earlier)) is not None:
                raise WorkRefused(cause)
            cursor.execute(_STANDS, [account, earlier])
            if cursor.fetchone() is not None:
                raise WorkRefused(Cause.ALREADY)
            cursor.execute(_ASK, [account, school, earlier, str(needed), reason, now, acting_user])
            number = int(cursor.fetchone()[0])
            details = {"request": number, "earlier_school": earlier, "needed": str(needed)}
            log(cursor, school, "earlier work asked", details, account, actor=acting_user, now=now)
        return number

    return in_transaction(work)


def take(*, number: int, acting_account: UUID, acting_user: str, now: datetime) -> None:
    """The agent has the request from now on. Raises WorkRefused."""

    def work() -> None:
        with connection.cursor() as cursor:
            row = lock(cursor, number)
            _require_other(row, acting_account)
            if row.owner != acting_account:
                write(cursor, row, {"owner": acting_account}, action="earlier work taken", actor=acting_user, now=now)

    in_transaction(work)


def grant(
    *, number: int, first: date, last: date, acting_account: UUID, acting_user: str, on: date, now: datetime
) -> None:
    """Opens the earlier work from the first day to the last; also once more, with other days. Raises WorkRefused."""

    def work() -> None:
        with connection.cursor() as cursor:
            row = lock(cursor, number)
            _require_owner(row, acting_account)
            state, seen = following(row, Event.GRANT), rows.learner(row.account)
            if seen is None:
                raise WorkRefused(Cause.NOT_HERE)
            cause = rules.against_granting(
                seen.facts, school=row.school.dfes, earlier=row.earlier.dfes, first=first, last=last, on=on
            )
            if cause is not None:
                raise WorkRefused(cause)
            values = {
                "state": str(state), "first_day": first, "last_day": last, "decided_at": now,
                "decided_by": acting_user, "delivered_at": None, "told_at": None,
            }  # fmt: skip
            write(
                cursor, row, values, action="earlier work granted", actor=acting_user, now=now,
                first_day=first.isoformat(), last_day=last.isoformat(), needed=str(row.needed),
            )  # fmt: skip

    in_transaction(work)


def stop(*, number: int, reason: str, acting_account: UUID, acting_user: str, now: datetime) -> None:
    """Says that it is not possible, or ends what was opened already; the school reads why. Raises WorkRefused."""
    reason = _reason(reason)

    def work() -> None:
        with connection.cursor() as cursor:
            row = lock(cursor, number)
            _require_owner(row, acting_account)
            event = rules.stopping(row.state, has_work=row.has_work)
            was_open, state = event is Event.END, following(row, event)
            values = {"state": str(state), "refusal": reason, "ended_at": now, "ended_why": "support"}
            if not was_open:
                values |= {"decided_at": now, "decided_by": acting_user}
            action = "earlier work ended" if was_open else "earlier work refused"
            write(cursor, row, values, action=action, actor=acting_user, now=now, why="support")
            telling.stopped(cursor, row, was_open=was_open, now=now)

    in_transaction(work)


def note_refused(*, number: int, code: str, actor: str, now: datetime) -> None:
    """Records that somebody tried what they may not (issue 7)."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT school, account FROM work_request WHERE number = %s", [number])
        school, account = cursor.fetchone() or (chain.NATION, None)
        store.lock_chain(cursor, school)
        log(cursor, school, "earlier work not let", {"request": number, "why": code}, account, actor=actor, now=now)


def _require_owner(row: WorkRow, acting: UUID) -> None:
    _require_other(row, acting)
    if row.owner != acting:
        raise WorkRefused("not_taken")


def _require_other(row: WorkRow, acting: UUID) -> None:
    if row.account == acting:
        raise WorkRefused("oneself")


def _reason(reason: str) -> str:
    if not (stripped := reason.strip()[:REASON_MOST]):
        raise WorkRefused("reason")
    return stripped


_STANDS = "SELECT 1 FROM work_request WHERE account = %s AND earlier_school = %s AND state IN ('asked', 'granted')"
#: Numbers of the same row as the other cases', so that no reference means two things.
_ASK = """
INSERT INTO work_request (number, account, school, earlier_school, needed, reason, state, asked_at, asked_by,
    decided_by, refusal, ended_why)
VALUES (nextval(pg_get_serial_sequence('consolidation', 'number')), %s, %s, %s, %s, %s, 'asked', %s, %s, '', '', '')
RETURNING number
"""
