"""Consolidation (R25): a case from the first word to the joined account, as one total table, and who decides what.

(a) is the previous headteacher's authorisation, (b) the staff member's own request; they come in either order.
Support decides once both stand and every item has been checked (:mod:`hwb.lifecycle.consolidation_evidence`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

UNDO_DAYS = timedelta(days=14)
EXPIRES = timedelta(days=28)
#: Days after the headteacher was first asked on which they are reminded (ux.md M12).
REMINDED = (3, 7, 14)


class State(StrEnum):
    """Where a case stands, by what has been recorded."""

    INVITED = "invited"  # a school opened it; neither (a) nor (b) is there
    ASKED = "asked"  # (b)
    AUTHORISED = "authorised"  # (a)
    COMPLETE = "complete"  # (a) and (b): support decides
    CHECKING = "checking"  # an agent sent it to a second one
    DONE = "done"
    UNDONE = "undone"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Event(StrEnum):
    """What happens to a case."""

    ASK = "ask"  # the staff member's request, also once more with other answers
    AUTHORISE = "authorise"  # the previous headteacher, or an e-mail of theirs that an agent recorded
    TAKE_BACK = "take back"  # whoever authorised thinks again
    DECLINE = "decline"  # the previous headteacher does not authorise, or does not know the person
    WITHDRAW = "withdraw"  # the staff member
    SEND_ON = "send on"  # an agent wants a second one
    SEND_BACK = "send back"  # the second agent does not agree
    JOIN = "join"
    REFUSE = "refuse"  # support
    EXPIRE = "expire"
    UNDO = "undo"


_S = State
#: State → what each event makes of it, in the order of Event; None: it cannot happen there.
_ROWS: Mapping[State, tuple[State | None, ...]] = {
    #                ask          authorise      take back   decline     withdraw      send on
    #                send back    join     refuse      expire      undo
    _S.INVITED: (_S.ASKED, _S.AUTHORISED, None, _S.REFUSED, _S.WITHDRAWN, None,
                 None, None, _S.REFUSED, _S.EXPIRED, None),
    _S.ASKED: (_S.ASKED, _S.COMPLETE, None, _S.REFUSED, _S.WITHDRAWN, None,
               None, None, _S.REFUSED, _S.EXPIRED, None),
    _S.AUTHORISED: (_S.COMPLETE, _S.AUTHORISED, _S.INVITED, _S.REFUSED, _S.WITHDRAWN, None,
                    None, None, _S.REFUSED, _S.EXPIRED, None),
    _S.COMPLETE: (_S.COMPLETE, _S.COMPLETE, _S.ASKED, _S.REFUSED, _S.WITHDRAWN, _S.CHECKING,
                  None, _S.DONE, _S.REFUSED, None, None),
    _S.CHECKING: (_S.COMPLETE, _S.COMPLETE, _S.ASKED, _S.REFUSED, _S.WITHDRAWN, None,
                  _S.COMPLETE, _S.DONE, _S.REFUSED, None, None),
    _S.DONE: (*(None,) * 10, _S.UNDONE),
    _S.UNDONE: (None,) * 11,
    _S.REFUSED: (None,) * 11,
    _S.WITHDRAWN: (None,) * 11,
    _S.EXPIRED: (None,) * 11,
}  # fmt: skip
TABLE: Mapping[State, Mapping[Event, State | None]] = MappingProxyType({
    state: MappingProxyType(dict(zip(Event, row, strict=True))) for state, row in _ROWS.items()
})  # fmt: skip
#: Of one new account no more than one such case stands.
OPEN = frozenset({State.INVITED, State.ASKED, State.AUTHORISED, State.COMPLETE, State.CHECKING})


class NotNow(Exception):
    """The event cannot happen in the state in which the case is."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"{event} in {state}")
        self.state, self.event = state, event


def after(state: State, event: Event) -> State:
    """The state that follows. Raises NotNow."""
    following = TABLE[state][event]
    if following is None:
        raise NotNow(state, event)
    return following


class Way(StrEnum):
    """How an authorisation came."""

    ONLINE = "online"
    EMAIL = "e-mail"  # recorded by an agent


class Proof(StrEnum):
    """What makes an authorisation by e-mail count."""

    LINK = "link"  # the link that was sent to the school's registered address was opened
    TELEPHONE = "telephone"  # a second agent telephoned the registered number


