"""The client's own log: what it did, with record references and counts, never a name, date of birth or UPN.

Kept small: five files of a megabyte. A fault's trace gives places in the code, not values.
"""

from __future__ import annotations

import io
import logging
import os
import traceback
from logging.handlers import RotatingFileHandler
from typing import Any, cast

from hwb.client.home import Home

_LARGEST = 1_000_000
_LOG = logging.getLogger("hwb.client")


class _OwnersOnly(RotatingFileHandler):
    def _open(self) -> io.TextIOWrapper:
        stream = open(  # noqa: SIM115 - the handler closes it
            self.baseFilename, self.mode, encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)
        )
        return cast("io.TextIOWrapper", stream)


def begin(home: Home) -> None:
    """Writes to client.log of this home from now on."""
    end()
    handler = _OwnersOnly(home.place("client.log"), maxBytes=_LARGEST, backupCount=4, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(message)s", "%Y-%m-%dT%H:%M:%S%z"))
    _LOG.addHandler(handler)
    _LOG.setLevel(logging.INFO)
    _LOG.propagate = False


def end() -> None:
    for handler in list(_LOG.handlers):
        _LOG.removeHandler(handler)
        handler.close()


def note(event: str, **values: str | int) -> None:
    """One line: the event, then name=value. Callers pass codes, counts, run ids and record references only."""
    _LOG.info("%s%s", event, "".join(f" {name}={str(value)!r}" for name, value in values.items()))


def note_result(event: str, result: dict[str, Any], *, code: int) -> None:
    """A result by its counts, and the references of refused records with the field at fault."""
    counts = {name: value for name, value in result.items() if isinstance(value, int) and not isinstance(value, bool)}
    note(event, school=result["school"], run=result["run"], outcome=result["outcome"], exit=code, **counts)
    for item in result["refused"]:
        note("refused", school=result["school"], record=item["record"], field=item["field"])
    for hold in result["holds"]:
        note("hold", school=result["school"], check=str(hold.get("check", "")))


def note_fault(error: BaseException) -> None:
    """An unexpected error: its kind and where it happened. Its message might quote the data, so it is left out."""
    places = traceback.extract_tb(error.__traceback__)[-8:]
    note("unexpected", kind=type(error).__name__, at=" < ".join(f"{p.name}:{p.lineno}" for p in reversed(places)))
