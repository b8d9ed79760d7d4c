"""SIMS CommandReporter XML: one Record a row, captions as element names (formats.md).

Captions differ from report to report: a school's mapping file goes before the shipped one (sims.toml).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from hwb.client.mis import xml
from hwb.client.mis.mapping import Mapping, shipped
from hwb.client.mis.reading import COLUMNS, NEEDED, Reading, need, row_of
from hwb.extract.records import Kind

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
#: Captions with no column of their own that are read all the same.
_ITSELF = frozenset({"multiple_id"})
_MAIN_TEACHER = "MainTeacher"
_REFERENCES: dict[Kind, str] = {"learner": "admission_number", "staff": "staff_code"}

People = dict[str, dict[str, str]]
Taught = dict[str, dict[str, None]]


def read(source: Path, staff_source: Path | None, mapping: Mapping | None = None) -> Reading:
    """Rows by kind, and captions that were dropped. Empty columns are absent elements; repeats of one id are merged."""
    captions = (mapping or Mapping()).over(shipped("sims")).captions
    reading = Reading()
    taught: Taught = defaultdict(dict)
    reading.rows["learner"] = _rows("learner", _people("learner", source, captions["learner"], reading, taught))
    if staff_source is not None:
        staff = _people("staff", staff_source, captions["staff"], reading, taught)
        _add_classes(staff, taught)
        reading.rows["staff"] = _rows("staff", staff)
    return reading


def _people(kind: Kind, source: Path, captions: dict[str, str], reading: Reading, taught: Taught) -> People:
    people: People = {}
    seen: set[str] = set()
    for number, record in enumerate(_records(source), start=1):
        values: dict[str, str] = {}
        for caption, text in record.items():
            column = captions.get(caption)
            if column and text and not values.get(column):
                values[column] = text
            elif not column and caption not in _ITSELF and caption != _MAIN_TEACHER:
                reading.dropped.add(caption)
        seen |= values.keys()
        if record.get(_MAIN_TEACHER) and values.get("classes"):
            taught[_folded(record[_MAIN_TEACHER])][values["classes"]] = None
        _merge(people, values, f"#{number}")
    if people:
        need(seen, NEEDED[kind], name=source.name)
    return people


def _merge(people: People, values: dict[str, str], otherwise: str) -> None:
    """A multi-valued column repeats the whole Record: what one lacks another may have, classes add up."""
    known = people.setdefault(values.get("mis_id") or otherwise, values)
    if known is values:
        return
    classes = dict.fromkeys(filter(None, (known.get("classes"), values.get("classes"))))
    names = dict.fromkeys(name for joined in classes for name in joined.split(";"))
    known.update({column: text for column, text in values.items() if not known.get(column)})
    if names:
        known["classes"] = ";".join(names)


def _add_classes(staff: People, taught: Taught) -> None:
    """Gives staff the classes whose MainTeacher they are, known by code or by names that one person alone has."""
    named: dict[str, list[dict[str, str]]] = defaultdict(list)
    for person in staff.values():
        forename, surname = person.get("legal_forename", ""), person.get("legal_surname", "")
        for name in {person.get("staff_code", ""), f"{forename} {surname}", f"{surname} {forename}"}:
            if name.strip():
                named[_folded(name)].append(person)
    for name, classes in taught.items():
        if len(named[name]) == 1:
            (person,) = named[name]
            own = filter(None, person.get("classes", "").split(";"))
            person["classes"] = ";".join(dict.fromkeys([*own, *classes]))


def _folded(name: str) -> str:
    return " ".join(name.replace(",", " ").split()).casefold()


def _rows(kind: Kind, people: People) -> list[tuple[str, ...]]:
    reference = _REFERENCES[kind]
    return [row_of(f"{kind} {values.get(reference) or key}", values, COLUMNS[kind]) for key, values in people.items()]


def _records(source: Path) -> Iterator[dict[str, str]]:
    for record in xml.elements(source, root="SuperStarReport", wanted=frozenset({"Record"})):
        yield {_caption(xml.local_name(child)): xml.text_of(child) for child in record}


def _caption(name: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), name)
