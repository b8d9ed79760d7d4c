"""The private halves of keys that sign what services are told, as they are kept: encrypted under the secret key."""

from __future__ import annotations

import os
from functools import lru_cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12
BITS = 2048


@lru_cache(maxsize=4)
def _wrapping(secret: str) -> AESGCM:
    return AESGCM(HKDF(hashes.SHA256(), 32, None, b"hwb signing keys 1").derive(secret.encode()))


def new_pem() -> str:
    """A fresh RSA key, unencrypted PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def seal(pem: str, *, kid: str, secret: str) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + _wrapping(secret).encrypt(nonce, pem.encode(), kid.encode())


@lru_cache(maxsize=16)
def unseal(sealed: bytes, *, kid: str, secret: str) -> str:
    """Raises cryptography.exceptions.InvalidTag when it was sealed with another secret key."""
    return _wrapping(secret).decrypt(sealed[:NONCE], sealed[NONCE:], kid.encode()).decode()
