"""What time it is on the calendar. Asked at the edges only: cli, api, jobs, client.

`HWB_NOW` lets a school year be rehearsed: an ISO date-time, or `@FILE` whose content is read at each use.
It counts only outside production (interfaces.md). Sessions, keys, codes and retries never ask here.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


class ClockNotReadable(ValueError):
    """HWB_NOW is neither an ISO date-time nor @FILE holding one."""


def now() -> datetime:
    """This moment, aware, in UTC; what HWB_NOW says where the calendar is rehearsed."""
    rehearsed = rehearsed_now()
    return datetime.now(UTC) if rehearsed is None else rehearsed


def today() -> date:
    """The calendar date in Europe/London, on which leaving and starting dates take effect."""
    return calendar_date(now())


def calendar_date(moment: datetime) -> date:
    """The Europe/London date of an aware moment."""
    return moment.astimezone(LONDON).date()


def rehearsed_now() -> datetime | None:
    """The moment HWB_NOW sets, in UTC; None when it is unset or in production."""
    setting = os.environ.get("HWB_NOW", "").strip()
    if not setting or is_production():
        return None
    text = Path(setting[1:]).read_text("utf-8").strip() if setting.startswith("@") else setting
    return parse_moment(text)


def rehearsed(at: datetime) -> datetime:
    """A real moment on the calendar that is rehearsed: as far from its now as it is from the real one."""
    now_ = rehearsed_now()
    return at if now_ is None else now_ - (datetime.now(UTC) - at)


def parse_moment(text: str) -> datetime:
    """An ISO date-time as an aware moment in UTC; one without offset is Europe/London's.

    Raises ClockNotReadable.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ClockNotReadable(f"not an ISO date-time: {text.strip()!r}") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=LONDON)
    return moment.astimezone(UTC)


def is_production() -> bool:
    """Production is declared by HWB_PRODUCTION=1 and by nothing else."""
    return os.environ.get("HWB_PRODUCTION", "").strip() == "1"


def is_every_day(at: str) -> bool:
    """Whether HH:MM is a time of day that each day of the year has exactly once in Europe/London."""
    return re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", at) is not None and not at.startswith("01:")
