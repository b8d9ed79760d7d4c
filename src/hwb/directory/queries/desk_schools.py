"""A school as Hwb Support sees it (E3), beyond what the pages of runs have: messages, refusals by code, neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hwb.directory.queries.rows import fetch


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call: the addresses and the manager that the register has."""

    registered_email: str
    client_contact: str


@dataclass(frozen=True, slots=True)
class Sent:
    """How many messages of one kind went to the school's people, and the newest."""

    kind: str
    count: int
    newest: datetime


@dataclass(frozen=True, slots=True)
class Reason:
    """How many records of the last successful run were refused for one reason."""

    code: str
    count: int


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A school with which this one exchanges learners: how many came from there and went there since a day."""

    school: str
    name_en: str
    name_cy: str
    came: int
    went: int


def contact(school: str) -> Contact | None:
    """None for a number that is not in the register."""
    rows = fetch("SELECT registered_email, client_contact FROM establishment WHERE dfes = %(s)s", {"s": school})
    return Contact(**rows[0]) if rows else None


def sent(school: str, *, since: datetime) -> tuple[Sent, ...]:
    """Messages about the school that were sent, by kind."""
    return tuple(Sent(**row) for row in fetch(_SENT, {"school": school, "since": since}))


def refused(school: str) -> tuple[Reason, ...]:
    """Refusals of the last successful run by code, most first."""
    return tuple(Reason(**row) for row in fetch(_REFUSED, {"school": school}))


def neighbours(school: str, *, since: datetime, most: int = 10) -> tuple[Neighbour, ...]:
    """Where learners came from and went to; numbers only, and of protected people none."""
    return tuple(Neighbour(**row) for row in fetch(_NEIGHBOURS, {"school": school, "since": since, "most": most}))


_SENT = """
SELECT kind, count(*) AS count, max(sent_at) AS newest FROM message
WHERE school = %(school)s AND sent_at >= %(since)s GROUP BY kind ORDER BY kind
"""
_REFUSED = """
SELECT problem ->> 'code' AS code, count(*) AS count
FROM (SELECT result FROM run r WHERE r.school = %(school)s AND r.state IN ('applied', 'no change')
      ORDER BY r.accepted_no DESC LIMIT 1) last, jsonb_array_elements(last.result -> 'problems') AS p (problem)
GROUP BY 1 ORDER BY 2 DESC, 1
"""
_NEIGHBOURS = """
WITH own AS MATERIALIZED (
    SELECT p.account, p.began, p.ended FROM placement p
    WHERE p.school = %(school)s AND p.role = 'holding' AND (p.ended IS NULL OR p.ended >= %(since)s::date)
      AND NOT EXISTS (SELECT FROM protection x WHERE x.ended_at IS NULL AND (x.account = p.account
                      OR x.upn <> '' AND x.upn IN (SELECT u.upn FROM upn u WHERE u.account = p.account)))
), moved AS (
    SELECT o.school, count(*) FILTER (WHERE o.ended <= own.began AND own.began >= %(since)s::date) AS came,
           count(*) FILTER (WHERE o.began >= own.ended) AS went
    FROM own JOIN placement o ON o.account = own.account AND o.school <> %(school)s AND o.role = 'holding'
    GROUP BY o.school
)
SELECT m.school::text, coalesce(e.name_en, '') AS name_en, coalesce(e.name_cy, '') AS name_cy, m.came, m.went
FROM moved m LEFT JOIN establishment e ON e.dfes = m.school
WHERE m.came + m.went > 0 ORDER BY m.came + m.went DESC, m.school LIMIT %(most)s
"""
