"""`hwb verify`: every invariant and the audit chain."""

from __future__ import annotations

import sys

import typer

from hwb import clock
from hwb.cli.output import JSON, print_json
from hwb.operations import verification


def register(app: typer.Typer) -> None:
    app.command("verify")(verify)


def verify(
    deep: bool = typer.Option(False, "--deep", help="Also decrypt every personal value in the log and compare."),
    as_json: bool = JSON,
) -> None:
    """Check what must always hold. Exit 1 and the list when something does not."""
    found = verification.verify(on=clock.today(), deep=deep)
    if as_json:
        breaches = [
            {"invariant": b.invariant, "text": b.text, "count": b.count, "ids": list(b.ids)} for b in found.breaches
        ]
        print_json(
            {
                "ok": not breaches, "invariants": list(found.invariants), "accounts": found.accounts,
                "entries": found.entries, "deep": deep, "breaches": breaches,
            }
        )  # fmt: skip
    else:
        depth = ", every personal value decrypted" if deep else ""
        print(f"checked: {', '.join(found.invariants)}{depth}")
        print(f"{found.accounts} accounts, {found.entries} log entries, {len(found.breaches)} breaches")
        for breach in found.breaches:
            print(f"{breach.invariant}: {breach.text}: {breach.count}: {', '.join(breach.ids)}", file=sys.stderr)
    if found.breaches:
        raise typer.Exit(1)
