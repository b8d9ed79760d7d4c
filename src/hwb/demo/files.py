"""The invented schools' data as real MIS files."""

from __future__ import annotations

import csv
from pathlib import Path
from xml.sax.saxutils import escape

from hwb.demo.people import DemoSchool
from hwb.extract.records import LEARNER_COLUMNS, STAFF_COLUMNS, LearnerRecord, StaffRecord

_SIMS_LEARNER = {
    "mis_id": "primary_id", "admission_number": "Adno", "upn": "UPN", "legal_surname": "Legal_x0020_Surname",
    "legal_forename": "Forename", "birth_date": "DOB", "year_group": "Year", "registration_group": "Reg",
    "enrolment_status": "Enrolment_x0020_Status", "start_date": "Date_x0020_of_x0020_Admission",
    "leaving_date": "Date_x0020_of_x0020_Leaving",
}  # fmt: skip
_SIMS_STAFF = {
    "mis_id": "primary_id", "staff_code": "Staff_x0020_Code", "legal_surname": "Surname",
    "legal_forename": "Forename", "start_date": "Start_x0020_Date", "leaving_date": "Date_x0020_of_x0020_Leaving",
}  # fmt: skip


def write(school: DemoSchool, folder: Path) -> list[str]:
    """Writes the school's files and returns the client's options that name them."""
    folder.mkdir(parents=True, exist_ok=True)
    if school.mis == "sims":
        learners = _sims(folder / "learners.xml", school.learners, _SIMS_LEARNER)
        staff = _sims(folder / "staff.xml", school.staff, _SIMS_STAFF)
        return ["--mis", "sims", "--source", str(learners), "--staff-source", str(staff)]
    _csv(folder / "learners.csv", school.learners, LEARNER_COLUMNS)
    _csv(folder / "staff.csv", school.staff, STAFF_COLUMNS)
    return ["--mis", "hwb", "--source", str(folder)]


def _text(record: LearnerRecord | StaffRecord, column: str) -> str:
    value = getattr(record, column)
    return ";".join(value) if isinstance(value, tuple) else str(value or "")


def _csv(path: Path, records: list[LearnerRecord] | list[StaffRecord], columns: tuple[str, ...]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([_text(record, column) for column in columns] for record in records)


def _sims(path: Path, records: list[LearnerRecord] | list[StaffRecord], captions: dict[str, str]) -> Path:
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<SuperStarReport>"]
    for record in records:
        fields = []
        for column, caption in captions.items():
            text = _text(record, column)
            if column == "year_group" and text.isdigit():
                text = f"Year  {text}"
            if text:  # SIMS leaves empty columns out
                fields.append(f"<{caption}>{escape(text)}</{caption}>")
        lines.append(f"<Record>{''.join(fields)}</Record>")
    path.write_text("\n".join([*lines, "</SuperStarReport>"]), "utf-8")
    return path
