"""Who is signed in, with the roles that stand today, and whom a school may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from hwb.directory.queries.rows import fetch


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role with what it covers; `classes` are a teacher's."""

    role: str
    school: str
    area: str
    classes: tuple[str, ...]
    name_en: str
    name_cy: str


@dataclass(frozen=True, slots=True)
class PersonRow:
    """An account as its session sees it. sessions_from: sessions that began earlier have ended."""

    account: UUID
    kind: str
    active: bool
    name: str
    username: str
    email: str
    sessions_from: datetime | None
    roles: tuple[RoleRow, ...]


@dataclass(frozen=True, slots=True)
class SchoolName:
    """A school's two names; either may be empty."""

    dfes: str
    name_en: str
    name_cy: str


@dataclass(frozen=True, slots=True)
class GrantRow:
    """Somebody's role as lists show it. state: given, or proposed by a headteacher's post in the school's data.
    outsider: an account that no school's data has.
    """

    account: UUID
    username: str
    name: str
    role: str
    school: str
    area: str
    given_by: str
    given_at: datetime | None
    until: date | None
    last_sign_in: datetime | None
    second_step: bool
    outsider: bool
    state: str

    def to_json(self) -> dict[str, Any]:
        """For `hwb roles list`: without the name, which the username leads to."""
        return {
            "account": str(self.account), "username": self.username, "role": self.role, "school": self.school or None,
            "area": self.area or None, "given_by": self.given_by,
            "given_at": self.given_at and self.given_at.isoformat(), "until": self.until and self.until.isoformat(),
            "state": self.state,
        }  # fmt: skip


def granted(*, today: date, school: str | None = None) -> list[GrantRow]:
    """Every role that stands, of one school or all, and the heads whom staff records propose (interfaces.md)."""
    return [GrantRow(**row) for row in fetch(_GRANTED, {"today": today, "school": school})]


def find(account: UUID, *, today: date) -> PersonRow | None:
    """The account with its roles, in one statement; None for an id that leads nowhere."""
    rows = fetch(_PERSON, {"account": account, "today": today})
    if not rows:
        return None
    row = rows[0]
    found = [_role(role) for role in (row.pop("granted") or [])]
    found += [_role({**role, "role": "teacher"}) for role in (row.pop("taught") or [])]
    return PersonRow(**row, roles=tuple(found))


def belongs(account: UUID, *, school: str, classes: frozenset[str] | None) -> bool:
    """Whether the school has or had this person. With classes: whether it is a learner there now, in one of them.

    Enough to see what the school knows of them; operations that act on an account ask whether the school has it now.
    """
    parameters: dict[str, Any] = {"account": account, "school": school, "classes": sorted(classes or ())}
    return bool(fetch(_BELONGS if classes is None else _IN_CLASSES, parameters))


def is_run_of(run: UUID, *, school: str) -> bool:
    """Whether a run is this school's."""
    return bool(fetch("SELECT 1 FROM run WHERE id = %(run)s AND school = %(school)s", {"run": run, "school": school}))


def school_name(dfes: str) -> SchoolName | None:
    """A registered school's names; None for a number that is not in the register."""
    rows = fetch("SELECT dfes::text, name_en, name_cy FROM establishment WHERE dfes = %(dfes)s", {"dfes": dfes})
    return SchoolName(**rows[0]) if rows else None


def _role(row: dict[str, Any]) -> RoleRow:
    return RoleRow(
        row["role"], row.get("school") or "", row.get("area") or "", tuple(row.get("classes") or ()),
        row.get("name_en") or "", row.get("name_cy") or "",
    )  # fmt: skip


# A school role of a member of staff ends with the post there: nobody keeps a former school's keys by moving on.
_PERSON = """
SELECT a.id AS account, a.kind, a.active, a.username, a.email, a.sessions_from,
       concat_ws(' ', coalesce(nullif(a.preferred_forename, ''), a.legal_forename),
                      coalesce(nullif(a.preferred_surname, ''), a.legal_surname)) AS name,
       (SELECT jsonb_agg(jsonb_build_object('role', g.role, 'school', g.school, 'area', g.area,
                         'name_en', coalesce(e.name_en, l.name_en), 'name_cy', coalesce(e.name_cy, l.name_cy))
                         ORDER BY g.given_at, g.id)
        FROM role_grant g
        LEFT JOIN establishment e ON e.dfes = nullif(g.school, '')
        LEFT JOIN authority l ON l.code = nullif(g.area, '')
        WHERE g.account = a.id AND g.ended_at IS NULL AND (g.until IS NULL OR g.until >= %(today)s)
          AND (g.school = '' OR a.kind <> 'staff' OR EXISTS (SELECT FROM placement p WHERE p.account = a.id
               AND p.school = g.school AND p.role = 'post' AND p.ended IS NULL))) AS granted,
       (SELECT jsonb_agg(jsonb_build_object('school', s.school, 'classes', s.classes, 'name_en', e.name_en,
                         'name_cy', e.name_cy) ORDER BY s.school)
        FROM staff_record s
        JOIN placement p ON p.account = s.account AND p.school = s.school AND p.role = 'post' AND p.ended IS NULL
        LEFT JOIN establishment e ON e.dfes = s.school
        WHERE s.account = a.id AND s.classes <> '{}') AS taught
FROM account a WHERE a.id = %(account)s
"""
_GRANTED = """
SELECT a.id AS account, a.username,
       concat_ws(' ', coalesce(nullif(a.preferred_forename, ''), a.legal_forename),
                      coalesce(nullif(a.preferred_surname, ''), a.legal_surname)) AS name,
       g.role, g.school::text, g.area::text, g.given_by, g.given_at, g.until, a.last_sign_in,
       EXISTS (SELECT FROM second_factor f WHERE f.account = a.id) AS second_step, a.kind = 'official' AS outsider,
       'given' AS state
FROM role_grant g JOIN account a ON a.id = g.account
WHERE g.ended_at IS NULL AND (g.until IS NULL OR g.until >= %(today)s)
  AND (%(school)s::text IS NULL OR g.school = %(school)s)
UNION ALL
SELECT a.id, a.username,
       concat_ws(' ', coalesce(nullif(a.preferred_forename, ''), a.legal_forename),
                      coalesce(nullif(a.preferred_surname, ''), a.legal_surname)),
       'head', s.school::text, '', '', NULL, NULL, a.last_sign_in,
       EXISTS (SELECT FROM second_factor f WHERE f.account = a.id), false, 'proposed'
FROM staff_record s
JOIN account a ON a.id = s.account
JOIN placement p ON p.account = a.id AND p.school = s.school AND p.role = 'post' AND p.ended IS NULL
WHERE lower(s.role) ~ '^(acting )?(head ?teacher|pennaeth|pennaeth dros dro|head)$|^acting$'
  AND (%(school)s::text IS NULL OR s.school = %(school)s)
  AND NOT EXISTS (SELECT FROM role_grant g WHERE g.account = a.id AND g.school = s.school AND g.role = 'head'
                  AND g.ended_at IS NULL)
ORDER BY school, area, role, username
"""
_BELONGS = "SELECT 1 FROM placement WHERE account = %(account)s AND school = %(school)s LIMIT 1"
_IN_CLASSES = """
SELECT 1 FROM placement p
JOIN upn u ON u.account = p.account
JOIN learner_record r ON r.upn = u.upn AND r.school = p.school
WHERE p.account = %(account)s AND p.school = %(school)s AND p.role IN ('holding', 'guest') AND p.ended IS NULL
  AND (r.registration_group = ANY(%(classes)s) OR r.classes && %(classes)s)
LIMIT 1
"""
