"""What people decide about one account (R31, R32), and how accounts, waits and schools are shown."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.support.deliveries import JULY, deliver, extract_of, learner_row, register_schools, send, staff_row
from tests.support.people import PRIMARY, SECONDARY, upn

from hwb.directory.models import Account, Audit, Decision
from hwb.directory.queries import accounts as shown
from hwb.directory.queries import nation, runs, schools, waits
from hwb.operations import accounts, provisioning, roles, verification
from hwb.operations.accounts import DecisionRefused
from hwb.operations.roles import NewPerson, Reach

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def july() -> None:
    """Six learners and one member of staff at the primary, one learner at the secondary."""
    register_schools()
    deliver([learner_row(n) for n in range(1, 7)], [staff_row("AB")])
    deliver([learner_row(20, year_group="9")], school=SECONDARY)


def name(number: int) -> str:
    return Account.objects.get(upn=upn(number)).username


def act(what: Any, username: str, *, school: str = PRIMARY, on: date = JULY, reason: str = "asked for") -> str:
    now = datetime(on.year, on.month, on.day, 15, tzinfo=UTC)
    state: str = what(username=username, school=school, reason=reason, acting_user="root", now=now, on=on).state
    return state


def of(number: int) -> shown.AccountRow:
    (row,) = shown.find(upn=upn(number))
    return row


def refused(what: Any, username: str, **values: Any) -> str:
    before = [list(Account.objects.order_by("id").values()), Decision.objects.filter(ended_at=None).count()]
    with pytest.raises(DecisionRefused) as error:
        act(what, username, **values)
    assert before == [list(Account.objects.order_by("id").values()), Decision.objects.filter(ended_at=None).count()]
    return error.value.code


def clean() -> bool:
    return verification.verify(on=JULY, deep=True).breaches == ()


def test_a_deactivation_outlives_runs_of_the_same_school() -> None:
    """R31: switched off stays switched off, whatever the school's next runs say; reactivating ends it."""
    assert act(accounts.deactivate, name(1)) == "inactive"
    deliver([learner_row(n, year_group="7") for n in range(1, 7)], [staff_row("AB")], on=JULY + DAY)
    row = of(1)
    assert (row.state, row.holder, row.placements[0].year_group) == ("inactive", PRIMARY, "7")
    assert row.reason.startswith("R31: ")
    assert act(accounts.reactivate, name(1)) == "active"
    assert clean()


def test_a_claim_by_another_school_ends_a_deactivation() -> None:
    """R31: the next school starts afresh."""
    act(accounts.deactivate, name(1))
    deliver([learner_row(1, leaving_date=JULY), *(learner_row(n) for n in range(2, 7))], on=JULY + DAY)
    arrived = learner_row(1, start_date=JULY + DAY, year_group="7")
    deliver([learner_row(20, year_group="9"), arrived], school=SECONDARY, on=JULY + DAY)
    assert (of(1).state, of(1).holder) == ("active", SECONDARY)
    assert not Decision.objects.filter(ended_at=None).exists()


def test_one_made_for_safety_only_support_ends() -> None:
    """R31: before a claim and after it."""
    act(accounts.deactivate, name(1), reason="safety")
    assert refused(accounts.reactivate, name(1)) == "support_only"
    deliver([learner_row(1, leaving_date=JULY), *(learner_row(n) for n in range(2, 7))], on=JULY + DAY)
    arrived = learner_row(1, start_date=JULY + DAY, year_group="7")
    deliver([learner_row(20, year_group="9"), arrived], school=SECONDARY, on=JULY + DAY)
    assert (of(1).state, of(1).holder) == ("inactive", SECONDARY)
    assert act(accounts.release_suspension, name(1), school=SECONDARY) == "active"


def test_a_suspension_only_support_ends() -> None:
    """R31: support suspends anywhere; the school's reactivation does not end it."""
    assert act(accounts.suspend, name(1)) == "inactive"
    assert refused(accounts.reactivate, name(1)) == "support_only"
    assert act(accounts.release_suspension, name(1)) == "active"
    assert refused(accounts.release_suspension, name(1)) == "not_suspended"
    assert clean()


