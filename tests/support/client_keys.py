"""A Provisioning Client's side of enrolment and tokens, made by hand for tests of the server."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

ISSUER = "http://testserver"


def new_key() -> tuple[Any, dict[str, Any]]:
    """A private key, and its public half as a JWK."""
    private = ec.generate_private_key(ec.SECP256R1())
    return private, dict(json.loads(ECAlgorithm.to_jwk(private.public_key())))


def assertion(
    client: object, key: Any, *, at: datetime | None = None, minutes: float = 2, algorithm: str = "ES256", **claims: Any
) -> str:
    """A client assertion (RFC 7523), by default a good one; `claims` override or, with None, leave out."""
    at = at or datetime.now(UTC)
    standard = {
        "iss": str(client), "sub": str(client), "aud": ISSUER, "jti": str(uuid4()), "iat": at.timestamp(),
        "exp": (at + timedelta(minutes=minutes)).timestamp(),
    }  # fmt: skip
    content = {name: value for name, value in {**standard, **claims}.items() if value is not None}
    return jwt.encode(content, key, algorithm=algorithm)
