"""Connectors as operators and workers see them: what waits, how long, what was refused and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hwb.directory.queries.rows import fetch
from hwb.lifecycle.service_accounts import EVERYBODY, GroupKind, Reach


@dataclass(frozen=True, slots=True)
class ConnectorRow:
    """One connector. waiting: accounts that the service may not have as it must; since: of the oldest of them.

    refused: how many the service has refused, by failure. closed_until: nothing is sent before.
    """

    connector: UUID
    kind: str
    name: str
    service: str
    options: Mapping[str, Any]
    created_at: datetime
    paused_at: datetime | None
    closed_until: datetime | None
    failing_since: datetime | None
    failure: str
    succeeded_at: datetime | None
    compared_at: datetime | None
    drifted: int
    waiting: int
    since: datetime | None
    refused: Mapping[str, int]
    accounts: int

    @property
    def state(self) -> str:
        """paused, away or working."""
        if self.paused_at is not None:
            return "paused"
        return "away" if self.failing_since is not None else "working"

    def to_json(self) -> dict[str, Any]:
        """For `hwb connectors list`."""
        return {
            "connector": str(self.connector), "name": self.name, "kind": self.kind, "service": self.service,
            "state": self.state, "accounts": self.accounts, "waiting": self.waiting,
            "oldest": self.since and self.since.isoformat(), "refused": dict(self.refused),
            "failing_since": self.failing_since and self.failing_since.isoformat(), "failure": self.failure or None,
            "last_success": self.succeeded_at and self.succeeded_at.isoformat(),
            "compared_at": self.compared_at and self.compared_at.isoformat(), "drifted": self.drifted,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Working:
    """What a worker needs to know of a connector; options hold no secret. scopes: of the service it is for."""

    connector: UUID
    kind: str
    name: str
    options: Mapping[str, Any]
    links: Mapping[str, str]
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """An account that a service refused. school: one of those that have it, empty where none has."""

    account: UUID
    kind: str
    school: str
    failure: str
    attempts: int
    since: datetime
    due_at: datetime


def find() -> list[ConnectorRow]:
    """Every connector that stands, by name."""
    return [ConnectorRow(**row) for row in fetch(_FIND)]


def working(name: str = "") -> list[Working]:
    """Connectors that stand and are not paused, or the one of this name, paused or not."""
    return [Working(**{**row, "scopes": tuple(row["scopes"])}) for row in fetch(_WORKING, {"name": name})]


def reach_of(connector: UUID) -> Reach:
    """Whom the connector carries, and what of them: of SCIM what its service was registered for, else everybody."""
    (row,) = fetch(_REACH, {"connector": connector})
    if row["kind"] != "scim":
        return EVERYBODY
    return Reach(
        None if row["all_schools"] else frozenset(row["schools"]), frozenset(row["kinds"]),
        frozenset(GroupKind(kind) for kind in row["options"].get("groups", "").split(",") if kind),
        frozenset(row["scopes"]),
    )  # fmt: skip


def waiting_since() -> dict[str, datetime]:
    """Connectors for which somebody waits, by name, with since when the oldest has; paused ones too."""
    return {row["name"]: row["since"] for row in fetch(_WAITING_SINCE)}


def count_refused(*, connector: UUID | None, failure: str, before: datetime | None) -> int:
    """How many accounts are refused: of one connector, for one reason, waiting since before, where they are given."""
    values = {"connector": connector, "failure": failure, "before": before}
    found = fetch(f"SELECT count(*) AS n {_REFUSED}", values)
    return int(found[0]["n"])


def refused(
    *, connector: UUID | None, failure: str, before: datetime | None, offset: int, limit: int
) -> list[tuple[UUID, RefusedRow]]:
    """Refused accounts, the longest first, with their connectors."""
    values = {"connector": connector, "failure": failure, "before": before, "offset": offset, "limit": limit}
    return [(row.pop("connector"), RefusedRow(**row)) for row in fetch(_REFUSED_ROWS, values)]


_FIND = """
SELECT c.id AS connector, c.kind, c.name, s.name AS service, c.options, c.created_at, c.paused_at, c.closed_until,
       c.failing_since, c.failure, c.succeeded_at, c.compared_at, c.drifted, COALESCE(w.waiting, 0) AS waiting,
       w.since, COALESCE(r.refused, '{}'::jsonb) AS refused,
       (SELECT count(*) FROM connected_account k WHERE k.connector = c.id) AS accounts
FROM connector c JOIN service s ON s.id = c.service
LEFT JOIN LATERAL (
    SELECT count(*) AS waiting, min(k.waits_since) AS since FROM connected_account k
    WHERE k.connector = c.id AND k.due_at IS NOT NULL
) w ON true
LEFT JOIN LATERAL (
    SELECT jsonb_object_agg(failure, n) AS refused FROM (
        SELECT k.failure, count(*) AS n FROM connected_account k
        WHERE k.connector = c.id AND k.due_at IS NOT NULL AND k.failure <> '' GROUP BY k.failure
    ) f
) r ON true
WHERE c.removed_at IS NULL ORDER BY c.name
"""
_WORKING = """
SELECT c.id AS connector, c.kind, c.name, c.options, c.delta AS links, s.scopes
FROM connector c JOIN service s ON s.id = c.service
WHERE c.removed_at IS NULL AND (c.name = %(name)s OR (%(name)s = '' AND c.paused_at IS NULL)) ORDER BY c.name
"""
_REACH = """
SELECT c.kind, c.options, s.all_schools, s.kinds, s.scopes,
       array(SELECT x.school::text FROM service_school x WHERE x.service = s.id) AS schools
FROM connector c JOIN service s ON s.id = c.service WHERE c.id = %(connector)s
"""
_WAITING_SINCE = """
SELECT c.name, min(k.waits_since) AS since FROM connector c JOIN connected_account k ON k.connector = c.id
WHERE c.removed_at IS NULL AND k.due_at IS NOT NULL GROUP BY c.id, c.name
"""
_REFUSED = """
FROM connected_account k JOIN connector c ON c.id = k.connector
WHERE c.removed_at IS NULL AND k.due_at IS NOT NULL AND k.failure <> ''
  AND (%(connector)s::uuid IS NULL OR k.connector = %(connector)s::uuid)
  AND (%(failure)s = '' OR k.failure = %(failure)s)
  AND (%(before)s::timestamptz IS NULL OR k.waits_since < %(before)s::timestamptz)
"""
_REFUSED_ROWS = f"""
SELECT k.connector, k.account, a.kind, k.failure, k.attempts, k.waits_since AS since, k.due_at,
       COALESCE((SELECT p.school FROM placement p WHERE p.account = a.id AND p.ended IS NULL
                 ORDER BY p.role = 'holding' DESC, p.id LIMIT 1), '') AS school
{_REFUSED.replace("WHERE", "JOIN account a ON a.id = k.account WHERE", 1)}
ORDER BY k.waits_since, k.account LIMIT %(limit)s OFFSET %(offset)s
"""  # noqa: S608 - text of this file
