"""Usernames: readable, ASCII, from any script (R33). Which of the candidates is free, the directory knows."""

from __future__ import annotations

import hashlib
import re

from anyascii import anyascii

_LETTERS = re.compile(r"[^a-z]")
LONGEST_SURNAME = 14


def base(surname: str, forename: str) -> str:
    """Surname and first letter of the forename in plain letters: Siân Ŵyn → ``wyns``; ``user`` if nothing is left."""
    last = _LETTERS.sub("", anyascii(surname).lower())[:LONGEST_SURNAME]
    first = _LETTERS.sub("", anyascii(forename).lower())[:1]
    return (last + first) or "user"


def candidates(stem: str, seed: str, *, draw: int = 0) -> tuple[str, ...]:
    """Numbered usernames to try in this order, short ones first.

    Numbers are drawn from ``seed`` (the account's id) instead of counted, so that schools that run at once do
    not queue behind one counter; ``draw`` gives further ones when all are taken.
    """
    number = int.from_bytes(hashlib.sha256(f"{seed}:{draw}".encode()).digest()[:12], "big")
    spans = ((1, 99), (100, 999), (1000, 9999), (10_000, 999_999)) if draw == 0 else ((10_000, 99_999_999),) * 4
    drawn = []
    for low, high in spans:
        number, offset = divmod(number, high - low + 1)
        drawn.append(f"{stem}{low + offset}")
    return tuple(drawn)
