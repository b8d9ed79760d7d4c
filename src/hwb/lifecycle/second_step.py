"""The second sign-in step: codes of an app (TOTP, RFC 6238), how often one may guess, who helps with a lost device."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

STEP_SECONDS = 30
DIGITS = 6
#: Codes of the step before and after are taken too: clocks differ, and typing takes its time.
TOLERANCE = 1
SECRET_BYTES = 20
#: As many in a set, each good for one sign-in. Letters and digits that are told apart on paper; about 48 bits.
RECOVERY_CODES = 10
RECOVERY_LETTERS = "23456789bcdfghjkmnpqrstvwxyz"
RECOVERY_LENGTH = 14  # 67 bits: SP 800-63B-4 wants 64 of codes that are kept on paper
#: Wrong codes in a row before the first wait. Whoever gets here knows the password already.
FREE_TRIES = 5
FIRST_WAIT = timedelta(minutes=5)
LONGEST_WAIT = timedelta(minutes=60)


def secret_text(secret: bytes) -> str:
    """The secret as apps take it (base32)."""
    return base64.b32encode(secret).decode()


def code_at(secret: str, step: int) -> str:
    """The code of one time step (RFC 4226, 5.3)."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(secret: str, typed: str, *, at: float, used: int) -> int | None:
    """The time step whose code was typed, later than `used`, the newest that was taken; None when it is none.

    A code is taken once: seen over a shoulder, it is worth nothing. at: seconds since 1970 by the real clock.
    """
    now = int(at) // STEP_SECONDS
    plain = plain_code(typed).encode()
    fitting = None
    for step in range(now - TOLERANCE, now + TOLERANCE + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), plain) and step > used:
            fitting = step
    return fitting


def plain_code(typed: str) -> str:
    """A typed code without the spaces and hyphens that people put into it."""
    return "".join(letter for letter in typed.casefold() if letter.isascii() and letter.isalnum())


def recovery_code(choose: Callable[[str], str]) -> str:
    """A new recovery code, in two groups. choose: takes one letter of several, by chance."""
    letters = "".join(choose(RECOVERY_LETTERS) for _ in range(RECOVERY_LENGTH))
    return f"{letters[: RECOVERY_LENGTH // 2]}-{letters[RECOVERY_LENGTH // 2 :]}"


def wait_after(failures: int) -> timedelta:
    """How long no further code is looked at, after so many wrong ones in a row."""
    if failures < FREE_TRIES:
        return timedelta(0)
    doublings = min(failures - FREE_TRIES, 10)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


class Help(StrEnum):
    """What somebody may do about another person's lost device."""

    NO = "no"
    ALONE = "alone"
    #: With a second person, who confirms it.
    TWO = "two"


@dataclass(frozen=True, slots=True)
class Held:
    """A role for a school, an area, or with neither the nation. `staff` and `learner`: a place without a role."""

    role: str
    school: str = ""
    area: str = ""


_NATION = frozenset({"agent", "operator", "auditor"})
_SUPPORT = frozenset({"agent", "operator"})
_BELOW_CHAMPION = frozenset({"champion", "mis_admin", "teacher", "staff", "learner"})


def help_for(target: Sequence[Held], *, helper: Sequence[Held]) -> Help:
    """Whether `helper` may take away the lost device of somebody who holds `target`; the strictest role decides.

    Support's own need two people. A headteacher's: support, or an authority officer with a second officer or support.
    Everybody below a headteacher at a school: its Digital Champions and headteacher. Everybody else: support.
    """
    answers = [_for_role(held, helper) for held in target or (Held("none"),)]
    for answer in (Help.NO, Help.TWO):
        if answer in answers:
            return answer
    return Help.ALONE


def _for_role(held: Held, helper: Sequence[Held]) -> Help:
    supports = any(one.role in _SUPPORT for one in helper)
    if held.role in _NATION:
        return Help.TWO if supports else Help.NO
    if supports:
        return Help.ALONE
    if held.role == "head":
        officer = any(one.role == "area_officer" and held.school.startswith(one.area) for one in helper)
        return Help.TWO if officer else Help.NO
    at_school = any(one.role in ("champion", "head") and one.school == held.school for one in helper)
    return Help.ALONE if held.role in _BELOW_CHAMPION and held.school and at_school else Help.NO
