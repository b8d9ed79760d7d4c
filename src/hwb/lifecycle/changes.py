"""What a rule asks for: one :class:`Change` is one thing to do, one audit entry, one line of a preview."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hwb.extract.frozen import made_often


class ChangeKind(StrEnum):
    """What is done. The keys of ``before`` and ``after`` are fixed for each kind (see :class:`Change`)."""

    CREATE = "create"
    CLAIM = "claim"
    RELEASE = "release"
    STATE = "state"
    DETAILS = "details"
    PLACE = "place"
    REKEY = "rekey"
    GUEST = "guest"
    GUEST_END = "guest end"
    POST = "post"
    POST_END = "post end"
    WAIT = "wait"
    WAIT_END = "wait end"
    MISSING = "missing"
    MISSING_END = "missing end"
    DUPLICATE = "duplicate"
    DECISION_END = "decision end"
    DECISION_REOPEN = "decision reopen"


#: Keys of before/after that are personal: encrypted in the audit log under the person's key (R42).
PERSONAL = frozenset(
    {"legal_surname", "legal_forename", "preferred_surname", "preferred_forename", "birth_date", "upn"}
)


@made_often
@dataclass(frozen=True, slots=True)
class Change:
    """One thing to do to one person.

    ``person`` is the learner's UPN or the staff member's key in this plan; ``account`` the account's id, None
    while it does not exist. ``before`` and ``after`` hold JSON-ready values (dates in ISO form):

    =================  ==========================================================================
    CREATE             after: kind, state, holder (learner), post (staff school), names, birth_date, upn,
                       year_group, registration_group, classes (learner), staff_code, employee_number (staff)
    CLAIM              holder, state, grace_until; after also year_group, registration_group, classes
    RELEASE            holder, state, grace_until (holder None after)
    STATE              state (before and after)
    DETAILS            names and birth_date that differ
    PLACE              year_group, registration_group, classes (learner) or staff_code, employee_number,
                       role (staff) that differ, at ``school``
    REKEY              upn
    GUEST, POST        after: role, and as PLACE
    WAIT               after: cause (before: cause when it changes)
    MISSING            after: since
    DUPLICATE          after: other (the other UPN's account id)
    DECISION_*         after: decision (its id), kind
    =================  ==========================================================================

    ``reason``/``values`` name the sentence (:mod:`hwb.lifecycle.reasons`); a CREATE, CLAIM, RELEASE or STATE also
    makes it the account's reason.
    """

    kind: ChangeKind
    rule: str
    reason: str
    school: str
    person: str
    account: str | None
    before: dict[str, Any]
    after: dict[str, Any]
    values: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The change as it is stored and digested."""
        return {
            "kind": str(self.kind),
            "rule": str(self.rule),
            "reason": self.reason,
            "school": self.school,
            "person": self.person,
            "account": self.account,
            "before": self.before,
            "after": self.after,
            "values": dict(self.values),
        }
