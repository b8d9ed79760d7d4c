"""The settings' database is the embedded one, and each test process has its own."""

from __future__ import annotations

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db


def test_the_application_is_no_superuser() -> None:
    """The application's role owns its database and has no superuser's rights."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == ("hwb", False)


def test_connections_end_an_idle_transaction() -> None:
    """A session left open in a transaction is ended after 60 seconds, so that its locks are freed (F8)."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("1min",)


def test_statements_are_not_prepared_by_themselves() -> None:
    """Automatically prepared statements made 1,460 small schools nine times slower."""
    connection.ensure_connection()
    assert connection.connection.prepare_threshold is None
