"""An account that goes on under another UPN (R9), on a real PostgreSQL, through the operations that the worker calls."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from tests.support.deliveries import JULY, deliver, learner_row, register_schools
from tests.support.people import SECONDARY, upn

from hwb.directory.models import Account, LearnerRecord, Placement, Run, Wait
from hwb.operations import due, provisioning, verification

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def july() -> None:
    """Six learners at the primary."""
    register_schools()
    deliver([learner_row(n) for n in range(1, 7)])


def test_a_rekeying_that_waits_is_done_when_the_account_is_let_go() -> None:
    """R9, R6: in the releasing school's transaction; the waiting school's next run finds nothing to do."""
    account = Account.objects.get(upn=upn(1))
    asks = learner_row(1, upn=upn(50), former_upn=upn(1))
    deliver([learner_row(20), asks], school=SECONDARY)
    assert Wait.objects.get(cause="rekey").upn == upn(50)
    left = [learner_row(1, leaving_date=JULY - DAY), *(learner_row(n) for n in range(2, 7))]
    deliver(left, on=JULY + DAY)
    account.refresh_from_db()
    assert (account.upn, account.active) == (upn(50), True)
    assert Placement.objects.get(account=account, role="holding", ended=None).school == SECONDARY
    assert not Wait.objects.exists()
    assert not LearnerRecord.objects.filter(doubtful=True).exists()
    run = Run.objects.get(id=deliver([learner_row(20), asks], school=SECONDARY, on=JULY + 2 * DAY))
    assert run.state == "no change"
    assert verification.verify(on=JULY + DAY, deep=True).breaches == ()


def test_a_rekeying_that_waits_is_done_on_the_day_of_the_release() -> None:
    """R9, R3: the day's own work does it; an undo of the run that asked lets the account go again."""
    asks = learner_row(1, upn=upn(50), former_upn=upn(1))
    run = deliver([learner_row(20), asks], school=SECONDARY)
    deliver([learner_row(1, leaving_date=JULY + DAY), *(learner_row(n) for n in range(2, 7))], on=JULY, hour=13)
    due.apply_due(on=JULY + 2 * DAY, now=datetime.combine(JULY + 2 * DAY, time(1), UTC))
    holding = Placement.objects.get(account__upn=upn(50), role="holding", ended=None)
    assert holding.school == SECONDARY
    assert verification.verify(on=JULY + 2 * DAY, deep=True).breaches == ()
    now = datetime.combine(JULY + 2 * DAY, time(14), UTC)
    provisioning.undo(run_id=run, acting_user="t", now=now, on=JULY + 2 * DAY)
    assert not Account.objects.get(upn=upn(50)).active
    assert verification.verify(on=JULY + 2 * DAY, deep=True).breaches == ()
