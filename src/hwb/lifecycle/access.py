"""Who may sign in: what decisions about an account mean (R31, R32, R39)."""

from __future__ import annotations

from datetime import date, timedelta

from hwb.lifecycle import calendar
from hwb.lifecycle.facts import Account, Decision, DecisionKind, LearnerEntry, Reason, StaffEntry
from hwb.lifecycle.policy import Policy
from hwb.lifecycle.rules import Rule

#: A grace carries leavers over the summer, and nobody over a year.
LONGEST_GRACE = timedelta(days=184)


def blocking(decisions: tuple[Decision, ...], schools: frozenset[str]) -> Reason | None:
    """The decision that keeps an account inactive while ``schools`` have it; None when none does.

    A suspension and a deactivation for safety block everywhere; a manual one at its own school only (R31).
    """
    for kind, code in (
        (DecisionKind.SUSPENDED, "suspended"),
        (DecisionKind.SAFETY, "deactivated_safety"),
        (DecisionKind.DEACTIVATED, "deactivated"),
    ):
        for decision in decisions:
            if decision.kind is kind and (kind is not DecisionKind.DEACTIVATED or decision.school in schools):
                return Reason(Rule.R31, code, (("school", decision.school or ""),))
    return None


def departure_confirmed(account: Account, school: str) -> bool:
    """Whether a Digital Champion of ``school`` confirmed that the missing person left (R32)."""
    return any(d.kind is DecisionKind.LEFT and d.school == school for d in account.decisions)


def departure_reason(school: str) -> Reason:
    """The reason of an account that a confirmed departure let go (R32)."""
    return Reason(Rule.R32, "departure_confirmed", (("school", school),))


def kind_of_left(entry: LearnerEntry | StaffEntry | None) -> DecisionKind:
    """What the reason 'left' means: R32's confirmation for a missing person, else only a deactivation (R31)."""
    if entry is not None and entry.missing_since is not None and entry.record.leaving_date is None:
        return DecisionKind.LEFT
    return DecisionKind.DEACTIVATED


def grace_until(entry: LearnerEntry, *, policy: Policy) -> date | None:
    """Last day of sign-in after a leaving date, when the school or nation set a grace (R39); the school's first.

    None for whoever leaves after the grace's day: "to the end of August" does not mean that of next year.
    """
    leaving = entry.record.leaving_date
    if leaving is None:
        return None
    for school in (entry.school, ""):
        for grace in policy.graces:
            if grace.school == school and grace.year_group == entry.record.year_group:
                last = calendar.next_occurrence((grace.month, grace.day), leaving)
                return last if last - leaving <= LONGEST_GRACE else None
    return None
