"""`hwb demo`: a July and a September of an invented authority, sent by the real client over HTTP."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from hwb.demo import files, people

YEAR = 2026
READY_WITHIN = 60


class DemoFailed(RuntimeError):
    """A step of the story did not come out as it must."""


class Story:
    """The authority, the server that it talks to, and the client of its schools."""

    def __init__(self, folder: Path, *, port: int, seed: int, tell: Callable[[str], None]) -> None:
        self.folder, self.port, self.tell = folder, port, tell
        self.chance = random.Random(seed)
        self.schools = people.authority()
        self.calendar = folder / "now"
        self.environment = {**os.environ, "HWB_NOW": f"@{self.calendar}", "HWB_CLIENT_HOME": str(folder / "client"),
                            "HWB_PORT": str(port)}  # fmt: skip

    def tells(self, *, serve: bool) -> None:
        """Runs the whole story; with ``serve`` the server stays until it is stopped."""
        started = time.monotonic()
        self.set(f"{YEAR}-07-06T18:00")
        people.populate(self.schools, year=YEAR, chance=self.chance)
        server = subprocess.Popen(
            [sys.executable, "-m", "hwb.cli.main", "serve", "--port", str(self.port)],
            env=self.environment, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            self._wait_until_ready(server)
            self._register()
            self._july()
            self._september()
            self._verify()
            self.tell(f"The story took {time.monotonic() - started:.0f} s.")
            if serve:
                self.tell(f"Look at it: http://localhost:{self.port}  (stop with Ctrl-C)")
                server.wait()
        except KeyboardInterrupt:
            pass
        finally:
            server.terminate()
            server.wait(30)

    def set(self, moment: str) -> None:
        self.calendar.write_text(moment, "utf-8")

    def hwb(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "hwb.cli.main", *arguments],
            env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise DemoFailed(f"hwb {' '.join(arguments)}: {done.stdout} {done.stderr}")
        return done.stdout

    def client(self, *arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-c", "from hwb.client.cli import main; main()", *arguments],
            env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout or done.stderr

    def send(self, school: people.DemoSchool) -> dict[str, Any]:
        options = files.write(school, self.folder / school.dfes)
        _, output = self.client("run", "--school", school.dfes, *options, "--json")
        result: dict[str, Any] = json.loads(output)
        told = ", ".join(
            f"{result[name]} {name}"
            for name in ("created", "claimed", "updated", "released", "waiting", "missing")
            if result[name]
        )
        refused = f", {len(result['refused'])} refused" if result["refused"] else ""
        self.tell(f"  {school.name_en:24} {result['outcome']}: {told or 'nothing changed'}{refused}")
        for item in result["refused"]:
            self.tell(f"      {item['record']}: {item['field']} — {item['needed']}")
        for hold in result["holds"]:
            self.tell(f"      held: {hold['text']}")
        return result

    def _wait_until_ready(self, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline and server.poll() is None:
            try:
                with urllib.request.urlopen(f"http://localhost:{self.port}/healthz", timeout=2):
                    return
            except OSError:
                time.sleep(0.2)
        raise DemoFailed("the server did not become ready")

    def _register(self) -> None:
        path = self.folder / "schools.csv"
        rows = [f"{s.dfes},{s.name_en},{s.name_cy},{s.phase},,,school" for s in self.schools]
        path.write_text("dfes_number,name_en,name_cy,phase,opened,closed,client_manager\n" + "\n".join(rows), "utf-8")
        self.hwb("schools", "import", str(path))
        options = [option for school in self.schools for option in ("--school", school.dfes)]
        code = json.loads(self.hwb("clients", "register", *options, "--json"))["code"]
        status, output = self.client("enrol", "--server", f"http://localhost:{self.port}", "--code", code)
        if status:
            raise DemoFailed(output)
        self.tell(f"{len(self.schools)} schools are registered, and their client is enrolled.")

    def _july(self) -> None:
        self.tell(f"6 July {YEAR}: every school sends what its MIS says.")
        for school in self.schools:
            self.send(school)
        self.tell("7 July: a filter mistake at Bryn Primary leaves a whole year group out.")
        self.set(f"{YEAR}-07-07T18:00")
        bryn = self._named("Bryn")
        everyone = bryn.learners
        bryn.learners = [learner for learner in everyone if learner.year_group != "3"]
        held = self.send(bryn)
        self.hwb("run", "withdraw", held["run"])
        bryn.learners = everyone
        self.tell("  The school withdraws it. Nothing had changed.")
        self.tell("8 July: Heol Primary corrects names, sees that it was the wrong file, and undoes the run.")
        self.set(f"{YEAR}-07-08T18:00")
        heol = self._named("Heol")
        everyone = heol.learners
        heol.learners = [replace(x, legal_surname="Wrong") if n < 5 else x for n, x in enumerate(everyone)]
        undone = self.send(heol)
        self.hwb("run", "undo", undone["run"])
        heol.learners = everyone
        self.tell("  Undone: the names are as before.")

    def _september(self) -> None:
        self.set(f"{YEAR}-09-03T07:00")
        people.next_september(self.schools, year=YEAR)
        llan, bryn, cwm = self._named("Llan"), self._named("Bryn"), self._named("Cwm")
        complete = bryn.learners
        forgotten = [n for n, x in enumerate(complete) if x.leaving_date][:3]
        bryn.learners = [
            replace(x, leaving_date=None, year_group="6") if n in forgotten else x for n, x in enumerate(complete)
        ]
        cwm.learners[0] = replace(cwm.learners[0], upn="X" + cwm.learners[0].upn[1:])
        cwm.staff[0] = replace(cwm.staff[0], leaving_date=date(YEAR, 8, 31))
        self.tell(f"3 September {YEAR}: the new year. Llan Primary is late; Bryn forgot three leaving dates.")
        order = [school for school in self.schools if school is not llan]
        self.chance.shuffle(order)
        for school in order:
            self.send(school)
        waits = json.loads(self.hwb("waits", "--json"))
        self.tell(f"  {len(waits)} learners wait for their previous school.")
        self.tell("4 September: Llan Primary's client runs at last, and Bryn supplies the leaving dates.")
        self.set(f"{YEAR}-09-04T07:00")
        bryn.learners = complete
        self.send(llan)
        self.send(bryn)
        waits = json.loads(self.hwb("waits", "--json"))
        self.tell(f"  {len(waits)} learners wait now; nobody had to run Cwm High School again.")

    def _verify(self) -> None:
        accounts = json.loads(self.hwb("accounts", "--json"))
        active = sum(account["state"] == "active" for account in accounts)
        self.hwb("verify")
        self.tell(f"{len(accounts)} accounts, {active} active. hwb verify finds nothing broken.")

    def _named(self, start: str) -> people.DemoSchool:
        return next(school for school in self.schools if school.name_en.startswith(start))


def tell_story(*, seed: int, port: int, serve: bool) -> None:
    """The demo in a home of its own, unless HWB_HOME names one. Raises DemoFailed."""
    with tempfile.TemporaryDirectory(prefix="hwb-demo-") as folder:
        place = Path(folder)
        os.environ.setdefault("HWB_HOME", str(place / "home"))
        Story(place, port=port, seed=seed, tell=lambda line: print(line, flush=True)).tells(serve=serve)
