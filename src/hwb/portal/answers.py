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


def answer_of(found: Explanation, *, school: SchoolSeen, language: Language) -> Answer:
    """`school` is the one that asks: its client's contact is told, never another school's."""
    return Answer(
        found.code, explain.say(found.headline, language), explain.owner_name(found.owner, language),
        explain.say(found.next_step, language), explain.say(found.when, language) if found.when else "",
        _contact(found.owner, school), tuple(link_of(link, language) for link in found.chain),
    )  # fmt: skip


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
