"""The secret part of a link in a message: kept nowhere, it follows from the link and a key outside the database."""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

from django.conf import settings

_LENGTH = 40


def token_of(link: UUID | str) -> str:
    """40 hexadecimal digits that nobody can guess."""
    text = f"authorisation link 1|{link}".encode()
    return hmac.new(str(settings.SECRET_KEY).encode(), text, hashlib.sha256).hexdigest()[:_LENGTH]


def is_token(link: UUID | str, token: str) -> bool:
    """Whether this is the link's secret part."""
    return hmac.compare_digest(token_of(link).encode(), token.encode())
