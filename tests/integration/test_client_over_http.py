"""The real client against the real server over HTTP: away, cut off, killed, wrong clock, wrong key, wrong school."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests.client.command import GOOD, HEADER, Computer, Said

from hwb import embedded

HWB = [sys.executable, "-m", "hwb.cli.main"]
LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
_numbers = count(4100)


class Server:
    """One `hwb serve` for the module, with its calendar in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home, self.calendar = folder, folder / "home", folder / "now"
        self.calendar.write_text("2018-09-04T10:00")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.environment = {**os.environ, "HWB_HOME": str(self.home), "HWB_NOW": f"@{self.calendar}"}
        self.process = subprocess.Popen(
            [*HWB, "serve", "--port", str(self.port)], env=self.environment, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        assert next((line for line in self.process.stdout if "ready" in line), "")

    def hwb(self, *arguments: str) -> Any:
        done = subprocess.run([*HWB, *arguments], env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if "--json" in arguments else done.stdout

    def runs(self, school: str) -> list[dict[str, Any]]:
        found = self.hwb("runs", "--school", school, "--json")
        return sorted(found, key=lambda run: str(run["as_at"]))

    def kill_web(self) -> None:
        for status in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = status.read_text().rpartition(")")[2].split()
                command = (status.parent / "cmdline").read_text()
                if int(fields[1]) == self.process.pid and "granian" in command:
                    os.kill(int(status.parent.name), signal.SIGKILL)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="hwb-client-tests-"))
    folder.chmod(0o711)
    running = Server(folder)
    yield running
    running.process.terminate()
    running.process.communicate(timeout=30)
    embedded.remove(running.home)
    shutil.rmtree(folder, ignore_errors=True)


class Gate:
    """A TCP way to the server that can be shut, or cut once at a share of a delivery's body, or before its answer."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.is_open = True
        self.share: float | None = None  # of the body of the next PUT; more than 1: cut the answer off
        self.at_cut: Callable[[], object] = lambda: None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                try:
                    if not self.is_open:
                        raise ConnectionRefusedError
                    far = socket.create_connection(("127.0.0.1", self.target))
                except OSError:
                    near.close()
                    continue
                cut = threading.Event()
                threading.Thread(target=self._forward, args=(near, far, cut), daemon=True).start()
                threading.Thread(target=self._back, args=(far, near, cut), daemon=True).start()

    def _forward(self, near: socket.socket, far: socket.socket, cut: threading.Event) -> None:
        with suppress(OSError):
            while data := near.recv(65536):
                if self.share is not None and data.startswith(b"PUT "):
                    share, self.share = self.share, None
                    cut.set()
                    self._deliver_part(data, near, far, share)
                    near.shutdown(socket.SHUT_RDWR)
                    break
                far.sendall(data)
        far.close()

    def _deliver_part(self, data: bytes, near: socket.socket, far: socket.socket, share: float) -> None:
        while b"\r\n\r\n" not in data:
            data += near.recv(65536)
        head, body = data.split(b"\r\n\r\n", 1)
        length = next(
            int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
        )
        while len(body) < length:
            body += near.recv(65536)
        far.sendall(head + b"\r\n\r\n" + body[: int(length * min(share, 1))])
        if share > 1:
            time.sleep(0.5)  # it has answered: the delivery is stored, and nobody hears of it
        self.at_cut()

    def _back(self, far: socket.socket, near: socket.socket, cut: threading.Event) -> None:
        with suppress(OSError):
            while data := far.recv(65536):
                if not cut.is_set():
                    near.sendall(data)

    def close(self) -> None:
        self.listener.close()


@pytest.fixture
def gate(server: Server) -> Iterator[Gate]:
    made = Gate(server.port)
    yield made
    made.close()


class School(Computer):
    """A registered school's computer, whose client is enrolled."""

    number: str

    def send(self, *more: str, **settings: str) -> Said:
        return self.run(*more, school=self.number, **settings)


@pytest.fixture
def school(server: Server, tmp_path: Path) -> School:
    return enrolled_school(server, tmp_path, server.port)


def enrolled_school(server: Server, folder: Path, port: int) -> School:
    number = f"671{next(_numbers)}"
    made = School(folder, f"@{server.calendar}")
    object.__setattr__(made, "number", number)
    rows = f"dfes_number,name_en,name_cy,phase,opened,closed,client_manager\n{number},S,Y,secondary,,,school\n"
    (folder / "schools.csv").write_text(rows)
    server.hwb("schools", "import", str(folder / "schools.csv"))
    code = server.hwb("clients", "register", "--school", number, "--json")["code"]
    assert made.enrol(f"http://127.0.0.1:{port}", code).code == 0
    made.write(*rows_of(number, range(3)))
    return made


