"""The ``hwb`` CSV pair: a folder or ZIP with learners.csv, staff.csv or both (interfaces.md)."""

from __future__ import annotations

from pathlib import Path

from hwb.client.mis.archive import Archive
from hwb.client.mis.reading import COLUMNS, ReadError, Reading, decoded, need, nobody, row_in, table
from hwb.extract.records import Kind
from hwb.extract.texts import N_, Text

_LEARNERS_NEEDED = ("upn", "legal_surname", "legal_forename", "birth_date", "year_group", "start_date")
_STAFF_NEEDED = ("staff_code", "legal_surname", "legal_forename", "start_date")
_FILES: tuple[tuple[Kind, str, tuple[str, ...]], ...] = (
    ("learner", "learners.csv", _LEARNERS_NEEDED),
    ("staff", "staff.csv", _STAFF_NEEDED),
)


def read(source: Path) -> Reading:
    """Rows by kind for each file that is there, and the names of columns that were dropped."""
    reading = Reading()
    archive = Archive(source)
    texts = {name: decoded(content) for _, name, _ in _FILES if (content := archive.read(name)) is not None}
    if texts and not any(map(str.strip, texts.values())):
        raise nobody()  # files without anything; beside one with people, an empty one is damaged
    for kind, name, needed in _FILES:
        if name not in texts:
            continue
        header, rows = table(texts[name], name=name)
        need(header, needed, name=name)
        reading.dropped |= {column for column in header if column not in COLUMNS[kind]}
        reading.rows[kind] = [
            row_in(f"row {number}", header, row, COLUMNS[kind]) for number, row in enumerate(rows, start=2)
        ]
    if not reading.rows:
        raise ReadError("no_file", Text(N_("There is neither learners.csv nor staff.csv.")))
    return reading
