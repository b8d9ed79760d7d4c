"""How the read side asks: one statement, rows as named tuples of plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection


def fetch(statement: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """All rows of one statement as mappings from column to value. Nothing is kept between calls."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or {})
        names = [column[0] for column in cursor.description or ()]
        rows: Sequence[Sequence[Any]] = cursor.fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]
