"""Processor time of other processes, as the kernel counts it: what a busy machine does not make longer."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def seconds_below(root: int, *, without: bytes = b"\0none") -> float:
    """Seconds of a process and of all that live below it, but for those whose command line has `without`."""
    children: dict[int, list[int]] = {}
    spent: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            own = 0.0 if without in (entry / "cmdline").read_bytes() else (int(fields[11]) + int(fields[12])) / _TICKS
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.name))
        spent[int(entry.name)] = own
    below, total = [root], 0.0
    while below:
        one = below.pop()
        total += spent.get(one, 0.0)
        below += children.get(one, [])
    return total


def of_database(home: Path) -> float:
    """Seconds of the embedded database's processes, but for cleaning up what was loaded before."""
    first = int(next(home.rglob("postmaster.pid")).read_text().split()[0])
    return seconds_below(first, without=b"autovacuum worker")
