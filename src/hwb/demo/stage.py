"""Where the story happens: a server of its own, a calendar, the schools' clients, and what can be seen of accounts."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from hwb import clock
from hwb.demo import authority, files
from hwb.demo.authority import DemoSchool
from hwb.demo.clients import Clients
from hwb.demo.telling import Teller
from hwb.directory.queries import accounts, waits
from hwb.directory.queries.accounts import AccountRow
from hwb.directory.queries.waits import WaitRow
from hwb.extract.texts import N_, Text, ngettext
from hwb.jobs import mail
from hwb.operations import due, messages, sealing

YEAR = 2026
READY_WITHIN = 60
#: Who decides in the story; the audit log names them.
OPERATOR, CHAMPION = "demo: operator", "demo: Digital Champion"


class DemoFailed(RuntimeError):
    """A step of the story did not come out as it must; `text` says which."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.message.format_map(text.values))
        self.text = text


def must(holds: object, rule: str, *seen: object) -> None:
    """Raises DemoFailed with the rule's number, and what was seen instead, unless it holds."""
    if not holds:
        raise DemoFailed(
            Text(N_("Not as {rule} says. Seen: {seen}"), {"rule": rule, "seen": ", ".join(map(str, seen))})
        )


class Stage:
    """The schools' side (files and clients), the server's side, and the day. One `hwb demo` has one."""

    def __init__(self, folder: Path, *, port: int, seed: int, tell: Teller) -> None:
        self.tell = tell
        self.chance = random.Random(seed)
        self.schools = authority.schools()
        self.address = f"http://localhost:{port}"
        self._port = port
        self._folder = folder
        self._calendar = folder / "now"
        os.environ.update(HWB_NOW=f"@{self._calendar}", HWB_PORT=str(port), HWB_CLIENT_POLL="0.1")
        self._server: subprocess.Popen[bytes] | None = None
        self._clients: Clients | None = None

    # -- the day ----------------------------------------------------------------------------------------

    def day(self, month: int, day: int, *, hour: int = 18) -> date:
        """Puts the calendar of server, worker and clients on an hour of this year."""
        self._calendar.write_text(f"{YEAR}-{month:02d}-{day:02d}T{hour:02d}:00", "utf-8")
        return self.today

    @property
    def now(self) -> datetime:
        return clock.now()

    @property
    def today(self) -> date:
        return clock.today()

    def pass_night(self) -> None:
        """What is due by date, and the seal of the log: as `hwb tick` and the worker do it."""
        due.apply_due(on=self.today, now=self.now)
        sealing.seal_day(now=self.now)
        messages.gather(now=self.now)
        mail.send_due()

    # -- both sides -------------------------------------------------------------------------------------

    def open(self) -> None:
        """Starts server, worker and clients. Raises DemoFailed."""
        command = [sys.executable, "-m", "hwb.cli.main", "serve", "--port", str(self._port)]
        self._server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self._clients = Clients(os.environ)
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline and self._server.poll() is None:
            try:
                with urllib.request.urlopen(f"http://localhost:{self._port}/healthz", timeout=2):
                    return
            except OSError:
                time.sleep(0.2)
        raise DemoFailed(Text(N_("The server did not become ready.")))

    def is_serving(self) -> bool:
        """Whether the server runs."""
        return self._server is not None and self._server.poll() is None

    def serve(self) -> None:
        """Until it is stopped."""
        if self._server is not None:
            self._server.wait()

    def close(self) -> None:
        """Ends what was started."""
        if self._clients is not None:
            self._clients.end()
        if self._server is not None:
            self._server.terminate()
            self._server.wait(30)

    # -- schools ----------------------------------------------------------------------------------------

    def school(self, dfes: str) -> DemoSchool:
        return next(school for school in self.schools if school.dfes == dfes)

    def enrol(self, client: str, code: str) -> None:
        """Enrols one client with its code; its key stays in a folder of its own."""
        self._require(["enrol", "--server", self.address, "--code", code, *self._home(client)], codes=(0,))

    def send(self, school: DemoSchool, *, quietly: bool = False) -> dict[str, Any]:
        """The school's MIS writes its files, the client sends them; the run's result, which is told."""
        (result,) = self.send_all([school])
        if not quietly:
            self.tell.result(school, result)
        return result

    def send_all(self, schools: Iterable[DemoSchool]) -> list[dict[str, Any]]:
        """Schools that run at the same time; the results, in their order. Raises DemoFailed for what is no outcome."""
        calls = []
        for school in schools:
            options = files.write(school, self._folder / school.dfes, on=self.today)
            language = ["--lang", self.tell.language]
            calls.append(["run", "--school", school.dfes, *options, "--json", *language, *self._home(school.client)])
        return [json.loads(output) for output in self._require(*calls, codes=(0, 3, 4))]

    def _home(self, client: str) -> list[str]:
        return ["--home", str(self._folder / "clients" / client)]

    def _require(self, *calls: Sequence[str], codes: tuple[int, ...]) -> list[str]:
        if self._clients is None:
            raise RuntimeError("the stage is not open")
        ended = self._clients.call_all(calls)
        for call, done in zip(calls, ended, strict=True):
            must(done.code in codes, "hwb-client", *call[:3], done.code, done.out, done.err)
        return [done.out for done in ended]

    def night(self) -> None:
        """Every school's client runs as it is scheduled; nothing was changed in any MIS since the day before."""
        self.pass_night()
        results = self.send_all(self.schools)
        must(all(r["outcome"] == "no change" for r in results), "R35", *(r["outcome"] for r in results))
        self.tell.line(ngettext("{count} school ran, and nothing has changed.",
                                "{count} schools ran, and nothing has changed.", len(results)))  # fmt: skip

    # -- accounts ---------------------------------------------------------------------------------------

    def account(self, upn: str) -> AccountRow:
        """The account that a UPN leads to, a former one too. Raises DemoFailed."""
        found = next(accounts.find(upn=upn, language=self.tell.language), None)
        if found is None:
            raise DemoFailed(Text(N_("No account has this UPN: {upn}"), {"upn": upn}))
        return found

    def has_account(self, upn: str) -> bool:
        return next(accounts.find(upn=upn), None) is not None

    def staff(self, school: DemoSchool, code: str) -> list[AccountRow]:
        """Accounts with a post, open or ended, under this staff code at the school, the oldest first."""
        return [
            account
            for account in accounts.find(school=school.dfes)
            if any(p.school == school.dfes and p.staff_code == code for p in account.placements)
        ]

    def picture(self, school: DemoSchool) -> list[AccountRow]:
        """Everything that the school can see of everybody whom it has or had."""
        return list(accounts.find(school=school.dfes, language=self.tell.language))

    def everyone(self) -> dict[str, AccountRow]:
        """All accounts by their id."""
        return {account.id: account for account in accounts.find(language=self.tell.language)}

    def waits(self, *, cause: str = "") -> list[WaitRow]:
        return [wait for wait in waits.find(on=self.today, language=self.tell.language) if cause in ("", wait.cause)]
