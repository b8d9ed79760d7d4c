"""Services: registered by an operator, for some schools or all, and ended at once.

`at` is the real clock, by which services live; `now` the calendar, by which audit entries are dated (interfaces.md).
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from hwb.directory import service_access
from hwb.directory.keyring import KeyNotUsable
from hwb.directory.pairwise import PairwiseKey
from hwb.directory.queries.services import ServiceRow
from hwb.extract.texts import N_, Text
from hwb.operations import audit, signing_keys
from hwb.operations.client_keys import digest
from hwb.operations.service_addresses import (
    CLAIM_SCOPES,
    KINDS,
    PROTOCOLS,
    ROSTER_CORE,
    ROSTER_SCOPES,
    SCIM_SCOPES,
    ServiceRefused,
    check_address,
    check_attribute_names,
    check_scopes,
    read_description,
    roster_scope,
)

__all__ = [
    "CLAIM_SCOPES", "KINDS", "PROTOCOLS", "Registered", "ServiceRefused", "Wanted", "pairwise_key", "register",
    "revoke",
]  # fmt: skip
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A service as whoever registers it describes it.

    sector: services of one sector know a person by one identifier; without it, those of one name do. start_uri: where
    its tile leads; without it, the beginning of the first redirect address. attribute_names: claims with
    what a SAML service calls them, where it has other names. kinds: of people that a service reads.
    """

    protocol: str
    name: str
    schools: tuple[str, ...] = ()
    all_schools: bool = False
    redirect_uris: tuple[str, ...] = ()
    after_logout_uris: tuple[str, ...] = ()
    logout_uri: str = ""
    start_uri: str = ""
    metadata: str = ""
    attribute_names: tuple[tuple[str, str], ...] = ()
    scopes: tuple[str, ...] = ()
    sector: str = ""
    is_source: bool = False
    kinds: tuple[str, ...] = KINDS


@dataclass(frozen=True, slots=True)
class Registered:
    """A service that stands. secret: shown this once, stored hashed; empty for SAML."""

    service: UUID
    protocol: str
    name: str
    client_id: str
    secret: str
    scopes: tuple[str, ...]
    sector: str


def pairwise_key() -> PairwiseKey:
    """The key that makes pairwise identifiers. Raises ImproperlyConfigured when HWB_PAIRWISE_KEY cannot be read."""
    try:
        return PairwiseKey.of(settings.HWB_PAIRWISE_KEY, secret=str(settings.SECRET_KEY))
    except KeyNotUsable as error:
        raise ImproperlyConfigured(f"HWB_PAIRWISE_KEY: {error}") from None


def key_of(service: ServiceRow) -> PairwiseKey:
    """The key by which a service knows people. Raises ImproperlyConfigured when it is not this installation's."""
    key = pairwise_key()
    if key.id != service.key:
        raise ImproperlyConfigured("HWB_PAIRWISE_KEY is not the key that this service was registered with")
    return key


