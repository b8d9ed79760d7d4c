"""Fills a wording of :mod:`hwb.lifecycle.explain_texts` with the values of one case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from hwb.extract.problems import describe
from hwb.extract.texts import Both, Text, Value
from hwb.lifecycle import access, explain_texts
from hwb.lifecycle.calendar import london_date
from hwb.lifecycle.explain_facts import Made, RefusedSeen, SchoolSeen
from hwb.lifecycle.explain_result import Explanation, Link, LinkState
from hwb.lifecycle.facts import Account, Decision, DecisionKind

#: What every case may say of the asking school; values of the case itself come on top.
_COMMON: Mapping[str, Value] = {"upn": "", "name": "", "reference": ""}


def fill(
    key: str,
    *,
    school: SchoolSeen,
    chain: tuple[Link, ...] = (),
    evidence: tuple[str, ...] = (),
    **values: Value,
) -> Explanation:
    """The explanation of one wording. ``values`` are the gaps of its sentences; {count} chooses the plural."""
    wording = explain_texts.WORDINGS[key]
    code = key.partition(".")[0]
    every: dict[str, Value] = {
        **_COMMON,
        "reference": code,
        "contact": school.contact or explain_texts.both(explain_texts.NO_CONTACT),
        **values,
    }
    when = explain_texts.when(wording, school.schedule)
    return Explanation(
        code,
        Text(wording.headline, every, wording.plural or None),
        chain,
        wording.owner,
        Text(wording.next_step, every),
        replace(when, values={**every, **when.values}) if when else None,
        evidence,
        key,
    )


def link(question: str, state: LinkState, on: date | None = None) -> Link:
    return Link(Text(explain_texts.QUESTIONS[question]), state, on)


def reasons(refusal: RefusedSeen, mis: SchoolSeen) -> Both:
    """What is wrong with a refused record, in both languages."""
    return _described(refusal, mis, "sentence", "; ")


def fixes(refusal: RefusedSeen, mis: SchoolSeen) -> Both:
    """Where in *that* MIS to put it right."""
    return _described(refusal, mis, "fix", " ")


def _described(refusal: RefusedSeen, school: SchoolSeen, part: str, joint: str) -> Both:
    found = []
    for language in ("en", "cy"):
        texts = [describe(problem, mis=school.mis, language=language)[part] for problem in refusal.problems]
        found.append(joint.join(dict.fromkeys(texts)))
    return Both(found[0], found[1])


def is_late(school: SchoolSeen, on: date, days: int) -> bool:
    """Whether the last successful run is older than ``days``, or there was none."""
    return school.last_run is None or (on - london_date(school.last_run.at)).days > days


def evidence_of(*schools: SchoolSeen | None) -> tuple[str, ...]:
    """The runs that an answer stands on, for support and audit."""
    runs = [run.id for school in schools if school for run in (school.last_run, school.held) if run]
    return tuple(dict.fromkeys(runs))


def standing(
    account: Account, decisions: tuple[Made, ...], schools: frozenset[str]
) -> tuple[Decision | None, Made | None]:
    """The decision that keeps an account inactive while ``schools`` have it, and who made it."""
    reason = access.blocking(account.decisions, schools)
    if reason is None:
        return None, None
    kinds = {
        "suspended": DecisionKind.SUSPENDED, "deactivated_safety": DecisionKind.SAFETY,
        "deactivated": DecisionKind.DEACTIVATED,
    }  # fmt: skip
    kind, school = kinds[reason.code], dict(reason.values)["school"] or None
    decision = next(d for d in account.decisions if d.kind is kind and d.school == school)
    made = next((m for m in decisions if m.kind is kind and m.school == school), None)
    return decision, made
