"""`hwb services`: what people sign in to with Hwb, and what gets data of schools."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import typer
from django.conf import settings
from django.urls import reverse

from hwb import clock
from hwb.cli.output import JSON, acting_user, print_json, print_table, refuse, say
from hwb.directory.queries import services as rows
from hwb.extract.texts import N_, Text
from hwb.operations import saml_messages, services, signing_keys
from hwb.operations.service_tokens import reading_addresses
from hwb.operations.services import ServiceRefused, Wanted

_PROTOCOL = typer.Option(..., "--protocol", help=f"One of: {', '.join(services.PROTOCOLS)}.")
_NAME = typer.Option(..., "--name", help="The service's name, as people see it.")
_SCHOOLS = typer.Option([], "--school", help="The DfES number of a school that it is for; repeat it.")
_ALL = typer.Option(False, "--all-schools", help="It is for every school.")
_REDIRECTS = typer.Option([], "--redirect-uri", help="Where people are led back to, exactly; repeat it.")
_AFTER = typer.Option([], "--after-logout-uri", help="Where people may be led to after signing out; repeat it.")
_LOGOUT = typer.Option("", "--logout-uri", help="What is told when somebody is out (back-channel log-out).")
_START = typer.Option("", "--start-uri", help="Where its tile leads; else the beginning of the first redirect address.")
_METADATA = typer.Option(None, "--metadata", help="A SAML service's metadata.", exists=True, dir_okay=False)
_ATTRIBUTES = typer.Option(
    [], "--attribute", help="CLAIM=NAME: what a SAML service calls a claim, where it has a name of its own; repeat it."
)
_SCOPES = typer.Option(
    [],
    "--scope",
    help="What it may ask for; repeat it. Of people: "
    + " ".join(services.CLAIM_SCOPES)
    + "; OneRoster: roster-core.readonly roster.readonly roster-demographics.readonly",
)
_KINDS = typer.Option(
    [], "--kind", help="Whom a OneRoster or SCIM service reads: learner, staff; both unless it is said. Repeat it."
)
_SECTOR = typer.Option("", "--sector", help="Services of one sector know a person by one identifier; else by name.")
_SOURCE = typer.Option(False, "--source", help="It may keep official accounts of its own (SCIM).")
_USE = typer.Option("oidc", "--protocol", help="Whose key: oidc or saml.")
_SERVICE = typer.Argument(..., help="The service's id.")


class KeyUse(StrEnum):
    """What a key signs for."""

    OIDC = "oidc"
    SAML = "saml"


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Services: OpenID Connect, SAML, OneRoster, SCIM.", no_args_is_help=True)
    group.command("register")(register_service)
    group.command("list")(list_services)
    group.command("revoke")(revoke)
    group.command("new-key")(new_key)
    app.add_typer(group, name="services")


def register_service(
    protocol: str = _PROTOCOL, name: str = _NAME, school: list[str] = _SCHOOLS, all_schools: bool = _ALL,
    redirect_uri: list[str] = _REDIRECTS, after_logout_uri: list[str] = _AFTER, logout_uri: str = _LOGOUT,
    start_uri: str = _START, metadata: Path | None = _METADATA, attribute: list[str] = _ATTRIBUTES,
    scope: list[str] = _SCOPES, sector: str = _SECTOR,
    kind: list[str] = _KINDS, source: bool = _SOURCE, as_json: bool = JSON,
) -> None:  # fmt: skip
    """Register a service. Its secret is shown once."""
    wanted = Wanted(
        protocol=protocol, name=name, schools=tuple(school), all_schools=all_schools,
        redirect_uris=tuple(redirect_uri), after_logout_uris=tuple(after_logout_uri), logout_uri=logout_uri,
        start_uri=start_uri, scopes=tuple(scope), sector=sector, is_source=source,
        kinds=tuple(kind) or services.KINDS,
        attribute_names=tuple((claim, name) for claim, _, name in (each.partition("=") for each in attribute)),
        metadata=metadata.read_text(encoding="utf-8") if metadata else "",
    )  # fmt: skip
    try:
        made = services.register(wanted, acting_user=acting_user(), at=datetime.now(UTC), now=clock.now())
    except ServiceRefused as refused:
        refuse(refused.text)
    if as_json:
        print_json(_told(made))
        return
    print(say(Text(N_("Client id: {client_id}"), {"client_id": made.client_id})))
    if made.secret:
        print(say(Text(N_("Secret, shown only now: {secret}"), {"secret": made.secret})))


def list_services(as_json: bool = JSON) -> None:
    """Services with their schools and scopes."""
    found = [row.to_json() for row in rows.find()]
    if as_json:
        print_json(found)
        return
    nothing = say(Text(N_("No service is registered yet. Register one with: hwb services register")))
    print_table(("service", "name", "protocol", "state", "schools", "scopes"), found, nothing=nothing)


def revoke(service: UUID = _SERVICE, as_json: bool = JSON) -> None:
    """End a service and everything it was given, at once."""
    try:
        done = services.revoke(service=service, acting_user=acting_user(), at=datetime.now(UTC), now=clock.now())
    except ServiceRefused as refused:
        refuse(refused.text)
    if not done:
        refuse(Text(N_("There is no such service, or it was revoked before.")))
    if as_json:
        print_json({"service": str(service), "state": "revoked"})
    else:
        print(say(Text(N_("Revoked."))))


def new_key(protocol: KeyUse = _USE, as_json: bool = JSON) -> None:
    """Make another key to sign with: services learn it for two hours (SAML: two weeks) first; the old one goes then."""
    made = signing_keys.rotate(acting_user=acting_user(), at=datetime.now(UTC), now=clock.now(), use=protocol.value)
    if as_json:
        print_json({"key": made.kid, "signs_from": made.signs_from.isoformat()})
    else:
        when = f"{made.signs_from.astimezone(clock.LONDON):%Y-%m-%d %H:%M}"
        print(say(Text(N_("Made. It signs from: {when}"), {"when": when})))


def _told(made: services.Registered) -> dict[str, Any]:
    """What whoever sets the service up needs to know."""
    told = {
        "service": str(made.service), "protocol": made.protocol, "name": made.name, "client_id": made.client_id,
        "client_secret": made.secret or None, "scopes": list(made.scopes), "sector": made.sector,
    }  # fmt: skip
    base = settings.HWB_BASE_URL
    if made.protocol == "oidc":
        told |= {
            "issuer": base, "discovery": base + reverse("oidc-configuration"),
            "authorization_endpoint": base + reverse("oidc-authorization"),
            "token_endpoint": base + reverse("oidc-token"), "userinfo_endpoint": base + reverse("oidc-userinfo"),
            "end_session_endpoint": base + reverse("oidc-log-out"),
        }  # fmt: skip
    told |= reading_addresses(made.protocol)
    if made.protocol == "saml":
        told |= {"entity_id": saml_messages.issuer_name(), "metadata": settings.HWB_BASE_URL + reverse("saml-metadata")}
    return told
