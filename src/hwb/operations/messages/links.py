"""Links that an e-mail brings. The outbox keeps its number only: the secret part follows from that number and the
installation's secret key, so that no row of the database lets anybody in."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Any

from django.conf import settings

from hwb.directory import vault


def token_of(link: str) -> str:
    """The secret part of the link with this number."""
    return vault.link_token(link, secret=str(settings.SECRET_KEY))


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


def is_token(link: str, token: str) -> bool:
    """Whether this is the secret part of the link with this number."""
    return hmac.compare_digest(token_of(link).encode(), token.encode())
