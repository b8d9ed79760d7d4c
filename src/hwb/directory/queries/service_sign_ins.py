"""A sign-in to a service with everything that the service may be told, and the schools one can be there for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from hwb.directory.queries.rows import fetch
from hwb.directory.queries.services import HAS_SCHOOLS


@dataclass(frozen=True, slots=True)
class SchoolChoice:
    """A school through which somebody has a service; no number: the person has no school, the service is for all."""

    school: str
    name_en: str
    name_cy: str


@dataclass(frozen=True, slots=True)
class SignInRow:
    """One sign-in. stands: it has not ended, the account is active, the service stands and the school still has it.

    ends_at: of a child, when the Hwb session that it came from is over at the latest.
    roles: of those that interfaces.md names, at the chosen school.
    """

    sign_in: UUID
    account: UUID
    service: UUID
    client_id: str
    sector: str
    key: str
    school: str
    school_en: str
    school_cy: str
    signed_in_at: datetime
    ways: tuple[str, ...]
    created_at: datetime
    ends_at: datetime | None
    stands: bool
    kind: str
    given_name: str
    family_name: str
    username: str
    email: str
    birth_date: date | None
    roles: tuple[str, ...]


def choices(account: UUID, *, service: UUID) -> list[SchoolChoice]:
    """The schools through which the account may use the service, by number; empty when it may not."""
    return [SchoolChoice(**row) for row in fetch(_CHOICES, {"account": account, "service": service})]


def find(sign_in: UUID, *, today: date) -> SignInRow | None:
    """The sign-in; None for an id that leads nowhere."""
    rows = fetch(_SIGN_IN, {"sign_in": sign_in, "today": today})
    if not rows:
        return None
    row = rows[0]
    chosen = {choice.school for choice in choices(row["account"], service=row["service"])}
    stands = row.pop("stands") and row["school"] in chosen
    return SignInRow(**{**row, "ways": tuple(row["ways"]), "roles": tuple(filter(None, row["roles"]))}, stands=stands)


_CHOICES = f"""
WITH school AS ({HAS_SCHOOLS})
SELECT c.school::text, coalesce(e.name_en, '') AS name_en, coalesce(e.name_cy, '') AS name_cy
FROM (SELECT DISTINCT school FROM school) c
LEFT JOIN establishment e ON e.dfes = c.school
JOIN service s ON s.id = %(service)s AND s.revoked_at IS NULL
JOIN account a ON a.id = %(account)s AND a.active
WHERE s.all_schools OR EXISTS (SELECT FROM service_school x WHERE x.service = s.id AND x.school = c.school)
UNION ALL
SELECT '', '', '' FROM service s JOIN account a ON a.id = %(account)s AND a.active
WHERE s.id = %(service)s AND s.revoked_at IS NULL AND s.all_schools AND NOT EXISTS (SELECT FROM school)
ORDER BY 1
"""  # noqa: S608 - a fixed part
_SIGN_IN = """
SELECT i.id AS sign_in, i.account, i.service, v.client_id, v.sector, v.key, i.school,
       coalesce(e.name_en, '') AS school_en, coalesce(e.name_cy, '') AS school_cy, i.signed_in_at, i.ways, i.created_at,
       i.ends_at,
       i.ended_at IS NULL AND (i.ends_at IS NULL OR i.ends_at > clock_timestamp()) AND a.active
       AND v.revoked_at IS NULL AS stands, a.kind,
       coalesce(nullif(a.preferred_forename, ''), a.legal_forename) AS given_name,
       coalesce(nullif(a.preferred_surname, ''), a.legal_surname) AS family_name,
       a.username, a.email, a.birth_date,
       ARRAY[CASE WHEN a.kind = 'learner' THEN 'learner' WHEN a.kind = 'staff' THEN 'staff' END,
             CASE WHEN EXISTS (SELECT FROM staff_record r
                    JOIN placement p ON p.account = r.account AND p.school = r.school AND p.role = 'post'
                                    AND p.ended IS NULL
                    WHERE r.account = a.id AND r.school = i.school AND r.classes <> '{}') THEN 'teacher' END]
       || ARRAY(SELECT CASE g.role WHEN 'head' THEN 'headteacher' ELSE 'digital_champion' END FROM role_grant g
                WHERE g.account = a.id AND g.school = i.school AND i.school <> '' AND g.role IN ('head', 'champion')
                  AND g.ended_at IS NULL AND (g.until IS NULL OR g.until >= %(today)s)
                  AND (a.kind <> 'staff' OR EXISTS (SELECT FROM placement p WHERE p.account = a.id
                       AND p.school = g.school AND p.role = 'post' AND p.ended IS NULL))
                ORDER BY g.role DESC) AS roles
FROM service_sign_in i
JOIN service v ON v.id = i.service
JOIN account a ON a.id = i.account
LEFT JOIN establishment e ON e.dfes = i.school
WHERE i.id = %(sign_in)s
"""
