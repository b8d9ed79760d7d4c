"""`hwb authorities`: the register of local authorities."""

from __future__ import annotations

from pathlib import Path

import typer

from hwb import clock
from hwb.cli import register_output
from hwb.cli.output import JSON, acting_user, refuse
from hwb.operations import registers
from hwb.operations.register_files import FileRefused

_FILE = typer.Argument(..., exists=True, dir_okay=False, help="CSV: code,name_en,name_cy,email,telephone")


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="The register of local authorities.", no_args_is_help=True)
    group.command("import")(import_file)
    app.add_typer(group, name="authorities")


def import_file(
    file: Path = _FILE,
    as_json: bool = JSON,
) -> None:
    """Take authorities from a CSV file. Good lines count; exit 3 when others were refused."""
    try:
        imported = registers.import_authorities(content=file.read_bytes(), acting_user=acting_user(), now=clock.now())
    except FileRefused as refused:
        refuse(refused.text)
    register_output.report(imported, as_json=as_json)
