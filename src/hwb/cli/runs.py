"""`hwb runs`: what schools delivered, and what became of it."""

from __future__ import annotations

import typer

from hwb.cli.output import JSON, print_json, print_table, say
from hwb.directory.queries import runs
from hwb.extract.texts import N_, Text


def register(app: typer.Typer) -> None:
    app.command("runs")(list_runs)


def list_runs(
    school: str = typer.Option("", "--school", help="Of this school alone."),
    as_json: bool = JSON,
) -> None:
    """List runs, previews too, the newest first."""
    found = [row.to_json() for row in runs.find(school=school or None)]
    if as_json:
        print_json(found)
        return
    rows = [{**row, "as_at": row["as_at"][:16], "checks": [hold["check"] for hold in row["holds"]]} for row in found]
    columns = ("run", "school", "state", "as_at", "created", "claimed", "released", "updated", "refused", "checks")
    print_table(
        columns, rows, nothing=say(Text(N_("No run has been received yet. A school's client sends the first one.")))
    )
