"""`hwb migrate`: brings the database to this version's tables."""

from __future__ import annotations

import typer
from django.core.management import call_command
from django.db import connection

_LOCK = 4_872_010  # any number, the same for all: two servers starting at once migrate one after the other


def register(app: typer.Typer) -> None:
    app.command("migrate")(migrate)


def migrate(
    check: bool = typer.Option(False, "--check", help="Change nothing; exit 1 when something is to be done."),
) -> None:
    """Bring the database to this version's tables. Safe to repeat."""
    if check:
        call_command("migrate", check_unapplied=True, verbosity=0)
        return
    migrate_database(verbosity=1)


def migrate_database(*, verbosity: int = 0) -> None:
    """Applies what is missing, one process at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            call_command("migrate", interactive=False, verbosity=verbosity)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
