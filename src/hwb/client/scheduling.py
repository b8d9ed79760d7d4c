"""``hwb-client schedule``: writes a schedule's files, and remembers for the check-in that there is one."""

from __future__ import annotations

import codecs
import getpass
import os
import sys
from pathlib import Path

from hwb import clock
from hwb.client import arrangement
from hwb.client.arrangement import Asked
from hwb.client.call import Call, Done
from hwb.client.faults import WrongUse
from hwb.client.schedule import Plan, starts_at, systemd, windows
from hwb.extract.texts import N_, Text
from hwb.identifiers import parse_dfes_number


def write(
    call: Call, *, system: str, schools: list[str], out: Path | None, user: str, part: str, at: str = ""
) -> Done:  # fmt: skip
    """To ``out`` every file; without it the text on standard output. Raises WrongUse."""
    numbers = _numbers(call, schools)
    if system not in ("systemd", "windows") or part not in ("run", "check-in"):
        raise WrongUse(Text(N_("A schedule is for systemd or windows; --part is run or check-in.")))
    if at and not clock.is_every_day(at):
        raise WrongUse(Text(N_("A time is HH:MM, and not between 01:00 and 02:00, which some nights do not have: {at}"),
                            {"at": at}))  # fmt: skip
    plan = Plan((sys.executable, "-m", "hwb.client"), call.home.folder, user or _user(system), _writable(call, numbers))
    files = (systemd if system == "systemd" else windows)(plan, numbers, at=at)
    _remember(call, system, numbers, at)
    if out is not None:
        return Done(0, {}, lambda: _write_files(call, system, files, out))
    if system == "systemd":
        text = "\n".join(f"# {name}\n{content}" for name, content in files.items())
        return Done(0, {}, lambda: _print(text))
    if part == "run" and len(numbers) > 1:
        raise WrongUse(Text(N_("One task for each school: name one with --school, or a folder with --out.")))
    name = f"hwb-client-{numbers[0]}.xml" if part == "run" else "hwb-client-check-in.xml"
    return Done(0, {}, lambda: _print_task(files[name]))


def _remember(call: Call, system: str, schools: list[str], at: str) -> None:
    """When each school runs, for the check-in to report; schools scheduled by another call keep theirs."""
    known = call.home.read_json("schedule.json")
    new = {school: f"{system} {starts_at(school, at=at)}" for school in schools}
    call.home.write_json("schedule.json", known | new)


def _numbers(call: Call, schools: list[str]) -> list[str]:
    numbers = []
    for typed in schools or call.home.schools():
        number = parse_dfes_number(typed)
        if number is None:
            raise WrongUse(Text(N_("This is not a school's DfES number: {number}"), {"number": typed}))
        numbers.append(number)
    if not numbers:
        raise WrongUse(Text(N_("Name the school: --school and its DfES number.")))
    return numbers


def _user(system: str) -> str:
    """On Linux whoever has made the home; on Windows the task's own account, Local Service."""
    try:
        return getpass.getuser() if system == "systemd" and os.name == "posix" else ""
    except (OSError, KeyError):
        return ""


def _writable(call: Call, schools: list[str]) -> tuple[str, ...]:
    """Folders that a school's own command writes to."""
    folders = []
    for school in schools:
        if not arrangement.is_known(call.home, school):
            continue
        arranged = arrangement.arrange(call.home, school, Asked())
        if arranged.mis_command:
            path = Path(arranged.source)
            folders.append(str(path if path.is_dir() else path.parent))
    return tuple(dict.fromkeys(folders))


def _write_files(call: Call, system: str, files: dict[str, str], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = out / name
        if system == "windows":
            path.write_bytes(_utf16(content))
        else:
            path.write_text(content, "utf-8", newline="\n")
        call.voice.line(str(path))
    if system == "systemd":
        call.voice.tell(N_("Next, as root: copy them to /etc/systemd/system, then systemctl daemon-reload, then "
                           "systemctl enable --now for each .timer"))  # fmt: skip
    else:
        call.voice.tell(N_("Next, as an administrator, for each file: schtasks /Create /TN NAME /XML FILE"))


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


def _print_task(content: str) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(_utf16(content))
    sys.stdout.buffer.flush()


def _utf16(content: str) -> bytes:
    """As the Task Scheduler writes it: little-endian with a byte-order mark, lines ended by CR LF."""
    return codecs.BOM_UTF16_LE + content.replace("\n", "\r\n").encode("utf-16-le")