def test_support_suspends_staff_whichever_school_it_names() -> None:
    """R31: anywhere means at once, also when the school that support names is not one of the person's."""
    username = Account.objects.get(kind="staff").username
    for whom, named in ((username, SECONDARY), (username, ""), (name(1), "")):
        assert act(accounts.suspend, whom, school=named) == "inactive"
        assert clean()
        assert act(accounts.release_suspension, whom, school=named) == "active"
        assert clean()


def test_support_suspends_officials() -> None:
    """R31: anywhere means also outside every school's roll; a school decides nothing about them."""
    moment = datetime(2018, 7, 9, 9, tzinfo=UTC)
    person = NewPerson("Alex Jones", "alex@office.example")
    given = roles.grant_new(Reach("auditor"), person=person, acting_user="root", now=moment, on=JULY, at=moment)
    assert refused(accounts.deactivate, given.username) == "not_this_school"
    for school in (PRIMARY, ""):
        assert act(accounts.suspend, given.username, school=school) == "inactive"
        assert refused(accounts.suspend, given.username, school=school) == "stands_already"
        assert refused(accounts.reactivate, given.username) == "not_this_school"
        assert clean()
        assert act(accounts.release_suspension, given.username, school=school) == "active"
        assert refused(accounts.release_suspension, given.username, school=school) == "not_suspended"
    kept = Account.objects.get(id=given.account)
    assert (kept.reason_rule, kept.reason_code, kept.sessions_from is not None) == ("R31", "suspension_ended", True)
    told = Audit.objects.filter(account=given.account, action__in=["decision", "state", "decision end"]).order_by("id")
    assert [entry.action for entry in told] == ["decision", "state", "decision end", "state"] * 2
    assert clean()


def test_left_on_a_missing_learner_lets_the_next_school_have_the_account() -> None:
    """R32: the confirmation releases at once, and a standing wait is fulfilled in the same transaction (R6)."""
    deliver([learner_row(n) for n in range(2, 7)], on=JULY + DAY)
    arrived = learner_row(1, start_date=JULY + DAY, year_group="7", legal_surname="Newydd")
    deliver([learner_row(20, year_group="9"), arrived], school=SECONDARY, on=JULY + DAY)
    assert [wait.upn for wait in waits.find(on=JULY + DAY)] == [upn(1)]
    act(accounts.left, name(1), on=JULY + DAY)
    assert (of(1).state, of(1).holder) == ("active", SECONDARY)
    assert waits.find(on=JULY + DAY) == []
    assert Audit.objects.filter(action="decision", rule="R32").exists()
    assert clean()


def test_a_departure_confirmed_wrongly_is_taken_back_at_once() -> None:
    """R32, R31: the account is the school's again and active; nothing waits for the next run."""
    deliver([learner_row(n) for n in range(2, 7)], on=JULY + DAY)
    assert act(accounts.left, name(1), on=JULY + DAY) == "inactive"
    assert of(1).holder is None
    assert act(accounts.reactivate, name(1), on=JULY + 3 * DAY) == "active"
    assert (of(1).holder, of(1).reason[:4]) == (PRIMARY, "R32:")
    assert refused(accounts.reactivate, name(1), on=JULY + 3 * DAY) == "not_deactivated"
    deliver([learner_row(n) for n in range(2, 7)], on=JULY + 4 * DAY)
    assert (of(1).state, of(1).holder) == ("active", PRIMARY)
    assert clean()


def test_a_departure_confirmed_wrongly_but_claimed_since_is_not_taken_back() -> None:
    """R32: another school has the account; the refusal says so, and not which."""
    deliver([learner_row(n) for n in range(2, 7)], on=JULY + DAY)
    act(accounts.left, name(1), on=JULY + DAY)
    arrived = learner_row(1, start_date=JULY + DAY, year_group="7")
    deliver([learner_row(20, year_group="9"), arrived], school=SECONDARY, on=JULY + DAY)
    assert refused(accounts.reactivate, name(1), on=JULY + DAY) == "claimed_elsewhere"
    assert (of(1).state, of(1).holder) == ("active", SECONDARY)


