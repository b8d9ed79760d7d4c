"""The outbox of account changes and the workers that carry them to a tenant (issue 7 points 3 and 4; F5, F14)."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, connections
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.support.connectors import OPTIONS, connect, service
from tests.support.deliveries import deliver, learner_row, register_schools, staff_row
from tests.support.moving import build as build_moving
from tests.support.people import OTHER, PRIMARY, SECONDARY, learner
from typer.testing import CliRunner

from hwb.cli.main import build_app
from hwb.demo.tenant import SECRET, SKUS
from hwb.demo.tenant.graph import FakeGraph, Refusal
from hwb.directory.models import Account, ConnectedAccount, ConnectedGroup, Connector, Placement
from hwb.directory.queries import connectors as rows
from hwb.directory.queries import service_accounts
from hwb.directory.queries.connectors import Working
from hwb.jobs import connectors as jobs
from hwb.jobs import tasks
from hwb.lifecycle.service_accounts import NotCarried, key_of, wanted
from hwb.operations import accounts, carrying, closures, connectors, services, undoing, usernames, verification
from hwb.operations import due as due_work
from hwb.operations.accounts import DecisionRefused
from hwb.operations.closures import ClosureRefused
from hwb.operations.connectors import ConnectorRefused
from hwb.operations.deliveries import DeliveryRefused
from hwb.operations.runs import RunNotFound

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2018, 7, 2, 12, tzinfo=UTC)
JULY, TOMORROW, AUGUST, SEPTEMBER = date(2018, 7, 2), date(2018, 7, 3), date(2018, 8, 1), date(2018, 9, 3)


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAIL", "DEAD"):
        monkeypatch.setenv(f"HWB_CONNECTOR_{name}_SECRET", SECRET)


@pytest.fixture
def tenant() -> FakeGraph:
    return FakeGraph()


@pytest.fixture
def mail() -> Working:
    register_schools()
    return connect()


def carry(mail: Working, tenant: FakeGraph) -> int:
    return jobs.carry_due(mail, http=tenant.client())


def let_pass(seconds: float) -> None:
    """As if so much time had passed."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE connected_account SET due_at = due_at - make_interval(secs => %s)", [seconds])
        cursor.execute(
            "UPDATE connected_account SET leased_until = leased_until - make_interval(secs => %s)", [seconds]
        )
        cursor.execute("UPDATE connector SET closed_until = closed_until - make_interval(secs => %s)", [seconds])


def agree(tenant: FakeGraph) -> bool:
    """Whether the tenant has of everybody what it must."""
    key, found = services.pairwise_key(), tenant.state()
    for account, facts in service_accounts.facts_of(
        [str(id_) for id_ in Account.objects.values_list("id", flat=True)]
    ).items():
        wish, has = wanted(facts), found.get(key.identifier(UUID(account), sector="microsoft 365"))
        if wish is None or has is None:
            assert wish is None or not wish.enabled, wish
            continue
        assert (has["address"], has["name"], has["enabled"]) == (wish.address, wish.name, wish.enabled)
        assert has["groups"] == {key_of(group) for group in wish.groups}
        assert has["licences"] == {SKUS[wish.licence]}
    return True


def asked_for(**values: int) -> int:
    """Jobs that wake the workers; other tests may have left some."""
    return ProcrastinateJob.objects.filter(task_name="hwb.connectors", **values).count()


def due() -> set[UUID]:
    return set(ConnectedAccount.objects.filter(due_at__isnull=False).values_list("account", flat=True))


def test_without_a_connector_nothing_is_written() -> None:
    """The outbox costs nothing where nobody reads it."""
    register_schools()
    before = asked_for()
    deliver([learner_row(1)], [staff_row("A")])
    assert not ConnectedAccount.objects.exists()
    assert asked_for() == before