def register(wanted: Wanted, *, acting_user: str, at: datetime, now: datetime) -> Registered:
    """A new service. Raises ServiceRefused."""
    wanted_sector = _plain(wanted.sector or wanted.name).casefold()
    _check(wanted)
    scopes = _scopes(wanted)
    client_id = secrets.token_hex(12)
    if wanted.protocol == "saml":
        described = read_description(wanted.metadata, on_loopback=not settings.HWB_PRODUCTION)
        client_id = described.entity
        wanted = replace(
            wanted, redirect_uris=tuple(address for _, address in described.consumers),
            logout_uri=described.soap_address,
        )  # fmt: skip
    secret = "" if wanted.protocol == "saml" else secrets.token_urlsafe(32)
    made = Registered(uuid4(), wanted.protocol, _plain(wanted.name), client_id, secret, scopes, wanted_sector)
    with transaction.atomic(), connection.cursor() as cursor:
        _check_schools(cursor, wanted)
        cursor.execute("SELECT EXISTS (SELECT FROM service WHERE client_id = %s)", [client_id])
        if cursor.fetchone()[0]:
            raise ServiceRefused(
                "registered", Text(N_("A service with this entity id is or was registered already.")), field="metadata"
            )
        cursor.execute(_INSERT, {
            "id": made.service, "protocol": made.protocol, "name": made.name, "client_id": client_id,
            "secret_digest": digest(secret) if secret else "", "redirect_uris": list(wanted.redirect_uris),
            "after_logout_uris": list(wanted.after_logout_uris), "logout_uri": wanted.logout_uri,
            "start_uri": wanted.start_uri or _beginning(wanted.redirect_uris), "metadata": wanted.metadata,
            "attribute_names": json.dumps(dict(wanted.attribute_names)),
            "scopes": list(scopes), "all_schools": wanted.all_schools, "is_source": wanted.is_source,
            "kinds": [kind for kind in KINDS if kind in wanted.kinds], "sector": wanted_sector,
            "key": pairwise_key().id, "at": at, "by": acting_user,
        })  # fmt: skip
        cursor.execute(
            "INSERT INTO service_school (service, school) SELECT %s, unnest(%s::text[])",
            [made.service, sorted(set(wanted.schools))],
        )
        if made.protocol == "oidc":
            _make_provider_client(cursor, made, at)
        if made.protocol in signing_keys.PUBLISHED_BEFORE:
            signing_keys.ensure(acting_user=acting_user, at=at, now=now, use=made.protocol)
        _record("service registered", made.service, acting_user, now, {
            "protocol": made.protocol, "name": made.name, "scopes": list(scopes), "all_schools": wanted.all_schools,
            "schools": sorted(set(wanted.schools)), "sector": wanted_sector, "source": wanted.is_source,
            "kinds": sorted(set(wanted.kinds)),
        })  # fmt: skip
    return made


def proves(*, client_id: str, secret: str) -> bool:
    """Whether it is the secret of a service that stands."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT secret_digest FROM service WHERE client_id = %s AND revoked_at IS NULL AND secret_digest <> ''",
            [client_id],
        )
        row = cursor.fetchone()
    return row is not None and hmac.compare_digest(str(row[0]), digest(secret))


def revoke(*, service: UUID, acting_user: str, at: datetime, now: datetime) -> bool:
    """Ends a service at once. False when there is no such service, or it was revoked before.

    Raises ServiceRefused while a connector carries accounts to it: the service would be fed for ever.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(  # whoever adds a connector has the table for themselves
            "SELECT name FROM connector WHERE service = %s AND removed_at IS NULL ORDER BY name", [service]
        )
        if names := ", ".join(name for (name,) in cursor.fetchall()):
            text = Text(
                N_("Accounts still go to it through a connector: {connectors}. First: hwb connectors remove NAME"),
                {"connectors": names},
            )
            raise ServiceRefused("connected", text)
        service_access.end(cursor, service=service)
        cursor.execute(
            "UPDATE service SET revoked_at = %s, secret_digest = ''"
            " WHERE id = %s AND revoked_at IS NULL RETURNING client_id",
            [at, service],
        )
        row = cursor.fetchone()
        if row is None:
            return False
        cursor.execute("DELETE FROM service_token WHERE service = %s", [service])
        cursor.execute("DELETE FROM allauth_idp_oidc_token WHERE client_id = %s", [row[0]])
        cursor.execute("DELETE FROM allauth_idp_oidc_client WHERE id = %s", [row[0]])
        _record("service revoked", service, acting_user, now, {})
    return True


def _make_provider_client(cursor: Any, made: Registered, at: datetime) -> None:
    """The row that allauth's provider wants of a service; its secret and addresses are looked up in ours."""
    cursor.execute(
        "INSERT INTO allauth_idp_oidc_client (id, name, secret, scopes, default_scopes, type, grant_types,"
        " redirect_uris, cors_origins, allow_uri_wildcards, response_types, skip_consent, created_at)"
        " VALUES (%s, %s, '!', %s, '', 'confidential', %s, '', '', false, 'code', true, %s)",
        [made.client_id, made.name, "\n".join(made.scopes), "authorization_code\nrefresh_token", at],
    )


