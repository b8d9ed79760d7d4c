"""What an undo needs to know of an accepted run: the words it replaced, and what it took, re-keyed and ended."""

from __future__ import annotations

import zlib
from datetime import date
from typing import Any

import orjson

from hwb.directory import store
from hwb.extract.records import LearnerRecord, StaffRecord
from hwb.lifecycle.changes import ChangeKind
from hwb.lifecycle.facts import LearnerEntry, StaffEntry, WaitCause
from hwb.lifecycle.plan import Plan, waits_found
from hwb.lifecycle.undoing import Before


def remember(plan: Plan) -> bytes:
    """The memory of a plan about to be applied, compressed. New staff are found by their run's audit entries."""
    learners: dict[str, Any] = {}
    for write in plan.learner_writes:
        if write.before is not None and write.before.school == plan.school:
            learners[write.before.record.upn] = store.learner_row(write.before, None)
        if write.after is not None and write.after.school == plan.school:
            learners.setdefault(write.after.record.upn, None)
    kinds = (ChangeKind.CLAIM, ChangeKind.RELEASE)
    found = {
        "learners": learners,
        "staff": {
            w.before.id: store.staff_row(w.before, w.before.id, w.account, None)
            for w in plan.staff_writes
            if w.before is not None
        },
        "taken_from": {c.person: c.before["holder"] for c in plan.changes if c.kind in kinds and c.before["holder"]},
        "rekeyed": [(c.before["upn"], c.after["upn"]) for c in plan.changes if c.kind is ChangeKind.REKEY],
        "ended": [(c.account, c.after["decision"]) for c in plan.changes if c.kind is ChangeKind.DECISION_END],
        "brought": [
            c.person
            for c in plan.changes
            if c.kind in (ChangeKind.CREATE, ChangeKind.CLAIM) and c.school == plan.school
        ],
        "renamed": {c.account: (c.before, c.after) for c in plan.changes if c.kind is ChangeKind.DETAILS},
        "waits": waits_found(plan),
        "others": [
            (store.learner_row(w.before, None), store.learner_row(w.after, None) if w.after is not None else None)
            for w in plan.learner_writes
            if w.before is not None and w.before.school != plan.school
        ],
    }
    return zlib.compress(orjson.dumps(found), 1)


def recall(stored: bytes) -> Before:
    """The memory as the rules take it."""
    found = orjson.loads(zlib.decompress(stored))
    return Before(
        {upn: _learner(row) if row else None for upn, row in found["learners"].items()},
        {id_: _staff(row) for id_, row in found["staff"].items()},
        found["taken_from"],
        [(old, new) for old, new in found["rekeyed"]],
        [(account, decision) for account, decision in found["ended"]],
        frozenset(found["brought"]),
        {account: (before, after) for account, (before, after) in found.get("renamed", {}).items()},
        [(upn, school, WaitCause(cause) if cause else None) for upn, school, cause in found.get("waits", ())],
        [(_learner(word), _learner(after) if after else None) for word, after in found.get("others", ())],
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _learner(row: dict[str, Any]) -> LearnerEntry:
    fields = {name: row[name] for name in LearnerRecord.__dataclass_fields__}
    for name in ("birth_date", "start_date", "leaving_date"):
        fields[name] = _day(fields[name])
    fields["classes"] = tuple(fields["classes"])
    return LearnerEntry(
        row["school"], LearnerRecord(**fields), _day(row["missing_since"]), row["refused"], row["doubtful"]
    )


def _staff(row: dict[str, Any]) -> StaffEntry:
    fields = {name: row[name] for name in StaffRecord.__dataclass_fields__}
    for name in ("birth_date", "start_date", "leaving_date"):
        fields[name] = _day(fields[name])
    fields["classes"] = tuple(fields["classes"])
    return StaffEntry(row["school"], StaffRecord(**fields), row["id"], _day(row["missing_since"]), row["refused"])
