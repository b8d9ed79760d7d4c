"""Judges one staff row (R20, R21; ux.md 9.5)."""

from __future__ import annotations

from datetime import date

from hwb.extract.fields import CLASS_LENGTH, TEXT_LENGTH, read_classes, read_date
from hwb.extract.findings import (
    STAFF_NAMES,
    Findings,
    is_far_ahead,
    judge_leaving,
    judge_names,
    judge_text,
    left_out,
    one_line,
    problem,
    refuse,
)
from hwb.extract.records import STAFF_COLUMNS, Problem, Refused, Row, StaffRecord
from hwb.identifiers import clean_staff_code, clean_upn, staff_code_fault, upn_fault

_WIDTH = len(STAFF_COLUMNS) + 1
_KEYS = ("mis_id", "staff_code", "employee_number", "legal_surname", "legal_forename", "birth_date")


def judge_staff(row: Row, *, day: date, warnings: list[Problem]) -> StaffRecord | Refused:
    """The row judged at ``day``, the snapshot's Europe/London date; warnings are added to ``warnings``."""
    found = Findings()
    reference, *values = [text.strip() for text in row]
    if len(row) != _WIDTH:
        found.fault("S16", "")
        return _refuse(reference, found, values)
    (mis_id, code_text, number, surname, forename, preferred_surname, preferred_forename, birth, role, start_text,
     leaving_text, class_list) = values  # fmt: skip
    surname, forename = one_line(surname), one_line(forename)
    preferred = one_line(preferred_surname), one_line(preferred_forename)
    judge_names(found, STAFF_NAMES, surname, forename, preferred)
    code = clean_staff_code(code_text)
    _judge_code(found, code, code_text)
    born = read_date(birth) if birth else None
    if birth and born is None:
        found.doubt("S11", "birth_date", birth)
    start = _judge_start(found, start_text, day)
    leaving = judge_leaving(found, "S12", "S04", leaving_text, start)
    classes = read_classes(class_list)
    if classes is None:
        found.doubt("S14", "classes", class_list, length=str(CLASS_LENGTH))
    for name, value in (("mis_id", mis_id), ("employee_number", number), ("role", role)):
        judge_text(found, "S17", name, value, TEXT_LENGTH)
    left = leaving is not None and leaving < day
    if not found.settle(left=left):
        return _refuse(reference, found, values)
    omitted = left_out(found)

    def fit(name: str, value: str) -> str:
        return "" if name in omitted else value

    record = StaffRecord(
        surname, forename, fit("staff_code", code), start, leaving, fit("mis_id", mis_id),
        fit("employee_number", number), fit("preferred_surname", preferred[0]),
        fit("preferred_forename", preferred[1]), born, fit("role", role), classes or (),
    )  # fmt: skip
    if not (record.mis_id or record.employee_number or record.staff_code):
        found.fault("S02", "staff_code", code_text)  # a leaver needs one key of R21
        return _refuse(reference, found, values)
    warnings.extend(problem(reference, "staff", hint) for hint in found.hints)
    return record


def _judge_code(found: Findings, code: str, text: str) -> None:
    if not code:
        found.doubt("S02", "staff_code", text)
    elif upn_fault(clean_upn(text)) is None:
        found.fault("S15", "staff_code", text)  # at any time: it would tie a learner's key to somebody else
    elif staff_code_fault(code):
        found.doubt("S13", "staff_code", text)


def _judge_start(found: Findings, text: str, day: date) -> date | None:
    if not text:
        found.doubt("S01", "start_date", "")
        return None
    start = read_date(text)
    if start is None or start.year < 1940 or is_far_ahead(start, day):
        found.doubt("S18", "start_date", text)
        return None
    return start


def _refuse(reference: str, found: Findings, values: list[str]) -> Refused:
    given = dict(zip(STAFF_COLUMNS, values, strict=False))
    keys = {name: given.get(name, "") for name in _KEYS}
    keys["staff_code"] = clean_staff_code(keys["staff_code"])
    return refuse(reference, "staff", found.faults, keys)
