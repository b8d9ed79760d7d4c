"""The keys of first passwords, badges, pictures and class codes, which lie outside the database, and what they seal.

A key ring is the keys of HWB_PASSWORD_KEYS in their order, and last the one derived from the secret key; the first
seals, all of them open. So an installation begins without any setting and may take keys of its own at any time.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12
#: Texts are filled up to a multiple of this, so that a ciphertext does not tell how long a password is.
BLOCK = 64
_BYTES = 32


class KeyNotUsable(ValueError):
    """A key of HWB_PASSWORD_KEYS is not 32 bytes in base64."""


class PasswordUnreadable(Exception):
    """The key is not on the ring, or the row is not the one that was written for this account."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys by their id, a short digest of the key; ``current`` seals."""

    current: str
    keys: dict[str, AESGCM]

    @classmethod
    def of(cls, written: Sequence[str], *, secret: str) -> KeyRing:
        """The ring of the keys as an operator writes them, the newest first. Raises KeyNotUsable."""
        derived = HKDF(hashes.SHA256(), _BYTES, None, b"hwb first passwords 1").derive(secret.encode())
        every = [*map(read_key, written), derived]
        return cls(key_id(every[0]), {key_id(key): AESGCM(key) for key in every})

    def seal(self, account: str, password: str, *, purpose: str = "first password") -> bytes:
        """The secret encrypted (AES-GCM) and bound to the account, or to whatever it is of, and to its purpose."""
        nonce, text = os.urandom(NONCE), password.encode()
        filled = text + b"\0" * (-len(text) % BLOCK)
        return nonce + self.keys[self.current].encrypt(nonce, filled, _bound(account, purpose))

    def open(self, account: str, key: str, sealed: bytes, *, purpose: str = "first password") -> str:
        """The secret. Raises PasswordUnreadable."""
        try:
            filled = self.keys[key].decrypt(sealed[:NONCE], sealed[NONCE:], _bound(account, purpose))
        except (KeyError, InvalidTag, ValueError):
            raise PasswordUnreadable(key) from None
        return filled.rstrip(b"\0").decode()


def new_key() -> str:
    """A fresh key as HWB_PASSWORD_KEYS takes it."""
    return base64.urlsafe_b64encode(os.urandom(_BYTES)).decode()


def read_key(text: str) -> bytes:
    """One written key. Raises KeyNotUsable, without repeating it."""
    try:
        key = base64.b64decode(text.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _BYTES:
        raise KeyNotUsable(f"a key has {_BYTES} bytes in base64; make one with: hwb passwords new-key")
    return key


def key_id(key: bytes) -> str:
    """What names a key without telling it."""
    return hashlib.sha256(b"hwb key id" + key).hexdigest()[:12]


def _bound(account: str, purpose: str) -> bytes:
    return f"{account}|{purpose}".encode()
