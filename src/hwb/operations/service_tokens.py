"""Access tokens that services get for themselves (RFC 6749, section 4.4), to read what they were registered for.

`at` is the real clock, by which tokens live; `now` the calendar, by which audit entries are dated.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from hwb.directory.queries import services as rows
from hwb.directory.queries.services import ServiceRow
from hwb.operations import audit
from hwb.operations.client_keys import digest
from hwb.operations.service_addresses import roster_scope
from hwb.operations.services import proves

LIFETIME = timedelta(hours=1)
#: Protocols of services that read with a token of their own.
READING = ("oneroster", "scim")


_TOKENS = "/api/oidc/token"
_READ_AT = {
    "oneroster": {"base_url": "/ims/oneroster/rostering/v1p2", "base_url_1p1": "/ims/oneroster/v1p1"},
    "scim": {"base_url": "/scim/v2"},
}  # fmt: skip


def reading_addresses(protocol: str) -> dict[str, str]:
    """Where a service of the protocol gets its token and where it reads; empty for one that people sign in to."""
    if protocol not in READING:
        return {}
    places = {"token_endpoint": _TOKENS, **_READ_AT[protocol]}
    return {name: f"{settings.HWB_BASE_URL}{place}" for name, place in places.items()}


class TokenRefused(Exception):
    """No token; `error` is RFC 6749's word for why."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True, slots=True)
class Issued:
    """A token, shown this once, and the scopes that it carries, as they were asked for."""

    token: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """The service that a token proves, and what the token carries. `mark` tells tokens apart without telling them."""

    service: ServiceRow
    scopes: frozenset[str]
    mark: str


def issue(*, client_id: str, secret: str, scopes: Collection[str], at: datetime, now: datetime) -> Issued:
    """A token for an hour with those of `scopes` that the service has, all where none is named.

    Scopes that the service lacks are passed over as long as one is left (OneRoster 1.2). Raises TokenRefused.
    """
    if not proves(client_id=client_id, secret=secret):
        raise TokenRefused("invalid_client")
    service = rows.of_client(client_id)
    if service is None:
        raise TokenRefused("invalid_client")
    if service.protocol not in READING:
        raise TokenRefused("unauthorized_client")
    asked = tuple(dict.fromkeys(scopes)) or service.scopes
    given = tuple(scope for scope in asked if roster_scope(scope) in service.scopes)
    if asked and not given:
        raise TokenRefused("invalid_scope")
    token = secrets.token_urlsafe(32)
    with transaction.atomic(), connection.cursor() as cursor:
        # Revoked in between: then there is no row to take it from.
        cursor.execute(
            "INSERT INTO service_token (digest, service, scopes, expires) SELECT %s, id, %s::text[], %s FROM service"
            " WHERE id = %s AND revoked_at IS NULL FOR SHARE",
            [digest(token), [roster_scope(scope) for scope in given], at + LIFETIME, service.service],
        )
        if cursor.rowcount != 1:
            raise TokenRefused("invalid_client")
        audit.record(
            action="service token issued", actor=f"service:{service.service}", at=now,
            details={"service": str(service.service), "scopes": list(given)},
        )  # fmt: skip
    return Issued(token, given)


def reader(token: str, *, at: datetime) -> Reader | None:
    """Whose token it is; None when it is unknown or over, or its service has ended."""
    mark = digest(token)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.client_id, t.scopes FROM service_token t JOIN service s ON s.id = t.service"
            " WHERE t.digest = %s AND t.expires > %s AND s.revoked_at IS NULL",
            [mark, at],
        )
        row = cursor.fetchone()
    service = rows.of_client(row[0]) if row is not None else None
    return None if row is None or service is None else Reader(service, frozenset(row[1]), mark)


def forget_expired(*, at: datetime) -> int:
    """Removes tokens that are over; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM service_token WHERE expires < %s", [at])
        return int(cursor.rowcount)
