"""The server's secret key: from HWB_SECRET_KEY, or made once and kept in HWB_HOME outside production."""

from __future__ import annotations

import fcntl
import os
import secrets
from functools import cache
from pathlib import Path

from hwb import embedded
from hwb.config import environment


def secret_key() -> str:
    """The key. In production it is HWB_SECRET_KEY alone, and checked (hwb.E001)."""
    stated = environment.text("HWB_SECRET_KEY")
    if stated or environment.flag("HWB_PRODUCTION"):
        return stated
    return _kept_key(embedded.home())


@cache
def _kept_key(home: Path) -> str:
    home.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    handle = os.open(home / "secret-key", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # two processes at a first start must agree
        key = file.read().strip()
        if not key:
            key = secrets.token_urlsafe(48)
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        return key
