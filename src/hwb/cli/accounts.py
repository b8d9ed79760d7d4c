"""`hwb accounts`: accounts, with why they are as they are."""

from __future__ import annotations

import typer

from hwb.cli.output import JSON, language, print_json_array, print_table, refuse, say
from hwb.directory.queries import accounts
from hwb.extract.texts import N_, Text
from hwb.identifiers import clean_upn


def register(app: typer.Typer) -> None:
    app.command("accounts")(list_accounts)


def list_accounts(
    school: str = typer.Option("", "--school", help="Everyone this school has or had, guests included."),
    upn: str = typer.Option("", "--upn", help="A UPN, a former one too."),
    username: str = typer.Option("", "--username", help="A username, a former one too."),
    state: str = typer.Option("", "--state", help="active or inactive"),
    as_json: bool = JSON,
) -> None:
    """List accounts; without a choice all of them."""
    if state not in ("", "active", "inactive"):
        refuse(Text(N_("A state is active or inactive.")), code=2)
    found = accounts.find(
        school=school or None, upn=clean_upn(upn) or None, username=username or None, state=state or None,
        language=language(),
    )  # fmt: skip
    if as_json:
        print_json_array(row.to_json() for row in found)
        return
    columns = ("username", "kind", "state", "display_name", "upn", "holder", "reason")
    print_table(columns, (row.to_json() for row in found), nothing=say(Text(N_("No account matches."))))
