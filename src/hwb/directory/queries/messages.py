"""What a reader chose about messages."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from hwb.directory.queries.rows import fetch


@dataclass(frozen=True, slots=True)
class Choice:
    """language: "en", "cy", or empty for both; digests: whether daily summaries are wanted; pages: the language in
    which pages begin, or empty for that of the sign-in page."""

    language: str = ""
    digests: bool = True
    pages: str = ""


def choice(account: UUID) -> Choice:
    """The account's choice; both languages and everything, as long as it made none."""
    asked = {"account": account}
    rows = fetch("SELECT language, digests, pages FROM message_choice WHERE account = %(account)s", asked)
    return Choice(**rows[0]) if rows else Choice()
