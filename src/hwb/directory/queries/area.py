"""Schools of an area by last run, and their clients (ux.md C1 to C4): figures and codes, nobody's name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from hwb.directory.queries import schools as statuses
from hwb.directory.queries.area_clients import SILENT_AFTER
from hwb.directory.queries.provisioning import ToldFailure
from hwb.directory.queries.rows import fetch
from hwb.directory.queries.schools import SchoolLimits, SchoolStatus
from hwb.lifecycle import calendar

#: How long ago the Last Run was, the newest first (P2).
AGES = ("today", "yesterday", "week", "month", "older", "never")


@dataclass(frozen=True, slots=True)
class AreaSchool:
    """One school. refused: records of the last successful run. told: the newest failed attempt that never reached
    the server and is later than everything that did. result: how the newest attempt ended, as pages name it.
    """

    status: SchoolStatus
    phase: str
    mis: str
    refused: int
    version: str
    last_contact: datetime | None
    told: ToldFailure | None

    @property
    def result(self) -> str:
        if self.told is not None:
            return "failed"
        if self.status.held_run is not None:
            return "held"
        if self.status.last_attempt is not None and self.status.last_attempt.state in ("failed", "refused", "received"):
            return "received" if self.status.last_attempt.state == "received" else "failed"
        if self.status.last_run is None:
            return "none"
        return "refusals" if self.refused else "completed"

    def reason(self, at: datetime) -> str:
        """Why its data is not up to date: a failure's code, or held, received, no client, silent, idle; "" for a school
        that is up to date and whose newest attempt worked. at: the real moment, by which clients are heard from."""
        if self.told is not None:
            return self.told.code
        if self.status.held_run is not None:
            return "held"
        attempt = self.status.last_attempt
        if attempt is not None and attempt.state in ("failed", "refused", "received"):
            return attempt.failure or attempt.state
        if self.status.freshness == "up to date":
            return ""
        if self.last_contact is None:
            return "no client"
        return "silent" if at - self.last_contact > SILENT_AFTER else "idle"

    def age(self, today: date) -> str:
        """Which of `AGES` its Last Run is of."""
        if self.status.last_run is None:
            return "never"
        days = (today - calendar.london_date(self.status.last_run.at)).days
        if days <= 1:
            return "today" if days <= 0 else "yesterday"
        return "week" if days <= 7 else "month" if days <= 30 else "older"


def schools(
    *, schools: Collection[str], areas: Collection[str], on: date, now: datetime, limits: SchoolLimits,
    everywhere: bool = False,
) -> list[AreaSchool]:  # fmt: skip
    """Every open school of these numbers or areas, or of the nation: those that block others first, then the oldest
    Last Run first."""
    reach = {"schools": list(schools), "areas": list(areas), "everywhere": everywhere}
    facts = {row["school"]: row for row in fetch(_FACTS, {**reach, "on": on})}
    if not facts:
        return []
    found = [
        _school(status, facts[status.school])
        for status in statuses.statuses(on=on, now=now, schools=list(facts), limits=limits)
    ]
    return sorted(found, key=_urgency)


def covers(school: str, *, schools: Collection[str], areas: Collection[str]) -> bool:
    """Whether these numbers and areas reach a school."""
    return school in schools or school[:3] in areas


def _urgency(row: AreaSchool) -> tuple[bool, bool, float, str]:
    last = row.status.last_run
    return (row.status.waits_caused == 0, last is not None, last.at.timestamp() if last else 0.0, row.status.school)


def _school(status: SchoolStatus, facts: dict[str, Any]) -> AreaSchool:
    known = [attempt.at for attempt in (status.last_run, status.last_attempt) if attempt is not None]
    told = [ToldFailure(moment_of(each["at"]), each["code"]) for each in facts["told"] or ()]
    later = [each for each in told if not known or each.at > max(known)]
    return AreaSchool(
        status, facts["phase"], facts["mis"], facts["refused"], facts["version"], facts["last_contact"],
        max(later, key=lambda each: each.at, default=None),
    )  # fmt: skip


def moment_of(text: str) -> datetime:
    """A moment as a client wrote it."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.astimezone()


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """A refused field: kind is learner or staff; record is the MIS's own word for it, which may be anything."""

    kind: str
    record: str
    field: str
    code: str


def refused_records(school: str, *, most: int) -> Sequence[RefusedRecord]:
    """What the last successful run refused, in the order of the file."""
    return [RefusedRecord(**row) for row in fetch(_REFUSED, {"school": school, "most": most})]


_REACH = "(e.dfes = ANY(%(schools)s) OR left(e.dfes, 3) = ANY(%(areas)s))"
_FACTS = f"""
SELECT e.dfes::text AS school, e.phase, coalesce(nullif(l.mis, ''), e.mis) AS mis, coalesce(l.refused, 0) AS refused,
       coalesce(c.version, '') AS version, c.last_contact, c.told
FROM establishment e
LEFT JOIN LATERAL (
    SELECT r.mis, coalesce((r.result -> 'counts' -> 'learner' ->> 'refused')::int, 0)
                + coalesce((r.result -> 'counts' -> 'staff' ->> 'refused')::int, 0) AS refused
    FROM run r WHERE r.school = e.dfes AND r.state IN ('applied', 'no change') ORDER BY r.accepted_no DESC LIMIT 1
) l ON true
LEFT JOIN LATERAL (
    SELECT c.version, c.last_contact,
           (SELECT told -> 'failed_attempts' FROM jsonb_array_elements(c.report -> 'schools') told
            WHERE told ->> 'school' = e.dfes LIMIT 1) AS told
    FROM client_school s JOIN client c ON c.id = s.client
    WHERE s.school = e.dfes AND c.revoked_at IS NULL AND c.enrolled_at IS NOT NULL
    ORDER BY c.last_contact DESC NULLS LAST LIMIT 1
) c ON true
WHERE (%(everywhere)s OR {_REACH}) AND (e.closed IS NULL OR e.closed >= %(on)s)
"""  # noqa: S608
_REFUSED = """
SELECT problem ->> 'kind' AS kind, problem ->> 'record' AS record, problem ->> 'field' AS field,
       problem ->> 'code' AS code
FROM (SELECT result FROM run r WHERE r.school = %(school)s AND r.state IN ('applied', 'no change')
      ORDER BY r.accepted_no DESC LIMIT 1) last,
     jsonb_array_elements(last.result -> 'problems') WITH ORDINALITY AS p (problem, place)
ORDER BY place LIMIT %(most)s
"""
