"""Attempts that failed in the school, where the server cannot see them: kept until a check-in has told it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hwb import clock
from hwb.client.home import Home

MOST = 100  # the newest of all schools together; a report of more would be too large for the server


def record(home: Home, school: str, *, code: str) -> None:
    """Keeps when (by the calendar, as runs are dated) and why, by code; nothing about people."""
    moment = _now().isoformat(timespec="seconds")
    home.write_json(f"attempts/{school}-{time.time_ns():020d}.json", {"at": moment, "code": code, "detail": ""})


def of_school(home: Home, school: str, *, most: int = MOST) -> list[tuple[Path, dict[str, Any]]]:
    """The newest attempts of a school, oldest first. Older ones are forgotten, as is what cannot be read."""
    paths = sorted((home.folder / "attempts").glob(f"{school}-*.json"))
    for path in paths[:-most]:
        path.unlink(missing_ok=True)
    found = []
    for path in paths[-most:]:
        try:
            found.append((path, json.loads(path.read_text("utf-8"))))
        except (OSError, ValueError):
            path.unlink(missing_ok=True)
    return found


def _now() -> datetime:
    try:
        return clock.now()
    except (ValueError, OSError, OverflowError):  # HWB_NOW is unusable, and that is what failed
        return datetime.now(UTC)
