"""Who PostgreSQL runs as, and which folders that user can reach.

PostgreSQL refuses to run as root. Started by root it runs as an unprivileged user, who may be shut out of
the folders where we and our data lie.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

if os.name == "posix":
    import pwd

# In this order; the system's own PostgreSQL user is the one an administrator expects to see.
_CANDIDATES = ("postgres", "nobody", "daemon")


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the operating system, by numbers."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()


class NoUnprivilegedUser(RuntimeError):
    """Run as root on a machine without any unprivileged user."""


def running_as_root() -> bool:
    return os.name == "posix" and os.geteuid() == 0


def choose_account(data: Path) -> Account | None:
    """As whom PostgreSQL runs on `data`; None for as we do. Data that exists keeps its owner."""
    if not running_as_root():
        return None
    if data.exists() and data.stat().st_uid != 0:
        return Account(data.stat().st_uid, data.stat().st_gid)
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid)
    raise NoUnprivilegedUser("PostgreSQL cannot run as root, and this machine has no user for it.")


def may_enter(path: Path, account: Account) -> bool:
    """Whether the account may search (a folder) or run (a file) `path`, through all folders above it."""
    return _allowed(path, account, 0o1)


def may_read(path: Path, account: Account) -> bool:
    """Whether the account may read the file `path`, through all folders above it."""
    return _allowed(path, account, 0o4)


def _allowed(path: Path, account: Account, right: int) -> bool:
    path = path.resolve()
    return _grants(path, account, right) and all(_grants(folder, account, 0o1) for folder in path.parents)


def _grants(path: Path, account: Account, right: int) -> bool:
    status = path.stat()
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid == account.uid:
        return bool(mode >> 6 & right)
    if status.st_gid == account.gid or status.st_gid in account.groups:
        return bool(mode >> 3 & right)
    return bool(mode & right)
