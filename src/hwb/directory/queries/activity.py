"""What people did at one school, from its chain of the audit log (ux.md B20). What runs and days bring is elsewhere.

People of the school are named as the school knows them; whom it only looked up is another school's and stays unnamed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from hwb.directory.queries.rows import fetch

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Act:
    """One act. `by`: the account that did it, None for somebody without one; `by_name` only of this school's people;
    `role`: the role it was done in. `about` is None for what concerns nobody in particular, `about_name` "" for
    somebody who was never the school's. `what` is the decision's kind or what was read, for acts that have several.
    """

    at: datetime
    action: str
    reason: str
    what: str
    by: UUID | None
    by_name: str
    role: str
    run: UUID | None
    about: UUID | None
    about_kind: str
    about_name: str
    on_lists: bool


def find(
    *, school: str, actions: Sequence[str], by: UUID | None = None, about: UUID | None = None,
    since: date | None = None, until: date | None = None, offset: int = 0, size: int | None = PAGE_SIZE,
) -> tuple[int, tuple[Act, ...]]:  # fmt: skip
    """How many acts of these kinds, and a part of them, the newest first. since and until: days, both included."""
    parameters: dict[str, Any] = {
        "school": school, "actions": list(actions), "by": f"account {by}" if by else "", "about": about, "since": since,
        "until": until, "offset": offset, "size": size,
    }  # fmt: skip
    found = fetch(_ACTS, parameters)
    total = found[0].pop("total") if found else 0
    return total, tuple(Act(**{key: value for key, value in row.items() if key != "total"}) for row in found)


def named(account: UUID, *, school: str) -> str:
    """A person's name as the school's own records have it; empty for somebody who was never on its lists."""
    rows = fetch(_NAMED, {"account": account, "school": school})
    return str(rows[0]["name"]) if rows else ""


def people(*, school: str, actions: Sequence[str]) -> tuple[tuple[UUID, str], ...]:
    """Who did something here, by name; those of this school only."""
    rows = fetch(_PEOPLE, {"school": school, "actions": list(actions)})
    return tuple((row["by"], row["name"]) for row in rows)


_ACTOR = "CASE WHEN l.actor ~ '^account [0-9a-f-]{36}$' THEN substr(l.actor, 9)::uuid END"
_NAME = """concat_ws(' ', coalesce(nullif(x.preferred_forename, ''), x.legal_forename),
          coalesce(nullif(x.preferred_surname, ''), x.legal_surname))"""
_BY_HERE = """EXISTS (SELECT FROM placement p WHERE p.account = x.id AND p.school = %(school)s)
    OR EXISTS (SELECT FROM role_grant g WHERE g.account = x.id AND g.school = %(school)s)"""
_ACTS = f"""
WITH acts AS (
    SELECT l.*, count(*) OVER () AS total FROM audit l
    WHERE l.chain = %(school)s AND l.action = ANY(%(actions)s)
      AND (%(by)s = '' OR l.actor = %(by)s)
      AND (%(about)s::uuid IS NULL OR l.account = %(about)s)
      AND (%(since)s::date IS NULL OR (l.at AT TIME ZONE 'Europe/London')::date >= %(since)s)
      AND (%(until)s::date IS NULL OR (l.at AT TIME ZONE 'Europe/London')::date <= %(until)s)
    ORDER BY l.seq DESC LIMIT %(size)s OFFSET %(offset)s
)
SELECT l.total, l.at, l.action, l.reason_code AS reason,
       coalesce(l.details::jsonb -> 'after' ->> 'kind', l.details::jsonb -> 'after' ->> 'role', '') AS what,
       x.id AS by, CASE WHEN {_BY_HERE} THEN {_NAME} ELSE '' END AS by_name, coalesce(g.role, '') AS role, l.run,
       l.account AS about, coalesce(a.kind, '') AS about_kind,
       coalesce(
           nullif(concat_ws(' ', coalesce(nullif(w.preferred_forename, ''), w.legal_forename),
                            coalesce(nullif(w.preferred_surname, ''), w.legal_surname)), ''),
           nullif(concat_ws(' ', coalesce(nullif(s.preferred_forename, ''), s.legal_forename),
                            coalesce(nullif(s.preferred_surname, ''), s.legal_surname)), ''), '') AS about_name,
       EXISTS (SELECT FROM placement p WHERE p.account = l.account AND p.school = %(school)s) AS on_lists
FROM acts l
LEFT JOIN account x ON x.id = {_ACTOR}
LEFT JOIN LATERAL (
    SELECT g.role FROM role_grant g
    WHERE g.account = x.id AND g.given_at <= l.at AND (g.ended_at IS NULL OR g.ended_at >= l.at)
      AND (g.school = %(school)s OR g.school = '' AND (g.area = '' OR left(%(school)s, 3) = g.area))
    ORDER BY g.school DESC, g.given_at, g.id LIMIT 1
) g ON true
LEFT JOIN account a ON a.id = l.account
LEFT JOIN LATERAL (
    SELECT r.* FROM upn u JOIN learner_record r ON r.upn = u.upn AND r.school = %(school)s
    WHERE u.account = l.account LIMIT 1
) w ON true
LEFT JOIN LATERAL (
    SELECT r.* FROM staff_record r WHERE r.account = l.account AND r.school = %(school)s LIMIT 1
) s ON true
ORDER BY l.seq DESC
"""  # noqa: S608
_PEOPLE = f"""
WITH actors AS (
    SELECT DISTINCT l.actor FROM audit l WHERE l.chain = %(school)s AND l.action = ANY(%(actions)s)
)
SELECT x.id AS by, {_NAME} AS name FROM actors l JOIN account x ON x.id = {_ACTOR}
WHERE {_BY_HERE} ORDER BY name, x.id LIMIT 200
"""  # noqa: S608
_NAMED = f"""
SELECT {_NAME} AS name FROM (
    SELECT r.preferred_forename, r.legal_forename, r.preferred_surname, r.legal_surname
    FROM upn u JOIN learner_record r ON r.upn = u.upn AND r.school = %(school)s WHERE u.account = %(account)s
    UNION ALL
    SELECT r.preferred_forename, r.legal_forename, r.preferred_surname, r.legal_surname
    FROM staff_record r WHERE r.account = %(account)s AND r.school = %(school)s
) x LIMIT 1
"""  # noqa: S608
