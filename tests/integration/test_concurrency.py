"""Schools that run at once: one account a UPN, one person a name, and the end is as if they had run in turn."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime, time
from threading import Barrier, BrokenBarrierError
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from tests.support.people import learner, staff

from hwb.directory.models import (
    Account,
    Audit,
    ChainHead,
    Establishment,
    Identifier,
    Placement,
    Run,
    Setting,
    StaffRecord,
    Wait,
)
from hwb.directory.queries import passwords as rows
from hwb.extract import wire
from hwb.extract.records import LEARNER_COLUMNS, STAFF_COLUMNS, Extract
from hwb.lifecycle.passwords import PasswordState
from hwb.lifecycle.policy import DEFAULT_LIMITS
from hwb.operations import faults, passwords, provisioning, verification

pytestmark = pytest.mark.django_db(transaction=True)
JULY, SEPTEMBER = date(2018, 7, 2), date(2018, 9, 3)
SCHOOLS = [f"67140{number}" for number in range(51, 71)]


@pytest.fixture(autouse=True)
def schools() -> None:
    for dfes in SCHOOLS:
        Establishment.objects.create(dfes=dfes, name_en=dfes, phase="secondary")


def row(number: int, **values: Any) -> tuple[str, ...]:
    record = learner(number, registration_group="6G", admission_number=str(number), **values)
    texts = [getattr(record, name) for name in LEARNER_COLUMNS]
    return (f"row {number}", *(";".join(t) if isinstance(t, tuple) else str(t or "") for t in texts))


def deliver(
    school: str,
    rows: Sequence[tuple[str, ...]],
    members: Sequence[tuple[str, ...]] | None = None,
    *,
    on: date,
    minute: int = 0,
) -> UUID:
    moment = datetime.combine(on, time(12, minute), UTC)
    covers = frozenset({"learner"} if members is None else {"learner", "staff"})
    extract = Extract(school, moment, "hwb", covers, tuple(rows), tuple(members or ()))  # type: ignore[arg-type]
    run = uuid4()
    provisioning.receive_snapshot(
        run_id=run,
        body=wire.dump(extract),
        extract=extract,
        preview=False,
        client_id=None,
        acting_user="t",
        now=moment,
    )
    return run


def reconcile(run: UUID, *, on: date) -> dict[str, Any]:
    return provisioning.reconcile(run_id=run, on=on, now=datetime.combine(on, time(13), UTC))


def at_once(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """All of them from the same moment, each on a connection of its own."""
    start = Barrier(len(works))

    def begin(work: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=10)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(begin, work) for work in works]]


def reconcile_at_once(runs: Sequence[UUID], *, on: date) -> list[Any]:
    return at_once([lambda run=run: reconcile(run, on=on) for run in runs])  # type: ignore[misc]


def test_two_schools_claim_one_upn_two_hundred_times() -> None:
    """R5, R6: whoever comes first, each UPN gets one account, one holder and one wait; no deadlock is left over."""
    first, second = SCHOOLS[:2]
    for minute in range(20):
        new = range(1, 11 + 10 * minute)
        runs = []
        for school, order in ((first, 1), (second, -1)):
            own = row(900 + order)  # a file of another school's learners alone would be refused as the wrong one
            runs.append(deliver(school, [own, *[row(n) for n in new][::order]], on=JULY, minute=minute))
        for result in reconcile_at_once(runs, on=JULY):
            assert result["outcome"] != "refused"
        for run in Run.objects.filter(state="held"):
            provisioning.confirm(run_id=run.id, acting_user="t", now=datetime.combine(JULY, time(14), UTC), on=JULY)
    assert Account.objects.count() == 202
    assert Placement.objects.filter(role="holding", ended=None).count() == 202
    assert Wait.objects.count() == 200
    assert verification.verify(deep=True, on=JULY).breaches == ()


def test_one_run_taken_up_twice_at_once_is_applied_once() -> None:
    """F4: two workers with the same job: one applies it, both get the same result."""
    run = deliver(SCHOOLS[0], [row(n) for n in range(1, 20)], on=JULY)
    one, other = reconcile_at_once([run, run], on=JULY)
    assert one == other
    assert Account.objects.count() == Audit.objects.count() == 19


def test_names_are_nobody_elses_when_all_schools_ask_at_once() -> None:
    """R33: people of one name at twenty schools at once get different usernames and addresses."""
    names = {"legal_surname": "Jones", "legal_forename": "Mali"}
    runs = [
        deliver(school, [row(100 * place + n, **names) for n in range(15)], on=JULY)
        for place, school in enumerate(SCHOOLS)
    ]
    reconcile_at_once(runs, on=JULY)
    assert Account.objects.values("username").distinct().count() == 300
    assert Identifier.objects.filter(kind="username").count() == 300


def staff_row(code: str, **values: Any) -> tuple[str, ...]:
    record = staff(code, mis_id=f"p{code}", **values)
    texts = [getattr(record, name) for name in STAFF_COLUMNS]
    return (f"staff {code}", *(";".join(t) if isinstance(t, tuple) else str(t or "") for t in texts))


def share_accounts(first: str, second: str) -> None:
    """Consolidates by hand what the two schools have of the same staff codes: one account with two posts."""
    for kept in Placement.objects.filter(school=first, role="post", ended=None):
        code = StaffRecord.objects.get(school=first, account=kept.account).staff_code
        other = StaffRecord.objects.get(school=second, staff_code=code)
        Placement.objects.filter(school=second, account=other.account).delete()
        Account.objects.filter(id=other.account_id).update(active=False)
        Placement.objects.create(account=kept.account, school=second, role="post", began=JULY)
        StaffRecord.objects.filter(id=other.id).update(account=kept.account)


def meet_after_applying(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Nobody commits before all have applied, unless one waits for another's lock."""
    all_applied = Barrier(number)

    def point(name: str) -> None:
        if name == "applied":
            with suppress(BrokenBarrierError):
                all_applied.wait(timeout=1)

    monkeypatch.setattr(faults, "point", point)