@dataclass(frozen=True, slots=True)
class Authorisation:
    """(a) as it was recorded: how, by whom, and of one by e-mail what proves it and by whom."""

    way: Way
    by: str
    proof: Proof | None = None
    proved_by: str = ""

    @property
    def counts(self) -> bool:
        """One online does at once; one by e-mail once it is proved, by telephone only by another agent."""
        if self.way is Way.ONLINE:
            return True
        return self.proof is Proof.LINK or (self.proof is Proof.TELEPHONE and self.proved_by not in ("", self.by))


class Decider(StrEnum):
    """Who decides for the previous school (ux.md 6.4, E5)."""

    HEAD = "headteacher"
    DEPUTY = "deputy"  # somebody else who has the headteacher's role there
    SUCCESSOR = "successor"
    AUTHORITY = "authority"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked to authorise: a school's headteacher, or for an authority its three digits."""

    decider: Decider
    school: str = ""
    area: str = ""


@dataclass(frozen=True, slots=True)
class SchoolSeen:
    """A school as the register and its roles have it. ``heads``: accounts with the headteacher's role today."""

    dfes: str
    name_en: str = ""
    name_cy: str = ""
    closed: date | None = None
    successor: str = ""
    heads: frozenset[str] = frozenset()


def who_decides(
    previous: SchoolSeen, *, successor: SchoolSeen | None, movers: frozenset[str], on: date
) -> Asked:  # fmt: skip
    """The headteacher of the previous school; of a closed one its successor's, else the authority.

    ``movers``: the accounts of the person who moves, who never decides about their own: then somebody else who has
    the headteacher's role, and else the authority. The authority also decides when the post is vacant.
    """
    closed = previous.closed is not None and previous.closed <= on
    school = successor if closed and successor is not None else previous
    area = Asked(Decider.AUTHORITY, area=previous.dfes[:3])
    if closed and successor is None:
        return area
    if not school.heads - movers:
        return area
    if closed:
        return Asked(Decider.SUCCESSOR, school.dfes)
    return Asked(Decider.DEPUTY if school.heads & movers else Decider.HEAD, school.dfes)


def needs_second_agent(*, surnames_differ: bool, has_leading_role: bool, way: Way | None) -> bool:
    """Whether one agent alone may not join (ux.md 6.5): surnames differ, the person is a Digital Champion or a
    headteacher, or the authorisation came by e-mail."""
    return surnames_differ or has_leading_role or way is Way.EMAIL


def undo_until(joined: datetime) -> datetime:
    """The last moment at which a consolidation can be undone."""
    return joined + UNDO_DAYS


class Status(StrEnum):
    """What a case says of itself to everybody (ux.md 3.2, 9.6)."""

    WAITING_STAFF = "waiting for the staff member"
    WAITING_HEAD = "waiting for headteacher"
    WAITING_PROOF = "waiting for proof"  # the authorisation came by e-mail and does not count yet
    WAITING_LEAVING_DATE = "waiting for leaving date"
    WAITING_ACCOUNT = "waiting for the new account"
    TO_CHECK = "to check"  # everything is here, something differs
    READY = "ready"
    SECOND_CHECK = "second check"
    DONE = "done"
    UNDONE = "undone"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


_STATUS = {
    State.INVITED: Status.WAITING_STAFF, State.AUTHORISED: Status.WAITING_STAFF, State.ASKED: Status.WAITING_HEAD,
    State.CHECKING: Status.SECOND_CHECK, State.DONE: Status.DONE, State.UNDONE: Status.UNDONE,
    State.REFUSED: Status.REFUSED, State.WITHDRAWN: Status.WITHDRAWN, State.EXPIRED: Status.EXPIRED,
}  # fmt: skip


def status(
    state: State, *, authorisation: Authorisation | None, has_new_account: bool, has_left: bool, is_right: bool
) -> Status:
    """How a case stands, by what is recorded and what the system holds today.

    ``has_left``: the previous school's leaving date has come and passed; ``is_right``: every item and check agrees.
    """
    if state is not State.COMPLETE:
        return _STATUS[state]
    if authorisation is None or not authorisation.counts:
        return Status.WAITING_PROOF
    if not has_new_account:
        return Status.WAITING_ACCOUNT
    if not has_left:
        return Status.WAITING_LEAVING_DATE
    return Status.READY if is_right else Status.TO_CHECK
