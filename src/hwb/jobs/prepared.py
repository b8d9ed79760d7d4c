"""Prepared statements in a worker: a run's sixty-odd statements are the same for every school, so each is planned once.

The web's connections keep to unprepared ones, because they may come through a pooler that changes the server process
between transactions; a worker has its own.
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.backends.signals import connection_created

_AFTER = 2  # times that a statement was sent
_MOST = 400  # kept by a connection; a whole run has about 90, each with its plan in the server's memory


def prepare_statements() -> None:
    """Has every connection of this process, also one that is open, prepare what it sends again and again."""
    connection_created.connect(_prepare, dispatch_uid="hwb.jobs.prepared")
    if connection.connection is not None:
        _prepare(connection=connection)


def _prepare(*, connection: Any, **_: Any) -> None:
    connection.connection.prepare_threshold = _AFTER
    connection.connection.prepared_max = _MOST
