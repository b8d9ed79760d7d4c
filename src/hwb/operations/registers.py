"""The registers that an operator keeps: local authorities and schools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from hwb.extract.texts import N_, Text
from hwb.operations import audit, messages
from hwb.operations.register_files import AuthorityRow, Fault, SchoolRow, read_authorities, read_schools

#: A changed registered address counts after this, so that whoever reads the old one can object.
EMAIL_NOTICE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: lines taken, those that were new, faults, and what an operator still has to do.

    `pending_emails`: schools whose registered address changes in 7 days. `to_close`: schools that the register
    now calls closed and whose people have not been moved (R43: `hwb schools close`).
    """

    taken: int
    new: int
    faults: tuple[Fault, ...]
    pending_emails: tuple[str, ...] = ()
    to_close: tuple[str, ...] = ()


def import_authorities(*, content: bytes, acting_user: str, now: datetime) -> Imported:
    """Takes every good line and reports the others. Raises register_files.FileRefused."""
    rows, faults = read_authorities(content)
    with transaction.atomic():
        new = _new("authority", "code", [row.code for row in rows])
        _upsert(_AUTHORITY, [asdict(row) for row in rows])
        _record("authorities imported", rows, len(new), faults, acting_user, now)
    return Imported(len(rows), len(new), tuple(faults))


def import_schools(*, content: bytes, acting_user: str, now: datetime, on: date) -> Imported:
    """Takes every good line and reports the others. Raises register_files.FileRefused.

    A registered address that is already there changes only after 7 days; a first one counts at once.
    """
    rows, faults = read_schools(content)
    with transaction.atomic():
        known = set(_existing("establishment", "dfes")) | {row.dfes for row in rows}
        lost = [
            row for row in rows if row.followed_by and (row.followed_by not in known or row.followed_by == row.dfes)
        ]
        for row in lost:
            faults.append(Fault(0, "followed_by", str(row.followed_by), Text(N_("another school of the register"))))
            rows.remove(row)
        new = _new("establishment", "dfes", [row.dfes for row in rows])
        _upsert(_SCHOOL, [{**asdict(row), "from": on + EMAIL_NOTICE} for row in rows])
        numbers = [row.dfes for row in rows]
        pending = _column(
            "SELECT dfes FROM establishment WHERE dfes = ANY(%s) AND pending_email_from IS NOT NULL ORDER BY dfes",
            numbers,
        )
        _tell_old_addresses(numbers, now)
        to_close = _column(_TO_CLOSE, numbers)
        _record("schools imported", rows, len(new), faults, acting_user, now)
    return Imported(len(rows), len(new), tuple(faults), pending, to_close)


def apply_pending_emails(*, on: date, now: datetime) -> int:
    """Registered addresses whose 7 days are over now count; returns how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE establishment SET registered_email = pending_email, pending_email = '', pending_email_from = NULL"
            " WHERE pending_email_from <= %s RETURNING dfes",
            [on],
        )
        schools = [row[0] for row in cursor.fetchall()]
        if schools:
            audit.record(
                action="registered address changed", actor="tick", at=now, details={"schools": sorted(schools)}
            )
    return len(schools)


def _tell_old_addresses(schools: list[str], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT dfes::text, registered_email, pending_email, pending_email_from FROM establishment"
            " WHERE dfes = ANY(%s) AND pending_email_from IS NOT NULL AND registered_email <> ''",
            [schools],
        )
        for school, old, new, starts in cursor.fetchall():
            messages.address_changes(cursor, school=school, old=old, new=new, starts=starts, now=now)


def _record(
    action: str, rows: Sequence[AuthorityRow | SchoolRow], new: int, faults: Sequence[Fault], actor: str, now: datetime
) -> None:
    details = {"taken": len(rows), "new": new, "faults": len(faults)}
    audit.record(action=action, actor=actor, at=now, details=details)


def _upsert(statement: str, rows: list[dict[str, Any]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)


def _existing(table: str, key: str) -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {key} FROM {table}")  # noqa: S608 - two fixed names
        return tuple(row[0] for row in cursor.fetchall())


def _new(table: str, key: str, keys: list[str]) -> set[str]:
    return set(keys) - set(_existing(table, key))


def _column(statement: str, schools: list[str]) -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [schools])
        return tuple(row[0] for row in cursor.fetchall())


_AUTHORITY = """
INSERT INTO authority (code, name_en, name_cy, email, telephone)
VALUES (%(code)s, %(name_en)s, %(name_cy)s, %(email)s, %(telephone)s)
ON CONFLICT (code) DO UPDATE SET name_en = excluded.name_en, name_cy = excluded.name_cy, email = excluded.email,
    telephone = excluded.telephone
"""

# A column that the file does not have (NULL here) keeps what is stored.
_SCHOOL = """
INSERT INTO establishment AS e (dfes, name_en, name_cy, phase, opened, closed, client_manager, language,
    registered_email, pending_email, mis, followed_by, client_contact)
VALUES (%(dfes)s, %(name_en)s, %(name_cy)s, %(phase)s, %(opened)s, %(closed)s, %(client_manager)s,
    coalesce(%(language)s, ''), coalesce(%(registered_email)s, ''), '', coalesce(%(mis)s, ''),
    coalesce(%(followed_by)s, ''), coalesce(%(client_contact)s, ''))
ON CONFLICT (dfes) DO UPDATE SET name_en = excluded.name_en, name_cy = excluded.name_cy, phase = excluded.phase,
    opened = excluded.opened, closed = excluded.closed, client_manager = excluded.client_manager,
    language = coalesce(%(language)s, e.language), mis = coalesce(%(mis)s, e.mis),
    followed_by = coalesce(%(followed_by)s, e.followed_by),
    client_contact = coalesce(%(client_contact)s, e.client_contact),
    registered_email = CASE WHEN e.registered_email = '' THEN excluded.registered_email ELSE e.registered_email END,
    pending_email = CASE
        WHEN %(registered_email)s::text IS NULL OR e.registered_email = '' THEN e.pending_email
        WHEN e.registered_email = %(registered_email)s THEN ''
        ELSE %(registered_email)s END,
    pending_email_from = CASE
        WHEN %(registered_email)s::text IS NULL OR e.registered_email = '' THEN e.pending_email_from
        WHEN e.registered_email = %(registered_email)s THEN NULL
        WHEN e.pending_email = %(registered_email)s THEN e.pending_email_from
        ELSE %(from)s END
"""

_TO_CLOSE = """
SELECT e.dfes FROM establishment e
WHERE e.dfes = ANY(%s) AND e.closed IS NOT NULL
  AND EXISTS (SELECT FROM placement p WHERE p.school = e.dfes AND p.ended IS NULL)
ORDER BY e.dfes
"""
