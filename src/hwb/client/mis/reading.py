"""What all readers share: errors of a whole source, delimited text, and rows in our columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from hwb.extract.records import Row
from hwb.extract.texts import N_, Text

LARGEST = 50 * 1024 * 1024


class ReadError(Exception):
    """A source that cannot be read, or is not a whole school: exit 6; "empty" and "wrong_school" are exit 5."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(code)
        self.code, self.text = code, text


def decoded(content: bytes, *, encoding: str = "") -> str:
    """Text of a file: UTF-8, UTF-16 by its byte-order mark, or the declared encoding. Never guessed (input 4)."""
    if len(content) > LARGEST:
        raise ReadError("too_large", Text(N_("The source is larger than 50 MiB.")))
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    try:
        return content.decode(encoding or "utf-8-sig")
    except (UnicodeDecodeError, LookupError):
        raise ReadError(
            "encoding", Text(N_("The source is not in the encoding that was declared, or not in UTF-8."))
        ) from None


def table(text: str, *, delimiter: str = ",", name: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of delimited text. Raises ReadError for a header given twice or none at all."""
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        rows = [row for row in lines if row]
    except csv.Error:
        raise ReadError("not_delimited", Text(N_("The file cannot be read: {name}"), {"name": name})) from None
    if not rows:
        raise ReadError("no_header", Text(N_("The file has no header row: {name}"), {"name": name}))
    header = [column.strip() for column in rows[0]]
    if len(set(header)) != len(header):
        raise ReadError("header_twice", Text(N_("A column stands twice in the header: {name}"), {"name": name}))
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
