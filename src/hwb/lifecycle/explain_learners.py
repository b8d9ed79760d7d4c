"""Why a learner's account is, or is not, at a school: codes LX01–LX16 and LX20–LX27, the first that holds (ux.md 5.2).

What is said of another school's person is bounded by ux.md 2: that school's name, its authority, the date of its last
successful run and whether a leaving date was received. Names come from the asking school's own word only.
Codes that come with later issues (services moving, locked, wrong password) have their place in ``_ORDER``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from hwb.extract.texts import Both
from hwb.lifecycle import calendar, explain_texts, learners
from hwb.lifecycle.calendar import london_date
from hwb.lifecycle.explain_facts import LearnerFacts, Limits, SchoolSeen
from hwb.lifecycle.explain_result import Explanation, Link, LinkState
from hwb.lifecycle.explain_texts import day, day_of
from hwb.lifecycle.explain_wording import evidence_of, fill, fixes, is_late, link, reasons, standing
from hwb.lifecycle.facts import Account, DecisionKind, Details, LearnerEntry, WaitCause
from hwb.lifecycle.policy import FINAL_YEARS


@dataclass(frozen=True)
class Case:
    """One learner and one school on one day, with what the codes ask about it."""

    facts: LearnerFacts
    on: date
    limits: Limits

    @property
    def school(self) -> SchoolSeen:
        return self.facts.school

    @property
    def account(self) -> Account | None:
        return self.facts.learner.account

    @cached_property
    def own(self) -> LearnerEntry | None:
        """The asking school's newest word; of two (a UPN and its alias) the present one."""
        return self.word_of(self.school.dfes)

    def word_of(self, dfes: str | None) -> LearnerEntry | None:
        """A school's newest word about the learner, or about the account of the former UPN (R9)."""
        person = self.facts.learner
        entries = person.entries
        if dfes != self.school.dfes and self.facts.former is not None:
            person, entries = self.facts.former, (*entries, *self.facts.former.entries)
        found = [entry for entry in entries if entry.school == dfes]
        found.sort(key=lambda e: (e.missing_since is not None, e.record.upn != person.upn))
        return found[0] if found else None

    @cached_property
    def present(self) -> LearnerEntry | None:
        """The own word where the newest snapshot has it, usable, and the learner has not left by it."""
        own = self.own
        if own is None or own.missing_since is not None or own.refused or calendar.has_left(own.record, self.on):
            return None
        return own

    @cached_property
    def here(self) -> bool:
        """Whether this school holds the account."""
        return self.account is not None and self.account.holder == self.school.dfes

    @cached_property
    def holder(self) -> SchoolSeen | None:
        """The other school that has the account, None when none has."""
        known, account = self.facts.holder, self.account
        if known is None and account is not None and account.holder is not None and not self.here:
            return SchoolSeen(account.holder, Both(account.holder, account.holder))
        return None if self.here else known

    @cached_property
    def was_here(self) -> bool:
        """Whether the school had the learner before and has them no more."""
        account = self.account
        left = self.own is not None and self.present is None and not self.own.refused
        return not self.here and (left or (account is not None and self.school.dfes in account.schools))

    @cached_property
    def wait(self) -> WaitCause | None:
        return dict(self.facts.learner.waits).get(self.school.dfes)

    @cached_property
    def name(self) -> str:
        """The learner's name as this school knows it, else the UPN that was asked for."""
        own, held_by = self.own, self.account.details if self.account is not None and self.here else None
        if held_by is not None:
            return display_name(held_by)
        if own is not None:
            return display_name(own.record)
        return self.facts.upn

    @cached_property
    def last_years(self) -> bool:
        """Whether the school's newest word can only be last year's (R37)."""
        month, first = self.limits.policy.year_start
        began = calendar.academic_year_start(self.on, month=month, day=first)
        run, own = self.school.last_run, self.own
        if run is None or own is None or (own.record.start_date is not None and own.record.start_date >= began):
            return False
        return london_date(run.as_at) < began or self.school.year_groups_stayed

    @cached_property
    def settled(self) -> bool:
        """Whether what this school sent last says it all, so that a run that has not come explains nothing."""
        if self.here:
            return self.present is not None and not self.last_years
        return self.present is not None or self.was_here

    def say(self, key: str, *, chain: tuple[Link, ...] | None = None, **values: str | int | Both) -> Explanation:
        """The explanation of one wording, by default with the chain of a learner who moves."""
        gaps: dict[str, str | int | Both] = {"name": self.name, "upn": self.facts.upn}
        if self.holder is not None:
            authority = self.holder.authority
            unknown = explain_texts.both(explain_texts.NO_AUTHORITY)
            gaps |= {"holder": self.holder.name, "authority": authority if authority.en or authority.cy else unknown}
            gaps |= {"date": day_of(self.holder.last_run.at)} if self.holder.last_run else {}
        links = moving(self) if chain is None else chain
        evidence = evidence_of(self.school, self.holder if chain is None else None)
        return fill(key, school=self.school, chain=links, evidence=evidence, **{**gaps, **values})


