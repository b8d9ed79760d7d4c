"""Why a member of staff has, or has not, an account at their school: codes SX01–SX13 (ux.md 5.3).

SX10, an account from a previous school, is only for the account's owner and support, and says of none that it is there.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property

from hwb.extract.records import StaffRecord
from hwb.extract.texts import N_, Both, Text
from hwb.lifecycle import calendar, explain_texts, staff
from hwb.lifecycle.calendar import london_date
from hwb.lifecycle.explain_case import display_name
from hwb.lifecycle.explain_facts import Limits, StaffFacts
from hwb.lifecycle.explain_learners import protected
from hwb.lifecycle.explain_result import Explanation, Link, LinkState
from hwb.lifecycle.explain_texts import day, day_of
from hwb.lifecycle.explain_wording import evidence_of, fill, fixes, is_late, link, reasons, standing
from hwb.lifecycle.facts import Account, DecisionKind, StaffEntry
from hwb.lifecycle.identity import folded
from hwb.lifecycle.rules import Rule

#: How like two folded names must be to be taken for two spellings of one.
ALIKE = 0.84


@dataclass(frozen=True)
class Case:
    """One member of staff, or the words that were asked with, on one day."""

    facts: StaffFacts
    on: date
    limits: Limits

    @property
    def entry(self) -> StaffEntry | None:
        return self.facts.member.entry if self.facts.member else None

    @property
    def account(self) -> Account | None:
        return self.facts.member.account if self.facts.member else None

    @cached_property
    def here(self) -> bool:
        """Whether the account has an open post at the school."""
        return self.account is not None and self.facts.school.dfes in self.account.posts

    @cached_property
    def name(self) -> str:
        if self.entry is not None:
            return display_name(self.entry.record)
        return display_name(self.account.details) if self.account is not None else self.facts.asked

    def say(self, key: str, **values: str | int | Both) -> Explanation:
        gaps: dict[str, str | int | Both] = {"name": self.name}
        return fill(
            key, school=self.facts.school, chain=() if key == "SX11" else _chain(self),
            evidence=evidence_of(self.facts.school), **{**gaps, **values},
        )  # fmt: skip


def explain(facts: StaffFacts, *, on: date, limits: Limits) -> Explanation:
    """The one explanation; total over all facts."""
    case = Case(facts, on, limits)
    for attempt in _ORDER:
        found = attempt(case)
        if found is not None:
            return found
    run = facts.school.last_run
    return case.say("SX05", date=day_of(run.at)) if run is not None else case.say("SX06.never")


def _protected(case: Case) -> Explanation | None:
    return protected("LX21", case.facts.school) if case.facts.protected else None


def _suspended(case: Case) -> Explanation | None:
    account = case.account
    if account is None or account.active or not case.here:
        return None
    decision, _ = standing(account, case.facts.decisions, frozenset({case.facts.school.dfes}))
    if decision is None or decision.kind is DecisionKind.DEACTIVATED:
        return None
    if decision.kind is DecisionKind.SAFETY and decision.school == case.facts.school.dfes:
        return None
    return case.say("SX12")


def _refused(case: Case) -> Explanation | None:
    refusals = case.facts.refusals
    if not refusals:
        entry, run = case.entry, case.facts.school.last_run
        refused = entry is not None and entry.refused and run is not None
        return case.say("SX13.unknown", date=day_of(run.at)) if refused and run else None
    first = refusals[0]
    found = {(problem.code, problem.field) for problem in first.problems}
    name = f"{first.forename} {first.surname}".strip() or case.name
    fix = fixes(first, case.facts.school)
    if ("S03", "staff_code") in found and len(refusals) > 1:
        people = ", ".join(f"{r.forename} {r.surname}".strip() for r in refusals)
        return case.say("SX03", name=name, code=first.staff_code, people=people, fix=fix)
    for problem, key in ((("S01", "start_date"), "SX01"), (("S02", "staff_code"), "SX02")):
        if problem in found:
            return case.say(key, name=name, fix=fix)
    reason = reasons(first, case.facts.school)
    return case.say("SX13.refused", name=name, date=day_of(first.run.at), reason=reason, fix=fix)


def _renamed(case: Case) -> Explanation | None:
    return case.say("SX13", username=case.facts.username) if case.facts.renamed else None


def _future(case: Case) -> Explanation | None:
    entry = case.entry
    if case.account is not None or entry is None or entry.missing_since is not None:
        return None
    start = entry.record.start_date
    if start is None or start <= case.on or calendar.has_left(entry.record, case.on):
        return None
    return case.say("SX04", date=day(start))


def _not_left(case: Case) -> Explanation | None:
    """Missing without a leaving date, or switched off by the school because they left (R31, R32)."""
    entry = case.entry
    if not case.here or entry is None or entry.record.leaving_date is not None:
        return None
    own = [made for made in case.facts.decisions if made.school == case.facts.school.dfes]
    said_left = any(m.kind is DecisionKind.DEACTIVATED and m.reason.strip().casefold() == "left" for m in own)
    return case.say("SX09") if staff.is_missing(entry) or said_left else None


def _left(case: Case) -> Explanation | None:
    entry, account = case.entry, case.account
    if account is not None and case.here:
        return None
    left = entry.record.leaving_date if entry is not None and calendar.has_left(entry.record, case.on) else None
    if account is None and left is None:
        return None
    if account is None or account.active or left is None:
        return case.say("SX08.undated" if account is not None and not account.active else "SX08.elsewhere")
    return case.say("SX08", date=day(left))


def _switched_off(case: Case) -> Explanation | None:
    account = case.account
    if account is None or account.active:
        return None
    decision, made = standing(account, case.facts.decisions, frozenset({case.facts.school.dfes}))
    if decision is None or made is None:
        return case.say("SX11.unknown")
    key = "SX11.safety" if decision.kind is DecisionKind.SAFETY else "SX11.off"
    return case.say(key, person=made.by, date=day_of(made.at))


def _new(case: Case) -> Explanation | None:
    """Made by a run and at no other school since, so that an earlier one may still be joined into it (R25)."""
    account = case.account
    if not case.facts.for_owner or account is None or not account.active or account.reason.rule != Rule.R22:
        return None
    return case.say("SX10") if len(account.schools) == 1 else None


def _active(case: Case) -> Explanation | None:
    return case.say("SX11") if case.account is not None else None


def _alike(case: Case) -> Explanation | None:
    """An account under a name that is spelt nearly so (or the same name with another code)."""
    asked = folded(case.facts.asked)
    if case.entry is not None or len(asked) < 3:
        return None
    best = max(case.facts.colleagues, key=lambda c: _likeness(asked, c.forename, c.surname), default=None)
    if best is None or _likeness(asked, best.forename, best.surname) < ALIKE:
        return None
    return case.say("SX07", similar=f"{best.forename} {best.surname}", code=best.staff_code)


def _likeness(asked: str, forename: str, surname: str) -> float:
    names = (folded(f"{forename}{surname}"), folded(f"{surname}{forename}"), folded(surname))
    return max(difflib.SequenceMatcher(None, asked, name).ratio() for name in names)


def _not_run(case: Case) -> Explanation | None:
    """Nothing is known of them, and nothing new may have come since the record was added to the MIS."""
    school = case.facts.school
    if school.held is not None and (case.facts.in_held_run or case.entry is None):
        return case.say("SX06.held", date=day_of(school.held.at))
    if school.failures:
        return case.say("SX06.failing", count=school.failures, reason=explain_texts.failure(school.failure))
    if school.last_run is None:
        return case.say("SX06.never")
    if is_late(school, case.on, case.limits.fresh_days):
        return case.say("SX06", date=day_of(school.last_run.at))
    return None


#: The order of learners (ux.md 5.2) as far as it applies.
_ORDER: tuple[Callable[[Case], Explanation | None], ...] = (
    _protected, _suspended, _refused, _renamed, _future, _not_left, _left, _new, _switched_off, _active,
    _alike, _not_run,
)  # fmt: skip


def _chain(case: Case) -> tuple[Link, ...]:
    """The three links of a new member of staff (ux.md 5.1)."""
    entry, school = case.entry, case.facts.school
    ran = london_date(school.last_run.at) if school.last_run else None
    start = entry.record.start_date if entry is not None else None
    problems = {problem.code for refusal in case.facts.refusals for problem in refusal.problems}
    if problems & {"S01", "S18"}:
        first = link("start", LinkState.PROBLEM)
    elif start is None:
        first = link("start", LinkState.NOT_KNOWN)
    else:
        first = link("start", LinkState.DONE if start <= case.on else LinkState.WAITING, start)
    if problems & {"S02", "S03", "S13", "S15"}:
        second = link("code", LinkState.PROBLEM)
    else:
        second = link("code", LinkState.DONE if entry is not None and entry.record.staff_code else LinkState.NOT_KNOWN)
    if school.failures or school.last_run is None:
        third = link("your run", LinkState.PROBLEM, ran)
    else:
        known = case.facts.member is not None and school.held is None and not problems
        third = link("your run", LinkState.DONE if known else LinkState.WAITING, ran)
    return first, second, third


@dataclass(frozen=True, slots=True)
class Compared:
    """One field of two people side by side; ``difference`` is said in words, never by colour alone."""

    field: str
    label: Text
    own: str | date | None
    other: str | date | None
    difference: Text


_SAME, _DIFFERS, _MISSING_HERE, _MISSING_THERE, _EMPTY = (
    N_("Both have it"), N_("Different, as it should be"), N_("Missing here"), N_("Only here"), N_("Neither has it"),
)  # fmt: skip
_SAME_CODE, _UNUSABLE = N_("The same code twice"), N_("Could not be used")
_LABELS = {
    "legal_surname": N_("Legal surname"), "legal_forename": N_("Legal forename"), "staff_code": N_("Staff code"),
    "start_date": N_("Start date"), "leaving_date": N_("Leaving date"), "mis_id": N_("Number in the MIS"),
    "employee_number": N_("Employee number"), "preferred_surname": N_("Preferred surname"),
    "preferred_forename": N_("Preferred forename"), "birth_date": N_("Birth date"), "role": N_("Role"),
    "classes": N_("Classes"),
}  # fmt: skip
_KEYS = frozenset({"staff_code", "mis_id", "employee_number"})
#: Of whom the colleague's own value is nobody's business: only whether there is one is shown.
_HIDDEN = frozenset({"birth_date"})


def compare(person: StaffRecord, colleague: StaffRecord) -> tuple[Compared, ...]:
    """The person's received fields beside those of a colleague with a working account, field by field (ux.md 5.3)."""
    rows = []
    for field in fields(StaffRecord):
        own, other = getattr(person, field.name), getattr(colleague, field.name)
        word = _difference(field.name, own, other)
        shown_own, shown_other = _shown(own), None if field.name in _HIDDEN else _shown(other)
        rows.append(Compared(field.name, Text(_LABELS[field.name]), shown_own, shown_other, Text(word)))
    return tuple(rows)


