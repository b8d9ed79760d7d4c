"""`hwb connectors`: services that follow accounts (docs/howto/microsoft-365.md, just2easy.md)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import typer

from hwb import clock
from hwb.cli.output import JSON, acting_user, print_json, print_table, refuse, say
from hwb.connectors import secrets
from hwb.connectors.answers import ServiceAway, ServiceBusy
from hwb.directory.queries import connectors as rows
from hwb.directory.queries.connectors import Working
from hwb.extract.texts import N_, Text
from hwb.jobs import connectors as jobs
from hwb.operations import connectors
from hwb.operations.connectors import ConnectorRefused, Wanted

_NAME = typer.Argument(..., help="The connector's name.")
_NEW = typer.Option(..., "--name", help="What it is called here and in the variable that holds its secret.")
_KIND = typer.Option("microsoft365", "--kind", help=f"One of: {', '.join(connectors.KINDS)}.")
_SERVICE = typer.Option(..., "--service", help="The sign-in service by whose identifiers it knows people: its id.")
_TENANT = typer.Option("", "--tenant", help="The tenant's id or domain.")
_CLIENT = typer.Option("", "--client-id", help="Our id at the service.")
_LEARNERS = typer.Option("", "--learner-licence", help="The skuId of learners' licences.")
_STAFF = typer.Option("", "--staff-licence", help="The skuId of staff licences.")
_GRAPH = typer.Option("", "--graph-url", help="Another Microsoft Graph, with its version, for trying.")
_LOGIN = typer.Option("", "--login-url", help="Where tokens come from, for trying.")
_ADDRESS = typer.Option("", "--address", help="just2easy: below which the adapter's paths are.")
_REASON = typer.Option("", "--failure", help="Only accounts that were refused for this reason.")


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Services that follow accounts: mail, files and work.", no_args_is_help=True)
    for name, command in (
        ("add", add), ("list", list_connectors), ("test", check), ("compare", compare), ("pause", pause),
        ("resume", resume), ("retry", retry), ("remove", remove),
    ):  # fmt: skip
        group.command(name)(command)
    app.add_typer(group, name="connectors")


def add(
    name: str = _NEW, service: UUID = _SERVICE, kind: str = _KIND, tenant: str = _TENANT, client_id: str = _CLIENT,
    learner_licence: str = _LEARNERS, staff_licence: str = _STAFF, graph_url: str = _GRAPH, login_url: str = _LOGIN,
    address: str = _ADDRESS, as_json: bool = JSON,
) -> None:  # fmt: skip
    """Add a connector. Everybody who may sign in is carried to the service."""
    options = {
        "tenant": tenant, "client_id": client_id, "learner_licence": learner_licence, "staff_licence": staff_licence,
        "graph": graph_url.rstrip("/"), "login": login_url.rstrip("/"),
        "address": address.rstrip("/"),
    }  # fmt: skip
    wanted = Wanted(kind=kind, name=name, service=service, options={key: text for key, text in options.items() if text})
    try:
        made = connectors.add(wanted, **_acting())
    except ConnectorRefused as refused:
        refuse(refused.text)
    if as_json:
        print_json({"connector": str(made), "name": name, "secret_variable": secrets.variable(name)})
    else:
        text = Text(N_("Added. Its secret is read from {variable}, or from the file that {variable}_FILE names."),
                    {"variable": secrets.variable(name)})  # fmt: skip
        print(say(text))


def list_connectors(as_json: bool = JSON) -> None:
    """Connectors: what waits, since when, what was refused and why."""
    found = [row.to_json() for row in rows.find()]
    if as_json:
        print_json(found)
        return
    nothing = say(Text(N_("There is no connector. Add one with: hwb connectors add")))
    print_table(
        ("name", "kind", "state", "accounts", "waiting", "oldest", "refused", "failure"), found, nothing=nothing
    )


def check(name: str = _NAME, as_json: bool = JSON) -> None:
    """Ask the service whether it takes our orders. Nothing is changed."""
    try:
        jobs.check(_find(name))
    except (ServiceAway, ServiceBusy) as error:
        refuse(Text(N_("The service does not take our orders: {reason}"), {"reason": str(error)}))
    _done(N_("The service takes our orders."), name, "working", as_json)


def compare(name: str = _NAME, as_json: bool = JSON) -> None:
    """Compare the service with what it must have, as each night; what differs is carried over again."""
    try:
        drifted = jobs.compare(_find(name))
    except (ServiceAway, ServiceBusy) as error:
        refuse(Text(N_("The service does not take our orders: {reason}"), {"reason": str(error)}))
    if as_json:
        print_json({"connector": name, "drifted": drifted})
    else:
        print(
            say(
                Text(N_("Compared. Accounts that differ, and are carried over again: {count}"), {"count": str(drifted)})
            )
        )


def pause(name: str = _NAME, as_json: bool = JSON) -> None:
    """Carry nothing to the service until it is resumed; what changes meanwhile waits."""
    _set_paused(name, True)
    _done(N_("Paused."), name, "paused", as_json)


def resume(name: str = _NAME, as_json: bool = JSON) -> None:
    """Go on carrying to the service."""
    _set_paused(name, False)
    _done(N_("Resumed."), name, "working", as_json)


def retry(name: str = _NAME, failure: str = _REASON, as_json: bool = JSON) -> None:
    """Carry refused accounts over at once."""
    again = connectors.try_again(connector=_find(name).connector, failure=failure, **_acting())
    if as_json:
        print_json({"connector": name, "again": again})
    else:
        print(say(Text(N_("Accounts tried again: {count}"), {"count": str(again)})))


def remove(name: str = _NAME, as_json: bool = JSON) -> None:
    """End the connector. At the service everything stays as it is."""
    try:
        connectors.remove(name=name, **_acting())
    except ConnectorRefused as refused:
        refuse(refused.text)
    _done(N_("Removed."), name, "removed", as_json)


def _set_paused(name: str, paused: bool) -> None:
    try:
        connectors.set_paused(name=name, paused=paused, **_acting())
    except ConnectorRefused as refused:
        refuse(refused.text)


def _find(name: str) -> Working:
    found = rows.working(name)
    if not name or not found:
        refuse(Text(N_("There is no connector {name}."), {"name": name}))
    return found[0]


def _done(sentence: str, name: str, state: str, as_json: bool) -> None:
    if as_json:
        print_json({"connector": name, "state": state})
    else:
        print(say(Text(sentence)))


def _acting() -> dict[str, Any]:
    return {"acting_user": acting_user(), "at": datetime.now(UTC), "now": clock.now()}
