"""What a reader chose about messages."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from hwb.directory.queries.rows import fetch


@dataclass(frozen=True, slots=True)
class Choice:
    """language: "en", "cy", or empty for both; digests: whether daily summaries are wanted."""

    language: str = ""
    digests: bool = True


def choice(account: UUID) -> Choice:
    """The account's choice; both languages and everything, as long as it made none."""
    rows = fetch("SELECT language, digests FROM message_choice WHERE account = %(account)s", {"account": account})
    return Choice(**rows[0]) if rows else Choice()
