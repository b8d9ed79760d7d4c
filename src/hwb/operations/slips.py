"""Sheets of password slips: opened for one person, shown while open, closed (R10, R42, ux.md 12).

Sheets live by the real clock, given as `at`; `now` is the calendar's, for the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import connection, transaction

from hwb.directory import store
from hwb.directory.queries import slips as rows
from hwb.operations import audit, passwords
from hwb.operations.passwords import Slip

OPEN_FOR = timedelta(minutes=15)
MOST = 200


class SheetClosed(Exception):
    """Its time is over, its slips were handed out, or it never was this person's."""


def open_sheet(
    *,
    accounts: Sequence[UUID],
    school: str,
    title: str,
    size: int,
    languages: str,
    badges: bool,
    person: UUID,
    now: datetime,
    at: datetime,
) -> UUID:
    """A sheet for these accounts in their order, at most MOST; `person` may see it for fifteen minutes.

    Whose password may be shown is asked when it is shown. size: slips a page, 8, 4 or 1.
    badges: with the badges of those who have one.
    """
    if not 0 < len(accounts) <= MOST:
        raise ValueError("a sheet has one slip or more, and not too many")
    sheet = uuid4()
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        cursor.execute(
            "INSERT INTO slip_sheet (id, school, made_by, title, accounts, size, languages, badges, created_at,"
            " closes_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [sheet, school, person, title, list(accounts), size, languages, badges, now, at + OPEN_FOR],
        )
        _record("slips opened", sheet, school, person, now, {"slips": len(accounts)})
    return sheet


def show(*, sheet: UUID, school: str, person: UUID, now: datetime, at: datetime) -> tuple[Slip, ...]:
    """The slips of an open sheet; each password looked at is recorded. Raises SheetClosed, or PasswordRefused when
    somebody on it is no longer the school's."""
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        found = rows.find(sheet, school=school, made_by=person)
        if found is None or not found.is_open(at):
            raise SheetClosed
        shown = passwords.slips(accounts=found.accounts, school=school, acting_user=f"account {person}", now=now)
        cursor.execute("UPDATE slip_sheet SET printed_at = %s WHERE id = %s AND printed_at IS NULL", [now, sheet])
    return shown


def close(*, sheet: UUID, school: str, person: UUID, now: datetime, at: datetime) -> None:
    """The slips were handed out: nobody sees the sheet again. One that is closed already stays so."""
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        cursor.execute(
            "UPDATE slip_sheet SET closed_at = %s WHERE id = %s AND school = %s AND made_by = %s AND closed_at IS NULL",
            [at, sheet, school, person],
        )
        if cursor.rowcount:
            _record("slips handed out", sheet, school, person, now, {})


def _record(action: str, sheet: UUID, school: str, person: UUID, now: datetime, more: dict[str, int]) -> None:
    audit.record(
        action=action, actor=f"account {person}", at=now, details={"sheet": str(sheet), **more}, school=school,
        chain=school,
    )  # fmt: skip
