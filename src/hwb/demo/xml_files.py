"""Reports as SIMS writes them, and a Common Transfer File of a whole school (formats.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

from hwb.demo.authority import DemoSchool
from hwb.extract.records import LearnerRecord, StaffRecord

_SIMS_LEARNER = {
    "mis_id": "primary_id", "admission_number": "Adno", "upn": "UPN", "former_upn": "Former_x0020_UPN",
    "legal_surname": "Legal_x0020_Surname", "legal_forename": "Forename", "birth_date": "DOB", "year_group": "Year",
    "registration_group": "Reg", "enrolment_status": "Enrolment_x0020_Status",
    "start_date": "Date_x0020_of_x0020_Admission", "leaving_date": "Date_x0020_of_x0020_Leaving",
}  # fmt: skip
_SIMS_STAFF = {
    "mis_id": "primary_id", "staff_code": "Staff_x0020_Code", "employee_number": "Employee_x0020_Number",
    "legal_surname": "Surname", "legal_forename": "Forename", "role": "Role", "start_date": "Start_x0020_Date",
    "leaving_date": "Date_x0020_of_x0020_Leaving",
}  # fmt: skip
_CTF_DETAILS = {"former_upn": "FormerUPN", "year_group": "NCyearActual", "enrolment_status": "EnrolStatus"}
_CTF_LEARNER = {"upn": "UPN", "legal_surname": "Surname", "legal_forename": "Forename", "birth_date": "DOB"}


def text_of(record: LearnerRecord | StaffRecord, column: str) -> str:
    """One column of a record as text; several values joined as interfaces.md has it."""
    value = getattr(record, column)
    return ";".join(value) if isinstance(value, tuple) else str(value or "")


def write_sims(school: DemoSchool, folder: Path) -> tuple[Path, Path]:
    """The two reports. Empty columns are left out; somebody with two classes has two records."""
    learners, staff = folder / "learners.xml", folder / "staff.xml"
    _sims(learners, school.learners, _SIMS_LEARNER)
    _sims(staff, school.staff, _SIMS_STAFF)
    return learners, staff


def _sims(path: Path, records: Sequence[LearnerRecord | StaffRecord], captions: dict[str, str]) -> None:
    lines = []
    for record in records:
        fields = "".join(_element(caption, _sims_text(record, column)) for column, caption in captions.items())
        lines += [f"<Record>{fields}{_element('Class', name)}</Record>" for name in record.classes or ("",)]
    _write(path, ["<SuperStarReport>", *lines, "</SuperStarReport>"])


def _sims_text(record: LearnerRecord | StaffRecord, column: str) -> str:
    text = text_of(record, column)
    return f"Year  {text}" if column == "year_group" and text.isdigit() else text


def write_ctf(school: DemoSchool, folder: Path, *, on: date) -> Path:
    """The file is full and names no destination: the whole school."""
    number = f"<LEA>{school.dfes[:3]}</LEA><Estab>{school.dfes[3:]}</Estab>"
    year = on.year if on.month >= 9 else on.year - 1
    header = (
        "<Header><DocumentName>Common Transfer File</DocumentName><CTFversion>18.0</CTFversion>"
        f"<DateTime>{on.isoformat()}T06:00:00</DateTime><DocumentQualifier>full</DocumentQualifier>"
        f"<SourceSchool>{number}{_element('SchoolName', school.name_en)}"
        f"<AcademicYear>{year}</AcademicYear></SourceSchool></Header>"
    )
    pupils = [_pupil(record, number) for record in school.learners]
    path = folder / f"{school.dfes}_CTF_{school.dfes}_001.xml"
    _write(path, ["<CTfile>", header, "<CTFpupilData>", *pupils, "</CTFpupilData></CTfile>"])
    return path


def _pupil(record: LearnerRecord, school: str) -> str:
    def elements(columns: dict[str, str]) -> str:
        return "".join(_element(name, text_of(record, column)) for column, name in columns.items())

    stay = school + elements({"start_date": "EntryDate", "leaving_date": "LeavingDate"})
    return (
        f"<Pupil>{elements(_CTF_LEARNER)}<BasicDetails>{elements(_CTF_DETAILS)}</BasicDetails>"
        f"<SchoolHistory><School>{stay}</School></SchoolHistory></Pupil>"
    )


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>" if text else ""


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("\n".join(['<?xml version="1.0" encoding="utf-8"?>', *lines]), "utf-8")
