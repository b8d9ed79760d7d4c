"""How far the service's work is, as anybody may see it (A11): what waits longest, and what was done last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hwb.directory.queries.rows import fetch

#: Parts of the work; connected services only where there is one.
PARTS = ("runs", "messages", "mail", "services")


@dataclass(frozen=True, slots=True)
class ServiceState:
    """By part: since when the oldest piece waits, None when nothing does; and when the last one was done.

    Times of runs and messages are the calendar's, those of connected services the real clock's.
    """

    waiting: Mapping[str, datetime | None]
    last: Mapping[str, datetime | None]
    connected: frozenset[str]


def measured(*, now: datetime) -> ServiceState:
    """As it is now, in one statement."""
    row = fetch(_STATE, {"now": now})[0]
    kinds = {"mail": row["has_mail"], "services": row["has_services"]}
    return ServiceState(
        {part: row[f"{part}_waiting"] for part in PARTS}, {part: row[f"{part}_last"] for part in PARTS},
        frozenset(part for part, there in kinds.items() if there),
    )  # fmt: skip


_STATE = """
SELECT (SELECT min(received_at) FROM run WHERE state = 'received') AS runs_waiting,
       (SELECT max(finished_at) FROM run WHERE state IN ('applied', 'no change')) AS runs_last,
       (SELECT min(due_at) FROM message WHERE sent_at IS NULL AND failed = '' AND due_at <= %(now)s)
           AS messages_waiting,
       (SELECT max(sent_at) FROM message) AS messages_last, c.*
FROM (
    SELECT coalesce(bool_or(kind = 'microsoft365'), false) AS has_mail,
           coalesce(bool_or(kind <> 'microsoft365'), false) AS has_services,
           max(succeeded_at) FILTER (WHERE kind = 'microsoft365') AS mail_last,
           max(succeeded_at) FILTER (WHERE kind <> 'microsoft365') AS services_last,
           min(since) FILTER (WHERE kind = 'microsoft365') AS mail_waiting,
           min(since) FILTER (WHERE kind <> 'microsoft365') AS services_waiting
    FROM (SELECT c.kind, c.succeeded_at, (SELECT min(k.waits_since) FROM connected_account k
                                          WHERE k.connector = c.id AND k.due_at IS NOT NULL) AS since
          FROM connector c WHERE c.removed_at IS NULL) one
) c
"""
