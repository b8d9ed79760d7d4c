"""The band of somebody's age, told instead of the birth date."""

from __future__ import annotations

from datetime import date

#: The first year of age of each band, the youngest last.
_BANDS = ((18, "adult"), (16, "16_17"), (13, "13_15"), (0, "under_13"))


def age_band(birth_date: date | None, *, kind: str, on: date) -> str | None:
    """under_13, 13_15, 16_17 or adult (interfaces.md). Staff and officials are adults; a learner without a birth date
    has no band. Whoever was born on 29 February is a year older on 1 March."""
    if kind != "learner":
        return "adult"
    if birth_date is None:
        return None
    age = on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))
    return next((band for first, band in _BANDS if age >= first), "under_13")
