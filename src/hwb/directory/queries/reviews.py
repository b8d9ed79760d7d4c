"""What a person needs to decide about a run: what was shown of it, and what others did with it (ux.md B6)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hwb.directory.queries.rows import fetch


@dataclass(frozen=True, slots=True)
class Review:
    """`digest`: of the plan kept with a held run. `newer` and `newer_at`: the run that took a replaced one's place.
    `withdrawn_at` and `reason` (a code, "" without one) are there when a person withdrew it.
    """

    digest: str
    newer: UUID | None
    newer_at: datetime | None
    withdrawn_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Built:
    """Somebody whom a run let go or brought, and whom another school has now; `action` as in the log."""

    account: UUID
    action: str
    username: str
    surname: str
    forename: str


def review_of(run: UUID, *, school: str) -> Review:
    """One run of a school, of which the caller knows that there is one."""
    row = fetch(_REVIEW, {"run": run, "school": school})[0]
    details = json.loads(row["details"]) if row["details"] else {}
    reason = details.get("after", {}).get("reason", "")
    return Review(row["digest"], row["newer"], row["newer_at"], row["withdrawn_at"], reason)


def built_on(run: UUID, *, school: str) -> tuple[Built, ...]:
    """Learners of a run whom another school holds now: undoing leaves them there. Names are the school's own."""
    return tuple(Built(**row) for row in fetch(_BUILT, {"run": run, "school": school}))


_REVIEW = """
SELECT r.plan_digest AS digest, n.id AS newer, n.received_at AS newer_at, w.at AS withdrawn_at, w.details
FROM run r
LEFT JOIN LATERAL (
    SELECT n.id, n.received_at FROM run n
    WHERE n.school = r.school AND NOT n.preview AND n.received_at > r.received_at
      AND n.state NOT IN ('received', 'failed', 'refused')
    ORDER BY n.received_at LIMIT 1
) n ON r.state = 'replaced'
LEFT JOIN LATERAL (
    SELECT a.at, a.details FROM audit a
    WHERE a.chain = r.school AND a.run = r.id AND a.action = 'withdraw' ORDER BY a.seq DESC LIMIT 1
) w ON r.state = 'withdrawn'
WHERE r.id = %(run)s AND r.school = %(school)s
"""
_BUILT = """
WITH done AS (
    SELECT account, min(action) AS action FROM audit
    WHERE chain = %(school)s AND run = %(run)s AND school = %(school)s AND action IN ('release', 'create', 'claim')
    GROUP BY account
)
SELECT a.id AS account, d.action, a.username,
       coalesce(nullif(w.preferred_surname, ''), w.legal_surname, '') AS surname,
       coalesce(nullif(w.preferred_forename, ''), w.legal_forename, '') AS forename
FROM done d JOIN account a ON a.id = d.account AND a.kind = 'learner'
LEFT JOIN LATERAL (
    SELECT r.* FROM upn u JOIN learner_record r ON r.upn = u.upn AND r.school = %(school)s
    WHERE u.account = a.id ORDER BY (u.upn = a.upn) DESC LIMIT 1
) w ON true
WHERE EXISTS (SELECT FROM placement p WHERE p.account = a.id AND p.role = 'holding' AND p.ended IS NULL
              AND p.school <> %(school)s)
ORDER BY surname, forename, account
"""
