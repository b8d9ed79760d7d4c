"""`hwb serve`: the web server, one worker and the embedded database, together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from types import FrameType

import typer
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from hwb import embedded
from hwb.cli.migrate import migrate_database

_POLL = 0.2  # seconds between two looks at the children
_PATIENCE = 60.0  # seconds until the server must answer
_STOPPING = 15.0  # seconds in which children may finish what they do
_RESTART_PAUSE = 1.0  # seconds: a child that cannot live is started more and more seldom
_LONGEST_PAUSE = 15.0


def register(app: typer.Typer) -> None:
    app.command("serve")(serve)


def serve(
    port: int = typer.Option(settings.HWB_PORT, "--port", help="The port to answer at."),
    worker: bool = typer.Option(True, "--worker/--no-worker", help="Run one worker beside the web server."),
) -> None:
    """Serve until stopped. Says "ready" with the address, when it is."""
    call_command("check", fail_level="ERROR")
    _require_free_port(port)
    own_database = not os.environ.get("HWB_DATABASE_URL", "").strip()
    if own_database:
        migrate_database()
    connection.close()
    os.environ["HWB_PORT"] = str(port)  # the children tell people and clients this server's address
    children = {"web": _web_command(port)}
    if worker:
        children["worker"] = [sys.executable, "-m", "hwb.cli.main", "worker"]
    household = Household(children, own_database=own_database)
    signal.signal(signal.SIGTERM, household.ask_to_stop)
    signal.signal(signal.SIGINT, household.ask_to_stop)
    try:
        household.run(port=port)
    finally:
        household.stop()


class Household:
    """The processes of one `hwb serve`: kept alive until it is asked to stop."""

    def __init__(self, commands: Mapping[str, list[str]], *, own_database: bool) -> None:
        self._commands = commands
        self._own_database = own_database
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._started: dict[str, float] = {}
        self._pauses: dict[str, float] = {}
        self._asked_to_stop = False

    def run(self, *, port: int) -> None:
        """Starts the children, says ready once, and restarts whichever ends."""
        said_ready = False
        deadline = time.monotonic() + _PATIENCE
        while not self._asked_to_stop:
            self._keep_database()
            self._keep_children()
            if not said_ready and _answers(port):
                print(f"ready  http://localhost:{port}", flush=True)
                said_ready = True
            if not said_ready and time.monotonic() > deadline:
                print(f"The server does not answer at port {port}.", file=sys.stderr)
                raise typer.Exit(1)
            time.sleep(_POLL)

    def stop(self) -> None:
        """Ends the children: first asked, then told."""
        for child in self._children.values():
            child.terminate()
        deadline = time.monotonic() + _STOPPING
        for child in self._children.values():
            try:
                child.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def ask_to_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._asked_to_stop = True

    def _keep_database(self) -> None:
        if self._own_database and not embedded.is_kept(embedded.home()):
            try:
                embedded.ensure(embedded.home())
            except (embedded.EmbeddedDatabaseUnavailable, OSError) as error:
                print(error, file=sys.stderr)

    def _keep_children(self) -> None:
        for name, command in self._commands.items():
            child = self._children.get(name)
            if child is not None and child.poll() is None:
                continue
            if child is not None:
                lived = time.monotonic() - self._started[name]
                pause = self._pauses.get(name, _RESTART_PAUSE)
                if lived < pause:
                    continue
                short = lived < 2 * pause
                self._pauses[name] = min(2 * pause, _LONGEST_PAUSE) if short else _RESTART_PAUSE
                print(f"{name} ended with {child.returncode}; it is started again.", file=sys.stderr)
            self._started[name] = time.monotonic()
            self._children[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                # Ctrl-C reaches us alone, and we end them in order.
                start_new_session=True,
                env={**os.environ, "HWB_DIE_WITH_PARENT": "1"},
                preexec_fn=embedded.dying_with_parent(signal.SIGTERM),
            )


def _web_command(port: int) -> list[str]:
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", settings.HWB_BIND, "--port", str(port),
        "--workers", "1", "--blocking-threads", str(settings.HWB_WEB_THREADS), "--respawn-failed-workers",
        "--no-ws", "--log-level", "warning", "hwb.config.wsgi:application",
    ]  # fmt: skip


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _require_free_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.HWB_BIND, port))
        except OSError as error:
            print(f"Port {port} cannot be used: {error.strerror}. Another: hwb serve --port N", file=sys.stderr)
            raise typer.Exit(1) from error
