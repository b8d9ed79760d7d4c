"""SIMS CommandReporter XML: one Record a row, captions as element names (formats.md)."""

from __future__ import annotations

import io
from pathlib import Path

from lxml import etree

from hwb.client.mis.reading import LARGEST, ReadError, row_of
from hwb.extract.records import LEARNER_COLUMNS, STAFF_COLUMNS, Row
from hwb.extract.texts import N_, Text

DEEPEST = 50
#: Captions of the report definitions that the client ships, and those seen elsewhere; a mapping file adds others.
LEARNER_CAPTIONS = {
    "primary_id": "mis_id", "Adno": "admission_number", "UPN": "upn", "Former UPN": "former_upn",
    "Legal Surname": "legal_surname", "LegalSurname": "legal_surname", "Surname": "legal_surname",
    "Forename": "legal_forename", "Legal Forename": "legal_forename", "Preferred Surname": "preferred_surname",
    "Preferred Forename": "preferred_forename", "ChosenName": "preferred_forename", "DOB": "birth_date",
    "Year": "year_group", "Reg": "registration_group", "RegGroup": "registration_group", "Class": "classes",
    "Enrolment Status": "enrolment_status", "Date of Admission": "start_date", "Date of Leaving": "leaving_date",
}  # fmt: skip
STAFF_CAPTIONS = {
    "primary_id": "mis_id", "Staff Code": "staff_code", "ShortName": "staff_code",
    "Employee Number": "employee_number", "Surname": "legal_surname", "Legal Surname": "legal_surname",
    "Forename": "legal_forename", "Legal Forename": "legal_forename", "Preferred Surname": "preferred_surname",
    "Preferred Forename": "preferred_forename", "DOB": "birth_date", "Role": "role",
    "Date of Joining": "start_date", "Start Date": "start_date", "Date of Leaving": "leaving_date",
    "Class": "classes",
}  # fmt: skip


def read(source: Path, staff_source: Path | None) -> tuple[dict[str, list[Row]], set[str]]:
    """Rows by kind, and captions that were dropped. Empty columns are absent elements; repeats of one id are merged."""
    dropped: set[str] = set()
    found = {"learner": _people(source, LEARNER_CAPTIONS, LEARNER_COLUMNS, "admission_number", "learner", dropped)}
    if staff_source is not None:
        found["staff"] = _people(staff_source, STAFF_CAPTIONS, STAFF_COLUMNS, "staff_code", "staff", dropped)
    return found, dropped


def _people(
    source: Path, captions: dict[str, str], columns: tuple[str, ...], reference: str, kind: str, dropped: set[str]
) -> list[Row]:
    people: dict[str, dict[str, str]] = {}
    for number, record in enumerate(_records(source), start=1):
        values: dict[str, str] = {}
        for caption, text in record.items():
            column = captions.get(caption)
            if column is None:
                dropped.add(caption)
            elif text and not values.get(column):
                values[column] = text
        dropped -= {"multiple_id"}
        key = values.get("mis_id", "") or f"#{number}"
        known = people.setdefault(key, values)
        if known is not values and values.get("classes"):
            known["classes"] = ";".join(dict.fromkeys([*known.get("classes", "").split(";"), values["classes"]])).strip(
                ";"
            )
    return [row_of(f"{kind} {values.get(reference) or key}", values, columns) for key, values in people.items()]


def _records(source: Path) -> list[dict[str, str]]:
    try:
        content = source.read_bytes()
    except OSError:
        raise ReadError("no_file", Text(N_("The file cannot be opened."))) from None
    if len(content) > LARGEST:
        raise ReadError("too_large", Text(N_("The source is larger than 50 MiB.")))
    if b"<!DOCTYPE" in content[:4096] or b"<!ENTITY" in content:
        raise ReadError("doctype", Text(N_("The XML has a document type, which is never read.")))
    records: list[dict[str, str]] = []
    depth = 0
    try:
        for event, element in etree.iterparse(
            io.BytesIO(content), events=("start", "end"), resolve_entities=False, no_network=True, huge_tree=False
        ):
            if event == "start":
                depth += 1
                if depth > DEEPEST:
                    raise ReadError("too_deep", Text(N_("The XML is nested too deeply.")))
                if depth == 1 and element.tag == "CommandReporterError":
                    raise ReadError("mis_error", Text(N_("SIMS answered with an error.")))
                continue
            depth -= 1
            if element.tag == "Record":
                records.append(
                    {str(child.tag).replace("_x0020_", " "): (child.text or "").strip() for child in element}
                )
                element.clear()
    except etree.XMLSyntaxError:
        raise ReadError("not_xml", Text(N_("The XML is damaged or incomplete."))) from None
    return records