def test_a_departure_confirmed_of_somebody_not_held_brings_nobody_back() -> None:
    """R32: what the confirmation did not let go, taking it back does not bring."""
    deliver([learner_row(1, leaving_date=JULY), *(learner_row(n) for n in range(2, 7))], on=JULY + DAY)
    arrived = learner_row(1, start_date=JULY + DAY, year_group="7")
    deliver([learner_row(20, year_group="9"), arrived], school=SECONDARY, on=JULY + DAY)
    deliver([learner_row(n) for n in range(1, 7)], on=JULY + 2 * DAY)  # on roll here again: waits
    deliver([learner_row(n) for n in range(2, 7)], on=JULY + 3 * DAY)  # and missing
    left = learner_row(1, start_date=JULY + DAY, leaving_date=JULY + 3 * DAY, year_group="7")
    deliver([learner_row(20, year_group="9"), left], school=SECONDARY, on=JULY + 4 * DAY)
    act(accounts.left, name(1), on=JULY + 4 * DAY)
    assert act(accounts.reactivate, name(1), on=JULY + 4 * DAY) == "inactive"
    assert of(1).holder is None
    assert clean()


def test_a_departure_of_staff_confirmed_wrongly_is_taken_back_at_once() -> None:
    """R32, R31: the post is open again and the account active, for staff too."""
    username = Account.objects.get(kind="staff").username
    deliver([learner_row(n) for n in range(1, 7)], [], on=JULY + DAY)
    assert act(accounts.left, username, on=JULY + DAY) == "inactive"
    assert act(accounts.reactivate, username, on=JULY + 2 * DAY) == "active"
    deliver([learner_row(n) for n in range(1, 7)], [], on=JULY + 3 * DAY)
    assert Account.objects.get(kind="staff").active
    assert clean()


def test_left_on_someone_still_on_roll_is_only_a_deactivation() -> None:
    """R31: the school still holds the account."""
    assert act(accounts.left, name(1)) == "inactive"
    assert of(1).holder == PRIMARY
    assert Decision.objects.get().kind == "deactivated"


def test_a_member_of_staff_can_be_switched_off_and_on() -> None:
    """R31 holds for staff too."""
    username = Account.objects.get(kind="staff").username
    assert act(accounts.deactivate, username) == "inactive"
    deliver([learner_row(n) for n in range(1, 7)], [staff_row("AB", role="Head of Year")], on=JULY + DAY)
    assert Account.objects.get(kind="staff").active is False
    assert act(accounts.reactivate, username) == "active"
    assert clean()


def test_no_school_decides_about_anothers_account() -> None:
    """I9: refused, and nothing changes; an unknown school or username too."""
    assert refused(accounts.deactivate, name(20)) == "not_this_school"
    assert refused(accounts.reactivate, name(1)) == "not_deactivated"
    assert refused(accounts.deactivate, "nobody99") == "unknown_username"
    assert refused(accounts.deactivate, name(1), school="6719999") == "unknown_school"
    act(accounts.deactivate, name(1))
    assert refused(accounts.deactivate, name(1)) == "stands_already"


def test_a_deactivation_of_a_released_account_is_recorded() -> None:
    """R31: of one already released it is recorded, and blocks that school's reactivation."""
    deliver([learner_row(1, leaving_date=JULY), *(learner_row(n) for n in range(2, 7))], on=JULY + DAY)
    assert act(accounts.deactivate, name(1), on=JULY + DAY) == "inactive"
    deliver([learner_row(n) for n in range(1, 7)], on=JULY + 2 * DAY)
    assert (of(1).state, of(1).holder) == ("inactive", PRIMARY)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "line\nbreak", f"see {upn(3)}", f"see {upn(3).lower()}"])
