"""The outbox of account changes, as workers take from it: leased, carried over, put back; at least once, in order.

An account is with one worker at a time, and what the service must have is worked out when it is taken. A worker that is
gone loses what it had when the lease ends; one that comes back late changes nothing any more. Moments are of the real
clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.db import connection, transaction

from hwb.directory.queries import service_accounts
from hwb.lifecycle.service_accounts import (
    Carried,
    Group,
    NotCarried,
    Outcome,
    Waiting,
    key_of,
    pause,
    title_of,
    wanted,
)
from hwb.operations import faults, services

#: So long an account stays with a worker that says nothing; longer than any one go may take (jobs.connectors).
LEASE = timedelta(minutes=2)
AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Leased:
    """Accounts that are this worker's until ``until``, each with the version that it had when it was taken."""

    lease: UUID
    connector: UUID
    until: datetime
    waiting: tuple[Waiting, ...]
    versions: dict[str, int]

    @property
    def groups(self) -> frozenset[Group]:
        """All groups that the accounts must be in."""
        return frozenset(group for each in self.waiting if each.wanted for group in each.wanted.groups)


def lease(*, connector: UUID, at: datetime, limit: int = AT_ONCE) -> Leased | None:
    """The accounts whose turn it is, those to be shut out first. None where nothing is due, or nothing may be sent.

    While the service fails, one account tries whether it is back.
    """
    mine, until = uuid4(), at + LEASE
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CONNECTOR, [connector, at])
        row = cursor.fetchone()
        if row is None:
            return None
        sector, failing = row
        values: dict[str, Any] = {
            "connector": connector,
            "at": at,
            "until": until,
            "lease": mine,
            "limit": 1 if failing else limit,
        }
        cursor.execute(_LEASE, values)
        rows = {str(account): rest for account, *rest in cursor.fetchall()}
    if not rows:
        return None
    known, key = service_accounts.facts_of(list(rows)), services.pairwise_key()
    waiting = tuple(
        Waiting(
            account, wanted(known[account]) if account in known else None,
            key.identifier(UUID(account), sector=sector), remote, state == "ended", touched, tries,
        )
        for account, (_, remote, state, touched, tries) in rows.items()
    )  # fmt: skip
    return Leased(mine, connector, until, waiting, {account: version for account, (version, *_) in rows.items()})


def settle(leased: Leased, outcomes: Sequence[Outcome], *, at: datetime, chance: Callable[[], float]) -> int:
    """Writes down what became of leased accounts; returns how many the service now has as it must.

    An account that changed meanwhile stays due. What another worker has taken since is left alone.
    """
    faults.point("carried")
    rows = [_row(leased, outcome, chance) for outcome in outcomes]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(  # in the order in which runs mark accounts
            "SELECT FROM connected_account WHERE connector = %s AND account = ANY(%s::uuid[])"
            " ORDER BY account FOR UPDATE",
            [leased.connector, [row["account"] for row in rows]],
        )
        values: dict[str, Any] = {
            "rows": orjson.dumps(rows).decode(),
            "connector": leased.connector,
            "lease": leased.lease,
            "at": at,
        }
        cursor.execute(_SETTLE, values)
        if opened := _opened(leased, outcomes):
            cursor.execute(_DELIVERED, {**values, "rows": orjson.dumps(opened).decode()})
    return sum(isinstance(outcome, Carried) for outcome in outcomes)


def groups(
    *, connector: UUID, wanted_groups: Iterable[Group], make: Callable[[dict[str, str]], dict[str, str]]
) -> dict[Group, str]:
    """The service's own ids of groups. ``make`` gets key and title of those not known, and finds or makes them.

    One worker of a connector makes groups at a time, so that none is made twice.
    """
    keys = {key_of(group): group for group in wanted_groups}
    known = _known_groups(connector, list(keys))
    if len(known) < len(keys):
        names = service_accounts.school_names({group.school for group in keys.values()})
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"groups {connector}"])
            known = _known_groups(connector, list(keys))
            missing = {key: title_of(group, names[group.school]) for key, group in keys.items() if key not in known}
            made = make(missing) if missing else {}
            cursor.execute(
                "INSERT INTO connected_group (connector, key, remote) SELECT %s, key, remote"
                " FROM json_to_recordset(%s::json) AS r(key text, remote text) ON CONFLICT (connector, key)"
                " DO UPDATE SET remote = EXCLUDED.remote",
                [connector, orjson.dumps([{"key": k, "remote": r} for k, r in made.items()]).decode()],
            )
            known |= made
    return {keys[key]: remote for key, remote in known.items()}


