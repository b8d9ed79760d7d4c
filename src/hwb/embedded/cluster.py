"""One PostgreSQL cluster: made once, configured at every start, described by a DSN."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hwb.embedded.binaries import Binaries, EmbeddedDatabaseUnavailable
from hwb.embedded.place import SOCKET_NAME, Place, find_place, write_private

ROLE = DATABASE = "hwb"
SUPERUSER = "postgres"

# Fit for two cores and 400 MiB together with web and worker; what must hold is in reliability's figures.
SETTINGS: Mapping[str, str] = {
    "shared_buffers": "128MB",
    "max_connections": "200",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "512MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    # These programs know pglz alone, which took a sixth of the processor during a nation's September.
    "wal_compression": "off",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_parallel_workers_per_gather": "1",
    "synchronous_commit": "on",
    "fsync": "on",
    "full_page_writes": "on",
    "autovacuum": "on",
    "idle_in_transaction_session_timeout": "60s",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    # No personal data in logs: neither statements, nor their values, nor the keys of a broken constraint.
    "log_min_messages": "log",  # in the order of this setting, errors come below "log"
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    "log_autovacuum_min_duration": "-1",
    "log_checkpoints": "off",
}


def initialise(place: Place, binaries: Binaries) -> None:
    """Makes the cluster unless it is there: whole or not at all, also when killed on the way."""
    if place.data.exists():
        _check_version(place, binaries)
        return
    fresh = place.root / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    _secret(place.home, ROLE, make=True)
    _run_initdb(place, binaries, fresh)
    _create_database(place, binaries, fresh)
    fresh.rename(place.data)


def server_command(place: Place, binaries: Binaries) -> list[str]:
    """The command of the server with our settings and address.

    Settings travel as arguments: started by root, we never write into a folder of PostgreSQL's user.
    """
    settings = dict(SETTINGS)
    if place.socket_folder is not None:
        address = {"listen_addresses": "", "unix_socket_directories": str(place.socket_folder), "port": "5432"}
    else:
        address = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": str(_port(place))}
    command = [str(binaries.program("postgres")), "-D", str(place.data)]
    for name, value in {**settings, **address}.items():
        command += ["-c", f"{name}={value}"]
    return command


def application_dsn(place: Place) -> str:
    """A libpq address of database hwb for its owner, a role without superuser."""
    return _dsn(place, ROLE, DATABASE)


def accepts(place: Place) -> bool:
    """Whether a server listens there at this moment; the keeper's word may be a fraction of a second old."""
    family, address = (
        (socket.AF_INET, ("127.0.0.1", _port(place)))
        if place.socket_folder is None
        else (socket.AF_UNIX, str(place.socket_folder / SOCKET_NAME))
    )
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex(address) == 0


def superuser_dsn(home: Path) -> str:
    """The address of the cluster's superuser, for backups and tests; the application never uses it."""
    return _dsn(find_place(home.resolve()), SUPERUSER, "postgres")


def as_account(place: Place) -> dict[str, Any]:
    """subprocess arguments that drop root's rights for PostgreSQL's user."""
    if place.account is None:
        return {}
    return {"user": place.account.uid, "group": place.account.gid, "extra_groups": list(place.account.groups)}


def environment() -> dict[str, str]:
    """PostgreSQL's environment: none of ours, no PG* variable of the user's."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def give(path: Path, place: Place) -> None:
    """Makes a file the property of PostgreSQL's user, for it alone."""
    path.chmod(0o600)
    if place.account is not None:
        os.chown(path, place.account.uid, place.account.gid)


def _run_initdb(place: Place, binaries: Binaries, fresh: Path) -> None:
    handle, name = tempfile.mkstemp(dir=place.root)
    password_file = Path(name)
    try:
        os.write(handle, (_secret(place.home, SUPERUSER, make=True) + "\n").encode())
        os.close(handle)
        give(password_file, place)
        provider = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if binaries.major >= 17 else []
        _run(
            place,
            [
                str(binaries.program("initdb")), f"--pgdata={fresh}", f"--username={SUPERUSER}",
                f"--pwfile={password_file}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C",
                "--data-checksums", "--no-instructions", *provider,
            ],
        )  # fmt: skip
    finally:
        password_file.unlink(missing_ok=True)


def _create_database(place: Place, binaries: Binaries, fresh: Path) -> None:
    secret = _secret(place.home, ROLE, make=False)
    # The single-user server takes one statement a line; the secret is hexadecimal, so it needs no escaping.
    statements = (
        f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD '{secret}'\n"
        f"CREATE DATABASE {DATABASE} OWNER {ROLE}\n"
        f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC\n"
    )
    command = [str(binaries.program("postgres")), "--single", "-j", "-D", str(fresh)]
    # -j ends a statement at ";\n\n", which lets none be cut in the middle.
    _run(place, [*command, "postgres"], text=statements.replace("\n", ";\n\n"))


def _run(place: Place, command: list[str], *, text: str = "") -> None:
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, cwd=place.root,
        env=environment(), umask=0o077, **as_account(place),
    )  # fmt: skip
    if done.returncode != 0 or "ERROR:" in done.stderr or "FATAL:" in done.stderr:
        said = (done.stderr or done.stdout).strip()
        raise EmbeddedDatabaseUnavailable(f"PostgreSQL could not be initialised in {place.root}: {said}")


def _check_version(place: Place, binaries: Binaries) -> None:
    made_by = (place.data / "PG_VERSION").read_text("ascii").strip()
    if made_by != str(binaries.major):
        raise EmbeddedDatabaseUnavailable(
            f"The data in {place.data} was made by PostgreSQL {made_by}; this hwb brings {binaries.major}. "
            "docs/howto/the-embedded-database.md says how to move it."
        )


def _dsn(place: Place, role: str, database: str) -> str:
    credentials = f"{role}:{_secret(place.home, role, make=False)}"
    if place.socket_folder is None:
        return f"postgresql://{credentials}@127.0.0.1:{_port(place)}/{database}"
    return f"postgresql://{credentials}@/{database}?host={quote(str(place.socket_folder), safe='')}&port=5432"


def _secret(home: Path, role: str, *, make: bool) -> str:
    path = home / f"database-{role}.secret"
    if make and not path.exists():
        write_private(path, secrets.token_hex(32))
    return path.read_text("utf-8").strip()


def _port(place: Place) -> int:
    """The loopback port, chosen once, so that an address given out stays true."""
    path = place.home / "database-port.json"
    if not path.exists():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            write_private(path, json.dumps(probe.getsockname()[1]))
    return int(json.loads(path.read_text("utf-8")))
