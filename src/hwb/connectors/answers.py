"""What every connector says of a service that cannot be used just now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class ServiceAway(Exception):
    """The service does not answer, or takes no orders from us. The text is for operators: nothing of a person."""


class ServiceBusy(Exception):
    """The service asks for patience."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"for {seconds:g} s")
        self.seconds = seconds


class OutOfTime(Exception):
    """The time that was given for requests is over: what they are about may be another worker's by now."""


class Turn:
    """How long requests may be sent. Asked before each of them, tokens' too: one request may take as long as a worker's
    margin, and a late one would undo what another worker has done since."""

    def __init__(self) -> None:
        self._in_time: Callable[[], bool] = _always

    @contextmanager
    def lasting(self, in_time: Callable[[], bool]) -> Iterator[None]:
        """Within the block nothing is sent that is not ``in_time``; the block ends there, and what it did stands."""
        self._in_time = in_time
        try:
            yield
        except OutOfTime:
            return
        finally:
            self._in_time = _always

    def require(self) -> None:
        """Raises OutOfTime."""
        if not self._in_time():
            raise OutOfTime


def _always() -> bool:
    return True