def next_due(*, connector: UUID) -> datetime | None:
    """When the next account's turn comes, as far as can be told now; None where nothing waits or nothing is sent."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_DUE, [connector])
        row = cursor.fetchone()
    return row[0] if row else None


def _row(leased: Leased, outcome: Outcome, chance: Callable[[], float]) -> dict[str, Any]:
    row: dict[str, Any] = {"account": outcome.account, "version": leased.versions[outcome.account]}
    if isinstance(outcome, Carried):
        return {**row, "what": "carried", "remote": outcome.remote, "state": str(outcome.state), "failure": ""}
    if isinstance(outcome, NotCarried):
        pauses = [pause(tries, chance()) for tries in range(1, 12)]  # the statement knows how many tries there were
        return {**row, "what": "refused", "remote": outcome.remote, "failure": outcome.failure, "pauses": pauses}
    return {**row, "what": "back"}


def _opened(leased: Leased, outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """The accesses to earlier work that the service has now (R41)."""
    carried = {each.account for each in outcomes if isinstance(each, Carried)}
    return [
        {"account": each.account, "school": space.school, "first": space.access.first, "last": space.access.last}
        for each in leased.waiting
        if each.account in carried and each.wanted
        for space in each.wanted.spaces
        if space.access
    ]


def _known_groups(connector: UUID, keys: list[str]) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, remote FROM connected_group WHERE connector = %s AND key = ANY(%s)", [connector, keys]
        )
        return dict(cursor.fetchall())


_CONNECTOR = """
SELECT s.sector, c.failing_since IS NOT NULL FROM connector c JOIN service s ON s.id = c.service
WHERE c.id = %s AND c.removed_at IS NULL AND c.paused_at IS NULL AND (c.closed_until IS NULL OR c.closed_until <= %s)
"""
_LEASE = """
WITH due AS (
    SELECT connector, account, touched FROM connected_account
    WHERE connector = %(connector)s AND due_at <= %(at)s AND (leased_until IS NULL OR leased_until <= %(at)s)
    ORDER BY urgent DESC, due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE connected_account c SET lease = %(lease)s, leased_until = %(until)s, touched = true
FROM due WHERE c.connector = due.connector AND c.account = due.account
RETURNING c.account, c.version, c.remote, c.state, due.touched, c.attempts
"""
_SETTLE = """
UPDATE connected_account c SET
    lease = NULL, leased_until = NULL,
    remote = CASE WHEN r.what = 'back' THEN c.remote ELSE r.remote END,
    state = CASE WHEN r.what = 'carried' THEN r.state ELSE c.state END,
    touched = NOT (r.what = 'carried' AND r.remote = ''),
    failure = CASE WHEN r.what = 'back' THEN c.failure ELSE r.failure END,
    attempts = CASE r.what WHEN 'carried' THEN 0 WHEN 'refused' THEN c.attempts + 1 ELSE c.attempts END,
    urgent = c.urgent AND NOT (r.what = 'carried' AND c.version = r.version),
    waits_since = CASE WHEN r.what = 'carried' AND c.version = r.version THEN NULL
                       WHEN r.what = 'carried' THEN %(at)s ELSE c.waits_since END,
    delivered_at = CASE WHEN r.what = 'carried' THEN %(at)s ELSE c.delivered_at END,
    due_at = CASE WHEN c.version <> r.version THEN c.due_at
                  WHEN r.what = 'carried' THEN NULL
                  WHEN r.what = 'refused'
                  THEN %(at)s + make_interval(secs => r.pauses[LEAST(c.attempts + 1, array_length(r.pauses, 1))])
                  ELSE c.due_at END
FROM json_to_recordset(%(rows)s::json) AS r(account uuid, version bigint, what text, remote text, state text,
    failure text, pauses double precision[])
WHERE c.connector = %(connector)s AND c.account = r.account AND c.lease = %(lease)s
"""
#: Only of a service that keeps work by school, and only where nothing has changed since.
_DELIVERED = """
UPDATE work_request w SET delivered_at = %(at)s
FROM json_to_recordset(%(rows)s::json) AS r(account uuid, school text, first date, last date),
     connected_account k JOIN connector c ON c.id = k.connector AND c.kind = 'just2easy'
WHERE k.connector = %(connector)s AND k.account = r.account AND k.due_at IS NULL
  AND w.account = r.account AND w.earlier_school = r.school AND w.first_day = r.first AND w.last_day = r.last
  AND w.state = 'granted' AND w.delivered_at IS NULL
"""
_NEXT_DUE = """
SELECT GREATEST(min(GREATEST(a.due_at, a.leased_until)), c.closed_until)
FROM connector c JOIN connected_account a ON a.connector = c.id AND a.due_at IS NOT NULL
WHERE c.id = %s AND c.removed_at IS NULL AND c.paused_at IS NULL GROUP BY c.closed_until
"""
