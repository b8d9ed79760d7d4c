"""The client's folder: key, settings, spool, log. Everything in it is its owner's only."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from hwb.client.faults import WrongUse
from hwb.extract.texts import N_, Text

KEY = "key.pem"


@dataclass(frozen=True, slots=True)
class Home:
    """Where one client keeps what it knows."""

    folder: Path

    @classmethod
    def of(cls, option: Path | None) -> Home:
        """``--home``, else HWB_CLIENT_HOME, else the user's data folder; 0700 when it is made here.

        Raises WrongUse when it cannot be made or is no folder.
        """
        chosen = option or os.environ.get("HWB_CLIENT_HOME") or platformdirs.user_data_dir("hwb-client")
        folder = Path(chosen).expanduser().absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            raise WrongUse(Text(N_("This folder cannot be used: {folder}"), {"folder": str(folder)})) from None
        return cls(folder)

    def place(self, name: str) -> Path:
        """A path in the home, in a folder that only the owner may enter."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True, mode=0o700)
        return path

    def write(self, name: str, content: bytes) -> Path:
        """A file that only its owner may read, on disk whole or not at all."""
        path = self.place(name)
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        return path

    def write_json(self, name: str, content: dict[str, Any]) -> Path:
        return self.write(name, json.dumps(content, ensure_ascii=False, indent=2).encode())

    def read_json(self, name: str) -> dict[str, Any]:
        """The content of a settings file, empty when there is none. Raises WrongUse when it is damaged."""
        path = self.folder / name
        try:
            content = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        except (OSError, ValueError):
            content = None
        if not isinstance(content, dict):
            raise WrongUse(Text(N_("The client's settings cannot be read: {path}"), {"path": str(path)}))
        return content

    def settings(self) -> dict[str, Any]:
        """server, client, schools and expires after enrolling; empty before."""
        return self.read_json("settings.json")

    def remember(self, settings: dict[str, Any]) -> None:
        self.write_json("settings.json", settings)

    def private_key(self) -> bytes | None:
        path = self.folder / KEY
        return path.read_bytes() if path.is_file() else None

    def is_enrolled(self) -> bool:
        return bool(self.settings().get("client")) and (self.folder / KEY).is_file()

    def schools(self) -> list[str]:
        """DfES numbers of the schools that this client was enrolled for."""
        return [str(item["school"]) for item in self.settings().get("schools", [])]
