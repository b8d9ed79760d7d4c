"""What a worker's connection keeps between runs (docs/performance.md)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.backends.signals import connection_created

from hwb.jobs.prepared import prepare_statements

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker() -> Iterator[None]:
    connection.ensure_connection()
    prepare_statements()
    yield
    connection_created.disconnect(dispatch_uid="hwb.jobs.prepared")
    connection.close()


def _kept(number: int) -> int:
    with connection.cursor() as cursor:
        for value in range(number):
            cursor.execute("SELECT count(*) FROM establishment WHERE dfes = %s", [str(value)])
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%establishment%%'", [])
        return int(cursor.fetchone()[0])


@pytest.mark.usefixtures("worker")
def test_a_worker_plans_a_statement_once_that_it_sends_again_and_again() -> None:
    """On the connection that is open and on every later one."""
    assert (_kept(1), _kept(5)) == (0, 1)
    connection.close()
    assert (_kept(1), _kept(5)) == (0, 1)


def test_the_web_prepares_nothing() -> None:
    """Its connections may come through a pooler that changes the server process between transactions."""
    assert _kept(5) == 0
