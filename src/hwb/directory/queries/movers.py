"""Schools and accounts as they bear on an account move: who leads a school, what is held of an account (R25)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from hwb.directory.queries.rows import fetch
from hwb.lifecycle.consolidation import SchoolSeen
from hwb.lifecycle.consolidation_evidence import AccountSeen


def school(dfes: str) -> SchoolSeen | None:
    """A school of the register with whoever has the headteacher's role there today."""
    rows = fetch(_SCHOOL, {"dfes": dfes})
    if not rows:
        return None
    row = rows[0]
    return SchoolSeen(
        row["dfes"], row["name_en"], row["name_cy"], row["closed"], row["followed_by"], frozenset(row["heads"])
    )


def schools_named(words: str) -> tuple[SchoolSeen, ...]:
    """Schools whose number or name begins so, ten at most, for choosing one's former school (G2)."""
    rows = fetch(_NAMED, {"words": f"%{_escaped(words.strip())}%", "digits": "".join(c for c in words if c.isdigit())})
    found = (school(row["dfes"]) for row in rows)
    return tuple(one for one in found if one is not None)


def account_of(username: str) -> UUID | None:
    """The account to which a username leads, None when it leads to none."""
    name = username.strip().casefold().partition("@")[0]
    rows = fetch("SELECT account FROM name_owner WHERE value = %(name)s AND kind = 'username'", {"name": name})
    return rows[0]["account"] if rows else None


def seen(account: UUID, *, on: date) -> AccountSeen | None:
    """An account as it bears on a case."""
    rows = fetch(_ACCOUNT, {"account": account, "on": on})
    if not rows:
        return None
    row = rows[0]
    words = row.pop("words") or []
    left = tuple((w["school"], date.fromisoformat(w["leaving_date"]) if w["leaving_date"] else None) for w in words)
    return AccountSeen(
        str(row["id"]), row["kind"], row["active"], row["legal_surname"], frozenset(row["names"]),
        frozenset(row["usernames"]), frozenset(row["posts"]), frozenset(row["schools"]), left,
        tuple((w["school"], w["staff_code"]) for w in words), tuple((w["school"], w["employee_number"]) for w in words),
        not row["shared_code"], row["barred"], row["retired_into"] is not None, row["joined"], row["created"],
    )  # fmt: skip


def is_to_be_asked(account: UUID) -> bool:
    """Whether somebody who signs in now is asked if they worked at another school: a new member of staff's account that
    a run made, at the first sign-in or after "later"; never once there is a request."""
    return bool(fetch(_TO_BE_ASKED, {"account": account}))


@dataclass(frozen=True, slots=True)
class PostRow:
    """One of a person's own posts, as the school's records have it."""

    school: str
    name_en: str
    name_cy: str
    staff_code: str
    employee_number: str


def posts_of(account: UUID) -> tuple[PostRow, ...]:
    """Where a member of staff works now, for filling in their request (G3)."""
    return tuple(PostRow(**row) for row in fetch(_POSTS, {"account": account}))


@dataclass(frozen=True, slots=True)
class BesideRow:
    """An account as it stands beside another one (E6)."""

    name: str
    username: str
    email: str
    active: bool
    schools: tuple[str, ...]
    created: date
    last_sign_in: datetime | None
    roles: tuple[str, ...]
    second_step: bool


def beside(account: UUID, *, today: date) -> BesideRow | None:
    """One of the two accounts of a comparison, with the roles that stand today."""
    rows = fetch(_BESIDE, {"account": account, "today": today})
    if not rows:
        return None
    row = rows[0]
    return BesideRow(**{**row, "schools": tuple(row["schools"]), "roles": tuple(row["roles"])})


def leads(account: UUID) -> bool:
    """Whether the account has a Digital Champion's or a headteacher's role somewhere."""
    return bool(fetch(_LEADS, {"account": account}))


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


# A school role of a member of staff ends with the post there, as in queries.roles.
_SCHOOL = """
SELECT e.dfes::text, e.name_en, e.name_cy, e.closed, e.followed_by,
       array(SELECT g.account::text FROM role_grant g JOIN account a ON a.id = g.account AND a.active
             WHERE g.role = 'head' AND g.school = e.dfes AND g.ended_at IS NULL
               AND (a.kind <> 'staff' OR EXISTS (SELECT FROM placement p WHERE p.account = a.id AND p.school = g.school
                    AND p.role = 'post' AND p.ended IS NULL))) AS heads
FROM establishment e WHERE e.dfes = %(dfes)s
"""


