"""OneRoster CSV 1.1 and 1.2, a ZIP or its folder: learners and staff of one school (formats.md, ADR 5).

A role's end is the last day on roll, unless it is only the end of a session; see :mod:`hwb.client.mis.roles`.
A line that is out of step refuses the record of its person, who is then neither missing nor gone (input 10, R32).
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from pathlib import Path

from hwb.client.mis import roster
from hwb.client.mis.archive import Archive
from hwb.client.mis.reading import Reading, other_school, row_of
from hwb.client.mis.roles import Role, roles_of, without_session_ends
from hwb.client.mis.roster import Line, Ragged, Roster
from hwb.extract.fields import read_date
from hwb.extract.records import LEARNER_COLUMNS, STAFF_COLUMNS, Kind, Row
from hwb.identifiers import clean_upn, parse_dfes_number

_USER_ID = re.compile(r"\{\s*([^:{}]+?)\s*:\s*([^{}]*?)\s*\}")
#: The columns that say whose a record is, without saying anything else.
_KEYS: dict[Kind, tuple[str, ...]] = {"learner": LEARNER_COLUMNS[:4], "staff": STAFF_COLUMNS[:3]}


def read(source: Path, school: str, on: date) -> Reading:
    """Learners and staff of the school `school` on the day `on`.

    Raises ReadError for a delta, or when the school is not in it.
    """
    found = roster.read(Archive(source))
    reading = Reading(dropped=found.dropped)
    ours, others = _orgs(found, school)
    places = _Places(found, ours)
    roles, reading.notices = without_session_ends(
        roles_of(found, ours, on=on, since=places.since), found.lines["academicsessions"]
    )
    days = {line["sourcedid"]: line.get("birthdate", "") for line in found.lines["demographics"]}
    spoilt = _Spoilt(found, ours=ours, others=others)
    rows: dict[Kind, list[Row]] = {"learner": [], "staff": []}
    for user in found.lines["users"]:
        key = user["sourcedid"]
        role, line = roles.get(key), spoilt.of_user.get(key)
        if role is None and line is None:
            continue
        kind = role.kind if role is not None else "learner"
        values = _keys(user, kind)
        if role is None or line is not None:
            rows[kind].append(row_of(line.reference if line else key, values, _KEYS[kind]))
            continue
        user["birthdate"] = days.get(key, "")
        make = _learner if kind == "learner" else _member
        rows[kind].append(make(user, values, role, places, on))
    for line, key in spoilt.alone:
        kind = roles[key].kind if key in roles else "learner"
        rows[kind].append(row_of(line.reference, {"mis_id": key}, _KEYS[kind]))
    reading.rows = rows
    return reading


def _orgs(found: Roster, school: str) -> tuple[frozenset[str], frozenset[str]]:
    """The sourcedIds under which the school stands, and all others; its number is identifier or sourcedId.

    Of a line that is out of step, as by a comma in the school's name, the number is enough. Raises ReadError.
    """
    lines = list(found.lines["orgs"])
    for line in (line for line in found.ragged if line.file == "orgs"):
        number = next((text for text in line.fields[1:] if parse_dfes_number(text)), "")
        lines.append({"sourcedid": line.fields[0], "identifier": number})
    ours = {
        org["sourcedid"]
        for org in lines
        if school in (parse_dfes_number(org.get("identifier", "")), parse_dfes_number(org["sourcedid"]))
    }
    if not ours:
        others = [org for org in lines if org.get("type", "school").lower() == "school"]
        raise other_school(", ".join(org.get("identifier") or org["sourcedid"] for org in others[:3]))
    return frozenset(ours), frozenset(org["sourcedid"] for org in lines if org["sourcedid"] not in ours)


class _Spoilt:
    """Whose record a line out of step spoils: `of_user` by sourcedId, `alone` where users has no line of that person.

    A line of another school's people is none of ours.
    """

    def __init__(self, found: Roster, *, ours: frozenset[str], others: frozenset[str]) -> None:
        self.of_user: dict[str, Ragged] = {}
        self.alone: list[tuple[Ragged, str]] = []
        users = {line["sourcedid"] for line in found.lines["users"]}
        elsewhere = self._elsewhere(found, ours)
        for line in found.ragged:
            key = self._user_of(line, users)
            foreign = not line.names(ours) and (line.names(others) or key in elsewhere)
            if line.file in ("orgs", "academicSessions") or foreign:
                continue
            if key in users:
                self.of_user.setdefault(key, line)
            else:
                self.alone.append((line, key))

    @staticmethod
    def _elsewhere(found: Roster, ours: frozenset[str]) -> set[str]:
        """People of whom every role is at another school."""
        at_ours = {line["usersourcedid"] for line in found.lines["roles"] if line["orgsourcedid"] in ours}
        return {line["usersourcedid"] for line in found.lines["roles"]} - at_ours

    @staticmethod
    def _user_of(line: Ragged, users: set[str]) -> str:
        """The person by the first field of a line of users or demographics, in others by a field that is a user's."""
        if line.file in ("users", "demographics"):
            return line.fields[0]
        return next((text for text in line.fields[1:] if text in users), "")


