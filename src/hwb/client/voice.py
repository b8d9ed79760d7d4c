"""What a command says while it works: on standard error, a progress bar on a terminal, plain lines otherwise."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from hwb.client.texts import DOMAIN
from hwb.extract.texts import Language, Text, Value, render


def _ignore(_share: int) -> None:
    return


@dataclass(slots=True)
class Voice:
    """quiet: errors and results only. names: people may be named, because a person reads this on a terminal."""

    language: Language
    quiet: bool = False
    colour: bool = True
    names: bool = False
    out: Console = field(init=False, repr=False)
    err: Console = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.out, self.err = self._console(sys.stdout), self._console(sys.stderr)
        self.names = self.names and self.out.is_terminal

    def say(self, message: str, /, **values: Value) -> str:
        return self.render(Text(message, values))

    def render(self, text: Text) -> str:
        return render(text, language=self.language, domain=DOMAIN)

    def tell(self, message: str, /, **values: Value) -> None:
        """A line of what is being done."""
        if not self.quiet:
            self.err.print(self.say(message, **values), markup=False)

    def warn(self, text: str) -> None:
        """A line that is said even when quiet."""
        self.err.print(text, markup=False, style="bold")

    def line(self, text: str = "", *, style: str = "") -> None:
        """A line of the result."""
        self.out.print(text, markup=False, style=style or None)

    @contextmanager
    def progress(self, message: str, /, *, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """A bar (a spinner without ``total``) while something takes long; yields what takes its position."""
        if self.quiet or not self.err.is_terminal:
            self.tell(message)
            yield _ignore
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}"), *((BarColumn(),) if total else ()))
        with Progress(*columns, console=self.err, transient=True) as bar:
            task = bar.add_task(self.say(message), total=total)
            yield lambda position: bar.update(task, completed=position)

    def _console(self, stream: TextIO) -> Console:
        plain = not self.colour or bool(os.environ.get("NO_COLOR")) or not stream.isatty()
        return Console(file=stream, no_color=plain, highlight=False, soft_wrap=True, emoji=False)
