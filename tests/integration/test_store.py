"""The directory's store on a real PostgreSQL does what the nation in memory does, and keeps its invariants."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from tests.support.nation import Nation
from tests.support.people import OTHER, PRIMARY, SECONDARY, learner, staff, upn

from hwb.directory import chain, store
from hwb.directory.models import Account, Audit, Identifier, LearnerRecord, Placement, Setting, Wait
from hwb.extract.records import LearnerRecord as Record
from hwb.extract.records import StaffRecord
from hwb.lifecycle.plan import Plan
from hwb.lifecycle.policy import Grace, Limit, Policy
from hwb.operations import due, locking

pytestmark = pytest.mark.django_db(transaction=True)
UNLIMITED = Policy(limits={check: Limit(10_000, 1.0) for check in Policy().limits})
DAY = date(2018, 7, 2)


def moment(on: date) -> datetime:
    return datetime.combine(on, time(12), UTC)


def run(
    school: str,
    learners: list[Record] | None,
    *,
    on: date,
    staff: list[StaffRecord] | None = None,
    policy: Policy = UNLIMITED,
) -> Plan:
    """One school's run through the real store."""
    snapshot = Nation().snapshot(school, learners, on=on, staff=staff)
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        facts, plan = locking.plan_locked(cursor, snapshot, on=on, policy=policy)
        writer = chain.Writer(school, "test", moment(on))
        store.apply(cursor, plan, facts=facts, applying=locking.applying(writer, on=on, policy=UNLIMITED))
    return plan


def state() -> dict[str, Any]:
    """As Nation.state, from the tables."""
    accounts = {}
    for account in Account.objects.all():
        opened = list(Placement.objects.filter(account=account, ended=None))
        accounts[account.upn or account.id] = (
            account.active,
            next((p.school for p in opened if p.role == "holding"), None),
            (account.legal_surname, account.legal_forename, account.birth_date),
            tuple(sorted(p.school for p in opened if p.role == "guest")),
        )
    words = {
        (w.school, w.upn): (w.year_group, w.start_date, w.leaving_date, w.missing_since, w.refused, w.doubtful)
        for w in LearnerRecord.objects.all()
    }
    return {"accounts": accounts, "waits": {(w.school, w.upn): w.cause for w in Wait.objects.all()}, "words": words}


def memory_state(nation: Nation) -> dict[str, Any]:
    accounts = {
        a.upn: (
            a.active,
            a.holder,
            (a.details.legal_surname, a.details.legal_forename, a.details.birth_date),
            tuple(sorted(a.guests)),
        )
        for a in nation.accounts.values()
    }
    words = {
        key: (e.record.year_group, e.record.start_date, e.record.leaving_date, e.missing_since, e.refused, e.doubtful)
        for key, e in nation.words.items()
    }
    return {"accounts": accounts, "waits": {k: str(v) for k, v in nation.waits.items()}, "words": words}


@pytest.mark.parametrize("seed", range(6))
def test_memory_and_postgresql_agree(seed: int) -> None:
    """Random months of runs and days end in the same state in memory and in PostgreSQL, step by step."""
    chance = random.Random(seed)
    nation = Nation(policy=UNLIMITED)
    today = DAY
    for _ in range(12):
        today += timedelta(days=chance.randrange(10))
        nation.day(today)
        due.apply_due(on=today, now=moment(today))
        school = chance.choice([PRIMARY, SECONDARY, OTHER])
        people = {}
        for number in chance.sample(range(1, 7), chance.randrange(6)):
            start = DAY + timedelta(days=chance.randrange(-30, 60))
            leaving = start + timedelta(days=chance.randrange(60)) if chance.random() < 0.4 else None
            status = chance.choice("CCCMSG")
            record = learner(number, start_date=start, leaving_date=leaving, enrolment_status=status)
            if chance.random() < 0.2:
                record = replace(record, upn=upn(number + 40), former_upn=record.upn)
            if chance.random() < 0.1:
                record = replace(record, legal_surname="Huws")
            people[record.upn] = record
        nation.run(school, list(people.values()), on=today)
        run(school, list(people.values()), on=today)
        assert state() == memory_state(nation)


def test_the_same_snapshot_again_changes_nothing() -> None:
    """I5: no change, no audit row, no word written."""
    run(PRIMARY, [learner(1), learner(2)], on=DAY, staff=[staff("RJ")])
    before = Audit.objects.count()
    plan = run(PRIMARY, [learner(1), learner(2)], on=DAY, staff=[staff("RJ")])
    assert (plan.changes, plan.learner_writes, plan.staff_writes) == ((), (), ())
    assert Audit.objects.count() == before


def test_staff_get_one_account_and_keep_it() -> None:
    """R22, R23: created, released on the day after leaving, back again: one account."""
    run(PRIMARY, None, on=DAY, staff=[staff("RJ", mis_id="5")])
    run(PRIMARY, None, on=DAY, staff=[staff("RJ", mis_id="5", leaving_date=DAY)])
    due.apply_due(on=DAY + timedelta(days=1), now=moment(DAY + timedelta(days=1)))
    assert [a.active for a in Account.objects.all()] == [False]
    run(PRIMARY, None, on=date(2018, 9, 3), staff=[staff("RJ", mis_id="5", start_date=date(2018, 9, 3))])
    assert [a.active for a in Account.objects.all()] == [True]


