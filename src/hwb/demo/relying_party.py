"""The demo's own services beside Hwb: registered as any are, and run as programs of their own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime

from hwb.demo import abacws, party
from hwb.demo.stage import OPERATOR, DemoFailed, Stage
from hwb.extract.texts import N_, Text
from hwb.operations import services
from hwb.operations.services import Registered, Wanted

NAME = "Abacws"


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """The program while it runs."""

    address: str
    process: subprocess.Popen[str]

    def end(self) -> None:
        """Closes its input, which ends it."""
        self.process.communicate()


def start(stage: Stage, *, beside: int) -> RelyingParty:
    """Registers it and waits until it answers. beside: Hwb's port; it takes the next one that is free.

    Raises DemoFailed.
    """
    port = free_port(beside + 1)
    own = f"http://localhost:{port}"
    made = services.register(
        Wanted(
            protocol="oidc", name=NAME, schools=tuple(school.dfes for school in stage.schools), scopes=abacws.SCOPES,
            redirect_uris=(own + party.BACK,), after_logout_uris=(own + party.BYE,),
            start_uri=own + party.START, logout_uri=f"http://127.0.0.1:{port}{party.OUT}",
        ),
        acting_user=OPERATOR, at=datetime.now(UTC), now=stage.now,
    )  # fmt: skip
    return launch("abacws", own, stage.address, made, PORT=str(port))


def launch(module: str, own: str, issuer: str, made: Registered, **environment: str) -> RelyingParty:
    """A program of the demo, registered as ``made``, once it answers. Raises DemoFailed."""
    signs_in = {"ISSUER": issuer, "CLIENT_ID": made.client_id, "CLIENT_SECRET": made.secret}
    process = subprocess.Popen(
        [sys.executable, "-m", f"hwb.demo.{module}"],
        env={**os.environ, **signs_in, **environment, "NO_PROXY": "*", "no_proxy": "*"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True,  # Ctrl-C reaches the story alone
    )  # fmt: skip
    if process.stdout is None or process.stdout.readline() != "ready\n":
        process.communicate()
        raise DemoFailed(Text(N_("The demo's own service did not become ready.")))
    return RelyingParty(own, process)


def free_port(first: int) -> int:
    """The port, or when it is taken any other."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one that has just ended is free, as for a server
        try:
            probe.bind(("127.0.0.1", first))
        except (OSError, OverflowError):
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
