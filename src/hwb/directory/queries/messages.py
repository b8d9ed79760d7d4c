"""What a reader chose about messages."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from hwb.directory.queries.rows import fetch


@dataclass(frozen=True, slots=True)
class Choice:
    """language: of messages, empty for both; digests: whether summaries are wanted; pages: their language, or empty."""

    language: str = ""
    digests: bool = True
    pages: str = ""


def choice(account: UUID) -> Choice:
    """The account's choice; both languages and everything, as long as it made none."""
    rows = fetch(_CHOICE, {"account": account})
    return Choice(**rows[0]) if rows else Choice()


_CHOICE = "SELECT language, digests, pages FROM message_choice WHERE account = %(account)s"
