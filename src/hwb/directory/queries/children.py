"""Children with their badges and pictures, as signing in and the class page see them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from hwb.directory.queries.rows import fetch
from hwb.lifecycle.badges import allowed
from hwb.lifecycle.explain_facts import ChildSeen


@dataclass(frozen=True, slots=True)
class Child:
    """A learner whom a school holds. decided: whether the year group signs in with badge and pictures, where the school
    or the nation has said so. badge: the valid one, made at `badge_made`; alone: it is enough.

    pictures: there are three; own_pictures: this school set them, and may see them. until, ended: the longest wait
    after wrong pictures on any device, and whether there is one that only the teacher ends.
    """

    account: UUID
    placement: int
    school: str
    forename: str
    surname: str
    year_group: str
    active: bool
    decided: bool | None
    badge: UUID | None
    badge_made: datetime | None
    badge_last_day: date | None
    pictures: bool
    own_pictures: bool
    alone: bool
    until: datetime | None
    ended: bool

    def is_shut(self, at: datetime) -> bool:
        """Whether wrong pictures make the child wait on some device, by the real clock."""
        return self.ended or (self.until is not None and at < self.until)


@dataclass(frozen=True, slots=True)
class TriesRow:
    """Wrong pictures in a row; device "" counts all devices that are new to the child, `known` is one that is not."""

    device: str
    known: bool
    failures: int
    until: datetime | None
    ended: bool


def of_accounts(accounts: Collection[UUID], *, school: str, on: date) -> dict[UUID, Child]:
    """Those of them whom the school holds."""
    which = "p.account = ANY(%(accounts)s::uuid[]) AND p.school = %(school)s"
    found = _fetch(which, on, accounts=list(accounts), school=school)
    return {child.account: child for child in found}


def of_account(account: UUID, *, on: date) -> Child | None:
    """The child wherever it is held; None for somebody whom no school holds."""
    return next(iter(_fetch("p.account = %(account)s", on, account=account)), None)


def of_badge(digest: str, *, on: date) -> Child | None:
    """Whose badge it is while it is valid; None for an ended or unknown one."""
    return next(iter(_fetch("b.digest = %(digest)s", on, digest=digest)), None)


def tries(account: UUID, *, devices: Collection[str]) -> list[TriesRow]:
    """What is counted of the child on these devices."""
    return [TriesRow(**row) for row in fetch(_TRIES, {"account": account, "devices": list(devices)})]


def _fetch(where: str, on: date, **parameters: Any) -> list[Child]:
    return [Child(**row) for row in fetch(_CHILDREN.format(where=where), {"on": on, **parameters})]


#: Badge and pictures of the learner whose account is `a`, for a statement that explains it.
SEEN = (
    "(SELECT jsonb_build_object('year_group', w.year_group, 'decided', (SELECT s.value = 'yes' FROM setting s"
    " WHERE s.value <> '' AND s.key IN ('badges.' || w.year_group || '.' || p.school, 'badges.' || w.year_group)"
    " ORDER BY length(s.key) DESC LIMIT 1),"
    " 'pictures', EXISTS (SELECT FROM child_pictures c WHERE c.account = a.id),"
    " 'badge_last_day', (SELECT max(b.last_day) FROM badge b WHERE b.placement = p.id AND b.ended_at IS NULL),"
    " 'alone', EXISTS (SELECT FROM badge_only o WHERE o.placement = p.id),"
    " 'password', a.password <> '' OR EXISTS (SELECT FROM first_password f WHERE f.account = a.id),"
    " 'shut_until', (SELECT max(t.until) FROM picture_tries t WHERE t.account = a.id AND t.until > clock_timestamp()),"
    " 'ended', EXISTS (SELECT FROM picture_tries t WHERE t.account = a.id AND t.ended))"
    " FROM placement p JOIN learner_record w ON w.upn = a.upn AND w.school = p.school"
    " WHERE p.account = a.id AND p.role = 'holding' AND p.ended IS NULL) AS child"
)


def seen(row: Mapping[str, Any]) -> ChildSeen | None:
    """Of a row with that column; None for everybody whose year group does not sign in so."""
    found: dict[str, Any] | None = row["child"]
    if found is None or not allowed(found["year_group"], decided=found["decided"]):
        return None
    last_day, until = found["badge_last_day"], found["shut_until"]
    return ChildSeen(
        found["pictures"], date.fromisoformat(last_day) if last_day else None, found["alone"], found["password"],
        datetime.fromisoformat(until) if until else None, found["ended"],
    )  # fmt: skip


# The gap takes conditions of this file only.
_CHILDREN = """
SELECT a.id AS account, p.id AS placement, p.school::text, a.active,
       coalesce(nullif(a.preferred_forename, ''), a.legal_forename) AS forename,
       coalesce(nullif(a.preferred_surname, ''), a.legal_surname) AS surname,
       coalesce(r.year_group, '') AS year_group,
       b.id AS badge, b.made_at AS badge_made, b.last_day AS badge_last_day,
       c.account IS NOT NULL AS pictures, coalesce(c.school = p.school, false) AS own_pictures,
       (SELECT s.value = 'yes' FROM setting s WHERE s.value <> ''
        AND s.key IN ('badges.' || r.year_group || '.' || p.school, 'badges.' || r.year_group)
        ORDER BY length(s.key) DESC LIMIT 1) AS decided,
       o.placement IS NOT NULL AS alone, t.until, coalesce(t.ended, false) AS ended
FROM placement p JOIN account a ON a.id = p.account AND a.kind = 'learner'
LEFT JOIN LATERAL (
    SELECT l.year_group FROM upn u JOIN learner_record l ON l.upn = u.upn AND l.school = p.school
    WHERE u.account = a.id ORDER BY (l.upn = a.upn) DESC LIMIT 1
) r ON true
LEFT JOIN badge b ON b.placement = p.id AND b.ended_at IS NULL AND b.last_day >= %(on)s
LEFT JOIN child_pictures c ON c.account = a.id
LEFT JOIN badge_only o ON o.placement = p.id
LEFT JOIN LATERAL (
    SELECT max(until) AS until, bool_or(ended) AS ended FROM picture_tries WHERE account = a.id
) t ON true
WHERE p.role = 'holding' AND p.ended IS NULL AND {where}
"""
_TRIES = """
SELECT device, known, failures, until, ended FROM picture_tries
WHERE account = %(account)s AND device = ANY(%(devices)s)
"""