def test_a_reason_is_needed_and_is_not_personal(reason: str) -> None:
    """I16: no UPN in a reason, which stands in clear."""
    assert refused(accounts.deactivate, name(1), reason=reason) in ("reason_needed", "reason_personal")


def test_an_account_is_shown_as_the_interface_says() -> None:
    """Every member of `hwb accounts --json`, and no other."""
    row = of(2).to_json()
    account = Account.objects.get(upn=upn(2))
    assert row == {
        "id": str(account.id), "kind": "learner", "state": "active", "reason": row["reason"],
        "username": account.username, "email": f"{account.username}@hwbcymru.net", "upn": upn(2),
        "display_name": "Mali2 Reesc", "password": "none", "holder": PRIMARY, "aliases": [],
        "placements": [
            {
                "school": PRIMARY, "role": "holding", "year_group": "6", "registration_group": "6G", "classes": [],
                "staff_code": "", "employee_number": "", "from": "2018-07-02", "until": None,
            }
        ],
    }  # fmt: skip
    assert row["reason"].startswith("R1: ")
    (member,) = (r.to_json() for r in shown.find(school=PRIMARY) if r.kind == "staff")
    assert (member["upn"], member["placements"][0]["role"], member["placements"][0]["staff_code"]) == (
        None,
        "post",
        "AB",
    )


def test_a_school_sees_whom_it_has_and_had_and_guests_but_not_whom_it_waits_for() -> None:
    """--school: who left stays visible (R30), a guest is shown (R7), a wait is not."""
    deliver([learner_row(1, leaving_date=JULY), *(learner_row(n) for n in range(2, 7))], on=JULY + DAY)
    arrived = [learner_row(n, start_date=JULY + DAY, year_group="7") for n in (1, 2)]
    guest = learner_row(3, enrolment_status="S")
    deliver([learner_row(20, year_group="9"), *arrived, guest], school=SECONDARY, on=JULY + DAY)
    assert {row.upn for row in shown.find(school=SECONDARY)} == {upn(20), upn(1), upn(3)}
    assert upn(1) in {row.upn for row in shown.find(school=PRIMARY)}
    ended = [p for p in of(1).placements if p.until is not None]
    assert [(p.school, p.until) for p in ended] == [(PRIMARY, JULY + DAY)]
    assert {row.state for row in shown.find(state="inactive")} == set()
    assert len(list(shown.find(username=name(4)))) == 1


def test_a_former_upn_still_finds_the_account() -> None:
    """R9: the old UPN is an alias and is listed as one."""
    deliver(
        [learner_row(31, former_upn=upn(1), birth_date=of_birth(1)), *(learner_row(n) for n in range(2, 7))],
        on=JULY + DAY,
    )
    (row,) = shown.find(upn=upn(1))
    assert (row.upn, row.aliases) == (upn(31), (upn(1),))
    assert row.placements[0].year_group == "6"


def of_birth(number: int) -> date:
    born = Account.objects.get(upn=upn(number)).birth_date
    assert born is not None
    return born


def test_a_wait_says_the_one_step_that_ends_it() -> None:
    """R5: in the order in which the holding school has to look."""
    arrived = learner_row(1, start_date=JULY, year_group="7")
    deliver([learner_row(20, year_group="9"), arrived], school=SECONDARY, on=JULY + DAY)
    (wait,) = waits.find(on=JULY + DAY)
    assert (wait.upn, wait.school, wait.holder, wait.since) == (upn(1), SECONDARY, PRIMARY, JULY + DAY)
    assert wait.to_json().keys() == {"upn", "school", "holder", "since", "next_step"}
    assert "enters the leaving date" in wait.next_step
    (late,) = waits.find(on=JULY + 9 * DAY)
    assert "has not run since 2018-07-02" in late.next_step
    deliver([learner_row(n) for n in range(2, 7)], on=JULY + 2 * DAY)
    (missing,) = waits.find(on=JULY + 2 * DAY)
    assert "free from 2018-07-11" in missing.next_step
    assert waits.find(on=JULY + 2 * DAY, language="cy")[0].next_step != missing.next_step
    assert waits.find(on=JULY, school=PRIMARY) == []


