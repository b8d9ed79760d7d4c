"""What the client does without any server: check, exit codes, commands of the MIS, home, languages."""

from __future__ import annotations

import json
import os
import pty
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.client.command import BAD_UPN, CLIENT, GOOD, HEADER, SCHOOL, Computer

from hwb.client import log, spool
from hwb.client.faults import WrongUse
from hwb.client.home import Home
from hwb.client.lock import Busy, one_run
from hwb.client.session import clean_address

KEYS = ["run", "school", "as_at", "outcome", "created", "updated", "claimed", "released", "waiting", "missing",
        "refused", "holds", "warnings"]  # fmt: skip


def check(computer: Computer, *more: str, **settings: str):
    return computer.run(*more, command="check", **settings)


def test_check_needs_no_server_and_no_enrolment(computer: Computer) -> None:
    """0 when nothing would be refused; the object of a run, alone on standard output."""
    said = check(computer)
    assert said.code == 0
    assert list(said.json) == KEYS
    assert said.json["school"] == SCHOOL
    assert not (computer.home / "schools").exists()


def test_check_says_what_would_be_refused(computer: Computer) -> None:
    """3, with record, field, value, what is needed and where to put it right."""
    computer.write(GOOD, BAD_UPN)
    refused = check(computer).json["refused"]
    assert [(item["record"], item["field"], item["value"]) for item in refused] == [("row 3", "upn", "X671404118001")]
    assert refused[0]["needed"]
    assert "M671404118001" in refused[0]["fix"]
    assert check(computer).code == 3


@pytest.mark.parametrize(
    ("content", "code", "reason"),
    [
        (HEADER + "\n", 5, "empty"),
        ("legal_surname\nRees\n", 6, "column_missing"),
        (HEADER + "," + HEADER, 6, "header_twice"),
    ],
)
def test_a_source_that_cannot_be_used_has_its_exit_code_and_object(
    computer: Computer, content: str, code: int, reason: str
) -> None:
    """6 for a source that cannot be read, 5 for one without people; also then the object stands alone."""
    (computer.data / "learners.csv").write_text(content, "utf-8")
    for command in ("check", "run", "preview"):
        said = computer.run(command=command)
        assert (said.code, said.json["outcome"], said.json["warnings"][0]["code"]) == (code, "refused", reason)
        assert said.err.strip()


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--school", "123", "--mis", "hwb", "--source", "x"), ("run", "--school", SCHOOL),
        ("run", "--school", SCHOOL, "--mis", "abacus", "--source", "x"), ("run", "--no-such-option"),
        ("check", "--school", SCHOOL, "--mis", "hwb", "--source", "x", "--as-at", "yesterday"),
        ("check", "--lang", "fr"), ("schedule", "cron", "--school", SCHOOL),
        ("enrol", "--server", "http://hwb.example.wales", "--code", "x"), ("enrol", "--server", "http://localhost:1"),
    ],
)  # fmt: skip
def test_wrong_use_is_2_and_prints_nothing(computer: Computer, arguments: tuple[str, ...]) -> None:
    """An option that is missing or cannot be used: 2, a sentence, and nothing on standard output."""
    said = computer.say(*arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err.strip()


def test_a_setting_that_is_no_number_is_wrong_use(computer: Computer) -> None:
    """HWB_CLIENT_TRIES=many is said plainly."""
    (computer.home / "settings.json").parent.mkdir()
    assert "HWB_CLIENT_TRIES" in computer.run(HWB_CLIENT_TRIES="many").err


def test_without_enrolment_a_run_is_5(computer: Computer) -> None:
    """The data can be read, but there is no key to send it with."""
    said = computer.run()
    assert (said.code, said.json["warnings"][0]["code"]) == (5, "not_enrolled")


@pytest.mark.parametrize(
    "address", ["http://hwb.example", "ftp://localhost", "hwb.example", "http://", "http://127.0.0.1.example"]
)
def test_only_https_leaves_the_computer(address: str) -> None:
    """http is accepted on this computer alone."""
    with pytest.raises(WrongUse):
        clean_address(address)
    assert clean_address("https://hwb.example/") == "https://hwb.example"
    assert clean_address("http://[::1]:8000") == "http://[::1]:8000"


def test_the_home_is_its_owners_only(computer: Computer) -> None:
    """Folder 0700, files 0600, whatever the umask; and a damaged settings file is named, not guessed."""
    home = Home.of(computer.home)
    before = os.umask(0)
    try:
        home.write_json("settings.json", {"a": 1})
        spool.keep(home, run="r", school=SCHOOL, as_at="2018", body=b"x")
        log.begin(home)
        log.note("event")
        with one_run(home, SCHOOL):
            pass
    finally:
        os.umask(before)
        log.end()
    for path in [computer.home, *computer.home.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    (computer.home / "settings.json").write_text("{")
    assert str(computer.home) in computer.say("status").err


def test_one_run_at_a_time_for_a_school(computer: Computer) -> None:
    """The second says which process runs and since when, and reads nothing; another school may run."""
    home = Home.of(computer.home)
    with one_run(home, SCHOOL), one_run(home, "6714042"), pytest.raises(Busy), one_run(home, SCHOOL):
        pass
    with one_run(home, SCHOOL):
        said = computer.run("--mis-command", "false")
    assert (said.code, said.out) == (2, "")
    assert re.search(rf"process {os.getpid()}, since \d{{4}}-\d\d-\d\d", said.err)
    assert not (computer.home / "attempts").exists()
    assert computer.run().code == 5  # dropped with its holder: it now gets as far as the missing key


def test_the_spool_keeps_order_and_one_of_a_moment(tmp_path: Path) -> None:
    """Oldest first, whole; of one moment the newest reading stays; what is damaged blocks nothing."""
    home = Home.of(tmp_path / "client")
    for run, as_at in (("a", "1"), ("b", "2"), ("c", "2"), ("d", "3")):
        spool.keep(home, run=run, school=SCHOOL, as_at=as_at, body=run.encode() * 1000)
    spool.keep(home, run="e", school="6714042", as_at="1", body=b"other school")
    assert [(kept.run, kept.as_at, kept.body[:2]) for kept in spool.waiting(home, SCHOOL)] == [
        ("a", "1", b"aa"), ("c", "2", b"cc"), ("d", "3", b"dd"),
    ]  # fmt: skip
    spool.waiting(home, SCHOOL)[0].path.write_text("{")
    assert [kept.run for kept in spool.waiting(home, SCHOOL)] == ["c", "d"]
    assert spool.count(home) == 3


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("sh -c 'exit 3'", "command_failed"), ("/no/such/program", "command_not_started"), ("'", "command_not_started"),
        ("echo '<CommandReporterError>No licence</CommandReporterError>'", "mis_error"),
    ],
)  # fmt: skip
def test_a_command_that_fails_is_6_and_reported(computer: Computer, command: str, reason: str) -> None:
    """The MIS's command runs first; its failure ends the run, and waits to be told at the check-in."""
    said = computer.run("--mis-command", command)
    assert (said.code, said.json["warnings"][0]["code"]) == (6, reason)
    (kept,) = (computer.home / "attempts").iterdir()
    assert json.loads(kept.read_text())["code"] == reason


