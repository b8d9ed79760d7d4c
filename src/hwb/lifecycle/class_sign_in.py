"""A class that signs in together: how long, how devices join, and how children find their names (ux.md A4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hwb.lifecycle.child_pictures import PICTURES

#: A class session, and with it every child's session that began in it.
LASTS = timedelta(minutes=60)
#: So many wrong class codes from one address within this time, and nobody joins from there until they are older.
WRONG_CODES, WRONG_WITHIN = 20, timedelta(minutes=10)
#: A class has no more devices; whatever else asks is no device of the class.
MOST_DEVICES = 60


@dataclass(frozen=True, slots=True)
class Name:
    """A child on the list: first name and first letter of the surname; picture beside the name where two are alike.

    The picture is no secret, and has nothing to do with the child's three.
    """

    account: UUID
    text: str
    picture: str = ""


def names(people: Sequence[tuple[UUID, str, str]]) -> tuple[Name, ...]:
    """The list of (account, forename, surname), in its order."""
    texts = [f"{forename} {surname[:1]}".strip() for _, forename, surname in people]
    alike = {text for text, count in Counter(texts).items() if count > 1}
    taken: dict[str, set[str]] = {}
    made = []
    for (account, _, _), text in zip(people, texts, strict=True):
        picture = _free(account, taken.setdefault(text, set())) if text in alike else ""
        made.append(Name(account, text, picture))
    return tuple(made)


def _free(account: UUID, taken: set[str]) -> str:
    """The same for a child each day, as far as namesakes leave it free."""
    start = account.int % len(PICTURES)
    turned = (*PICTURES[start:], *PICTURES[:start])
    picture = next((one for one in turned if one not in taken), turned[0])
    taken.add(picture)
    return picture
