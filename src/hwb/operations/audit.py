"""Entries of the audit log that are not a plan's change: registers, clients, settings, runs (R42)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from hwb.directory import store
from hwb.directory.chain import NATION, Entry, Writer


def record(
    *,
    action: str,
    actor: str,
    at: datetime,
    details: Mapping[str, Any],
    school: str = "",
    chain: str = NATION,
    run: str | None = None,
) -> None:
    """Writes one entry in the caller's transaction, by default in the nation's chain. ``details``: nothing personal."""
    entry = Entry(action, "R42", "", school, None, after=dict(details))
    with connection.cursor() as cursor:
        store.write_log(cursor, [entry], Writer(chain, actor, at, run))