def test_a_command_too_slow_is_ended(computer: Computer) -> None:
    """HWB_CLIENT_COMMAND_SECONDS bounds it."""
    said = computer.run("--mis-command", "sleep 60", HWB_CLIENT_COMMAND_SECONDS="0.2")
    assert (said.code, said.json["warnings"][0]["code"]) == (6, "command_too_slow")


def test_a_command_goes_through_a_shell_only_when_asked(computer: Computer) -> None:
    """`$HOME` stays as it is without a shell; with one it does not. A list of arguments is taken as it is."""
    written = computer.folder / "written"
    script = f"{sys.executable} -c \"import sys; open('{written}', 'w').write(sys.argv[1])\" $HWB_CLIENT_HOME"
    computer.run("--mis-command", script)
    assert written.read_text() == "$HWB_CLIENT_HOME"
    computer.run("--mis-command", script, "--mis-command-shell")
    assert written.read_text() == str(computer.home)
    path = computer.home / f"schools/{SCHOOL}.json"
    listed = [sys.executable, "-c", f"open(r'{written}', 'w').write('a list; of words')"]
    path.write_text(json.dumps({**json.loads(path.read_text()), "mis_command": listed, "mis_command_shell": False}))
    assert computer.say("run", "--school", SCHOOL, "--json").code == 5
    assert written.read_text() == "a list; of words"


def test_settings_of_a_school_are_remembered(computer: Computer) -> None:
    """After one run `--school` is enough; another source forgets what belonged to the first."""
    computer.run("--mis-command", "true")
    again = computer.say("run", "--school", SCHOOL, "--json")
    assert (again.code, again.json["warnings"][0]["code"]) == (5, "not_enrolled")
    kept = json.loads((computer.home / f"schools/{SCHOOL}.json").read_text())
    assert (kept["mis"], kept["source"], kept["mis_command"]) == ("hwb", str(computer.data), "true")
    computer.run("--mis-command", "")
    assert json.loads((computer.home / f"schools/{SCHOOL}.json").read_text())["mis_command"] == ""


def test_the_moment_is_the_sources_unless_it_is_said(computer: Computer) -> None:
    """--as-at, else the rehearsed calendar, else when the file was written; without offset Europe/London."""
    os.utime(computer.data / "learners.csv", (1535000000, 1535000000))
    os.utime(computer.data, (1535000000, 1535000000))
    assert check(computer, "--as-at", "2018-08-01T12:00").json["as_at"] == "2018-08-01T11:00:00+00:00"
    assert check(computer).json["as_at"] == "2018-09-04T09:00:00+00:00"
    assert check(computer, HWB_NOW="").json["as_at"] == "2018-08-23T04:53:20+00:00"


