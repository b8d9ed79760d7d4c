"""What the desk says by code (E9): which codes there are, and what a text may hold."""

from __future__ import annotations

import hashlib
import re

from hwb.lifecycle.explain_texts import SITUATIONS

#: The questions of the public help (A10), by their codes.
QUESTIONS = ("H01", "H02", "H03", "H04", "H05", "H06", "H07", "H08", "H09", "H10", "H11")
CODES = (*QUESTIONS, *SITUATIONS)
#: What stands in braces in a text is replaced by what it names.
VARIABLES = frozenset({"telephone", "email"})
LONGEST = 600
_GAP = re.compile(r"\{([^{}]*)\}")


class BadText(Exception):
    """A text cannot be used; `code` says why, `value` what of it."""

    def __init__(self, code: str, value: str = "") -> None:
        super().__init__(code)
        self.code, self.value = code, value


def check(text: str) -> str:
    """The text, trimmed. Raises BadText when it is empty, too long, or has a variable that does not exist."""
    clean = text.strip()
    if not clean or len(clean) > LONGEST:
        raise BadText("text")
    for name in _GAP.findall(clean):
        if name not in VARIABLES:
            raise BadText("variable", name)
    if "{" in _GAP.sub("", clean) or "}" in _GAP.sub("", clean):
        raise BadText("variable", "{")
    return clean


def mark(english: str, welsh: str) -> str:
    """What tells a proposed text from every other one: whoever approves it says with this which one they read."""
    return hashlib.sha256(f"{english}\0{welsh}".encode()).hexdigest()


def filled(text: str, values: dict[str, str]) -> str:
    """The text with its variables replaced."""
    return _GAP.sub(lambda found: values.get(found[1], ""), text)
