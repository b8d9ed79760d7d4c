"""The files of a OneRoster ZIP or folder as lines, by OneRoster's names in small letters (formats.md).

Real files are met with tolerance: names are compared without case, blanks and underscores, and a line that is out of
step is set aside instead of refusing the file. A delta is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from hwb.client.mis.archive import Archive
from hwb.client.mis.reading import ReadError, decoded, header_twice, need, not_whole, table
from hwb.extract.texts import N_, Text

Line = dict[str, str]

FILES = ("orgs", "users", "roles", "classes", "enrollments", "demographics", "academicsessions")
_MOST_ROWS = 1_000_000  # a whole authority's enrolments
_NAMES = {"academicsessions": "academicSessions"}
_NEEDED: dict[str, tuple[str, ...]] = {
    "orgs": ("sourcedid",),
    "users": ("sourcedid", "givenname", "familyname"),
    "roles": ("usersourcedid", "role", "orgsourcedid"),
    "classes": ("sourcedid",),
    "enrollments": ("usersourcedid", "classsourcedid"),
    "demographics": ("sourcedid",),
    "academicsessions": (),
}
_COMMON = frozenset(["sourcedid", "status", "datelastmodified"])
#: Of the files on people: what is read. Everything else is dropped.
_READ = _COMMON | {
    "userids", "givenname", "familyname", "identifier", "grades", "preferredgivenname", "preferredfamilyname",
    "orgsourcedids", "primaryorgsourcedid", "role", "birthdate",
}  # fmt: skip
#: Of the other files: the standard's columns. One more is a misspelling of one of them, and is said to be dropped.
_STANDARD: dict[str, frozenset[str]] = {
    "users": _READ,
    "demographics": _READ,
    "roles": _COMMON | {"usersourcedid", "roletype", "role", "begindate", "enddate", "orgsourcedid",
                        "userprofilesourcedid"},
    "classes": _COMMON | {"title", "grades", "coursesourcedid", "classcode", "classtype", "location", "schoolsourcedid",
                          "termsourcedids", "subjects", "subjectcodes", "periods"},
    "enrollments": _COMMON | {"classsourcedid", "schoolsourcedid", "usersourcedid", "role", "primary", "begindate",
                              "enddate"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ragged:
    """A line with too many or too few fields: nobody can tell which field is which, but for the first ones."""

    file: str
    number: int
    fields: tuple[str, ...]
    header: tuple[str, ...]

    @property
    def reference(self) -> str:
        return f"{self.file}.csv row {self.number}"

    def names(self, keys: Iterable[str]) -> bool:
        """Whether one of its fields, or of the parts of a list, is one of `keys`."""
        wanted = set(keys)
        return any(part.strip() in wanted for text in self.fields for part in text.split(","))


@dataclass(slots=True)
class Roster:
    """The lines of each file that is there, those out of step apart, and the columns that were not read."""

    lines: dict[str, list[Line]] = field(default_factory=dict)
    ragged: list[Ragged] = field(default_factory=list)
    dropped: set[str] = field(default_factory=set)


def read(archive: Archive) -> Roster:
    """All files that a roster is made of. Raises ReadError for a delta, or a file that was announced and is missing."""
    roster = Roster()
    modes = _modes(archive)
    for name in FILES:
        content = _content(archive, name, modes.get(f"file.{name}"))
        roster.lines[name] = _lines(roster, name, content) if content is not None else []
    return roster


def _modes(archive: Archive) -> dict[str, str]:
    manifest = archive.read("manifest.csv")
    if manifest is None:
        raise _missing("manifest")
    _, rows = table(decoded(manifest), name="manifest.csv")
    return {row[0].strip().lower(): row[1].strip().lower() for row in rows if len(row) > 1}


def _content(archive: Archive, name: str, mode: str | None) -> bytes | None:
    """The bytes of a file, None when it is absent. One of which the manifest says nothing is read if it is there."""
    file = _NAMES.get(name, name)
    if mode not in (None, "", "bulk", "absent"):
        raise not_whole()  # a delta, or what nobody knows
    content = archive.read(f"{file}.csv") if mode != "absent" else None
    if content is None and (mode == "bulk" or name in ("orgs", "users")):
        raise _missing(file)
    return content


def _lines(roster: Roster, name: str, content: bytes) -> list[Line]:
    file = _NAMES.get(name, name)
    header, rows = table(decoded(content), name=f"{file}.csv", most=_MOST_ROWS)
    keys = tuple(_folded(column) for column in header)
    if len(set(keys)) != len(keys):
        raise header_twice(f"{file}.csv")
    need(keys, _NEEDED[name], name=f"{file}.csv")
    if name in _STANDARD:
        roster.dropped |= {column for column, key in zip(header, keys, strict=True) if key not in _STANDARD[name]}
    found: list[Line] = []
    for number, row in enumerate(rows, start=2):
        fields = tuple(map(str.strip, row))
        if len(fields) == len(keys):
            found.append(dict(zip(keys, fields, strict=True)))
        elif any(fields):
            roster.ragged.append(Ragged(file, number, fields, keys))
    return [line for line in found if line.get("status", "").lower() != "tobedeleted"]


def _folded(column: str) -> str:
    return re.sub(r"[\s_-]", "", column).lower()


def _missing(name: str) -> ReadError:
    return ReadError("no_file", Text(N_("A file is missing in the source: {name}"), {"name": f"{name}.csv"}))
