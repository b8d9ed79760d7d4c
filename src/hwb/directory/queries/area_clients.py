"""Clients that send for somebody's schools (ux.md C3, C4). All moments are of the real clock."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hwb.directory.queries.rows import fetch

#: From when a client counts as silent; it checks in every 15 minutes.
SILENT_AFTER = timedelta(hours=24)
#: How long before its end a credential is to be renewed.
RENEW_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ServedSchool:
    """A school of a client within the reader's reach. schedule: what the client says of when it runs, or empty."""

    school: str
    name_en: str
    name_cy: str
    schedule: str


@dataclass(frozen=True, slots=True)
class AreaClient:
    """A client that was not retired. others: how many schools it serves beyond the reader's reach.

    advised: the time of day at which it is advised to run, or empty.

    state: waiting (for its code to be used), expired, silent, first run (heard from, nothing sent yet) or connected.
    """

    client: UUID
    computer: str
    advised: str
    version: str
    enrolled_at: datetime | None
    last_contact: datetime | None
    expires: datetime | None
    state: str
    schools: tuple[ServedSchool, ...]
    others: int

    def expires_soon(self, at: datetime) -> bool:
        """Whether its credential ends within 30 days, or has ended."""
        return self.enrolled_at is not None and self.expires is not None and self.expires <= at + RENEW_WITHIN


def find(
    *,
    schools: Collection[str],
    areas: Collection[str],
    at: datetime,
    client: UUID | None = None,
    everywhere: bool = False,
) -> list[AreaClient]:
    """Those that serve at least one school of the reach, the credential that ends first before the others.

    everywhere: the reach is the nation.
    """
    parameters = {
        "schools": list(schools), "areas": list(areas), "at": at, "silent": at - SILENT_AFTER, "client": client,
        "everywhere": everywhere,
    }  # fmt: skip
    return [_client(row) for row in fetch(_CLIENTS, parameters)]


def serving(schools: Collection[str], *, at: datetime) -> set[str]:
    """Which of these schools have an enrolled client whose key has not ended."""
    rows = fetch(
        "SELECT DISTINCT s.school::text AS school FROM client_school s JOIN client c ON c.id = s.client"
        " WHERE s.school = ANY(%(schools)s) AND c.revoked_at IS NULL AND c.enrolled_at IS NOT NULL"
        " AND c.expires > %(at)s",
        {"schools": list(schools), "at": at},
    )
    return {row["school"] for row in rows}


def _client(row: dict[str, Any]) -> AreaClient:
    own = tuple(ServedSchool(**school) for school in row["served"])
    return AreaClient(
        row["client"], row["computer"], row["advised"], row["version"], row["enrolled_at"], row["last_contact"],
        row["expires"], row["state"], own, row["all_schools"] - len(own),
    )  # fmt: skip


_CLIENTS = """
SELECT c.id AS client, c.computer, c.advised, c.version, c.enrolled_at, c.last_contact, o.served,
       coalesce(c.expires, c.code_expires) AS expires,
       (SELECT count(*) FROM client_school s WHERE s.client = c.id) AS all_schools,
       CASE WHEN coalesce(c.expires, c.code_expires) <= %(at)s THEN 'expired'
            WHEN c.enrolled_at IS NULL THEN 'waiting'
            WHEN c.last_contact IS NULL OR c.last_contact < %(silent)s THEN 'silent'
            WHEN NOT EXISTS (SELECT 1 FROM run r WHERE r.client = c.id AND NOT r.preview) THEN 'first run'
            ELSE 'connected' END AS state
FROM client c
JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('school', e.dfes, 'name_en', e.name_en, 'name_cy', e.name_cy,
               'schedule', coalesce((SELECT told ->> 'schedule' FROM jsonb_array_elements(c.report -> 'schools') told
                                     WHERE told ->> 'school' = e.dfes LIMIT 1), '')) ORDER BY e.dfes) AS served
    FROM client_school s JOIN establishment e ON e.dfes = s.school
    WHERE s.client = c.id AND (%(everywhere)s OR e.dfes = ANY(%(schools)s) OR left(e.dfes, 3) = ANY(%(areas)s))
) o ON o.served IS NOT NULL
WHERE c.revoked_at IS NULL AND (%(client)s::uuid IS NULL OR c.id = %(client)s)
ORDER BY coalesce(c.expires, c.code_expires), c.id
"""
