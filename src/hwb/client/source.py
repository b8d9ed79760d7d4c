"""Asks the MIS for its data and reads it. Whatever fails here is exit 6, or 5 for data that no server would take."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from hwb import clock
from hwb.client import log, mis
from hwb.client.arrangement import Arrangement
from hwb.client.faults import SourceFailed, WrongUse
from hwb.extract import wire
from hwb.extract.records import Extract
from hwb.extract.texts import N_, Text

_MIS_ERROR = re.compile(r"<CommandReporterError[^>]*>(.*?)(</CommandReporterError|$)", re.DOTALL)
_LONGEST_SAID = 300


def moment_of(as_at: str | None) -> datetime | None:
    """``--as-at``, else the rehearsed calendar, else None: the source's own. Raises WrongUse."""
    try:
        return clock.parse_moment(as_at) if as_at else clock.rehearsed_now()
    except clock.ClockNotReadable:
        raise WrongUse(Text(N_("This is not an ISO moment: {moment}"), {"moment": as_at or "HWB_NOW"})) from None
    except (OSError, OverflowError, UnicodeDecodeError):
        raise WrongUse(Text(N_("This is not an ISO moment: {moment}"), {"moment": "HWB_NOW"})) from None


def export(arrangement: Arrangement, *, seconds: float) -> None:
    """Runs the school's mis_command, if there is one. Raises SourceFailed.

    Its output may hold personal data and is kept nowhere; of an error that SIMS reports, the reason is shown.
    """
    command = arrangement.mis_command
    if not command:
        return
    try:
        done = subprocess.run(
            _arguments(command, shell=arrangement.mis_command_shell), shell=arrangement.mis_command_shell,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False,
        )  # fmt: skip
    except (OSError, ValueError):
        raise SourceFailed(
            "command_not_started", Text(N_("The command that asks the MIS cannot be started."))
        ) from None
    except subprocess.TimeoutExpired:
        text = Text(
            N_("The command that asks the MIS did not end within {seconds} seconds."), {"seconds": int(seconds)}
        )
        raise SourceFailed("command_too_slow", text) from None
    log.note("mis_command", exit=done.returncode, output_bytes=len(done.stdout))
    reported = _MIS_ERROR.search(done.stdout.decode("utf-8", "replace"))
    if reported:
        reason = " ".join(re.sub(r"<[^>]*>", " ", reported[1]).split())[:_LONGEST_SAID]
        raise SourceFailed("mis_error", Text(N_("The MIS answered with an error: {reason}"), {"reason": reason or "?"}))
    if done.returncode:
        values = {"status": done.returncode}
        raise SourceFailed(
            "command_failed", Text(N_("The command that asks the MIS failed with exit code {status}."), values)
        )


def _arguments(command: str | list[str], *, shell: bool) -> str | list[str]:
    if isinstance(command, list):
        return shlex.join(command) if shell else command
    # Windows splits a command line itself, by other rules than a Unix shell's.
    return command if shell or sys.platform == "win32" else shlex.split(command)


def read(arrangement: Arrangement, *, school: str, as_at: datetime | None) -> Extract:
    """Everyone on the school's books as its MIS says. Raises SourceFailed."""
    staff = Path(arrangement.staff_source) if arrangement.staff_source else None
    mapping = Path(arrangement.mapping) if arrangement.mapping else None
    try:
        extract = mis.read(
            arrangement.mis, Path(arrangement.source), school=school, staff_source=staff, as_at=as_at, mapping=mapping
        )
    except mis.ReadError as error:
        raise SourceFailed(error.code, error.text) from None
    except OSError:
        raise SourceFailed("no_file", Text(N_("The file cannot be opened."))) from None
    log.note("read", school=school, mis=extract.mis, learners=len(extract.learners), staff=len(extract.staff))
    return extract


def packed(extract: Extract) -> bytes:
    """The body to be sent. Raises SourceFailed when no server would take it for its size."""
    body = wire.dump(extract)
    if len(body) > wire.LARGEST:
        raise SourceFailed("too_large", Text(N_("The source is larger than 50 MiB.")))
    return body
