"""One learner and one school on one day, with what the codes of an explanation ask about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from hwb.extract.texts import Both
from hwb.lifecycle import calendar
from hwb.lifecycle.calendar import london_date
from hwb.lifecycle.explain_facts import LearnerFacts, Limits, SchoolSeen
from hwb.lifecycle.facts import Account, Details, LearnerEntry, WaitCause


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


def display_name(person: Details | object) -> str:
    """The preferred names, else the legal ones, as received (ux.md 13.3)."""
    forename = getattr(person, "preferred_forename", "") or getattr(person, "legal_forename", "")
    surname = getattr(person, "preferred_surname", "") or getattr(person, "legal_surname", "")
    return f"{forename} {surname}".strip()
