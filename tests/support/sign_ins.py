"""Somebody has signed in, without the pages."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from hwb.operations import sessions


def sign_in(account: UUID, *, now: datetime) -> None:
    """On whatever device."""
    sessions.begin(account=account, device=sessions.Device(uuid4().hex, "", "", datetime.now(UTC)), now=now)
