"""Attempts that failed in the school, where the server cannot see them: kept until a check-in has told it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hwb.client.home import Home

MOST = 100  # the newest of a school; the server takes no more


def record(home: Home, school: str, *, code: str) -> None:
    """Keeps when and why, by code; nothing about people."""
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    home.write_json(f"attempts/{school}-{time.time_ns():020d}.json", {"at": moment, "code": code, "detail": ""})


def of_school(home: Home, school: str) -> list[tuple[Path, dict[str, Any]]]:
    """The newest attempts of a school, oldest first."""
    found = []
    for path in sorted((home.folder / "attempts").glob(f"{school}-*.json"))[-MOST:]:
        try:
            found.append((path, json.loads(path.read_text("utf-8"))))
        except (OSError, ValueError):
            path.unlink(missing_ok=True)
    return found
