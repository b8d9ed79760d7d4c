"""The nightly comparison: what a service has otherwise than it must is carried over again."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection

from hwb.directory import connected_accounts
from hwb.directory.queries import service_accounts
from hwb.directory.queries.connectors import reach_of
from hwb.lifecycle.service_accounts import MAYBE, ServiceAccount, key_of, school_of, wanted
from hwb.operations import connectors
from hwb.operations.transactions import in_transaction

#: Asked with the service's id of an object, what it must be, the ids of groups that it must be in, and of all of ours.
Differs = Callable[[str, ServiceAccount | None, frozenset[str], frozenset[str]], bool]


def mend(
    *, connector: UUID, remotes: Collection[str], groups: Collection[str], differs: Differs,
    between: tuple[str, str | None] | None = None,
) -> int:  # fmt: skip
    """Marks accounts that drifted; returns how many. Those that wait anyhow are left: their turn comes.

    remotes, groups: the service's ids of objects and of groups of which something has been seen; between: all
    objects from after one id to another were, where the service lists them so.
    """

    def work() -> int:
        with connection.cursor() as cursor:
            after, upto = between or (None, None)
            cursor.execute(
                _ACCOUNTS, {"connector": connector, "remotes": sorted(remotes), "after": after, "upto": upto}
            )
            accounts = dict(cursor.fetchall())
            found, reach = service_accounts.facts_of(list(accounts)), reach_of(connector)
            wishes = {account: wanted(known, reach) for account, known in found.items()}
            keys = {key_of(group) for wish in wishes.values() if wish for group in wish.groups}
            cursor.execute(_GROUPS, [connector, sorted(keys), sorted(groups)])
            ids = dict(cursor.fetchall())
            ours = frozenset(ids.values())
            drifted = [
                account for account, wish in wishes.items() if differs(accounts[account], wish, _ids(wish, ids), ours)
            ]
            return connected_accounts.mark(cursor, accounts=drifted, connector=connector)

    return in_transaction(work) if remotes or between else 0


def mark_lost(*, connector: UUID, seen: Collection[str]) -> int:
    """Marks accounts whose object is not among all that the service has; returns how many."""

    def work() -> int:
        with connection.cursor() as cursor:
            cursor.execute(_LOST, [connector, sorted(seen)])
            return connected_accounts.mark(cursor, accounts=[row[0] for row in cursor.fetchall()], connector=connector)

    return in_transaction(work)


def regroup(*, connector: UUID, remote: str, members: Collection[str]) -> int:
    """Takes down who is in a group of ours at the service, and marks who is in it wrongly, or not; returns how many.

    Whom the service does not tell of may be in it all the same: services leave members out of lists.
    """

    def work() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                _REGROUP, {"connector": connector, "remote": remote, "members": sorted(members), "maybe": MAYBE}
            )
            return connected_accounts.mark(cursor, accounts=[row[0] for row in cursor.fetchall()], connector=connector)

    return in_transaction(work)


def known_groups(*, connector: UUID) -> frozenset[str]:
    """The service's ids of the groups that we keep there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT remote FROM connected_group WHERE connector = %s", [connector])
        return frozenset(row[0] for row in cursor.fetchall())


def remake(*, connector: UUID, lost: Collection[str]) -> int:
    """Groups that somebody has deleted are forgotten: whoever must be in them waits, and finds them made anew."""
    return in_transaction(lambda: _forget_groups(connector, lost)) if lost else 0


def finish(*, connector: UUID, drifted: int, links: Mapping[str, str], at: datetime) -> int:
    """Everybody whom the connector does not know yet waits too; keeps where the next comparison goes on.

    Returns how many accounts drifted in all.
    """
    drifted += connectors.mark_all()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE connector SET delta = %s::jsonb, compared_at = %s, drifted = %s WHERE id = %s",
            [json.dumps(dict(links)), at, drifted, connector],
        )
    return drifted


def _ids(wish: ServiceAccount | None, ids: Mapping[str, str]) -> frozenset[str]:
    return frozenset(ids.get(key_of(group), "") for group in (wish.groups if wish else ()))


def _forget_groups(connector: UUID, lost: Collection[str]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM connected_group WHERE connector = %s AND remote = ANY(%s) RETURNING key",
            [connector, list(lost)],
        )
        keys = [key for (key,) in cursor.fetchall()]
        cursor.execute(
            "UPDATE connected_account SET groups = ARRAY(SELECT unnest(groups) EXCEPT SELECT unnest(%s::text[]))"
            " WHERE connector = %s AND groups && %s::text[]",
            [keys, connector, keys],
        )
        schools = {school_of(key) for key in keys}
        cursor.execute(
            "SELECT DISTINCT account FROM placement WHERE ended IS NULL AND school = ANY(%s)", [list(schools)]
        )
        return connected_accounts.mark(cursor, accounts=[row[0] for row in cursor.fetchall()], connector=connector)


_ACCOUNTS = """
SELECT account::text, remote FROM connected_account
WHERE connector = %(connector)s AND remote <> '' AND due_at IS NULL AND (
    remote = ANY(%(remotes)s) OR %(after)s::text IS NOT NULL AND remote COLLATE "C" > %(after)s::text COLLATE "C"
    AND (%(upto)s::text IS NULL OR remote COLLATE "C" <= %(upto)s::text COLLATE "C"))
"""
_LOST = """
SELECT account FROM connected_account
WHERE connector = %s AND remote <> '' AND due_at IS NULL AND remote <> ALL(%s::text[])
"""
_REGROUP = """
WITH ours AS (
    SELECT key FROM connected_group WHERE connector = %(connector)s AND remote = %(remote)s LIMIT 1
)
UPDATE connected_account c SET groups = CASE WHEN c.remote = ANY(%(members)s::text[])
    THEN array_append(c.groups, ours.key) ELSE array_replace(c.groups, ours.key, %(maybe)s || ours.key) END
FROM ours
WHERE c.connector = %(connector)s AND c.due_at IS NULL AND c.remote <> ''
  AND (c.remote = ANY(%(members)s::text[]) AND NOT c.groups @> ARRAY[ours.key]
       OR c.groups @> ARRAY[ours.key] AND c.remote <> ALL(%(members)s::text[]))
RETURNING c.account
"""
_GROUPS = "SELECT key, remote FROM connected_group WHERE connector = %s AND (key = ANY(%s) OR remote = ANY(%s))"
