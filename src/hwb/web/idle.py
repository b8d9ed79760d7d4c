"""How long a session may stand without use: learners 60 minutes, everybody else 30; and when the page warns of it."""

from __future__ import annotations

LEARNERS, ADULTS = 60 * 60, 30 * 60
#: A click is noted once in so many seconds, so a session may be this much older than it seems to the page.
NOTED_EVERY = 60
#: The page warns so many seconds before the end.
WARNED_BEFORE = 120


def idle_seconds(kind: str) -> int:
    """Of an account of this kind (learner, staff, official)."""
    return LEARNERS if kind == "learner" else ADULTS


def warned_after(kind: str) -> int:
    """After how many seconds without a click the page asks whether somebody is still there."""
    return idle_seconds(kind) - NOTED_EVERY - WARNED_BEFORE
