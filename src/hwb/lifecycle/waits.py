"""Who waits for an account, and why (R4, R5, R6, R7, R9)."""

from __future__ import annotations

from hwb.lifecycle import calendar, identity, words
from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.context import Context
from hwb.lifecycle.facts import Account, Details, Learner, LearnerEntry, WaitCause
from hwb.lifecycle.rules import Rule


def is_contested(account: Account, holder: str | None, candidates: list[LearnerEntry]) -> bool:
    """Two claims on an account that nobody holds (R6)."""
    if holder is not None:
        return False
    return sum(not identity.clashes(c.record, account.details) for c in candidates) > 1


def waits(
    learner: Learner,
    candidates: list[LearnerEntry],
    holder: str | None,
    known: Details | None,
    contested: bool,
    context: Context,
) -> list[Change]:
    """Who waits, and why (R4, R5, R6, R7, R9)."""
    standing = dict(learner.waits)
    history = {**standing, **context.waits_before}
    wanted: dict[str, WaitCause] = {}
    asking = list(candidates)
    asking += [
        e for e in learner.entries
        if known is not None and e.record.enrolment_status not in words.HOLDING_STATUSES and e.missing_since is None
        and not e.refused and calendar.is_on_roll(e.record, context.on) and identity.clashes(e.record, known)
    ]  # fmt: skip
    for entry in asking:
        if entry.school == holder:
            continue
        wanted[entry.school] = _cause(entry, known, contested, history.get(entry.school))
    wanted.update(  # a wait at the holder itself stands as long as its record is refused (R4)
        (school, cause)
        for school, cause in history.items()
        if school == holder and cause is WaitCause.IDENTITY and _clash_stands(learner, school)
    )
    account_id = learner.account.id if learner.account else None
    changes = []
    for school in sorted(wanted):
        if standing.get(school) is wanted[school]:
            continue
        before = {"cause": str(standing[school])} if school in standing else {}
        rule = _WAIT_RULES[wanted[school]]
        changes.append(
            Change(
                ChangeKind.WAIT, rule, f"wait_{wanted[school]}", school, learner.upn, account_id, before,
                {"cause": str(wanted[school])},
            )
        )  # fmt: skip
    for school in sorted(standing.keys() - wanted.keys()):
        before = {"cause": str(standing[school])}
        changes.append(
            Change(
                ChangeKind.WAIT_END, _WAIT_RULES[standing[school]], "wait_end", school, learner.upn, account_id,
                before, {},
            )
        )  # fmt: skip
    return changes


_WAIT_RULES = {
    WaitCause.RELEASE: Rule.R5,
    WaitCause.CONFLICT: Rule.R6,
    WaitCause.IDENTITY: Rule.R4,
    WaitCause.REKEY: Rule.R9,
}


def _clash_stands(learner: Learner, school: str) -> bool:
    entry = words.word_of(learner, school)
    return entry is not None and entry.refused


def _cause(entry: LearnerEntry, known: Details | None, contested: bool, standing: WaitCause | None) -> WaitCause:
    if known is None:
        return WaitCause.REKEY
    if identity.clashes(entry.record, known):
        return WaitCause.IDENTITY
    if contested or standing is WaitCause.CONFLICT:
        return WaitCause.CONFLICT
    return WaitCause.RELEASE
