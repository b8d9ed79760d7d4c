"""An explanation as a page shows it (ux.md 5.1): headline, links that must hold, whose turn it is, what they do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from hwb.extract.texts import Language
from hwb.lifecycle import explain
from hwb.lifecycle.explain import Explanation, LinkState, Owner
from hwb.lifecycle.explain_facts import SchoolSeen
from hwb.web.policy import Action, Person, Role, able_at_school, may
from hwb.web.words import N_, say

#: What "you" would do, by the wording's key; whoever may not do it reads who may.
_ACTS = {
    **dict.fromkeys(("LX12", "SX06.held"), Action.CONFIRM_RUN),
    **dict.fromkeys(("LX13", "LX13.left", "SX11.off"), Action.SWITCH_ACCESS),
    **dict.fromkeys(("LX01", "LX01.classless", "LX17", "LX18", "LX18.closed"), Action.RESET_PASSWORD),
    "SX11": Action.RESET_STAFF_PASSWORD,
}
_ABLE = {
    frozenset({Role.CHAMPION, Role.HEAD}): N_("Digital Champion or headteacher"),
    frozenset({Role.CHAMPION, Role.TEACHER}): N_("Digital Champion or class teacher"),
    frozenset({Role.CHAMPION}): N_("Digital Champion"),
}
#: What stands beside the word; the word alone says it all.
SYMBOLS = {LinkState.DONE: "✓", LinkState.WAITING: "…", LinkState.PROBLEM: "!", LinkState.NOT_KNOWN: "?"}


@dataclass(frozen=True, slots=True)
class AnswerLink:
    """One link of the chain; `state` is the key of its colour, `word` what it says."""

    question: str
    state: str
    word: str
    symbol: str
    day: date | None


@dataclass(frozen=True, slots=True)
class Answer:
    """An explanation in one language. `contact` is empty where there is nobody outside to reach."""

    code: str
    headline: str
    owner: str
    next_step: str
    when: str
    contact: str
    links: tuple[AnswerLink, ...]


def answer_of(found: Explanation, *, school: SchoolSeen, person: Person, language: Language) -> Answer:
    """`school` is the one that asks: its client's contact is told, never another school's. person: who reads it."""
    return Answer(
        found.code, explain.say(found.headline, language), owner_of(found, person, school.dfes, language),
        explain.say(found.next_step, language), explain.say(found.when, language) if found.when else "",
        _contact(found.owner, school), tuple(link_of(link, language) for link in found.chain),
    )  # fmt: skip


def owner_of(found: Explanation, person: Person, school: str, language: Language) -> str:
    """Whose turn it is; where it is not the reader's, because it takes another role at the school, which one's."""
    action = _ACTS.get(found.key)
    if found.owner is Owner.YOU and action is not None and not may(person, action, school=school):
        return say(_ABLE[able_at_school(action)])
    return explain.owner_name(found.owner, language)


def link_of(link: explain.Link, language: Language) -> AnswerLink:
    """One link, said."""
    return AnswerLink(
        explain.say(link.question, language), link.state.value.replace(" ", "-"),
        explain.state_name(link.state, language), SYMBOLS[link.state], link.day,
    )  # fmt: skip


def address(route: str, **parts: Any) -> str:
    """Where a page is; empty while there is no such page."""
    try:
        return reverse(route, kwargs=parts)
    except NoReverseMatch:
        return ""


def _contact(owner: Owner, school: SchoolSeen) -> str:
    if owner is Owner.SUPPORT:
        return f"{settings.HWB_HELP_TELEPHONE}, {settings.HWB_HELP_EMAIL}"
    return school.contact if owner is Owner.CLIENT_MANAGER else ""
