"""Which folder is HWB_HOME."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """HWB_HOME; else `.hwb` in the clone that hwb runs from; else the user's own data folder."""
    named = os.environ.get("HWB_HOME", "").strip()
    if named:
        return Path(named).expanduser().absolute()
    clone = Path(__file__).resolve().parents[3]
    if (clone / "pyproject.toml").exists() and (clone / "Makefile").exists():
        return clone / ".hwb"
    return platformdirs.user_data_path("hwb")
