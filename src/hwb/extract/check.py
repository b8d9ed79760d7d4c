"""Judges an extract: each row into a record that can be used or a refusal, together a Snapshot.

R8, R20; reliability.md's forty inputs as far as they are about records. A bad record never blocks the good ones.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from typing import TypeVar

from hwb.extract.fields import london_date
from hwb.extract.learners import judge_learner
from hwb.extract.records import Extract, Kind, LearnerRecord, Problem, Refused, Row, Snapshot, StaffRecord
from hwb.extract.staff import judge_staff

Record = TypeVar("Record", LearnerRecord, StaffRecord)


def check(extract: Extract) -> Snapshot:
    """The extract, judged at the Europe/London date of its moment. Never raises for what a row holds."""
    day = london_date(extract.as_at)
    warnings: list[Problem] = list(extract.notices)
    refused: list[Refused] = []
    learners: list[tuple[str, Row, LearnerRecord]] = []
    for row in extract.learners:
        judged = judge_learner(row, day=day, mis=extract.mis, warnings=warnings)
        if isinstance(judged, Refused):
            refused.append(judged)
        else:
            learners.append((row[0], row, judged))
    staff: list[tuple[str, Row, StaffRecord]] = []
    for row in extract.staff:
        member = judge_staff(row, day=day, warnings=warnings)
        if isinstance(member, Refused):
            refused.append(member)
        else:
            staff.append((row[0], row, member))
    unique_learners, references = _unique_learners(learners, refused, warnings)
    unique_staff = _unique_staff(staff, refused, warnings, day)
    return Snapshot(
        extract.school,
        extract.as_at,
        extract.mis,
        extract.covers,
        content_digest(extract),
        unique_learners,
        unique_staff,
        tuple(refused),
        tuple(warnings),
        references,
    )


def content_digest(extract: Extract) -> str:
    """SHA-256 of school, kinds covered and rows in any order; not of the moment (R35)."""
    content = hashlib.sha256(f"{extract.school}|{','.join(sorted(extract.covers))}".encode())
    for rows in (extract.learners, extract.staff):
        content.update(b"\x1d")
        for row in sorted(rows):
            content.update("\x1f".join(row[1:]).encode("utf-8", "surrogatepass") + b"\x1e")
    return content.hexdigest()


def _unique_learners(
    judged: list[tuple[str, Row, LearnerRecord]], refused: list[Refused], warnings: list[Problem]
) -> tuple[tuple[LearnerRecord, ...], dict[str, str]]:
    """Identical records of one UPN: one is kept; different ones: all are refused (L03)."""
    by_upn: dict[str, list[tuple[str, Row, LearnerRecord]]] = defaultdict(list)
    for item in judged:
        by_upn[item[2].upn].append(item)
    kept: list[LearnerRecord] = []
    references: dict[str, str] = {}
    for upn, items in by_upn.items():
        reference, _, record = items[0]
        if all(other == record for _, _, other in items):
            kept.append(record)
            references[upn] = reference
            warnings.extend(Problem("L28", again, "upn", upn) for again, _, _ in items[1:])
        else:
            refused.extend(_twice(items, "L03", "upn", upn, "learner"))
    return tuple(kept), references


def _unique_staff(
    judged: list[tuple[str, Row, StaffRecord]], refused: list[Refused], warnings: list[Problem], day: date
) -> tuple[StaffRecord, ...]:
    """Two present records with one code refuse both (R20); so do two with one MIS id or employee number (R21)."""
    judged = _without_repeats(judged, warnings)
    present = [item for item in judged if item[2].leaving_date is None or item[2].leaving_date >= day]
    clashing: dict[int, tuple[str, str]] = {}
    keys: Iterable[tuple[str, Callable[[StaffRecord], str]]] = (
        ("staff_code", lambda r: r.staff_code),
        ("mis_id", lambda r: r.mis_id),
        ("employee_number", lambda r: r.employee_number),
    )
    for name, key in keys:
        seen: dict[str, list[int]] = defaultdict(list)
        for position, (_, _, record) in enumerate(judged if name != "staff_code" else present):
            if key(record):
                seen[key(record)].append(position)
        for value, positions in seen.items():
            if len(positions) > 1:
                pool = judged if name != "staff_code" else present
                clashing.update({id(pool[p][2]): (name, value) for p in positions if id(pool[p][2]) not in clashing})
    kept = []
    for item in judged:
        found = clashing.get(id(item[2]))
        if found is None:
            kept.append(item[2])
        else:
            refused.extend(_twice([item], "S03", *found, "staff"))
    return tuple(kept)


def _without_repeats(
    judged: list[tuple[str, Row, StaffRecord]], warnings: list[Problem]
) -> list[tuple[str, Row, StaffRecord]]:
    kept: dict[StaffRecord, tuple[str, Row, StaffRecord]] = {}
    for item in judged:
        if item[2] in kept:
            warnings.append(Problem("S20", item[0], "staff_code", item[2].staff_code, "staff"))
        else:
            kept[item[2]] = item
    return list(kept.values())


def _twice(items: list[tuple[str, Row, Record]], code: str, name: str, value: str, kind: Kind) -> list[Refused]:
    return [
        Refused(
            kind,
            reference,
            (Problem(code, reference, name, value, kind),),
            upn=getattr(record, "upn", ""),
            former_upn=getattr(record, "former_upn", ""),
            mis_id=record.mis_id,
            admission_number=getattr(record, "admission_number", ""),
            staff_code=getattr(record, "staff_code", ""),
            employee_number=getattr(record, "employee_number", ""),
            legal_surname=record.legal_surname,
            legal_forename=record.legal_forename,
            birth_date=record.birth_date,
        )
        for reference, _, record in items
    ]
