"""Runs: what was delivered, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hwb.directory.queries.rows import fetch

COUNTS = ("created", "updated", "released", "claimed", "waiting", "missing")


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run without its people. `counts` are those of its result, all 0 before it has one."""

    run: UUID
    school: str
    state: str
    preview: bool
    as_at: datetime
    received_at: datetime
    finished_at: datetime | None
    mis: str
    refused: int
    counts: dict[str, int]
    holds: tuple[dict[str, Any], ...]
    failure: str
    acting_user: str

    def to_json(self) -> dict[str, Any]:
        return {
            "run": str(self.run), "school": self.school, "state": self.state, "preview": self.preview,
            "as_at": self.as_at.isoformat(), "received_at": self.received_at.isoformat(),
            "finished_at": self.finished_at and self.finished_at.isoformat(), "mis": self.mis, **self.counts,
            "refused": self.refused, "holds": list(self.holds), "failure": self.failure,
            "acting_user": self.acting_user,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """A run as it is stored; `result` is None until it has one, `failure` the code of a refusal or failure."""

    run: UUID
    state: str
    preview: bool
    result: dict[str, Any] | None
    failure: str


def find(*, school: str | None = None, limit: int | None = None) -> list[RunRow]:
    """Runs, previews too, newest first; of one school or all."""
    return [_row(row) for row in fetch(_RUNS, {"school": school, "limit": limit, "previews": True})]


def newest(*, limit: int) -> list[RunRow]:
    """The nation's newest runs without previews."""
    return [_row(row) for row in fetch(_RUNS, {"school": None, "limit": limit, "previews": False})]


def of_ids(ids: Sequence[UUID]) -> list[RunRow]:
    """These runs, newest first."""
    return [_row(row) for row in fetch(_OF_IDS, {"ids": list(ids)})]


def for_client(run: UUID, *, client: UUID) -> RunOutcome | None:
    """One run of one client; None when there is no such run or it is another client's."""
    rows = fetch(
        "SELECT id AS run, state, preview, result, failure FROM run WHERE id = %(run)s AND client = %(client)s",
        {"run": run, "client": client},
    )
    return RunOutcome(**rows[0]) if rows else None


def _row(row: dict[str, Any]) -> RunRow:
    result = row.pop("result") or {}
    counts = {name: int(result.get(name, 0)) for name in COUNTS}
    refused = len({(problem["kind"], problem["record"]) for problem in result.get("problems", ())})
    holds = tuple(
        {"check": hold["check"], "measured": hold["measured"], "base": hold["base"]}
        for hold in result.get("measured", ())
    )
    return RunRow(**row, refused=refused, counts=counts, holds=holds)


_OF_IDS = """
SELECT id AS run, school, state, preview, as_at, received_at, finished_at, mis, failure, acting_user, result
FROM run WHERE id = ANY(%(ids)s) ORDER BY received_at DESC, id
"""
_RUNS = """
SELECT id AS run, school, state, preview, as_at, received_at, finished_at, mis, failure, acting_user, result
FROM run
WHERE (%(school)s::text IS NULL OR school = %(school)s) AND (%(previews)s OR NOT preview)
ORDER BY received_at DESC, accepted_no DESC NULLS FIRST, id LIMIT %(limit)s
"""
