"""What Find my learner shows of each learner: rows, groups and where the answer leads (ux.md B12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from hwb.directory.queries.newcomers import Newcomer, OwnName
from hwb.directory.queries.people import LearnerRow
from hwb.extract.texts import Language
from hwb.lifecycle import explain
from hwb.lifecycle.explain import Explanation
from hwb.lifecycle.explain_facts import LearnerFacts
from hwb.portal import answers
from hwb.portal.answers import Answer, AnswerLink, address
from hwb.web.frame import name_in_language
from hwb.web.policy import Person
from hwb.web.words import N_, Text

COLUMNS = {"name": N_("Name"), "year": N_("Year group"), "class": N_("Class"), "state": N_("Account")}
PROTECTED = "LX21"
#: Group → what it says, those first that somebody must act on.
GROUPS = {
    "refused": N_("Record refused"),
    "upn": N_("UPN to check"),
    "school": N_("Waiting for another school"),
    "held": N_("In a run that waits for confirmation"),
    "run": N_("Waiting for your next run"),
    "support": N_("Ask Hwb Support"),
    "off": N_("Here, switched off"),
    "missing": N_("Here, missing from your newest data"),
    "later": N_("Admission date to come"),
    "guest": N_("Guests; the account is with the main school"),
    "left": N_("Left"),
    "arrived": N_("Arrived"),
}
_OF_CODE = {
    "LX01": "arrived", "LX02": "refused", "LX03": "later", "LX04": "school", "LX05": "school", "LX06": "school",
    "LX07": "run", "LX08": "upn", "LX09": "upn", "LX10": "school", "LX11": "upn", "LX12": "held", "LX13": "off",
    "LX14": "left", "LX15": "missing", "LX16": "run", "LX17": "arrived", "LX18": "arrived",
    "LX19": "arrived",
    "LX20": "arrived", "LX21": "support", "LX22": "left",
    "LX23": "upn", "LX24": "guest", "LX25": "support", "LX26": "left", "LX27": "school",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """One of the school's own learners, found by name. `state`: active, inactive, waiting or refused."""

    surname: str
    forename: str
    upn: str
    year_group: str
    registration_group: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """One learner of many. `name` is the own data's; `school`: the other school that has the account;
    `says`: the group in words, for rows without links.
    """

    upn: str
    name: str
    school: str
    school_language: str
    group: str
    says: str
    links: tuple[AnswerLink, ...]
    owner: str


@dataclass(frozen=True, slots=True)
class Leads:
    """Where an answer leads; each empty where there is nothing to see."""

    record: str
    held_run: str
    puts_right: str


def answer_of(found: Explanation, facts: LearnerFacts, person: Person, language: Language) -> Answer:
    """The answer about one learner, as this person reads it."""
    return answers.answer_of(found, school=facts.school, person=person, language=language)


def links_of(found: Explanation, facts: LearnerFacts, school: str, *, may_review: bool) -> Leads:
    """The record of somebody who is or was here, the held run, the refused records."""
    account = facts.learner.account
    if found.code == PROTECTED:
        return Leads("", "", "")
    here = account is not None and school in account.schools | account.guests
    held = facts.school.held if found.code == "LX12" and may_review else None
    return Leads(
        address("learner", dfes=school, account=UUID(account.id)) if here and account else "",
        address("held-run", dfes=school, run=UUID(held.id)) if held else "",
        address("to-put-right", dfes=school) if found.code == "LX02" else "",
    )  # fmt: skip


def named(row: LearnerRow, language: Language) -> Named:
    """Somebody who is or was on roll here."""
    return Named(
        row.surname, row.forename, row.upn, row.year_group, row.registration_group,
        "active" if row.active else "inactive",
        explain.say(row.short, language) if row.short and not row.active else "",
    )  # fmt: skip


def waiting(one: Newcomer) -> Named:
    """Somebody whom the school's data names and who is not here yet."""
    return Named(
        one.surname, one.forename, one.upn, one.year_group, one.registration_group,
        "refused" if one.refused else "waiting", "",
    )  # fmt: skip


def rows_of(
    found: Mapping[str, tuple[LearnerFacts, Explanation]],
    *,
    own: Mapping[str, OwnName],
    wrong: Sequence[str],
    person: Person,
    language: Language,
) -> list[Row]:
    """One row each, those first that somebody must act on; `wrong`: what was typed and is no UPN."""
    rows = [Row(text, "", "", language, "upn", GROUPS["upn"], (), "") for text in wrong]
    for upn, (facts, explanation) in found.items():
        protected = explanation.code == PROTECTED
        holder = None if protected else facts.holder
        name, of_name = name_in_language(holder.name.en, holder.name.cy) if holder else ("", language)
        called = None if protected else own.get(upn)
        group = _group(explanation, facts)
        links = tuple(answers.link_of(link, language) for link in explanation.chain)
        rows.append(
            Row(
                upn,
                f"{called.forename} {called.surname}" if called else "",
                name,
                of_name,
                group,
                GROUPS[group],
                links if len(links) == 4 else (),
                answers.owner_of(explanation, person, facts.school.dfes, language),
            )
        )
    order = list(GROUPS)
    return sorted(rows, key=lambda row: (order.index(row.group), row.school))


def groups_of(rows: Sequence[Row]) -> list[dict[str, object]]:
    """How many there are of each group, those who wait for a school by school: for `{% summary %}`."""
    counts: dict[tuple[str, str, str], int] = {}
    for row in rows:
        school = (row.school, row.school_language) if row.group == "school" else ("", "")
        counts[row.group, *school] = counts.get((row.group, *school), 0) + 1
    return [
        {
            "label": Text(GROUPS[group]) if not school else Text(N_("Waiting for: {school}"), {"school": school}),
            "value": count,
        }
        for (group, school, _), count in counts.items()
    ]


def _group(found: Explanation, facts: LearnerFacts) -> str:
    account = facts.learner.account
    if found.code == "LX10" and account is not None and account.holder == facts.school.dfes:
        return "arrived"
    if found.code == "LX13" and not (account is not None and account.holder == facts.school.dfes):
        return "left"
    return _OF_CODE[found.code]
