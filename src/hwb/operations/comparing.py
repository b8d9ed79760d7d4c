"""The nightly comparison: what a service has otherwise than it must is carried over again."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection

from hwb.directory import connected_accounts
from hwb.directory.queries import service_accounts
from hwb.lifecycle.service_accounts import ServiceAccount, key_of, school_of, wanted
from hwb.operations import connectors
from hwb.operations.transactions import in_transaction

AT_ONCE = 500
#: Asked with the service's id of an object, what it must be, the ids of groups that it must be in, and of all of ours.
Differs = Callable[[str, ServiceAccount | None, frozenset[str], frozenset[str]], bool]


def mend(
    *, connector: UUID, remotes: Collection[str], differs: Differs, lost: Collection[str], links: Mapping[str, str],
    at: datetime,
) -> int:  # fmt: skip
    """Marks accounts that drifted; returns how many. Those that wait anyhow are left: their turn comes.

    remotes: objects of which something has been seen. lost: groups that are gone, and made anew for
    whoever must be in them.
    """
    in_transaction(lambda: _forget_groups(connector, lost))
    drifted = connectors.mark_all()
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, remote FROM connected_group WHERE connector = %s", [connector])
        groups = dict(cursor.fetchall())
    found = sorted(remotes)
    for start in range(0, len(found), AT_ONCE):
        drifted += _mend(connector, found[start : start + AT_ONCE], groups, differs)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE connector SET delta = delta || %s::jsonb, compared_at = %s, drifted = %s WHERE id = %s",
            [json.dumps(dict(links)), at, drifted, connector],
        )
    return drifted


def _mend(connector: UUID, remotes: list[str], groups: Mapping[str, str], differs: Differs) -> int:
    ours = frozenset(groups.values())

    def work() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT account::text, remote FROM connected_account WHERE connector = %s AND remote = ANY(%s)"
                " AND due_at IS NULL",
                [connector, remotes],
            )
            accounts = dict(cursor.fetchall())
            wishes = {account: wanted(known) for account, known in service_accounts.facts_of(list(accounts)).items()}
            drifted = [
                account
                for account, wish in wishes.items()
                if differs(accounts[account], wish, _ids(wish, groups), ours)
            ]
            return connected_accounts.mark(cursor, accounts=drifted, connector=connector)

    return in_transaction(work)


def _ids(wish: ServiceAccount | None, groups: Mapping[str, str]) -> frozenset[str]:
    return frozenset(groups.get(key_of(group), "") for group in (wish.groups if wish else ()))


def _forget_groups(connector: UUID, lost: Collection[str]) -> None:
    """Groups that somebody has deleted: whoever must be in them waits, and finds them made anew."""
    if not lost:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM connected_group WHERE connector = %s AND remote = ANY(%s) RETURNING key",
            [connector, list(lost)],
        )
        schools = {school_of(key) for (key,) in cursor.fetchall()}
        cursor.execute(
            "SELECT DISTINCT account FROM placement WHERE ended IS NULL AND school = ANY(%s)", [list(schools)]
        )
        connected_accounts.mark(cursor, accounts=[row[0] for row in cursor.fetchall()], connector=connector)
