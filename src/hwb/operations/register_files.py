"""Reads the registers of authorities and schools from CSV, line by line; a fault names line, column and value."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from hwb.extract.texts import N_, Text
from hwb.identifiers import parse_dfes_number

PHASES = ("primary", "middle", "secondary", "all-through", "special", "nursery", "pru")
MANAGERS = ("", "local authority", "school", "third party")
LANGUAGES = ("", "cy", "en", "both")
MIS_KINDS = ("", "sims", "teacher-centre", "oneroster", "ctf", "hwb")
LONGEST = 200
#: no column's name: where values beyond the last column are kept
_SURPLUS = "\0"
_T = TypeVar("_T")

AUTHORITY_COLUMNS = ("code", "name_en", "name_cy", "email", "telephone")
SCHOOL_COLUMNS = ("dfes_number", "name_en", "name_cy", "phase", "opened", "closed", "client_manager")
OPTIONAL_SCHOOL_COLUMNS = ("language", "registered_email", "mis", "followed_by", "client_contact")


class FileRefused(ValueError):
    """The whole file cannot be used: no CSV in UTF-8, or a column is missing or there twice."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.message.format_map(text.values))
        self.text = text


class _Wrong(ValueError):
    """What a cell needs, as a marked sentence."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that cannot be used: its number in the file, the column, the value and what is needed."""

    line: int
    column: str
    value: str
    needed: Text


@dataclass(frozen=True, slots=True)
class AuthorityRow:
    code: str
    name_en: str
    name_cy: str
    email: str
    telephone: str


@dataclass(frozen=True, slots=True)
class SchoolRow:
    """One school. An optional column that the file does not have is None: what is stored stays."""

    dfes: str
    name_en: str
    name_cy: str
    phase: str
    opened: date | None
    closed: date | None
    client_manager: str
    language: str | None = None
    registered_email: str | None = None
    mis: str | None = None
    followed_by: str | None = None
    client_contact: str | None = None


def read_authorities(content: bytes) -> tuple[list[AuthorityRow], list[Fault]]:
    """Usable lines, and the faults of the others. Raises FileRefused."""
    rows: dict[str, AuthorityRow] = {}
    faults: list[Fault] = []
    for line, cells in _lines(content, AUTHORITY_COLUMNS):
        try:
            code = _cell(cells, "code", _authority_code)
            _once(code, rows)
            rows[code] = AuthorityRow(
                code, _cell(cells, "name_en", _required), _cell(cells, "name_cy", _short),
                _cell(cells, "email", _email), _cell(cells, "telephone", _short),
            )  # fmt: skip
        except _CellFault as fault:
            faults.append(Fault(line, fault.column, fault.value, fault.needed))
    return list(rows.values()), faults


def read_schools(content: bytes) -> tuple[list[SchoolRow], list[Fault]]:
    """Usable lines, and the faults of the others. Raises FileRefused."""
    rows: dict[str, SchoolRow] = {}
    faults: list[Fault] = []
    for line, cells in _lines(content, SCHOOL_COLUMNS):
        try:
            row = _school(cells)
            _once(row.dfes, rows, column="dfes_number")
            rows[row.dfes] = row
        except _CellFault as fault:
            faults.append(Fault(line, fault.column, fault.value, fault.needed))
    return list(rows.values()), faults


def read_split(content: bytes) -> dict[str, str]:
    """Who goes to which successor when a school is split (R43): columns `person` (UPN or staff code), `successor`.

    Raises FileRefused, for a single wrong line too: half of a split is none.
    """
    split: dict[str, str] = {}
    for line, cells in _lines(content, ("person", "successor")):
        person, successor = cells["person"].strip().upper(), parse_dfes_number(cells["successor"])
        if not person or successor is None or person in split:
            raise FileRefused(
                Text(N_("Line {line}: a person, once, and the successor's DfES number are needed."), {"line": line})
            )
        split[person] = successor
    return split


class _CellFault(ValueError):
    def __init__(self, column: str, value: str, needed: Text) -> None:
        super().__init__(column)
        self.column = column
        self.value = value
        self.needed = needed


