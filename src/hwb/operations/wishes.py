"""A school's wish that its client runs, or previews, now: asked for by a person, collected at a check-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db import connection, transaction

from hwb.extract.texts import N_, Text
from hwb.operations import audit

WishKind = Literal["run", "preview"]


class WishRefused(Exception):
    """Nobody could fulfil the wish: ``code`` is stable, ``text`` for people."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(code)
        self.code, self.text = code, text


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish that waits for the school's client; ``asked_at`` and ``asked_by`` are of whoever asked first."""

    school: str
    kind: WishKind
    asked_at: datetime
    asked_by: str


def ask_for_run(*, school: str, kind: WishKind, acting_user: str, now: datetime) -> Wish:
    """Keeps the wish until the school's client checks in, which it does every 15 minutes.

    One wish waits for a school at most: a wish to run takes the place of one to preview, and is not taken back by one.
    Raises WishRefused when the school is unknown or no enrolled client may send for it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        _judge(cursor, school)
        cursor.execute(
            """
            INSERT INTO run_wish (school, kind, asked_at, asked_by) VALUES (%s, %s, %s, %s)
            ON CONFLICT (school) WHERE collected_at IS NULL DO UPDATE
            SET kind = CASE WHEN run_wish.kind = 'run' THEN 'run' ELSE excluded.kind END
            RETURNING school, kind, asked_at, asked_by
            """,
            [school, kind, now, acting_user],
        )
        wish = Wish(*cursor.fetchone())
        audit.record(action=f"{kind} asked for", actor=acting_user, at=now, details={}, school=school, chain=school)
    return wish


def collect(cursor: Any, *, client: UUID, now: datetime) -> dict[str, WishKind]:
    """What the schools of a client wish, by school; each wish is given once, whichever client asks first."""
    cursor.execute(
        "UPDATE run_wish SET collected_at = %s, collected_by = %s WHERE collected_at IS NULL"
        " AND school IN (SELECT school FROM client_school WHERE client = %s) RETURNING school, kind",
        [now, client, client],
    )
    return dict(cursor.fetchall())


def _judge(cursor: Any, school: str) -> None:
    cursor.execute("SELECT 1 FROM establishment WHERE dfes = %s", [school])
    if cursor.fetchone() is None:
        raise WishRefused("unknown_school", Text(N_("School {school} is not in the register."), {"school": school}))
    cursor.execute(
        "SELECT 1 FROM client_school s JOIN client c ON c.id = s.client"
        " WHERE s.school = %s AND c.enrolled_at IS NOT NULL AND c.revoked_at IS NULL LIMIT 1",
        [school],
    )
    if cursor.fetchone() is None:
        raise WishRefused("no_client", Text(N_("No client sends for this school: nobody would collect the wish.")))
