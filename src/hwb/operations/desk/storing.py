"""A case under its lock: opened, changed by an event, written with its history and its entry in the audit log."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from hwb.directory import chain, store
from hwb.directory.queries import desk as rows
from hwb.directory.queries.desk import DeskCase
from hwb.lifecycle import calendar
from hwb.lifecycle import desk as rules
from hwb.lifecycle.desk import Event, Kind, NotNow, State
from hwb.operations.desk.refusals import RECORDED, DeskRefused
from hwb.operations.invariants import UPN_PATTERN
from hwb.operations.transactions import in_transaction

PERSONAL = re.compile(UPN_PATTERN)
LONGEST = 2_000
#: Columns that operations set; values come as parameters, names never from outside.
_COLUMNS = frozenset({"state", "owner", "answer", "asked_by", "closed_at", "replies"})


@dataclass(frozen=True, slots=True)
class NewCase:
    """What a case is opened with; see :class:`hwb.directory.models.SupportCase`."""

    kind: Kind
    school: str = ""
    account: UUID | str | None = None
    other: UUID | None = None
    upn: str = ""
    details: str = ""
    language: str = ""
    code: str = ""
    asked_by: UUID | None = None
    owner: UUID | None = None
    matter: str = ""


def insert(cursor: Any, new: NewCase, *, actor: str, now: datetime) -> int | None:
    """Opens a case in the caller's transaction; None when the same one stands already."""
    state = State.READY if new.owner is not None else State.NEW
    happened = json.dumps([{"at": now.isoformat(), "by": actor, "what": "opened"}])
    cursor.execute(
        _INSERT,
        [
            str(new.kind), str(state), new.school, new.account, new.other, new.upn, new.details.strip(), new.language,
            new.code, new.asked_by, actor, now, rules.due(new.kind, calendar.london_date(now)), new.owner, new.matter,
            happened,
        ],
    )  # fmt: skip
    row = cursor.fetchone()
    return int(row[0]) if row else None


def opened(number: int, new: NewCase) -> chain.Entry:
    """The audit entry of an opening: what a case is about, and of an agent's the reason."""
    after: dict[str, Any] = {"case": number, "event": "opened", "case_kind": str(new.kind)}
    if new.kind is Kind.CALL:
        after["reason"] = new.details.strip()
    return chain.Entry("case", "R42", "", new.school, str(new.account) if new.account else None, after=after)


def open_case(new: NewCase, *, actor: str, now: datetime) -> int:
    """Opens a case in a transaction of its own."""

    def work() -> int:
        with connection.cursor() as cursor:
            at = new.school or chain.NATION
            store.lock_chain(cursor, at)
            number = insert(cursor, new, actor=actor, now=now)
            if number is None:
                raise DeskRefused("not_now")
            store.write_log(cursor, [opened(number, new)], chain.Writer(at, actor, now))
        return number

    return in_transaction(work)


Work = Callable[[Any, DeskCase], None]


def changed(number: int, work: Work, *, actor: str, now: datetime) -> None:
    """Does the work on a locked case; a refusal by a wrong hand is recorded though nothing else is written."""

    def locked() -> None:
        with connection.cursor() as cursor:
            work(cursor, lock(cursor, number))

    try:
        in_transaction(locked)
    except DeskRefused as wrong:
        if wrong.code in RECORDED:
            note_refused(number=number, code=wrong.code, actor=actor, now=now)
        raise


def lock(cursor: Any, number: int) -> DeskCase:
    """The case for whoever changes it; its school's chain is locked first, as by every writer. Raises DeskRefused."""
    cursor.execute("SELECT school FROM support_case WHERE number = %s", [number])
    row = cursor.fetchone()
    if row is None:
        raise DeskRefused("unknown")
    store.lock_chain(cursor, row[0] or chain.NATION)
    cursor.execute("SELECT 1 FROM support_case WHERE number = %s FOR UPDATE", [number])
    case = rows.read(number)
    if case is None:
        raise DeskRefused("unknown")
    return case


