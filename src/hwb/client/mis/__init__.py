"""Reading a school's MIS: each kind its own module, all into one Extract."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from hwb.client.mis import hwb, sims
from hwb.client.mis.reading import ReadError
from hwb.extract.records import Extract, Kind, MisKind, Row
from hwb.extract.texts import N_, Text

KINDS: tuple[MisKind, ...] = ("hwb", "sims")

__all__ = ["KINDS", "ReadError", "read"]


def read(kind: str, source: Path, *, school: str, staff_source: Path | None, as_at: datetime | None) -> Extract:
    """Everyone on the school's books as the MIS says it. Raises ReadError.

    Without ``as_at`` the moment is when the source was written.
    """
    if not source.exists():
        raise ReadError("no_file", Text(N_("The file cannot be opened.")))
    found: dict[str, list[Row]]
    if kind == "hwb":
        found, dropped = hwb.read(source)
    elif kind == "sims":
        found, dropped = sims.read(source, staff_source)
    else:
        raise ReadError("unknown_mis", Text(N_("This kind of MIS cannot be read: {kind}"), {"kind": kind}))
    if not any(found.values()):
        raise ReadError("empty", Text(N_("There are no people in the data.")))
    kinds: tuple[Kind, ...] = ("learner", "staff")
    covers = frozenset(name for name in kinds if name in found)
    moment = as_at or datetime.fromtimestamp(source.stat().st_mtime, UTC)
    return Extract(
        school, moment, cast("MisKind", kind), covers, tuple(found.get("learner", ())), tuple(found.get("staff", ())),
        tuple(sorted(dropped)),
    )  # fmt: skip
