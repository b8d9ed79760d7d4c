"""`hwb demo`: the real client, server and worker live through a July and a September."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hwb.demo.stage import DemoFailed, must

RULES = ("R3", "R4", "R5", "R6", "R7", "R8", "R9", "R11", "R20", "R21", "R22", "R31", "R32", "R34", "R39")
ENGLISH = (
    "held: 37 people missing", "The school withdraws the run.", "Undone: 5 names are as they were.",
    "28 learners wait for their previous school", "27 accounts went to the new school", "hwb verify --deep finds nothing",
    "1 run is held.", "2 records are refused.", "1 learner is missing.", "1 learner waits.",
)  # fmt: skip
WELSH = (
    "wedi'i ddal: 37 person ar goll", "Mae'r ysgol yn tynnu'r rhediad yn ôl.", "mae 5 enw fel yr oeddent",
    "Mae 28 dysgwr yn aros", "Aeth 27 cyfrif i'r ysgol newydd", "Nid yw hwb verify --deep yn canfod dim",
    "Mae 1 rhediad wedi'i ddal.", "Gwrthodwyd 2 gofnod.", "Mae 1 dysgwr ar goll.", "Mae 1 dysgwr yn aros.",
)  # fmt: skip


def demo(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "HWB_HOME": str(home)}
    environment.pop("HWB_NOW", None)
    return subprocess.run(
        [sys.executable, "-m", "hwb.cli.main", "demo", "--port", str(port), *options],
        env=environment, capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "language", "told"), [(1, "en", ENGLISH), (7, "cy", WELSH)])
def test_the_story(fresh_home: Path, seed: int, language: str, told: tuple[str, ...]) -> None:
    """From MIS files to every account: each step asserts what must be true, for other people and in both languages."""
    done = demo(fresh_home, "--seed", str(seed), "--lang", language)
    assert done.returncode == 0, done.stdout + done.stderr
    for sentence in told:
        assert sentence in done.stdout
    assert set(RULES) <= set(re.findall(r"R\d+", done.stdout))
    again = demo(fresh_home, "--lang", language)
    assert again.returncode == 1, "a second story would be told among the people of the first"
    assert "HWB_HOME" in again.stderr


def test_a_step_that_goes_wrong_ends_the_story() -> None:
    """A step's assertion names the rule that does not hold, and what was seen instead."""
    must(True, "R4")
    with pytest.raises(DemoFailed) as failed:
        must([], "R4", "6719001", "inactive")
    assert failed.value.text.values == {"rule": "R4", "seen": "6719001, inactive"}
