"""What one school has set, with who changed it last and when (B19)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hwb.directory.queries.rows import fetch


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting; an empty value is the default again."""

    value: str
    changed_by: str
    changed_at: datetime | None


def of_school(school: str) -> dict[str, SettingRow]:
    """By key, without the school's number at its end."""
    return {row.pop("name"): SettingRow(**row) for row in fetch(_OF_SCHOOL, {"school": school})}


_OF_SCHOOL = """
SELECT left(key, -8) AS name, value, changed_by, changed_at FROM setting WHERE right(key, 8) = '.' || %(school)s
"""
