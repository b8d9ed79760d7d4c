"""Keys that sign what services are told: made, rotated by command, and published before they sign."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.db import connection, transaction
from jwt.algorithms import RSAAlgorithm

from hwb.directory import signing_keys as sealed_keys
from hwb.operations import audit

#: Services keep the published keys for an hour: a new one is published for twice that before it signs. Those that
#: speak SAML read the metadata once a day at best, and some when their keeper is told to.
PUBLISHED_BEFORE = {"oidc": timedelta(hours=2), "saml": timedelta(days=14)}
#: The longest that anything signed is valid, and some more for slow clocks.
PUBLISHED_AFTER = timedelta(hours=24)
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_LOCK = 0x68776201  # of pg_advisory_xact_lock: two first starts must not make two first keys


@dataclass(frozen=True, slots=True)
class Key:
    """One key; pem is its private half."""

    kid: str
    pem: str
    created_at: datetime
    signs_from: datetime
    ends_at: datetime | None


def rotate(*, acting_user: str, at: datetime, now: datetime, use: str = "oidc") -> Key:
    """A new key, that signs after PUBLISHED_BEFORE; the present ones go when nothing they signed is valid."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute("SELECT EXISTS (SELECT FROM signing_key WHERE ends_at IS NULL AND use = %s)", [use])
        from_ = at + PUBLISHED_BEFORE[use] if cursor.fetchone()[0] else at
        cursor.execute(
            "UPDATE signing_key SET ends_at = %s WHERE ends_at IS NULL AND use = %s", [from_ + PUBLISHED_AFTER, use]
        )
        return _make(cursor, acting_user, at, from_, now, use)


def ensure(*, acting_user: str, at: datetime, now: datetime, use: str = "oidc") -> None:
    """Makes the first key, in the caller's transaction or one of its own, where there is none."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute("SELECT EXISTS (SELECT FROM signing_key WHERE ends_at IS NULL AND use = %s)", [use])
        if not cursor.fetchone()[0]:
            _make(cursor, acting_user, at, at, now, use)


def published(*, at: datetime, use: str = "oidc") -> list[Key]:
    """The keys that services are to know now, the oldest first."""
    secret = str(settings.SECRET_KEY)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kid, sealed, created_at, signs_from, ends_at FROM signing_key"
            " WHERE use = %s AND (ends_at IS NULL OR ends_at > %s) ORDER BY signs_from",
            [use, at],
        )
        rows = cursor.fetchall()
    return [Key(row[0], sealed_keys.unseal(bytes(row[1]), kid=row[0], secret=secret), *row[2:]) for row in rows]


def signing(*, at: datetime, use: str = "oidc") -> Key:
    """The key that signs now. Raises LookupError where none was ever made."""
    signs = [key for key in published(at=at, use=use) if key.signs_from <= at]
    if not signs:
        raise LookupError("no signing key; make one with: hwb services new-key")
    return signs[-1]


def forget_expired(*, at: datetime) -> None:
    """Keys that nothing valid was signed with any more are gone for good."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM signing_key WHERE ends_at < %s", [at])


def kid_of(pem: str) -> str:
    """The key's thumbprint (RFC 7638), which is its name."""
    private = cast("RSAPrivateKey", load_pem_private_key(pem.encode(), password=None))
    jwk: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(private.public_key()))
    text = json.dumps({name: jwk[name] for name in ("e", "kty", "n")}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def _make(cursor: Any, acting_user: str, at: datetime, signs_from: datetime, now: datetime, use: str) -> Key:
    pem = sealed_keys.new_pem()
    kid = kid_of(pem)
    cursor.execute(
        "INSERT INTO signing_key (kid, use, sealed, created_at, signs_from) VALUES (%s, %s, %s, %s, %s)",
        [kid, use, sealed_keys.seal(pem, kid=kid, secret=str(settings.SECRET_KEY)), at, signs_from],
    )
    audit.record(action="signing key made", actor=acting_user, at=now, details={"key": kid, "use": use})
    return Key(kid, pem, at, signs_from, None)