def following(case: DeskCase, event: Event) -> State:
    """The state that an event leads to. Raises DeskRefused."""
    try:
        return rules.after(case.state, event)
    except NotNow:
        raise DeskRefused("not_now") from None


def require_owner(case: DeskCase, account: UUID) -> None:
    """Only the agent who has the case acts in it, and nobody about their own account. Raises DeskRefused."""
    require_not_own(case, account)
    if case.owner != account:
        raise DeskRefused("not_taken")


def require_not_own(case: DeskCase, account: UUID) -> None:
    """Nobody works on a case about their own account, nor on one they asked for. Raises DeskRefused."""
    if account in (case.account, case.other, case.asked_by):
        raise DeskRefused("oneself")


def write(
    cursor: Any, case: DeskCase, values: Mapping[str, Any], *, event: str, actor: str, now: datetime, reason: str = "",
    account: UUID | None = None,
) -> None:  # fmt: skip
    """Changes a case, adds to its history and to the audit log; a case that is over gets its closing time.

    ``account``: with which of its people something was done, where it is not the one that the case is about.
    """
    stated = {**values}
    if (state := stated.get("state")) is not None:
        stated["closed_at"] = None if State(state) in rules.OPEN else now
        stated["state"] = str(state)
    if unknown := stated.keys() - _COLUMNS:
        raise KeyError(", ".join(sorted(unknown)))
    happened = json.dumps([{"at": now.isoformat(), "by": actor, "what": event}])
    names = "".join(f"{name} = %s, " for name in stated)
    cursor.execute(
        f"UPDATE support_case SET {names}history = history || %s::jsonb WHERE number = %s",  # noqa: S608 - _COLUMNS
        [*stated.values(), happened, case.number],
    )
    after: dict[str, Any] = {"case": case.number, "event": event}
    if state is not None:
        after["case_state"] = str(state)
    if reason:
        after["reason"] = reason.strip()
    log(cursor, case, "case", after, actor=actor, now=now, account=account)


def log(
    cursor: Any, case: DeskCase, action: str, after: Mapping[str, Any], *, actor: str, now: datetime,
    account: UUID | None = None,
) -> None:  # fmt: skip
    """An entry in the chain of the case's school: numbers and codes only."""
    about = account or case.account
    entry = chain.Entry(action, "R42", "", case.school, str(about) if about else None, after=dict(after))
    store.write_log(cursor, [entry], chain.Writer(case.school or chain.NATION, actor, now))


def note_refused(*, number: int, code: str, actor: str, now: datetime) -> None:
    """Records that somebody tried in a case what they may not."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SCHOOL_OF, {"number": number})
        row = cursor.fetchone()
        school = (row[0] if row else "") or chain.NATION
        store.lock_chain(cursor, school)
        entry = chain.Entry("case refused", "R42", "", school, None, after={"case": number, "why": code})
        store.write_log(cursor, [entry], chain.Writer(school, actor, now))


def checked_text(text: str) -> str:
    """A text that one person writes for another. Raises DeskRefused for one that is empty, too long or holds a UPN."""
    clean = text.strip()
    if not clean or len(clean) > LONGEST:
        raise DeskRefused("text_needed")
    if PERSONAL.search(clean.upper()):
        raise DeskRefused("personal")
    return clean


_INSERT = """
INSERT INTO support_case (number, kind, state, school, account, other, upn, details, language, code, asked_by,
    opened_by, opened_at, due, owner, answer, matter, history)
VALUES (nextval(pg_get_serial_sequence('consolidation', 'number')), %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
    %s, '', %s, %s)
ON CONFLICT DO NOTHING RETURNING number
"""
_SCHOOL_OF = """
SELECT new_school FROM consolidation WHERE number = %(number)s
UNION ALL SELECT school FROM support_case WHERE number = %(number)s
"""
