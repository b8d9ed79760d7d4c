"""When a password may be tried, after how many wrong ones, and what looks like guessing: the figures, and nothing else.

Counted are a submitted name, whether anybody has it or not, and a device on which the account has signed in before:
so nobody on another device can shut a child out, and waiting tells nothing of who exists. A school is one address with
a thousand learners: an address is slowed down only when its attempts cannot be those of people who know their
passwords. Times are by the real clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

#: Pause after the 4th to the 9th wrong password in a row; before that there is none.
PAUSES = (3, 5, 10, 20, 40, 60)
FREE = 3
#: So many wrong ones lock, the first time for so long, each further time twice as long.
LOCKS_AT = 10
FIRST_LOCK = timedelta(minutes=5)
LONGEST_LOCK = timedelta(minutes=60)
#: After this time without a wrong password the next lock is a short one again.
CALM = timedelta(hours=1)
#: A school is told of so many wrong ones, for so long.
TOLD_FROM = 3
REMEMBERED = timedelta(days=7)
#: So many in a row, and unknown devices need a new password.
CLOSES_AT = 100

#: What is looked at when many names are tried: the last ten minutes.
WINDOW = timedelta(minutes=10)
ADDRESS_FAILURES = 300
ADDRESS_NAMES = 50
ADDRESS_SHARE = 60  # per cent of its attempts
#: An address that guesses gets one try in this time, until a window has passed without new ground for it.
SLOW = timedelta(seconds=2)
#: One and the same wrong password with more names than this is being sprayed.
SPRAYED_NAMES = 20
#: Wrong passwords of an hour against those of the same hour a week before: so many times as many are told.
ALARM_TIMES = 5
ALARM_LEAST = 100


class Bar(StrEnum):
    """What keeps a password from being tried."""

    PAUSE = "pause"
    LOCK = "lock"
    CLOSED = "closed"
    SLOWED = "slowed"


@dataclass(frozen=True, slots=True)
class Count:
    """Wrong passwords of one name, or of one account on one device. ``row``: since the last right one; ``locks``: in
    this stretch; ``until``: nothing is tried before."""

    row: int = 0
    locks: int = 0
    until: datetime | None = None
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a school sees of an account's wrong passwords: how many since the last right one, until when the sign-in is
    locked somewhere, and whether devices that do not know the account accept no password any more."""

    wrong: int = 0
    locked: datetime | None = None
    closed: bool = False

    @property
    def can_be_unlocked(self) -> bool:
        return self.locked is not None or self.closed


NO_TROUBLE = Trouble()


@dataclass(frozen=True, slots=True)
class AddressSeen:
    """An address in the last ten minutes: all attempts, wrong ones, and how many names these had."""

    tried: int
    failed: int
    names: int


def bar(count: Count, *, known_device: bool, at: datetime) -> Bar | None:
    """What keeps the next password from being tried now; None when nothing does."""
    if count.row >= CLOSES_AT and not known_device:
        return Bar.CLOSED
    if count.until is None or at >= count.until:
        return None
    return Bar.LOCK if count.row % LOCKS_AT == 0 else Bar.PAUSE


def after_wrong(count: Count, *, at: datetime) -> Count:
    """The count after one more wrong password."""
    since = max(filter(None, (count.last, count.until)), default=None)
    locks = 0 if since is not None and at - since >= CALM else count.locks
    row = count.row + 1
    place = row % LOCKS_AT
    if place == 0:
        return Count(row, locks + 1, at + min(FIRST_LOCK * 2**locks, LONGEST_LOCK), at)
    pause = PAUSES[place - FREE - 1] if place > FREE else 0
    return Count(row, locks, at + timedelta(seconds=pause) if pause else None, at)


def after_right_elsewhere(count: Count) -> Count:
    """The person signed in on a device that is known: guesses made elsewhere are in a row no more, but their wait and
    the length of the next lock stay."""
    return replace(count, row=count.row % LOCKS_AT or (LOCKS_AT if count.row else 0))


def trouble(counts: Iterable[tuple[Count, bool]], *, at: datetime) -> Trouble:
    """The counts of one account, each with whether it is a known device's, as its school sees them. What is a week old
    explains nothing."""
    found = [(count, bar(count, known_device=known, at=at)) for count, known in counts]
    wrong = sum(count.row for count, _ in found if count.last is not None and at - count.last <= REMEMBERED)
    locked = max((count.until for count, why in found if why is Bar.LOCK and count.until), default=None)
    return Trouble(wrong, locked, any(why is Bar.CLOSED for _, why in found))


def is_guessing(seen: AddressSeen) -> bool:
    """Whether an address tries names as no school's own people do."""
    return (
        seen.failed >= ADDRESS_FAILURES
        and seen.names > ADDRESS_NAMES
        and seen.failed * 100 > seen.tried * ADDRESS_SHARE
    )


def is_sprayed(names: int) -> bool:
    """Whether one wrong password was tried with so many names that nobody mistyped it."""
    return names > SPRAYED_NAMES


def is_alarming(*, failed: int, week_before: int) -> bool:
    """Whether an hour has so many wrong passwords that somebody should look."""
    return failed >= ALARM_LEAST and failed >= ALARM_TIMES * week_before
