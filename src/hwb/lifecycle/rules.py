"""The rules by number, as ``docs/rules`` explains them."""

from __future__ import annotations

from enum import StrEnum


class Rule(StrEnum):
    """One member a rule; its value is the name that audit, screens and messages use."""

    R1 = "R1"
    R2 = "R2"
    R3 = "R3"
    R4 = "R4"
    R5 = "R5"
    R6 = "R6"
    R7 = "R7"
    R8 = "R8"
    R9 = "R9"
    R10 = "R10"
    R11 = "R11"
    R20 = "R20"
    R21 = "R21"
    R22 = "R22"
    R23 = "R23"
    R24 = "R24"
    R25 = "R25"
    R30 = "R30"
    R31 = "R31"
    R32 = "R32"
    R33 = "R33"
    R34 = "R34"
    R35 = "R35"
    R36 = "R36"
    R37 = "R37"
    R38 = "R38"
    R39 = "R39"
    R40 = "R40"
    R41 = "R41"
    R42 = "R42"
    R43 = "R43"
    #: withdrawing an accepted snapshot ("The idea" in the rules)
    UNDO = "undo"
