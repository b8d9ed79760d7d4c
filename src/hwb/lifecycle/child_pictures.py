"""Three pictures, touched in their order, in place of a password; and what wrong ones lead to (ux.md A3).

Tries are counted for each device and child, so that nobody shuts a child out of the other devices. Devices on which
the child has never signed in share a second count: whoever throws the device's cookie away begins there again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hwb.extract.texts import N_

#: Picture → its word beneath.
WORDS = {
    "cat": N_("cat"), "boat": N_("boat"), "apple": N_("apple"), "house": N_("house"), "tree": N_("tree"),
    "sun": N_("sun"), "fish": N_("fish"), "star": N_("star"), "car": N_("car"), "flower": N_("flower"),
    "ball": N_("ball"), "key": N_("key"),
}  # fmt: skip
PICTURES = tuple(WORDS)
NEEDED = 3
#: Wrong tries in a row on one device, and how long it then waits.
TRIES, WAIT = 5, timedelta(minutes=10)
#: Wrong tries in a row on all devices that are new to the child; the wait doubles up to the longest.
NEW_TRIES, LONGEST_WAIT = 10, timedelta(minutes=60)
#: After so many in a row new devices wait for the teacher, while known ones go on.
NEW_END = 100


@dataclass(frozen=True, slots=True)
class Count:
    """Wrong tries in a row, and until when no more are taken; `ended`: until the teacher unlocks."""

    failures: int = 0
    until: datetime | None = None
    ended: bool = False

    def is_shut(self, at: datetime) -> bool:
        """Whether a try is not even looked at."""
        return self.ended or (self.until is not None and at < self.until)


def make(*, choose: Callable[[Sequence[str]], str]) -> tuple[str, ...]:
    """Three different pictures in an order."""
    left, made = list(PICTURES), []
    for _ in range(NEEDED):
        one = choose(left)
        left.remove(one)
        made.append(one)
    return tuple(made)


def are_pictures(chosen: Sequence[str]) -> bool:
    """Whether these can be a child's: three different ones that exist."""
    return len(chosen) == NEEDED and len(set(chosen)) == NEEDED and all(one in PICTURES for one in chosen)


def after_failure(count: Count, *, at: datetime, new_device: bool) -> Count:
    """The count after one more wrong try. new_device: the count that all new devices share."""
    failures = count.failures + 1
    if not new_device:
        return Count(failures, at + WAIT if failures % TRIES == 0 else count.until)
    if failures >= NEW_END:
        return Count(failures, count.until, ended=True)
    if failures % NEW_TRIES:
        return Count(failures, count.until)
    wait: timedelta = min(WAIT * 2 ** (failures // NEW_TRIES - 1), LONGEST_WAIT)
    return Count(failures, at + wait)
