"""What joining two staff accounts does, and what takes it back exactly (R25)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from hwb.lifecycle import access, staff
from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.facts import Account, Details, Reason, StaffEntry, StaffMember
from hwb.lifecycle.plan import Plan, StaffWrite
from hwb.lifecycle.rules import Rule

NAMES = ("legal_surname", "legal_forename", "preferred_surname", "preferred_forename", "birth_date")


@dataclass(frozen=True, slots=True)
class Pair:
    """The kept account with the words of its own, and the retiring one with the words that lead to it."""

    kept: Account
    retiring: Account
    kept_words: tuple[StaffEntry, ...]
    words: tuple[StaffEntry, ...]


def plan_join(pair: Pair, *, school: str) -> Plan:
    """The kept account takes the newer one's words and posts; the newer one is retired for good.

    ``school``: whose chain the changes are written in. Afterwards the words lead to the kept account, so that later
    runs of the new school keep it up to date by the same rules as any other.
    """
    kept, retiring = pair.kept, pair.retiring
    changes = [_post_end(retiring, at, "consolidated") for at in sorted(retiring.posts)]
    if retiring.active:
        changes.append(_state(retiring, False, Reason(Rule.R25, "consolidated", (("school", school),)), school))
    for word in _in_order(pair.words):
        if word.school in retiring.posts and word.school not in kept.posts:
            changes.append(_post(kept, word, "kept"))
            kept = replace(kept, posts=kept.posts | {word.school})
    blocked = access.blocking(kept.decisions, kept.posts)
    if kept.posts and not kept.active and blocked is None:
        changes.append(_state(kept, True, Reason(Rule.R25, "kept", (("school", school),)), school))
    for word in _in_order(pair.words):
        if word.school in kept.posts and not word.refused and word.missing_since is None:
            named = staff.details(word, kept, _key(word))
            changes += named
            break
    return Plan(school, tuple(changes), staff_writes=_led_to(pair.words, kept))


@dataclass(frozen=True, slots=True)
class Before:
    """What stood before a join, as far as nothing else says it: the kept account's names and reason."""

    details: Details
    reason: Reason


def plan_undo(pair: Pair, before: Before, *, school: str, on: date) -> Plan:
    """Both accounts as they would be had they never been joined.

    ``pair.words``: those that the join gave the kept account, as they are now; the posts that stand by them go back,
    with everything that runs made of them meanwhile. ``pair.kept`` has its posts and state of now.
    """
    kept, retiring = pair.kept, pair.retiring
    changes: list[Change] = []
    own = {word.school for word in pair.kept_words}
    back = {word.school: word for word in _in_order(pair.words) if word.school in kept.posts}
    for at in sorted(back):
        if at not in own or not _stands(pair, at, on):
            changes.append(_post_end(kept, at, "consolidation_undone"))
            kept = replace(kept, posts=kept.posts - {at})
    if kept.active and not kept.posts:
        changes.append(_state(kept, False, before.reason, school))
        kept = replace(kept, active=False, reason=before.reason)
    changes += _names_back(kept, pair, before.details, school)
    for at, word in sorted(back.items()):
        changes.append(_post(retiring, word, "consolidation_undone"))
        retiring = replace(retiring, posts=retiring.posts | {at})
    blocked = access.blocking(retiring.decisions, retiring.posts)
    if retiring.posts:
        reason = blocked or Reason(Rule.R25, "consolidation_undone", (("school", school),))
        if blocked is None or retiring.reason != blocked:
            changes.append(_state(retiring, blocked is None, reason, school))
    else:  # they left the new school meanwhile, and would have without the join
        gone = Reason(Rule.R25, "consolidation_undone", (("school", school),))
        changes.append(_state(retiring, False, gone if pair.kept.active else pair.kept.reason, school))
    for word in _in_order(pair.words):
        if not word.refused and word.missing_since is None and (named := staff.details(word, retiring, _key(word))):
            changes += named
            break
    return Plan(school, tuple(changes), staff_writes=_led_to(pair.words, retiring))


def _stands(pair: Pair, at: str, on: date) -> bool:
    """Whether the kept account has a post there by a word of its own."""
    return any(word.school == at and staff.is_current(word, pair.kept, on) for word in pair.kept_words)


def _names_back(kept: Account, pair: Pair, details: Details, school: str) -> list[Change]:
    """The kept account's names of before; of a school that has the person again by then, its own."""
    current = next((w for w in pair.kept_words if w.school in kept.posts and w.missing_since is None), None)
    if current is not None:
        return staff.details(current, kept, _key(current))
    before, after = _json(kept.details), _json(details)
    differing = [name for name in NAMES if before[name] != after[name]]
    if not differing:
        return []
    old, new = ({name: side[name] for name in differing} for side in (before, after))
    return [Change(ChangeKind.DETAILS, Rule.R25, "names_back", school, _of(kept), kept.id, old, new)]


def _json(details: Details) -> dict[str, Any]:
    found = {name: getattr(details, name) for name in NAMES}
    return {**found, "birth_date": details.birth_date.isoformat() if details.birth_date else None}


def _led_to(words: Iterable[StaffEntry], account: Account) -> tuple[StaffWrite, ...]:
    return tuple(StaffWrite(word, word, _key(word), account.id) for word in _in_order(words))


def _post(account: Account, word: StaffEntry, code: str) -> Change:
    after = {"role": "post", **staff.post_values(word.record)}
    values = (("school", word.school),)
    return Change(ChangeKind.POST, Rule.R25, code, word.school, _key(word), account.id, {}, after, values)


def _post_end(account: Account, school: str, code: str) -> Change:
    values = (("school", school),)
    return Change(ChangeKind.POST_END, Rule.R25, code, school, _of(account), account.id, {"role": "post"}, {}, values)


def _state(account: Account, active: bool, reason: Reason, school: str) -> Change:
    before = {"state": "active" if account.active else "inactive"}
    after = {"state": "active" if active else "inactive"}
    return Change(
        ChangeKind.STATE, reason.rule, reason.code, school, _of(account), account.id, before, after, reason.values
    )


def _in_order(words: Iterable[StaffEntry]) -> list[StaffEntry]:
    return sorted(words, key=lambda word: (word.school, word.id))


def _key(word: StaffEntry) -> str:
    return f"staff:{word.id}"


def _of(account: Account) -> str:
    return f"staff:account {account.id}"


def member(word: StaffEntry, account: Account) -> StaffMember:
    """A word as the store knows whom a plan is about."""
    return StaffMember(word, account)
