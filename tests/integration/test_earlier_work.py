"""Earlier work from question to ending (R41): recorded, delivered through the outbox, told, and taken back."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.support import earlier_work as people
from tests.support.connectors import connect, connect_work
from tests.support.deliveries import deliver, learner_row
from tests.support.earlier_work import FIRST, LAST, NOW
from tests.support.just2easy import SECRET, FakeJust2easy
from tests.support.world import ELSEWHERE, SCHOOL, World, _learners, build

from hwb.directory.models import Account, Audit, ConnectedAccount, Message, Protection, RoleGrant, WorkRequest
from hwb.directory.queries import earlier_work as rows
from hwb.directory.queries.connectors import Working
from hwb.jobs import connectors as jobs
from hwb.lifecycle.earlier_work import Needed, Standing
from hwb.lifecycle.service_accounts import Carried, State
from hwb.operations import accounts, carrying, earlier_work, services, verification
from hwb.operations.earlier_work import WorkRefused
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db


class Case:
    """A learner who moved, with a space at both schools; the request, and the service."""

    def __init__(self, *, has_work: bool = True, needed: Needed = Needed.LOOK) -> None:
        self.world: World = build()
        self.service = FakeJust2easy()
        self.work: Working = connect_work()
        self.agent, self.champion = (self.world.accounts[role].id for role in (Role.AGENT, Role.CHAMPION))
        if has_work:
            self.carry()
        self.account: Account = people.leave(self.world)
        if has_work:
            self.carry()
        self.account = people.come(self.world, self.account)
        self.carry()
        self.id = services.pairwise_key().identifier(self.account.id, sector="microsoft 365")
        self.number = people.ask(self.account.id, self.champion, needed=needed)

    def carry(self) -> int:
        return jobs.carry_due(self.work, http=self.service.client())

    @property
    def row(self) -> rows.WorkRow:
        found = rows.read(self.number)
        assert found is not None
        return found

    def grant(self, **days: date) -> None:
        people.grant(self.number, self.agent, **days)  # type: ignore[arg-type]

    def stop(self, reason: str = "Closed") -> None:
        earlier_work.stop(number=self.number, reason=reason, acting_account=self.agent, acting_user="a", now=NOW)

    def audit(self) -> list[str]:
        return list(
            Audit.objects.filter(account=self.account.id, action__startswith="earlier")
            .order_by("id")
            .values_list("action", flat=True)
        )


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWB_CONNECTOR_WORK_SECRET", SECRET)


def test_asked_granted_delivered_told_and_over() -> None:
    """R41: the grant is recorded, delivered to the service, told to both schools, and ends after its last day."""
    case = Case(needed=Needed.COPY)
    RoleGrant.objects.create(
        account_id=case.world.elsewhere[1].id, role="champion", school=ELSEWHERE, given_at=NOW, given_by="t",
    )  # fmt: skip
    assert case.row.standing is Standing.ASKED
    assert earlier_work.tell_ready(now=NOW) == 0
    case.grant()
    assert case.row.standing is Standing.ARRANGING
    assert earlier_work.tell_ready(now=NOW) == 0
    assert case.carry() == 1
    spaces = {ELSEWHERE: (False, (str(FIRST), str(LAST), True)), SCHOOL: (True, None)}
    assert case.service.spaces(case.id) == spaces
    assert case.row.standing is Standing.READY
    assert [earlier_work.tell_ready(now=NOW) for _ in range(2)] == [1, 0]
    told = {(m.school, m.role, m.details["what"]) for m in Message.objects.filter(kind="M20")}
    assert told == {(SCHOOL, "champion", "ready"), (ELSEWHERE, "champion", "opened")}
    assert earlier_work.end_due(on=LAST, now=NOW) == 0
    assert [earlier_work.end_due(on=LAST + timedelta(1), now=NOW) for _ in range(2)] == [1, 0]
    assert (case.row.standing, case.row.ended_why) == (Standing.ENDED, "over")
    assert ConnectedAccount.objects.get(account=case.account.id, connector=case.work.connector).urgent
    case.carry()
    assert case.service.spaces(case.id) == {ELSEWHERE: (False, None), SCHOOL: (True, None)}
    assert case.audit() == [f"earlier work {what}" for what in ("asked", "taken", "granted", "ready", "ended")]
    assert verification.verify(on=LAST, deep=True).breaches == ()


def test_the_access_goes_with_the_learner() -> None:
    """R41: the learner leaves the school that asked: shut with the release itself, and the request ends by the tick."""
    case = Case()
    case.grant()
    case.carry()
    left = learner_row(people.NUMBER, start_date=people.CAME, leaving_date=date(2018, 7, 18))
    deliver([*_learners(), left], None, school=SCHOOL, on=date(2018, 7, 19))
    case.carry()
    assert {space[1] for space in case.service.spaces(case.id).values()} == {None}
    assert earlier_work.end_due(on=date(2018, 7, 19), now=NOW) == 1
    assert (case.row.standing, case.row.ended_why) == (Standing.ENDED, "left")
    deliver(
        [learner_row(people.NUMBER, start_date=date(2018, 7, 20)), learner_row(51)],
        [],
        school=ELSEWHERE,
        on=date(2018, 7, 20),
    )
    case.carry()
    assert case.service.spaces(case.id) == {ELSEWHERE: (True, None), SCHOOL: (False, None)}


def test_a_request_that_nobody_decided_ends_with_the_learner_too() -> None:
    """Nothing waits for a learner who is elsewhere."""
    Case()
    deliver(_learners(), None, school=SCHOOL, on=date(2018, 7, 19))  # missing is not leaving
    assert earlier_work.end_due(on=date(2018, 7, 19), now=NOW) == 0
    left = learner_row(people.NUMBER, start_date=people.CAME, leaving_date=date(2018, 7, 19))
    deliver([*_learners(), left], None, school=SCHOOL, on=date(2018, 7, 21))
    assert earlier_work.end_due(on=date(2018, 7, 21), now=NOW) == 1


def test_not_possible_before_and_ended_after_it_was_granted() -> None:
    """Support's word, with a reason that the school reads. After other days were granted the learner could open the work
    already, so it ends."""
    case = Case()
    earlier_work.take(number=case.number, acting_account=case.agent, acting_user="a", now=NOW)
    case.stop("There is none")
    assert (case.row.standing, case.row.refusal) == (Standing.NOT_POSSIBLE, "There is none")
    case.number = people.ask(case.account.id, case.champion)
    case.grant()
    case.carry()
    case.grant(last=LAST + timedelta(7))
    case.stop()
    assert case.row.standing is Standing.ENDED
    assert case.audit()[-1] == "earlier work ended"
    case.carry()
    assert case.service.spaces(case.id)[ELSEWHERE] == (False, None)
    assert [m.details["what"] for m in Message.objects.filter(kind="M20").order_by("id")] == ["not possible", "stopped"]


def test_other_days_are_delivered_and_told_anew() -> None:
    """A grant once more: arranged until the service has the new days; what was delivered before does not count."""
    case = Case()
    case.grant()
    case.carry()
    earlier_work.tell_ready(now=NOW)
    case.grant(last=LAST + timedelta(7))
    assert case.row.standing is Standing.ARRANGING
    case.carry()
    assert case.service.spaces(case.id)[ELSEWHERE] == (False, (str(FIRST), str(LAST + timedelta(7)), False))
    assert earlier_work.tell_ready(now=NOW) == 1


def test_what_changed_while_it_was_carried_is_not_ready() -> None:
    """The days move between call and mark: the old ones do not make the request ready."""
    case = Case()
    case.grant()
    settle = carrying.settle

    def settling(*given: Any, **values: Any) -> int:
        case.grant(last=LAST + timedelta(7))
        return settle(*given, **values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(carrying, "settle", settling)
        jobs.Worker(case.work, case.service.client()).go()
    assert case.service.spaces(case.id)[ELSEWHERE] == (False, (str(FIRST), str(LAST), False))
    assert case.row.standing is Standing.ARRANGING
    case.carry()
    assert case.row.standing is Standing.READY


def test_mail_and_files_make_nothing_ready() -> None:
    """Another connector that carries the account says nothing of the work."""
    case = Case()
    mail = connect("mail")
    case.grant()
    leased = carrying.lease(connector=mail.connector, at=datetime.now(NOW.tzinfo), limit=100)
    assert leased is not None
    outcomes = [Carried(each.account, "x", State.READY) for each in leased.waiting]
    assert str(case.account.id) in {each.account for each in outcomes}
    carrying.settle(leased, outcomes, at=datetime.now(NOW.tzinfo), chance=lambda: 0.5)
    assert case.row.standing is Standing.ARRANGING


def test_a_service_without_the_work_says_so() -> None:
    """The learner had no space there: the request stays arranged, with the reason, until support decides."""
    case = Case(has_work=False)
    case.grant()
    case.carry()
    assert (case.row.standing, case.row.failure) == (Standing.ARRANGING, "no_space")
    case.stop()
    ConnectedAccount.objects.update(due_at=datetime.now(NOW.tzinfo))
    case.carry()
    assert (case.row.standing, case.row.failure) == (Standing.NOT_POSSIBLE, "")


def test_a_switched_off_account_opens_nothing_and_keeps_its_request() -> None:
    """E7: the learner is inactive here; the case waits, and an access that stands is shut for as long."""
    case = Case()
    case.grant()
    case.carry()
    off = {
        "username": case.account.username,
        "school": SCHOOL,
        "reason": "r",
        "acting_user": "t",
        "now": NOW,
        "on": FIRST,
    }
    accounts.deactivate(**off)  # type: ignore[arg-type]
    case.carry()
    assert set(case.service.spaces(case.id).values()) == {(False, None)}
    with pytest.raises(WorkRefused) as refused:
        case.grant(last=LAST + timedelta(1))
    assert refused.value.code == "inactive"
    accounts.reactivate(**off)  # type: ignore[arg-type]
    case.carry()
    assert case.service.spaces(case.id)[ELSEWHERE] == (False, (str(FIRST), str(LAST), False))


def test_who_may_not() -> None:
    """No one but the agent who has the request; not for protected people; not twice; nothing of another's learner."""
    case = Case()
    other = case.world.accounts[Role.OPERATOR].id

    def code_of(act: object) -> str:
        with pytest.raises(WorkRefused) as refused:
            act()  # type: ignore[operator]
        return refused.value.code

    def grant_by(agent: UUID) -> None:
        earlier_work.grant(
            number=case.number, first=FIRST, last=LAST, acting_account=agent, acting_user="a", on=FIRST, now=NOW
        )

    assert code_of(lambda: grant_by(case.agent)) == "not_taken"
    people.grant(case.number, case.agent)
    assert code_of(lambda: grant_by(other)) == "not_taken"
    assert code_of(lambda: grant_by(case.account.id)) == "oneself"
    assert code_of(lambda: people.ask(case.account.id, case.champion)) == "already"
    stranger = next(one.id for one in case.world.elsewhere if one.id != case.account.id)
    assert code_of(lambda: people.ask(stranger, case.champion)) == "not_here"
    assert code_of(lambda: people.ask(uuid4(), case.champion)) == "not_here"
    assert code_of(lambda: people.ask(case.world.learners["6G"][0].id, case.champion)) == "never_there"
    assert code_of(lambda: case.stop("  ")) == "reason"
    case.stop()
    assert code_of(case.stop) == code_of(lambda: grant_by(case.agent)) == "not_now"
    Protection.objects.create(account=case.account.id, reason="r", made_at=NOW, made_by="t")
    assert code_of(lambda: people.ask(case.account.id, case.champion)) == "protected"
    earlier_work.note_refused(number=case.number, code="not_taken", actor=f"account {other}", now=NOW)
    assert case.audit()[-1] == "earlier work not let"
    assert WorkRequest.objects.count() == 1
