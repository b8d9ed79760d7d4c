"""One run at a time for a school. The system drops the lock when its process ends, however it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from hwb.client.faults import WRONG_USE, Stopped
from hwb.client.home import Home
from hwb.extract.texts import N_, Text

_LOCKED_BYTE = 1 << 20  # far behind the content: Windows lets nobody read what is locked

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Busy(Stopped):
    """Another process runs this school now."""

    exit_code = WRONG_USE

    def __init__(self, school: str, holder: str) -> None:
        process, _, since = holder.partition(" ")
        values = {"school": school, "process": process or "?", "since": since or "?"}
        super().__init__(
            "busy", Text(N_("School {school} is being run by process {process}, since {since}. Let it finish."), values)
        )


@contextmanager
def one_run(home: Home, school: str) -> Iterator[None]:
    """Holds the school's lock. Raises Busy, which names the process that has it and since when."""
    path = home.place(f"locks/{school}.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            _take(descriptor)
        except OSError:
            raise Busy(school, path.read_text("utf-8").strip()) from None
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()} {datetime.now().astimezone():%Y-%m-%d %H:%M}\n".encode())
        yield
    finally:
        os.close(descriptor)
