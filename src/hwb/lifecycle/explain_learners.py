"""Why a learner's account is, or is not, at a school: codes LX01–LX27, the first that holds (ux.md 5.2).

What is said of another school's person is bounded by ux.md 2: that school's name, its authority, the date of its last
successful run and whether a leaving date was received. Names come from the asking school's own word only.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from hwb.extract.texts import Both
from hwb.lifecycle import attempts, calendar, explain_texts, words
from hwb.lifecycle.explain_case import Case
from hwb.lifecycle.explain_chain import class_information, moving
from hwb.lifecycle.explain_facts import ChildSeen, LearnerFacts, Limits, SchoolSeen
from hwb.lifecycle.explain_result import Explanation, Link
from hwb.lifecycle.explain_texts import day, day_of
from hwb.lifecycle.explain_wording import evidence_of, fill, fixes, is_late, reasons, standing
from hwb.lifecycle.facts import DecisionKind, LearnerEntry, WaitCause
from hwb.lifecycle.policy import FINAL_YEARS


def explain(facts: LearnerFacts, *, on: date, limits: Limits) -> Explanation:
    """The one explanation; total over all facts."""
    case = Case(facts, on, limits)
    for attempt in _ORDER:
        found = attempt(case)
        if found is not None:
            return found
    if case.account is None and not facts.learner.entries and case.facts.refusal is None:
        return _say(case, "LX11")
    return _say(case, "LX11.expected" if case.account is None else "LX07.waiting")


def of_school(school: SchoolSeen, *, on: date, limits: Limits) -> tuple[Explanation, ...]:
    """What is true of all learners of a school at once: LX16 while its attempts fail, LX20 while its newest word is
    last year's."""
    run, found = school.last_run, []
    evidence = evidence_of(school)
    if school.failures:
        reason, count = explain_texts.failure(school.failure), school.failures
        if run is None:
            found.append(fill("LX16.first", school=school, evidence=evidence, reason=reason, count=count))
        else:
            at = day_of(run.at)
            found.append(fill("LX16", school=school, evidence=evidence, date=at, reason=reason, count=count))
    month, first = limits.policy.year_start
    began = calendar.academic_year_start(on, month=month, day=first)
    if run is not None and (calendar.london_date(run.as_at) < began or school.year_groups_stayed):
        found.append(fill("LX20", school=school, evidence=evidence, date=day_of(run.at)))
    return tuple(found)


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
    return _say(case, "LX25", chain=())


def _refused(case: Case) -> Explanation | None:
    refusal, own = case.facts.refusal, case.own
    if case.wait is WaitCause.IDENTITY and refusal is None:
        return None
    if refusal is not None:
        name = f"{refusal.forename} {refusal.surname}".strip() or case.name
        return _say(
        case,     "LX02", name=name, date=day_of(refusal.run.at), reason=reasons(refusal, case.school),
            fix=fixes(refusal, case.school),
        )  # fmt: skip
    if own is None or not own.refused or case.school.last_run is None:
        return None
    return _say(case, "LX02.unknown", date=day_of(case.school.last_run.at))


def _identity(case: Case) -> Explanation | None:
    if case.wait is WaitCause.IDENTITY:
        return _say(case, "LX23", chain=())  # of the other person nothing is shown (R4)
    if case.wait is WaitCause.REKEY and case.holder is None:
        return _say(case, "LX23.former", chain=())
    return None


def _conflict(case: Case) -> Explanation | None:
    if case.wait is WaitCause.CONFLICT and case.holder is not None:
        return _say(case, "LX10")
    if case.here and WaitCause.CONFLICT in dict(case.facts.learner.waits).values():
        return _say(case, "LX10.here", chain=())
    return None


def _held(case: Case) -> Explanation | None:
    run = case.school.held
    if run is None or case.facts.held_name is None:
        return None
    return _say(case, "LX12", name=case.facts.held_name or case.name, date=day_of(run.at))


def _failing(case: Case) -> Explanation | None:
    """What has not reached us explains only what the school's last accepted word leaves open."""
    school, run = case.school, case.school.last_run
    if case.settled:
        return None
    if school.failures:
        reason = explain_texts.failure(school.failure)
        if run is None:
            return _say(case, "LX16.first", count=school.failures, reason=reason)
        return _say(case, "LX16", count=school.failures, reason=reason, date=day_of(run.at))
    if run is None:
        return _say(case, "LX16.never")
    unheard_of = case.account is None and not case.facts.learner.entries
    if unheard_of and is_late(school, case.on, case.limits.old_days):
        return _say(case, "LX16.late", date=day_of(run.at))
    return None


