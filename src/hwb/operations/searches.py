"""What somebody searched for, under a random id that only they can use, so that addresses hold no UPN and no name.

Kept for a day by the real clock, given as `at`, as sessions are; one that was passed to somebody else for two weeks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.db import connection

from hwb.directory import vault
from hwb.directory.queries.rows import fetch

KEPT_FOR = timedelta(hours=24)
PASSED_FOR = timedelta(days=14)


def keep(
    *, account: UUID, school: str, kind: str, content: Mapping[str, Any], at: datetime, passed: bool = False
) -> UUID:
    """Keeps what the account looks for at a school, or is to look at when it was passed to it; the id leads there."""
    search = uuid4()
    sealed = vault.seal_search(
        json.dumps(content, ensure_ascii=False), place=_place(search, account), secret=str(settings.SECRET_KEY)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO search (id, account, school, kind, content, created, until)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [search, account, school, kind, sealed, at, at + PASSED_FOR if passed else None],
        )
    return search


def find(search: UUID, *, account: UUID, school: str, kind: str, at: datetime) -> dict[str, Any] | None:
    """What was kept; None for a search that is somebody else's, of another school or kind, over or unknown."""
    asked = {"id": search, "account": account, "school": school, "kind": kind, "after": at - KEPT_FOR, "at": at}
    rows = fetch(_FIND, asked)
    if not rows:
        return None
    try:
        text = vault.open_search(
            bytes(rows[0]["content"]), place=_place(search, account), secret=str(settings.SECRET_KEY)
        )
    except InvalidTag:  # sealed under a secret key that was changed since
        return None
    found: dict[str, Any] = json.loads(text)
    return found


def forget(*, at: datetime) -> int:
    """Deletes the searches that are over; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM search WHERE created <= %s AND (until IS NULL OR until <= %s)", [at - KEPT_FOR, at])
        return int(cursor.rowcount)


def _place(search: UUID, account: UUID) -> str:
    return f"{account}|{search}"


_FIND = """
SELECT content FROM search
WHERE id = %(id)s AND account = %(account)s AND school = %(school)s AND kind = %(kind)s
  AND (created > %(after)s OR until > %(at)s)
"""
