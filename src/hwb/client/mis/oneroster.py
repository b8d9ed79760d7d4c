"""OneRoster CSV 1.1 and 1.2, a ZIP or its folder: learners and staff of one school (formats.md).

Real files are met with tolerance (case, British dates, columns that are not there); a delta is refused.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from pathlib import Path

from hwb.client.mis.archive import Archive
from hwb.client.mis.reading import ReadError, Reading, decoded, need, not_whole, other_school, row_of, table
from hwb.extract.fields import read_date
from hwb.extract.records import LEARNER_COLUMNS, STAFF_COLUMNS, Row
from hwb.extract.texts import N_, Text
from hwb.identifiers import clean_upn, parse_dfes_number

_FILES = ("orgs", "users", "roles", "classes", "enrollments", "demographics")
_NEEDED: dict[str, tuple[str, ...]] = {
    "orgs": ("sourcedid",),
    "users": ("sourcedid", "givenname", "familyname"),
    "roles": ("usersourcedid", "role"),
    "classes": ("sourcedid",),
    "enrollments": ("usersourcedid", "classsourcedid"),
    "demographics": ("sourcedid",),
}
#: Of the files on people: what is read, by OneRoster's names in small letters. Everything else is dropped.
_READ = frozenset(
    ["sourcedid", "status", "datelastmodified", "userids", "givenname", "familyname", "identifier", "grades",
     "preferredgivenname", "preferredfamilyname", "orgsourcedids", "primaryorgsourcedid", "role", "birthdate"]
)  # fmt: skip
_USER_ID = re.compile(r"\{\s*([^:{}]+?)\s*:\s*([^{}]*?)\s*\}")
#: Roles of people who are neither learners nor staff of the school.
_NOT_STAFF = frozenset(
    {"", "student", "parent", "guardian", "relative", "districtadministrator", "systemadministrator"}
)

Line = dict[str, str]


def read(source: Path, school: str) -> Reading:
    """Learners and staff of the school `school`. Raises ReadError for a delta, or when the school is not in it."""
    reading = Reading()
    files = _files(Archive(source), reading.dropped)
    ours = _our_orgs(files["orgs"], school)
    roles = _roles(files, ours)
    day_ids = {line["sourcedid"]: line.get("birthdate", "") for line in files["demographics"]}
    places = _Places(files, ours)
    learners: list[Row] = []
    staff: list[Row] = []
    for user in files["users"]:
        user["birthdate"] = day_ids.get(user["sourcedid"], "")
        for role in roles.get(user["sourcedid"], ())[:1]:
            if role["role"].lower() == "student":
                learners.append(_learner(user, role, places))
            else:
                staff.append(_member(user, role, places))
    reading.rows = {"learner": learners, "staff": staff}
    return reading


def _files(archive: Archive, dropped: set[str]) -> dict[str, list[Line]]:
    manifest = archive.read("manifest.csv")
    if manifest is None:
        raise _missing("manifest.csv")
    _, rows = table(decoded(manifest), name="manifest.csv")
    modes = {row[0].strip().lower(): row[1].strip().lower() for row in rows if len(row) > 1}
    found: dict[str, list[Line]] = {}
    for name in _FILES:
        mode = modes.get(f"file.{name}", "absent")
        if mode == "delta":
            raise not_whole()
        content = archive.read(f"{name}.csv") if mode == "bulk" else None
        if content is None and (mode == "bulk" or name in ("orgs", "users")):
            raise _missing(f"{name}.csv")
        found[name] = _lines(name, content, dropped) if content is not None else []
    return found


def _lines(name: str, content: bytes, dropped: set[str]) -> list[Line]:
    header, rows = table(decoded(content), name=f"{name}.csv")
    keys = [column.lower() for column in header]
    need(keys, _NEEDED[name], name=f"{name}.csv")
    if name in ("users", "demographics"):
        dropped |= {column for column in header if column.lower() not in _READ}
    if any(len(row) != len(keys) for row in rows):
        # A shifted line of one file would join people to other people's facts.
        raise ReadError("not_delimited", Text(N_("The file cannot be read: {name}"), {"name": f"{name}.csv"}))
    lines = (dict(zip(keys, map(str.strip, row), strict=True)) for row in rows)
    return [line for line in lines if line.get("status", "").lower() != "tobedeleted"]


def _our_orgs(orgs: list[Line], school: str) -> frozenset[str]:
    """The sourcedIds under which the school stands; its number is in identifier, or is the sourcedId itself."""
    ours = {
        org["sourcedid"]
        for org in orgs
        if school in (parse_dfes_number(org.get("identifier", "")), parse_dfes_number(org["sourcedid"]))
    }
    if not ours:
        others = [org for org in orgs if org.get("type", "school").lower() == "school"]
        raise other_school(", ".join(org.get("identifier") or org["sourcedid"] for org in others[:3]))
    return frozenset(ours)


def _roles(files: dict[str, list[Line]], ours: frozenset[str]) -> dict[str, list[Line]]:
    """Each user's roles at our school: student first, then primary, then any of staff. 1.1 has them in users."""
    roles: dict[str, list[Line]] = defaultdict(list)
    for line in files["roles"]:
        if line.get("orgsourcedid", "") in ours and _counts(line):
            roles[line["usersourcedid"]].append(line)
    if not files["roles"]:
        for user in files["users"]:
            orgs = {org.strip() for org in user.get("orgsourcedids", "").split(",")}
            if orgs & ours and _counts(user):
                roles[user["sourcedid"]].append({"role": user["role"]})
    for known in roles.values():
        # Of two stays the newer one counts: a learner may have left and come back.
        known.sort(key=lambda role: read_date(role.get("begindate", "")) or date.min, reverse=True)
        known.sort(key=lambda role: (role["role"].lower() != "student", role.get("roletype", "").lower() != "primary"))
    return roles


