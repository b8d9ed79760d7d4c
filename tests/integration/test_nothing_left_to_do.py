"""Level-based, on a real PostgreSQL: after each run, day, decision, undo and closing the rules ask for nothing more."""

from __future__ import annotations

import os
import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from tests.support.deliveries import JULY, deliver, learner_row, register_schools, staff_row
from tests.support.people import OTHER, PRIMARY, SECONDARY, learner, upn

from hwb.directory import facts
from hwb.directory.models import Account, Setting, StaffRecord
from hwb.extract.records import LEARNER_COLUMNS, Row
from hwb.lifecycle import planning
from hwb.lifecycle.policy import DEFAULT_LIMITS
from hwb.operations import accounts, closures, due, provisioning, settings, verification

pytestmark = pytest.mark.django_db
SCHOOLS = (PRIMARY, SECONDARY, OTHER)
DECISIONS = (
    accounts.deactivate, accounts.reactivate, accounts.left, accounts.suspend, accounts.release_suspension,
)  # fmt: skip


@pytest.fixture(autouse=True)
def nation() -> None:
    """Three schools without limits, and a grace that ends within the story."""
    register_schools(*SCHOOLS)
    for check in DEFAULT_LIMITS:
        Setting.objects.create(key=f"holds.{check}", value="10000 100%")
    settings.put(key="grace.7", value="07-20", acting_user="t", now=at(JULY))


def at(day: date, hour: int = 14) -> datetime:
    return datetime.combine(day, time(hour), UTC)


def left_to_do(on: date) -> list[Any]:
    """What the rules would change about anybody whom some school's words name."""
    with connection.cursor() as cursor:
        known = [facts.load(cursor, school=school, upns=set()) for school in SCHOOLS]
    plans = [planning.plan_due(facts=one, on=on, policy=settings.policy()) for one in known]
    return [change.to_json() for plan in plans for change in plan.changes]


def learners(chance: random.Random) -> list[Row]:
    """Some of six learners: starts and leaving dates around today, all statuses, new names and UPNs, refusals."""
    rows = []
    for number in chance.sample(range(1, 7), chance.randrange(1, 6)):
        start = JULY + timedelta(days=chance.randrange(-30, 30))
        values: dict[str, Any] = {
            "year_group": chance.choice("678"), "start_date": start, "mis_id": str(number),
            "leaving_date": start + timedelta(days=chance.randrange(60)) if chance.random() < 0.35 else None,
            "enrolment_status": chance.choices("CMSG", [6, 2, 1, 1])[0],
            "legal_surname": "Newydd" if chance.random() < 0.1 else learner(number).legal_surname,
            "birth_date": date(2006, 1, 1) if chance.random() < 0.05 else learner(number).birth_date,
        }  # fmt: skip
        if chance.random() < 0.1:
            values |= {"former_upn": upn(number), "upn": upn(50 + number)}
        row = list(learner_row(number, **values))
        if chance.random() < 0.08:
            row[1 + LEARNER_COLUMNS.index("year_group")] = "??"
        rows.append(tuple(row))
    return rows


def staff(chance: random.Random, today: date) -> list[Row]:
    rows = []
    for code in chance.sample(["AB", "CD", "EF"], chance.randrange(3)):
        leaving = today + timedelta(days=chance.randrange(-5, 10)) if chance.random() < 0.2 else None
        rows.append(staff_row(code, legal_surname=f"S{code}", role=chance.choice("TC"), leaving_date=leaving))
    return rows


def step(chance: random.Random, today: date) -> None:
    """One thing that happens in a nation: a run, perhaps undone, a decision, or a school that closes."""
    school, kind = chance.choice(SCHOOLS), chance.random()
    try:
        if kind < 0.7:
            run = deliver(learners(chance), staff(chance, today), school=school, on=today, hour=chance.randrange(2, 23))
            if chance.random() < 0.3:
                provisioning.undo(run_id=run, acting_user="t", now=at(today, 23), on=today)
        elif kind < 0.95 and Account.objects.exists():
            account = chance.choice(list(Account.objects.order_by("username")))
            posts = StaffRecord.objects.filter(account=account.id).values_list("school", flat=True)
            chance.choice(DECISIONS)(
                username=account.username, school=posts.first() or school, reason=chance.choice(["x", "safety", "left"]),
                acting_user="t", now=at(today), on=today,
            )  # fmt: skip
        elif kind >= 0.95:
            closures.close_school(dfes=school, split=None, preview=False, acting_user="t", now=at(today), on=today)
    except (provisioning.DeliveryRefused, provisioning.RunNotFound, accounts.DecisionRefused):
        pass  # stale, of a closed school, or not this school's to decide


#: The same six each time; `make seek` takes others.
FIRST = 6 * int(os.environ.get("HWB_TEST_SEEK", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + 6))
def test_nothing_is_left_to_do(seed: int) -> None:
    """R3, R39: nor does a day pass on which something was due and was not done; `verify` is clean each time."""
    chance, today = random.Random(seed), JULY
    for _ in range(14):
        today += timedelta(days=chance.randrange(6))
        due.apply_due(on=today, now=at(today, 1))
        assert left_to_do(today) == []
        step(chance, today)
        assert left_to_do(today) == []
        assert verification.verify(on=today, deep=True).breaches == ()
