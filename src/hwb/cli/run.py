"""`hwb run`: confirm, withdraw or undo one run (R36)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import typer

from hwb import clock
from hwb.cli.output import DIFFERS, JSON, acting_user, language, print_json, print_table, refuse, say
from hwb.directory.queries import reviews
from hwb.extract.texts import N_, Text
from hwb.operations import provisioning, results

_ID = typer.Argument(..., help="The run's id, see: hwb runs")
_UNKNOWN = Text(N_("There is no such run, or it is not in a state in which this can be done. See: hwb runs"))


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Confirm, withdraw or undo a run.", no_args_is_help=True)
    group.command("confirm")(confirm)
    group.command("withdraw")(withdraw)
    group.command("undo")(undo)
    app.add_typer(group, name="run")


def confirm(run: UUID = _ID, as_json: bool = JSON) -> None:
    """Apply a held run as it was shown. When the facts have moved: show the differences, apply nothing, exit 4."""
    now = clock.now()
    try:
        outcome = provisioning.confirm(run_id=run, acting_user=acting_user(), now=now, on=clock.calendar_date(now))
    except provisioning.RunNotFound:
        refuse(_UNKNOWN)
    if outcome.result is None:
        _print_differences(run, outcome, as_json=as_json)
        raise typer.Exit(DIFFERS)
    result = results.shown(outcome.result, language=language())
    if as_json:
        print_json(result)
        return
    counts = ("created", "claimed", "updated", "released", "waiting", "missing")
    print(", ".join(f"{name} {result[name]}" for name in counts))


def withdraw(run: UUID = _ID, as_json: bool = JSON) -> None:
    """Drop a held run; the same content, sent again, is held."""
    try:
        provisioning.withdraw(run_id=run, acting_user=acting_user(), now=clock.now())
    except provisioning.RunNotFound:
        refuse(_UNKNOWN)
    _print_state(run, "withdrawn", as_json=as_json)


def undo(
    run: UUID = _ID,
    preview: bool = typer.Option(False, "--preview", help="Show what would change; change nothing."),
    as_json: bool = JSON,
) -> None:
    """Withdraw a school's newest accepted run: the one before is newest again. Whom others have by now stays there."""
    now = clock.now()
    try:
        plan = provisioning.undo(
            run_id=run, acting_user=acting_user(), now=now, on=clock.calendar_date(now), preview=preview
        )
    except provisioning.RunNotFound:
        refuse(_UNKNOWN)
    changes = [change.to_json() for change in plan.changes]
    stays = [built.username for built in reviews.built_on(run, school=plan.school)]
    if as_json:
        print_json({"run": str(run), "preview": preview, "changes": changes, "stays": stays})
        return
    _print_changes(changes)
    if stays:
        print(say(Text(N_("Another school has these accounts by now; they stay there:"))), ", ".join(stays))
    if preview:
        print(say(Text(N_("This was a preview. Nothing has changed."))))


def _print_differences(run: UUID, outcome: provisioning.Confirmation, *, as_json: bool) -> None:
    if as_json:
        print_json({"run": str(run), "added": list(outcome.added), "removed": list(outcome.removed)})
        return
    print(say(Text(N_("The facts have moved since the plan was shown. Nothing was applied. New in the plan:"))))
    _print_changes(outcome.added)
    print(say(Text(N_("No longer in the plan:"))))
    _print_changes(outcome.removed)
    print(say(Text(N_("To apply the new plan, confirm again."))))


def _print_changes(changes: Any) -> None:
    columns = ("rule", "kind", "school", "person")
    print_table(columns, changes, nothing=say(Text(N_("Nothing would change."))))


def _print_state(run: UUID, state: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"run": str(run), "state": state})
    else:
        print(f"{run}: {state}")
