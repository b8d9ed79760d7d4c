"""`hwb passwords`: the keys under which first passwords are kept."""

from __future__ import annotations

import typer

from hwb import clock
from hwb.cli.output import JSON, acting_user, print_json, print_table
from hwb.directory import keyring
from hwb.operations import passwords


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="The keys under which first passwords are kept.", no_args_is_help=True)
    group.command("keys")(keys)
    group.command("new-key")(new_key)
    group.command("rotate-key")(rotate_key)
    app.add_typer(group, name="passwords")


def keys(as_json: bool = JSON) -> None:
    """Show how many passwords lie under each key, by the key's id."""
    found = passwords.keys_in_use()
    if as_json:
        print_json(found)
    else:
        print_table(
            ("key", "passwords"), [{"key": key, "passwords": count} for key, count in found.items()], nothing=""
        )


def new_key() -> None:
    """Print a fresh key; write it at the front of HWB_PASSWORD_KEYS."""
    print(keyring.new_key())


def rotate_key(as_json: bool = JSON) -> None:
    """Encrypt every first password anew under the first key of HWB_PASSWORD_KEYS."""
    rotated = passwords.rotate(acting_user=acting_user(), now=clock.now())
    found = {"key": rotated.key, "moved": rotated.moved, "unreadable": rotated.unreadable}
    if as_json:
        print_json(found)
    else:
        print_table(("key", "moved", "unreadable"), [found], nothing="")
    if rotated.unreadable:
        raise typer.Exit(1)
