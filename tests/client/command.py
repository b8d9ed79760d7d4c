"""The client as a process, as a school's computer runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHOOL = "6714041"
CLIENT = [sys.executable, "-m", "hwb.client"]
HEADER = "upn,legal_surname,legal_forename,birth_date,year_group,registration_group,admission_number,start_date"
GOOD = "M671404118001,Rees,Siân,2007-02-11,7,7G,1,2018-09-03"
BAD_UPN = "X671404118001,Llwyd,Gwen,2007-02-11,7,7G,2,2018-09-03"


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The object, which must stand alone on standard output."""
        found = json.loads(self.out)
        assert self.out.count("\n") == 1
        assert isinstance(found, dict)
        return found


@dataclass(frozen=True)
class Computer:
    """A school's computer: the client's home and a folder with the MIS's files."""

    folder: Path
    now: str = "2018-09-04T10:00"

    @property
    def home(self) -> Path:
        return self.folder / "client"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def environment(self, **more: str) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("HWB_", "LC_", "LANG", "NO_COLOR"))
        }
        own = {"HWB_CLIENT_HOME": str(self.home), "HWB_NOW": self.now, "HWB_CLIENT_PAUSE": "0.05", "HWB_CLIENT_POLL": "0.05",
               "LANG": "C.UTF-8", "HWB_CLIENT_TIMEOUT": "10"}  # fmt: skip
        return {**kept, **own, **more}

    def write(self, *lines: str) -> Path:
        self.data.mkdir(exist_ok=True)
        (self.data / "learners.csv").write_text("\n".join([HEADER, *(lines or (GOOD,))]) + "\n", "utf-8")
        return self.data

    def say(self, *arguments: str, stdin: str = "", program: list[str] | None = None, **more: str) -> Said:
        done = subprocess.run(
            [*(program or CLIENT), *arguments], env=self.environment(**more), input=stdin, capture_output=True, text=True,
            encoding="utf-8", check=False, timeout=120,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return Said(done.returncode, done.stdout, done.stderr)

    def enrol(self, server: str, code: str = "ABCD-EFGH") -> Said:
        return self.say("enrol", "--server", server, "--code", code)

    def run(self, *more: str, command: str = "run", school: str = SCHOOL, **settings: str) -> Said:
        return self.say(
            command, "--school", school, "--mis", "hwb", "--source", str(self.data), *more, "--json", **settings
        )
