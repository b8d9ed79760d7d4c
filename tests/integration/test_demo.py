"""`hwb demo`: the real client, server and worker live through a July and a September."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_story(fresh_home: Path) -> None:
    """From MIS files to every account: held, withdrawn, undone, waited, claimed, and hwb verify clean at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    done = subprocess.run(
        [sys.executable, "-m", "hwb.cli.main", "demo", "--port", str(port)],
        env={**os.environ, "HWB_HOME": str(fresh_home)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "held: 37 of 260 people are absent" in done.stdout
    assert "27 learners wait for their previous school." in done.stdout
    assert "0 learners wait now" in done.stdout
    assert "hwb verify finds nothing broken" in done.stdout
