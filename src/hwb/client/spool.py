"""Snapshots that could not be sent: kept whole, sent in the order of their making before a new run."""

from __future__ import annotations

import base64
import json
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

from hwb.client.home import Home


@dataclass(frozen=True, slots=True)
class Kept:
    """One delivery that waits for the server, under the run id it was first sent with."""

    run: str
    school: str
    as_at: str
    body: bytes
    path: Path


def keep(home: Home, *, run: str, school: str, as_at: str, body: bytes) -> None:
    """Keeps a delivery. One of the same moment is replaced: the server would take only the first it sees (R35)."""
    for kept in waiting(home, school):
        if kept.as_at == as_at or kept.run == run:
            kept.path.unlink(missing_ok=True)
    packed = base64.b64encode(zlib.compress(body)).decode()
    content = json.dumps({"run": run, "school": school, "as_at": as_at, "body": packed}).encode()
    home.write(f"spool/{school}-{time.time_ns():020d}.json", content)


def waiting(home: Home, school: str) -> list[Kept]:
    """What waits for a school, oldest first. A file that cannot be read is set aside, and blocks nothing."""
    found = []
    for path in sorted((home.folder / "spool").glob(f"{school}-*.json")):
        try:
            content = json.loads(path.read_text("utf-8"))
            body = zlib.decompress(base64.b64decode(content["body"]))
            found.append(Kept(content["run"], content["school"], content["as_at"], body, path))
        except (OSError, ValueError, KeyError, TypeError, zlib.error):
            path.replace(path.with_suffix(".damaged"))
    return found


def count(home: Home, school: str = "*") -> int:
    return len(list((home.folder / "spool").glob(f"{school}-*.json")))
