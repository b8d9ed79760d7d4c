"""The links that must all hold: of a learner who moves school, and of this year's classes (ux.md 5.1)."""

from __future__ import annotations

from hwb.lifecycle import calendar
from hwb.lifecycle.calendar import london_date
from hwb.lifecycle.explain_case import Case
from hwb.lifecycle.explain_result import Link, LinkState
from hwb.lifecycle.explain_wording import is_late, link


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
