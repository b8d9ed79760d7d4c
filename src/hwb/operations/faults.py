"""Points at which a crash is tried out (reliability.md, F2–F4): HWB_FAULT=NAME:N kills the process the N-th time."""

from __future__ import annotations

import os
import signal

_reached: dict[str, int] = {}


def point(name: str) -> None:
    """Dies here, as by kill -9, when HWB_FAULT asks for it; never in production."""
    wanted = os.environ.get("HWB_FAULT", "")
    if not wanted or os.environ.get("HWB_PRODUCTION") == "1":
        return
    fault, _, number = wanted.partition(":")
    _reached[name] = _reached.get(name, 0) + 1
    if fault == name and _reached[name] == int(number or "1"):
        os.kill(os.getpid(), signal.SIGKILL)
