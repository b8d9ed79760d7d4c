"""What all command groups share: who acts, and how results and refusals are printed."""

from __future__ import annotations

import json
import os
import pwd
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

import typer

from hwb.extract.texts import Language, Text, render

JSON = typer.Option(False, "--json", help="Print JSON alone on standard output.")

REFUSED = 1
SOME_REFUSED = 3
DIFFERS = 4


def acting_user() -> str:
    """The user of the operating system, as the log names whoever used the command line."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def language() -> Language:
    """The language of the terminal's locale."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return "cy" if os.environ[name].lower().startswith("cy") else "en"
    return "en"


def say(text: Text) -> str:
    """A sentence of the server's in the terminal's language."""
    return render(text, language=language(), domain="server")


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_json_array(items: Iterable[Any]) -> None:
    """An array, one object a line, without holding all of it."""
    start = "["
    for item in items:
        print(start, json.dumps(item, ensure_ascii=False, default=str), sep="\n", end="")
        start = ","
    print("[]" if start == "[" else "\n]")


def print_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, nothing: str) -> None:
    """Columns under their names, as wide as their widest value; `nothing` is said of an empty list."""
    lines = [[_shown(row[name]) for name in columns] for row in rows]
    if not lines:
        print(nothing)
        return
    widths = [max(len(line[i]) for line in [list(columns), *lines]) for i in range(len(columns))]
    for line in [list(columns), *lines]:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def refuse(text: Text, *, code: int = REFUSED) -> NoReturn:
    """Says why not on standard error and ends."""
    print(say(text), file=sys.stderr)
    raise typer.Exit(code)


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "-"
    return str(value)
