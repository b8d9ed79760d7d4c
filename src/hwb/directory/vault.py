"""Keys of persons, and what they seal: personal values in the audit log (R42)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12


@lru_cache(maxsize=4)
def _wrapping(secret: str) -> AESGCM:
    """The key that wraps persons' keys, derived from the installation's secret key (HKDF, RFC 5869)."""
    return AESGCM(HKDF(hashes.SHA256(), 32, None, b"hwb person keys 1").derive(secret.encode()))


@dataclass(frozen=True, slots=True)
class PersonKey:
    """One person's key: seals their personal values and makes their digests useless to anybody without it."""

    account: str
    key: bytes

    @classmethod
    def new(cls, account: str) -> PersonKey:
        return cls(account, os.urandom(32))

    @classmethod
    def unwrap(cls, account: str, wrapped: bytes, *, secret: str) -> PersonKey:
        """Raises cryptography.exceptions.InvalidTag when the secret key or the row is not the one it was made with."""
        key = _wrapping(secret).decrypt(wrapped[:NONCE], wrapped[NONCE:], account.encode())
        return cls(account, key)

    def wrap(self, *, secret: str) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + _wrapping(secret).encrypt(nonce, self.key, self.account.encode())

    def seal(self, values: dict[str, Any], *, place: str) -> bytes:
        """The values encrypted (AES-GCM) and bound to the person and to ``place``, the entry's chain and number."""
        nonce = os.urandom(NONCE)
        text = orjson.dumps(values, option=orjson.OPT_SORT_KEYS)
        return nonce + AESGCM(self.key).encrypt(nonce, text, f"{self.account}|{place}".encode())

    def unseal(self, sealed: bytes, *, place: str) -> dict[str, Any]:
        text = AESGCM(self.key).decrypt(sealed[:NONCE], sealed[NONCE:], f"{self.account}|{place}".encode())
        found: dict[str, Any] = orjson.loads(text)
        return found

    def digest(self, personal: dict[str, Any]) -> bytes:
        """HMAC-SHA256 of the person's details, for comparing what stands with what the log says (I10)."""
        text = orjson.dumps(personal, option=orjson.OPT_SORT_KEYS)
        return hmac.new(self.key, text, hashlib.sha256).digest()


@lru_cache(maxsize=4)
def _of_searches(secret: str) -> AESGCM:
    """The key of what people searched for, derived as persons' wrapping key is."""
    return AESGCM(HKDF(hashes.SHA256(), 32, None, b"hwb searches 1").derive(secret.encode()))


def seal_search(text: str, *, place: str, secret: str) -> bytes:
    """What was searched for, encrypted (AES-GCM) and bound to ``place``: whose search it is, and which."""
    nonce = os.urandom(NONCE)
    return nonce + _of_searches(secret).encrypt(nonce, text.encode(), place.encode())


def open_search(sealed: bytes, *, place: str, secret: str) -> str:
    """Raises cryptography.exceptions.InvalidTag when it was sealed for another place or with another secret key."""
    return _of_searches(secret).decrypt(sealed[:NONCE], sealed[NONCE:], place.encode()).decode()


@lru_cache(maxsize=4)
def _of_second_steps(secret: str) -> bytes:
    """The key of second steps, derived as the others are."""
    return HKDF(hashes.SHA256(), 32, None, b"hwb second steps 1").derive(secret.encode())


def seal_app_secret(text: str, *, account: str, secret: str) -> bytes:
    """An app's secret, encrypted (AES-GCM) and bound to the account."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(_of_second_steps(secret)).encrypt(nonce, text.encode(), f"{account}|app".encode())


def open_app_secret(sealed: bytes, *, account: str, secret: str) -> str:
    """Raises cryptography.exceptions.InvalidTag when it was sealed for another account or with another secret key."""
    opened = AESGCM(_of_second_steps(secret)).decrypt(sealed[:NONCE], sealed[NONCE:], f"{account}|app".encode())
    return opened.decode()


def recovery_digest(code: str, *, account: str, secret: str) -> bytes:
    """What is kept of a recovery code: keyed, and another one for each account."""
    return hmac.new(_of_second_steps(secret), f"{account}|recovery|{code}".encode(), hashlib.sha256).digest()


def link_token(link: str, *, secret: str) -> str:
    """The secret part of a link that an e-mail brings, from the link's id: the outbox holds the id alone."""
    key = HKDF(hashes.SHA256(), 32, None, b"hwb links 1").derive(secret.encode())
    return base64.urlsafe_b64encode(hmac.new(key, link.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()


@lru_cache(maxsize=4)
def _of_codes(secret: str) -> bytes:
    """The key of digests by which codes that are kept nowhere are found, derived as persons' wrapping key is."""
    return HKDF(hashes.SHA256(), 32, None, b"hwb codes 1").derive(secret.encode())


def code_digest(text: str, *, purpose: str, secret: str) -> str:
    """HMAC-SHA256 of a badge's code, a class code or an address: useless without the secret key."""
    return hmac.new(_of_codes(secret), f"{purpose}|{text}".encode(), hashlib.sha256).hexdigest()
