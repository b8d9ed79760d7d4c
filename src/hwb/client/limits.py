"""How long the client tries and waits: settings of the environment, each documented in docs/."""

from __future__ import annotations

import os
from dataclasses import dataclass

from hwb.client.faults import WrongUse
from hwb.extract.texts import N_, Text

LONGEST_PAUSE = 600.0  # seconds; a pause never grows beyond it
LONGEST_POLL = 2.0  # seconds between two looks at a run that takes long


@dataclass(frozen=True, slots=True)
class Limits:
    """tries: of one request; pause, poll, wait, timeout, command: seconds."""

    tries: int
    pause: float
    poll: float
    wait: float
    timeout: float
    command: float

    @classmethod
    def of_environment(cls, *, tries: int | None = None) -> Limits:
        """The HWB_CLIENT_… settings; ``tries`` overrides. Raises WrongUse for one that is no positive number."""
        return cls(
            tries or int(_number("HWB_CLIENT_TRIES", 4, least=1)),
            _number("HWB_CLIENT_PAUSE", 1.0),
            _number("HWB_CLIENT_POLL", 0.3),
            _number("HWB_CLIENT_WAIT", 600.0),
            _number("HWB_CLIENT_TIMEOUT", 60.0),
            _number("HWB_CLIENT_COMMAND_SECONDS", 1800.0),
        )


def _number(name: str, default: float, *, least: float = 0.0) -> float:
    text = os.environ.get(name, "").strip()
    try:
        value = float(text) if text else float(default)
    except ValueError:
        value = -1.0
    if not least <= value < float("inf"):
        raise WrongUse(Text(N_("The setting {name} is not a positive number."), {"name": name}))
    return value
