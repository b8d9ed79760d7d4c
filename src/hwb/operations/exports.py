"""Rosters handed over as files: recorded before they are made (R42)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from hwb.extract.texts import N_, Text
from hwb.operations import audit


class ExportRefused(Exception):
    """Nothing is handed over; `text` says why."""

    def __init__(self, text: Text) -> None:
        super().__init__("unknown_school")
        self.text = text


@contextmanager
def exporting(
    *, schools: Collection[str], service: UUID | None, version: str, acting_user: str, now: datetime
) -> Iterator[None]:
    """One moment's view of the directory, with the entry that says who took what. Raises ExportRefused.

    schools: by number; none where it is all that the service has.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if not connection.savepoint_ids:  # else the caller's transaction is older than this
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT dfes FROM establishment WHERE dfes = ANY(%s)", [sorted(schools)])
        unknown = set(schools) - {row[0] for row in cursor.fetchall()}
        if unknown:
            names = ", ".join(sorted(unknown))
            raise ExportRefused(Text(N_("Not in the register of schools: {schools}"), {"schools": names}))
        audit.record(
            action="roster exported", actor=acting_user, at=now,
            details={"schools": sorted(schools), "service": str(service) if service else None, "version": version},
        )  # fmt: skip
        yield
