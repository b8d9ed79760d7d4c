"""What all readers share: errors of a whole source, delimited text, and rows in our columns."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from hwb.extract.records import LEARNER_COLUMNS, STAFF_COLUMNS, Kind, Problem, Row
from hwb.extract.texts import N_, Text

LARGEST = 50 * 1024 * 1024
MOST_ROWS = 50_000


class ReadError(Exception):
    """A source that cannot be read, or is not a whole school: exit 6; "empty" and "wrong_school" are exit 5."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(code)
        self.code, self.text = code, text


def not_whole() -> ReadError:
    """A transfer file or a delta: whoever is not in it has not left (interfaces.md, "What a snapshot covers")."""
    return ReadError("not_whole", Text(N_("The source does not hold a whole school.")))


def other_school(number: str) -> ReadError:
    """The source names a school, and it is not the one that it was said to be of (X01)."""
    return ReadError("wrong_school", Text(N_("The data is of another school: {number}"), {"number": number or "?"}))


def header_twice(name: str) -> ReadError:
    """A header that gives one column twice (input 13)."""
    return ReadError("header_twice", Text(N_("A column stands twice in the header: {name}"), {"name": name}))


def too_many() -> ReadError:
    """A file with more in it than any school has: it is some other file, or made to cost memory."""
    return ReadError("too_large", Text(N_("The source has more rows than any school's.")))


def nobody() -> ReadError:
    """No people at all, wherever it is noticed (interfaces.md; input 1)."""
    return ReadError("empty", Text(N_("There are no people in the data.")))


@dataclass(slots=True)
class Reading:
    """What a reader found: rows of each kind that the source covers, columns it dropped, the source's own moment.

    ``notices``: warnings of the reader itself, which no record alone could tell.
    """

    rows: dict[Kind, list[Row]] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    moment: datetime | None = None
    notices: list[Problem] = field(default_factory=list)


COLUMNS: dict[Kind, tuple[str, ...]] = {"learner": LEARNER_COLUMNS, "staff": STAFF_COLUMNS}
#: Without these columns nobody can be recognised (input 7). Staff may be known by another key than their code.
NEEDED: dict[Kind, tuple[str, ...]] = {
    "learner": ("upn", "legal_surname", "legal_forename"),
    "staff": ("legal_surname", "legal_forename"),
}


def content_of(path: Path) -> bytes:
    """The bytes of one file, its size judged before it is read. Raises ReadError."""
    try:
        if path.stat().st_size > LARGEST:
            raise ReadError("too_large", Text(N_("The source is larger than 50 MiB.")))
        return path.read_bytes()
    except OSError:
        raise ReadError("no_file", Text(N_("The file cannot be opened."))) from None


def decoded(content: bytes, *, encoding: str = "") -> str:
    """Text of a file: UTF-8, UTF-16 by its byte-order mark, or the declared encoding. Never guessed (input 4)."""
    if len(content) > LARGEST:
        raise ReadError("too_large", Text(N_("The source is larger than 50 MiB.")))
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    try:
        declared = codecs.lookup(encoding or "utf-8").name
        return content.decode("utf-8-sig" if declared == "utf-8" else declared)
    except (UnicodeError, LookupError):
        raise ReadError(
            "encoding", Text(N_("The source is not in the encoding that was declared, or not in UTF-8."))
        ) from None


def table(text: str, *, delimiter: str = ",", name: str, most: int = MOST_ROWS) -> tuple[list[str], list[list[str]]]:
    """Header and rows of delimited text. Raises ReadError for a header given twice or none at all, or too many rows."""
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        rows = list(islice(filter(None, lines), most + 2))
    except csv.Error:
        raise ReadError("not_delimited", Text(N_("The file cannot be read: {name}"), {"name": name})) from None
    if len(rows) > most + 1:
        raise too_many()
    if not rows:
        raise ReadError("no_header", Text(N_("The file has no header row: {name}"), {"name": name}))
    header = [column.strip() for column in rows[0]]
    if len(set(header)) != len(header):
        raise header_twice(name)
    return header, rows[1:]


def need(header: Iterable[str], needed: Sequence[str], *, name: str) -> None:
    """Raises ReadError when a column without which nobody can be recognised is not there (input 7)."""
    missing = [column for column in needed if column not in set(header)]
    if missing:
        values = {"name": name, "columns": ", ".join(missing)}
        raise ReadError("column_missing", Text(N_("Columns are missing in {name}: {columns}"), values))


def row_of(reference: str, values: Mapping[str, str], columns: Sequence[str]) -> Row:
    """One row in the order of our columns."""
    return (reference, *(values.get(column, "") for column in columns))


def row_in(reference: str, header: Sequence[str], row: Sequence[str], columns: Sequence[str]) -> Row:
    """One row of delimited text in the order of our columns.

    In a row with too many or too few fields nobody can tell which field is which, so none but the keys at its
    beginning is sent (a field may be of a column that is not ours); its width lets the check refuse it (input 10).
    """
    if len(row) == len(header):
        return row_of(reference, dict(zip(header, row, strict=True)), columns)
    keys = columns[: columns.index("legal_surname")]
    values: dict[str, str] = {}
    for column, value in zip(header, row, strict=False):
        if column not in keys:
            break
        values[column] = value
    return row_of(reference, values, keys)
