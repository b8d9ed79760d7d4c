"""Seals the heads of all audit chains once a day (R42).

A chain shows a change in its middle; the seal shows one that was made to a chain's *end* and all that follows,
because the heads of that night are known apart from it. A seal also covers the one before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from hwb.lifecycle.calendar import london_date


def seal_day(*, now: datetime) -> bool:
    """Seals the day of `now`, once; False when it was sealed before. Returns only when it is stored."""
    day = london_date(now)
    with transaction.atomic(), connection.cursor() as cursor:
        # A lock of its own: a seal under way must not meet a second one, while writers go on.
        cursor.execute("SELECT pg_advisory_xact_lock(4872011)")
        cursor.execute("SELECT EXISTS (SELECT FROM seal WHERE day >= %s)", [day])
        if cursor.fetchone()[0]:
            return False
        cursor.execute("SELECT chain, seq, encode(hash, 'hex') FROM chain_head WHERE seq > 0 ORDER BY chain")
        heads = {chain: [seq, head] for chain, seq, head in cursor.fetchall()}
        cursor.execute("SELECT digest FROM seal ORDER BY day DESC LIMIT 1")
        previous = cursor.fetchone()
        cursor.execute(
            "INSERT INTO seal (day, heads, digest, made_at) VALUES (%s, %s, %s, %s)",
            [day, json.dumps(heads), seal_digest(day, heads, previous[0] if previous else ""), now],
        )
    return True


def seal_digest(day: date, heads: Mapping[str, Any], previous: str) -> str:
    """SHA-256 (hex) over the seal before, the day and all heads."""
    text = json.dumps([previous, day.isoformat(), heads], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
