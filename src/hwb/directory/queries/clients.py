"""Provisioning Clients as `hwb clients list` shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hwb.directory.queries.rows import fetch


@dataclass(frozen=True, slots=True)
class ClientRow:
    """One client. `state` is waiting, enrolled, expired or revoked; moments are of the real clock."""

    client: UUID
    state: str
    schools: tuple[str, ...]
    enrolled_at: datetime | None
    expires: datetime | None
    last_contact: datetime | None
    version: str

    def to_json(self) -> dict[str, Any]:
        return {
            "client": str(self.client), "state": self.state, "schools": list(self.schools),
            "enrolled_at": _iso(self.enrolled_at), "expires": _iso(self.expires),
            "last_contact": _iso(self.last_contact), "version": self.version,
        }  # fmt: skip


def find(*, at: datetime) -> list[ClientRow]:
    """Every client, the newest contact first."""
    rows = fetch(
        """
        SELECT c.id AS client, c.enrolled_at, coalesce(c.expires, c.code_expires) AS expires, c.last_contact,
               coalesce(c.version, '') AS version,
               array(SELECT s.school::text FROM client_school s WHERE s.client = c.id ORDER BY s.school) AS schools,
               CASE WHEN c.revoked_at IS NOT NULL THEN 'revoked'
                    WHEN coalesce(c.expires, c.code_expires) <= %(at)s THEN 'expired'
                    WHEN c.enrolled_at IS NULL THEN 'waiting' ELSE 'enrolled' END AS state
        FROM client c ORDER BY c.last_contact DESC NULLS LAST, c.id
        """,
        {"at": at},
    )
    return [ClientRow(**{**row, "schools": tuple(row["schools"])}) for row in rows]


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
