"""Provisioning Clients as `hwb clients list` shows them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hwb.directory.queries.rows import fetch


@dataclass(frozen=True, slots=True)
class ClientRow:
    """One client. `state` is waiting, enrolled, expired or revoked; moments are of the real clock.

    `reports` is what it said of each of its schools at its last check-in: {school, schedule, failed_attempts: [{at,
    code, detail}]}, the newest attempts last, those that the server could not see (R37). `wishes`: {school, kind,
    asked_at, asked_by} that wait for its next check-in.
    """

    client: UUID
    state: str
    schools: tuple[str, ...]
    enrolled_at: datetime | None
    expires: datetime | None
    last_contact: datetime | None
    version: str
    reports: tuple[dict[str, Any], ...]
    wishes: tuple[dict[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "client": str(self.client), "state": self.state, "schools": list(self.schools),
            "enrolled_at": _iso(self.enrolled_at), "expires": _iso(self.expires),
            "last_contact": _iso(self.last_contact), "version": self.version, "reports": list(self.reports),
            "wishes": list(self.wishes),
        }  # fmt: skip


def find(*, at: datetime) -> list[ClientRow]:
    """Every client, the newest contact first."""
    rows = fetch(
        """
        SELECT c.id AS client, c.enrolled_at, coalesce(c.expires, c.code_expires) AS expires, c.last_contact,
               coalesce(c.version, '') AS version,
               array(SELECT s.school::text FROM client_school s WHERE s.client = c.id ORDER BY s.school) AS schools,
               coalesce(c.report -> 'schools', '[]') AS reports,
               (SELECT coalesce(jsonb_agg(jsonb_build_object('school', w.school, 'kind', w.kind,
                       'asked_at', w.asked_at, 'asked_by', w.asked_by) ORDER BY w.school), '[]')
                FROM run_wish w JOIN client_school s ON s.school = w.school
                WHERE s.client = c.id AND w.collected_at IS NULL) AS wishes,
               CASE WHEN c.revoked_at IS NOT NULL THEN 'revoked'
                    WHEN coalesce(c.expires, c.code_expires) <= %(at)s THEN 'expired'
                    WHEN c.enrolled_at IS NULL THEN 'waiting' ELSE 'enrolled' END AS state
        FROM client c ORDER BY c.last_contact DESC NULLS LAST, c.id
        """,
        {"at": at},
    )
    lists = ("schools", "reports", "wishes")
    return [ClientRow(**{**row, **{name: tuple(_value(row[name])) for name in lists}}) for row in rows]


def _value(column: Any) -> Any:
    """A JSON column: the driver gives text or the value."""
    return json.loads(column) if isinstance(column, str) else column


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
