"""The invented schools' data as their MIS writes it: `hwb` CSV, Teacher Centre with a mapping, SIMS, CTF, OneRoster."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from hwb.demo import oneroster_files, xml_files
from hwb.demo.authority import DemoSchool
from hwb.extract.records import LEARNER_COLUMNS, STAFF_COLUMNS, LearnerRecord, StaffRecord

#: What an invented Teacher Centre calls our columns; the mapping file says so to the client.
_TEACHER_CENTRE_LEARNERS = {
    "Rhif Disgybl": "mis_id", "UPN": "upn", "Cyn-UPN": "former_upn", "Rhif Derbyn": "admission_number",
    "Cyfenw": "legal_surname", "Enw Cyntaf": "legal_forename", "Enw Arferol": "preferred_forename",
    "Dyddiad Geni": "birth_date", "Blwyddyn": "year_group", "Dosbarth": "registration_group", "Grwpiau": "classes",
    "Statws": "enrolment_status", "Dechrau": "start_date", "Gadael": "leaving_date",
}  # fmt: skip
_TEACHER_CENTRE_STAFF = {
    "Cod": "staff_code", "Cyfenw": "legal_surname", "Enw Cyntaf": "legal_forename", "Swydd": "role",
    "Dosbarthiadau": "classes", "Dechrau": "start_date", "Gadael": "leaving_date",
}  # fmt: skip


def write(school: DemoSchool, folder: Path, *, on: date) -> list[str]:
    """Writes the school's files as they are on one day and returns the client's options that name them."""
    folder.mkdir(parents=True, exist_ok=True)
    if school.mis == "sims":
        learners, staff = xml_files.write_sims(school, folder)
        return ["--mis", "sims", "--source", str(learners), "--staff-source", str(staff)]
    if school.mis == "ctf":
        return ["--mis", "ctf", "--source", str(xml_files.write_ctf(school, folder, on=on))]
    if school.mis == "oneroster":
        return ["--mis", "oneroster", "--source", str(oneroster_files.write(school, folder))]
    if school.mis == "teacher-centre":
        return ["--mis", "teacher-centre", *_write_teacher_centre(school, folder)]
    (folder / "learners.csv").write_text(delimited(LEARNER_COLUMNS, LEARNER_COLUMNS, school.learners), "utf-8")
    (folder / "staff.csv").write_text(delimited(STAFF_COLUMNS, STAFF_COLUMNS, school.staff), "utf-8")
    return ["--mis", "hwb", "--source", str(folder)]


def _write_teacher_centre(school: DemoSchool, folder: Path) -> list[str]:
    """Semicolons and UTF-16, the encoding in which a spreadsheet keeps ŵ and ŷ."""
    options = []
    mapping = ['delimiter = ";"']
    for option, kind, columns, records in (
        ("--source", "learners", _TEACHER_CENTRE_LEARNERS, school.learners),
        ("--staff-source", "staff", _TEACHER_CENTRE_STAFF, school.staff),
    ):
        path = folder / f"{kind}.txt"
        path.write_text(delimited(tuple(columns), tuple(columns.values()), records, delimiter=";"), "utf-16")
        options += [option, str(path)]
        mapping += [f"[{kind}]", *(f'"{caption}" = "{column}"' for caption, column in columns.items())]
    (folder / "mapping.toml").write_text("\n".join(mapping), "utf-8")
    return [*options, "--mapping", str(folder / "mapping.toml")]


def delimited(
    captions: Sequence[str], columns: Sequence[str], records: Iterable[LearnerRecord | StaffRecord], *,
    delimiter: str = ",",
) -> str:  # fmt: skip
    """Delimited text of our columns, several values in one joined as interfaces.md has it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(captions)
    writer.writerows([xml_files.text_of(record, column) for column in columns] for record in records)
    return text.getvalue()
