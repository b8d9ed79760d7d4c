"""An app's secret between showing it and the first code: it waits in the session, encrypted."""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django.conf import settings

from hwb.directory import vault


def seal_pending(account: UUID, secret: str) -> str:
    """The secret as text for a session."""
    return base64.b64encode(
        vault.seal_app_secret(secret, account=str(account), secret=str(settings.SECRET_KEY))
    ).decode()


def open_pending(account: UUID, sealed: str) -> str:
    """The secret; empty when it is none of this account's."""
    try:
        return vault.open_app_secret(
            base64.b64decode(sealed), account=str(account), secret=str(settings.SECRET_KEY)
        )  # fmt: skip
    except (InvalidTag, binascii.Error, ValueError):
        return ""