def can_compare(facts: StaffFacts) -> bool:
    """Whether a colleague's fields may explain anything: there is no account, or the newest record was refused."""
    member = facts.member
    silent = facts.protected or facts.in_held_run
    return not silent and (bool(facts.refusals) or member is None or member.account is None)


def compare_with(facts: StaffFacts, colleague: StaffRecord) -> tuple[Compared, ...]:
    """What was received of the one who was asked about beside a colleague's fields; everything is missing of one of
    whom nothing was. Of a refused record there is only what is kept of it: names, code and the fields at fault."""
    if not facts.refusals:
        return compare(facts.member.entry.record if facts.member else StaffRecord("", ""), colleague)
    first = facts.refusals[0]
    wrong = {problem.field: problem.value for problem in first.problems}
    known = {"legal_surname", "legal_forename", "staff_code", *wrong}
    rows = compare(StaffRecord(first.surname, first.forename, first.staff_code), colleague)
    return tuple(_faulty(row, wrong) for row in rows if row.field in known)


def _faulty(row: Compared, wrong: Mapping[str, str]) -> Compared:
    value = wrong.get(row.field, "")
    if not value or row.difference.message == _SAME_CODE:
        return row
    return replace(row, own=value, difference=Text(_UNUSABLE))


def _difference(name: str, own: object, other: object) -> str:
    if not own and not other:
        return _EMPTY
    if not own:
        return _MISSING_HERE
    if not other:
        return _MISSING_THERE
    if name in _KEYS:
        return _SAME_CODE if own == other else _DIFFERS
    return _SAME


def _shown(value: object) -> str | date | None:
    if isinstance(value, tuple):
        return ", ".join(value)
    return value if isinstance(value, date) else str(value or "")
