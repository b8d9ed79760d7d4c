"""Options that several commands of ``hwb-client`` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hwb.client import mis

HomeOption = Annotated[Path | None, typer.Option("--home", help="Folder of the client's key, settings, spool and log")]
LangOption = Annotated[str | None, typer.Option("--lang", "--language", help="en or cy; else the computer's language")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object, alone on standard output")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Errors and results only")]
PlainOption = Annotated[bool, typer.Option("--no-colour", "--no-color", help="No colour; NO_COLOR does the same")]
NamesOption = Annotated[bool, typer.Option("--show-names", help="Name people beside their records, on a terminal only")]
SchoolOption = Annotated[str | None, typer.Option("--school", help="DfES number; not needed when there is one school")]
MisOption = Annotated[str | None, typer.Option("--mis", help="Kind of MIS: " + ", ".join(mis.KINDS))]
SourceOption = Annotated[Path | None, typer.Option("--source", help="What the MIS wrote: a file or a folder")]
StaffOption = Annotated[Path | None, typer.Option("--staff-source", help="The staff's file, where it is another one")]
MappingOption = Annotated[Path | None, typer.Option("--mapping", help="Which column of the MIS is which of Hwb's")]
CommandOption = Annotated[
    str | None, typer.Option("--mis-command", help="Run first, to write the source; remembered; '' forgets it")
]
ShellOption = Annotated[
    bool | None, typer.Option("--mis-command-shell/--no-mis-command-shell", help="Give the command to a shell")
]
AsAtOption = Annotated[str | None, typer.Option("--as-at", help="ISO moment of the data; else when it was written")]
NoWaitOption = Annotated[bool, typer.Option("--no-wait", help="Do not wait for the outcome")]
#: For schedulers; these commands ask a person nothing, with it or without.
NoInputOption = Annotated[bool, typer.Option("--no-input", help="Never wait for typing; no run ever does")]
TriesOption = Annotated[int | None, typer.Option("--tries", min=1, max=30, help="How often a request is tried")]
