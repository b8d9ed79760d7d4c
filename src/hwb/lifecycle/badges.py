"""Badges and class codes: what is on them, until when a badge works, and for whom (ux.md A2, A4, 12)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

#: Plain letters and digits that a child does not take for another: no 0 O, 1 I L, 2 Z, 5 S, 8 B, U V.
ALPHABET = "ACDEFGHJKMNPQRTWXY34679"
#: 23 ** 12 is more than 10 ** 16: nobody finds a badge by trying.
LENGTH, GROUP = 12, 4
CLASS_CODE = 6
#: Who signs in with badge and pictures unless the nation or the school says otherwise (B19).
YEARS = frozenset({"N1", "N2", "R", "1", "2", "3", "4", "5", "6"})
_LAST = (8, 31)


def make(length: int, *, choose: Callable[[Sequence[str]], str]) -> str:
    """A random code; `choose` takes one of several, each as likely as the others."""
    return "".join(choose(ALPHABET) for _ in range(length))


def read(typed: str, *, length: int = LENGTH) -> str:
    """The code in what was typed or scanned, whatever its case and spacing; empty for what can be none."""
    code = "".join(mark for mark in typed.upper() if not mark.isspace() and mark not in "-–.")
    return code if len(code) == length and all(mark in ALPHABET for mark in code) else ""


def written(code: str) -> str:
    """In groups of four, as it stands under the square."""
    return " ".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def last_day(made: date) -> date:
    """Badges end on 31 August; one that is made in August is for the year that begins."""
    return date(made.year + (made.month >= _LAST[0]), *_LAST)


def allowed(year_group: str, *, decided: bool | None) -> bool:
    """Whether a year group signs in with badge and pictures: as was decided, else the youngest do."""
    return year_group in YEARS if decided is None else decided