def test_two_schools_end_the_posts_of_one_account_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """R24: an account with posts at both becomes inactive when no post is current, also when both end at once."""
    first, second = SCHOOLS[:2]
    codes = [f"C{n}" for n in range(8)]
    for school in (first, second):
        reconcile(deliver(school, [row(1 if school == first else 2)], [staff_row(c) for c in codes], on=JULY), on=JULY)
    share_accounts(first, second)
    left = {"leaving_date": date(2018, 7, 20)}
    runs = [
        deliver(
            school,
            [row(1 if school == first else 2)],
            [staff_row(c, **left) for c in codes[:6][::order]] + [staff_row(c) for c in codes[6:]],
            on=SEPTEMBER,
        )
        for school, order in ((first, 1), (second, -1))
    ]
    meet_after_applying(monkeypatch, 2)
    for result in reconcile_at_once(runs, on=SEPTEMBER):
        assert result["outcome"] == "applied"
    shared = Account.objects.filter(id__in=StaffRecord.objects.filter(school=first).values("account"))
    assert {(a.active, Placement.objects.filter(account=a, ended=None).count()) for a in shared} == {
        (False, 0),
        (True, 2),
    }
    assert shared.filter(active=True).count() == 2


@pytest.mark.parametrize("meeting", [False, True], ids=["as it comes", "before either commits"])
def test_a_release_and_a_rekeying_that_asks_for_it_meet(monkeypatch: pytest.MonkeyPatch, meeting: bool) -> None:
    """R9, R6: whichever comes first, every account goes on at the asking school under the new UPN, and nobody waits."""
    first, second = SCHOOLS[:2]
    reconcile(deliver(first, [row(n) for n in range(10)], on=JULY), on=JULY)
    left = [row(n, leaving_date=date(2018, 7, 20)) for n in range(10)]
    asks = [row(n, upn=learner(n + 100).upn, former_upn=learner(n).upn, start_date=SEPTEMBER) for n in range(10)]
    runs = [deliver(first, left, on=SEPTEMBER), deliver(second, asks[::-1], on=SEPTEMBER)]
    if meeting:
        meet_after_applying(monkeypatch, 2)
    reconcile_at_once(runs, on=SEPTEMBER)
    assert set(Account.objects.values_list("upn", "active")) == {(learner(n + 100).upn, True) for n in range(10)}
    assert Placement.objects.filter(role="holding", ended=None, school=second).count() == 10
    assert not Wait.objects.exists()
    assert verification.verify(deep=True, on=SEPTEMBER).breaches == ()


