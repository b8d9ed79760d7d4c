"""The outbox of account changes, in the transaction of what changes the accounts: one row an account and connector.

A row says that the service may be behind, not what it must have: that is worked out when it is carried over. So changes
of one account need no order of their own, and a hundred of them wait as one (docs/adr/0008). Without a connector
nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from procrastinate.contrib.django import app

#: Before runs that wait: somebody is to be out of every service within seconds (R40).
PRIORITY = 100
TASK = "hwb.connectors"


def are_followed(cursor: Any) -> bool:
    """Whether there is any connector; a new one waits for transactions that were told there is none."""
    cursor.execute("SELECT EXISTS (SELECT FROM connector WHERE removed_at IS NULL)")
    return bool(cursor.fetchone()[0])


def mark(
    cursor: Any, *, accounts: Iterable[str | UUID], out: Iterable[str | UUID] = (), connector: UUID | None = None
) -> int:
    """Has every connector, or this one, look at these accounts, first at those who are ``out``; returns how many wait.

    The caller's transaction holds it all.
    """
    found = {"accounts": sorted(map(str, accounts)), "out": sorted(map(str, out))}
    if not any(found.values()):
        return 0
    cursor.execute(_MARK, {**found, "connector": connector})
    marked = int(cursor.rowcount)
    if marked:
        wake(urgent=bool(found["out"]))
    return marked


def wake(*, urgent: bool = False) -> None:
    """Has a worker look at what waits, once the caller's transaction stands."""
    app.configure_task(TASK, priority=PRIORITY if urgent else 0).defer(timestamp=0)


#: Whom a connector `c` is for, beside an `account a`: a SCIM service those whom its schools have or had.
CONCERNS = """a.kind IN ('learner', 'staff') AND EXISTS (
    SELECT FROM service s WHERE s.id = c.service AND (s.protocol <> 'scim' OR a.kind = ANY(s.kinds) AND (
        s.all_schools OR EXISTS (SELECT FROM placement p JOIN service_school x ON x.school = p.school
                                 WHERE p.account = a.id AND x.service = s.id))))"""
#: In the order of accounts, so that two transactions that mark the same ones only wait for each other.
_MARK = f"""
INSERT INTO connected_account (connector, account, version, waits_since, due_at, urgent, attempts, failure, remote,
    touched, state)
SELECT c.id, m.account, 1, clock_timestamp(), clock_timestamp(), m.out, 0, '', '', false, ''
FROM connector c CROSS JOIN (
    SELECT account, bool_or(out) AS out FROM (
        SELECT unnest(%(accounts)s::uuid[]) AS account, false AS out
        UNION ALL SELECT unnest(%(out)s::uuid[]), true
    ) every GROUP BY account
) m JOIN account a ON a.id = m.account
WHERE c.removed_at IS NULL AND (%(connector)s::uuid IS NULL OR c.id = %(connector)s::uuid)
  AND {CONCERNS}
ORDER BY c.id, m.account
ON CONFLICT (connector, account) DO UPDATE SET
    version = connected_account.version + 1,
    waits_since = COALESCE(connected_account.waits_since, EXCLUDED.waits_since),
    due_at = EXCLUDED.due_at, urgent = connected_account.urgent OR EXCLUDED.urgent, attempts = 0
"""  # noqa: S608 - text of this file
