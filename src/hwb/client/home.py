"""The client's folder: key, settings, each school's source, and the spool. Files are its owner's only."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs


@dataclass(frozen=True, slots=True)
class Home:
    """Where one client keeps what it knows."""

    folder: Path

    @classmethod
    def of(cls, option: Path | None) -> Home:
        """``--home``, else HWB_CLIENT_HOME, else the user's data folder; made 0700."""
        chosen = option or os.environ.get("HWB_CLIENT_HOME") or platformdirs.user_data_dir("hwb-client")
        folder = Path(chosen)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(folder)

    def write(self, name: str, content: bytes) -> Path:
        """A file that only its owner may read, whole or not at all."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_name(path.name + ".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        return path

    def settings(self) -> dict[str, Any]:
        """Server, client id and schools after enrolling; empty before."""
        path = self.folder / "settings.json"
        return json.loads(path.read_text("utf-8")) if path.is_file() else {}

    def remember(self, settings: dict[str, Any]) -> None:
        self.write("settings.json", json.dumps(settings, indent=2).encode())

    def private_key(self) -> bytes | None:
        path = self.folder / "key.pem"
        return path.read_bytes() if path.is_file() else None

    def spooled(self) -> list[Path]:
        """Runs that wait for the server, oldest first."""
        return sorted((self.folder / "spool").glob("*.json"))
