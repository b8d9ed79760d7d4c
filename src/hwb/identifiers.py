"""The three identifiers that schools send: UPN, DfES number, staff code.

Plain texts and functions over them, not types: a national run judges half a million UPNs, and every
table, message and file carries them as text anyway. ``clean_…`` only tidies; ``…_fault`` judges what was
tidied. Format and check letter: formats.md, "UPN".
"""

from __future__ import annotations

import re
from enum import StrEnum
from operator import mul

#: Letters of a UPN in the order of their values 0–22 (no I, O, S).
UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
STAFF_CODE_LENGTH = 20

_UPN = re.compile(rf"[{UPN_LETTERS}][0-9]{{11}}[0-9{UPN_LETTERS}]")
_WEIGHTS = tuple(range(2, 14))
#: The weighted sum runs over ASCII codes; this takes away what "0" adds at each of positions 2–12.
_ZEROES = ord("0") * sum(_WEIGHTS[:-1])
_LAST_VALUE = {str(n): n for n in range(10)} | {letter: n for n, letter in enumerate(UPN_LETTERS)}
#: What is typed for a digit by mistake.
_MISREAD = str.maketrans("OIL", "011")
_DFES = re.compile(r"(\d{3})\s?[/\-]?\s?(\d{4})", re.ASCII)
_STAFF_CODE_MARKS = frozenset("-./_'& ")


class UpnFault(StrEnum):
    """What is wrong with a UPN; the value is part of problem codes and of test vectors."""

    MISSING = "missing"
    LENGTH = "length"
    LETTER = "letter"
    DIGIT = "digit"
    CHECK = "check"


def clean_upn(text: str) -> str:
    """The UPN without any white space, in capitals; judged by nobody yet."""
    return "".join(text.split()).upper()


def upn_fault(upn: str) -> UpnFault | None:
    """What is wrong with a cleaned UPN, or None when it can be used (temporary UPNs can)."""
    if _UPN.fullmatch(upn):
        return None if upn[0] == _check_letter(upn) else UpnFault.CHECK
    if not upn:
        return UpnFault.MISSING
    if len(upn) != 13:
        return UpnFault.LENGTH
    if any(character not in "0123456789" for character in upn[1:12]):
        return UpnFault.DIGIT
    return UpnFault.LETTER


def is_temporary(upn: str) -> bool:
    """Whether a valid UPN is a temporary one: its last character is a letter (R8)."""
    return upn[-1] in UPN_LETTERS


def suggest_upn(upn: str) -> str | None:
    """The UPN that was probably meant by a faulty one: O for 0, I or L for 1, or another check letter.

    Only ever shown to a person, who compares it with the transfer file; never used for them.
    """
    if len(upn) != 13:
        return None
    last = upn[12] if upn[12] in UPN_LETTERS else upn[12].translate(_MISREAD)
    body = upn[1:12].translate(_MISREAD) + last
    if not _UPN.fullmatch("A" + body):
        return None
    candidate = _check_letter("A" + body) + body
    # Digits put right *and* another check letter would be a guess on a guess.
    return candidate if candidate[0] == upn[0] or body == upn[1:] else None


def _check_letter(upn: str) -> str:
    body = upn[1:12].encode("ascii")
    total = sum(map(mul, _WEIGHTS, body)) - _ZEROES + 13 * _LAST_VALUE[upn[12]]
    return UPN_LETTERS[total % 23]


def parse_dfes_number(text: str) -> str | None:
    """The seven digits of a Welsh school's DfES number, or None.

    "671/1000", "671-1000" and "671 1000" are unambiguous; six digits are not. The authority is 660–681.
    """
    found = _DFES.fullmatch(text.strip())
    if found is None or not 660 <= int(found[1]) <= 681:
        return None
    return found[1] + found[2]


def clean_staff_code(text: str) -> str:
    """The staff code in capitals, trimmed, runs of white space as one space; judged by nobody yet."""
    return " ".join(text.split()).upper()


def staff_code_fault(code: str) -> bool:
    """Whether a cleaned staff code has more than 20 characters, or others than letters, digits, - . / _ ' &."""
    if code.isalnum() and len(code) <= STAFF_CODE_LENGTH:
        return False
    allowed = all(character.isalnum() or character in _STAFF_CODE_MARKS for character in code)
    return not code or len(code) > STAFF_CODE_LENGTH or not allowed or not any(map(str.isalnum, code))
