"""Where one home's database lies on disk.

Normally `HOME/database`. Where PostgreSQL's user cannot get there (root's home below a closed folder), in a
system folder that HOME/database.json points to. Secrets never leave HOME.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hwb.embedded.reach import Account, choose_account, may_enter, running_as_root

SYSTEM_FOLDER = Path("/var/lib/hwb")
SOCKET_NAME = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 100  # 107 bytes on Linux, 103 on macOS


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of one home. account: as whom PostgreSQL runs there, None for as we do."""

    home: Path
    root: Path
    account: Account | None

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def socket_folder(self) -> Path | None:
        """The folder of the socket; None when its path is too long for one and loopback is used."""
        path = self.root / SOCKET_NAME
        return self.root if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH else None


def prepare_home(home: Path) -> Path:
    """Makes the home folder, for its owner alone, and returns it without symbolic links."""
    if not home.exists():
        # The database's user must pass through root's home; what is secret in it has mode 0600.
        home.mkdir(mode=0o711 if running_as_root() else 0o700, parents=True, exist_ok=True)
        home.chmod(0o711 if running_as_root() else 0o700)
    return home.resolve()


def find_place(home: Path) -> Place:
    """Where `home` keeps its database; chosen and made at the first call."""
    pointer = home / "database.json"
    if pointer.exists():
        root = Path(json.loads(pointer.read_text("utf-8"))["root"])
    else:
        root = _choose_root(home)
        write_private(pointer, json.dumps({"root": str(root)}))
    account = choose_account(root / "data")
    if not root.exists():
        root.mkdir(mode=0o700, parents=True)
    root.chmod(0o700)
    if account is not None:
        os.chown(root, account.uid, account.gid)
    return Place(home, root, account)


def system_folder() -> Path | None:
    """The folder that root shares with PostgreSQL's user; None where it cannot be made."""
    try:
        if not SYSTEM_FOLDER.exists():
            SYSTEM_FOLDER.mkdir(parents=True)
            SYSTEM_FOLDER.chmod(0o755)  # whatever the umask says
    except OSError:
        return None
    return SYSTEM_FOLDER if os.access(SYSTEM_FOLDER, os.W_OK) else None


def remove_place(home: Path) -> None:
    """Removes the database's folder, wherever it lies. The server must be stopped."""
    pointer = home / "database.json"
    if pointer.exists():
        root = Path(json.loads(pointer.read_text("utf-8"))["root"])
        pointer.unlink()
        shutil.rmtree(root, ignore_errors=True)


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read, whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)


def _choose_root(home: Path) -> Path:
    inside = home / "database"
    account = choose_account(inside / "data")
    if account is None or may_enter(home, account):
        return inside
    folder = system_folder()
    if folder is not None:
        # A name of its own, not the home's: a home made anew at the same path must not meet old data.
        return folder / f"database-{secrets.token_hex(8)}"
    shared = Path(tempfile.mkdtemp(prefix="hwb-"))
    shared.chmod(0o711)
    return shared / "database"
