"""The nation's settings that the rules read, with their defaults, in one place."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Final year groups by phase (R36); a phase not named here has its highest year group on roll.
FINAL_YEARS = {"primary": ("6",), "secondary": ("11", "12", "13", "14")}


@dataclass(frozen=True, slots=True)
class Limit:
    """A hold's limit: held when *more than* ``number`` and *more than* ``share`` of the people held."""

    number: int
    share: float


#: The table of holds; each is a setting ``holds.<check>`` = "NUMBER SHARE%".
DEFAULT_LIMITS = {
    "missing": Limit(10, 0.05),
    "losing_access": Limit(10, 0.20),
    "renamed": Limit(10, 0.10),
    "moved_back": Limit(10, 0.10),
    "added": Limit(20, 0.20),
    "overlap": Limit(10, 0.50),
    "duplicates": Limit(5, 0.01),
}


@dataclass(frozen=True, slots=True)
class Grace:
    """Sign-in goes on until the next ``month``-``day`` for leavers of a year group (R39); school "" = all."""

    school: str
    year_group: str
    month: int
    day: int


@dataclass(frozen=True, slots=True)
class Policy:
    """Settings as the rules see them. Month-day pairs are inclusive."""

    limits: dict[str, Limit] = field(default_factory=lambda: dict(DEFAULT_LIMITS))
    missing_days: int = 7
    year_start: tuple[int, int] = (9, 1)
    intake: tuple[tuple[int, int], tuple[int, int]] = ((8, 1), (10, 31))
    leaving_season: tuple[tuple[int, int], tuple[int, int]] = ((6, 1), (10, 31))
    graces: tuple[Grace, ...] = ()
