"""Undo on a real PostgreSQL: random months at three schools, the newest run withdrawn, everybody as before."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.support.people import OTHER, PRIMARY, SECONDARY, learner, staff

from hwb.directory.models import Account, Establishment, LearnerRecord, Placement, Setting, StaffRecord, Wait
from hwb.extract import wire
from hwb.extract.records import LEARNER_COLUMNS, STAFF_COLUMNS, Extract
from hwb.lifecycle.policy import DEFAULT_LIMITS
from hwb.operations import due, provisioning, verification

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2018, 7, 2)
SCHOOLS = (PRIMARY, SECONDARY, OTHER)


@pytest.fixture(autouse=True)
def schools() -> None:
    for dfes in SCHOOLS:
        Establishment.objects.create(dfes=dfes, name_en=dfes, phase="secondary")
    for check in DEFAULT_LIMITS:
        Setting.objects.create(key=f"holds.{check}", value="10000 100%")


def texts(record: Any, columns: tuple[str, ...], reference: str) -> tuple[str, ...]:
    values = [getattr(record, name) for name in columns]
    return (reference, *(";".join(v) if isinstance(v, tuple) else str(v or "") for v in values))


def run(school: str, learners: list[Any], members: list[Any], *, on: date, hour: int = 12) -> UUID:
    now = datetime.combine(on, time(hour), UTC)
    extract = Extract(
        school,
        now,
        "hwb",
        frozenset({"learner", "staff"}),
        tuple(texts(r, LEARNER_COLUMNS, f"learner {n}") for n, r in enumerate(learners)),
        tuple(texts(r, STAFF_COLUMNS, f"staff {n}") for n, r in enumerate(members)),
    )
    run = uuid4()
    provisioning.receive_snapshot(
        run_id=run,
        body=wire.dump(extract),
        extract=extract,
        preview=False,
        client_id=None,
        acting_user="t",
        now=now,
    )
    assert provisioning.reconcile(run_id=run, on=on, now=now)["outcome"] in ("applied", "no change")
    return run


def holders() -> dict[Any, str]:
    return dict(Placement.objects.filter(role="holding", ended=None).values_list("account", "school"))


def picture(school: str, people: set[Any]) -> Any:
    """What is said of the accounts in ``people`` and in the school's words of them; dates of placements apart."""
    upns = set(Account.objects.filter(id__in=people).exclude(upn="").values_list("upn", flat=True))
    words = LearnerRecord.objects.filter(school=school, upn__in=upns)
    posts = StaffRecord.objects.filter(school=school, account__in=people)
    return (
        sorted(Account.objects.filter(id__in=people).values_list("username", "active", "legal_surname", "birth_date")),
        sorted(
            Placement.objects.filter(ended=None, account__in=people).values_list("account__username", "school", "role")
        ),
        sorted(words.values_list("year_group", "start_date", "leaving_date", "missing_since", "refused")),
        sorted(posts.values_list("staff_code", "role", "missing_since")),
        sorted(Wait.objects.filter(upn__in=upns).values_list("school", "cause")),
    )


@pytest.mark.parametrize("seed", range(8))
def test_an_undone_run_leaves_everybody_as_before(seed: int) -> None:
    """The school's newest run, withdrawn on the same day: words, states, holders and waits are those before it.

    Accounts that only it made stay, inactive and held by nobody, with their names. Claims that other schools built
    on it are left.
    """
    chance = random.Random(seed)
    today = DAY
    for _ in range(10):
        today += timedelta(days=chance.randrange(1, 6))
        due.apply_due(on=today, now=datetime.combine(today, time(1), UTC))
        school = chance.choice(SCHOOLS)
        learners = []
        for number in chance.sample(range(1, 8), chance.randrange(1, 7)):
            start = DAY + timedelta(days=chance.randrange(-30, 30))
            leaving = start + timedelta(days=chance.randrange(60)) if chance.random() < 0.3 else None
            year = chance.choice("678")
            learners.append(learner(number, year_group=year, start_date=start, leaving_date=leaving))
        members = []
        for code in chance.sample(["AB", "CD", "EF"], chance.randrange(3)):
            members.append(staff(code, role=chance.choice(["Teacher", "Cook"])))
        known, before = set(Account.objects.values_list("id", flat=True)), holders()
        seen = {account: picture(school, {account}) for account in known}
        accepted = run(school, learners, members, on=today)
        if chance.random() < 0.5:
            built_on = {account for account, holder in holders().items() if holder not in (before.get(account), school)}
            now = datetime.combine(today, time(14), UTC)
            left = {account: holders()[account] for account in built_on}
            provisioning.undo(run_id=accepted, acting_user="t", now=now, on=today)
            after = {account: picture(school, {account}) for account in known - built_on}
            assert after == {account: seen[account] for account in known - built_on}
            assert {account: holders()[account] for account in built_on} == left
            made = Account.objects.exclude(id__in=known)
            assert not made.filter(active=True).exists()
            assert not Placement.objects.filter(account__in=made, ended=None).exists()
    assert verification.verify(on=today, deep=True).breaches == ()


def test_staff_whom_an_undone_run_brought_get_the_same_account_when_they_come_again() -> None:
    """R21, R23, R33: the account that the run made stays, and it is theirs: no second one, no second name."""
    run(PRIMARY, [learner(1)], [staff("AB")], on=DAY)
    withdrawn = run(PRIMARY, [learner(1)], [staff("AB"), staff("CD")], on=DAY, hour=13)
    before = sorted(Account.objects.values_list("username", flat=True))
    provisioning.undo(run_id=withdrawn, acting_user="t", now=datetime.combine(DAY, time(14), UTC), on=DAY)
    assert Account.objects.filter(kind="staff", active=True).count() == 1
    run(PRIMARY, [learner(1)], [staff("AB"), staff("CD", role="Cook")], on=DAY, hour=15)
    assert sorted(Account.objects.values_list("username", flat=True)) == before
    assert not Account.objects.filter(active=False).exists()
    assert verification.verify(on=DAY, deep=True).breaches == ()


def test_who_was_missing_is_held_again_though_the_withdrawn_leaving_date_had_passed_meanwhile() -> None:
    """Undo, R32: the day let them go because of the withdrawn run alone; before it they kept the account."""
    later = DAY + timedelta(days=4)
    run(PRIMARY, [learner(1), learner(2)], [], on=DAY)
    run(PRIMARY, [learner(2)], [], on=DAY, hour=13)
    with_date = run(PRIMARY, [learner(1, leaving_date=later - timedelta(days=1)), learner(2)], [], on=DAY, hour=14)
    due.apply_due(on=later, now=datetime.combine(later, time(1), UTC))
    assert Account.objects.filter(active=False).count() == 1
    provisioning.undo(run_id=with_date, acting_user="t", now=datetime.combine(later, time(2), UTC), on=later)
    assert not Account.objects.filter(active=False).exists()
    assert sorted(holders().values()) == [PRIMARY, PRIMARY]
    assert verification.verify(on=later, deep=True).breaches == ()
