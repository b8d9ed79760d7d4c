"""What a run comes to, in figures: its records by what became of them (I15), and learners by year before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from hwb.extract.records import Kind, Snapshot
from hwb.lifecycle import calendar
from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.facts import LearnerEntry
from hwb.lifecycle.learner_part import LearnerPart
from hwb.lifecycle.plan import Counts, Movement
from hwb.lifecycle.staff_plan import StaffPart


def of_learners(snapshot: Snapshot, part: LearnerPart) -> Counts:
    """The snapshot's learner records by what became of them."""
    refused = _refused(snapshot, "learner")
    received = len(snapshot.learners) + refused
    return _counts(received, part.outcomes.values(), refused + len(part.refused), part.missing)


def of_staff(snapshot: Snapshot, part: StaffPart) -> Counts:
    """The snapshot's staff records by what became of them."""
    refused = _refused(snapshot, "staff")
    return _counts(len(snapshot.staff) + refused, part.outcomes, refused, part.missing)


def movement(part: LearnerPart) -> tuple[Movement, ...]:
    """Learners held before the run, by the year group of then and what they are in now, in the order of the years."""
    found: Counter[tuple[str, str]] = Counter()
    for _, before, after, changes in part.held:
        if before is not None:
            found[before.record.year_group, _where(after, changes)] += 1
    return tuple(Movement(*years, found[years]) for years in sorted(found, key=lambda years: tuple(map(_order, years))))


def _refused(snapshot: Snapshot, kind: Kind) -> int:
    return sum(item.kind == kind for item in snapshot.refused)


def _counts(received: int, outcomes: Iterable[str], refused: int, missing: int) -> Counts:
    return Counts(received, **Counter(outcomes), refused=refused, missing=missing)


def _where(after: LearnerEntry | None, changes: list[Change]) -> str:
    if any(change.kind is ChangeKind.RELEASE for change in changes):
        return "released"
    if after is None:
        return "missing"
    return "refused" if after.refused else after.record.year_group


def _order(year: str) -> tuple[int, str]:
    position = calendar.year_position(year)
    return (99 if position is None else position, year)
