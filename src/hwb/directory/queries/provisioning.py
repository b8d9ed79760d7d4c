"""One school's runs as its pages show them (ux.md B2, B3): figures only, nobody's name."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from hwb.directory.queries.rows import fetch
from hwb.lifecycle import calendar
from hwb.lifecycle.plan import COUNTED

#: Less than other lists have: a row is twelve figures, and a page stays small.
PAGE_SIZE = 30
#: What a reader can choose between → the stored states; a successful run with refused records is a state of its own.
RESULTS: dict[str, tuple[str, ...]] = {
    "completed": ("applied", "no change"), "refusals": ("applied with refusals",), "held": ("held",),
    "failed": ("failed", "refused"), "given up": ("withdrawn", "replaced", "undone"), "received": ("received",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run. `state`: as stored, or "applied with refusals". `learners` and `staff`: count → number (I15), all 0
    while there is no result.
    """

    run: UUID
    school: str
    state: str
    preview: bool
    confirmed: bool
    as_at: datetime
    received_at: datetime
    finished_at: datetime | None
    mis: str
    failure: str
    learners: dict[str, int]
    staff: dict[str, int]

    def both(self, count: str) -> int:
        """Learners and staff together."""
        return self.learners[count] + self.staff[count]

    @property
    def at(self) -> datetime:
        """When it was finished, or received while it is not."""
        return self.finished_at or self.received_at


@dataclass(frozen=True, slots=True)
class Moved:
    """Learners from one year group into another, or out: "released", "missing", "refused" (lifecycle.plan)."""

    before: str
    after: str
    count: int


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run with what only its own page shows. `holds`: checks that were exceeded, as stored. `client`: the version
    that the sending client has now. `has_plan`: whether what it would do is still kept.
    """

    line: RunLine
    movement: tuple[Moved, ...]
    notices: tuple[str, ...]
    holds: tuple[dict[str, Any], ...]
    client: str
    has_plan: bool


@dataclass(frozen=True, slots=True)
class ToldFailure:
    """An attempt that failed in the school; the server knows of it from the client's report only."""

    at: datetime
    code: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A wish to run or preview that waits for the client's next check-in."""

    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """Who sends for a school. `enrolled` is False when nobody does; then only contact and MIS are known."""

    enrolled: bool
    version: str
    schedule: str
    last_contact: datetime | None
    expires: datetime | None
    told: tuple[ToldFailure, ...]
    manager: str
    contact: str
    mis: str
    asked: Asked | None


@dataclass(frozen=True, slots=True)
class RunsPage:
    """One page of a school's runs, the newest first; `total` counts what the filters leave."""

    total: int
    rows: tuple[RunLine, ...] = field(default=())


def runs(
    *, school: str, result: str = "", kind: str = "", since: date | None = None, offset: int = 0,
    size: int | None = PAGE_SIZE,
) -> RunsPage:  # fmt: skip
    """Runs and previews. result: a key of `RESULTS`; kind: "run", "preview"; "" is all. An unknown one finds none."""
    states = list(RESULTS.get(result, ("",))) if result else None
    found = fetch(
        _RUNS, {"school": school, "states": states, "kind": kind, "since": since, "offset": offset, "size": size}
    )
    return RunsPage(found[0]["total"] if found else 0, tuple(_line(row) for row in found))


def newest(*, school: str) -> RunLine | None:
    """The last successful run (R37); None before the first."""
    found = fetch(_NEWEST, {"school": school})
    return _line(found[0]) if found else None


def run(run: UUID, *, school: str) -> RunDetail | None:
    """One run of a school; None for another's."""
    found = fetch(_ONE, {"run": run, "school": school})
    if not found:
        return None
    row = found[0]
    return RunDetail(
        _line(row),
        tuple(Moved(item["before"], item["after"], item["count"]) for item in row["movement"] or ()),
        tuple(dict.fromkeys(item["code"] for item in row["notices"] or ())),
        tuple(row["measured"] or ()),
        row["version"] or "",
        row["has_plan"],
    )


def client_of(school: str) -> ClientFacts:
    """The client heard from last among those that may send for the school, and whom to ask."""
    row = (fetch(_CLIENT, {"school": school}) or [_NOBODY])[0]
    report = row["report"] or {}
    told = tuple(ToldFailure(_moment(each["at"]), each["code"]) for each in report.get("failed_attempts", ()))
    return ClientFacts(
        row["enrolled"], row["version"] or "", report.get("schedule", ""), row["last_contact"], row["expires"],
        tuple(sorted(told, key=lambda each: each.at, reverse=True)), row["manager"], row["contact"], row["mis"],
        Asked(row["wish"], row["asked_at"]) if row["wish"] else None,
    )  # fmt: skip


def attempts_after(*, school: str, last: RunLine | None, most: int = 5) -> tuple[RunLine, ...]:
    """Later attempts that were not successful and still matter, the newest first: failed, refused, held, under way."""
    parameters = {"school": school, "after": last and last.received_at, "most": most}
    return tuple(_line(row) for row in fetch(_LATER, parameters))


