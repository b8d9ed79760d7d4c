"""Opening a case, and the staff member's part of it: (b), and second thoughts (R25)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from hwb.directory import store
from hwb.directory.queries import movers
from hwb.identifiers import parse_dfes_number
from hwb.lifecycle import consolidation as rules
from hwb.lifecycle.consolidation import Event, State
from hwb.lifecycle.consolidation_evidence import Item
from hwb.operations.consolidation import telling
from hwb.operations.consolidation.refusals import ConsolidationRefused
from hwb.operations.consolidation.storing import NO_AUTHORISATION, following, lock, lock_row, said_json, write
from hwb.operations.transactions import in_transaction


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which accounts are to become one, as somebody gives it; nothing says whether there is such an account."""

    previous_school: str
    previous_username: str
    new_school: str


@dataclass(frozen=True, slots=True)
class Request:
    """(b) of R25, as the staff member confirmed it."""

    new_school_name: str
    new_school: str
    new_username: str
    staff_code: str
    employee_number: str
    has_copied: bool


def open_for(*, account: UUID, wanted: Wanted, acting_user: str, now: datetime) -> int:
    """A Digital Champion opens a case for a member of staff of the new school, who is invited to ask (B14, B17).

    Returns the case's number; that of the open one when there is one. Raises ConsolidationRefused.
    """
    wanted = _checked(wanted)

    def work() -> int:
        with connection.cursor() as cursor:
            store.lock_chain(cursor, wanted.new_school)
            _require_staff(cursor, account, wanted.new_school)
            if (found := _open_of(cursor, account)) is not None:
                return found
            number = _insert(cursor, wanted, State.INVITED, "school", account, now)
            _opened(cursor, number, "opened by the school", acting_user, now)
            telling.staff(cursor, account, number, "invited", now=now)
        return number

    return in_transaction(work)


def open_by_head(*, wanted: Wanted, acting_user: str, now: datetime) -> int:
    """The previous headteacher begins (F1): a case without a request yet, which is then authorised."""
    wanted = _checked(wanted)

    def work() -> int:
        with connection.cursor() as cursor:
            store.lock_chain(cursor, wanted.new_school)
            number = _insert(cursor, wanted, State.INVITED, "head", None, now)
            _opened(cursor, number, "opened by the headteacher", acting_user, now)
        return number

    return in_transaction(work)


def ask(*, account: UUID, wanted: Wanted, request: Request, acting_user: str, now: datetime) -> int:
    """The staff member's request (G4): opens a case, or completes the one that a school or headteacher opened.

    Raises ConsolidationRefused.
    """
    wanted = _checked(wanted)

    def work() -> int:
        with connection.cursor() as cursor:
            store.lock_chain(cursor, wanted.new_school)
            _require_staff(cursor, account, wanted.new_school)
            number = _case_for(cursor, account, wanted, now)
            row = lock_row(cursor, number, now=now).row
            if row.new_school != wanted.new_school:
                raise ConsolidationRefused("not_now")
            said = {**row.said, **_said(request)}
            values: dict[str, Any] = {
                "state": str(following(row, Event.ASK)), "mover": account, "said": said_json(said), "requested_at": now,
                "has_copied": request.has_copied, "previous_school": wanted.previous_school,
                "previous_username": wanted.previous_username, "recorded": {},
            }  # fmt: skip
            if (row.previous_school, row.previous_username) != (wanted.previous_school, wanted.previous_username):
                # what a headteacher authorised was another account
                values |= {**NO_AUTHORISATION, "state": str(State.ASKED), "said": said_json(_said(request))}
                row = replace(row, authorisation=None)
            write(cursor, row, values, event="requested", actor=acting_user, now=now)
            telling.staff(cursor, account, number, "received", now=now)
            if row.authorisation is None:
                telling.deciders(cursor, number, now=now)
        return number

    return in_transaction(work)


def withdraw(*, number: int, account: UUID, acting_user: str, now: datetime) -> None:
    """The staff member thinks again (G5). Raises ConsolidationRefused."""

    def work() -> None:
        with connection.cursor() as cursor:
            row = lock(cursor, number, now=now).row
            if row.mover != account:
                raise ConsolidationRefused("unknown")
            state = following(row, Event.WITHDRAW)
            write(cursor, row, {"state": str(state), "closed_reason": "withdrawn"}, event="withdrawn",
                  actor=acting_user, now=now)  # fmt: skip

    in_transaction(work)