def test_a_learner_moves_with_the_same_mailbox(mail: Working, tenant: FakeGraph) -> None:
    """R3, R4, R40: made, shut out on release, and open again with the next school's groups: one object, one mailbox."""
    deliver([learner_row(1, registration_group="6G", year_group="6")], [staff_row("A", classes=("6G",))])
    assert carry(mail, tenant) == 2
    assert agree(tenant)
    before = next(has for has in tenant.state().values() if SKUS["learner"] in has["licences"])
    assert len(before["groups"]) == 3
    deliver([learner_row(1, leaving_date=date(2018, 7, 20))], None, on=AUGUST)
    assert carry(mail, tenant) == 1
    assert agree(tenant)
    assert tenant.revoked[before["id"]] == 1
    deliver(
        [learner_row(1, registration_group="7B", year_group="7", start_date=SEPTEMBER)], school=SECONDARY, on=SEPTEMBER
    )
    carry(mail, tenant)
    after = tenant.state()[
        services.pairwise_key().identifier(Account.objects.get(kind="learner").id, sector="microsoft 365")
    ]
    assert (after["id"], after["mailbox"], after["address"]) == (before["id"], before["mailbox"], before["address"])
    assert after["enabled"]
    assert all(group.startswith(f"hwb-{SECONDARY}") for group in after["groups"])
    assert agree(tenant)
    assert not due()
    assert verification.verify(on=SEPTEMBER).breaches == ()
    Account.objects.filter(kind="learner").update(active=False)
    assert "I11" in {breach.invariant for breach in verification.verify(on=SEPTEMBER).breaches}


def test_a_run_that_changes_nothing_puts_nobody_in_the_outbox(mail: Working, tenant: FakeGraph) -> None:
    """F4, I5: the same snapshot again asks nothing of any service."""
    deliver([learner_row(1)], [staff_row("A")])
    carry(mail, tenant)
    calls = len(tenant.calls)
    deliver([learner_row(1)], [staff_row("A")], hour=13)
    assert (due(), carry(mail, tenant), len(tenant.calls)) == (set(), 0, calls)


def test_everything_that_services_see_waits_in_the_transaction_that_changes_it(
    mail: Working, tenant: FakeGraph
) -> None:
    """I11: class, year group, name, address, switching off and on, guests and staff classes each put the account there."""
    first = [learner_row(1, registration_group="6H", preferred_surname="Newydd"), learner_row(2, year_group="5")]
    steps: list[Any] = [
        lambda: deliver([learner_row(1), learner_row(2)], [staff_row("A")]),
        lambda: deliver([learner_row(1, registration_group="6H"), learner_row(2)], [staff_row("A")], hour=13),
        lambda: deliver([learner_row(1, registration_group="6H"), learner_row(2, year_group="5")], [staff_row("A")], hour=14),
        lambda: deliver(
            [learner_row(1, registration_group="6H"), learner_row(2, year_group="5")], [staff_row("A", classes=("6H",))], hour=15
        ),
        lambda: deliver(
            [learner_row(1, registration_group="6H", preferred_surname="Newydd"), learner_row(2, year_group="5")],
            [staff_row("A", classes=("6H",))], hour=16,
        ),
        lambda: deliver([learner_row(1, enrolment_status="G", classes=("Band",))], school=SECONDARY, hour=17),
        lambda: deliver([learner_row(1, enrolment_status="G", classes=("Côr",))], school=SECONDARY, hour=18),
        lambda: usernames.issue(account=Account.objects.get(preferred_surname="Newydd").id, school=PRIMARY, acting_user="t", now=NOW),
        lambda: accounts.deactivate(
            username=Account.objects.get(preferred_surname="Newydd").username, school=PRIMARY, reason="r", acting_user="t", now=NOW, on=JULY
        ),
        lambda: accounts.reactivate(
            username=Account.objects.get(preferred_surname="Newydd").username, school=PRIMARY, reason="r", acting_user="t", now=NOW, on=JULY
        ),
        lambda: deliver([learner_row(5)], school=SECONDARY, hour=19),  # the guest's time is over
        lambda: deliver(first, [staff_row("A", classes=("6H",), leaving_date=JULY)], hour=20, on=TOMORROW),
        lambda: deliver(first, [staff_row("A", classes=("6H",))], hour=21, on=TOMORROW),
        lambda: deliver([first[0], learner_row(2, year_group="5", leaving_date=JULY)], None, hour=22, on=TOMORROW),
        lambda: deliver([learner_row(5), learner_row(2, year_group="5", start_date=TOMORROW)], school=SECONDARY, hour=23, on=TOMORROW),
    ]  # fmt: skip
    for number, step in enumerate(steps):
        before = service_accounts.facts_of([str(id_) for id_ in Account.objects.values_list("id", flat=True)])
        step()
        after = service_accounts.facts_of([str(id_) for id_ in Account.objects.values_list("id", flat=True)])
        moved = {UUID(a) for a, facts in after.items() if wanted(facts) != (wanted(before[a]) if a in before else None)}
        assert moved, number
        assert due() >= moved, number
        carry(mail, tenant)
        assert agree(tenant), number
        assert not due()


