"""Requests for work at an earlier school (R41), as schools, support and the calendar see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from hwb.directory.queries.rows import fetch
from hwb.lifecycle.earlier_work import Learner, Needed, Standing, State, standing


@dataclass(frozen=True, slots=True)
class Named:
    """A school with its names; either may be empty."""

    dfes: str
    name_en: str = ""
    name_cy: str = ""


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One request. name: the learner's, for whoever may see it; waits_since and failure: how the delivery to the
    service stands; followed: whether such a service is connected at all."""

    number: int
    account: UUID
    name: str
    school: Named
    earlier: Named
    needed: Needed
    reason: str
    state: State
    asked_at: datetime
    asked_by: str
    owner: UUID | None
    first_day: date | None
    last_day: date | None
    decided_at: datetime | None
    refusal: str
    delivered_at: datetime | None
    ended_at: datetime | None
    ended_why: str
    waits_since: datetime | None
    failure: str
    followed: bool

    @property
    def reference(self) -> str:
        """As people call it."""
        return f"HW-{self.number}"

    @property
    def has_work(self) -> bool:
        """False where the service says that it keeps none of the learner at the earlier school."""
        return self.delivered_at is not None or self.failure != "no_space"

    @property
    def standing(self) -> Standing:
        """As people see it."""
        return standing(self.state, delivered=self.delivered_at is not None)


@dataclass(frozen=True, slots=True)
class LearnerSeen:
    """A learner with the earlier schools' names."""

    facts: Learner
    earlier: tuple[Named, ...]


def read(number: int) -> WorkRow | None:
    """One request."""
    found = _rows("r.number = %(number)s", number=number)
    return found[0] if found else None


def every(*, is_open: bool) -> list[WorkRow]:
    """All that are open, the oldest first; or the newest hundred that are not."""
    if is_open:
        return _rows("r.state IN ('asked', 'granted')")
    return list(reversed(_rows("r.state NOT IN ('asked', 'granted') AND r.number > (SELECT coalesce(min(n), 0) - 1 FROM"
                               " (SELECT number AS n FROM work_request WHERE state NOT IN ('asked', 'granted')"
                               " ORDER BY number DESC LIMIT 100) newest)")))  # fmt: skip


def of_school(school: str) -> list[WorkRow]:
    """What a school has asked for, the newest first."""
    return list(reversed(_rows("r.school = %(school)s", school=school)))


def of_learner(account: UUID, *, school: str) -> list[WorkRow]:
    """What a school has asked for one learner, the newest first."""
    return list(reversed(_rows("r.school = %(school)s AND r.account = %(account)s", school=school, account=account)))


def learner(account: UUID) -> LearnerSeen | None:
    """What counts of one learner; None for an account that is no learner's."""
    found = fetch(_LEARNER, {"account": account})
    if not found:
        return None
    row = found[0]
    earlier = tuple(Named(**school) for school in row["earlier"])
    facts = Learner(
        row["holder"] or "", row["active"], row["protected"], frozenset(school.dfes for school in earlier)
    )  # fmt: skip
    return LearnerSeen(facts, earlier)


def _rows(condition: str, **values: Any) -> list[WorkRow]:
    return [
        WorkRow(**{
            **row, "school": Named(**row["school"]), "earlier": Named(**row["earlier"]),
            "needed": Needed(row["needed"]), "state": State(row["state"]),
        })
        for row in fetch(_ROWS.format(condition=condition), values)
    ]  # fmt: skip


_ROWS = """
SELECT r.number, r.account, r.needed, r.reason, r.state, r.asked_at, r.asked_by, r.owner, r.first_day, r.last_day,
       r.decided_at, r.refusal, r.delivered_at, r.ended_at, r.ended_why,
       concat_ws(' ', coalesce(nullif(a.preferred_forename, ''), a.legal_forename),
                      coalesce(nullif(a.preferred_surname, ''), a.legal_surname)) AS name,
       jsonb_build_object('dfes', r.school, 'name_en', coalesce(h.name_en, ''), 'name_cy', coalesce(h.name_cy, ''))
           AS school,
       jsonb_build_object('dfes', r.earlier_school, 'name_en', coalesce(e.name_en, ''),
                          'name_cy', coalesce(e.name_cy, '')) AS earlier,
       k.waits_since, coalesce(k.failure, '') AS failure, c.followed
FROM work_request r
JOIN account a ON a.id = r.account
LEFT JOIN establishment h ON h.dfes = r.school
LEFT JOIN establishment e ON e.dfes = r.earlier_school
CROSS JOIN (
    SELECT EXISTS (SELECT FROM connector WHERE kind = 'just2easy' AND removed_at IS NULL) AS followed
) c
LEFT JOIN LATERAL (
    SELECT o.waits_since, o.failure FROM connected_account o JOIN connector n ON n.id = o.connector
    WHERE o.account = r.account AND n.kind = 'just2easy' AND n.removed_at IS NULL AND o.due_at IS NOT NULL
    ORDER BY o.waits_since LIMIT 1
) k ON true
WHERE {condition} ORDER BY r.number
"""
_LEARNER = """
SELECT a.active, h.school AS holder,
       EXISTS (SELECT FROM protection p WHERE p.ended_at IS NULL AND (
           p.account = a.id OR p.upn IN (SELECT upn FROM upn WHERE account = a.id))) AS protected,
       coalesce((
           SELECT jsonb_agg(jsonb_build_object('dfes', s.school, 'name_en', coalesce(e.name_en, ''),
                                               'name_cy', coalesce(e.name_cy, '')) ORDER BY s.ended DESC)
           FROM (
               SELECT p.school, max(p.ended) AS ended FROM placement p
               WHERE p.account = a.id GROUP BY p.school HAVING bool_and(p.ended IS NOT NULL)
           ) s LEFT JOIN establishment e ON e.dfes = s.school
       ), '[]'::jsonb) AS earlier
FROM account a
LEFT JOIN placement h ON h.account = a.id AND h.role = 'holding' AND h.ended IS NULL
WHERE a.id = %(account)s AND a.kind = 'learner'
"""
