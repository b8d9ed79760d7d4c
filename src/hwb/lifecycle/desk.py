"""Hwb Support's desk (ux.md 6.5, E1–E9): what a case is about, how it goes on as one total table, and when it is due.

A case of consolidation has a table of its own (:mod:`hwb.lifecycle.consolidation`), and stands in the same queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What somebody wants of support."""

    LEARNER = "learner"  # a learner cannot be found
    ACCOUNT = "account"  # a wrong or duplicate account
    CLIENT = "client"  # a problem with the Provisioning Client
    QUESTION = "question"
    SAFETY = "safety"  # a school switched an account off for safety, and only support can everywhere (R31)
    MATCHING = "matching"  # records that contradict each other (R4, R6, R9): opened by the system
    CALL = "call"  # opened by an agent who states the reason


#: What a school may ask for (B17), in the order of its page.
ASKABLE = (Kind.LEARNER, Kind.ACCOUNT, Kind.CLIENT, Kind.QUESTION)
#: School days until a request for earlier work (lifecycle.earlier_work) should be decided.
WORK_DAYS = 3
#: School days until a case should be answered.
DAYS: Mapping[Kind, int] = MappingProxyType({
    Kind.SAFETY: 1, Kind.CALL: 1, Kind.LEARNER: 2, Kind.CLIENT: 2, Kind.QUESTION: 3, Kind.ACCOUNT: 5, Kind.MATCHING: 5,
})  # fmt: skip


class State(StrEnum):
    """Where a case stands."""

    NEW = "new"
    READY = "ready"  # an agent has it
    WAITING = "waiting"  # for whoever asked
    DONE = "done"
    UNCHANGED = "unchanged"  # closed: explained, nothing was changed
    WITHDRAWN = "withdrawn"


class Event(StrEnum):
    """What happens to a case."""

    TAKE = "take"  # also from a colleague
    ASK_BACK = "ask back"  # the agent needs something of whoever asked
    REPLY = "reply"
    FINISH = "finish"
    EXPLAIN = "explain"
    WITHDRAW = "withdraw"  # whoever asked
    TAKE_BACK = "take back"  # a decision that was made in it is taken back


class Finding(StrEnum):
    """What an agent finds of records that contradict each other (E8)."""

    SAME = "same"
    DIFFERENT = "different"
    ASK = "ask"


_S = State
#: State → what each event makes of it, in the order of Event; None: it cannot happen there.
_ROWS: Mapping[State, tuple[State | None, ...]] = {
    #             take      ask back    reply     finish   explain       withdraw      take back
    _S.NEW: (_S.READY, None, _S.NEW, None, None, _S.WITHDRAWN, None),
    _S.READY: (_S.READY, _S.WAITING, _S.READY, _S.DONE, _S.UNCHANGED, _S.WITHDRAWN, None),
    _S.WAITING: (_S.WAITING, _S.WAITING, _S.READY, _S.DONE, _S.UNCHANGED, _S.WITHDRAWN, None),
    _S.DONE: (None, None, None, None, None, None, _S.READY),
    _S.UNCHANGED: (None,) * 7,
    _S.WITHDRAWN: (None,) * 7,
}
TABLE: Mapping[State, Mapping[Event, State | None]] = MappingProxyType({
    state: MappingProxyType(dict(zip(Event, row, strict=True))) for state, row in _ROWS.items()
})  # fmt: skip
OPEN = frozenset({State.NEW, State.READY, State.WAITING})


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


def due(kind: Kind, opened: date) -> date:
    """The day by which a case should be answered."""
    return school_days_after(opened, DAYS[kind])


def school_days_after(opened: date, number: int) -> date:
    """So many school days (Monday to Friday) later."""
    day, left = opened, number
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day
