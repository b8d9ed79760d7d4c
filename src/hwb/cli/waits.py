"""`hwb waits`: who waits for an account, and the one step that ends the wait (R5)."""

from __future__ import annotations

import typer

from hwb import clock
from hwb.cli.output import JSON, language, print_json, print_table, say
from hwb.directory.queries import waits
from hwb.extract.texts import N_, Text
from hwb.operations import settings


def register(app: typer.Typer) -> None:
    app.command("waits")(list_waits)


def list_waits(
    school: str = typer.Option("", "--school", help="Of this waiting school alone."),
    as_json: bool = JSON,
) -> None:
    """List standing waits, the oldest first."""
    found = [
        row.to_json()
        for row in waits.find(
            on=clock.today(), missing_days=settings.policy().missing_days, school=school or None, language=language()
        )
    ]
    if as_json:
        print_json(found)
        return
    print_table(("upn", "school", "holder", "since", "next_step"), found, nothing=say(Text(N_("Nobody waits."))))
