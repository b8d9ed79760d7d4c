"""By what a service knows a person: one opaque value for each service sector and account, the same in OpenID Connect,
SAML, OneRoster and SCIM (interfaces.md).

It is the account's id, one AES block, encrypted under a key of the sector, which is derived from a key outside the
database: services of different sectors cannot compare their people, two people never share a value, and the account
is found from it without a table. The key is never rotated: it would make everybody a stranger everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hwb.directory.keyring import key_id, read_key

_BYTES = 32
_WRITTEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class PairwiseKey:
    """The installation's key; `id` names it without telling it."""

    key: bytes

    @classmethod
    def of(cls, written: str, *, secret: str) -> PairwiseKey:
        """The key as an operator writes it, else one derived from the secret key. Raises KeyNotUsable."""
        if written:
            return cls(read_key(written))
        return cls(HKDF(hashes.SHA256(), _BYTES, None, b"hwb pairwise identifiers 1").derive(secret.encode()))

    @property
    def id(self) -> str:
        return key_id(self.key)

    def identifier(self, account: UUID, *, sector: str) -> str:
        """What services of the sector call the account: 32 hexadecimal digits."""
        encryptor = _cipher(self.key, sector).encryptor()
        return (encryptor.update(account.bytes) + encryptor.finalize()).hex()

    def account(self, identifier: str, *, sector: str) -> UUID | None:
        """Whose identifier it would be; None for what is none. Whether there is such an account, ask the table."""
        if not _WRITTEN.fullmatch(identifier):
            return None
        decryptor = _cipher(self.key, sector).decryptor()
        return UUID(bytes=decryptor.update(bytes.fromhex(identifier)) + decryptor.finalize())


@lru_cache(maxsize=256)
def _cipher(key: bytes, sector: str) -> Cipher[modes.ECB]:
    """One block under one key is a permutation, and nothing but that is wanted."""
    derived = HKDF(hashes.SHA256(), _BYTES, None, b"hwb sector 1|" + sector.encode()).derive(key)
    return Cipher(algorithms.AES(derived), modes.ECB())  # noqa: S305 - a single block each, never a message
