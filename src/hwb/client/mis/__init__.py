"""Reading a school's MIS: each kind its own module, all into one Extract."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from hwb.client.mis import ctf, hwb, oneroster, sims, teacher_centre
from hwb.client.mis import mapping as mappings
from hwb.client.mis.reading import ReadError, Reading, nobody
from hwb.extract.fields import london_date
from hwb.extract.records import Extract, Kind, MisKind
from hwb.extract.texts import N_, Text

Reader = Callable[[Path, Path | None, mappings.Mapping | None, str, date], Reading]

_READERS: dict[MisKind, Reader] = {
    "hwb": lambda source, _staff, _mapping, _school, _on: hwb.read(source),
    "sims": lambda source, staff, mapping, _school, _on: sims.read(source, staff, mapping),
    "teacher-centre": lambda source, staff, mapping, _school, _on: teacher_centre.read(source, staff, mapping),
    "oneroster": lambda source, _staff, _mapping, school, on: oneroster.read(source, school, on),
    "ctf": lambda source, _staff, _mapping, school, _on: ctf.read(source, school),
}
KINDS: tuple[MisKind, ...] = tuple(_READERS)
_COVERED: tuple[Kind, ...] = ("learner", "staff")

__all__ = ["KINDS", "ReadError", "read"]


def read(
    kind: str,
    source: Path,
    *,
    school: str,
    staff_source: Path | None,
    as_at: datetime | None,
    mapping: Path | None = None,
) -> Extract:
    """Everyone on the school's books as the MIS says it. Raises ReadError.

    Without ``as_at`` the moment is the source's own (a CTF states one), else when its newest file was written.
    """
    if not source.exists() or (staff_source is not None and not staff_source.exists()):
        raise ReadError("no_file", Text(N_("The file cannot be opened.")))
    name = next((known for known in _READERS if known == kind), None)
    if name is None:
        raise ReadError("unknown_mis", Text(N_("This kind of MIS cannot be read: {kind}"), {"kind": kind}))
    if source.is_file() and not source.stat().st_size:
        raise nobody()
    declared = mappings.load(mapping) if mapping is not None else None
    written = as_at or _written(source, staff_source)
    reading = _READERS[name](source, staff_source, declared, school, london_date(written))
    if not any(reading.rows.values()):
        raise nobody()
    return Extract(
        school,
        as_at or reading.moment or written,
        name,
        frozenset(covered for covered in _COVERED if covered in reading.rows),
        tuple(reading.rows.get("learner", ())),
        tuple(reading.rows.get("staff", ())),
        tuple(sorted(reading.dropped)),
        tuple(reading.notices),
    )


def _written(source: Path, staff_source: Path | None) -> datetime:
    """When the newest file of the source was written: a school may write one of the two each night."""
    files = [source, *(source.glob("*.csv") if source.is_dir() else ())]
    files += [staff_source] if staff_source is not None else []
    return datetime.fromtimestamp(max(path.stat().st_mtime for path in files), UTC)
