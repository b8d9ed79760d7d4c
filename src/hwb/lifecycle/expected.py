"""When a school's client is expected to run next, as far as it says (ux.md B1, B2)."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from hwb.lifecycle.calendar import LONDON

_TIME = re.compile(r"\b([01]\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?\b")


def time_of(schedule: str) -> time | None:
    """The time of day at which a client says that it runs, None when it does not say exactly one."""
    times = list(_TIME.finditer(schedule))
    return time(int(times[0][1]), int(times[0][2])) if len(times) == 1 else None


def next_run(schedule: str, *, after: datetime) -> datetime | None:
    """The first moment after ``after`` at the schedule's time of day in Wales; None when no time is known."""
    at = time_of(schedule)
    if at is None:
        return None
    local = after.astimezone(LONDON)
    for days in (0, 1):
        moment = datetime.combine(local.date() + timedelta(days=days), at, LONDON)
        if moment > local:
            return moment
    return None
