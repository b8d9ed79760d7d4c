"""One operation, one transaction: taken again when it met another (deadlock, serialisation, a name taken first)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import DatabaseError, OperationalError, connection, transaction

T = TypeVar("T")


class FactsMoved(OperationalError):
    """What an operation stands on moved under it again and again; nothing was written, the whole is taken again.

    Of the kind of a database that is away: the next try may well succeed, so a run stays received.
    """


#: Also a prepared statement whose answer has another form since a migration: prepared anew, it goes on.
AGAIN = frozenset({"40P01", "40001", "23505", "0A000"})
TRIES = 5


def in_transaction(work: Callable[[], T]) -> T:
    """Runs ``work`` in a transaction, up to five times when PostgreSQL says that it met another one."""
    for left in range(TRIES - 1, -1, -1):
        try:
            with transaction.atomic():
                _prefer_indexes()
                return work()
        except FactsMoved:
            if left == 0:
                raise
        except DatabaseError as error:
            cause = error.__cause__
            if left == 0 or getattr(cause, "sqlstate", None) not in AGAIN:
                raise
    raise AssertionError("unreachable")


def _prefer_indexes() -> None:
    """One school is a few hundred rows of a nation, but the planner guesses what an array or a JSON text holds, and
    would now and then read a whole table for it. For this transaction alone it does not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),"
            " set_config('enable_mergejoin', 'off', true)"
        )
