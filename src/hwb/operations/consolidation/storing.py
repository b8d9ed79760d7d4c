"""A case under its lock: read, changed by an event, written with its history and its entry in the audit log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hwb.directory import chain, store
from hwb.directory.queries import consolidation as rows
from hwb.directory.queries.consolidation import Case, CaseRow
from hwb.lifecycle import calendar
from hwb.lifecycle import consolidation as rules
from hwb.lifecycle.consolidation import OPEN, Event, NotNow, State
from hwb.lifecycle.consolidation_evidence import Item
from hwb.operations.consolidation.refusals import ConsolidationRefused

#: Columns that operations set; values come as parameters, names never from outside.
_COLUMNS = frozenset({
    "state", "previous_school", "previous_username", "mover", "said", "recorded", "requested_at", "has_copied", "way",
    "authorised_by", "authorised_at", "proof", "proved_by", "proved_at", "leaving_said", "owner", "sent_on_by", "link",
    "link_sent_at", "link_opened_at", "kept", "retiring", "joined_by", "joined_at", "undone_at", "closed_at",
    "closed_reason", "memory",
})  # fmt: skip
NO_AUTHORISATION: Mapping[str, Any] = {
    "way": "", "authorised_by": "", "authorised_at": None, "proof": "", "proved_by": "", "proved_at": None,
    "leaving_said": None,
}  # fmt: skip


def lock(cursor: Any, number: int, *, now: datetime) -> Case:
    """The case for whoever changes it; the chain of its new school is locked first, as by every writer.

    Raises ConsolidationRefused.
    """
    cursor.execute("SELECT new_school FROM consolidation WHERE number = %s", [number])
    row = cursor.fetchone()
    if row is None:
        raise ConsolidationRefused("unknown")
    store.lock_chain(cursor, row[0])
    return lock_row(cursor, number, now=now)


def lock_row(cursor: Any, number: int, *, now: datetime) -> Case:
    """As :func:`lock`, the chains being locked already."""
    cursor.execute("SELECT 1 FROM consolidation WHERE number = %s FOR UPDATE", [number])
    case = rows.read(number, on=calendar.london_date(now))
    if case is None:
        raise ConsolidationRefused("unknown")
    return case


def following(row: CaseRow, event: Event) -> State:
    """The state that an event leads to. Raises ConsolidationRefused."""
    try:
        return rules.after(row.state, event)
    except NotNow:
        raise ConsolidationRefused("not_now") from None


def write(
    cursor: Any, row: CaseRow, values: Mapping[str, Any], *, event: str, actor: str, now: datetime, reason: str = ""
) -> None:
    """Changes a case, adds to its history and to the audit log; a case that is over gets its closing time."""
    stated = {**values}
    if (state := stated.get("state")) is not None and State(state) not in OPEN and row.closed_at is None:
        stated["closed_at"] = now
    if unknown := stated.keys() - _COLUMNS:
        raise KeyError(", ".join(sorted(unknown)))
    for name in ("said", "recorded", "memory"):
        if stated.get(name) is not None:
            stated[name] = json.dumps(stated[name])
    happened = json.dumps([{"at": now.isoformat(), "by": actor, "what": event}])
    names = "".join(f"{name} = %s, " for name in stated)
    cursor.execute(
        f"UPDATE consolidation SET {names}history = history || %s::jsonb WHERE number = %s",  # noqa: S608 - _COLUMNS
        [*stated.values(), happened, row.number],
    )
    after = {"case": row.number, "event": event, **({"case_state": str(state)} if state is not None else {})}
    if reason:
        after["reason"] = reason
    log(cursor, row.new_school, "consolidation", after, str(row.mover) if row.mover else None, actor=actor, now=now)


def log(
    cursor: Any, school: str, action: str, after: Mapping[str, Any], account: str | None, *, actor: str, now: datetime
) -> None:
    """An entry in the school's chain: numbers and codes only."""
    entry = chain.Entry(action, "R25", "", school, account, after=dict(after))
    store.write_log(cursor, [entry], chain.Writer(school, actor, now))


def said_json(said: Mapping[Item, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Items as they are stored."""
    return {str(item): value for item, value in said.items()}
