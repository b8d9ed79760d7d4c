"""`hwb settings`: the nation's limits and dates."""

from __future__ import annotations

import typer

from hwb import clock
from hwb.cli.output import JSON, acting_user, print_json, print_table, refuse
from hwb.operations import settings


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Limits and dates of the nation.", no_args_is_help=True)
    group.command("get")(get)
    group.command("set")(put)
    app.add_typer(group, name="settings")


def get(
    key: str = typer.Argument("", help="A setting's name; without it all of them."),
    as_json: bool = JSON,
) -> None:
    """Show one setting, or all."""
    if not key:
        found = settings.all_in_force()
        if as_json:
            print_json(found)
        else:
            print_table(("key", "value"), [{"key": k, "value": v} for k, v in found.items()], nothing="")
        return
    try:
        value = settings.get(key)
    except settings.SettingRefused as refused:
        refuse(refused.text, code=2)
    if as_json:
        print_json({key: value})
    else:
        print(value)


def put(
    key: str = typer.Argument(..., help="For example holds.missing, or grace.11 for everybody in Year 11."),
    value: str = typer.Argument("", help="For example '10 5%'; nothing goes back to the default."),
) -> None:
    """Set one."""
    try:
        settings.put(key=key, value=value, acting_user=acting_user(), now=clock.now())
    except settings.SettingRefused as refused:
        refuse(refused.text, code=2)
