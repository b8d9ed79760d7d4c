"""Django's PostgreSQL backend, whose address is found when a connection is opened.

So that `--help`, type checks and `makemigrations --check` need no running database.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base
from psycopg import conninfo

from hwb import embedded
from hwb.config import environment


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL at HWB_DATABASE_URL, or the embedded one, which this process then owns."""

    def get_connection_params(self) -> dict[str, Any]:
        address = environment.text("HWB_DATABASE_URL") or embedded.ensure(embedded.home())
        params: dict[str, Any] = super().get_connection_params()
        stated = conninfo.conninfo_to_dict(address)
        # The name is the settings': tests use a database of their own, one a process.
        stated.pop("dbname", None)
        return {**params, **{name: value for name, value in stated.items() if value is not None}}
