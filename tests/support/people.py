"""Invented people and schools for tests."""

from __future__ import annotations

from datetime import date
from typing import Any

from hwb.extract.records import LearnerRecord, StaffRecord

PRIMARY, SECONDARY, OTHER = "6712041", "6714041", "6714052"
LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
#: surnames in the order of the Welsh alphabet (ux.md 13.3)
WELSH_ORDER = [
    "Cadwaladr",
    "Crowther",
    "Cyril",
    "Chappell",
    "Davies",
    "Dwyfor",
    "Dylan",
    "Ddu",
    "Evans",
    "Fychan",
    "Ffransis",
    "Griffiths",
    "Gwyn",
    "Ngata",
    "Hughes",
    "Jones",
    "Lewis",
    "Lynch",
    "Lloyd",
    "Llywelyn",
    "O'Neill",
    "Parry",
    "Price",
    "Puw",
    "Phillips",
    "Rees",
    "Roberts",
    "Rhys",
    "Siân",
    "Siôn",
    "Tudor",
    "Tyler",
    "Thomas",
    "Williams",
    "Wyn",
    "Ŵyn",
    "Ynyr",
]


def upn(number: int) -> str:
    """A valid UPN with a right check letter, different for each number."""
    digits = f"671{2041 + number // 100_000:04d}{number % 100_000:05d}"[:12].ljust(12, "0")
    total = sum(position * int(digit) for position, digit in enumerate(digits, start=2))
    return LETTERS[total % 23] + digits


def learner(number: int = 1, **values: Any) -> LearnerRecord:
    """A learner on roll since September 2017, in year 6."""
    known: dict[str, Any] = {
        "upn": upn(number),
        "legal_surname": f"Rees{chr(97 + number % 26)}",
        "legal_forename": f"Mali{number}",
        "birth_date": date(2007, 1 + number % 12, 1 + number % 28),
        "year_group": "6",
        "start_date": date(2017, 9, 4),
    }
    return LearnerRecord(**{**known, **values})


def staff(code: str = "RJ", **values: Any) -> StaffRecord:
    """A member of staff since September 2017."""
    known: dict[str, Any] = {
        "legal_surname": f"Jones{code.lower()}",
        "legal_forename": f"Rhian{code.lower()}",
        "staff_code": code,
        "start_date": date(2017, 9, 1),
    }
    return StaffRecord(**{**known, **values})
