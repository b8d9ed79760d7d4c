"""The raw limit: the same records by COPY and one INSERT … ON CONFLICT, with a plaintext audit entry a change.

One connection, one transaction a school, the durability of everything else; nothing is checked, decided or sealed.
"""

# ruff: noqa: S608 - names of this file only
from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from hwb.extract.records import LEARNER_COLUMNS, STAFF_COLUMNS

_TABLES = (("learner", LEARNER_COLUMNS, "upn", "learners"), ("staff", STAFF_COLUMNS, "staff_code", "staff"))


def prepare() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA raw")
        for table, columns, key, _ in _TABLES:
            texts = ", ".join(f"{name} text NOT NULL" for name in columns)
            cursor.execute(f"CREATE TABLE raw.{table} (school text NOT NULL, {texts}, PRIMARY KEY (school, {key}))")
        cursor.execute(
            "CREATE TABLE raw.audit (id bigserial PRIMARY KEY, at timestamptz, actor text, action text, school text,"
            " person text, details jsonb)"
        )


def load(bodies: list[Path]) -> float:
    """Seconds in the database, from the first COPY of a school to its commit; reading the files is not counted."""
    seconds = 0.0
    for path in bodies:
        content = json.loads(path.read_bytes())
        start = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            for table, columns, key, part in _TABLES:
                _merge(cursor, table, columns, key, content["school"], content[part])
        seconds += time.perf_counter() - start
    return seconds


def _merge(cursor: Any, table: str, columns: tuple[str, ...], key: str, school: str, rows: list[list[str]]) -> None:
    names = ", ".join(("school", *columns))
    changed = [name for name in columns if name != key]
    old, new = (", ".join(f"{side}.{name}" for name in changed) for side in ("t", "excluded"))
    cursor.execute(f"CREATE TEMP TABLE fresh (LIKE raw.{table}) ON COMMIT DROP")
    with cursor.copy(f"COPY fresh ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row((school, *row[1:]))
    cursor.execute(
        f"WITH written AS (INSERT INTO raw.{table} AS t ({names}) SELECT {names} FROM fresh"
        f" ON CONFLICT (school, {key}) DO UPDATE SET ({', '.join(changed)}) = ROW({new})"
        f" WHERE ({old}) IS DISTINCT FROM ({new}) RETURNING t.*)"
        f" INSERT INTO raw.audit (at, actor, action, school, person, details)"
        f" SELECT now(), 'bench', 'write', school, {key}, to_jsonb(written) FROM written"
    )
    cursor.execute("DROP TABLE fresh")
