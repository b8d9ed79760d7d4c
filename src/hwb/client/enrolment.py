"""Enrolling: an operator's code, once, for the right to send for certain schools."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from hwb.client import log
from hwb.client.call import Call, Done
from hwb.client.faults import WrongUse
from hwb.client.limits import Limits
from hwb.client.session import Session
from hwb.extract.texts import N_, Text


def enrol(call: Call, *, server: str, code: str, code_file: Path | None, tries: int | None) -> Done:
    """Raises WrongUse, Refused, NotReached."""
    session = Session(call.home, call.voice.language, Limits.of_environment(tries=tries))
    try:
        answer = session.enrol(server, _code(call, code, code_file))
    finally:
        session.close()
    log.note("enrolled", client=str(answer["client"]), schools=len(answer["schools"]))
    content = {name: answer.get(name) for name in ("client", "schools", "server", "expires")}
    schools = ", ".join(str(school["school"]) for school in answer["schools"])
    return Done(
        0, content, lambda: call.voice.line(call.voice.say(N_("Enrolled. Schools: {schools}"), schools=schools))
    )


def _code(call: Call, code: str, code_file: Path | None) -> str:
    """The code as given, from a file, typed unseen on a terminal, or the first line of standard input."""
    if code_file is not None:
        try:
            code = code_file.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise WrongUse(Text(N_("The file of the code cannot be read."))) from None
    elif not code:
        prompt = call.voice.say(N_("Enrolment code:")) + " "
        code = getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline()
    if not code.strip():
        raise WrongUse(Text(N_("No code was given: --code, --code-file or standard input.")))
    return code.strip()
