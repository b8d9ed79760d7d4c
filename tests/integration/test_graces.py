"""A grace (R39) on a real PostgreSQL: days that come while it runs, and the day on which it ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from tests.support.deliveries import deliver, learner_row, register_schools
from tests.support.people import SECONDARY, upn

from hwb.directory.models import Account, Placement
from hwb.operations import due, settings, verification

pytestmark = pytest.mark.django_db
LEFT, AFTER, SEPTEMBER = date(2018, 7, 18), date(2018, 7, 19), date(2018, 9, 1)


@pytest.fixture(autouse=True)
def grace() -> None:
    """Year 6 may sign in until the end of August."""
    register_schools()
    settings.put(key="grace.6", value="08-31", acting_user="t", now=at(LEFT))
    deliver([learner_row(1), learner_row(2)], on=date(2018, 7, 2))


def at(day: date) -> datetime:
    return datetime.combine(day, time(1), UTC)


def come(day: date) -> None:
    due.apply_due(on=day, now=at(day))
    assert verification.verify(on=day, deep=True).breaches == ()


def test_a_grace_ends_on_its_day_though_the_school_ran_again_meanwhile() -> None:
    """R39: the leaver's record changes while the grace runs; sign-in is lost on the day after its last all the same."""
    deliver([learner_row(1, leaving_date=LEFT), learner_row(2)], on=AFTER)
    deliver([learner_row(1, leaving_date=LEFT, registration_group="Left"), learner_row(2)], on=date(2018, 7, 20))
    come(date(2018, 8, 31))
    assert Account.objects.get(upn=upn(1)).active
    come(SEPTEMBER)
    account = Account.objects.get(upn=upn(1))
    assert (account.active, account.reason_code) == (False, "grace_over")


def test_a_start_elsewhere_during_a_grace_takes_effect_on_its_day() -> None:
    """R3, R39: the account is claimable all the same, on the start date and not when the grace ends."""
    start = date(2018, 8, 20)
    deliver([learner_row(1, start_date=start, year_group="7"), learner_row(9)], school=SECONDARY, on=date(2018, 7, 10))
    deliver([learner_row(1, leaving_date=LEFT), learner_row(2)], on=AFTER)
    come(start)
    assert Placement.objects.get(account__upn=upn(1), role="holding", ended=None).school == SECONDARY
