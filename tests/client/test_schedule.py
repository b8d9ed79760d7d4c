"""Schedules: what systemd and the Windows Task Scheduler are given."""

from __future__ import annotations

import configparser
import re
import subprocess
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.client.command import CLIENT, SCHOOL, Computer

from hwb.client.schedule import Plan, starts_at, systemd, windows

TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
PLAN = Plan(("/usr/bin/python3", "-m", "hwb.client"), Path("/var/lib/hwb 100%/client"), "hwb", ("/srv/sims",))


def unit(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=True, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment]
    parser.read_string(text)
    return parser


def test_schools_do_not_start_together() -> None:
    """1,460 schools fall over the hour between two and three, each always at its own time."""
    times = [starts_at(f"{660 + n // 100}{n:04}") for n in range(1460)]
    assert times == [starts_at(f"{660 + n // 100}{n:04}") for n in range(1460)]
    assert all(re.fullmatch(r"02:[0-5]\d:[0-5]\d", time) for time in times)
    minutes = Counter(time[:5] for time in times)
    assert len(minutes) == 60
    assert max(minutes.values()) < 3 * 1460 / 60


def test_a_systemd_timer_catches_up_at_the_schools_time() -> None:
    """A timer at the school's time by the clocks of Wales, Persistent; and a check-in every 15 minutes."""
    files = systemd(PLAN, [SCHOOL])
    timer = unit(files[f"hwb-client-{SCHOOL}.timer"])["Timer"]
    assert timer["OnCalendar"] == f"*-*-* {starts_at(SCHOOL)} Europe/London"
    assert timer["Persistent"] == "true"
    assert re.fullmatch(r"\*:\d+/15:\d\d", unit(files["hwb-client-check-in.timer"])["Timer"]["OnCalendar"])


def test_a_systemd_service_has_few_rights_and_its_signs_escaped() -> None:
    """Read-only but for the home and the MIS's folder; refusals and holds are no failure of the service."""
    service = unit(systemd(PLAN, [SCHOOL])[f"hwb-client-{SCHOOL}.service"])["Service"]
    assert '--home "/var/lib/hwb 100%%/client"' in service["ExecStart"]
    assert service["ReadWritePaths"] == '"/var/lib/hwb 100%%/client" /srv/sims'
    assert (service["User"], service["ProtectSystem"], service["NoNewPrivileges"]) == ("hwb", "strict", "yes")
    assert service["SuccessExitStatus"] == "3 4"


@pytest.mark.system("systemd-analyze")
def test_systemd_accepts_the_units(computer: Computer) -> None:
    """systemd-analyze verify finds nothing wrong."""
    out = computer.folder / "units"
    assert computer.say("schedule", "systemd", "--school", SCHOOL, "--out", str(out)).code == 0
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, out.iterdir())], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_windows_task_is_a_valid_utf_16_file(computer: Computer) -> None:
    """On standard output and with --out: UTF-16 with its mark, well-formed, catching up, at the school's time."""
    out = computer.folder / "tasks"
    assert computer.say("schedule", "windows", "--school", SCHOOL, "--out", str(out)).code == 0
    assert {path.name for path in out.iterdir()} == {f"hwb-client-{SCHOOL}.xml", "hwb-client-check-in.xml"}
    command = [*CLIENT, "schedule", "windows", "--school", SCHOOL]
    printed = subprocess.run(command, env=computer.environment(), capture_output=True, check=True).stdout
    assert printed == (out / f"hwb-client-{SCHOOL}.xml").read_bytes()
    assert printed.startswith(b"\xff\xfe")
    task = ET.fromstring(printed)
    assert task.findtext(f"{TASK}Settings/{TASK}StartWhenAvailable") == "true"
    assert (
        task.findtext(f"{TASK}Triggers/{TASK}CalendarTrigger/{TASK}StartBoundary") == f"2020-01-01T{starts_at(SCHOOL)}"
    )
    assert SCHOOL in (task.findtext(f"{TASK}Actions/{TASK}Exec/{TASK}Arguments") or "")
    often = ET.fromstring((out / "hwb-client-check-in.xml").read_bytes())
    assert often.findtext(f"{TASK}Triggers/{TASK}TimeTrigger/{TASK}Repetition/{TASK}Interval") == "PT15M"


def test_windows_signs_are_escaped() -> None:
    """An ampersand in a path is no fault in the XML, a blank no second argument."""
    plan = Plan(("C:\\R&D\\python.exe", "-m", "hwb.client"), Path("C:/Program Data/hwb"))
    task = ET.fromstring(windows(plan, [SCHOOL])[f"hwb-client-{SCHOOL}.xml"].replace(' encoding="UTF-16"', ""))
    assert task.findtext(f"{TASK}Actions/{TASK}Exec/{TASK}Command") == "C:\\R&D\\python.exe"
    assert '"C:/Program Data/hwb"' in (task.findtext(f"{TASK}Actions/{TASK}Exec/{TASK}Arguments") or "")


def test_one_task_for_each_school(computer: Computer) -> None:
    """Several schools are several files: without a folder the client asks for one school."""
    said = computer.say("schedule", "windows", "--school", SCHOOL, "--school", "6714042")
    assert (said.code, said.out) == (2, "")


@pytest.mark.parametrize("system", ["systemd", "windows"])
def test_another_time_of_day_is_asked_for(computer: Computer, system: str) -> None:
    """`--at`: the runs start then, each school at its own second; the check-in tells it."""
    out = computer.folder / "units"
    assert computer.say("schedule", system, "--school", SCHOOL, "--out", str(out), "--at", "04:30").code == 0
    written = "".join(path.read_bytes().decode("utf-16" if system == "windows" else "utf-8") for path in out.iterdir())
    assert starts_at(SCHOOL, at="04:30") in written
    assert starts_at(SCHOOL) not in written
    assert f"{system} 04:30:" in (computer.home / "schedule.json").read_text("utf-8")


@pytest.mark.parametrize("at", ["01:30", "24:00", "4:30", "noon"])
def test_a_time_that_some_nights_do_not_have_is_refused(computer: Computer, at: str) -> None:
    assert computer.say("schedule", "systemd", "--school", SCHOOL, "--at", at).code == 2
    assert not (computer.home / "schedule.json").exists()