def rows_of(school: str, numbers: Any) -> list[str]:
    return [f"{upn(school, n)},Rees,Mali,2007-02-11,7,7G,{n + 1},2018-09-03" for n in numbers]


def upn(school: str, number: int) -> str:
    digits = f"{school}18{number:03}"
    return LETTERS[sum(place * int(d) for place, d in enumerate(digits, start=2)) % 23] + digits


def test_a_preview_a_run_and_the_same_again(server: Server, school: School) -> None:
    """A preview says what a run would and changes nothing; the run does it; again it is no change; status knows."""
    shown = school.run(command="preview", school=school.number)
    assert (shown.code, shown.json["preview"], shown.json["created"]) == (0, True, 3)
    assert server.hwb("accounts", "--school", school.number, "--json") == []
    done = school.send()
    assert (done.code, done.json["outcome"], done.json["created"]) == (0, "applied", 3)
    again = school.send()
    assert (again.code, again.json["outcome"], again.json["created"]) == (0, "no change", 0)
    status = school.say("status", "--json").json
    assert [item["school"] for item in status["schools"]] == [school.number]
    assert school.say("status", "--school", school.number, "--json").json["last_run"]["state"] == "no change"


def test_refused_held_and_stale_have_their_exit_codes(server: Server, school: School) -> None:
    """3 with a record to put right, 4 for an implausible run, 5 for data older than the last."""
    school.write(*rows_of(school.number, range(60)), GOOD.replace("M671", "X671"))
    assert school.send("--as-at", "2018-09-04T08:00").code == 3
    school.write(*rows_of(school.number, range(30)))
    held = school.send("--as-at", "2018-09-04T08:30")
    assert (held.code, held.json["outcome"], held.json["holds"][0]["check"]) == (4, "held", "missing")
    school.write(*rows_of(school.number, range(60)))
    stale = school.send("--as-at", "2018-09-03T08:00")
    assert (stale.code, stale.json["outcome"], stale.json["warnings"][0]["code"]) == (5, "refused", "stale")


def test_another_schools_number_is_refused(school: School) -> None:
    """5, and nothing is kept for later."""
    said = school.run(school="6714999")
    assert (said.code, said.json["warnings"][0]["code"]) == (5, "not_authorised")
    assert not (school.home / "spool").exists()


def test_offline_runs_are_sent_later_in_order(server: Server, tmp_path: Path, gate: Gate) -> None:
    """Two runs while the server is away are exit 7 and kept; the next sends all three, each as at its moment."""
    school = enrolled_school(server, tmp_path, gate.port)
    gate.is_open = False
    for hour, learners in (("07", 1), ("08", 2)):
        school.write(*rows_of(school.number, range(learners)))
        away = school.send("--as-at", f"2018-09-04T{hour}:00")
        assert (away.code, away.json["outcome"]) == (7, "spooled")
    gate.is_open = True
    school.write(*rows_of(school.number, range(4)))
    done = school.send("--as-at", "2018-09-04T09:00")
    assert (done.code, done.json["created"]) == (0, 2)
    runs = server.runs(school.number)
    assert [run["state"] for run in runs] == ["applied"] * 3
    assert [str(run["as_at"])[11:13] for run in runs] in (["06", "07", "08"], ["07", "08", "09"])
    assert not list((school.home / "spool").iterdir())


@pytest.mark.parametrize("share", [0, 0.5, 0.99, 2])
def test_a_delivery_cut_off_is_one_run(server: Server, tmp_path: Path, gate: Gate, share: float) -> None:
    """F8: the network ends before, within or just after the body: tried again, and there is one run."""
    school = enrolled_school(server, tmp_path, gate.port)
    gate.share = share
    done = school.send()
    assert (done.code, done.json["created"]) == (0, 3)
    assert [run["run"] for run in server.runs(school.number)] == [done.json["run"]]


