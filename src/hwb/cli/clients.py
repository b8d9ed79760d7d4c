"""`hwb clients`: who may send for which schools."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import typer

from hwb import clock
from hwb.cli.output import JSON, acting_user, print_json, print_table, refuse, say
from hwb.directory.queries import clients as rows
from hwb.extract.texts import N_, Text
from hwb.operations import clients, wishes
from hwb.operations.client_keys import ClientRefused

_SCHOOL = typer.Option(..., "--school", help="A DfES number that the client may send for; repeat it.")
_CLIENT = typer.Argument(..., help="The client's id.")


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Provisioning Clients.", no_args_is_help=True)
    group.command("register")(register_client)
    group.command("list")(list_clients)
    group.command("ask")(ask)
    group.command("revoke")(revoke)
    app.add_typer(group, name="clients")


def register_client(
    school: list[str] = _SCHOOL,
    as_json: bool = JSON,
) -> None:
    """Make a code with which a client enrols once, within 60 minutes."""
    try:
        made = clients.register(schools=school, acting_user=acting_user(), at=datetime.now(UTC), now=clock.now())
    except ClientRefused as refused:
        refuse(refused.text)
    if as_json:
        content = {"client": made.client, "code": made.code, "expires": made.expires.isoformat()}
        print_json({**content, "schools": list(made.schools)})
        return
    values = {"code": made.code, "expires": f"{made.expires.astimezone(clock.LONDON):%H:%M}"}
    print(say(Text(N_("Code: {code}  It enrols one client, once, until {expires}."), values)))


def list_clients(as_json: bool = JSON) -> None:
    """Clients with their schools, the end of their key and their last contact."""
    found = [row.to_json() for row in rows.find(at=datetime.now(UTC))]
    if as_json:
        print_json(found)
        return
    nothing = say(Text(N_("No client is registered yet. Register one with: hwb clients register --school N")))
    print_table(("client", "state", "schools", "expires", "last_contact", "version"), found, nothing=nothing)


def ask(
    school: str = typer.Option(..., "--school", help="The school's DfES number."),
    preview: bool = typer.Option(False, "--preview", help="A preview, not a run."),
    as_json: bool = JSON,
) -> None:
    """Ask a school's client for a run now; it learns of it at its next check-in, within 15 minutes."""
    try:
        wish = wishes.ask_for_run(
            school=school, kind="preview" if preview else "run", acting_user=acting_user(), now=clock.now()
        )
    except wishes.WishRefused as refused:
        refuse(refused.text)
    if as_json:
        print_json({"school": wish.school, "kind": wish.kind, "asked_at": wish.asked_at.isoformat()})
    else:
        print(say(Text(N_("Asked for. The school's client learns of it at its next check-in."))))


def revoke(client: UUID = _CLIENT, as_json: bool = JSON) -> None:
    """End a client and its tokens at once."""
    done = clients.revoke(client=client, acting_user=acting_user(), at=datetime.now(UTC), now=clock.now())
    if not done:
        refuse(Text(N_("There is no such client, or it was revoked before.")))
    if as_json:
        print_json({"client": client, "state": "revoked"})
    else:
        print(say(Text(N_("Revoked."))))