def rolls(seed: int) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """Who is where in July and, after exchanges all round, in September."""
    chance = random.Random(seed)
    july = {school: list(range(20 * place, 20 * place + 20)) for place, school in enumerate(SCHOOLS)}
    moving = [(n, school) for school, roll in july.items() for n in chance.sample(roll, 6)]
    september = {school: list(roll) for school, roll in july.items()}
    for number, school in moving:
        september[school].remove(number)
        september[chance.choice([other for other in SCHOOLS if other != school])].append(number)
    return july, september


def send(school: str, july: dict[str, list[int]], september: dict[str, list[int]]) -> UUID:
    """A school's September: its leavers with their date, and everybody it now has."""
    left = {"leaving_date": date(2018, 7, 20)}
    rows = [row(n, **left) for n in july[school] if n not in september[school]]
    came = {"start_date": SEPTEMBER}
    rows += [row(n, year_group="7", **({} if n in july[school] else came)) for n in september[school]]
    random.Random(school).shuffle(rows)
    return deliver(school, rows, on=SEPTEMBER)


def picture() -> Any:
    return (
        sorted(Account.objects.values_list("upn", "active")),
        sorted(Placement.objects.filter(ended=None).values_list("account__upn", "school", "role")),
        sorted(Wait.objects.values_list("school", "upn", "cause")),
    )


@pytest.mark.parametrize("together", [False, True], ids=["in turn", "at once"])
def test_exchanged_learners_end_where_they_are(together: bool) -> None:
    """Twenty schools that exchanged learners: at once or in turn, everybody is at the school that has them now."""
    july, september = rolls(7)
    for school in SCHOOLS:
        reconcile(deliver(school, [row(n) for n in july[school]], on=JULY), on=JULY)
    runs = [send(school, july, september) for school in SCHOOLS]
    if together:
        reconcile_at_once(runs, on=SEPTEMBER)
    else:
        for run in runs:
            reconcile(run, on=SEPTEMBER)
    for run in Run.objects.filter(state="held"):
        provisioning.confirm(
            run_id=run.id, acting_user="t", now=datetime.combine(SEPTEMBER, time(14), UTC), on=SEPTEMBER
        )
    accounts, placements, waits = picture()
    assert placements == sorted((learner(n).upn, school, "holding") for school, roll in september.items() for n in roll)
    assert accounts == sorted((learner(n).upn, True) for roll in july.values() for n in roll)
    assert waits == []
    assert sum(ChainHead.objects.values_list("seq", flat=True)) == Audit.objects.count()
    assert verification.verify(deep=True, on=SEPTEMBER).breaches == ()


def test_passwords_are_made_and_shown_while_another_school_claims() -> None:
    """R10: whichever comes first: made before the claim it is hidden, after it refused; nobody sees one too long."""
    first, second = SCHOOLS[:2]
    people = range(1, 21)
    for check in DEFAULT_LIMITS:
        Setting.objects.create(key=f"holds.{check}", value="10000 100%")
    reconcile(deliver(first, [row(n) for n in people], on=JULY), on=JULY)
    ids = [account.id for account in Account.objects.order_by("id")]
    now = datetime.combine(SEPTEMBER, time(14), UTC)

    def many() -> None:
        for chosen in (ids[::2], ids[1::2], ids[::-1]):
            with suppress(passwords.PasswordRefused):
                passwords.reset_many(accounts=chosen, school=first, acting_user="t", now=now, everyone=True)

    def look() -> None:
        for account in ids:
            with suppress(passwords.PasswordRefused):
                passwords.show(account=account, school=first, acting_user="t", now=now)

    many()
    reconcile(deliver(first, [row(99)], on=JULY, minute=1), on=JULY)  # missing: held until somebody claims (R32)
    reconcile(deliver(second, [row(50)], on=JULY), on=JULY)
    arrived = [row(n, start_date=SEPTEMBER, year_group="7") for n in people]
    claiming = deliver(second, [row(50), *arrived], on=SEPTEMBER)
    at_once([lambda: reconcile(claiming, on=SEPTEMBER), many, look])
    assert Placement.objects.filter(school=second, role="holding", ended=None).count() == len(ids) + 1
    assert {found.state() for found in rows.of_accounts(ids).values()} == {PasswordState.NOT_HELD_HERE}
    assert passwords.harden(now=now, limit=100) == len(ids)
    assert verification.verify(deep=True, on=SEPTEMBER).breaches == ()