def test_a_server_killed_in_mid_upload_gets_the_same_run_again(server: Server, tmp_path: Path, gate: Gate) -> None:
    """F1: kill -9 of the web server at half of the body: no half run; the client's next tries are accepted."""
    school = enrolled_school(server, tmp_path, gate.port)
    gate.share, gate.at_cut = 0.5, server.kill_web
    started = time.monotonic()
    done = school.send(HWB_CLIENT_TRIES="8", HWB_CLIENT_PAUSE="0.2")
    assert (done.code, done.json["created"]) == (0, 3)
    assert time.monotonic() - started < 30
    assert [run["run"] for run in server.runs(school.number)] == [done.json["run"]]


@pytest.mark.parametrize("days", [-365, 365])
def test_a_wrong_clock_is_said_with_how_far(school: School, days: int) -> None:
    """F11: a year off is refused, 5; the sentence says in which direction and by how much."""
    program = (
        f"import time\nreal = time.time\ntime.time = lambda: real() + {days} * 86400\n"
        "from hwb.client.cli import main; main()"
    )
    said = school.say("run", "--school", school.number, "--mis", "hwb", "--source", str(school.data), "--json",
                      program=[sys.executable, "-c", program])  # fmt: skip
    assert (said.code, said.json["warnings"][0]["code"]) == (5, "clock_wrong")
    text = said.json["warnings"][0]["text"]
    assert ("ahead" if days > 0 else "behind") in text
    assert "8760:0" in text or "8759:59" in text


def test_the_calendar_does_not_move_the_proof(server: Server, school: School) -> None:
    """HWB_NOW years away moves as-at, not the client's assertion."""
    before = server.calendar.read_text()
    try:
        server.calendar.write_text("2020-01-01T10:00")
        done = school.send()
    finally:
        server.calendar.write_text(before)
    assert (done.code, done.json["as_at"][:4]) == (0, "2020")


def test_a_revoked_key_sends_nothing_and_loses_nothing(server: Server, tmp_path: Path, gate: Gate) -> None:
    """Stolen or not: once revoked, whoever has the key is refused, 5; what was kept stays kept."""
    school = enrolled_school(server, tmp_path, gate.port)
    gate.is_open = False
    assert school.send("--as-at", "2018-09-04T08:00").code == 7
    gate.is_open = True
    thief = School(tmp_path / "thief", school.now)
    shutil.copytree(school.home, thief.home)
    thief.write(*rows_of(school.number, range(3)))
    client = json.loads((school.home / "settings.json").read_text())["client"]
    server.hwb("clients", "revoke", client)
    for computer in (school, thief):
        said = computer.run(school=school.number)
        assert (said.code, said.json["warnings"][0]["code"]) == (5, "client_revoked")
        assert len(list((computer.home / "spool").iterdir())) == 1
    assert server.runs(school.number) == []


def test_another_key_proves_nothing(school: School) -> None:
    """The client's id with a key that is not its own is refused, 5."""
    from hwb.client.keys import new_pair

    (school.home / "key.pem").write_bytes(new_pair()[0])
    said = school.send()
    assert (said.code, said.json["warnings"][0]["code"]) == (5, "invalid_client")


def test_a_code_enrols_once(server: Server, school: School, tmp_path: Path) -> None:
    """The second use of a code is refused, and leaves no key behind."""
    code = server.hwb("clients", "register", "--school", school.number, "--json")["code"]
    (tmp_path / "two").mkdir()
    one, two = Computer(tmp_path / "one"), Computer(tmp_path / "two")
    (tmp_path / "one").mkdir()
    told = one.say("enrol", "--server", f"http://localhost:{server.port}", "--code", code, "--json")
    assert (told.code, told.json["server"]) == (0, f"http://localhost:{server.port}")
    assert two.enrol(f"http://localhost:{server.port}", code).code == 5
    assert [path.name for path in two.home.iterdir()] == ["client.log"]


def test_a_failed_command_reaches_the_server(server: Server, school: School) -> None:
    """Exit 6 in the school is told by the next check-in."""
    assert school.send("--mis-command", "false").code == 6
    assert school.say("check-in").code == 0
    assert not list((school.home / "attempts").iterdir())


def test_nothing_personal_in_log_or_addresses(server: Server, school: School) -> None:
    """After refusals, holds and faults the log has references and counts; no UPN, no name (I16)."""
    school.write(*rows_of(school.number, range(3)), GOOD.replace("M671", "X671"))
    assert school.send().code == 3
    written = (school.home / "client.log").read_text("utf-8")
    assert "row 5" in written
    for secret in (upn(school.number, 0), "X671404118001", "Rees", "Siân", "2007-02-11", HEADER):
        assert secret not in written
