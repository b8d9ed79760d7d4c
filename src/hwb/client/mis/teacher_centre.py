"""Teacher Centre: delimited text as a mapping file declares it, one file for learners and one for staff.

No public export format is known (formats.md), so encoding, delimiter and columns are the mapping's; nothing is
guessed. ŵ and ŷ do not exist in Windows-1252: the check warns of a question mark in a name.
"""

from __future__ import annotations

from pathlib import Path

from hwb.client.mis.mapping import Mapping
from hwb.client.mis.reading import (
    COLUMNS,
    NEEDED,
    ReadError,
    Reading,
    content_of,
    decoded,
    header_twice,
    need,
    row_in,
    table,
)
from hwb.extract.records import Kind
from hwb.extract.texts import N_, Text


def read(source: Path, staff_source: Path | None, mapping: Mapping | None) -> Reading:
    """Rows by kind, and columns that the mapping does not name. Raises ReadError, also when there is no mapping."""
    if mapping is None:
        raise ReadError("mapping_missing", Text(N_("This kind of MIS needs a mapping file: --mapping")))
    reading = Reading()
    _read_kind("learner", source, mapping, reading)
    if staff_source is not None:
        _read_kind("staff", staff_source, mapping, reading)
    return reading


def _read_kind(kind: Kind, path: Path, mapping: Mapping, reading: Reading) -> None:
    text = decoded(content_of(path), encoding=mapping.encoding)
    header, rows = table(text, delimiter=mapping.delimiter, name=path.name)
    captions = mapping.captions.get(kind, {})
    need(header, tuple(captions), name=path.name)
    columns = [captions.get(caption, "") for caption in header]
    # A column not mapped keeps its place under a name that is none of ours.
    need(columns, NEEDED[kind], name=path.name)
    mapped = [column for column in columns if column]
    if len(set(mapped)) != len(mapped):
        raise header_twice(path.name)
    reading.dropped |= {caption for caption in header if caption not in captions}
    reading.rows[kind] = [row_in(f"row {n}", columns, row, COLUMNS[kind]) for n, row in enumerate(rows, start=2)]