def _check(wanted: Wanted) -> None:
    if wanted.protocol not in PROTOCOLS:
        values = {"protocols": ", ".join(PROTOCOLS)}
        raise ServiceRefused("protocol", Text(N_("Protocols: {protocols}"), values), field="protocol")
    if not 0 < len(_plain(wanted.name)) <= LONGEST_NAME:
        text = Text(N_("A service needs a name of at most {limit} characters."), {"limit": str(LONGEST_NAME)})
        raise ServiceRefused("name", text, field="name")
    if wanted.protocol == "oidc" and not wanted.redirect_uris:
        text = Text(N_("A service that people sign in to needs the address that they are led back to."))
        raise ServiceRefused("redirect_uri", text, field="redirect_uris")
    if wanted.is_source and wanted.protocol != "scim":
        raise ServiceRefused("source", Text(N_("Only a SCIM service can be a source of accounts.")), field="is_source")
    loopback = not settings.HWB_PRODUCTION
    for field, addresses in (
        ("redirect_uris", wanted.redirect_uris), ("after_logout_uris", wanted.after_logout_uris),
        ("logout_uri", (wanted.logout_uri,)), ("start_uri", (wanted.start_uri,)),
    ):  # fmt: skip
        for address in filter(None, addresses):
            check_address(address, field=field, on_loopback=loopback)
    check_scopes(wanted.protocol, wanted.scopes)
    if not wanted.kinds or not set(wanted.kinds) <= set(KINDS):
        raise ServiceRefused("kinds", Text(N_("Kinds of people: {kinds}"), {"kinds": ", ".join(KINDS)}), field="kinds")
    check_attribute_names(dict(wanted.attribute_names))


def _check_schools(cursor: Any, wanted: Wanted) -> None:
    if wanted.all_schools == bool(wanted.schools):
        raise ServiceRefused(
            "schools", Text(N_("Name the schools that it is for, or say all schools.")), field="schools"
        )
    cursor.execute("SELECT dfes FROM establishment WHERE dfes = ANY(%s)", [list(wanted.schools)])
    unknown = set(wanted.schools) - {row[0] for row in cursor.fetchall()}
    if unknown:
        names = ", ".join(sorted(unknown))
        text = Text(N_("Not in the register of schools: {schools}"), {"schools": names})
        raise ServiceRefused("unknown_school", text, field="schools")


def _scopes(wanted: Wanted) -> tuple[str, ...]:
    """In the order in which they are known; of people no more than the identifier where nothing was asked for.

    A OneRoster service that asks for nothing reads the roster's core, without which it reads nothing.
    """
    if wanted.protocol == "oneroster":
        asked = set(map(roster_scope, wanted.scopes)) or {ROSTER_CORE}
        return tuple(scope for scope in ROSTER_SCOPES if scope in asked)
    if wanted.protocol == "scim":
        return tuple(scope for scope in SCIM_SCOPES if scope in wanted.scopes)
    return tuple(scope for scope in CLAIM_SCOPES if scope == "openid" or scope in wanted.scopes)


def _beginning(addresses: tuple[str, ...]) -> str:
    if not addresses:
        return ""
    parts = urlsplit(addresses[0])
    return f"{parts.scheme}://{parts.netloc}/"


def _plain(name: str) -> str:
    return re.sub(r"\s+", " ", name).strip()


def _record(action: str, service: UUID, acting_user: str, now: datetime, details: dict[str, Any]) -> None:
    audit.record(action=action, actor=acting_user, at=now, details={"service": str(service), **details})


_INSERT = """
INSERT INTO service (id, protocol, name, client_id, secret_digest, redirect_uris, after_logout_uris, logout_uri,
                     start_uri, metadata, attribute_names, scopes, all_schools, is_source, kinds, sector, key,
                     created_at, created_by)
VALUES (%(id)s, %(protocol)s, %(name)s, %(client_id)s, %(secret_digest)s, %(redirect_uris)s::text[],
        %(after_logout_uris)s::text[], %(logout_uri)s, %(start_uri)s, %(metadata)s, %(attribute_names)s::jsonb,
        %(scopes)s::text[], %(all_schools)s, %(is_source)s, %(kinds)s::text[], %(sector)s, %(key)s, %(at)s, %(by)s)
"""
