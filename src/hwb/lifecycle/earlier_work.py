"""Requests for work that a learner made at an earlier school (R41): one total table, what may be asked, and granted.

The learner's present school asks, support grants for some days or says why it is not possible, and the access ends by
itself: when the time is over, or when the school that asked does not hold the learner any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

#: So long an access may be, and so far ahead it may begin.
LONGEST = timedelta(days=366)
#: So long an access is when nobody says otherwise.
USUAL = timedelta(days=28)


class Needed(StrEnum):
    """What the work is needed for."""

    LOOK = "look"
    COPY = "copy"  # to the space at the present school


class State(StrEnum):
    """Where a request stands, by what has been decided."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"  # it is not possible, or the service turned out to keep no such work
    ENDED = "ended"


class Event(StrEnum):
    """What happens to a request."""

    GRANT = "grant"  # support; also once more, with other days
    REFUSE = "refuse"  # support
    END = "end"  # support, before the time is over
    LEAVE = "leave"  # the school that asked does not hold the learner any more
    PASS = "pass"  # noqa: S105 - the last day is over


_S = State
#: State → what each event makes of it, in the order of Event; None: it cannot happen there.
_ROWS: Mapping[State, tuple[State | None, ...]] = {
    #          grant       refuse      end       leave     pass
    _S.ASKED: (_S.GRANTED, _S.REFUSED, None, _S.ENDED, None),
    _S.GRANTED: (_S.GRANTED, _S.REFUSED, _S.ENDED, _S.ENDED, _S.ENDED),
    _S.REFUSED: (None,) * 5,
    _S.ENDED: (None,) * 5,
}
TABLE: Mapping[State, Mapping[Event, State | None]] = MappingProxyType({
    state: MappingProxyType(dict(zip(Event, row, strict=True))) for state, row in _ROWS.items()
})  # fmt: skip
#: Of one learner and earlier school no more than one such request stands.
OPEN = frozenset({State.ASKED, State.GRANTED})


class Standing(StrEnum):
    """A request as people see it (ux.md 9.6)."""

    ASKED = "asked"
    ARRANGING = "arranging"
    READY = "ready"
    NOT_POSSIBLE = "not possible"
    ENDED = "ended"


class Cause(StrEnum):
    """Why something is not possible now."""

    NOT_HERE = "not_here"  # the school that asks does not hold the learner
    INACTIVE = "inactive"
    PROTECTED = "protected"
    NEVER_THERE = "never_there"
    NOT_NOW = "not_now"
    ALREADY = "already"  # such a request stands
    DAYS = "days"
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class Learner:
    """What counts of the learner. holder: the school that holds the account, empty for none; earlier: schools that had
    them before, held or as a guest, and do not now."""

    holder: str
    active: bool
    protected: bool
    earlier: frozenset[str] = frozenset()


class NotNow(Exception):
    """The event cannot happen in the state in which the request is."""


def after(state: State, event: Event) -> State:
    """The state that follows. Raises NotNow."""
    following = TABLE[state][event]
    if following is None:
        raise NotNow(f"{event} in {state}")
    return following


def stopping(state: State, *, has_work: bool) -> Event:
    """What support's "no" is. What was granted, also once more, may be open at the service already, so that it ends,
    unless the service keeps no such work (``has_work``)."""
    return Event.END if state is State.GRANTED and has_work else Event.REFUSE


def standing(state: State, *, delivered: bool) -> Standing:
    """As people see it: what was granted is being arranged until the service has it."""
    if state is State.GRANTED:
        return Standing.READY if delivered else Standing.ARRANGING
    return {
        State.ASKED: Standing.ASKED, State.REFUSED: Standing.NOT_POSSIBLE, State.ENDED: Standing.ENDED,
    }[state]  # fmt: skip


def against_asking(learner: Learner, *, school: str, earlier: str) -> Cause | None:
    """Why the school cannot ask for the learner's work at an earlier one; None when it can.

    Of protected people no other school is ever named (ux.md 2): their school asks support.
    """
    if learner.protected:
        return Cause.PROTECTED
    if learner.holder != school:
        return Cause.NOT_HERE
    return None if earlier in learner.earlier else Cause.NEVER_THERE


def against_granting(learner: Learner, *, school: str, earlier: str, first: date, last: date, on: date) -> Cause | None:
    """Why support cannot grant it now, or not for these days; None when it can."""
    if (cause := against_asking(learner, school=school, earlier=earlier)) is not None:
        return cause
    if not learner.active:
        return Cause.INACTIVE
    if first < on or last < first:
        return Cause.DAYS
    return Cause.TOO_LONG if last - on > LONGEST else None


def due(state: State, learner: Learner, *, school: str, last: date | None, on: date) -> Event | None:
    """What happens by itself on a day: the learner has left the school that asked, or the last day is over."""
    if state not in OPEN:
        return None
    if learner.holder != school:
        return Event.LEAVE
    return Event.PASS if state is State.GRANTED and last is not None and last < on else None