def test_a_joined_account_has_its_old_mailbox_again_and_an_undo_reaches_the_tenant(tenant: FakeGraph) -> None:
    """R25: the kept account's object is let in at the new school, the newer one's is shut out; an undo reaches both."""
    mail = connect()
    moving = build_moving(in_july=lambda: carry(mail, tenant))
    key = services.pairwise_key()

    def objects() -> dict[str, Any]:
        found = tenant.state()
        return {
            name: found[key.identifier(account.id, sector="microsoft 365")]
            for name, account in (("kept", moving.kept), ("newer", moving.mover))
        }

    def opened() -> dict[str, bool]:
        return {name: has["enabled"] for name, has in objects().items()}

    carry(mail, tenant)
    assert agree(tenant)
    assert opened() == {"kept": False, "newer": True}
    before = objects()
    number = moving.joined()
    assert due() >= {moving.kept.id, moving.mover.id}
    carry(mail, tenant)
    assert agree(tenant)
    assert opened() == {"kept": True, "newer": False}
    assert all(group.startswith(f"hwb-{SECONDARY}") for group in objects()["kept"]["groups"])
    moving.undo(number)
    assert due() >= {moving.kept.id, moving.mover.id}
    carry(mail, tenant)
    assert agree(tenant)
    assert objects() == before


def test_a_release_goes_before_all_that_waits(mail: Working, tenant: FakeGraph) -> None:
    """R40: whoever is out is shut out first, however many wait; the queue's job comes before runs."""
    deliver([learner_row(number) for number in range(1, 31)])
    leaver = Account.objects.get(upn=learner(9).upn)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE connected_account SET urgent = false")
    before = asked_for(priority=100)
    accounts.deactivate(username=leaver.username, school=PRIMARY, reason="r", acting_user="t", now=NOW, on=JULY)
    leased = carrying.lease(connector=mail.connector, at=datetime.now(UTC), limit=1)
    assert leased is not None
    assert [each.account for each in leased.waiting] == [str(leaver.id)]
    assert asked_for(priority=100) == before + 1


def test_a_release_is_out_within_five_seconds(mail: Working) -> None:
    """Seen from the tenant: shut and signed out, by the workers that the queue's task starts, or wakes: they may be
    waiting for somebody whom the tenant has refused."""
    tenant = FakeGraph(licences=2)
    with tenant.served() as address:
        Connector.objects.update(options={**OPTIONS, "graph": f"{address}/v1.0", "login": address})
        deliver([learner_row(1), learner_row(2)])
        jobs.carry_due(rows.working("mail")[0])
        deliver([learner_row(1), learner_row(2), learner_row(3)], hour=13)
        for _ in range(5):  # the third is refused; its next try is far off, and somebody waits for it
            jobs.carry_due(rows.working("mail")[0])
        ConnectedAccount.objects.filter(due_at__isnull=False).update(due_at=datetime.now(UTC) + timedelta(seconds=30))
        try:
            jobs.start_carrying()
            threading.Event().wait(0.5)
            assert len([t for t in threading.enumerate() if t.name == jobs.THREAD]) == jobs.ABREAST
            for number in (1, 2):
                began = time.monotonic()
                accounts.deactivate(
                    username=Account.objects.get(upn=learner(number).upn).username, school=PRIMARY, reason="r",
                    acting_user="t", now=NOW, on=JULY,
                )  # fmt: skip
                jobs.start_carrying()
                while sum(tenant.revoked.values()) < number and time.monotonic() - began < 5:
                    threading.Event().wait(0.02)
                assert sum(tenant.revoked.values()) == number
        finally:
            tenant.licences = 3
            ConnectedAccount.objects.filter(due_at__isnull=False).update(due_at=datetime.now(UTC))
            jobs.start_carrying()
            for thread in [t for t in threading.enumerate() if t.name == jobs.THREAD]:
                thread.join(10)
        assert not [t for t in threading.enumerate() if t.name == jobs.THREAD]
    assert agree(tenant)
    assert not due()