def _school(cells: dict[str, str]) -> SchoolRow:
    def optional(column: str, read: Callable[[str], str]) -> str | None:
        return _cell(cells, column, read) if column in cells else None

    opened, closed = _cell(cells, "opened", _date), _cell(cells, "closed", _date)
    if opened and closed and closed < opened:
        raise _CellFault("closed", cells["closed"], Text(N_("a date after the school opened")))
    name_en, name_cy = _cell(cells, "name_en", _short), _cell(cells, "name_cy", _short)
    if not name_en and not name_cy:
        raise _CellFault("name_en", "", Text(N_("a name in one of the two languages")))
    return SchoolRow(
        _cell(cells, "dfes_number", _dfes), name_en, name_cy, _cell(cells, "phase", _one_of(PHASES)), opened, closed,
        _cell(cells, "client_manager", _one_of(MANAGERS)), optional("language", _one_of(LANGUAGES)),
        optional("registered_email", _email), optional("mis", _one_of(MIS_KINDS)),
        optional("followed_by", _dfes_or_blank), optional("client_contact", _short),
    )  # fmt: skip


def _lines(content: bytes, required: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileRefused(Text(N_("The file is not in UTF-8. Save it as CSV UTF-8."))) from None
    if "\0" in text:
        raise FileRefused(Text(N_("The file is not in UTF-8. Save it as CSV UTF-8.")))
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check_header(header, required)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                # A short line has blanks at its end; a long one would have put values under wrong columns.
                padded = dict(zip(header, [*cells, *[""] * len(header)], strict=False))
                if len(cells) > len(header):
                    padded[_SURPLUS] = ",".join(cells[len(header) :])
                yield reader.line_num, padded
    except csv.Error as error:
        raise FileRefused(
            Text(N_("Line {line} is not CSV: {fault}"), {"line": reader.line_num, "fault": str(error)})
        ) from None


def _check_header(header: list[str], required: Sequence[str]) -> None:
    missing = [name for name in required if name not in header]
    if missing:
        raise FileRefused(Text(N_("The first line lacks these columns: {columns}"), {"columns": ", ".join(missing)}))
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise FileRefused(Text(N_("The first line has these columns twice: {columns}"), {"columns": ", ".join(twice)}))


def _cell(cells: dict[str, str], column: str, read: Callable[[str], _T]) -> _T:
    value = cells[column].strip()
    if _SURPLUS in cells:
        needed = Text(N_("as many values as there are columns: is there a comma without quotes in one?"))
        raise _CellFault("", cells[_SURPLUS], needed)
    try:
        return read(value)
    except _Wrong as wrong:
        raise _CellFault(column, value, Text(str(wrong))) from None


def _once(key: str, rows: Mapping[str, object], *, column: str = "code") -> None:
    if key in rows:
        raise _CellFault(column, key, Text(N_("each number once in the file")))


def _short(value: str) -> str:
    if len(value) > LONGEST or not value.isprintable():
        raise _Wrong(N_("at most 200 printable characters"))
    return value


def _required(value: str) -> str:
    if not value:
        raise _Wrong(N_("a value"))
    return _short(value)


def _email(value: str) -> str:
    local, at, domain = value.partition("@")
    if value and (not at or not local or "." not in domain or " " in value or len(value) > LONGEST):
        raise _Wrong(N_("an e-mail address, or blank"))
    return _short(value)


def _authority_code(value: str) -> str:
    if not (value.isascii() and value.isdigit() and 660 <= int(value) <= 681):
        raise _Wrong(N_("a code from 660 to 681"))
    return value


def _dfes(value: str) -> str:
    number = parse_dfes_number(value)
    if number is None:
        raise _Wrong(N_("a DfES number of seven digits that begins with 660 to 681"))
    return number


def _dfes_or_blank(value: str) -> str:
    return _dfes(value) if value else ""


def _date(value: str) -> date | None:
    if not value:
        return None
    try:
        if len(value) == len("2026-09-01"):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise _Wrong(N_("a date such as 2026-09-01, or blank"))


def _one_of(allowed: Sequence[str]) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value.lower() not in allowed:
            raise _Wrong(_NEEDED[tuple(allowed)])
        return value.lower()

    return read


_NEEDED = {
    PHASES: N_("one of: primary, middle, secondary, all-through, special, nursery, pru"),
    MANAGERS: N_("one of: local authority, school, third party, or blank"),
    LANGUAGES: N_("one of: cy, en, both, or blank"),
    MIS_KINDS: N_("one of: sims, teacher-centre, oneroster, ctf, hwb, or blank"),
}
