"""One learner's fate: every school's newest word, the account and today → what must change (R1–R9, R11, R31, R32, R39).

:func:`settle` is level-based: it never asks what a run changed, only what follows from the facts. Settling a
settled learner again gives no change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from hwb.lifecycle import access, calendar, identity, rekeying, waits, words
from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.context import Context
from hwb.lifecycle.facts import (
    Account,
    DecisionKind,
    Details,
    Learner,
    LearnerEntry,
    Reason,
)
from hwb.lifecycle.rules import Rule


@dataclass(frozen=True, slots=True)
class Ending:
    """How a holder let go: the reason, and the last day of a grace that it grants (R39)."""

    reason: Reason
    grace_until: date | None = None


def settle(learner: Learner, context: Context) -> list[Change]:
    """The changes that bring one learner from what is to what must be."""
    if _is_at_rest(learner, context):
        return []
    account = learner.account
    if account is None:
        return _settle_unknown(learner, [e for e in learner.entries if words.claims(e, context.on)], context)
    ending = _ending(learner, account, context)
    holder = account.holder if ending is None else None
    changes: list[Change] = []
    if ending is not None:
        changes.append(_release(learner, account, ending, context))
    if learner.asking and holder is None and not context.give_back:
        rekeyed, learner = rekeying.on_release(learner, context.on)
        account, changes = learner.account or account, [*changes, *rekeyed]
    candidates = [entry for entry in learner.entries if words.claims(entry, context.on)]
    winner = _winner(learner, account, holder, candidates, context)
    new_holder = winner.school if winner is not None else holder
    known = account.details
    if winner is not None:
        changes.append(_claim(learner, account, holder, winner, context))
    changes += _decisions_ended(learner, account, new_holder, winner, context)
    changes += _state(learner, account, new_holder, ending, changes, context)
    source = winner or words.word_of(learner, new_holder)
    if source is not None and not source.refused and source.missing_since is None:
        changes += _details(learner, account, source)
        known = identity.details_of(source.record, account.details)  # what others are compared with from now on
    changes += _guests(learner, account, known, new_holder, context)
    contested = not context.give_back and waits.is_contested(account, holder, candidates)
    changes += waits.waits(learner, candidates, new_holder, known, contested, context)
    return changes


def _is_at_rest(learner: Learner, context: Context) -> bool:
    """The plainest learner, and in most runs nearly everyone: held, on roll, known by these names, nothing else said.

    Only a short cut: settling such a learner the long way gives no change either.
    """
    account = learner.account
    if account is None or len(learner.entries) != 1 or learner.waits or account.decisions or account.guests:
        return False
    (entry,) = learner.entries
    return (
        entry.school == account.holder
        and account.active
        and account.grace_until is None
        and account.reason.rule not in (Rule.R31, Rule.R39)
        and words.claims(entry, context.on)
        and identity.is_known_as(entry.record, account.details)
    )


def _ending(learner: Learner, account: Account, context: Context) -> Ending | None:
    """Why the holder lets go, None when it keeps the account or nobody holds it (R3, R32, R43, undo)."""
    if account.holder is None:
        return None
    entry = words.word_of(learner, account.holder)
    if entry is None:
        if account.holder == context.closing:
            return Ending(Reason(Rule.R43, "school_closed", (("school", account.holder),)))
        return Ending(Reason(Rule.UNDO, "undone", (("school", account.holder),)))
    unwanted = not words.claims(entry, context.on) or identity.clashes(entry.record, account.details)
    if context.brought and account.holder == context.actor_school and unwanted:
        return Ending(Reason(Rule.UNDO, "undone", (("school", account.holder),)))
    if calendar.has_left(entry.record, context.on):
        leaving = str(entry.record.leaving_date)
        reason = Reason(Rule.R3, "left", (("school", entry.school), ("date", leaving)))
        return Ending(reason, access.grace_until(entry, policy=context.policy))
    if words.is_missing(entry) and access.departure_confirmed(account, entry.school):
        return Ending(access.departure_reason(entry.school))
    return None


def _winner(
    learner: Learner,
    account: Account,
    holder: str | None,
    candidates: list[LearnerEntry],
    context: Context,
) -> LearnerEntry | None:
    """The word that gets the account now, None when nothing moves (R4, R6, R32)."""
    if holder is not None:
        entry = words.word_of(learner, holder)
        free_from = words.claimable_from(entry, context.policy) if entry else None
        if free_from is None or context.on < free_from:
            return None
        fitting = [c for c in candidates if c.school != holder and identity.agrees(c.record, account.details)]
    elif context.give_back:
        return words.word_of(learner, context.give_back)
    else:
        fitting = [c for c in candidates if not identity.clashes(c.record, account.details)]
    return min(fitting, key=words.precedence, default=None)


def _settle_unknown(learner: Learner, candidates: list[LearnerEntry], context: Context) -> list[Change]:
    """A UPN that never had an account: created for the claim with precedence, the others wait (R1, R6)."""
    free = [c for c in candidates if not c.doubtful]  # one that asks to re-key makes no account of its own (R9)
    if not free:
        return waits.waits(learner, candidates, None, None, False, context)
    winner = min(free, key=words.precedence)
    record = winner.record
    after: dict[str, Any] = {"kind": "learner", "state": "active", "holder": winner.school, "upn": record.upn}
    after.update(_personal(identity.details_of(record)))
    after.update(words.placement_values(record))
    values = (("school", winner.school), ("date", str(record.start_date)))
    changes = [Change(ChangeKind.CREATE, Rule.R1, "created", winner.school, learner.upn, None, {}, after, values)]
    guests = [e for e in learner.entries if _is_guest(e, identity.details_of(record), winner.school, context)]
    changes += [_guest_change(learner, None, entry) for entry in guests]
    changes += waits.waits(learner, candidates, winner.school, identity.details_of(record), len(free) > 1, context)
    return changes


def _claim(learner: Learner, account: Account, holder: str | None, winner: LearnerEntry, context: Context) -> Change:
    before = {"holder": holder, "grace_until": _iso(account.grace_until)}
    after = {"holder": winner.school, "grace_until": None, **words.placement_values(winner.record)}
    rule: str
    if context.give_back:
        rule, code = context.giving
    elif holder is not None:
        rule, code = Rule.R32, "claimed_missing"
    elif winner.school != context.actor_school:
        rule, code = Rule.R6, "claimed_on_release"
    else:
        rule, code = Rule.R4, "claimed"
    values = (("school", winner.school), ("date", context.on.isoformat()))
    return Change(ChangeKind.CLAIM, rule, code, winner.school, learner.upn, account.id, before, after, values)


def _release(learner: Learner, account: Account, ending: Ending, context: Context) -> Change:
    reason = ending.reason
    grace = ending.grace_until if ending.grace_until and ending.grace_until >= context.on else None
    before = {"holder": account.holder, "grace_until": _iso(account.grace_until)}
    after = {"holder": None, "grace_until": _iso(grace)}
    return Change(
        ChangeKind.RELEASE, reason.rule, reason.code, account.holder or "", learner.upn, account.id,
        before, after, reason.values,
    )  # fmt: skip


def _decisions_ended(
    learner: Learner,
    account: Account,
    holder: str | None,
    winner: LearnerEntry | None,
    context: Context,
) -> list[Change]:
    """A claim by another school ends a manual deactivation (R31); coming back on roll ends a confirmed departure."""
    ended = []
    for decision in account.decisions:
        overtaken = decision.kind is DecisionKind.DEACTIVATED and winner is not None and decision.school != holder
        entry = words.word_of(learner, decision.school)
        answered = decision.kind is DecisionKind.LEFT and (
            (winner is not None and not context.give_back) or entry is None or not words.is_missing(entry)
        )
        if overtaken or answered:
            after = {"decision": decision.id, "kind": str(decision.kind)}
            rule, code = (Rule.R31, "deactivation_ended") if overtaken else (Rule.R32, "confirmation_ended")
            ended.append(
                Change(
                    ChangeKind.DECISION_END,
                    rule,
                    code,
                    decision.school or "",
                    learner.upn,
                    account.id,
                    {},
                    after,
                )
            )
    return ended


def _state(
    learner: Learner,
    account: Account,
    holder: str | None,
    ending: Ending | None,
    done: list[Change],
    context: Context,
) -> list[Change]:
    """Whether the account may be used now, and the reason that made it so."""
    ended = {c.after["decision"] for c in done if c.kind is ChangeKind.DECISION_END}
    standing = tuple(d for d in account.decisions if d.id not in ended)
    grace = account.grace_until
    for change in done:
        if change.kind in (ChangeKind.CLAIM, ChangeKind.RELEASE):
            grace = date.fromisoformat(change.after["grace_until"]) if change.after["grace_until"] else None
    places = frozenset((holder,)) if holder else account.schools
    blocked = access.blocking(standing, places)
    if holder is None and (grace is None or grace < context.on):
        reason = ending.reason if ending else account.reason
        if account.active and ending is None:
            reason = Reason(Rule.R39, "grace_over", (("date", str(grace)),))
        wanted = False
    elif blocked is not None:
        reason, wanted = blocked, False
    elif holder is None:
        reason, wanted = Reason(Rule.R39, "grace", (("date", str(grace)),)), True
    else:
        wanted = True
        moved = next((c for c in done if c.kind is ChangeKind.CLAIM), None)
        reason = Reason(moved.rule, moved.reason, moved.values) if moved else _active_reason(account, holder)
    # a release has written its own reason already
    if wanted == account.active and reason == (ending.reason if ending else account.reason):
        return []
    return [
        Change(
            ChangeKind.STATE, reason.rule, reason.code, holder or account.holder or context.actor_school,
            learner.upn, account.id, {"state": _word(account.active)}, {"state": _word(wanted)}, reason.values,
        )
    ]  # fmt: skip


def _active_reason(account: Account, holder: str) -> Reason:
    """Why a held account is active: as before, unless a decision or a grace had made it otherwise."""
    if account.active and account.reason.rule not in (Rule.R39, Rule.R31):
        return account.reason
    if account.active and account.reason.code == "reactivated":
        return account.reason
    return Reason(Rule.R31, "reactivated", (("school", holder),))


def _details(learner: Learner, account: Account, source: LearnerEntry) -> list[Change]:
    """Names and birth date follow the holding school's word (R2, R34); username and e-mail do not."""
    wanted = identity.details_of(source.record, account.details)
    if wanted == account.details:
        return []
    old, new = _personal(account.details), _personal(wanted)
    differing = [key for key in new if old[key] != new[key]]
    return [
        Change(
            ChangeKind.DETAILS, Rule.R34, "details", source.school, learner.upn, account.id,
            {key: old[key] for key in differing}, {key: new[key] for key in differing},
        )
    ]  # fmt: skip


