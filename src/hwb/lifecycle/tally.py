"""What a plan would change, by rule: how many people, and a sentence without anybody's name (R42)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from hwb.extract.texts import N_, Text, render
from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.reasons import DOMAIN
from hwb.lifecycle.rules import Rule

#: What each kind of change means, for whichever rule has no sentence of its own.
_KINDS: dict[ChangeKind, str] = {
    ChangeKind.CREATE: N_("New accounts: learners on roll here without an account."),
    ChangeKind.CLAIM: N_("Claimed: accounts that another school released come here."),
    ChangeKind.RELEASE: N_("Released: the leaving date has passed; the account is inactive and can be claimed."),
    ChangeKind.STATE: N_("The right to sign in changes."),
    ChangeKind.DETAILS: N_("Names or birth dates are brought up to date; usernames stay."),
    ChangeKind.PLACE: N_("Year groups, classes and posts are brought up to date."),
    ChangeKind.REKEY: N_("The UPN changed; the account goes on under the new one."),
    ChangeKind.GUEST: N_("Guest or subsidiary enrolments that begin."),
    ChangeKind.GUEST_END: N_("Guest or subsidiary enrolments that end."),
    ChangeKind.POST: N_("Staff who are back at the school."),
    ChangeKind.POST_END: N_("Staff whose leaving date has passed."),
    ChangeKind.WAIT: N_("Waiting: another school still holds the account."),
    ChangeKind.WAIT_END: N_("Waits that end."),
    ChangeKind.MISSING: N_("Missing: not in the data and without a leaving date; the accounts stay as they are."),
    ChangeKind.MISSING_END: N_("No longer missing."),
    ChangeKind.DUPLICATE: N_("The former and the new UPN both have accounts: support looks at it."),
    ChangeKind.DECISION_END: N_("Decisions that end: the person has moved, or is on roll again."),
    ChangeKind.DECISION_REOPEN: N_("Decisions that count again."),
}
_OWN: dict[tuple[Rule, ChangeKind], str] = {
    (Rule.R22, ChangeKind.CREATE): N_("New accounts: staff who work here without an account at this school."),
    (Rule.R6, ChangeKind.CLAIM): N_("Claimed by the school that waits, as soon as this run releases the account."),
    (Rule.R32, ChangeKind.CLAIM): N_("Claimed: missing from the school that held the account."),
    (Rule.R32, ChangeKind.RELEASE): N_("Released: the school confirmed that the person left."),
    (Rule.R43, ChangeKind.RELEASE): N_("Released: the school has closed."),
    (Rule.R4, ChangeKind.WAIT): N_("Identity clash: name and birth date are not those known; support decides."),
    (Rule.R6, ChangeKind.WAIT): N_("Waiting: two schools have the learner on roll."),
    (Rule.R9, ChangeKind.WAIT): N_("Waiting: the account of the former UPN cannot be taken over yet."),
}

#: Rule, kind of change, and how many people.
Counted = tuple[str, str, int]


def tally(changes: Iterable[Change]) -> tuple[Counted, ...]:
    """The changes counted by rule and kind, rules in the order of their numbers."""
    people = {(Rule(change.rule), ChangeKind(change.kind), change.person) for change in changes}
    counts = Counter((rule, kind) for rule, kind, _ in people)
    rules, kinds = list(Rule), list(ChangeKind)
    ordered = sorted(counts.items(), key=lambda item: (rules.index(item[0][0]), kinds.index(item[0][1])))
    return tuple((str(rule), str(kind), number) for (rule, kind), number in ordered)


def sentence(rule: str, kind: str, *, language: str) -> str:
    """What a kind of change under a rule means. Raises ValueError for a kind or rule that nobody knows."""
    known = ChangeKind(kind)
    return render(Text(_OWN.get((Rule(rule), known), _KINDS[known])), language=language, domain=DOMAIN)
