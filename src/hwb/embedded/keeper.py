"""The keeper: PostgreSQL's parent. `python -m hwb.embedded.keeper HOME` detaches and says "ready".

It restarts PostgreSQL when it is killed, and stops it when no owner has been left for a short while or a
stop is requested. Should the keeper itself be killed, the kernel stops PostgreSQL (Linux), and an owner's
next `ensure` starts both again.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from hwb.embedded.binaries import Binaries, EmbeddedDatabaseUnavailable, reachable_binaries
from hwb.embedded.cluster import as_account, environment, initialise, server_command
from hwb.embedded.kinship import dying_with_parent
from hwb.embedded.ownership import PATIENCE, open_lock
from hwb.embedded.place import Place, find_place, system_folder, write_private
from hwb.embedded.remains import clear_remains

LINGER = float(os.environ.get("HWB_DATABASE_LINGER_SECONDS", "2"))
_POLL = 0.25  # seconds between two looks at PostgreSQL and its owners
_LONGEST_LOG = 10_000_000  # bytes; an older one is kept as postgres.log.1


class Keeper:
    """One home's PostgreSQL process and the wish to keep it."""

    def __init__(self, place: Place, binaries: Binaries) -> None:
        self._place = place
        self._binaries = binaries
        self._server: subprocess.Popen[bytes] | None = None
        self._asked_to_stop = False
        self._owners = open_lock(place.home / "owners.lock")
        self._alone_since: float | None = None

    def start(self) -> None:
        """Starts PostgreSQL and waits until it answers. Raises EmbeddedDatabaseUnavailable."""
        self._say("starting")
        deadline = time.monotonic() + PATIENCE
        while not self._start_once(deadline):
            if time.monotonic() > deadline or self._is_unwanted():
                raise EmbeddedDatabaseUnavailable(f"PostgreSQL does not start: {_last_lines(self._place.log)}")
            time.sleep(_POLL)
        self._say("ready")

    def keep(self) -> None:
        """Looks after PostgreSQL until it is no longer wanted, then stops it."""
        while not self._is_unwanted():
            if self._server is None or self._server.poll() is not None:
                try:
                    self.start()
                except EmbeddedDatabaseUnavailable:
                    continue  # a full disk, say: try for as long as somebody wants it
            time.sleep(_POLL)
        self.stop()

    def stop(self) -> None:
        """Stops PostgreSQL: open transactions are rolled back, everything committed is on disk."""
        self._say("stopping")
        if self._server is None or self._server.poll() is not None:
            return
        self._server.send_signal(signal.SIGINT)  # "fast"
        try:
            self._server.wait(timeout=PATIENCE / 2)
        except subprocess.TimeoutExpired:
            self._server.send_signal(signal.SIGQUIT)  # "immediate"; the next start recovers
            self._server.wait()

    def ask_to_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._asked_to_stop = True

    def _start_once(self, deadline: float) -> bool:
        clear_remains(self._place.data, patience=PATIENCE / 6)
        _turn_log(self._place.log)
        with os.fdopen(os.open(self._place.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as log:
            self._server = subprocess.Popen(
                server_command(self._place, self._binaries), cwd=self._place.root, env=environment(),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, umask=0o077, start_new_session=True,
                preexec_fn=dying_with_parent(signal.SIGINT), **as_account(self._place),
            )  # fmt: skip
        while self._server.poll() is None and time.monotonic() < deadline:
            if _says_ready(self._place.data, self._server.pid):
                return True
            time.sleep(0.02)
        return False

    def _is_unwanted(self) -> bool:
        if self._asked_to_stop or (self._place.home / "stop.request").exists():
            return True
        try:
            fcntl.flock(self._owners, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._alone_since = None
            return False
        now = time.monotonic()
        self._alone_since = now if self._alone_since is None else self._alone_since
        if now - self._alone_since >= LINGER:
            return True  # and the lock stays ours: who comes now waits until PostgreSQL is down
        fcntl.flock(self._owners, fcntl.LOCK_UN)
        return False

    def _say(self, state: str) -> None:
        write_private(self._place.home / "keeper.json", json.dumps({"state": state, "pid": os.getpid()}))


def main(home: Path) -> int:
    """Keeps the database of `home`; the caller's pipes are let go when it is ready."""
    if not _take_keeper_lock(home):
        print("ready")  # another one was first
        return 0
    (home / "stop.request").unlink(missing_ok=True)
    try:
        place = find_place(home)
        binaries = reachable_binaries(place.account, system_folder=system_folder())
        initialise(place, binaries)
        keeper = Keeper(place, binaries)
        signal.signal(signal.SIGTERM, keeper.ask_to_stop)
        signal.signal(signal.SIGINT, keeper.ask_to_stop)
        keeper.start()
    except (EmbeddedDatabaseUnavailable, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print("ready", flush=True)
    _let_go_of_caller()
    keeper.keep()
    (home / "stop.request").unlink(missing_ok=True)
    return 0


def _take_keeper_lock(home: Path) -> bool:
    handle = open_lock(home / "keeper.lock")
    for _ in range(20):  # somebody looking whether it is free holds it for a moment
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
        else:
            return True
    return False


def _says_ready(data: Path, server_pid: int) -> bool:
    try:
        lines = (data / "postmaster.pid").read_text("utf-8").splitlines()
    except OSError:
        return False
    # First the process, eighth its state (PostgreSQL's own pg_ctl waits for the same word).
    return len(lines) >= 8 and lines[0].strip() == str(server_pid) and lines[7].strip() == "ready"


def _let_go_of_caller() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


def _turn_log(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LONGEST_LOG:
        log.replace(log.with_name("postgres.log.1"))


def _last_lines(log: Path) -> str:
    lines = log.read_text("utf-8", errors="replace").splitlines() if log.exists() else []
    return " ".join(lines[-4:]) or "it said nothing"


def detach() -> None:
    """Leaves the caller's session and family: nobody's Ctrl-C and nobody's child."""
    if os.fork() > 0:
        os._exit(0)
    os.setsid()


if __name__ == "__main__":
    detach()
    sys.exit(main(Path(sys.argv[1])))
