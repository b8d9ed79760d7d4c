"""A school says that a warning is no mistake: it is hidden until the value changes (ux.md B5)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from hwb.operations import audit


def hide(
    *, school: str, mark: str, code: str, reason: str, acting_account: UUID, acting_user: str, now: datetime
) -> None:  # fmt: skip
    """mark: which warning (directory.queries.refusals); reason: a code. One that is hidden already stays as it is."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO hidden_warning (school, mark, code, reason, by, at) VALUES (%s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (school, mark) DO NOTHING",
            [school, mark, code, reason, acting_account, now],
        )
        if cursor.rowcount:
            audit.record(
                action="warning hidden", actor=acting_user, at=now, details={"code": code, "reason": reason},
                school=school, chain=school,
            )  # fmt: skip