def _counts(line: Line) -> bool:
    role = line.get("role", "").lower()
    return role == "student" or role not in _NOT_STAFF


class _Places:
    """Who is in which class of our school, and since when."""

    def __init__(self, files: dict[str, list[Line]], ours: frozenset[str]) -> None:
        self._classes = {line["sourcedid"]: line for line in files["classes"]}
        self._enrolments: dict[str, list[Line]] = defaultdict(list)
        for line in files["enrollments"]:
            if line.get("schoolsourcedid", "") in ours:
                self._enrolments[line["usersourcedid"]].append(line)

    def since(self, user: str) -> str:
        """The earliest begin of an enrolment: 1.1 knows no other date of admission."""
        begun = (line.get("begindate", "") for line in self._enrolments[user])
        return min(filter(None, begun), key=lambda text: read_date(text) or date.max, default="")

    def titles(self, user: str, *, homeroom: bool | None = None) -> list[str]:
        """Titles of the user's classes: all of them, or registration groups alone, or the others alone."""
        lines = (self._classes.get(line["classsourcedid"]) for line in self._enrolments[user])
        return list(
            dict.fromkeys(
                (line.get("title") or line.get("classcode") or line["sourcedid"]).replace(";", ",")
                for line in lines
                if line is not None and homeroom in (None, line.get("classtype", "").lower() == "homeroom")
            )
        )


def _learner(user: Line, role: Line, places: _Places) -> Row:
    key = user["sourcedid"]
    ids, identifier = _user_ids(user), user.get("identifier", "")
    is_upn = len(clean_upn(identifier)) == 13
    upn = ids.get("upn") or (identifier if is_upn else "")
    admission = ids.get("admissionnumber") or ("" if is_upn else identifier)
    groups = places.titles(key, homeroom=True)
    values = _names(user) | {
        "upn": upn,
        "former_upn": ids.get("formerupn", ""),
        "mis_id": key,
        "admission_number": admission,
        "year_group": user.get("grades", ""),
        "registration_group": groups[0] if groups else "",
        "classes": ";".join([*groups[1:], *places.titles(key, homeroom=False)]),
        "start_date": role.get("begindate") or places.since(key),
        "leaving_date": role.get("enddate", ""),
    }
    return row_of(f"learner {admission or key}", values, LEARNER_COLUMNS)


def _member(user: Line, role: Line, places: _Places) -> Row:
    key = user["sourcedid"]
    ids = _user_ids(user)
    code = ids.get("staffcode") or user.get("identifier", "")
    values = _names(user) | {
        "mis_id": key,
        "staff_code": code,
        "employee_number": ids.get("employeenumber", ""),
        "role": role["role"],
        "classes": ";".join(places.titles(key)),
        "start_date": role.get("begindate") or places.since(key),
        "leaving_date": role.get("enddate", ""),
    }
    return row_of(f"staff {code or key}", values, STAFF_COLUMNS)


def _names(user: Line) -> dict[str, str]:
    return {
        "legal_surname": user["familyname"],
        "legal_forename": user["givenname"],
        "preferred_surname": user.get("preferredfamilyname", ""),
        "preferred_forename": user.get("preferredgivenname", ""),
        "birth_date": user["birthdate"],
    }


def _user_ids(user: Line) -> dict[str, str]:
    return {kind.lower(): value for kind, value in _USER_ID.findall(user.get("userids", ""))}


def _missing(name: str) -> ReadError:
    return ReadError("no_file", Text(N_("A file is missing in the source: {name}"), {"name": name}))
