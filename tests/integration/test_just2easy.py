"""Just2easy in the outbox (issue 7 point 5, R41): the same workers, retries and comparison as for Microsoft 365."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from tests.support.connectors import connect_work
from tests.support.connectors import service as a_service
from tests.support.deliveries import deliver, learner_row, register_schools, staff_row
from tests.support.just2easy import SECRET, FakeJust2easy
from tests.support.people import PRIMARY, SECONDARY
from typer.testing import CliRunner

from hwb.cli.main import build_app
from hwb.directory.models import Account, ConnectedAccount, Connector
from hwb.directory.queries import connectors as rows
from hwb.directory.queries.connectors import Working
from hwb.jobs import connectors as jobs
from hwb.operations import services, verification

pytestmark = pytest.mark.django_db(transaction=True)
AUGUST, SEPTEMBER = date(2018, 8, 1), date(2018, 9, 3)


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWB_CONNECTOR_WORK_SECRET", SECRET)


@pytest.fixture
def work() -> Working:
    register_schools()
    return connect_work()


@pytest.fixture
def service() -> FakeJust2easy:
    return FakeJust2easy()


def known_as(account: UUID) -> str:
    return services.pairwise_key().identifier(account, sector="microsoft 365")


def test_a_learner_moves_to_a_new_space_and_the_work_stays(work: Working, service: FakeJust2easy) -> None:
    """R41: the space of the school; shut on release; another one at the next school."""
    deliver([learner_row(1)], [staff_row("A")])
    assert jobs.carry_due(work, http=service.client()) == 2
    learner = known_as(Account.objects.get(kind="learner").id)
    service.shelf.make(learner, PRIMARY, title="Draig", text="", on=SEPTEMBER)
    deliver([learner_row(1, leaving_date=date(2018, 7, 20))], None, on=AUGUST)
    jobs.carry_due(work, http=service.client())
    assert service.spaces(learner) == {PRIMARY: (False, None)}
    assert not service.shelf.people[learner].active
    deliver([learner_row(1, start_date=SEPTEMBER)], school=SECONDARY, on=SEPTEMBER)
    jobs.carry_due(work, http=service.client())
    assert service.spaces(learner) == {PRIMARY: (False, None), SECONDARY: (True, None)}
    assert len(service.shelf.people[learner].spaces[PRIMARY].works) == 1
    assert verification.verify(on=SEPTEMBER).breaches == ()
    calls = len(service.calls)
    deliver([learner_row(1, start_date=SEPTEMBER)], school=SECONDARY, on=SEPTEMBER, hour=14)
    assert (jobs.carry_due(work, http=service.client()), len(service.calls)) == (0, calls)


def test_somebody_active_for_whom_nothing_waits_has_spaces(work: Working, service: FakeJust2easy) -> None:
    """I11: Just2easy follows everybody: whoever is active and was not carried waits."""
    deliver([learner_row(1)])
    jobs.carry_due(work, http=service.client())
    assert verification.verify(on=SEPTEMBER).breaches == ()
    ConnectedAccount.objects.update(state="")
    assert {breach.invariant for breach in verification.verify(on=SEPTEMBER).breaches} == {"I11"}


def test_one_who_fails_hits_nobody_else_and_comes_again(work: Working, service: FakeJust2easy) -> None:
    """500 for one person: refused by name, tried again; the others are carried."""
    deliver([learner_row(1), learner_row(2)])
    one = known_as(Account.objects.order_by("id")[0].id)
    service.fault = lambda method, path: (500, {}) if one in path else None
    assert jobs.carry_due(work, http=service.client()) == 1
    assert ConnectedAccount.objects.get(failure="broken").attempts == 1
    service.fault = lambda *_: None
    ConnectedAccount.objects.update(due_at=datetime.now(UTC))
    assert jobs.carry_due(work, http=service.client()) == 2
    assert not ConnectedAccount.objects.filter(due_at__isnull=False).exists()


def test_a_service_that_is_away_is_left_alone(work: Working, service: FakeJust2easy) -> None:
    """The circuit opens, what waits stays; Retry-After is obeyed."""
    deliver([learner_row(1)])
    service.fault = lambda *_: (503, {})
    assert jobs.carry_due(work, http=service.client()) == 0
    found = Connector.objects.get()
    assert found.failing_since is not None
    assert ConnectedAccount.objects.filter(due_at__isnull=False, lease=None).count() == 1
    Connector.objects.update(closed_until=None, failing_since=None)
    service.fault = lambda *_: (429, {"retry-after": "300"})
    jobs.carry_due(work, http=service.client())
    closed = Connector.objects.get().closed_until
    assert closed is not None
    assert (closed - datetime.now(UTC)).total_seconds() > 290


def test_the_nightly_comparison_mends_what_hands_did(
    work: Working, service: FakeJust2easy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A space shut by hand, a name changed, somebody thrown away: each waits again; nobody else does."""
    monkeypatch.setattr("hwb.connectors.just2easy.spaces._PAGE", 2)
    deliver([learner_row(number) for number in range(1, 8)])
    jobs.carry_due(work, http=service.client())
    assert jobs.compare(rows.working("work")[0], http=service.client()) == 0
    ids = sorted(service.shelf.people)
    service.shelf.people[ids[0]].spaces[PRIMARY].is_open = False
    service.shelf.people[ids[1]].name = "Rhywun"
    del service.shelf.people[ids[3]], service.shelf.people[ids[6]]
    assert jobs.compare(rows.working("work")[0], http=service.client()) == 4
    assert jobs.carry_due(work, http=service.client()) == 4
    assert sorted(service.shelf.people) == ids
    assert all(service.spaces(id_) == {PRIMARY: (True, None)} for id_ in ids)
    assert jobs.compare(rows.working("work")[0], http=service.client()) == 0


def test_somebody_who_left_is_out_although_a_lost_change_lands_late(work: Working, service: FakeJust2easy) -> None:
    """R40: made at last when they were out already, after an answer that nobody is there; the comparison finds it."""
    deliver([learner_row(1)])
    service.fault = lambda method, _: (504, {}) if method == "PUT" else None
    jobs.carry_due(work, http=service.client())
    service.fault = lambda *_: None
    deliver([learner_row(1, leaving_date=date(2018, 7, 20))], None, on=AUGUST)
    Connector.objects.update(closed_until=None)
    assert jobs.carry_due(work, http=service.client()) == 1
    assert jobs.compare(rows.working("work")[0], http=service.client()) == 0
    learner = known_as(Account.objects.get().id)
    service.shelf.put_person(learner, name="M", address="m@h.wales", kind="learner", active=True)
    assert jobs.compare(rows.working("work")[0], http=service.client()) == 1
    assert jobs.carry_due(work, http=service.client()) == 1
    assert not service.shelf.people[learner].active
    assert verification.verify(on=AUGUST).breaches == ()


def test_the_command_line() -> None:
    """Added with its address, listed; refused without one."""
    register_schools()
    app, runner, sign_in = build_app(), CliRunner(), str(a_service())
    kind = ["connectors", "add", "--kind", "just2easy", "--name", "work", "--service", sign_in, "--client-id", "hwb"]
    refused = runner.invoke(app, kind)
    assert refused.exit_code != 0
    assert "address" in refused.output
    assert runner.invoke(app, [*kind, "--address", "https://work.example/hwb/v1/"]).exit_code == 0
    listed = json.loads(runner.invoke(app, ["connectors", "list", "--json"]).output)
    assert [(each["name"], each["kind"]) for each in listed] == [("work", "just2easy")]
    assert rows.working("work")[0].options["address"] == "https://work.example/hwb/v1"
