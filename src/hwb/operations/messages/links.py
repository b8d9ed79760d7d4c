"""The link of an invitation. The outbox keeps its number only: the secret part follows from that number and the
installation's secret key, so that no row of the database lets anybody in."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from datetime import datetime
from typing import Any

from django.utils.crypto import salted_hmac


def token_of(link: str) -> str:
    """The secret part of the link with this number."""
    return urlsafe_b64encode(salted_hmac("hwb invitation", link, algorithm="sha256").digest()).decode().rstrip("=")


def digest_of(token: str) -> str:
    """As links are kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_open(cursor: Any, link: str, *, at: datetime) -> bool:
    """Whether the link with this number can still be used."""
    cursor.execute(
        "SELECT 1 FROM sign_in_link WHERE digest = %s AND used_at IS NULL AND expires > %s",
        [digest_of(token_of(link)), at],
    )
    return cursor.fetchone() is not None
