"""Puts the commands together. Each module of GROUPS has `register(app: typer.Typer) -> None`."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec

import typer

# The order in which --help shows them.
GROUPS = (
    "serve",
    "worker",
    "migrate",
    "demo",
    "tick",
    "authorities",
    "schools",
    "clients",
    "accounts",
    "account",
    "passwords",
    "runs",
    "run",
    "waits",
    "explain",
    "roles",
    "services",
    "export",
    "connectors",
    "settings",
    "verify",
)

_NO_SERVER = (
    "hwb is installed here without its server. In a school, use hwb-client.\n"
    "To run the server: pip install 'hwb[server]'"
)


def main() -> None:
    """The console script `hwb`."""
    if find_spec("django") is None or find_spec("psycopg") is None:
        print(_NO_SERVER, file=sys.stderr)
        raise SystemExit(2)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hwb.config.settings")
    import django
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import CommandError
    from django.db import OperationalError

    from hwb.embedded import EmbeddedDatabaseUnavailable

    try:
        django.setup()
        build_app()()
    except (EmbeddedDatabaseUnavailable, ImproperlyConfigured, CommandError) as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from None
    except OperationalError as error:
        print(f"The database does not answer: {error}", file=sys.stderr)
        raise SystemExit(1) from None


def build_app() -> typer.Typer:
    """The command line with every group that is installed."""
    app = typer.Typer(
        name="hwb",
        help="Accounts for learners and school staff, kept by what each school's MIS says.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    for group in GROUPS:
        name = f"hwb.cli.{group}"
        if find_spec(name) is not None:
            import_module(name).register(app)
    return app


if __name__ == "__main__":
    main()
