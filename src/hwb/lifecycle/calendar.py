"""Dates as the rules use them: Europe/London calendar dates, the academic year, who is on roll when."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from hwb.extract.records import LearnerRecord, StaffRecord

LONDON = ZoneInfo("Europe/London")

#: Year groups from youngest to oldest; the position is what "falls" and "rises by two" are measured on (R36).
YEAR_GROUPS = ("N1", "N2", "R", *(str(year) for year in range(1, 15)))
_POSITION = {year: position for position, year in enumerate(YEAR_GROUPS)}


def london_date(moment: datetime) -> date:
    """The calendar date in Wales at an aware moment."""
    return moment.astimezone(LONDON).date()


def is_on_roll(record: LearnerRecord | StaffRecord, on: date) -> bool:
    """Start date ≤ d, and no leaving date or d ≤ leaving date: the leaving date is the last day on roll."""
    if record.start_date is None or record.start_date > on:
        return False
    return record.leaving_date is None or on <= record.leaving_date


def has_left(record: LearnerRecord | StaffRecord, on: date) -> bool:
    """Whether the record's leaving date has passed."""
    return record.leaving_date is not None and record.leaving_date < on


def academic_year_start(on: date, *, month: int = 9, day: int = 1) -> date:
    """First day of the academic year that ``on`` lies in (2018 = 2018/19)."""
    start = date(on.year, month, day)
    return start if on >= start else date(on.year - 1, month, day)


def year_position(year_group: str) -> int | None:
    """Place of a year group in school order, None for one that is not known."""
    return _POSITION.get(year_group)


def next_occurrence(month_day: tuple[int, int], after: date) -> date:
    """The first date on or after ``after`` with that month and day."""
    month, day = month_day
    this_year = date(after.year, month, day)
    return this_year if this_year >= after else date(after.year + 1, month, day)
