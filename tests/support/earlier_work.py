"""A learner of the small world (tests.support.world) who came from the other school, and what support does."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from tests.support.deliveries import deliver, learner_row
from tests.support.people import learner
from tests.support.world import ELSEWHERE, SCHOOL, World, _learners

from hwb.directory.models import Account
from hwb.lifecycle.earlier_work import Needed
from hwb.operations import earlier_work

LEFT, CAME = date(2018, 7, 10), date(2018, 7, 12)
NOW = datetime(2018, 7, 16, 12, tzinfo=UTC)
FIRST, LAST = date(2018, 7, 16), date(2018, 8, 13)
NUMBER = 50


def leave(world: World) -> Account:
    """The other school's learner leaves it."""
    del world
    deliver([learner_row(NUMBER, leaving_date=date(2018, 7, 9)), learner_row(51)], [], school=ELSEWHERE, on=LEFT)
    return Account.objects.get(upn=learner(NUMBER).upn)


def come(world: World, account: Account) -> Account:
    """The school has the learner on roll."""
    del world
    deliver([*_learners(), learner_row(NUMBER, start_date=CAME)], None, school=SCHOOL, on=CAME)
    account.refresh_from_db()
    assert account.active
    return account


def moved(world: World) -> Account:
    """From the other school to the one with the roles."""
    return come(world, leave(world))


def ask(account: UUID, by: UUID, *, needed: Needed = Needed.LOOK) -> int:
    return earlier_work.ask(
        account=account, school=SCHOOL, earlier=ELSEWHERE, needed=needed, reason="Coursework",
        acting_user=f"account {by}", now=NOW,
    )  # fmt: skip


def grant(number: int, agent: UUID, *, first: date = FIRST, last: date = LAST, on: date = FIRST) -> None:
    earlier_work.take(number=number, acting_account=agent, acting_user=f"account {agent}", now=NOW)
    earlier_work.grant(
        number=number, first=first, last=last, acting_account=agent, acting_user=f"account {agent}", on=on, now=NOW
    )