def test_it_speaks_welsh(computer: Computer) -> None:
    """By --lang or by the locale."""
    computer.write(GOOD, BAD_UPN)
    english = check(computer).json["refused"][0]["needed"]
    for said in (check(computer, "--lang", "cy"), check(computer, LC_ALL="cy_GB.UTF-8")):
        assert said.json["refused"][0]["needed"] != english
        assert "Darllenwyd: dysgwyr 2" in said.err
    assert check(computer, "--lang", "en", LC_ALL="cy_GB.UTF-8").json["refused"][0]["needed"] == english


def test_quiet_says_results_and_errors_only(computer: Computer) -> None:
    """--quiet: nothing of what is being done."""
    assert check(computer, "--quiet").err == ""
    assert "not enrolled" in computer.run("--quiet").err


def test_fix_groups_what_is_to_be_put_right(computer: Computer) -> None:
    """One explanation, then the rows, with the value; the last arranged source is read."""
    computer.write(GOOD, BAD_UPN, BAD_UPN.replace("X671404118001", "X671404118002"))
    computer.run()
    said = computer.say("fix", "--school", SCHOOL)
    assert said.code == 3
    assert said.out.count("UPN of 13 characters") == 1
    assert "row 3" in said.out
    assert "row 4" in said.out


def _on_a_terminal(computer: Computer, *arguments: str, keyboard: bool = False, **settings: str) -> str:
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [*CLIENT, *arguments], stdin=theirs if keyboard else subprocess.DEVNULL, stdout=theirs, stderr=theirs,
        env=computer.environment(TERM="xterm", **settings),
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    child.wait(10)
    return seen.decode()


def test_people_are_named_on_a_terminal_only_when_asked(computer: Computer) -> None:
    """--show-names on a terminal; never without it, and never into a file."""
    computer.write(GOOD, BAD_UPN)
    arguments = ("check", "--school", SCHOOL, "--mis", "hwb", "--source", str(computer.data))
    assert "Gwen Llwyd" in _on_a_terminal(computer, *arguments, "--show-names")
    assert "Llwyd" not in _on_a_terminal(computer, *arguments)
    assert "Llwyd" not in computer.say(*arguments, "--show-names").out


def test_a_terminal_gets_colour_unless_it_is_not_wanted(computer: Computer) -> None:
    """NO_COLOR and --no-colour end it; a file never gets any."""
    arguments = ("check", "--school", SCHOOL, "--mis", "hwb", "--source", str(computer.data))
    colour = "\x1b[32m"
    assert colour in _on_a_terminal(computer, *arguments)
    assert colour not in _on_a_terminal(computer, *arguments, "--no-colour")
    assert colour not in _on_a_terminal(computer, *arguments, NO_COLOR="1")
    assert "\x1b" not in computer.say(*arguments).out


def test_the_client_runs_without_the_servers_packages(computer: Computer) -> None:
    """`pip install hwb` alone: neither Django nor a database driver is imported."""
    blocker = (
        "import sys\n"
        "class Blocked:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('django', 'psycopg', 'procrastinate', 'granian', 'argon2', 'csp'):\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Blocked())\n"
        "from hwb.client.cli import main; main()"
    )
    arguments = ("check", "--school", SCHOOL, "--mis", "hwb", "--source", str(computer.data), "--json")
    assert computer.say(*arguments, program=[sys.executable, "-c", blocker]).code == 0


def test_an_unexpected_fault_is_a_sentence_and_the_log_has_no_data(computer: Computer) -> None:
    """Exit 1, no trace on the screen; the log has the place in the code, but nothing of the message."""
    broken = (
        "import hwb.client.source as s\n"
        "def read(*a, **k): raise RuntimeError('Siân Rees M671404118001')\n"
        "s.mis.read = read\n"
        "from hwb.client.cli import main; main()"
    )
    arguments = ("check", "--school", SCHOOL, "--mis", "hwb", "--source", str(computer.data), "--json")
    said = computer.say(*arguments, program=[sys.executable, "-c", broken])
    assert (said.code, said.json["warnings"][0]["code"]) == (1, "unexpected")
    written = (computer.home / "client.log").read_text("utf-8")
    assert "RuntimeError" in written
    assert "Rees" not in written + said.err
    assert "M671404118001" not in written + said.err


@pytest.mark.parametrize("command", ["run", "preview"])
@pytest.mark.parametrize("more", [(), ("--no-input",)])
def test_a_run_never_waits_for_typing(computer: Computer, command: str, more: tuple[str, ...]) -> None:
    """ux.md 15, check 16: before a keyboard at which nobody sits, it comes to its end by itself."""
    computer.write(GOOD)
    arguments = (command, "--school", SCHOOL, "--mis", "hwb", "--source", str(computer.data), *more)
    assert "not enrolled" in _on_a_terminal(computer, *arguments, keyboard=True)
