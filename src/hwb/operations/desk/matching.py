"""Contradictions between records (R4, R6, R9): each becomes a case by itself; an agent decides with a reason (E8).

A decision moves nothing: nothing is decided by similarity, and an account goes where the schools' records say. What
support finds tells the school what to put right, and the claim follows from its next run.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from hwb.directory.queries import desk_people
from hwb.directory.queries import matching as rows
from hwb.directory.queries.desk import DeskCase
from hwb.lifecycle.desk import Event, Finding, Kind
from hwb.lifecycle.messages import Kind as Message
from hwb.operations.desk import storing
from hwb.operations.desk.refusals import DeskRefused
from hwb.operations.desk.storing import NewCase, changed, checked_text, following, require_owner, write
from hwb.operations.messages.writing import Letter, put, readers_at

ACTOR = "hwb"


def open_cases(*, now: datetime) -> int:
    """Opens a case for each contradiction that has none; returns how many."""
    opened = 0
    for one in rows.standing():
        new = NewCase(Kind.MATCHING, one.school, one.account, one.other, one.upn, matter=one.matter)
        try:
            storing.open_case(new, actor=ACTOR, now=now)
        except DeskRefused:  # another worker was first
            continue
        opened += 1
    return opened


def decide(
    *, number: int, finding: Finding, reason: str, acting_account: UUID, acting_user: str, now: datetime
) -> None:
    """What the agent finds, with a reason; both schools are asked to look. Raises DeskRefused.

    When the facts have moved since, nothing is decided: the page shows what is there now.
    """
    why = checked_text(reason)

    def work(cursor: Any, case: DeskCase) -> None:
        require_owner(case, acting_account)
        if case.kind is not Kind.MATCHING or not rows.still_stands(case.matter):
            raise DeskRefused("not_now")
        state = following(case, Event.ASK_BACK if finding is Finding.ASK else Event.FINISH)
        write(cursor, case, {"state": state, "answer": why}, event=f"found: {finding}", actor=acting_user, now=now,
              reason=why)  # fmt: skip
        _tell(cursor, case, now=now)

    changed(number, work, actor=acting_user, now=now)


def take_back(*, number: int, reason: str, acting_account: UUID, acting_user: str, now: datetime) -> None:
    """The finding was wrong: the case is open again, and the agent who says so has it. Raises DeskRefused."""
    why = checked_text(reason)

    def work(cursor: Any, case: DeskCase) -> None:
        storing.require_not_own(case, acting_account)
        if case.kind is not Kind.MATCHING:
            raise DeskRefused("not_now")
        values = {"state": following(case, Event.TAKE_BACK), "answer": "", "owner": acting_account}
        write(cursor, case, values, event="taken back", actor=acting_user, now=now, reason=why)

    changed(number, work, actor=acting_user, now=now)


def _tell(cursor: Any, case: DeskCase, *, now: datetime) -> None:
    """The school of the case, and those that have, or had last, the accounts it is about: either may be wrong."""
    people = desk_people.people([one for one in (case.account, case.other) if one is not None])
    schools = {case.school, *(person.near for person in people)} - {""}
    found = readers_at(cursor, schools, Message.ASKED, now=now)
    heads = readers_at(cursor, schools, Message.ASKED, now=now, only=("head",))
    for school in sorted(schools):
        letter = Letter(Message.ASKED, school, f"{case.reference} {now}", {"what": "matching", "by": "agent"}, now)
        put(cursor, letter, found.get(school) or heads.get(school, ()), now=now)
