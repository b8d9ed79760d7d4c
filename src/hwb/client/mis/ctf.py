"""CTF (Common Transfer File): learners alone, one school's (formats.md; interfaces.md, "What a snapshot covers").

A partial file and one with a destination school are transfers, not a whole school. A CTF knows neither staff
nor classes nor admission numbers.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from lxml import etree

from hwb.client.mis import xml
from hwb.client.mis.reading import ReadError, Reading, not_whole, other_school, row_of
from hwb.extract.fields import LONDON
from hwb.extract.records import LEARNER_COLUMNS, Row
from hwb.extract.texts import N_, Text
from hwb.identifiers import parse_dfes_number

_COLUMNS = {
    "UPN": "upn",
    "Surname": "legal_surname",
    "Forename": "legal_forename",
    "DOB": "birth_date",
    "FormerUPN": "former_upn",
    "PreferredSurname": "preferred_surname",
    "PreferredForename": "preferred_forename",
    "NCyearActual": "year_group",
    "EnrolStatus": "enrolment_status",
}
#: Parts of a pupil that hold others; of a school's history only the dates are read.
_PARTS = frozenset({"BasicDetails", "NAWdetails"})


def read(source: Path, school: str) -> Reading:
    """Learners of the source school. Raises ReadError when the file is no whole school, or another's."""
    reading = Reading()
    rows: list[Row] | None = None
    for element in xml.elements(source, root="CTfile", wanted=frozenset({"Header", "Pupil"})):
        if xml.local_name(element) == "Header":
            reading.moment = _judge_header(element, school)
            rows = reading.rows.setdefault("learner", [])
        elif rows is not None:
            rows.append(_row(len(rows) + 1, element, school, reading.dropped))
    if rows is None:
        # A header after the pupils would be judged too late.
        raise ReadError("not_xml", Text(N_("The XML is damaged or incomplete.")))
    return reading


def _judge_header(header: etree._Element, school: str) -> datetime | None:
    parts = {xml.local_name(child): child for child in header}
    qualifier = parts.get("DocumentQualifier")
    if qualifier is None or xml.text_of(qualifier).lower() != "full":
        raise not_whole()
    destination = parts.get("DestSchool")
    if destination is not None and any(xml.text_of(child) for child in destination):
        raise not_whole()
    number = _number(parts["SourceSchool"]) if "SourceSchool" in parts else ""
    if number != school:
        raise other_school(number)
    return _moment(xml.text_of(parts["DateTime"])) if "DateTime" in parts else None


def _number(school: etree._Element) -> str:
    """The DfES number of a School, SourceSchool or DestSchool, as it is written when it is none."""
    values = {xml.local_name(child): xml.text_of(child) for child in school}
    text = values.get("LEA", "") + values.get("Estab", "")
    return parse_dfes_number(text) or text


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=LONDON) if moment.tzinfo is None else moment


def _row(number: int, pupil: etree._Element, school: str, dropped: set[str]) -> Row:
    values: dict[str, str] = {}
    for child in pupil:
        name = xml.local_name(child)
        if name == "SchoolHistory":
            values |= _dates(child, school)
            continue
        for element in child if name in _PARTS else (child,):
            column = _COLUMNS.get(xml.local_name(element))
            if column is None:
                dropped.add(xml.local_name(element))
            else:
                values.setdefault(column, xml.text_of(element))
    return row_of(f"pupil {number}", values, LEARNER_COLUMNS)


def _dates(history: etree._Element, school: str) -> dict[str, str]:
    """Entry and leaving of the newest stay at this school: a learner may have left and come back."""
    stays = [
        {xml.local_name(child): xml.text_of(child) for child in stay} for stay in history if _number(stay) == school
    ]
    if not stays:
        return {}
    newest = max(stays, key=lambda stay: stay.get("EntryDate", ""))
    return {"start_date": newest.get("EntryDate", ""), "leaving_date": newest.get("LeavingDate", "")}
