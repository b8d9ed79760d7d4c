"""(c) of R25: support takes a case, checks every item, asks a second agent, and refuses; joining is in `joining`."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from hwb.directory.queries.consolidation import Case
from hwb.lifecycle import consolidation_evidence
from hwb.lifecycle.consolidation import Event, State
from hwb.lifecycle.consolidation_evidence import Item
from hwb.operations.consolidation import telling
from hwb.operations.consolidation.authorising import changed, require_owner
from hwb.operations.consolidation.refusals import ConsolidationRefused
from hwb.operations.consolidation.storing import following, write


def take(*, number: int, acting_account: UUID, acting_user: str, now: datetime) -> None:
    """An agent takes a case, also one that a colleague has. Raises ConsolidationRefused for one about themselves."""

    def work(cursor: Any, case: Case) -> None:
        movers = {one.id for one in (case.held.kept, case.held.retiring) if one is not None}
        if str(acting_account) in movers:
            raise ConsolidationRefused("oneself")
        write(cursor, case.row, {"owner": acting_account}, event="taken", actor=acting_user, now=now)

    changed(number, work, acting_user, now)


def ask_again(*, number: int, acting_account: UUID, acting_user: str, now: datetime) -> None:
    """Whoever decides for the previous school is asked once more; nobody else is. Raises ConsolidationRefused."""

    def work(cursor: Any, case: Case) -> None:
        require_owner(case, acting_account)
        if case.row.state is not State.ASKED:
            raise ConsolidationRefused("not_now")
        write(cursor, case.row, {}, event="asked again", actor=acting_user, now=now)
        telling.deciders(cursor, number, now=now, again=now.isoformat())

    changed(number, work, acting_user, now)


def record_item(*, number: int, item: Item, acting_account: UUID, acting_user: str, now: datetime) -> None:
    """The agent checked an item by other means than the records. Raises ConsolidationRefused."""

    def work(cursor: Any, case: Case) -> None:
        require_owner(case, acting_account)
        if item not in consolidation_evidence.RECORDABLE or not case.row.said.get(item, ("", ""))[0]:
            raise ConsolidationRefused("item")
        if case.row.closed_at is not None:
            raise ConsolidationRefused("not_now")
        recorded = {str(one): acting_user for one in (*case.row.recorded, item)}
        write(cursor, case.row, {"recorded": recorded}, event=f"item recorded: {item}", actor=acting_user, now=now)

    changed(number, work, acting_user, now)


def send_on(*, number: int, acting_account: UUID, acting_user: str, now: datetime) -> None:
    """Sends a case to a second agent. Raises ConsolidationRefused."""

    def work(cursor: Any, case: Case) -> None:
        require_owner(case, acting_account)
        state = following(case.row, Event.SEND_ON)
        values = {"state": str(state), "sent_on_by": acting_account}
        write(cursor, case.row, values, event="sent to a second agent", actor=acting_user, now=now)

    changed(number, work, acting_user, now)


def send_back(*, number: int, acting_account: UUID, acting_user: str, now: datetime) -> None:
    """The second agent does not agree; the first one has it again. Raises ConsolidationRefused."""

    def work(cursor: Any, case: Case) -> None:
        require_owner(case, acting_account)
        if case.row.sent_on_by == acting_account:
            raise ConsolidationRefused("same_agent")
        state = following(case.row, Event.SEND_BACK)
        values = {"state": str(state), "owner": case.row.sent_on_by, "sent_on_by": None}
        write(cursor, case.row, values, event="sent back", actor=acting_user, now=now)

    changed(number, work, acting_user, now)


def refuse(*, number: int, reason: str, acting_account: UUID, acting_user: str, now: datetime) -> None:
    """Support closes a case without joining; the staff member is told that it is over. Raises ConsolidationRefused."""

    def work(cursor: Any, case: Case) -> None:
        require_owner(case, acting_account)
        state = following(case.row, Event.REFUSE)
        write(cursor, case.row, {"state": str(state), "closed_reason": reason.strip()}, event="refused",
              actor=acting_user, now=now)  # fmt: skip
        if case.row.mover is not None:
            telling.staff(cursor, case.row.mover, number, "refused", now=now)

    changed(number, work, acting_user, now)


def require_agreement(case: Case, account: UUID) -> None:
    """Whether this agent may join now: everything agrees, and where two have to look, this is the second one.

    Raises ConsolidationRefused.
    """
    require_owner(case, account)
    authorisation = case.row.authorisation
    following(case.row, Event.JOIN)
    if authorisation is None or not authorisation.counts:
        raise ConsolidationRefused("no_proof")
    if not consolidation_evidence.is_right(case.evidence, case.checks):
        raise ConsolidationRefused("not_ready")
    if case.row.sent_on_by == account:
        raise ConsolidationRefused("same_agent")
    if case.second_agent and case.row.sent_on_by is None:
        raise ConsolidationRefused("second_agent")
    if authorisation.by == f"account {account}":  # of the two approvals one cannot be the other (I12)
        raise ConsolidationRefused("second_agent")
