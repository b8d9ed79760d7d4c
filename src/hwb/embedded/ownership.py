"""Owning the database: a shared lock for as long as the process lives, and a keeper that is alive.

Files in HOME: owners.lock (shared: owners; exclusive: a keeper that is leaving), keeper.lock (exclusive: the
keeper), launch.lock (exclusive: who is starting a keeper), keeper.json (its state), stop.request. No process
is ever found or signalled by a number read from a file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hwb.embedded.binaries import EmbeddedDatabaseUnavailable
from hwb.embedded.cluster import accepts, application_dsn
from hwb.embedded.place import find_place, prepare_home, remove_place

if os.name == "posix":
    import fcntl

PATIENCE = 60.0  # seconds; crash recovery of a large write-ahead log is the longest wait
_PAUSE = 0.05

_owned: dict[Path, int] = {}
_guard = threading.Lock()


def ensure(home: Path) -> str:
    """Makes this process an owner of the home's database, sees that it runs, and returns its DSN.

    Safe to call often and from many processes at once. Raises EmbeddedDatabaseUnavailable.
    """
    if os.name != "posix":
        raise EmbeddedDatabaseUnavailable(
            "The embedded PostgreSQL runs on Linux and macOS. Here, set HWB_DATABASE_URL to a PostgreSQL."
        )
    with _guard:
        home = prepare_home(home)
        deadline = time.monotonic() + PATIENCE
        _become_owner(home, deadline)
        while read_state(home) != "ready" or not is_kept(home) or not accepts(find_place(home)):
            if not is_kept(home):
                _launch_keeper(home)
            if time.monotonic() > deadline:
                raise EmbeddedDatabaseUnavailable(f"PostgreSQL did not start; see {home / 'postgres.log'}.")
            time.sleep(_PAUSE)
        return application_dsn(find_place(home))


def is_kept(home: Path) -> bool:
    """Whether a keeper looks after this home's database."""
    path = home / "keeper.lock"
    return path.exists() and not _is_free(path)


def stop(home: Path) -> None:
    """Stops the home's database, whoever owns it, and waits until it is down."""
    home = home.resolve()
    with _guard:
        held = _owned.pop(home, None)
        if held is not None:
            os.close(held)
    if not is_kept(home):
        return
    (home / "stop.request").touch(mode=0o600)
    deadline = time.monotonic() + PATIENCE
    while is_kept(home):
        if time.monotonic() > deadline:
            raise EmbeddedDatabaseUnavailable(f"PostgreSQL did not stop; see {home / 'postgres.log'}.")
        time.sleep(_PAUSE)


def remove(home: Path) -> None:
    """Stops the home's database and removes its data for good, wherever they lie."""
    stop(home)
    remove_place(home.resolve())
    for path in home.glob("database-*"):
        path.unlink()


def read_state(home: Path) -> str:
    """starting, ready or stopping, as the keeper last said; "" when none ever did."""
    try:
        return str(json.loads((home / "keeper.json").read_text("utf-8"))["state"])
    except (OSError, ValueError):
        return ""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds an exclusive lock on `path`, waiting for it."""
    handle = open_lock(path)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _become_owner(home: Path, deadline: float) -> None:
    if home in _owned:
        return
    handle = open_lock(home / "owners.lock")
    while True:
        # A keeper that is leaving holds the lock alone until PostgreSQL is down: then it is ours.
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            _owned[home] = handle
            return
        if time.monotonic() > deadline:
            os.close(handle)
            raise EmbeddedDatabaseUnavailable(f"PostgreSQL is not done stopping; see {home / 'postgres.log'}.")
        time.sleep(_PAUSE)


def _launch_keeper(home: Path) -> None:
    with locked(home / "launch.lock"):
        if is_kept(home):
            return
        # The child detaches itself and ends at once; its output ends when PostgreSQL is ready or cannot be.
        done = subprocess.run(
            [sys.executable, "-m", "hwb.embedded.keeper", str(home)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, cwd="/",
        )  # fmt: skip
        if done.returncode != 0 or "ready" not in done.stdout.split():
            raise EmbeddedDatabaseUnavailable((done.stderr or done.stdout).strip() or "The keeper ended early.")


def _is_free(path: Path) -> bool:
    handle = open_lock(path)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
