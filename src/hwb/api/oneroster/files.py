"""OneRoster CSV: a ZIP with a manifest and one file a list, whole (bulk), in both versions (formats.md).

Only who is there is in it: a bulk file has no status, so whoever is missing from it is gone.
"""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hwb.api.oneroster.collections import COLLECTIONS, Collection, View
from hwb.api.oneroster.shapes import Version
from hwb.directory.queries import roster
from hwb.directory.queries.roster import Asked

Thing = Mapping[str, Any]
_ROWS_AT_ONCE = 2000
_HEAD = ("sourcedId", "status", "dateLastModified")
_SCHOOL_CODES = ("subjects", "subjectCodes")
#: The columns of each file after the three that all have, in the standard's order.
_BOTH: Mapping[str, tuple[str, ...]] = {
    "academicSessions": ("title", "type", "startDate", "endDate", "parentSourcedId", "schoolYear"),
    "classes": ("title", "grades", "courseSourcedId", "classCode", "classType", "location", "schoolSourcedId",
                "termSourcedIds", *_SCHOOL_CODES, "periods"),
    "courses": ("schoolYearSourcedId", "title", "courseCode", "grades", "orgSourcedId", *_SCHOOL_CODES),
    "demographics": ("birthDate", "sex", "americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican",
                     "nativeHawaiianOrOtherPacificIslander", "white", "demographicRaceTwoOrMoreRaces",
                     "hispanicOrLatinoEthnicity", "countryOfBirthCode", "stateOfBirthAbbreviation", "cityOfBirth",
                     "publicSchoolResidenceStatus"),
    "enrollments": ("classSourcedId", "schoolSourcedId", "userSourcedId", "role", "primary", "beginDate", "endDate"),
    "orgs": ("name", "type", "identifier", "parentSourcedId"),
}  # fmt: skip
COLUMNS: Mapping[Version, Mapping[str, tuple[str, ...]]] = {
    "1.2": {
        **_BOTH,
        "roles": ("userSourcedId", "roleType", "role", "beginDate", "endDate", "orgSourcedId", "userProfileSourcedId"),
        "users": ("enabledUser", "username", "userIds", "givenName", "familyName", "middleName", "identifier", "email",
                  "sms", "phone", "agentSourcedIds", "grades", "password", "userMasterIdentifier", "preferredGivenName",
                  "preferredMiddleName", "preferredFamilyName", "primaryOrgSourcedId", "pronouns"),
    },
    "1.1": {
        **_BOTH,
        "users": ("enabledUser", "orgSourcedIds", "role", "username", "userIds", "givenName", "familyName",
                  "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds", "grades", "password"),
    },
}  # fmt: skip
#: Files of the standard that are never there: no MIS sends what they hold.
ABSENT: Mapping[Version, tuple[str, ...]] = {
    "1.2": ("categories", "classResources", "courseResources", "lineItemLearningObjectiveIds", "lineItems",
            "lineItemScoreScales", "resources", "resultLearningObjectiveIds", "results", "resultScoreScales",
            "scoreScales", "userProfiles", "userResources"),
    "1.1": ("categories", "classResources", "courseResources", "lineItems", "resources", "results"),
}  # fmt: skip


def write(view: View, path: Path, *, demographics: bool, cell: Callable[[object], str]) -> dict[str, int]:
    """Writes the ZIP, for its owner's eyes; returns how many lines each file has. What stood there before stays until
    it is whole. The caller's transaction makes it one moment's.

    cell: how a value is written, so that no spreadsheet takes it for a formula. Raises OSError.
    """
    version = view.pen.version
    files = [name for name in COLUMNS[version] if demographics or name != "demographics"]
    counts = {}
    part = path.with_name(f"{path.name}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as raw_file, zipfile.ZipFile(raw_file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.csv", _text([["propertyName", "value"], *_manifest(version, files)], str))
        for name in files:
            with archive.open(f"{name}.csv", "w", force_zip64=True) as raw:
                counts[name] = _write_file(raw, name, view, cell)
    part.replace(path)
    return counts


def _manifest(version: Version, files: Sequence[str]) -> list[list[str]]:
    known = sorted([*COLUMNS[version], *ABSENT[version]], key=str.casefold)
    states = [[f"file.{name}", "bulk" if name in files else "absent"] for name in known]
    return [["manifest.version", "1.0"], ["oneroster.version", version], *states, ["source.systemName", "Hwb"]]


def _write_file(raw: Any, name: str, view: View, cell: Callable[[object], str]) -> int:
    columns = (*_HEAD, *COLUMNS[view.pen.version][name])
    raw.write(_text([columns], str).encode())
    count = 0
    batch: list[list[object]] = []
    for line in _lines(name, view):
        batch.append([line.get(column, "") for column in columns])
        count += 1
        if len(batch) == _ROWS_AT_ONCE:
            raw.write(_text(batch, cell).encode())
            batch.clear()
    raw.write(_text(batch, cell).encode())
    return count


def _text(rows: Iterable[Sequence[object]], cell: Callable[[object], str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([cell(value) for value in row] for row in rows)
    return buffer.getvalue()


def _lines(name: str, view: View) -> Iterator[Thing]:
    if name == "roles":
        yield from (line for person in _things(COLLECTIONS["users"], view) for line in _roles(person))
        return
    for thing in _things(COLLECTIONS[name], view):
        yield {column: _value(thing, column) for column in COLUMNS[view.pen.version][name]} | {
            "sourcedId": thing["sourcedId"]
        }


def _things(collection: Collection, view: View) -> Iterator[Thing]:
    """Everything of a list that is there, as REST writes it."""
    relation = collection.relation(view)
    asked = Asked(limit=_ROWS_AT_ONCE)
    while rows := roster.page(relation, asked):
        written = (collection.write(row, view.pen) for row in rows)
        yield from (thing for thing in written if thing["status"] == "active")
        asked = replace(asked, after=roster.key_of(rows[-1], relation))


def _roles(person: Thing) -> Iterator[Thing]:
    for role in person["roles"]:
        org = role["org"]["sourcedId"]
        yield {
            "sourcedId": f"{person['sourcedId']}-{org}-{role['role']}", "userSourcedId": person["sourcedId"],
            "roleType": role["roleType"], "role": role["role"], "orgSourcedId": org,
            "beginDate": role.get("beginDate", ""), "endDate": role.get("endDate", ""),
        }  # fmt: skip


def _value(thing: Thing, column: str) -> str:
    """A column by the member of the thing: `orgSourcedId` is `org`, `termSourcedIds` are `terms`."""
    if column.endswith("SourcedId"):
        return str(thing.get(column.removesuffix("SourcedId"), {}).get("sourcedId", ""))
    if column.endswith("SourcedIds"):
        return ",".join(one["sourcedId"] for one in thing.get(f"{column.removesuffix('SourcedIds')}s", ()))
    found = thing.get(column, "")
    if column == "userIds":
        return ",".join(f"{{{one['type']}:{one['identifier']}}}" for one in found or ())
    if isinstance(found, bool):
        return str(found).lower()
    return ",".join(found) if isinstance(found, list) else str(found)