def test_order_per_account_under_four_workers(mail: Working, tenant: FakeGraph) -> None:
    """Four workers at once, accounts changing meanwhile: no account with two workers, and the newest state stands."""
    deliver([learner_row(number) for number in range(1, 41)])
    busy: dict[str, int] = defaultdict(int)
    lock, clashes = threading.Lock(), []
    lease, settle = carrying.lease, carrying.settle

    def leasing(**values: Any) -> Any:
        leased = lease(**values)
        with lock:
            for each in leased.waiting if leased else ():
                busy[each.account] += 1
                clashes.extend([each.account] if busy[each.account] > 1 else [])
        return leased

    def settling(leased: Any, outcomes: Any, **values: Any) -> int:
        with lock:
            for each in outcomes:
                busy[each.account] -= 1
        return settle(leased, outcomes, **values)

    def work() -> None:
        try:
            for _ in range(3):
                jobs.carry_due(mail, http=tenant.client())
        finally:
            connections.close_all()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(carrying, "lease", leasing)
        patch.setattr(carrying, "settle", settling)
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for hour in (13, 14, 15):
            deliver(
                [learner_row(number, registration_group=f"{hour}{number % 3}") for number in range(1, 41)], hour=hour
            )
        for thread in threads:
            thread.join(60)
    carry(mail, tenant)
    assert not clashes
    assert agree(tenant)
    assert len(tenant.users) == 40
    names = [group["mailNickname"] for group in tenant.groups.values()]
    assert len(names) == len(set(names))


_CHILD = """
import json, os
import django
django.setup()
from django.db import connections
connections.settings["default"].update(json.loads(os.environ["HWB_TEST_DATABASE"]))
from hwb.directory.queries import connectors
from hwb.jobs import connectors as jobs
from hwb.jobs import tasks
jobs.carry_due(connectors.working("mail")[0])
"""