def _is_guest(entry: LearnerEntry, known: Details, holder: str | None, context: Context) -> bool:
    return (
        entry.school != holder
        and entry.record.enrolment_status not in words.HOLDING_STATUSES
        and entry.missing_since is None
        and not entry.refused
        and calendar.is_on_roll(entry.record, context.on)
        and not identity.clashes(entry.record, known)
    )


def _guest_change(learner: Learner, account: Account | None, entry: LearnerEntry) -> Change:
    after = {"role": "guest", **words.placement_values(entry.record)}
    account_id = account.id if account else None
    return Change(ChangeKind.GUEST, Rule.R7, "guest", entry.school, learner.upn, account_id, {}, after)


def _guests(learner: Learner, account: Account, known: Details, holder: str | None, context: Context) -> list[Change]:
    """Subsidiary and guest enrolments show the learner in a further school's lists, and nothing else (R7)."""
    wanted = {e.school: e for e in learner.entries if _is_guest(e, known, holder, context)}
    changes = [_guest_change(learner, account, wanted[school]) for school in sorted(wanted.keys() - account.guests)]
    for school in sorted(account.guests - wanted.keys()):
        before = {"role": "guest"}
        changes.append(Change(ChangeKind.GUEST_END, Rule.R7, "guest_end", school, learner.upn, account.id, before, {}))
    return changes


def _personal(details: Details) -> dict[str, Any]:
    return {
        "legal_surname": details.legal_surname,
        "legal_forename": details.legal_forename,
        "preferred_surname": details.preferred_surname,
        "preferred_forename": details.preferred_forename,
        "birth_date": _iso(details.birth_date),
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _word(active: bool) -> str:
    return "active" if active else "inactive"
