"""A connector's secret: from the environment, or from a file that the environment names; never from the database."""

from __future__ import annotations

import os
from pathlib import Path

from hwb.connectors.answers import ServiceAway


def variable(name: str) -> str:
    """The variable that holds the secret of the connector of this name; with _FILE, the one that names its file."""
    return f"HWB_CONNECTOR_{name.upper().replace('-', '_')}_SECRET"


def read(name: str) -> str:
    """The secret. Raises ServiceAway, which names the variable and never holds the secret."""
    direct = os.environ.get(variable(name), "").strip()
    if direct:
        return direct
    place = os.environ.get(f"{variable(name)}_FILE", "").strip()
    if not place:
        raise ServiceAway(f"neither {variable(name)} nor {variable(name)}_FILE is set")
    try:
        found = Path(place).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ServiceAway(f"{variable(name)}_FILE cannot be read: {type(error).__name__}") from None
    if not found:
        raise ServiceAway(f"{variable(name)}_FILE is empty")
    return found