def display_name(person: Details | object) -> str:
    """The preferred names, else the legal ones, as received (ux.md 13.3)."""
    forename = getattr(person, "preferred_forename", "") or getattr(person, "legal_forename", "")
    surname = getattr(person, "preferred_surname", "") or getattr(person, "legal_surname", "")
    return f"{forename} {surname}".strip()


def explain(facts: LearnerFacts, *, on: date, limits: Limits) -> Explanation:
    """The one explanation; total over all facts."""
    case = Case(facts, on, limits)
    for attempt in _ORDER:
        found = attempt(case)
        if found is not None:
            return found
    if case.account is None and not facts.learner.entries and case.facts.refusal is None:
        return case.say("LX11")
    return case.say("LX11.expected" if case.account is None else "LX07.waiting")


def protected(reference: str, school: SchoolSeen) -> Explanation:
    """The same for everybody who is protected, known or not."""
    return fill(reference, school=SchoolSeen(school.dfes, Both("", "")))


def _protected(case: Case) -> Explanation | None:
    return protected("LX21", case.school) if case.facts.protected else None


def _suspended(case: Case) -> Explanation | None:
    """Only where the account is this school's: of another's it is not told (ux.md 2)."""
    account = case.account
    if account is None or not (case.here or (account.holder is None and case.was_here)):
        return None
    decision, _ = standing(account, case.facts.decisions, frozenset({case.school.dfes}))
    if decision is None or account.active or decision.kind is DecisionKind.DEACTIVATED:
        return None
    if decision.kind is DecisionKind.SAFETY and decision.school == case.school.dfes:
        return None
    return case.say("LX25", chain=())


def _refused(case: Case) -> Explanation | None:
    refusal, own = case.facts.refusal, case.own
    if case.wait is WaitCause.IDENTITY and refusal is None:
        return None
    if refusal is not None:
        name = f"{refusal.forename} {refusal.surname}".strip() or case.name
        return case.say(
            "LX02", name=name, date=day_of(refusal.run.at), reason=reasons(refusal, case.school),
            fix=fixes(refusal, case.school),
        )  # fmt: skip
    if own is None or not own.refused or case.school.last_run is None:
        return None
    return case.say("LX02.unknown", date=day_of(case.school.last_run.at))


def _identity(case: Case) -> Explanation | None:
    if case.wait is WaitCause.IDENTITY:
        return case.say("LX23", chain=())  # of the other person nothing is shown (R4)
    if case.wait is WaitCause.REKEY and case.holder is None:
        return case.say("LX23.former", chain=())
    return None


def _conflict(case: Case) -> Explanation | None:
    if case.wait is WaitCause.CONFLICT and case.holder is not None:
        return case.say("LX10")
    if case.here and WaitCause.CONFLICT in dict(case.facts.learner.waits).values():
        return case.say("LX10.here", chain=())
    return None


def _held(case: Case) -> Explanation | None:
    run = case.school.held
    if run is None or case.facts.held_name is None:
        return None
    return case.say("LX12", name=case.facts.held_name or case.name, date=day_of(run.at))


def _failing(case: Case) -> Explanation | None:
    """What has not reached us explains only what the school's last accepted word leaves open."""
    school, run = case.school, case.school.last_run
    if case.settled:
        return None
    if school.failures:
        reason = explain_texts.failure(school.failure)
        if run is None:
            return case.say("LX16.first", count=school.failures, reason=reason)
        return case.say("LX16", count=school.failures, reason=reason, date=day_of(run.at))
    if run is None:
        return case.say("LX16.never")
    unheard_of = case.account is None and not case.facts.learner.entries
    if unheard_of and is_late(school, case.on, case.limits.old_days):
        return case.say("LX16.late", date=day_of(run.at))
    return None


