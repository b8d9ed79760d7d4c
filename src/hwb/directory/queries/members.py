"""People of one school by account or group: whom an act is about (B10, B11, R34).

Only those whom the school has now, or had last when nobody has them; who moved on is not among them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hwb.directory.queries.rows import fetch
from hwb.extract.texts import Language


@dataclass(frozen=True, slots=True)
class Member:
    """One person. `has`: the school has the account now; else a `guest` (R7), or it let the account go.

    `beyond`: has a role at another school, an area or the nation. `decisions`: kinds of those that stand and keep the
    account off here, of this school or of support. `class_` is the registration group.
    """

    account: UUID
    kind: str
    forename: str
    surname: str
    username: str
    email: str
    active: bool
    year_group: str
    class_: str
    has: bool
    guest: bool
    beyond: bool
    decisions: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.forename} {self.surname}".strip()


def find(
    *,
    school: str,
    language: Language,
    accounts: Collection[UUID] | None = None,
    year: str = "",
    class_: str = "",
    classes: frozenset[str] | None = None,
) -> tuple[Member, ...]:
    """By name in the language's order: these accounts, or the learners on roll in a year group, a class or all.

    classes: a teacher's own; then only learners in one of them.
    """
    parameters: dict[str, Any] = {
        "school": school, "ids": None if accounts is None else list(accounts), "year": year, "class": class_,
        "classes": None if classes is None else sorted(classes),
    }  # fmt: skip
    found = fetch(_MEMBERS.format(language=language), parameters)
    return tuple(Member(**{**row, "decisions": tuple(row["decisions"])}) for row in found)


def one(*, account: UUID, school: str, language: Language) -> Member | None:
    """One person, None when the school does not have them any more and another one does."""
    return next(iter(find(school=school, language=language, accounts=[account])), None)


_MEMBERS = """
SELECT a.id AS account, a.kind, coalesce(nullif(a.preferred_forename, ''), a.legal_forename) AS forename,
       coalesce(nullif(a.preferred_surname, ''), a.legal_surname) AS surname, a.username, a.email, a.active,
       coalesce(w.year_group, '') AS year_group, coalesce(w.registration_group, '') AS class_, m.has, m.guest,
       EXISTS (SELECT FROM role_grant g WHERE g.account = a.id AND g.ended_at IS NULL AND g.school <> %(school)s)
           AS beyond,
       array(SELECT DISTINCT d.kind FROM decision d WHERE d.account = a.id AND d.ended_at IS NULL
             AND (d.school = %(school)s OR d.kind IN ('safety', 'suspended'))) AS decisions
FROM (
    SELECT p.account, coalesce(bool_or(p.ended IS NULL AND p.role <> 'guest'), false) AS has,
           coalesce(bool_or(p.ended IS NULL AND p.role = 'guest'), false) AS guest, max(p.ended) AS ended
    FROM placement p
    WHERE p.school = %(school)s AND (%(ids)s::uuid[] IS NULL OR p.account = ANY(%(ids)s))
      AND (%(ids)s::uuid[] IS NOT NULL OR p.ended IS NULL AND p.role = 'holding')
    GROUP BY p.account
) m
JOIN account a ON a.id = m.account
LEFT JOIN LATERAL (
    SELECT r.year_group, r.registration_group, r.classes
    FROM upn u JOIN learner_record r ON r.upn = u.upn AND r.school = %(school)s
    WHERE u.account = a.id ORDER BY (u.upn = a.upn) DESC LIMIT 1
) w ON a.kind = 'learner'
WHERE (m.has OR m.guest OR NOT EXISTS (
        SELECT FROM placement o WHERE o.account = a.id AND o.school <> %(school)s AND o.role <> 'guest'
          AND (o.ended IS NULL OR o.ended >= m.ended)))
  AND (%(year)s = '' OR w.year_group = %(year)s)
  AND (%(class)s = '' OR w.registration_group = %(class)s OR %(class)s = ANY(w.classes))
  AND (%(classes)s::text[] IS NULL OR w.registration_group = ANY(%(classes)s) OR w.classes && %(classes)s)
ORDER BY a.sort_{language}, a.id
"""
