"""What ends a command other than by a result, each with its exit code (interfaces.md)."""

from __future__ import annotations

from hwb.extract.texts import N_, Text

WRONG_USE, REFUSED_WHOLE, NOT_READ, AWAY = 2, 5, 6, 7
#: Codes of a source that is readable, but that no server would take.
_REFUSED_CODES = frozenset({"empty", "wrong_school", "not_enrolled"})


class Stopped(Exception):
    """The command cannot go on: a stable ``code``, a sentence, the exit code."""

    exit_code = 1

    def __init__(self, code: str, text: Text, *, exit_code: int | None = None) -> None:
        super().__init__(code)
        self.code, self.text = code, text
        if exit_code is not None:
            self.exit_code = exit_code


class WrongUse(Stopped):
    """An option or a setting that cannot be used."""

    exit_code = WRONG_USE

    def __init__(self, text: Text) -> None:
        super().__init__("wrong_use", text)


class NotEnrolled(Stopped):
    """No key here yet."""

    exit_code = REFUSED_WHOLE

    def __init__(self) -> None:
        super().__init__("not_enrolled", Text(N_("This computer is not enrolled. Next: hwb-client enrol")))


class SourceFailed(Stopped):
    """The MIS's data could not be read, is not a whole school, or is no data that a server would take."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(code, text, exit_code=REFUSED_WHOLE if code in _REFUSED_CODES else NOT_READ)


class NotReached(Stopped):
    """The server did not answer, or not as Hwb does, after all tries."""

    exit_code = AWAY

    def __init__(self, server: str) -> None:
        super().__init__("not_reached", Text(N_("The server could not be reached: {server}"), {"server": server}))


class NoOutcomeYet(Stopped):
    """The server has the run, and has not finished it within the client's wait."""

    exit_code = AWAY

    def __init__(self) -> None:
        text = N_("The server has the data, but is not done with it yet. The next run asks for the outcome again.")
        super().__init__("no_outcome_yet", Text(text))


class Refused(Exception):
    """The server said no: ``code`` is stable, ``text`` already in the reader's language.

    ``ahead``: seconds by which this computer's clock is ahead of the server's, when the clock was the reason.
    """

    def __init__(self, status: int, code: str, text: str, *, ahead: int | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.text, self.ahead = status, code, text, ahead
