"""What an explanation is: one sentence, the links that must all hold, whose turn it is, and what they do next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hwb.extract.texts import N_, Language, Text, render

DOMAIN = "lifecycle"


class Owner(StrEnum):
    """Whose turn it is: the owner of the first broken link."""

    YOU = "you"
    MIS_ADMINISTRATOR = "mis administrator"
    NOBODY = "nobody"
    PREVIOUS_SCHOOL = "previous school"
    PREVIOUS_CLIENT_MANAGER = "previous school's client manager"
    CLIENT_MANAGER = "client manager"
    SUPPORT = "support"
    MAIN_SCHOOL = "main school"
    STAFF_MEMBER = "staff member"


class LinkState(StrEnum):
    """How one link of a chain stands."""

    DONE = "done"
    WAITING = "waiting"
    PROBLEM = "problem"
    NOT_KNOWN = "not known"


OWNERS = {
    Owner.YOU: N_("You"),
    Owner.MIS_ADMINISTRATOR: N_("MIS administrator"),
    Owner.NOBODY: N_("Nobody"),
    Owner.PREVIOUS_SCHOOL: N_("Previous school"),
    Owner.PREVIOUS_CLIENT_MANAGER: N_("Previous school's client manager"),
    Owner.CLIENT_MANAGER: N_("Your client manager"),
    Owner.SUPPORT: N_("Support"),
    Owner.MAIN_SCHOOL: N_("Main school"),
    Owner.STAFF_MEMBER: N_("Staff member"),
}
STATES = {
    LinkState.DONE: N_("Done"),
    LinkState.WAITING: N_("Waiting"),
    LinkState.PROBLEM: N_("Problem"),
    LinkState.NOT_KNOWN: N_("Not known"),
}


@dataclass(frozen=True, slots=True)
class Link:
    """One thing that must be true. ``day`` is that of its evidence, None where there is none to show."""

    question: Text
    state: LinkState
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer about one person at one school. ``code`` is stable (ux.md 5), ``evidence`` run ids for support.

    ``key`` names the wording of :mod:`hwb.lifecycle.explain_texts` that was used: the code, or the code and a variant.
    """

    code: str
    headline: Text
    chain: tuple[Link, ...]
    owner: Owner
    next_step: Text
    when: Text | None
    evidence: tuple[str, ...]
    key: str


def say(text: Text, language: Language) -> str:
    """A text of an explanation in one language."""
    return render(text, language=language, domain=DOMAIN)


def owner_name(owner: Owner, language: Language) -> str:
    return say(Text(OWNERS[owner]), language)


def state_name(state: LinkState, language: Language) -> str:
    return say(Text(STATES[state]), language)
