"""`hwb serve` as a process: ready when it says so, alive again when a part is killed, gone when stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from hwb import embedded

HWB = [sys.executable, "-m", "hwb.cli.main"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def status_of(url: str) -> int:
    """The status of a GET; 0 when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def wait_until(true: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)


def children_of(pid: int) -> dict[int, str]:
    """pid → command line of a process's living children."""
    found = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = status.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and fields[0] != "Z":
                found[int(status.parent.name)] = (status.parent / "cmdline").read_text().replace("\0", " ")
    return found


def child(server: subprocess.Popen[str], word: str) -> int | None:
    return next((pid for pid, command in children_of(server.pid).items() if word in command), None)


def keeper_of(home: Path) -> int:
    return int(json.loads((home / "keeper.json").read_text())["pid"])


class Served:
    """A running `hwb serve` with its address."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.health = f"http://127.0.0.1:{self.port}/healthz"
        self.process = subprocess.Popen(
            [*HWB, "serve", "--port", str(self.port)],
            env={**os.environ, "HWB_HOME": str(home)}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.said = next((line for line in self.process.stdout if "ready" in line), "")


@pytest.fixture
def served(fresh_home: Path) -> Iterator[Served]:
    running = Served(fresh_home)
    yield running
    running.process.terminate()
    running.process.communicate(timeout=30)


def test_ready_means_ready(served: Served) -> None:
    """At "ready" the printed address answers, with its database migrated and a worker beside it."""
    assert re.fullmatch(rf"ready\s+http://localhost:{served.port}\n", served.said)
    assert status_of(served.health) == 200
    wait_until(lambda: child(served.process, "hwb.cli.main worker"), 5)


def test_a_stopped_server_leaves_nothing_running(served: Served) -> None:
    """SIGTERM ends web server, worker and database, and the exit is a clean one."""
    family = children_of(served.process.pid)
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(timeout=20) == 0
    assert not [pid for pid in family if Path(f"/proc/{pid}/exe").exists()]
    assert status_of(served.health) == 0
    wait_until(lambda: not embedded.is_kept(served.home), 10)


def test_a_killed_part_comes_back(served: Served) -> None:
    """Kill -9 of web server, worker or the database's keeper: each is started again by itself."""
    for word in ("granian", "worker"):
        wait_until(lambda word=word: child(served.process, word), 10)
        killed = child(served.process, word)
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda word=word, killed=killed: child(served.process, word) not in (None, killed), 10)
    wait_until(lambda: status_of(served.health) == 200, 10)
    killed_keeper = keeper_of(served.home)
    os.kill(killed_keeper, signal.SIGKILL)
    wait_until(lambda: keeper_of(served.home) != killed_keeper, 10)
    wait_until(lambda: status_of(served.health) == 200, 10)


def test_a_killed_server_leaves_nothing_running(served: Served) -> None:
    """After kill -9 of `hwb serve` itself its children end, the port is free and the database stops."""
    served.process.kill()
    wait_until(lambda: status_of(served.health) == 0, 10)
    wait_until(lambda: not embedded.is_kept(served.home), 15)


def test_without_a_database_the_server_says_so(served: Served) -> None:
    """While the database is away the health address answers 503, never 500 (F6)."""
    embedded.stop(served.home)
    seen = {status_of(served.health)}
    wait_until(lambda: seen.add(status_of(served.health)) or 200 in seen, 15)
    assert seen <= {200, 503}


def test_a_taken_port_is_said_plainly(fresh_home: Path) -> None:
    """A port in use is an answer of one line, not a trace."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*HWB, "serve", "--port", str(port)],
            env={**os.environ, "HWB_HOME": str(fresh_home)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"Port {port} cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({}, "hwb.E001"),
        ({"HWB_SECRET_KEY": "short"}, "hwb.E001"),
        ({"HWB_SECRET_KEY": "x" * 50}, "hwb.E002"),
        ({"HWB_SECRET_KEY": "x" * 50, "HWB_HOSTS": "*"}, "hwb.E002"),
        ({"HWB_SECRET_KEY": "x" * 50, "HWB_HOSTS": "hwb.example.wales"}, "hwb.E003"),
    ],
)
def test_production_refuses_weak_settings(fresh_home: Path, settings: dict[str, str], fault: str) -> None:
    """HWB_PRODUCTION=1 with a missing or short key, no hosts or no https does not serve, and says why."""
    done = subprocess.run(
        [*HWB, "serve", "--port", str(free_port())],
        env={**os.environ, "HWB_HOME": str(fresh_home), "HWB_PRODUCTION": "1", **settings},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert fault in done.stderr
    assert "Traceback" not in done.stderr