def _future(case: Case) -> Explanation | None:
    word = case.present
    if word is None or case.here or word.record.enrolment_status not in learners.HOLDING_STATUSES:
        return None
    start = word.record.start_date
    if start is None or start <= case.on:
        return None
    key = "LX03.new" if case.account is None else "LX03" if case.holder is None else "LX03.held"
    return case.say(key, date=day(start))


def _guest(case: Case) -> Explanation | None:
    word = case.present
    if case.here or word is None or word.record.enrolment_status in learners.HOLDING_STATUSES:
        return None
    return case.say("LX24", chain=())


def _waiting(case: Case) -> Explanation | None:
    """Another school has the account: what keeps it there, in the order LX27, LX06, LX05, LX04."""
    holder = case.holder
    if holder is None or (case.was_here and case.present is None):
        return None
    word = case.word_of(holder.dfes)
    return _unsettled_there(case, holder, word) or _late_there(case, holder, word) or _on_roll_there(case, holder, word)


def _unsettled_there(case: Case, holder: SchoolSeen, word: LearnerEntry | None) -> Explanation | None:
    if holder.held is not None:
        return case.say("LX27.held")
    if word is None or word.record.leaving_date is not None:
        return None
    if word.refused:
        return case.say("LX27.refused")
    if not learners.is_missing(word):
        return None
    free = learners.claimable_from(word, case.limits.policy)
    return case.say("LX27", free=day(free)) if free else case.say("LX27.doubtful")


def _late_there(case: Case, holder: SchoolSeen, word: LearnerEntry | None) -> Explanation | None:
    if not is_late(holder, case.on, case.limits.old_days):
        return None
    if word is not None and word.record.leaving_date is not None:
        return None
    share = case.facts.final_year
    if holder.last_run is None:
        return case.say("LX05.never")
    if share is not None and share.missing * 2 > share.total:
        return case.say("LX06", year=share.year_group, missing=share.missing, count=share.total)
    return case.say("LX05")


def _on_roll_there(case: Case, holder: SchoolSeen, word: LearnerEntry | None) -> Explanation | None:
    if holder.last_run is None:
        return case.say("LX05.never")
    if word is None or word.record.leaving_date is None:
        return case.say("LX04")
    return case.say("LX04.due" if calendar.has_left(word.record, case.on) else "LX04.leaving")


def _released(case: Case) -> Explanation | None:
    """Nobody has the account, and this school may claim it."""
    account, run = case.account, case.school.last_run
    if account is None or account.holder is not None or case.was_here:
        return None
    if case.facts.namesake:
        return case.say("LX09")
    released = case.facts.released
    if released is None or run is None:
        return case.say("LX07.waiting")
    if run.at < released:
        return case.say("LX07", released=day_of(released), date=day_of(run.at))
    return case.say("LX08", date=day_of(run.at))


def _switched_off(case: Case) -> Explanation | None:
    account = case.account
    if account is None or account.active or not (case.here or (account.holder is None and case.was_here)):
        return None
    decision, made = standing(account, case.facts.decisions, frozenset({case.school.dfes}))
    if decision is None:
        return case.say("LX13.unknown", chain=()) if case.here else None
    if made is None:
        return case.say("LX13.unknown", chain=())
    key = "LX13" if case.here else "LX13.left"
    if decision.kind is DecisionKind.SAFETY:
        key = "LX13.safety"
    return case.say(key, chain=(), person=made.by, date=day_of(made.at))


def _grace(case: Case) -> Explanation | None:
    account = case.account
    if account is None or not account.active or account.holder is not None or not case.was_here:
        return None
    left = _left_on(case)
    if account.grace_until is None or left is None:
        return case.say("LX26.undated", chain=())
    return case.say("LX26", chain=(), date=day(left), until=day(account.grace_until))


def _missing(case: Case) -> Explanation | None:
    if not case.here or case.own is None or not learners.is_missing(case.own):
        return None
    return case.say("LX15", chain=())


def _moved_on(case: Case) -> Explanation | None:
    if case.account is None or case.account.holder is None or not case.was_here:
        return None
    left = _left_on(case)
    return case.say("LX22", chain=(), date=day(left)) if left else case.say("LX22.undated", chain=())


def _left(case: Case) -> Explanation | None:
    if not case.was_here:
        return None
    if case.facts.last_holder not in (None, case.school.dfes):
        return case.say("LX14.after", chain=())
    if any(school != case.school.dfes for school, _ in case.facts.learner.waits):
        return case.say("LX14.after", chain=())
    left = _left_on(case)
    return case.say("LX14", chain=(), date=day(left)) if left else case.say("LX14.undated", chain=())


