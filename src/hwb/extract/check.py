"""Judges an extract: each row into a record that can be used or a refusal, together a Snapshot.

R8, R20; reliability.md's forty inputs as far as they are about records. A bad record never blocks the good ones.
"""

from __future__ import annotations

import hashlib
import json

from hwb.extract.duplicates import Judged, settle_learners, settle_staff
from hwb.extract.fields import london_date, show
from hwb.extract.learners import judge_learner
from hwb.extract.records import Extract, LearnerRecord, Problem, Refused, Snapshot, StaffRecord
from hwb.extract.staff import judge_staff


def check(extract: Extract, *, digest: str = "") -> Snapshot:
    """The extract, judged at the Europe/London date of its moment. Never raises for what a row holds.

    ``digest``: its :func:`content_digest`, where that is known already.
    """
    day = london_date(extract.as_at)
    warnings: list[Problem] = list(extract.notices)
    learners = [
        Judged(row, judge_learner(row, day=day, mis=extract.mis, warnings=warnings), "learner")
        for row in extract.learners
    ]
    staff = [Judged(row, judge_staff(row, day=day, warnings=warnings), "staff") for row in extract.staff]
    settle_learners(learners, day=day, warnings=warnings)
    settle_staff(staff, day=day, warnings=warnings)
    used = [item for item in (*learners, *staff) if not item.spare]
    return Snapshot(
        extract.school,
        extract.as_at,
        extract.mis,
        extract.covers,
        digest or content_digest(extract),
        tuple(item.result for item in used if isinstance(item.result, LearnerRecord)),
        tuple(item.result for item in used if isinstance(item.result, StaffRecord)),
        tuple(item.result for item in used if isinstance(item.result, Refused)),
        tuple(warnings),
        {item.result.upn: show(item.row[0]) for item in used if isinstance(item.result, LearnerRecord)},
    )


def content_digest(extract: Extract) -> str:
    """SHA-256 of school, kinds covered and rows in any order; not of the moment (R35).

    A row's reference may be its place in the file, and is no content. JSON keeps apart what a plain
    separator would let run together.
    """
    rows = [sorted(row[1:] for row in part) for part in (extract.learners, extract.staff)]
    content = json.dumps([extract.school, sorted(extract.covers), *rows], separators=(",", ":"))
    return hashlib.sha256(content.encode("ascii")).hexdigest()
