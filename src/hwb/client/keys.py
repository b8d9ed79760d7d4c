"""The client's own key: made here, never sent, never shown (RFC 7523; ES256)."""

from __future__ import annotations

import json
import time
from importlib import metadata
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFETIME = 120  # seconds; the server takes at most five minutes


def new_pair() -> tuple[bytes, dict[str, str]]:
    """A private key (PEM) that never leaves the machine, and its public half as a JWK."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    return pem, {name: public[name] for name in ("kty", "crv", "x", "y")}


def prove(pem: bytes, *, client: str, audience: str) -> dict[str, str]:
    """The form of a token request, signed. By the real clock, whatever the calendar says."""
    now = int(time.time())
    claims = {"iss": client, "sub": client, "aud": audience, "jti": str(uuid4()), "iat": now, "exp": now + _LIFETIME}
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": jwt.encode(claims, pem, algorithm="ES256"),
    }


def version() -> str:
    """The version of the client as it was installed."""
    try:
        return metadata.version("hwb")
    except metadata.PackageNotFoundError:
        return "0"