def _last_years(case: Case) -> Explanation | None:
    run = case.school.last_run
    if not case.here or not case.last_years or run is None:
        return None
    return case.say("LX20", chain=class_information(case), date=day_of(run.at))


def _active(case: Case) -> Explanation | None:
    if not case.here:
        return None
    record = case.own.record if case.own else None
    place = (record.registration_group or next(iter(record.classes), "")) if record else ""
    return case.say("LX01", chain=(), place=place) if place else case.say("LX01.classless", chain=())


#: ux.md 5.2, last paragraph. Services still moving, locked and wrong password come before ``_active``.
_ORDER: tuple[Callable[[Case], Explanation | None], ...] = (
    _protected, _suspended, _refused, _identity, _conflict, _held, _failing, _future, _guest, _waiting, _released,
    _switched_off, _grace, _missing, _moved_on, _left, _last_years, _active,
)  # fmt: skip


def _left_on(case: Case) -> date | None:
    return case.own.record.leaving_date if case.own is not None else None


def moving(case: Case) -> tuple[Link, ...]:
    """The four links that must all hold for a learner who moves school (ux.md 5.1)."""
    if case.here:
        return ()
    first, second = _letting_go(case)
    third = _on_roll_here(case)
    return (first, second, third, _run_since(case, (first, second, third)))


def _letting_go(case: Case) -> tuple[Link, Link]:
    holder, released = case.holder, case.facts.released
    if holder is None:
        if case.account is None or case.account.holder is not None:
            return link("left", LinkState.NOT_KNOWN), link("their run", LinkState.NOT_KNOWN)
        on = london_date(released) if released else None
        return link("left", LinkState.DONE, on), link("their run", LinkState.DONE, on)
    word = case.word_of(holder.dfes)
    leaving = word.record.leaving_date if word is not None else None
    ran = london_date(holder.last_run.at) if holder.last_run else None
    if holder.held is not None:
        state = LinkState.WAITING
    elif is_late(holder, case.on, case.limits.old_days):
        state = LinkState.PROBLEM
    else:
        state = LinkState.DONE
    if leaving is None:
        return link("left", LinkState.PROBLEM), link("their run", state, ran)
    return link("left", LinkState.DONE if leaving <= case.on else LinkState.WAITING), link("their run", state, ran)


def _on_roll_here(case: Case) -> Link:
    own, run = case.own, case.school.last_run
    if case.facts.refusal is not None or (own is not None and own.refused):
        return link("on roll", LinkState.PROBLEM, london_date(run.at) if run else None)
    if case.present is not None:
        start = case.present.record.start_date
        reached = start is None or start <= case.on
        return link("on roll", LinkState.DONE if reached else LinkState.WAITING, start)
    released = case.facts.released
    if run is None or (case.account is not None and released is not None and run.at < released):
        return link("on roll", LinkState.NOT_KNOWN)
    late = is_late(case.school, case.on, case.limits.old_days)
    return link("on roll", LinkState.NOT_KNOWN if late else LinkState.PROBLEM, london_date(run.at))


def _run_since(case: Case, before: tuple[Link, ...]) -> Link:
    school, run = case.school, case.school.last_run
    ran = london_date(run.at) if run else None
    if school.failures or run is None:
        return link("your run", LinkState.PROBLEM, ran)
    waits = school.held is not None or any(one.state is not LinkState.DONE for one in before)
    return link("your run", LinkState.WAITING if waits else LinkState.DONE, ran)


def class_information(case: Case) -> tuple[Link, ...]:
    """The three links of this year's classes (ux.md 5.1)."""
    month, first = case.limits.policy.year_start
    began = calendar.academic_year_start(case.on, month=month, day=first)
    run = case.school.last_run
    ran = london_date(run.at) if run else None
    since = run is not None and london_date(run.as_at) >= began
    return (
        link("year end", LinkState.PROBLEM if since else LinkState.NOT_KNOWN),
        link("year run", LinkState.DONE if since else LinkState.PROBLEM, ran),
        link("year group", LinkState.PROBLEM if since else LinkState.WAITING),
    )


def final_year(phase: str, groups: tuple[str, ...], year_group: str) -> bool:
    """Whether a year group is a school's final one (R36); ``groups``: all on its roll."""
    if phase in FINAL_YEARS:
        return year_group in FINAL_YEARS[phase]
    known = [group for group in groups if calendar.year_position(group) is not None]
    return bool(known) and year_group == max(known, key=lambda group: calendar.year_position(group) or 0)