def _future(case: Case) -> Explanation | None:
    word = case.present
    if word is None or case.here or word.record.enrolment_status not in words.HOLDING_STATUSES:
        return None
    start = word.record.start_date
    if start is None or start <= case.on:
        return None
    key = "LX03.new" if case.account is None else "LX03" if case.holder is None else "LX03.held"
    return _say(case, key, date=day(start))


def _guest(case: Case) -> Explanation | None:
    word = case.present
    if case.here or word is None or word.record.enrolment_status in words.HOLDING_STATUSES:
        return None
    return _say(case, "LX24", chain=())


def _waiting(case: Case) -> Explanation | None:
    """Another school has the account: what keeps it there, in the order LX27, LX06, LX05, LX04."""
    holder = case.holder
    if holder is None or (case.was_here and case.present is None):
        return None
    word = case.word_of(holder.dfes)
    return _unsettled_there(case, holder, word) or _late_there(case, holder, word) or _on_roll_there(case, holder, word)


def _unsettled_there(case: Case, holder: SchoolSeen, word: LearnerEntry | None) -> Explanation | None:
    if holder.held is not None:
        return _say(case, "LX27.held")
    if word is None or word.record.leaving_date is not None:
        return None
    if word.refused:
        return _say(case, "LX27.refused")
    if not words.is_missing(word):
        return None
    free = words.claimable_from(word, case.limits.policy)
    return _say(case, "LX27", free=day(free)) if free else _say(case, "LX27.doubtful")


def _late_there(case: Case, holder: SchoolSeen, word: LearnerEntry | None) -> Explanation | None:
    if not is_late(holder, case.on, case.limits.old_days):
        return None
    if word is not None and word.record.leaving_date is not None:
        return None
    share = case.facts.final_year
    if holder.last_run is None:
        return _say(case, "LX05.never")
    if share is not None and share.missing * 2 > share.total:
        return _say(case, "LX06", year=share.year_group, missing=share.missing, count=share.total)
    return _say(case, "LX05")


def _on_roll_there(case: Case, holder: SchoolSeen, word: LearnerEntry | None) -> Explanation | None:
    if holder.last_run is None:
        return _say(case, "LX05.never")
    if word is None or word.record.leaving_date is None:
        return _say(case, "LX04")
    return _say(case, "LX04.due" if calendar.has_left(word.record, case.on) else "LX04.leaving")


def _released(case: Case) -> Explanation | None:
    """Nobody has the account, and this school may claim it."""
    account, run = case.account, case.school.last_run
    if account is None or account.holder is not None or case.was_here:
        return None
    if case.facts.namesake:
        return _say(case, "LX09")
    released = case.facts.released
    if released is None or run is None:
        return _say(case, "LX07.waiting")
    if run.at < released:
        return _say(case, "LX07", released=day_of(released), date=day_of(run.at))
    return _say(case, "LX08", date=day_of(run.at))


def _switched_off(case: Case) -> Explanation | None:
    account = case.account
    if account is None or account.active or not (case.here or (account.holder is None and case.was_here)):
        return None
    decision, made = standing(account, case.facts.decisions, frozenset({case.school.dfes}))
    if decision is None:
        return _say(case, "LX13.unknown", chain=()) if case.here else None
    if made is None:
        return _say(case, "LX13.unknown", chain=())
    key = "LX13" if case.here else "LX13.left"
    if decision.kind is DecisionKind.SAFETY:
        key = "LX13.safety"
    return _say(case, key, chain=(), person=made.by, date=day_of(made.at))


def _grace(case: Case) -> Explanation | None:
    account = case.account
    if account is None or not account.active or account.holder is not None or not case.was_here:
        return None
    left = _left_on(case)
    if account.grace_until is None or left is None:
        return _say(case, "LX26.undated", chain=())
    return _say(case, "LX26", chain=(), date=day(left), until=day(account.grace_until))


def _missing(case: Case) -> Explanation | None:
    if not case.here or case.own is None or not words.is_missing(case.own):
        return None
    return _say(case, "LX15", chain=())


def _moved_on(case: Case) -> Explanation | None:
    if case.account is None or case.account.holder is None or not case.was_here:
        return None
    left = _left_on(case)
    return _say(case, "LX22", chain=(), date=day(left)) if left else _say(case, "LX22.undated", chain=())


def _left(case: Case) -> Explanation | None:
    if not case.was_here:
        return None
    if case.facts.last_holder not in (None, case.school.dfes):
        return _say(case, "LX14.after", chain=())
    if any(school != case.school.dfes for school, _ in case.facts.learner.waits):
        return _say(case, "LX14.after", chain=())
    left = _left_on(case)
    return _say(case, "LX14", chain=(), date=day(left)) if left else _say(case, "LX14.undated", chain=())


