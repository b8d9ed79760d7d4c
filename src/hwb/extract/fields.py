"""How one field of a record is read: dates, names, year groups, enrolment status, classes.

Every function takes trimmed text and knows nothing of the record around it. What schools write repeats
(dates, year groups, classes), so those readings are remembered.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
NAME_LENGTH = 100
CLASS_LENGTH = 50
TEXT_LENGTH = 100

TextFault = Literal["characters", "length"]

_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ](.*))?")
_BRITISH = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(?: [0-9:]+)?")
_MIDNIGHT = re.compile(r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?")
_YEAR_GROUP = re.compile(r"(?:(?:nc |curriculum )?year|yr\.?|y|blwyddyn|bl\.?)?\s*(n[12]|r|0?[1-9]|1[0-4])")
_NAMED_YEARS = {
    "reception": "R",
    "derbyn": "R",
    "dosbarth derbyn": "R",
    "nursery 1": "N1",
    "nursery 2": "N2",
    "meithrin 1": "N1",
    "meithrin 2": "N2",
}
_STATUSES = {"": "C", "current": "C", "main": "M", "subsidiary": "S", "guest": "G"} | {c.lower(): c for c in "CMSG"}
#: Letters of Welsh and most European names, single spaces, hyphen, apostrophe, full stop.
_PLAIN_NAME = re.compile(r"[A-Za-zÀ-ÖØ-öø-žẀ-ỿ'’.\- ]+")
#: Control, format (zero width, right-to-left), surrogate, private, unassigned, symbols as emoji, separators.
_UNUSABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "So", "Zl", "Zp"})
_VARIATION_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))
_SKIN_TONES = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
_NEVER_NAMES = frozenset(
    ["delete", "deleted", "dileu", "dilewyd", *("z" * n for n in range(3, 9)), *("x" * n for n in range(3, 9))]
)
_STAND_INS = _NEVER_NAMES | {
    "test", "testing", "prawf", "pupil", "learner", "student", "disgybl", "dysgwr", "dummy", "duplicate",
    "staff", "teacher", "user", "name", "surname", "forename", "tbc", "unknown",
}  # fmt: skip
#: UTF-8 that somebody read as Windows-1252: "Siân" became "SiÃ¢n".
_MOJIBAKE = re.compile("[ÂÃÄÅ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")


@lru_cache(maxsize=65536)
def read_date(text: str) -> date | None:
    """The date in "2018-09-03", "2018-09-03T00:00:00" or "03/09/2018", None when it is none of these.

    Two-digit years are not read: 02/03/04 could be any of six days. A moment with an offset is the
    Europe/London day it falls on.
    """
    try:
        if found := _ISO.fullmatch(text):
            return _iso_date(found, text)
        if found := _BRITISH.fullmatch(text):
            return date(int(found[3]), int(found[2]), int(found[1]))
    except (ValueError, OverflowError):
        return None
    return None


def _iso_date(found: re.Match[str], text: str) -> date:
    if found[4] is None or _MIDNIGHT.fullmatch(found[4]):
        return date(int(found[1]), int(found[2]), int(found[3]))
    moment = datetime.fromisoformat(text)
    return moment.date() if moment.tzinfo is None else moment.astimezone(LONDON).date()


@lru_cache(maxsize=4096)
def read_year_group(text: str) -> str | None:
    """N1, N2, R or 1 … 14 from "Year  7", "Yr 7", "07", "Blwyddyn 7"; None when it cannot be read.

    "Nursery" alone, 0 and -1 mean different years in different systems and are not guessed.
    """
    words = " ".join(text.lower().split())
    if words in _NAMED_YEARS:
        return _NAMED_YEARS[words]
    found = _YEAR_GROUP.fullmatch(words)
    return found[1].lstrip("0").upper() if found else None


def read_enrolment_status(text: str) -> str | None:
    """C, M, S or G (C when empty), None when unknown (R7)."""
    return _STATUSES.get(text.lower())


@lru_cache(maxsize=65536)
def read_classes(text: str) -> tuple[str, ...] | None:
    """The classes of a list separated by ";", each once, in order; None when one of them cannot be used."""
    names = tuple(dict.fromkeys(filter(None, map(str.strip, text.split(";")))))
    return None if any(text_fault(name, CLASS_LENGTH) for name in names) else names


def name_fault(name: str) -> TextFault | None:
    """Why a name cannot be used: invisible, control or picture characters, or more than 100 characters."""
    if len(name) > NAME_LENGTH:
        return "length"
    if _PLAIN_NAME.fullmatch(name) or not any(map(_is_unusable, name)):
        return None
    return "characters"


def _is_unusable(character: str) -> bool:
    return unicodedata.category(character) in _UNUSABLE or character in _VARIATION_SELECTORS or character in _SKIN_TONES


def text_fault(text: str, length: int = TEXT_LENGTH) -> TextFault | None:
    """Why a reference, group or class cannot be used: control characters, or longer than `length`."""
    if len(text) > length:
        return "length"
    return None if text.isprintable() else "characters"


def has_letter(name: str) -> bool:
    """Whether a name says anything: "-", "?" and "." do not."""
    return name.isalpha() or any(map(str.isalpha, name))


def is_stand_in(surname: str, forename: str) -> bool:
    """Whether the names are those of a test record ("TEST PUPIL") or one to be deleted ("ZZZ DELETE").

    One such word is not enough: Test is a surname. Only "delete" and zzz or xxx are nobody's name.
    """
    words = f"{surname} {forename}".lower().split()
    if _STAND_INS.isdisjoint(words):
        return False
    return not _NEVER_NAMES.isdisjoint(words) or _STAND_INS.issuperset(words)


def lost_encoding(name: str) -> bool:
    """Whether letters such as ŵ and ŷ were probably lost on the way: "?" in a name, or "Ã¢" for "â"."""
    return "?" in name or (not name.isascii() and _MOJIBAKE.search(name) is not None)


def show(text: str) -> str:
    """A value as it may be shown and stored: at most 100 characters, unprintable ones as U+FFFD.

    PostgreSQL has no NUL, UTF-8 no lone surrogate, and a right-to-left mark would turn the line it stands in.
    """
    if len(text) > TEXT_LENGTH:
        text = text[: TEXT_LENGTH - 1] + "…"
    return text if text.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in text)


def london_date(moment: datetime) -> date:
    """The Europe/London calendar date of a moment; one without offset is London time already."""
    return moment.date() if moment.tzinfo is None else moment.astimezone(LONDON).date()
