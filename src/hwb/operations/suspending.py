"""Suspension and its end from a case (R31): support switches an account off anywhere, and only support on again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from hwb.directory.queries import desk as rows
from hwb.directory.queries import desk_people
from hwb.directory.queries.desk import DeskCase
from hwb.lifecycle import desk as rules
from hwb.operations import accounts
from hwb.operations.accounts import Decided
from hwb.operations.desk import storing
from hwb.operations.desk.refusals import RECORDED, DeskRefused
from hwb.operations.desk.storing import require_owner, write
from hwb.operations.transactions import in_transaction


def suspend(
    *, number: int, account: UUID, reason: str, acting_account: UUID, acting_user: str, now: datetime, on: date
) -> None:
    """Suspends one of the people of a case. Raises DeskRefused, DecisionRefused."""
    _decide(accounts.suspend, "suspended", number=number, account=account, reason=reason, acting_account=acting_account,
            acting_user=acting_user, now=now, on=on)  # fmt: skip


def end_suspension(
    *, number: int, account: UUID, reason: str, acting_account: UUID, acting_user: str, now: datetime, on: date
) -> None:
    """Ends a suspension, and a school's switching off for safety. Raises DeskRefused, DecisionRefused."""
    _decide(accounts.release_suspension, "suspension ended", number=number, account=account, reason=reason,
            acting_account=acting_account, acting_user=acting_user, now=now, on=on)  # fmt: skip


def _decide(
    act: Callable[..., Decided], event: str, *, number: int, account: UUID, reason: str, acting_account: UUID,
    acting_user: str, now: datetime, on: date,
) -> None:  # fmt: skip
    """The decision and the case's history stand or fall together."""

    def work() -> None:
        person = desk_people.person(account)
        if person is None:
            raise DeskRefused("no_account")
        _checked(rows.read(number), account, acting_account)
        school = person.near or (rows.read(number) or _unknown()).school
        act(username=person.username, school=school, reason=reason, acting_user=acting_user, now=now, on=on)
        with connection.cursor() as cursor:
            case = storing.lock(cursor, number)
            _checked(case, account, acting_account)
            write(cursor, case, {}, event=event, actor=acting_user, now=now, reason=reason, account=account)

    try:
        in_transaction(work)
    except DeskRefused as wrong:
        if wrong.code in RECORDED:
            storing.note_refused(number=number, code=wrong.code, actor=acting_user, now=now)
        raise


def _checked(case: DeskCase | None, account: UUID, acting_account: UUID) -> None:
    if case is None:
        raise DeskRefused("unknown")
    require_owner(case, acting_account)
    if account not in (case.account, case.other):
        raise DeskRefused("no_account")
    if case.state not in rules.OPEN:
        raise DeskRefused("not_now")


def _unknown() -> DeskCase:
    raise DeskRefused("unknown")