_NAMED = """
SELECT dfes::text FROM establishment
WHERE %(digits)s <> '' AND dfes = %(digits)s
   OR length(%(words)s) > 4 AND (name_en ILIKE %(words)s OR name_cy ILIKE %(words)s)
ORDER BY dfes <> %(digits)s, name_en, dfes LIMIT 10
"""


_ACCOUNT = """
SELECT a.id, a.kind, a.active, a.legal_surname, a.retired_into, a.created_at::date AS created,
       ARRAY[concat_ws(' ', a.legal_forename, a.legal_surname),
             concat_ws(' ', coalesce(nullif(a.preferred_forename, ''), a.legal_forename),
                       coalesce(nullif(a.preferred_surname, ''), a.legal_surname))] AS names,
       array(SELECT i.value FROM identifier i WHERE i.account = a.id AND i.kind = 'username' UNION ALL
             SELECT i.value FROM account r JOIN identifier i ON i.account = r.id AND i.kind = 'username'
             WHERE r.retired_into = a.id) AS usernames,
       array(SELECT p.school::text FROM placement p WHERE p.account = a.id AND p.role = 'post' AND p.ended IS NULL)
           AS posts,
       array(SELECT DISTINCT p.school::text FROM placement p WHERE p.account = a.id AND p.role = 'post') AS schools,
       (SELECT jsonb_agg(jsonb_build_object('school', w.school, 'leaving_date', w.leaving_date,
               'staff_code', w.staff_code, 'employee_number', w.employee_number) ORDER BY w.school, w.id)
        FROM staff_record w WHERE w.account = a.id) AS words,
       EXISTS (SELECT FROM staff_record w JOIN staff_record o ON o.school = w.school AND o.staff_code = w.staff_code
               AND o.id <> w.id AND o.missing_since IS NULL
               AND (o.leaving_date IS NULL OR o.leaving_date >= %(on)s)
               WHERE w.account = a.id AND w.staff_code <> '') AS shared_code,
       EXISTS (SELECT FROM decision d WHERE d.account = a.id AND d.ended_at IS NULL
               AND d.kind IN ('suspended', 'safety')) AS barred,
       EXISTS (SELECT FROM account r WHERE r.retired_into = a.id) AS joined
FROM account a WHERE a.id = %(account)s
"""


_TO_BE_ASKED = """
SELECT 1 FROM account a LEFT JOIN move_answer m ON m.account = a.id
WHERE a.id = %(account)s AND a.kind = 'staff' AND a.reason_rule = 'R22'
  AND (m.answer = 'later' OR m.answer IS NULL AND a.last_sign_in IS NULL)
  AND NOT EXISTS (SELECT FROM consolidation c WHERE c.mover = a.id AND c.state <> 'invited')
"""


_BESIDE = """
SELECT concat_ws(' ', coalesce(nullif(a.preferred_forename, ''), a.legal_forename),
                 coalesce(nullif(a.preferred_surname, ''), a.legal_surname)) AS name,
       a.username, a.email, a.active, a.created_at::date AS created, a.last_sign_in,
       array(SELECT DISTINCT p.school::text FROM placement p WHERE p.account = a.id AND p.role = 'post' ORDER BY 1)
           AS schools,
       array(SELECT g.role FROM role_grant g WHERE g.account = a.id AND g.ended_at IS NULL
             AND (g.until IS NULL OR g.until >= %(today)s) ORDER BY g.role) AS roles,
       EXISTS (SELECT FROM second_factor f WHERE f.account = a.id) AS second_step
FROM account a WHERE a.id = %(account)s
"""


_POSTS = """
SELECT DISTINCT ON (p.school) p.school::text, e.name_en, e.name_cy, coalesce(w.staff_code, '') AS staff_code,
       coalesce(w.employee_number, '') AS employee_number
FROM placement p JOIN establishment e ON e.dfes = p.school
LEFT JOIN staff_record w ON w.account = p.account AND w.school = p.school
WHERE p.account = %(account)s AND p.role = 'post' AND p.ended IS NULL
ORDER BY p.school, w.leaving_date DESC NULLS FIRST
"""


_LEADS = """
SELECT 1 FROM role_grant WHERE account = %(account)s AND role IN ('champion', 'head') AND ended_at IS NULL LIMIT 1
"""
