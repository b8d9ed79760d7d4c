"""Who hears of a case: the staff member (M13), and whoever is to decide or has decided (M12). No name is in any."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from hwb.directory.queries import consolidation as rows
from hwb.directory.queries.consolidation import Case
from hwb.lifecycle import calendar
from hwb.lifecycle import messages as rules
from hwb.lifecycle.consolidation import REMINDED, Decider
from hwb.lifecycle.messages import Kind, Reader
from hwb.operations.messages.writing import Letter, put, readers_at


def staff(cursor: Any, account: UUID, number: int, what: str, *, now: datetime) -> None:
    """The staff member hears how their request goes on (M13)."""
    _put(cursor, Kind.MOVE, "", {"case": number, "what": what}, [Reader("owner", str(account))], now, f"{what} {now}")


def deciders(
    cursor: Any, number: int, *, now: datetime, day: int = 0, again: str = "", is_over: bool = False
) -> None:  # fmt: skip
    """Whoever decides for the previous school is asked (M12), or reminded on a later ``day``, or asked ``again``.

    ``is_over``: they are told that no decision is needed any more.
    """
    case = rows.read(number, on=calendar.london_date(now))
    if case is None or case.asked is None:
        return
    if case.asked.decider is Decider.AUTHORITY:
        what, school = "authority", case.row.previous_school
        found = readers_at(cursor, [school], Kind.DECISION, now=now, only=("area_officer",)).get(school, ())
    else:
        what, school = "headteacher", case.asked.school
        movers = {one.id for one in (case.held.kept, case.held.retiring) if one is not None}
        every = readers_at(cursor, [school], Kind.DECISION, now=now, only=("head",)).get(school, ())
        found = tuple(reader for reader in every if reader.account not in movers)
    details = {"case": number, "what": "expired" if is_over else what}
    _put(
        cursor, Kind.DECISION, school, details, found, now, f"{case.row.requested_at} {again or day} {details['what']}"
    )


def remind(*, now: datetime) -> None:
    """Reminds those who have not decided, on days 3, 7 and 14 after the request (M12)."""
    with connection.cursor() as cursor:
        for day in REMINDED:
            cursor.execute(_UNDECIDED, {"now": now, "day": day})
            for (number,) in cursor.fetchall():
                deciders(cursor, number, now=now, day=day)


def registered_address(cursor: Any, school: str, address: str, number: int, link: UUID, *, now: datetime) -> None:
    """The link by which a school proves an e-mail goes to its registered address and nowhere else."""
    details = {"case": number, "what": "link", "link": str(link)}
    _put(cursor, Kind.DECISION, school, details, [Reader("head", address=address)], now, str(link))


def done(cursor: Any, case: Case, account: UUID, what: str, *, now: datetime) -> None:
    """Both people are told of a joining, and of its undoing: the staff member and whoever authorised."""
    staff(cursor, account, case.row.number, what, now=now)
    authorisation = case.row.authorisation
    if authorisation is not None and authorisation.by.startswith("account "):
        decider = authorisation.by.removeprefix("account ")
        school = case.asked.school if case.asked and case.asked.school else case.row.previous_school
        details = {"case": case.row.number, "what": what, "for": "head"}
        reader = Reader("head" if case.asked and case.asked.school else "area_officer", decider)
        _put(cursor, Kind.MOVE, school, details, [reader], now, f"{what} {now}")


def _put(
    cursor: Any, kind: Kind, school: str, details: dict[str, Any], readers: Sequence[Reader], now: datetime,
    occasion: str,
) -> None:  # fmt: skip
    letter = Letter(kind, school, f"HW-{details['case']} {occasion}", details, rules.due_at(kind, now))
    put(cursor, letter, readers, now=now)


_UNDECIDED = """
SELECT number FROM consolidation
WHERE closed_at IS NULL AND state = 'asked'
  AND requested_at <= %(now)s::timestamptz - make_interval(days => %(day)s)
  AND requested_at > %(now)s::timestamptz - make_interval(days => %(day)s + 3)
"""
