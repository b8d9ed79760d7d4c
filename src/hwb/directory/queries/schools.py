"""Schools: Last Run, later attempts, freshness, and the waits that they cause (R37)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from hwb.directory.queries.rows import fetch
from hwb.lifecycle import calendar


@dataclass(frozen=True, slots=True)
class SchoolLimits:
    """Time since the last successful run up to which data is up to date and getting old; the year's first day, and
    those of schools whose own first day of term is another one."""

    fresh: timedelta = timedelta(days=2)
    old: timedelta = timedelta(days=7)
    year_start: tuple[int, int] = (9, 1)
    own_starts: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def year_began(self, school: str, on: date) -> date:
        """The first day of the academic year at this school."""
        month, day = self.own_starts.get(school, self.year_start)
        return calendar.academic_year_start(on, month=month, day=day)


DEFAULT_LIMITS = SchoolLimits()


@dataclass(frozen=True, slots=True)
class SchoolNames:
    school: str
    name_en: str
    name_cy: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery: `at` is when it was finished, or received while it is not. `failure` is its code."""

    run: UUID
    state: str
    at: datetime
    as_at: datetime
    failure: str


@dataclass(frozen=True, slots=True)
class SchoolStatus:
    """`last_run` is the last *successful* run; `last_attempt` a later one that was not, else None (R37)."""

    school: str
    name_en: str
    name_cy: str
    last_run: Attempt | None
    last_attempt: Attempt | None
    freshness: str
    last_years_classes: bool
    held_run: UUID | None
    waits_caused: int
    waiting: int
    missing: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def names(schools: Sequence[str]) -> list[SchoolNames]:
    """The names of these schools, in the order of their numbers."""
    rows = fetch(
        "SELECT dfes AS school, name_en, name_cy FROM establishment WHERE dfes = ANY(%(schools)s) ORDER BY dfes",
        {"schools": list(schools)},
    )
    return [SchoolNames(**row) for row in rows]


def statuses(
    *,
    on: date,
    now: datetime,
    schools: Sequence[str] | None = None,
    limits: SchoolLimits = DEFAULT_LIMITS,
) -> list[SchoolStatus]:
    """These schools, or all that are open, in the order of their numbers."""
    rows = fetch(_STATUSES, {"schools": None if schools is None else list(schools), "on": on})
    return [_status(row, on=on, now=now, limits=limits) for row in rows]


def _status(row: dict[str, Any], *, on: date, now: datetime, limits: SchoolLimits) -> SchoolStatus:
    last, attempt = _attempt(row, "last"), _attempt(row, "tried")
    freshness = "never run"
    if last is not None:
        age = now - last.at
        freshness = "up to date" if age <= limits.fresh else "getting old" if age <= limits.old else "overdue"
    return SchoolStatus(
        row["school"], row["name_en"], row["name_cy"], last, attempt, freshness,
        last is not None and calendar.london_date(last.as_at) < limits.year_began(row["school"], on),
        row["held_run"], row["waits_caused"], row["waiting"], row["missing"],
    )  # fmt: skip


def _attempt(row: dict[str, Any], prefix: str) -> Attempt | None:
    if row[f"{prefix}_run"] is None:
        return None
    return Attempt(*(row[f"{prefix}_{name}"] for name in ("run", "state", "at", "as_at", "failure")))


_STATUSES = """
SELECT e.dfes AS school, e.name_en, e.name_cy,
       l.id AS last_run, l.state AS last_state, l.finished_at AS last_at, l.as_at AS last_as_at,
       coalesce(l.failure, '') AS last_failure,
       t.id AS tried_run, t.state AS tried_state, coalesce(t.finished_at, t.received_at) AS tried_at,
       t.as_at AS tried_as_at, coalesce(t.failure, '') AS tried_failure,
       (SELECT h.id FROM run h WHERE h.school = e.dfes AND h.state = 'held') AS held_run,
       (SELECT count(*) FROM placement p JOIN upn u ON u.account = p.account
        JOIN wait w ON w.upn = u.upn AND w.school <> e.dfes
        WHERE p.school = e.dfes AND p.role = 'holding' AND p.ended IS NULL) AS waits_caused,
       (SELECT count(*) FROM wait w WHERE w.school = e.dfes) AS waiting,
       (SELECT count(*) FROM learner_record r JOIN upn u ON u.upn = r.upn
        JOIN placement p ON p.account = u.account AND p.school = e.dfes AND p.role = 'holding' AND p.ended IS NULL
        WHERE r.school = e.dfes AND r.missing_since IS NOT NULL AND r.leaving_date IS NULL)
       + (SELECT count(*) FROM staff_record r
          JOIN placement p ON p.account = r.account AND p.school = e.dfes AND p.role = 'post' AND p.ended IS NULL
          WHERE r.school = e.dfes AND r.missing_since IS NOT NULL AND r.leaving_date IS NULL) AS missing
FROM establishment e
LEFT JOIN LATERAL (
    SELECT * FROM run r WHERE r.school = e.dfes AND r.state IN ('applied', 'no change')
    ORDER BY r.accepted_no DESC LIMIT 1
) l ON true
LEFT JOIN LATERAL (
    SELECT * FROM run r WHERE r.school = e.dfes AND NOT r.preview
      AND r.state NOT IN ('applied', 'no change', 'previewed')
      -- not "later than": while a calendar is rehearsed, everything may happen at one moment
      AND (l.id IS NULL OR r.received_at >= l.received_at)
    ORDER BY r.received_at DESC LIMIT 1
) t ON true
WHERE CASE WHEN %(schools)s::text[] IS NULL THEN e.closed IS NULL OR e.closed >= %(on)s
           ELSE e.dfes = ANY(%(schools)s) END
ORDER BY e.dfes
"""
