"""How an import of a register is reported."""

from __future__ import annotations

import sys

import typer

from hwb.cli.output import SOME_REFUSED, print_json, say
from hwb.extract.texts import N_, Text, ngettext
from hwb.operations.registers import Imported


def report(imported: Imported, *, as_json: bool) -> None:
    """Prints what was taken and what was not; exits 3 when a line was refused."""
    if as_json:
        faults = [
            {"line": f.line, "column": f.column, "value": f.value, "needed": say(f.needed)} for f in imported.faults
        ]
        print_json(
            {
                "taken": imported.taken, "new": imported.new, "refused": faults,
                "pending_emails": list(imported.pending_emails), "to_close": list(imported.to_close),
            }
        )  # fmt: skip
    else:
        print(
            say(
                ngettext(
                    "{count} line taken, {new} new.",
                    "{count} lines taken, {new} new.",
                    imported.taken,
                    new=imported.new,
                )
            )
        )
        _remind(imported)
    for fault in imported.faults:
        values: dict[str, str | int] = {
            "line": fault.line,
            "column": fault.column,
            "value": fault.value,
            "needed": say(fault.needed),
        }
        print(
            say(Text(N_("Line {line}, column {column}, value “{value}”: needed is {needed}"), values)), file=sys.stderr
        )
    if imported.faults:
        raise typer.Exit(SOME_REFUSED)


def _remind(imported: Imported) -> None:
    for school in imported.pending_emails:
        print(say(Text(N_("The registered address changes in 7 days. School: {school}"), {"school": school})))
    for school in imported.to_close:
        print(
            say(
                Text(
                    N_(
                        "Closed in the register, but its people have not been moved. "
                        "See: hwb schools close {school} --preview"
                    ),
                    {"school": school},
                )
            )
        )
