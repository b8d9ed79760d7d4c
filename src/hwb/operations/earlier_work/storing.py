"""A request under the lock of its school's chain: read, changed by an event, written with its entry in the audit log.

The chain is the one lock. Whoever carries accounts locks an account's row in the outbox, then the request's; so does
everybody here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from hwb.directory import chain, connected_accounts, store
from hwb.directory.queries import earlier_work as rows
from hwb.directory.queries.earlier_work import WorkRow
from hwb.extract.texts import N_, Text
from hwb.lifecycle import earlier_work as rules
from hwb.lifecycle.earlier_work import Cause, Event, State

_TEXTS = {
    Cause.NOT_HERE: N_("The learner is not at the school that asked."),
    Cause.INACTIVE: N_("The learner's account is inactive. The request waits until it is active again."),
    Cause.PROTECTED: N_("Hwb Support arranges this by telephone."),
    Cause.NEVER_THERE: N_("The learner was not at that school."),
    Cause.NOT_NOW: N_("The request has moved on meanwhile. Look at it again."),
    Cause.ALREADY: N_("The school has asked for this already."),
    Cause.DAYS: N_("The first day is today or later, and the last day is not before it."),
    Cause.TOO_LONG: N_("The last day is at most a year ahead."),
    "unknown": N_("There is no such request."),
    "not_taken": N_("Take the case first. Only the agent who has it may do that."),
    "oneself": N_("Nobody decides about their own accounts."),
    "reason": N_("Enter a reason"),
}
#: Columns that operations set; values come as parameters, names never from outside.
_COLUMNS = frozenset({
    "state", "owner", "first_day", "last_day", "decided_at", "decided_by", "refusal", "delivered_at", "told_at",
    "ended_at", "ended_why",
})  # fmt: skip


class WorkRefused(Exception):
    """It cannot be done; `text` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code, self.text = str(code), Text(_TEXTS[code])


def lock(cursor: Any, number: int) -> WorkRow:
    """The request for whoever changes it. Raises WorkRefused."""
    cursor.execute("SELECT school FROM work_request WHERE number = %s", [number])
    row = cursor.fetchone()
    if row is None:
        raise WorkRefused("unknown")
    store.lock_chain(cursor, row[0])
    found = rows.read(number)
    if found is None:
        raise WorkRefused("unknown")
    return found


def following(row: WorkRow, event: Event) -> State:
    """The state that an event leads to. Raises WorkRefused."""
    try:
        return rules.after(row.state, event)
    except rules.NotNow:
        raise WorkRefused(Cause.NOT_NOW) from None


def write(
    cursor: Any, row: WorkRow, values: Mapping[str, Any], *, action: str, actor: str, now: datetime, **after: Any
) -> None:
    """Changes a request, has the service follow, and adds to the audit log: numbers, days and codes only."""
    if unknown := values.keys() - _COLUMNS:
        raise KeyError(", ".join(sorted(unknown)))
    if "state" in values and (row.state is State.GRANTED or values["state"] == State.GRANTED):
        is_over = values["state"] != State.GRANTED
        connected_accounts.mark(cursor, accounts=[row.account], out=[row.account] if is_over else ())
    if values:
        names = ", ".join(f"{name} = %s" for name in values)
        cursor.execute(
            f"UPDATE work_request SET {names} WHERE number = %s",  # noqa: S608 - names of _COLUMNS
            [*values.values(), row.number],
        )
    details = {"request": row.number, "earlier_school": row.earlier.dfes, **after}
    log(cursor, row.school.dfes, action, details, row.account, actor=actor, now=now)


def log(
    cursor: Any, school: str, action: str, after: Mapping[str, Any], account: UUID | None, *, actor: str, now: datetime
) -> None:
    """An entry in the school's chain, which the caller has locked."""
    entry = chain.Entry(action, "R41", "", school, str(account) if account else None, after=dict(after))
    store.write_log(cursor, [entry], chain.Writer(school, actor, now))
