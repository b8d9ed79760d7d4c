"""The schools' clients: `hwb-client` as installed, one process a call, without starting Python anew for each.

Run as a module it is the other side: it has the client loaded, forks for each call that it reads from standard
input, and answers with exit codes and what each call printed. Nothing of the server is in that process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ended:
    """How one call of the client ended."""

    code: int
    out: str
    err: str


class Clients:
    """Calls of ``hwb-client``; those of one :meth:`call_all` run side by side, as schools do at night."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hwb.demo.clients"], env={**environment}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,  # Ctrl-C reaches the story alone
        )  # fmt: skip

    def end(self) -> None:
        """Closes the other side's input, which ends it."""
        self._process.communicate()

    def call(self, *arguments: str) -> Ended:
        return self.call_all([arguments])[0]

    def call_all(self, calls: Sequence[Sequence[str]]) -> list[Ended]:
        """Raises RuntimeError when the other side has ended."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("no pipes to the clients")
        print(json.dumps([list(arguments) for arguments in calls]), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the clients have ended")
        return [Ended(*ended) for ended in json.loads(answer)]


def serve() -> None:
    """The other side: one line of calls, one line of answers, until the input ends."""
    from hwb.client import cli

    for line in sys.stdin:
        with tempfile.TemporaryDirectory(prefix="hwb-calls-") as folder:
            begun = [_begin(cli.main, arguments, Path(folder) / str(n)) for n, arguments in enumerate(json.loads(line))]
            answers = [
                (os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), place.with_suffix(".out").read_text("utf-8"),
                 place.with_suffix(".err").read_text("utf-8"))
                for pid, place in begun
            ]  # fmt: skip
        print(json.dumps(answers), flush=True)


def _begin(main: Callable[[], None], arguments: list[str], place: Path) -> tuple[int, Path]:
    for suffix in (".out", ".err"):
        place.with_suffix(suffix).touch()
    pid = os.fork()
    if pid:
        return pid, place
    code = 1
    try:
        for number, suffix in ((1, ".out"), (2, ".err")):
            os.dup2(os.open(place.with_suffix(suffix), os.O_WRONLY), number)
        sys.argv = ["hwb-client", *arguments]
        main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