def test_a_start_date_that_comes_makes_the_account() -> None:
    """R3: the account of a learner and a member of staff expected later is made on its day by the calendar."""
    run(PRIMARY, [learner(1, start_date=date(2018, 9, 3))], on=DAY, staff=[staff("RJ", start_date=date(2018, 9, 3))])
    assert Account.objects.count() == 0
    due.apply_due(on=date(2018, 9, 3), now=moment(date(2018, 9, 3)))
    assert Account.objects.count() == 2
    assert due.apply_due(on=date(2018, 9, 3), now=moment(date(2018, 9, 3))) == 0


def test_names_are_readable_and_unique_for_ever() -> None:
    """R33: usernames in plain letters, each an address, and nobody can take one away."""
    run(PRIMARY, [learner(n, legal_surname="Ŵyn", legal_forename="Siân") for n in range(1, 150)], on=DAY)
    names = list(Account.objects.values_list("username", "email"))
    assert len({name for name, _ in names}) == 149
    assert all(name.startswith("wyns") and name.isascii() and email.startswith(f"{name}@") for name, email in names)
    with pytest.raises(DatabaseError), transaction.atomic():
        Identifier.objects.filter(value=names[0][0]).delete()


def test_the_audit_log_is_append_only_and_hides_names() -> None:
    """R42: no entry can be changed or removed, and no personal value stands in clear."""
    run(PRIMARY, [learner(1, legal_surname="Gwrthrychol")], on=DAY)
    with pytest.raises(DatabaseError), transaction.atomic():
        Audit.objects.update(actor="nobody")
    with pytest.raises(DatabaseError), transaction.atomic():
        Audit.objects.all().delete()
    entry = Audit.objects.get()
    assert "Gwrthrychol" not in entry.details
    assert upn(1) not in entry.details
    assert entry.sealed


def test_chains_verify() -> None:
    """R42: each entry's hash follows from the one before and from all that it says."""
    run(PRIMARY, [learner(1), learner(2)], on=DAY)
    run(PRIMARY, [learner(1, year_group="7")], on=date(2018, 9, 3))
    head = b""
    for row in Audit.objects.filter(chain=PRIMARY).order_by("seq").values_list(*chain.COLUMNS):
        plain = tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
        head = chain.entry_hash(head, plain)
        assert head == plain[13]


def test_one_holder_is_a_constraint() -> None:
    """I3: the database itself refuses a second holding school."""
    run(PRIMARY, [learner(1)], on=DAY)
    account = Account.objects.get()
    with pytest.raises(DatabaseError), transaction.atomic():
        Placement.objects.create(account=account, school=SECONDARY, role="holding", began=DAY)


def test_a_wait_that_ends_and_begins_anew_stands() -> None:
    """R5, R9: a re-keying elsewhere turns a wait for it into a wait for release, in one plan and in the tables."""
    run(PRIMARY, [learner(1)], on=DAY)
    moved = replace(learner(1), upn=upn(50), former_upn=upn(1))
    run(SECONDARY, [moved], on=DAY)
    assert {(w.school, w.upn): w.cause for w in Wait.objects.all()} == {(SECONDARY, upn(50)): "rekey"}
    run(PRIMARY, [moved], on=DAY)
    assert {(w.school, w.upn): w.cause for w in Wait.objects.all()} == {(SECONDARY, upn(50)): "release"}


def test_a_grace_ends_on_its_day_though_the_leavers_record_changed() -> None:
    """R39: the day on which signing in ends is kept when a later run changes the leaver's record."""
    Setting.objects.create(key="grace.11", value="08-31")
    left = learner(1, year_group="11", leaving_date=date(2018, 7, 20))
    run(PRIMARY, [learner(1, year_group="11"), learner(2)], on=DAY)
    policy = replace(UNLIMITED, graces=(Grace("", "11", 8, 31),))
    for registration_group in ("11A", "11B"):
        run(PRIMARY, [replace(left, registration_group=registration_group)], on=date(2018, 7, 23), policy=policy)
    assert Account.objects.get(upn=upn(1)).active
    due.apply_due(on=date(2018, 8, 31), now=moment(date(2018, 8, 31)))
    assert Account.objects.get(upn=upn(1)).active
    due.apply_due(on=date(2018, 9, 1), now=moment(date(2018, 9, 1)))
    assert not Account.objects.get(upn=upn(1)).active


def test_what_goes_wrong_at_one_school_keeps_no_leaver_of_another_signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """R3: every school has its turn; then the fault is raised."""
    for school, number in ((PRIMARY, 1), (SECONDARY, 2)):
        run(school, [learner(number, leaving_date=DAY)], on=DAY)
    whole = due.settle_school

    def faulty(cursor: Any, *, school: str, on: date, now: datetime) -> int:
        if school == PRIMARY:
            raise ValueError("planted")
        return whole(cursor, school=school, on=on, now=now)

    monkeypatch.setattr(due, "settle_school", faulty)
    with pytest.raises(ValueError, match="planted"):
        due.apply_due(on=DAY + timedelta(days=1), now=moment(DAY + timedelta(days=1)))
    assert {a.upn: a.active for a in Account.objects.all()} == {upn(1): True, upn(2): False}