class _Places:
    """Who is in which class of our school, and since when."""

    def __init__(self, found: Roster, ours: frozenset[str]) -> None:
        self._classes = {line["sourcedid"]: line for line in found.lines["classes"]}
        self._enrolments: dict[str, list[Line]] = defaultdict(list)
        for line in found.lines["enrollments"]:
            of_class = self._classes.get(line["classsourcedid"], {}).get("schoolsourcedid", "")
            if (line.get("schoolsourcedid") or of_class) in ours:
                self._enrolments[line["usersourcedid"]].append(line)

    def since(self, user: str) -> str:
        """The earliest begin of an enrolment: 1.1 knows no other date of admission."""
        begun = (line.get("begindate", "") for line in self._enrolments[user])
        return min(filter(None, begun), key=lambda text: read_date(text) or date.max, default="")

    def titles(self, user: str, on: date, *, homeroom: bool | None = None) -> list[str]:
        """Titles of the classes that the user is in on a day: all, or registration groups alone, or the others."""
        lines = (self._classes.get(line["classsourcedid"]) for line in self._enrolments[user] if _is_on(line, on))
        return list(
            dict.fromkeys(
                (line.get("title") or line.get("classcode") or line["sourcedid"]).replace(";", ",")
                for line in lines
                if line is not None and homeroom in (None, line.get("classtype", "").lower() == "homeroom")
            )
        )


def _is_on(enrolment: Line, day: date) -> bool:
    """Whether an enrolment is in force; a date that cannot be read ends nothing."""
    begin, end = read_date(enrolment.get("begindate", "")), read_date(enrolment.get("enddate", ""))
    return (begin is None or begin <= day) and (end is None or day <= end)


def _keys(user: Line, kind: Kind) -> dict[str, str]:
    """What says whose record it is: UPN and admission number, or staff code and employee number."""
    ids = {name.lower(): value for name, value in _USER_ID.findall(user.get("userids", ""))}
    identifier = user.get("identifier", "")
    if kind == "staff":
        code = ids.get("staffcode") or identifier
        return {"mis_id": user["sourcedid"], "staff_code": code, "employee_number": ids.get("employeenumber", "")}
    is_upn = len(clean_upn(identifier)) == 13
    return {
        "upn": ids.get("upn") or (identifier if is_upn else ""),
        "former_upn": ids.get("formerupn", ""),
        "mis_id": user["sourcedid"],
        "admission_number": ids.get("admissionnumber") or ("" if is_upn else identifier),
    }


def _learner(user: Line, keys: dict[str, str], role: Role, places: _Places, on: date) -> Row:
    day = max(on, role.begins or on)  # of somebody who is yet to come, the classes they come to
    groups = places.titles(user["sourcedid"], day, homeroom=True)
    values = _names(user) | keys | {
        "year_group": user.get("grades", ""),
        "registration_group": groups[0] if groups else "",
        "classes": ";".join([*groups[1:], *places.titles(user["sourcedid"], day, homeroom=False)]),
        "start_date": role.begin,
        "leaving_date": role.end,
    }  # fmt: skip
    return row_of(f"learner {keys['admission_number'] or user['sourcedid']}", values, LEARNER_COLUMNS)


def _member(user: Line, keys: dict[str, str], role: Role, places: _Places, on: date) -> Row:
    values = _names(user) | keys | {
        "role": role.name,
        "classes": ";".join(places.titles(user["sourcedid"], max(on, role.begins or on))),
        "start_date": role.begin,
        "leaving_date": role.end,
    }  # fmt: skip
    return row_of(f"staff {keys['staff_code'] or user['sourcedid']}", values, STAFF_COLUMNS)


def _names(user: Line) -> dict[str, str]:
    return {
        "legal_surname": user["familyname"],
        "legal_forename": user["givenname"],
        "preferred_surname": user.get("preferredfamilyname", ""),
        "preferred_forename": user.get("preferredgivenname", ""),
        "birth_date": user["birthdate"],
    }
