"""What an earlier PostgreSQL left behind: a process that is still ending, or a pid file of one long gone."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path


def clear_remains(data: Path, *, patience: float) -> None:
    """Waits for an earlier server on `data` to end, ends it if it will not, and removes a stale pid file.

    The number in a pid file may by now be anybody's: a process is believed to be ours, and signalled, only
    if it works in this data folder. patience: seconds before it is told to end.
    """
    pid_file = data / "postmaster.pid"
    began = time.monotonic()
    while (pid := _stated_pid(pid_file)) is not None and _works_in(pid, data):
        if time.monotonic() - began > patience:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGINT)
        time.sleep(0.1)
    with suppress(FileNotFoundError):
        pid_file.unlink()


def _stated_pid(pid_file: Path) -> int | None:
    try:
        first = pid_file.read_text("utf-8").splitlines()[0]
        return int(first)
    except (OSError, ValueError, IndexError):
        return None


def _works_in(pid: int, data: Path) -> bool:
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
        except OSError:
            return False
    command = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return str(data) in command