def test_last_run_is_the_last_successful_one_and_later_attempts_stand_beside_it() -> None:
    """R37: a refused delivery does not move Last Run; one of last year is called so."""
    now = datetime(2018, 7, 3, 12, tzinfo=UTC)
    with pytest.raises(provisioning.DeliveryRefused):
        send(extract_of([learner_row(9)], on=JULY - DAY), now=now)
    primary, secondary = schools.statuses(on=JULY, now=now)
    assert primary.last_run is not None
    assert (primary.last_run.state, primary.last_run.at) == ("applied", datetime(2018, 7, 2, 12, tzinfo=UTC))
    assert primary.last_attempt is not None
    assert (primary.last_attempt.state, primary.last_attempt.failure) == ("refused", "stale")
    assert secondary.last_attempt is None
    assert (primary.freshness, primary.last_years_classes) == ("up to date", False)
    september = schools.statuses(on=date(2018, 9, 1), now=datetime(2018, 9, 1, 12, tzinfo=UTC))
    assert [(row.freshness, row.last_years_classes) for row in september] == [("overdue", True)] * 2


@pytest.mark.parametrize(
    ("days", "word"), [(2, "up to date"), (2.1, "getting old"), (7, "getting old"), (7.1, "overdue")]
)
def test_freshness_by_days(days: float, word: str) -> None:
    """Up to 2 days up to date, up to 7 getting old, then overdue; a school that never ran is called that."""
    register_schools("6712099")
    then = datetime(2018, 7, 2, 12, tzinfo=UTC) + timedelta(days=days)
    found = {row.school: row.freshness for row in schools.statuses(on=JULY, now=then)}
    assert found == {PRIMARY: word, SECONDARY: word, "6712099": "never run"}


def test_waits_are_counted_where_they_are_caused() -> None:
    """A school sees for how many learners others wait because of it, and how many it waits for."""
    arrived = learner_row(1, start_date=JULY, year_group="7")
    deliver([learner_row(20, year_group="9"), arrived], school=SECONDARY, on=JULY + DAY)
    deliver([learner_row(n) for n in range(1, 6)], on=JULY + 2 * DAY)
    primary, secondary = schools.statuses(on=JULY, now=datetime(2018, 7, 5, tzinfo=UTC))
    assert (primary.waits_caused, primary.waiting, primary.missing) == (1, 0, 1)
    assert (secondary.waits_caused, secondary.waiting, secondary.missing) == (0, 1, 0)


def test_whoever_is_absent_with_a_leaving_date_is_not_missing() -> None:
    """R32: the figure beside a school is that of its newest run."""
    deliver([learner_row(1, leaving_date=JULY + 9 * DAY), *(learner_row(n) for n in range(2, 7))], on=JULY + DAY)
    deliver([learner_row(n) for n in range(3, 7)], on=JULY + 2 * DAY)
    primary, _ = schools.statuses(on=JULY + 2 * DAY, now=datetime(2018, 7, 5, tzinfo=UTC))
    assert primary.missing == runs.find(school=PRIMARY)[0].counts["missing"] == 1


def test_runs_are_listed_newest_first_with_their_counts() -> None:
    """Counts and holds, and no person."""
    found = runs.find()
    assert [(row.school, row.state, row.counts["created"]) for row in found] == [
        (run.school, "applied", run.counts["created"]) for run in found
    ]
    assert {row.school: row.counts["created"] for row in found} == {PRIMARY: 7, SECONDARY: 1}
    assert len(runs.newest(limit=1)) == 1
    assert [row.school for row in runs.find(school=SECONDARY)] == [SECONDARY]


def test_the_nations_figures() -> None:
    """Accounts by kind and state."""
    assert nation.account_counts() == [nation.AccountCount("learner", 7, 0), nation.AccountCount("staff", 1, 0)]