def days(*, school: str, until: date, number: int = 60) -> tuple[tuple[date, str], ...]:
    """What became of the runs of each day, the best of several: completed, refusals, held, failed or none."""
    first = until - timedelta(days=number - 1)
    best: dict[date, str] = {}
    for row in fetch(_DAYS, {"school": school, "since": first - timedelta(days=1)}):
        outcome = _OUTCOMES.get(row["state"], "none")
        day = calendar.london_date(row["at"])
        if _ORDER.index(outcome) < _ORDER.index(best.get(day, "none")):
            best[day] = outcome
    return tuple((day, best.get(day, "none")) for day in (first + timedelta(days=n) for n in range(number)))


_ORDER = ("completed", "refusals", "held", "failed", "none")
_OUTCOMES = {
    "applied": "completed", "no change": "completed", "applied with refusals": "refusals", "held": "held",
    "withdrawn": "held", "replaced": "held", "failed": "failed", "refused": "failed", "undone": "failed",
}  # fmt: skip


def _line(row: dict[str, Any]) -> RunLine:
    counts = row["counts"] or {}
    own = {name: row[name] for name in RunLine.__slots__ if name not in ("learners", "staff")}
    return RunLine(**own, learners=_counts(counts.get("learner")), staff=_counts(counts.get("staff")))


def _counts(stored: dict[str, int] | None) -> dict[str, int]:
    return {name: int((stored or {}).get(name, 0)) for name in COUNTED}


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.astimezone()


_NOBODY: dict[str, Any] = {
    "enrolled": False, "version": "", "report": None, "last_contact": None, "expires": None, "manager": "",
    "contact": "", "mis": "", "wish": None, "asked_at": None,
}  # fmt: skip
# A refused record is one of either kind; the counts say so without reading the problems.
_STATE = """
CASE WHEN r.state IN ('applied', 'no change')
      AND coalesce((r.result -> 'counts' -> 'learner' ->> 'refused')::int, 0)
        + coalesce((r.result -> 'counts' -> 'staff' ->> 'refused')::int, 0) > 0
     THEN 'applied with refusals' ELSE r.state END
"""
_COLUMNS = f"""
r.id AS run, r.school::text AS school, {_STATE} AS state, r.preview, r.confirmed, r.as_at, r.received_at,
r.finished_at, r.mis, r.failure, r.result -> 'counts' AS counts
"""
_RUNS = f"""
SELECT *, count(*) OVER () AS total FROM (SELECT {_COLUMNS}, r.accepted_no FROM run r WHERE r.school = %(school)s) f
WHERE (%(states)s::text[] IS NULL OR state = ANY(%(states)s::text[]) AND NOT preview)
  AND (%(kind)s = '' OR preview = (%(kind)s = 'preview'))
  AND (%(since)s::date IS NULL OR (received_at AT TIME ZONE 'Europe/London')::date >= %(since)s)
ORDER BY received_at DESC, accepted_no DESC NULLS FIRST, run LIMIT %(size)s OFFSET %(offset)s
"""  # noqa: S608
_NEWEST = f"""
SELECT {_COLUMNS} FROM run r WHERE r.school = %(school)s AND r.state IN ('applied', 'no change')
ORDER BY r.accepted_no DESC LIMIT 1
"""  # noqa: S608
_ONE = f"""
SELECT {_COLUMNS}, r.result -> 'movement' AS movement, r.result -> 'notices' AS notices,
       r.result -> 'measured' AS measured, r.plan IS NOT NULL AS has_plan,
       (SELECT c.version FROM client c WHERE c.id = r.client) AS version
FROM run r WHERE r.id = %(run)s AND r.school = %(school)s
"""  # noqa: S608
_LATER = f"""
SELECT {_COLUMNS} FROM run r
WHERE r.school = %(school)s AND NOT r.preview AND r.state IN ('failed', 'refused', 'held', 'received')
  AND (%(after)s::timestamptz IS NULL OR r.received_at >= %(after)s)
ORDER BY r.received_at DESC LIMIT %(most)s
"""  # noqa: S608
_DAYS = f"""
SELECT {_STATE} AS state, coalesce(r.finished_at, r.received_at) AS at FROM run r
WHERE r.school = %(school)s AND NOT r.preview AND coalesce(r.finished_at, r.received_at) >= %(since)s
"""  # noqa: S608
_CLIENT = """
SELECT c.id IS NOT NULL AS enrolled, c.version, c.last_contact, c.expires, e.client_manager AS manager,
       e.client_contact AS contact, c.report, e.mis, w.kind AS wish, w.asked_at
FROM establishment e
LEFT JOIN run_wish w ON w.school = e.dfes AND w.collected_at IS NULL
LEFT JOIN LATERAL (
    SELECT c.id, c.version, c.last_contact, c.expires,
           -- of a report about many schools only what is said of this one
           (SELECT told FROM jsonb_array_elements(c.report -> 'schools') told WHERE told ->> 'school' = e.dfes LIMIT 1)
               AS report
    FROM client_school s JOIN client c ON c.id = s.client
    WHERE s.school = e.dfes AND c.revoked_at IS NULL AND c.enrolled_at IS NOT NULL
    ORDER BY c.last_contact DESC NULLS LAST LIMIT 1
) c ON true
WHERE e.dfes = %(school)s
"""
