"""What every connector says of a service that cannot be used just now."""

from __future__ import annotations


class ServiceAway(Exception):
    """The service does not answer, or takes no orders from us. The text is for operators: nothing of a person."""


class ServiceBusy(Exception):
    """The service asks for patience."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"for {seconds:g} s")
        self.seconds = seconds
