"""A school's end (R43) on a real PostgreSQL: nobody is lost, doubled or woken up by what the closed school left."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from tests.support.deliveries import JULY, deliver, extract_of, learner_row, register_schools, send, staff_row
from tests.support.people import OTHER, PRIMARY, SECONDARY, learner, upn

from hwb.directory.models import Account, Establishment, Placement, Run, Wait
from hwb.extract.records import LEARNER_COLUMNS
from hwb.operations import accounts, closures, due, provisioning, verification

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def schools() -> None:
    register_schools(PRIMARY, SECONDARY, OTHER)


def at(day: date, hour: int = 14) -> datetime:
    return datetime.combine(day, time(hour), UTC)


def close(*, successor: str = "", on: date = JULY, split: dict[str, str] | None = None) -> Any:
    Establishment.objects.filter(dfes=PRIMARY).update(followed_by=successor)
    return closures.close_school(dfes=PRIMARY, split=split, preview=False, acting_user="t", now=at(on), on=on)


def clean(on: date = JULY) -> bool:
    return verification.verify(on=on, deep=True).breaches == ()


def where(number: int) -> tuple[bool, str | None]:
    """Whether the learner may sign in, and who holds the account."""
    account = Account.objects.get(upn=upn(number))
    holder = Placement.objects.filter(account=account, role="holding", ended=None).first()
    return account.active, holder.school if holder else None


def test_missing_refused_and_dual_learners_go_to_the_successor_as_they_are() -> None:
    """R43, R8, R32: neither an absence, nor a refusal, nor the successor's guest record makes anybody inactive."""
    deliver([learner_row(n) for n in range(1, 5)])
    deliver([learner_row(9), learner_row(3, enrolment_status="S")], school=SECONDARY)
    refused = list(learner_row(2))
    refused[1 + LEARNER_COLUMNS.index("year_group")] = "??"
    deliver([tuple(refused), learner_row(3), learner_row(4)], on=JULY + DAY)
    close(successor=SECONDARY, on=JULY + DAY)
    assert [where(n) for n in (1, 2, 3, 4)] == [(True, SECONDARY)] * 4
    assert not Wait.objects.exists()
    assert clean(JULY + DAY)


def test_a_split_knows_former_upns_and_is_refused_when_it_names_nobody() -> None:
    """R43, R9: a line that is not understood would send its person to the wrong school."""
    deliver([learner_row(1), learner_row(2)])
    known = learner(1)
    again = learner_row(51, former_upn=upn(1), birth_date=known.birth_date, legal_surname=known.legal_surname)
    deliver([again, learner_row(2)], on=JULY + DAY)
    with pytest.raises(closures.ClosureRefused):
        close(successor=OTHER, split={upn(1): SECONDARY, "NOBODY": SECONDARY}, on=JULY + DAY)
    assert where(2) == (True, PRIMARY)
    close(successor=OTHER, split={upn(1): SECONDARY}, on=JULY + DAY)
    assert (where(51), where(2)) == ((True, SECONDARY), (True, OTHER))
    assert clean(JULY + DAY)


def test_staff_of_two_schools_with_the_same_ids_keep_their_own_accounts() -> None:
    """R43, R21: the ids of two MIS installations mean nothing to each other."""
    alun = staff_row("AB", mis_id="1", legal_surname="Abel", legal_forename="Alun")
    dewi = staff_row("CD", mis_id="1", legal_surname="Cadw", legal_forename="Dewi")
    deliver([learner_row(1)], [alun])
    deliver([learner_row(9)], [dewi], school=SECONDARY)
    names = {a.id: a.legal_surname for a in Account.objects.filter(kind="staff")}
    close(successor=SECONDARY)
    moved = staff_row("AB", mis_id="2", legal_surname="Abel", legal_forename="Alun")
    deliver([learner_row(9), learner_row(1)], [dewi, moved], school=SECONDARY, on=JULY + DAY)
    assert {id_: Account.objects.get(id=id_).legal_surname for id_ in names} == names
    assert clean(JULY + DAY)


def test_without_a_successor_nobody_is_woken_up_at_the_closed_school() -> None:
    """R43: not by a start date that comes, not by a wait that would end, not by a decision about staff."""
    start = JULY + 5 * DAY
    deliver([learner_row(9)], school=SECONDARY)
    deliver([learner_row(1), learner_row(2, start_date=start), learner_row(9)], [staff_row("AB")])
    close()
    deliver([learner_row(9, leaving_date=JULY), learner_row(10)], school=SECONDARY, on=JULY + DAY)
    username = Account.objects.get(kind="staff").username
    for decide in (accounts.suspend, accounts.release_suspension):
        decide(username=username, school=PRIMARY, reason="x", acting_user="t", now=at(JULY), on=JULY)
    due.apply_due(on=start, now=at(start))
    assert not Placement.objects.filter(school=PRIMARY, ended=None).exists()
    assert not Account.objects.filter(upn=upn(2)).exists()
    assert where(9) == (False, None)
    assert clean(start)


def test_no_run_of_a_closed_school_takes_effect_any_more() -> None:
    """R43: not one that is held, not one that waits in the queue, and not one that would be undone."""
    everybody = [learner_row(n) for n in range(1, 30)]
    deliver([learner_row(99)], school=SECONDARY)
    accepted = deliver(everybody, [staff_row("AB")])
    held = deliver(everybody[:4], [staff_row("AB")], on=JULY + DAY)
    queued = send(extract_of(everybody[:28], [staff_row("AB", role="Head")], on=JULY + DAY, hour=13))
    close(successor=SECONDARY, on=JULY + DAY)
    before = sorted(Account.objects.values_list("username", "active"))
    now, on = at(JULY + DAY), JULY + DAY
    with pytest.raises(provisioning.RunNotFound):
        provisioning.confirm(run_id=held, acting_user="t", now=now, on=on)
    with pytest.raises(provisioning.RunNotFound):
        provisioning.undo(run_id=accepted, acting_user="t", now=now, on=on)
    assert provisioning.reconcile(run_id=queued, on=on, now=now)["outcome"] == "refused"
    assert Run.objects.get(id=queued).failure == "school_closed"
    assert sorted(Account.objects.values_list("username", "active")) == before
    assert not Wait.objects.exists()
    assert not Placement.objects.filter(school=PRIMARY, ended=None).exists()
    assert clean(on)


def test_a_school_closed_before_its_registered_day_sends_nothing_more() -> None:
    """R43: the register's later date gives way to the day on which its people were moved."""
    Establishment.objects.filter(dfes=PRIMARY).update(closed=date(2018, 8, 31))
    deliver([learner_row(1)], [staff_row("AB")])
    close(successor=SECONDARY)
    with pytest.raises(provisioning.DeliveryRefused, match="school_closed"):
        deliver([learner_row(1)], [staff_row("AB", role="Head")], on=JULY + DAY)
    assert Account.objects.filter(kind="staff").count() == 1
