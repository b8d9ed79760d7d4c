"""Services as operators, the launcher and the protocols see them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hwb.directory.queries.rows import fetch


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """One service. schools: empty where it is for all. key: of its identifiers (hwb.directory.pairwise)."""

    service: UUID
    protocol: str
    name: str
    client_id: str
    redirect_uris: tuple[str, ...]
    after_logout_uris: tuple[str, ...]
    logout_uri: str
    start_uri: str
    scopes: tuple[str, ...]
    all_schools: bool
    schools: tuple[str, ...]
    is_source: bool
    kinds: tuple[str, ...]
    sector: str
    key: str
    created_at: datetime
    created_by: str
    revoked_at: datetime | None

    @property
    def state(self) -> str:
        return "active" if self.revoked_at is None else "revoked"

    def to_json(self) -> dict[str, Any]:
        """For `hwb services list`."""
        return {
            "service": str(self.service), "protocol": self.protocol, "name": self.name, "client_id": self.client_id,
            "state": self.state, "schools": "all" if self.all_schools else list(self.schools),
            "scopes": list(self.scopes), "redirect_uris": list(self.redirect_uris),
            "after_logout_uris": list(self.after_logout_uris), "logout_uri": self.logout_uri or None,
            "start_uri": self.start_uri or None, "source": self.is_source, "kinds": list(self.kinds),
            "sector": self.sector,
            "created_at": self.created_at.isoformat(), "created_by": self.created_by,
            "revoked_at": self.revoked_at and self.revoked_at.isoformat(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tile:
    """A service in the launcher."""

    service: UUID
    name: str
    start_uri: str


def find(*, service: UUID | None = None) -> list[ServiceRow]:
    """Every service, or one: those that stand first, by name."""
    rows = fetch(_SERVICES, {"service": service, "client_id": None})
    return [_row(row) for row in rows]


def of_client(client_id: str) -> ServiceRow | None:
    """The service that names itself so, while it stands."""
    rows = fetch(_SERVICES, {"service": None, "client_id": client_id})
    found = _row(rows[0]) if rows else None
    return found if found is not None and found.revoked_at is None else None


@dataclass(frozen=True, slots=True)
class SamlSide:
    """What a SAML service says of itself, and what it calls the claims where it has other names for them."""

    metadata: str
    attribute_names: dict[str, str]


def saml_side(service: UUID) -> SamlSide:
    """Raises LookupError."""
    rows = fetch("SELECT metadata, attribute_names FROM service WHERE id = %(service)s", {"service": service})
    if not rows:
        raise LookupError("no such service")
    names = rows[0]["attribute_names"]
    return SamlSide(rows[0]["metadata"], json.loads(names) if isinstance(names, str) else names)


def tiles(account: UUID) -> list[Tile]:
    """The services that the account's schools have and that it can sign in to, by name (issue 6 point 7)."""
    return [Tile(**row) for row in fetch(_TILES, {"account": account})]


def _row(row: dict[str, Any]) -> ServiceRow:
    lists = ("redirect_uris", "after_logout_uris", "scopes", "schools", "kinds")
    return ServiceRow(**{**row, **{name: tuple(row[name]) for name in lists}})


_SERVICES = """
SELECT s.id AS service, s.protocol, s.name, s.client_id, s.redirect_uris, s.after_logout_uris, s.logout_uri,
       s.start_uri, s.scopes, s.all_schools, s.is_source, s.kinds, s.sector, s.key, s.created_at, s.created_by,
       s.revoked_at,
       array(SELECT x.school::text FROM service_school x WHERE x.service = s.id ORDER BY x.school) AS schools
FROM service s
WHERE (%(service)s::uuid IS NULL OR s.id = %(service)s) AND (%(client_id)s::text IS NULL OR s.client_id = %(client_id)s)
ORDER BY s.revoked_at IS NOT NULL, lower(s.name), s.created_at
"""
#: The schools whose services an account has: where it stands, and in a grace (R39) where it stood last.
HAS_SCHOOLS = """
    SELECT p.school FROM placement p WHERE p.account = %(account)s AND p.ended IS NULL
    UNION
    (SELECT p.school FROM placement p
     WHERE p.account = %(account)s AND p.role = 'holding'
       AND NOT EXISTS (SELECT FROM placement o WHERE o.account = %(account)s AND o.ended IS NULL)
     ORDER BY p.ended DESC NULLS FIRST LIMIT 1)
"""
_TILES = f"""
WITH school AS ({HAS_SCHOOLS})
SELECT s.id AS service, s.name, s.start_uri FROM service s
WHERE s.revoked_at IS NULL AND s.protocol IN ('oidc', 'saml') AND s.start_uri <> ''
  AND EXISTS (SELECT FROM account a WHERE a.id = %(account)s AND a.active)
  AND (s.all_schools
       OR EXISTS (SELECT FROM service_school x JOIN school c ON c.school = x.school WHERE x.service = s.id))
ORDER BY lower(s.name), s.created_at
"""  # noqa: S608 - a fixed part
