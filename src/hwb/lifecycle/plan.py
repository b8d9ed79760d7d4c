"""The plan: all that one run (or one day, or one decision) asks for, and what it found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from hwb.extract.frozen import made_often
from hwb.extract.records import Problem, Refused
from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.facts import LearnerEntry, StaffEntry, WaitCause


@dataclass(frozen=True, slots=True)
class Hold:
    """One check that was exceeded (R36): ``measured`` people, ``share`` of ``base``; ``cause`` when it can be seen.

    ``cause`` is a code of :mod:`hwb.lifecycle.reasons` with ``values`` for its gaps.
    """

    check: str
    measured: int
    base: int
    limit_number: int
    limit_share: float
    cause: str = ""
    values: tuple[tuple[str, str], ...] = ()


@made_often
@dataclass(frozen=True, slots=True)
class EntryWrite:
    """A school's newest word to be stored: ``before`` None = new, ``after`` None = taken away."""

    before: LearnerEntry | None
    after: LearnerEntry | None


@dataclass(frozen=True, slots=True)
class StaffWrite:
    """As :class:`EntryWrite` for staff. ``person`` links a new entry to its CREATE; ``account`` to a known one."""

    before: StaffEntry | None
    after: StaffEntry | None
    person: str = ""
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """Every record received, of one kind or of both, is in exactly one of the next eight (I15).

    Missing people are counted beside: nobody received a record of them.
    """

    received: int = 0
    unchanged: int = 0
    created: int = 0
    claimed: int = 0
    updated: int = 0
    released: int = 0
    reactivated: int = 0
    waiting: int = 0
    refused: int = 0
    missing: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, name) + getattr(other, name) for name in COUNTED))


#: The names of all counts, ``received`` first and ``missing`` last.
COUNTED = tuple(f.name for f in fields(Counts))


@dataclass(frozen=True, slots=True)
class Movement:
    """``count`` learners whom the school held in year group ``before`` and who are in ``after`` now.

    ``after`` is a year group, or what else became of them: "released", "missing" or "refused".
    """

    before: str
    after: str
    count: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Executed exactly as it stands. Order of ``changes`` is the order of their audit entries.

    ``learner_writes`` and ``staff_writes`` bring the school's newest words up to date.
    """

    school: str
    changes: tuple[Change, ...] = ()
    learner_writes: tuple[EntryWrite, ...] = ()
    staff_writes: tuple[StaffWrite, ...] = ()
    learner_counts: Counts = field(default_factory=Counts)
    staff_counts: Counts = field(default_factory=Counts)
    holds: tuple[Hold, ...] = ()
    refused: tuple[Refused, ...] = ()
    warnings: tuple[Problem, ...] = ()
    movement: tuple[Movement, ...] = ()

    @property
    def counts(self) -> Counts:
        """Learners and staff together, as interfaces.md shows a run."""
        return self.learner_counts + self.staff_counts

    def digest(self) -> str:
        """:func:`digest_of` the changes: two plans with the same digest do the same to everybody."""
        return digest_of([change.to_json() for change in self.changes])

    def upns_at_stake(self) -> frozenset[str]:
        """UPNs that must be locked before applying: all whose cross-school facts this plan reads or changes."""
        return _upns_at_stake(self)


def waits_found(plan: Plan) -> list[tuple[str, str, WaitCause | None]]:
    """UPN, school and cause (None: no wait) of every wait that the plan changes, as it finds them."""
    found: dict[tuple[str, str], WaitCause | None] = {}
    for change in plan.changes:
        if change.kind in (ChangeKind.WAIT, ChangeKind.WAIT_END):
            cause = change.before.get("cause")
            found.setdefault((change.person, change.school), WaitCause(cause) if cause else None)
    return [(upn, school, cause) for (upn, school), cause in found.items()]


_INSIDE_ONE_SCHOOL = frozenset({"details", "place", "missing"})


def _upns_at_stake(plan: Plan) -> frozenset[str]:
    upns = {
        change.person
        for change in plan.changes
        if change.kind not in _INSIDE_ONE_SCHOOL and not change.person.startswith("staff:")
    }
    for write in plan.learner_writes:
        if _stands_differently(write.before, write.after):
            upns.update(entry.record.upn for entry in (write.before, write.after) if entry is not None)
            upns.update(e.record.former_upn for e in (write.after,) if e is not None and e.record.former_upn)
    return frozenset(upns)


def _stands_differently(before: LearnerEntry | None, after: LearnerEntry | None) -> bool:
    """Whether another school's decision about this learner could come out differently."""
    if before is None or after is None:
        return True
    if before.doubtful or after.doubtful:  # another school's release may answer what it asks for (R9)
        return True
    if (before.missing_since, before.refused, before.doubtful) != (
        after.missing_since,
        after.refused,
        after.doubtful,
    ):
        return True
    old, new = before.record, after.record
    return (
        old.start_date != new.start_date
        or old.leaving_date != new.leaving_date
        or old.enrolment_status != new.enrolment_status
        or old.former_upn != new.former_upn
        or old.birth_date != new.birth_date
        or old.legal_surname != new.legal_surname
    )


def digest_of(changes: Iterable[dict[str, Any]]) -> str:
    """SHA-256 (hex) of changes in any order: facts come in any, and what is shown must be found again (R36)."""
    texts = sorted(json.dumps(change, sort_keys=True, separators=(",", ":")) for change in changes)
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