def _last_years(case: Case) -> Explanation | None:
    run = case.school.last_run
    if not case.here or not case.last_years or run is None:
        return None
    return _say(case, "LX20", chain=class_information(case), date=day_of(run.at))


def _active(case: Case) -> Explanation | None:
    if not case.here:
        return None
    if any(cause is WaitCause.RELEASE for _, cause in case.facts.learner.waits):
        return _say(case, "LX01.waited", chain=())  # that one waits, never which (R5, ux.md 2)
    record = case.own.record if case.own else None
    place = (record.registration_group or next(iter(record.classes), "")) if record else ""
    key, over = _childs_way_in(case.facts.child, case.on)
    if over is not None:
        return _say(case, key, chain=(), date=day(over))
    if not place:
        return _say(case, f"{key}_classless" if key != "LX01" else "LX01.classless", chain=())
    return _say(case, key, chain=(), place=place)


def _childs_way_in(child: ChildSeen | None, on: date) -> tuple[str, date | None]:
    """The wording for how a small child signs in, or what is missing for it; with the day on which a badge ended."""
    if child is None:
        return "LX01", None
    last = child.badge_last_day
    over = last if last is not None and last < on else None
    if over is not None and child.pictures:
        return "LX01.badge_over", over
    if over is not None and child.alone:
        return "LX01.badge_alone_over", over
    if child.pictures or (child.alone and last is not None):
        return "LX01.child", None
    return ("LX01" if child.password else "LX01.no_way"), None


def _services_moving(case: Case) -> Explanation | None:
    """Somebody who came today or yesterday, whose e-mail and files have not followed yet."""
    mail, arrived = case.facts.mail, case.facts.arrived
    if not case.here or mail is None or mail.since is None or arrived is None:
        return None
    if case.account is None or not case.account.active or not 0 <= (case.on - arrived).days <= 1:
        return None
    key = "LX19" if case.account.schools - {case.school.dfes} else "LX19.new"
    return _say(case, key, chain=(), date=day(arrived), until=day(arrived + timedelta(days=1)))


def _locked(case: Case) -> Explanation | None:
    trouble, child = case.facts.trouble, case.facts.child
    if not case.here:
        return None
    if child is not None and child.pictures:
        if child.ended:
            return _say(case, "LX18.pictures_closed", chain=())
        if child.shut_until is not None:
            return _say(case, "LX18.pictures", chain=(), time=_time(child.shut_until))
        if trouble.locked is not None and not trouble.closed:
            return _say(case, "LX18.child", chain=(), time=_time(trouble.locked))
    if trouble.closed:
        return _say(case, "LX18.closed", chain=())
    if trouble.locked is None:
        return None
    return _say(case, "LX18", chain=(), time=_time(trouble.locked))


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(calendar.LONDON):%H:%M}"


def _wrong_password(case: Case) -> Explanation | None:
    wrong = case.facts.trouble.wrong
    return _say(case, "LX17", chain=(), count=wrong) if case.here and wrong >= attempts.TOLD_FROM else None


#: ux.md 5.2, last paragraph.
_ORDER: tuple[Callable[[Case], Explanation | None], ...] = (
    _protected, _suspended, _refused, _identity, _conflict, _held, _failing, _future, _guest, _waiting, _released,
    _switched_off, _grace, _missing, _moved_on, _left, _last_years, _services_moving,
    _locked, _wrong_password, _active,
)  # fmt: skip


def _left_on(case: Case) -> date | None:
    return case.own.record.leaving_date if case.own is not None else None


def _say(case: Case, key: str, *, chain: tuple[Link, ...] | None = None, **values: str | int | Both) -> Explanation:
    """The explanation of one wording, by default with the chain of a learner who moves."""
    gaps: dict[str, str | int | Both] = {"name": case.name, "upn": case.facts.upn}
    if case.holder is not None:
        authority = case.holder.authority
        unknown = explain_texts.both(explain_texts.NO_AUTHORITY)
        gaps |= {"holder": case.holder.name, "authority": authority if authority.en or authority.cy else unknown}
        gaps |= {"date": day_of(case.holder.last_run.at)} if case.holder.last_run else {}
    links = moving(case) if chain is None else chain
    evidence = evidence_of(case.school, case.holder if chain is None else None)
    return fill(key, school=case.school, chain=links, evidence=evidence, **{**gaps, **values})


def final_year(phase: str, groups: tuple[str, ...], year_group: str) -> bool:
    """Whether a year group is a school's final one (R36); ``groups``: all on its roll."""
    if phase in FINAL_YEARS:
        return year_group in FINAL_YEARS[phase]
    known = [group for group in groups if calendar.year_position(group) is not None]
    return bool(known) and year_group == max(known, key=lambda group: calendar.year_position(group) or 0)