def test_killed_between_call_and_mark() -> None:
    """F5: the tenant has it, we do not know it; the lease ends, and the second time makes nothing twice."""
    register_schools()
    tenant = FakeGraph()
    with tenant.served() as address:
        mail = connect(address=address)
        deliver([learner_row(1), learner_row(2)])
        database = {name: connection.settings_dict[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
        told = {
            **os.environ, "HWB_FAULT": "carried:1", "HWB_TEST_DATABASE": json.dumps(database),
            "DJANGO_SETTINGS_MODULE": "hwb.config.settings",
        }  # fmt: skip
        ended = subprocess.run(
            [sys.executable, "-c", _CHILD], env=told, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
        )  # fmt: skip
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        before = tenant.state()
        assert len(before) == 2
        assert len(due()) == 2
        assert jobs.carry_due(mail) == 0  # still with the worker that is gone
        let_pass(carrying.LEASE.total_seconds())
        assert jobs.carry_due(mail) == 2
        assert tenant.state() == before
        assert not due()
    assert agree(tenant)


def test_killed_after_making_somebody_who_then_leaves(mail: Working, tenant: FakeGraph) -> None:
    """The object was made, nobody knows it, the tenant does not find it yet, and the person is out: it is shut all the same."""
    tenant.lag = 3600
    tenant.clock = lambda: 0.0
    deliver([learner_row(1)])
    leased = carrying.lease(connector=mail.connector, at=datetime.now(UTC))
    assert leased is not None
    carrier = jobs.Worker(mail, tenant.client()).carrier
    groups = dict.fromkeys(leased.groups, "g")
    carrier.carry(leased, groups, in_time=lambda: True, settle=lambda _: None)
    assert [user["accountEnabled"] for user in tenant.users.values()] == [True]
    deliver([learner_row(1, leaving_date=date(2018, 7, 20))], on=AUGUST)
    let_pass(carrying.LEASE.total_seconds())
    assert carry(mail, tenant) == 0
    assert ConnectedAccount.objects.get().failure == "not_there_yet"
    tenant.clock = lambda: 7200.0
    let_pass(5)
    assert carry(mail, tenant) == 1
    assert [user["accountEnabled"] for user in tenant.users.values()] == [False]


def test_a_late_worker_changes_nothing(mail: Working, tenant: FakeGraph) -> None:
    """A worker that comes back after its lease has ended leaves alone what another has taken since."""
    deliver([learner_row(1)])
    late = carrying.lease(connector=mail.connector, at=datetime.now(UTC))
    assert late is not None
    let_pass(carrying.LEASE.total_seconds())
    assert carry(mail, tenant) == 1
    carrying.settle(
        late, [NotCarried(late.waiting[0].account, "wrong", "broken")], at=datetime.now(UTC), chance=lambda: 0.0
    )
    row = ConnectedAccount.objects.get()
    assert (row.failure, row.due_at, row.state, row.remote) == ("", None, "ready", next(iter(tenant.users)))


def test_patience_is_given_and_nothing_is_lost(mail: Working, tenant: FakeGraph) -> None:
    """F14: 429 with Retry-After stops all calls for so long; half of a batch refused is half to do again."""
    deliver([learner_row(number) for number in range(1, 11)])
    count = 0

    def fault(method: str, path: str) -> None:
        nonlocal count
        count += 1
        if count % 2 == 0:
            raise Refusal(429, wait=37)

    tenant.fault = fault
    carry(mail, tenant)
    until = Connector.objects.get().closed_until
    assert until is not None
    assert timedelta(seconds=30) < until - datetime.now(UTC) <= timedelta(seconds=37)
    assert Connector.objects.get().failing_since is None
    calls = len(tenant.calls)
    assert carry(mail, tenant) == 0
    assert len(tenant.calls) == calls
    tenant.fault = lambda *_: None
    let_pass(37)
    carry(mail, tenant)
    assert agree(tenant)
    assert not due()


def test_a_dead_service_delays_neither_runs_nor_other_services(mail: Working, tenant: FakeGraph) -> None:
    """F14: its circuit opens, 1 s to 15 min; one account asks whether it is back; the other service has everything."""
    dead = connect("dead", by=Connector.objects.get().service_id)
    gone = FakeGraph(down=True)
    deliver([learner_row(1), learner_row(2)])
    assert jobs.carry_due(dead, http=gone.client()) == 0
    assert carry(mail, tenant) == 2
    assert agree(tenant)
    seen = []
    for _ in range(14):
        let_pass(3600)
        jobs.carry_due(dead, http=gone.client())
        row = Connector.objects.get(name="dead")
        assert row.closed_until is not None
        seen.append((row.closed_until - datetime.now(UTC)).total_seconds())
    assert seen[0] <= 2
    assert 440 <= max(seen) <= 900
    assert Connector.objects.get(name="dead").failing_since is not None
    gone.down = False
    let_pass(3600)
    assert jobs.carry_due(dead, http=gone.client()) == 2
    row = Connector.objects.get(name="dead")
    assert (row.failures, row.failing_since, row.failure, row.closed_until) == (0, None, "", None)


def test_what_is_refused_comes_again_ever_more_slowly_and_hits_nobody_else(mail: Working, tenant: FakeGraph) -> None:
    """One account without a licence waits 1, 2, 4 … seconds; everybody else is carried; trying again is one press."""
    tenant.licences = 1
    deliver([learner_row(1), learner_row(2)])
    assert carry(mail, tenant) == 1
    pauses = []
    for _ in range(5):
        row = ConnectedAccount.objects.get(due_at__isnull=False)
        assert (row.failure, row.urgent) == ("no_licence", False)
        pauses.append((row.due_at - datetime.now(UTC)).total_seconds())
        let_pass(1000)
        carry(mail, tenant)
    assert pauses[0] <= 1
    assert 4 < pauses[-1] <= 16
    (seen,) = rows.find()
    assert (seen.waiting, dict(seen.refused), seen.accounts) == (1, {"no_licence": 1}, 2)
    tenant.licences = 2
    again = {"acting_user": "t", "at": datetime.now(UTC), "now": NOW}
    assert connectors.try_again(connector=mail.connector, failure="refused", **again) == 0
    assert connectors.try_again(connector=mail.connector, failure="no_licence", **again) == 1
    assert carry(mail, tenant) == 1
    assert rows.find()[0].waiting == 0


def test_the_nightly_comparison_finds_drift_and_mends_it(mail: Working, tenant: FakeGraph) -> None:
    """Opened by hand, renamed, thrown away, taken out of a group, a group deleted, a row that never was: all come right."""
    people = [
        learner_row(number, registration_group="6G" if number < 4 else "6H", year_group="6") for number in range(1, 7)
    ]
    deliver([*people[:-1], learner_row(6, registration_group="6H", leaving_date=date(2018, 6, 29))], on=JULY)
    deliver(people[:-1], on=JULY, hour=14)
    carry(mail, tenant)
    assert jobs.compare(rows.working("mail")[0], http=tenant.client()) == 0
    assert Connector.objects.get().delta.keys() == {"users", "groups"}
    assert jobs.compare(rows.working("mail")[0], http=tenant.client()) == 0
    ids = {
        upn: ConnectedAccount.objects.get(account=Account.objects.get(upn=upn).id).remote
        for upn in (learner(n).upn for n in range(1, 6))
    }
    first, second, third, fourth, fifth = ids.values()
    tenant.change(first, accountEnabled=False)
    tenant.change(second, displayName="Rhywun")
    tenant.throw_away(third)
    school = ConnectedGroup.objects.get(key=f"hwb-{PRIMARY}").remote
    tenant.put_in(school, fourth, out=True)
    ConnectedAccount.objects.filter(remote=fifth).delete()
    foreign = "not ours"
    tenant.put_in(foreign, first)
    assert jobs.compare(rows.working("mail")[0], http=tenant.client()) == 5
    assert len(due()) == 5
    tenant.members.discard((foreign, first))
    carry(mail, tenant)
    assert agree(tenant)
    tenant.change(second, accountEnabled=False)
    tenant.forgotten = len(tenant.log)
    assert jobs.compare(rows.working("mail")[0], http=tenant.client()) == 1  # begun anew, with everybody
    tenant.forgotten = -1
    carry(mail, tenant)
    assert agree(tenant)
    tenant.drop_group(school)
    jobs.compare(rows.working("mail")[0], http=tenant.client())
    carry(mail, tenant)
    assert agree(tenant)


def test_paused_and_removed(mail: Working, tenant: FakeGraph) -> None:
    """Paused, what changes waits; removed, the outbox is empty and the tenant as it was."""
    values: dict[str, Any] = {"acting_user": "t", "at": datetime.now(UTC), "now": NOW}
    assert connectors.set_paused(name="mail", paused=True, **values)
    assert not connectors.set_paused(name="mail", paused=True, **values)
    deliver([learner_row(1)])
    assert (carry(mail, tenant), len(due()), rows.working()) == (0, 1, [])
    assert connectors.set_paused(name="mail", paused=False, **values)
    assert carry(mail, tenant) == 1
    connectors.remove(name="mail", **values)
    assert not ConnectedAccount.objects.exists()
    assert tenant.users
    with pytest.raises(ConnectorRefused, match="unknown"):
        connectors.remove(name="mail", **values)


def test_a_new_connector_has_everybody_who_may_sign_in(tenant: FakeGraph) -> None:
    """Those who are there already wait for it at once; officials and people who have left do not."""
    register_schools()
    deliver([learner_row(1), learner_row(2)], [staff_row("A")])
    deliver([learner_row(1), learner_row(2, leaving_date=date(2018, 7, 20))], [staff_row("A")], on=AUGUST)
    mail = connect()
    assert len(due()) == 2
    assert carry(mail, tenant) == 2
    assert agree(tenant)
    assert Placement.objects.filter(ended=None).count() == 2


@pytest.mark.parametrize(
    ("values", "code"),
    [({"kind": "post"}, "kind"), ({"name": "Ei Enw"}, "name"), ({"options": {}}, "options"), ({"service": UUID(int=1)}, "service"), ({"name": "mail"}, "taken")],
)  # fmt: skip
def test_what_a_connector_cannot_be(mail: Working, values: dict[str, Any], code: str) -> None:
    """Each with its own words, and nothing is stored."""
    given = {
        "kind": "microsoft365",
        "name": "other",
        "service": Connector.objects.get().service_id,
        "options": OPTIONS,
        **values,
    }
    with pytest.raises(ConnectorRefused, match=code):
        connectors.add(connectors.Wanted(**given), acting_user="t", at=NOW, now=NOW)
    assert Connector.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "option"),
    [("just2easy", "address"), ("microsoft365", "graph"), ("microsoft365", "login"), ("scim", "url"), ("scim", "token_url")],
)  # fmt: skip
def test_nothing_is_sent_to_an_address_in_clear(kind: str, option: str) -> None:
    """Of every kind, each address that names, secrets and tokens go to is an https one."""
    options = {**OPTIONS, "address": "https://a.example", "url": "https://a.example", option: "http://a.example"}
    with pytest.raises(ConnectorRefused, match="address"):
        connectors.add(
            connectors.Wanted(kind=kind, name="other", service=UUID(int=1), options=options), acting_user="t", at=NOW,
            now=NOW,
        )  # fmt: skip


