"""How the read side asks: one statement, rows as named tuples of plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

_JSONB = 3802  # PostgreSQL's number of the type


def fetch(statement: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """All rows of one statement as mappings from column to value. Nothing is kept between calls."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or {})
        columns = cursor.description or ()
        rows: Sequence[Sequence[Any]] = cursor.fetchall()
    found = [dict(zip([column[0] for column in columns], row, strict=True)) for row in rows]
    for name in [column[0] for column in columns if column[1] == _JSONB]:
        for row in found:
            # Django hands JSON over as text, for its own fields to read.
            row[name] = json.loads(row[name]) if isinstance(row[name], str) else row[name]
    return found
