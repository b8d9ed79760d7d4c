"""Judges one learner's row: a record that can be used, or a refusal that names what is needed.

R7, R8; interfaces.md, "Required of a learner" and "What a snapshot covers"; ux.md 9.5.
"""

from __future__ import annotations

from datetime import date

from hwb.extract.fields import (
    CLASS_LENGTH,
    TEXT_LENGTH,
    read_classes,
    read_date,
    read_enrolment_status,
    read_year_group,
)
from hwb.extract.findings import (
    LEARNER_NAMES,
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
from hwb.extract.records import LEARNER_COLUMNS, LearnerRecord, MisKind, Problem, Refused, Row
from hwb.identifiers import UpnFault, clean_upn, is_temporary, suggest_upn, upn_fault

_WIDTH = len(LEARNER_COLUMNS) + 1
_KEYS = (
    "upn", "former_upn", "mis_id", "admission_number", "legal_surname", "legal_forename", "birth_date",
)  # fmt: skip
_ACADEMIC_YEAR_MONTH = 9
#: Age on 31 August before the year starts, less the number of the year: Year 7 begins at 11.
_AGES = {"N1": 2, "N2": 3, "R": 4} | {str(year): year + 4 for year in range(1, 15)}


def judge_learner(row: Row, *, day: date, mis: MisKind, warnings: list[Problem]) -> LearnerRecord | Refused:
    """The row judged at `day`, the snapshot's Europe/London date; warnings are added to `warnings`."""
    found = Findings()
    reference, *values = [text.strip() for text in row]
    if len(row) != _WIDTH:
        found.fault("L24", "")
        return _refuse(reference, found, values)
    (upn_text, former, mis_id, admission, surname, forename, preferred_surname, preferred_forename,
     birth, year, registration, class_list, status_text, start_text, leaving_text) = values  # fmt: skip
    upn = _judge_upn(found, upn_text)
    surname, forename = one_line(surname), one_line(forename)
    preferred = one_line(preferred_surname), one_line(preferred_forename)
    judge_names(found, LEARNER_NAMES, surname, forename, preferred)
    born = _judge_birth(found, birth)
    start = _judge_start(found, start_text, born, day)
    leaving = judge_leaving(found, "L21", "L08", leaving_text, start)
    left = leaving is not None and leaving < day
    if not left:
        _judge_age(found, birth, born, day)
    year_group = _judge_year(found, year, None if left else born, day)
    status, classes = _judge_placement(found, status_text, registration, class_list)
    judge_text(found, "L26", "mis_id", mis_id, TEXT_LENGTH)
    judge_text(found, "L26", "admission_number", admission, TEXT_LENGTH)
    former = _judge_former(found, former, upn)
    if not left:
        _suggest_completion(found, mis, admission, registration, classes)
    if not found.settle(left=left):
        return _refuse(reference, found, values)
    omitted = left_out(found)
    warnings.extend(problem(reference, "learner", hint) for hint in found.hints)
    return LearnerRecord(
        upn, surname, forename, born, year_group, start, leaving, status,
        "" if "registration_group" in omitted else registration,
        classes,
        "" if "preferred_surname" in omitted else preferred[0],
        "" if "preferred_forename" in omitted else preferred[1],
        former,
        "" if "mis_id" in omitted else mis_id,
        "" if "admission_number" in omitted else admission,
    )  # fmt: skip


def _refuse(reference: str, found: Findings, values: list[str]) -> Refused:
    given = dict(zip(LEARNER_COLUMNS, values, strict=False))
    keys = {name: given.get(name, "") for name in _KEYS}
    keys["upn"], keys["former_upn"] = clean_upn(keys["upn"]), clean_upn(keys["former_upn"])
    return refuse(reference, "learner", found.faults, keys)


def _judge_upn(found: Findings, text: str) -> str:
    upn = clean_upn(text)
    wrong = upn_fault(upn)
    if wrong is UpnFault.MISSING:
        found.fault("L01", "upn")
    elif wrong is not None:
        meant = suggest_upn(upn)
        found.fault("L02", "upn", text, rule=wrong.value, **({"suggestion": meant} if meant else {}))
    else:
        if is_temporary(upn):
            found.hint("L13", "upn", upn)
        if upn != text:
            found.hint("L27", "upn", text)
    return upn


def _judge_former(found: Findings, text: str, upn: str) -> str:
    former = clean_upn(text)
    if not former or former == upn:
        return ""
    if upn_fault(former) is not None:
        found.hint("L25", "former_upn", text)
        return ""
    return former


def _judge_birth(found: Findings, text: str) -> date | None:
    if not text:
        found.doubts.append(("L18", "birth_date", "", ()))
        return None
    born = read_date(text)
    if born is None:
        found.doubt("L19", "birth_date", text)
    return born


def _judge_age(found: Findings, text: str, born: date | None, day: date) -> None:
    if born is None:
        return
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    if not 2 <= age <= 20:
        found.doubt("L19", "birth_date", text)


def _judge_start(found: Findings, text: str, born: date | None, day: date) -> date | None:
    if not text:
        found.doubts.append(("L07", "start_date", "", ()))
        return None
    start = read_date(text)
    if start is None or is_far_ahead(start, day) or start.year < 1950 or (born is not None and start < born):
        found.doubt("L20", "start_date", text)
        return None
    return start


def _judge_year(found: Findings, text: str, born: date | None, day: date) -> str:
    year = read_year_group(text)
    if year is None:
        found.doubts.append(("L09", "year_group", text, ()))
        return ""
    if born is not None:
        # Age on the last day before this academic year; one year off is a repeat or a mixed year (R2).
        begun = day.year if day.month >= _ACADEMIC_YEAR_MONTH else day.year - 1
        age = begun - born.year - (born.month >= _ACADEMIC_YEAR_MONTH)
        if abs(age - _AGES[year]) > 1:
            found.hint("L12", "year_group", text)
    return year


def _judge_placement(
    found: Findings, status_text: str, registration: str, class_list: str
) -> tuple[str, tuple[str, ...]]:
    status = read_enrolment_status(status_text)
    if status is None:
        found.doubt("L23", "enrolment_status", status_text)
    judge_text(found, "L22", "registration_group", registration, CLASS_LENGTH)
    classes = read_classes(class_list)
    if classes is None:
        found.doubt("L22", "classes", class_list, length=str(CLASS_LENGTH))
    return status or "C", classes or ()


def _suggest_completion(
    found: Findings, mis: MisKind, admission: str, registration: str, classes: tuple[str, ...]
) -> None:
    if mis == "ctf":  # a CTF carries neither
        return
    if not admission:
        found.hints.append(("L06", "admission_number", "", ()))
    if not registration and not classes:
        found.hints.append(("L10", "registration_group", "", ()))
