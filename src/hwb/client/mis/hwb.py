"""The ``hwb`` CSV pair: a folder or ZIP with learners.csv, staff.csv or both (interfaces.md)."""

from __future__ import annotations

import zipfile
from pathlib import Path

from hwb.client.mis.reading import LARGEST, ReadError, decoded, need, row_of, table
from hwb.extract.records import LEARNER_COLUMNS, STAFF_COLUMNS, Row
from hwb.extract.texts import N_, Text

LEARNERS_NEEDED = ("upn", "legal_surname", "legal_forename", "birth_date", "year_group", "start_date")
STAFF_NEEDED = ("staff_code", "legal_surname", "legal_forename", "start_date")
RATIO = 100


def read(source: Path) -> tuple[dict[str, list[Row]], set[str]]:
    """Rows by kind for each file that is there, and the names of columns that were dropped."""
    found: dict[str, list[Row]] = {}
    dropped: set[str] = set()
    for kind, name, columns, needed in (
        ("learner", "learners.csv", LEARNER_COLUMNS, LEARNERS_NEEDED),
        ("staff", "staff.csv", STAFF_COLUMNS, STAFF_NEEDED),
    ):
        content = _content(source, name)
        if content is None:
            continue
        header, rows = table(decoded(content), name=name)
        need(header, needed, name=name)
        dropped |= {column for column in header if column not in columns}
        found[kind] = [_row(number, header, row, columns) for number, row in enumerate(rows, start=2)]
    if not found:
        raise ReadError("no_file", Text(N_("There is neither learners.csv nor staff.csv.")))
    return found, dropped


def _row(number: int, header: list[str], row: list[str], columns: tuple[str, ...]) -> Row:
    if len(row) != len(header):
        return (f"row {number}", *row)  # judged as a row with too many or too few fields
    return row_of(f"row {number}", dict(zip(header, row, strict=True)), columns)


def _content(source: Path, name: str) -> bytes | None:
    if source.is_dir():
        path = source / name
        return path.read_bytes() if path.is_file() else None
    try:
        with zipfile.ZipFile(source) as archive:
            for info in archive.infolist():
                if info.filename != name:
                    continue
                if info.file_size > LARGEST or info.file_size > RATIO * max(info.compress_size, 1):
                    raise ReadError("too_large", Text(N_("The source is larger than 50 MiB.")))
                return archive.read(info)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
        raise ReadError("not_zip", Text(N_("The source is neither a folder nor a ZIP file."))) from None
    return None