def test_a_secret_comes_from_a_file_too_and_never_shows(
    mail: Working, tenant: FakeGraph, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a secret, or with a wrong one, the service is away, and says which variable is missing."""
    deliver([learner_row(1)])
    monkeypatch.delenv("HWB_CONNECTOR_MAIL_SECRET")
    assert carry(mail, tenant) == 0
    assert "HWB_CONNECTOR_MAIL_SECRET" in Connector.objects.get().failure
    place = tmp_path / "secret"
    place.write_text("anghywir")
    monkeypatch.setenv("HWB_CONNECTOR_MAIL_SECRET_FILE", str(place))
    let_pass(5)
    assert carry(mail, tenant) == 0
    assert Connector.objects.get().failure == "answered 401"
    place.write_text(f"{SECRET}\n")
    let_pass(5)
    assert carry(mail, tenant) == 1


def test_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Added, tested, listed, compared, paused, resumed, tried again, removed; a secret never in the output."""
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    register_schools()
    deliver([learner_row(1)])
    by = service()

    def hwb(*arguments: str, fails: bool = False) -> str:
        result = CliRunner().invoke(build_app(), ["connectors", *arguments], catch_exceptions=False)
        assert (result.exit_code != 0) is fails, result.output
        assert SECRET not in result.output
        return result.output

    tenant = FakeGraph()
    with tenant.served() as address:
        added = json.loads(hwb(
            "add", "--name", "mail", "--service", str(by), "--tenant", "t", "--client-id", "c", "--learner-licence",
            SKUS["learner"], "--staff-licence", SKUS["staff"], "--graph-url", f"{address}/v1.0", "--login-url", address, "--json",
        ))  # fmt: skip
        assert added["secret_variable"] == "HWB_CONNECTOR_MAIL_SECRET"
        assert "takes our orders" in hwb("test", "mail")
        (listed,) = json.loads(hwb("list", "--json"))
        assert (listed["name"], listed["state"], listed["waiting"]) == ("mail", "working", 1)
        assert jobs.carry_due(rows.working("mail")[0]) == 1
        assert json.loads(hwb("compare", "mail", "--json")) == {"connector": "mail", "drifted": 0}
        hwb("pause", "mail")
        assert json.loads(hwb("list", "--json"))[0]["state"] == "paused"
        hwb("resume", "mail")
        assert json.loads(hwb("retry", "mail", "--json"))["again"] == 0
        tenant.down = True
        assert "does not take our orders" in hwb("test", "mail", fails=True)
    hwb("remove", "mail")
    assert "no connector" in hwb("remove", "mail", fails=True)


def test_an_hour_of_waiting_is_told_to_the_log_each_hour(
    mail: Working, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F14: the operators' watch on the log sees it, with the connector's name and no person's; a change asks nothing."""
    monkeypatch.setattr(jobs, "start_carrying", lambda: None)
    deliver([learner_row(1)])
    for minutes, told in ((5, 0), (60, 1), (61, 0), (125, 0), (180, 1)):
        ConnectedAccount.objects.update(waits_since=datetime.now(UTC) - timedelta(minutes=minutes, seconds=5))
        caplog.clear()
        tasks.carry_accounts(timestamp=0)
        assert not caplog.records
        tasks.carry_accounts(timestamp=1)
        assert len(caplog.records) == told, minutes
        assert all("mail" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("seed", range(6))
def test_any_history_of_schools_ends_as_the_tenant_must_be(mail: Working, tenant: FakeGraph, seed: int) -> None:
    """Runs of three schools, days that pass, undo, switching off and on, a school that closes; among them workers that
    meet throttling, an outage or die: in the end the tenant has of everybody what it must, each with one mailbox."""
    register_schools(OTHER)
    chance, on = random.Random(seed), JULY
    newest: dict[str, UUID] = {}
    boxes: dict[str, str] = {}
    for _ in range(14):
        on += timedelta(days=chance.choice([1, 1, 9]))
        now = datetime.combine(on, datetime.min.time(), UTC) + timedelta(hours=12)
        act = chance.choice(["run"] * 6 + ["day", "undo", "off", "on", "close"])
        with contextlib.suppress(ClosureRefused, DecisionRefused, DeliveryRefused, RunNotFound):
            if act == "run":
                school = chance.choice([PRIMARY, SECONDARY, OTHER])
                newest[school] = deliver(*_roll(chance, on), school=school, on=on)
            elif act == "undo" and newest:
                undoing.undo(run_id=chance.choice(list(newest.values())), acting_user="t", now=now, on=on)
            elif act == "close":
                closures.close_school(dfes=OTHER, split={}, preview=False, acting_user="t", now=now, on=on)
            elif act in ("off", "on") and (known := list(Account.objects.order_by("id"))):
                one, decide = chance.choice(known), accounts.deactivate if act == "off" else accounts.reactivate
                decide(
                    username=one.username,
                    school=chance.choice([PRIMARY, SECONDARY]),
                    reason="r",
                    acting_user="t",
                    now=now,
                    on=on,
                )
        due_work.apply_due(on=on, now=now)
        refusal = Refusal(429, wait=3)
        tenant.down = chance.random() < 0.1
        tenant.fault = _at_times(chance, refusal) if chance.random() < 0.3 else lambda *_: None
        with contextlib.suppress(ConnectionAbortedError), pytest.MonkeyPatch.context() as patch:
            if chance.random() < 0.2:
                patch.setattr(carrying, "settle", _die)
            carry(mail, tenant)
        for identifier, has in tenant.state().items():
            assert boxes.setdefault(identifier, has["mailbox"] or "") in ("", has["mailbox"])
            boxes[identifier] = has["mailbox"] or ""
    tenant.down, tenant.fault = False, lambda *_: None
    for _ in range(20):
        let_pass(1000)
        carry(mail, tenant)
    assert not due()
    assert agree(tenant)
    assert [breach for breach in verification.verify(on=on).breaches if breach.invariant == "I11"] == []


def _roll(chance: random.Random, on: date) -> tuple[list[Any], list[Any]]:
    learners = [
        learner_row(
            number, registration_group=chance.choice(["6G", "7B"]), year_group=chance.choice(["6", "7"]),
            enrolment_status=chance.choice("CCCG"), leaving_date=on - timedelta(days=1) if chance.random() < 0.3 else None,
            preferred_forename=chance.choice(["", "Siân"]), classes=(chance.choice(["Côr", "Band"]),),
        )
        for number in chance.sample(range(1, 7), 5)
    ]  # fmt: skip
    people = [
        staff_row(code, classes=(chance.choice(["6G", "7B"]),), leaving_date=on - timedelta(days=1) if chance.random() < 0.3 else None)
        for code in chance.sample("ABC", 2)
    ]  # fmt: skip
    return learners, people


def _at_times(chance: random.Random, refusal: Refusal) -> Any:
    def fault(method: str, path: str) -> None:
        if chance.random() < 0.2:
            raise refusal

    return fault


def _die(*_: Any, **__: Any) -> None:
    raise ConnectionAbortedError
