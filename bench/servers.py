"""A server of the bench: a web process on a free port, over the database of the bench, gone at the end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from hwb import embedded

_PATIENCE = 60.0
_STOPPING = 20.0


@dataclass(frozen=True, slots=True)
class Server:
    """Where it answers, and its first process."""

    port: int
    process: int


def hwb(port: int) -> list[str]:
    """The real thing, but for the worker, which is measured apart."""
    return [sys.executable, "-m", "hwb.cli.main", "serve", "--no-worker", "--port", str(port)]


def bare(port: int) -> list[str]:
    """The same server program with the same threads around bench.bare."""
    from django.conf import settings

    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--blocking-threads", str(settings.HWB_WEB_THREADS), "--no-ws", "--log-level", "warning",
        "bench.bare:application",
    ]  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: Sequence[str], port: int) -> Iterator[Server]:
    """Runs the command until it answers, and as long as it is needed."""
    environment = {**os.environ, "HWB_PORT": str(port)}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, preexec_fn=embedded.dying_with_parent(signal.SIGTERM)
    )
    try:
        _wait_until_it_answers(process, port)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(_STOPPING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit(f"no server at port {port}")
