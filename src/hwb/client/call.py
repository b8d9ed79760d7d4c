"""One call of ``hwb-client``: its options, and how it ends whatever happens in it."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from hwb.client import log
from hwb.client.faults import WRONG_USE, Refused, Stopped, WrongUse
from hwb.client.home import Home
from hwb.client.outcome import INTERRUPTED, REFUSED_WHOLE, blank, warned
from hwb.client.running import why
from hwb.client.texts import DOMAIN, check_language, language_of
from hwb.client.voice import Voice
from hwb.extract.texts import N_, Text, render
from hwb.identifiers import parse_dfes_number


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended: exit code, the object for ``--json``, how people are shown it, and a last sentence."""

    code: int
    content: dict[str, Any]
    show: Callable[[], None]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """home: made already. school_option: as it was typed."""

    home: Home
    voice: Voice
    as_json: bool
    school_option: str | None

    def school(self) -> str:
        """The school's number: as asked, else the only one enrolled. Raises WrongUse."""
        typed = self.school_option
        if typed is None:
            enrolled = self.home.schools()
            if len(enrolled) != 1:
                raise WrongUse(Text(N_("Name the school: --school and its DfES number.")))
            return enrolled[0]
        number = parse_dfes_number(typed)
        if number is None:
            raise WrongUse(Text(N_("This is not a school's DfES number: {number}"), {"number": typed}))
        return number

    def _school_if_known(self) -> str:
        try:
            return self.school()
        except WrongUse:
            return ""

    def conduct(self, work: Callable[[], Done], *, run_object: bool = False, preview: bool = False) -> NoReturn:
        """Does the work, prints what it came to, and exits with its code.

        ``run_object``: with --json the object of a run stands on standard output for every exit code but 2.
        """
        log.begin(self.home)
        try:
            code = self._print(work(), run_object=run_object)
        except Stopped as stopped:
            log.note("stopped", code=stopped.code, exit=stopped.exit_code)
            code = self._fail(stopped.exit_code, stopped.code, self.voice.render(stopped.text), run_object, preview)
        except Refused as refused:
            log.note("refused by the server", code=refused.code, status=refused.status)
            code = self._fail(REFUSED_WHOLE, refused.code, why(refused, self.voice), run_object, preview)
        except KeyboardInterrupt:
            log.note("interrupted")
            text = self.voice.say(N_("Stopped. Nothing is half sent: the server keeps a delivery whole or not at all."))
            code = self._fail(INTERRUPTED, "interrupted", text, run_object, preview)
        except BrokenPipeError:
            code = 1
        except Exception as error:  # noqa: BLE001 - people get a sentence, the log the places in the code
            log.note_fault(error)
            path = str(self.home.folder / "client.log")
            text = self.voice.say(N_("Something unexpected happened ({kind}). Where is in the log: {path}"),
                                  kind=type(error).__name__, path=path)  # fmt: skip
            code = self._fail(1, "unexpected", text, run_object, preview)
        finally:
            log.end()
        raise SystemExit(code)

    def _print(self, done: Done, *, run_object: bool) -> int:
        if run_object:
            log.note_result("result", done.content, code=done.code)
        if done.text:
            self.voice.warn(done.text)
        if self.as_json:
            print_json(done.content)
        else:
            done.show()
        return done.code

    def _fail(self, code: int, reason: str, text: str, run_object: bool, preview: bool) -> int:
        self.voice.warn(text)
        if self.as_json and code != WRONG_USE:
            if run_object:
                school = self._school_if_known()
                outcome = "interrupted" if code == INTERRUPTED else "refused"
                print_json(warned(blank(school=school, outcome=outcome, preview=preview), reason, text))
            else:
                print_json({"code": reason, "message": text})
        return code


def begin(
    *, home: Path | None, lang: str | None, as_json: bool, quiet: bool, plain: bool, names: bool = False,
    school: str | None = None,
) -> Call:  # fmt: skip
    """The call that these options ask for; exits 2 when its home cannot be used."""
    language = language_of(lang)
    try:
        check_language(lang)
        place = Home.of(home)
    except WrongUse as wrong:
        sys.stderr.write(render(wrong.text, language=language, domain=DOMAIN) + "\n")
        raise SystemExit(wrong.exit_code) from None
    voice = Voice(language, quiet=quiet, colour=not plain, names=names and not as_json)
    return Call(place, voice, as_json, school)


def prepare_streams() -> None:
    """UTF-8 whatever the locale: JSON is UTF-8, and a Welsh sentence must not end in an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")


def print_json(content: dict[str, Any]) -> None:
    """One object on one line of standard output."""
    sys.stdout.write(json.dumps(content, ensure_ascii=False) + "\n")
    sys.stdout.flush()