def answer(*, account: UUID, answer: str, now: datetime) -> None:
    """What somebody new answered to "Did you work at another school in Wales?": new, old or later."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ANSWER, [account, answer, now])


def expire(*, now: datetime) -> int:
    """Closes what waited 28 days for somebody, and reminds those who decide on days 3, 7 and 14; how many closed."""
    closed = 0
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [now - rules.EXPIRES])
        over = [number for (number,) in cursor.fetchall()]
    for number in over:
        closed += in_transaction(lambda number=number: _expire(number, now))  # type: ignore[misc]
    in_transaction(lambda: telling.remind(now=now))
    return closed


def _expire(number: int, now: datetime) -> int:
    with connection.cursor() as cursor:
        row = lock(cursor, number, now=now).row
        if row.closed_at is not None or rules.TABLE[row.state][Event.EXPIRE] is None:
            return 0
        write(cursor, row, {"state": str(State.EXPIRED), "closed_reason": "expired"}, event="expired",
              actor="calendar", now=now)  # fmt: skip
        if row.state is State.ASKED:
            telling.deciders(cursor, number, now=now, is_over=True)
        if row.mover is not None:
            telling.staff(cursor, row.mover, number, "expired", now=now)
    return 1


def _checked(wanted: Wanted) -> Wanted:
    previous, new = parse_dfes_number(wanted.previous_school), parse_dfes_number(wanted.new_school)
    if previous is None or new is None or movers.school(previous) is None or movers.school(new) is None:
        raise ConsolidationRefused("unknown_school")
    if previous == new:
        raise ConsolidationRefused("same_school")
    return Wanted(previous, wanted.previous_username.strip().casefold().partition("@")[0], new)


def _require_staff(cursor: Any, account: UUID, school: str) -> None:
    cursor.execute(_IS_STAFF, [account, school])
    if cursor.fetchone() is None:
        raise ConsolidationRefused("not_staff")


def _case_for(cursor: Any, account: UUID, wanted: Wanted, now: datetime) -> int:
    """The case that this request belongs to: the person's open one, one that the headteacher began, or a new one."""
    own = _open_of(cursor, account)
    begun = _begun_by_head(cursor, wanted)
    if own is not None:
        if begun is not None and begun != own:
            _take_over(cursor, own, begun, now)
        return own
    if begun is not None:
        return begun
    number = _insert(cursor, wanted, State.INVITED, "staff", account, now)
    _opened(cursor, number, "opened by the staff member", f"account {account}", now)
    return number


def _begun_by_head(cursor: Any, wanted: Wanted) -> int | None:
    cursor.execute(_BEGUN, [wanted.previous_school, wanted.new_school, wanted.previous_username])
    row = cursor.fetchone()
    return int(row[0]) if row else None


def _take_over(cursor: Any, own: int, begun: int, now: datetime) -> None:
    """The headteacher's authorisation of a case of their own counts for the person's open one; the other ends."""
    cursor.execute(_TAKE_OVER, {"own": own, "begun": begun})
    other = lock_row(cursor, begun, now=now).row
    write(cursor, other, {"state": str(State.WITHDRAWN), "closed_reason": f"HW-{own}"}, event="continued as another",
          actor="hwb", now=now)  # fmt: skip


def _open_of(cursor: Any, account: UUID) -> int | None:
    cursor.execute("SELECT number FROM consolidation WHERE mover = %s AND closed_at IS NULL", [account])
    row = cursor.fetchone()
    return int(row[0]) if row else None


def _insert(cursor: Any, wanted: Wanted, state: State, opened_as: str, mover: UUID | None, now: datetime) -> int:
    cursor.execute(
        _INSERT,
        [str(state), opened_as, now, wanted.previous_school, wanted.new_school, wanted.previous_username, mover],
    )
    return int(cursor.fetchone()[0])


def _opened(cursor: Any, number: int, event: str, actor: str, now: datetime) -> None:
    write(cursor, lock_row(cursor, number, now=now).row, {}, event=event, actor=actor, now=now)


def _said(request: Request) -> Mapping[Item, tuple[str, str]]:
    values = {
        Item.NEW_SCHOOL: request.new_school_name, Item.NEW_NUMBER: request.new_school,
        Item.NEW_USERNAME: request.new_username, Item.STAFF_CODE: request.staff_code,
        Item.EMPLOYEE_NUMBER: request.employee_number,
    }  # fmt: skip
    return {item: (value.strip(), "staff member") for item, value in values.items()}


_ANSWER = """
INSERT INTO move_answer (account, answer, at) VALUES (%s, %s, %s)
ON CONFLICT (account) DO UPDATE SET answer = excluded.answer, at = excluded.at
"""
_INSERT = """
INSERT INTO consolidation (state, opened_as, opened_at, previous_school, new_school, previous_username, mover, said,
    recorded, has_copied, way, authorised_by, proof, proved_by, joined_by, closed_reason, history)
VALUES (%s, %s, %s, %s, %s, %s, %s, '{}', '{}', false, '', '', '', '', '', '', '[]') RETURNING number
"""
_IS_STAFF = """
SELECT 1 FROM account a JOIN placement p ON p.account = a.id AND p.role = 'post' AND p.ended IS NULL
WHERE a.id = %s AND a.kind = 'staff' AND a.active AND p.school = %s
"""
_BEGUN = """
SELECT number FROM consolidation
WHERE closed_at IS NULL AND mover IS NULL AND previous_school = %s AND new_school = %s AND previous_username = %s
ORDER BY number LIMIT 1
"""
_TAKE_OVER = """
UPDATE consolidation o SET way = b.way, authorised_by = b.authorised_by, authorised_at = b.authorised_at,
    proof = b.proof, proved_by = b.proved_by, proved_at = b.proved_at, leaving_said = b.leaving_said,
    said = b.said || o.said,
    state = CASE WHEN b.state = 'authorised' AND o.state = 'invited' THEN 'authorised'
                 WHEN b.state = 'authorised' AND o.state = 'asked' THEN 'complete' ELSE o.state END
FROM consolidation b WHERE o.number = %(own)s AND b.number = %(begun)s AND o.way = ''
"""
_WAITING = """
SELECT number FROM consolidation
WHERE closed_at IS NULL AND state IN ('invited', 'asked', 'authorised')
  AND greatest(opened_at, requested_at, authorised_at) <= %s ORDER BY number
"""
