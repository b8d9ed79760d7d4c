"""A run from delivery to undo, on a real PostgreSQL, through the operations that API and worker call."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connection
from tests.support.people import PRIMARY, SECONDARY, learner, staff, upn

from hwb.directory.models import Account, Audit, Establishment, LearnerRecord, Placement, Run, Upn
from hwb.extract import wire
from hwb.extract.records import LEARNER_COLUMNS, STAFF_COLUMNS, Extract, StaffRecord
from hwb.operations import closures, provisioning, results

pytestmark = pytest.mark.django_db(transaction=True)
JULY = date(2018, 7, 2)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def schools() -> None:
    for dfes, phase in ((PRIMARY, "primary"), (SECONDARY, "secondary")):
        Establishment.objects.create(dfes=dfes, name_en=dfes, phase=phase)


def row(number: int, **values: Any) -> tuple[str, ...]:
    record = learner(number, **{"registration_group": "6G", "admission_number": str(number), **values})
    texts = [getattr(record, name) for name in LEARNER_COLUMNS]
    return (f"row {number}", *(";".join(t) if isinstance(t, tuple) else str(t or "") for t in texts))


def deliver(
    rows: list[tuple[str, ...]],
    *,
    on: date = JULY,
    school: str = PRIMARY,
    preview: bool = False,
    run: UUID | None = None,
) -> UUID:
    moment = datetime.combine(on, time(12), UTC)
    extract = Extract(school, moment, "hwb", frozenset({"learner"}), tuple(rows))
    run = run or uuid4()
    provisioning.receive_snapshot(
        run_id=run,
        body=wire.dump(extract),
        extract=extract,
        preview=preview,
        client_id=None,
        acting_user="t",
        now=moment,
    )
    return run


def reconcile(run: UUID, *, on: date = JULY) -> dict[str, Any]:
    return provisioning.reconcile(run_id=run, on=on, now=datetime.combine(on, time(13), UTC))


def done(rows: list[tuple[str, ...]], **values: Any) -> dict[str, Any]:
    return reconcile(deliver(rows, **values), on=values.get("on", JULY))


def picture() -> Any:
    """What the directory says of everybody, without internal ids."""
    return (
        sorted(Account.objects.values_list("upn", "active", "legal_surname", "username")),
        sorted(Placement.objects.filter(ended=None).values_list("account__upn", "school", "role")),
        sorted(LearnerRecord.objects.values_list("school", "upn", "year_group", "leaving_date", "missing_since")),
    )


def test_applied_counts_and_no_change() -> None:
    """R35: a new run with identical content changes nothing, says "no change" with counts of 0, and is accepted."""
    first = done([row(1), row(2)])
    assert (first["outcome"], first["created"]) == ("applied", 2)
    before = Audit.objects.count()
    again = done([row(2), row(1)], on=JULY + timedelta(days=1))
    assert (again["outcome"], again["created"], again["updated"]) == ("no change", 0, 0)
    assert Audit.objects.count() == before
    assert Run.objects.filter(accepted_no=2, state="no change").exists()


def test_the_same_delivery_again_is_the_same_run() -> None:
    """R35, F9: the same run id returns the stored result; with another body it is refused."""
    run = deliver([row(1)])
    result = reconcile(run)
    assert reconcile(run) == result
    deliver([row(1)], run=run)
    with pytest.raises(provisioning.DeliveryRefused, match="run_id_reused"):
        deliver([row(2)], run=run)
    assert Account.objects.count() == 1


@pytest.mark.parametrize(
    ("on", "code"), [(JULY - timedelta(days=1), "stale"), (JULY, "stale")], ids=["older", "same moment, other content"]
)
def test_stale(on: date, code: str) -> None:
    """R35: older than the newest accepted, or of the same moment with other content: refused as stale, and kept."""
    done([row(1)])
    before = picture()
    with pytest.raises(provisioning.DeliveryRefused, match=code):
        deliver([row(2)], on=on)
    assert picture() == before
    assert Run.objects.filter(state="refused", failure="stale").count() == 1


def test_no_people_at_all_is_refused() -> None:
    """R36: no people at all is refused outright; nobody is released."""
    done([row(1)])
    with pytest.raises(provisioning.DeliveryRefused, match="empty"):
        deliver([], on=JULY + timedelta(days=1))
    assert Account.objects.get().active


def test_a_bad_record_never_blocks_the_good_ones() -> None:
    """R8, R35: one record is refused with field and value, the rest is applied, and refusal releases nobody."""
    done([row(1), row(2)])
    bad = ("row 1", "X" + upn(1)[1:], *row(1)[2:])
    result = done([bad, row(2, year_group="5")], on=JULY + timedelta(days=1))
    assert [problem["code"] for problem in result["problems"]] == ["L02"]
    assert (result["updated"], result["missing"]) == (1, 0)
    assert Account.objects.get(upn=upn(1)).active


def test_held_confirmed_and_moved() -> None:
    """R36: a held run changes nothing; if facts move, confirming shows the differences and needs a second confirmation."""
    everyone = [row(n, year_group="4") for n in range(1, 41)]
    done(everyone)
    before = picture()
    day = JULY + timedelta(days=1)
    run = deliver(everyone[11:], on=day)
    assert reconcile(run, on=day)["outcome"] == "held"
    assert picture() == before
    now = datetime.combine(day, time(14), UTC)
    with connection.cursor() as cursor:  # a word moves under the held plan
        cursor.execute("UPDATE learner_record SET year_group = '3' WHERE upn = %s", [upn(20)])
    moved = provisioning.confirm(run_id=run, acting_user="t", now=now, on=day)
    assert moved.result is None
    assert len(moved.added) == 1
    assert Account.objects.filter(active=True).count() == 40
    applied = provisioning.confirm(run_id=run, acting_user="t", now=now, on=day)
    assert applied.result is not None
    assert applied.result["missing"] == 11


def test_a_run_held_on_friday_is_confirmed_on_monday() -> None:
    """R36: days that pass are no facts that moved: what was shown is what is confirmed, at once."""
    everyone = [row(n, year_group="4") for n in range(1, 41)]
    done(everyone)
    run = deliver(everyone[11:], on=JULY + timedelta(days=4))
    reconcile(run, on=JULY + timedelta(days=4))
    monday = JULY + timedelta(days=7)
    now = datetime.combine(monday, time(9), UTC)
    confirmed = provisioning.confirm(run_id=run, acting_user="t", now=now, on=monday)
    assert confirmed.result is not None
    assert confirmed.result["missing"] == 11


def test_withdrawn_content_is_held_again() -> None:
    """R36: withdrawn content, sent again, is held; a newer run replaces a held one."""
    everyone = [row(n, year_group="4") for n in range(1, 41)]
    done(everyone)
    run = deliver(everyone[11:], on=JULY + timedelta(days=1))
    reconcile(run)
    provisioning.withdraw(run_id=run, acting_user="t", now=datetime.combine(JULY, time(14), UTC))
    again = done(everyone[11:], on=JULY + timedelta(days=2))
    assert {hold["check"] for hold in again["measured"]} >= {"withdrawn"}
    done(everyone, on=JULY + timedelta(days=3))
    assert not Run.objects.filter(state="held").exists()


def test_undo_returns_to_the_state_before() -> None:
    """Undo: the previous snapshot is newest again; the undone content, sent again, is held."""
    done([row(1), row(2)])
    before = picture()
    day = JULY + timedelta(days=1)
    run = deliver([row(1, year_group="5", legal_surname="Huws"), row(2, leaving_date=date(2018, 6, 1))], on=day)
    reconcile(run, on=day)
    assert picture() != before
    provisioning.undo(run_id=run, acting_user="t", now=datetime.combine(day, time(14), UTC), on=day)
    assert picture() == before
    again = done([row(1, year_group="5", legal_surname="Huws"), row(2, leaving_date=date(2018, 6, 1))], on=day)
    assert again["outcome"] == "held"


def test_a_preview_changes_nothing() -> None:
    """A preview says what would happen and leaves everything as it is."""
    before = picture()
    result = reconcile(deliver([row(1)], preview=True))
    assert result["created"] == 1
    assert picture() == before
    assert not Upn.objects.exists()


def test_every_failing_statement_leaves_before_or_after() -> None:
    """The n-th SQL statement failing, for every n of a 30-learner run: the state is before or after, never between."""
    done([row(n) for n in range(1, 31)])
    before = picture()
    day = date(2018, 9, 4)
    rows = [row(n, year_group="6", legal_surname="Huws", leaving_date=date(2018, 7, 20)) for n in range(1, 31)]
    run = deliver(rows, on=day)
    for failing in range(1, 200):
        count = 0

        def fail(execute: Any, sql: Any, params: Any, many: Any, context: Any, n: int = failing) -> Any:
            nonlocal count
            count += 1
            if count == n:
                raise OperationalError("planted")
            return execute(sql, params, many, context)

        try:
            with connection.execute_wrapper(fail):
                reconcile(run, on=day)
            break
        except OperationalError:
            assert picture() == before
            assert Run.objects.get(id=run).state == "received"
    assert failing > 15
    assert Account.objects.filter(active=False).count() == 30


def test_a_run_that_no_try_can_mend_ends_as_failed() -> None:
    """A run whose stored body cannot be read ends as failed with a code: its client is told, nothing is changed."""
    done([row(1)])
    before = picture()
    day = JULY + timedelta(days=1)
    run = deliver([row(1, year_group="5")], on=day)
    Run.objects.filter(id=run).update(body=b"broken")
    with pytest.raises(Exception, match="decompress"):
        reconcile(run, on=day)
    failed = Run.objects.get(id=run)
    assert (failed.state, failed.failure, failed.accepted_no) == ("failed", "internal_error", None)
    assert picture() == before


def test_only_runs_that_are_remembered_can_be_undone() -> None:
    """Undo goes back three accepted runs; an older one is refused and nothing is changed, never half given back."""
    runs = []
    for number in range(5):
        day = JULY + timedelta(days=number)
        runs.append(deliver([row(1, registration_group=f"{number}A")], on=day))
        reconcile(runs[-1], on=day)
    now = datetime.combine(day, time(14), UTC)
    for run in reversed(runs[2:]):
        provisioning.undo(run_id=run, acting_user="t", now=now, on=day)
    before = picture()
    with pytest.raises(provisioning.RunNotFound):
        provisioning.undo(run_id=runs[1], acting_user="t", now=now, on=day)
    assert picture() == before
    assert LearnerRecord.objects.get().registration_group == "1A"


def test_bodies_are_kept_only_while_they_are_needed() -> None:
    """Personal data of previews, replaced and undone deliveries does not stay behind in their bodies."""
    done([row(n) for n in range(1, 41)])
    reconcile(deliver([row(1)], preview=True, on=JULY + timedelta(days=1)), on=JULY + timedelta(days=1))
    done([row(n) for n in range(1, 21)], on=JULY + timedelta(days=2))
    done([row(n) for n in range(1, 22)], on=JULY + timedelta(days=3))
    bodies = dict(Run.objects.values_list("state", "body"))
    assert {state for state, body in bodies.items() if body is not None} == {"applied", "held"}
    assert set(bodies) == {"applied", "held", "previewed", "replaced"}


def deliver_staff(members: list[StaffRecord], *, on: date) -> UUID:
    moment = datetime.combine(on, time(12), UTC)
    texts = [[str(getattr(member, name) or "") for name in STAFF_COLUMNS[:-1]] for member in members]
    rows = tuple((f"staff {n}", *values, "") for n, values in enumerate(texts))
    extract = Extract(PRIMARY, moment, "hwb", frozenset({"staff"}), (), rows)
    run = uuid4()
    provisioning.receive_snapshot(
        run_id=run, body=wire.dump(extract), extract=extract, preview=False, client_id=None, acting_user="t", now=moment
    )
    return run


def test_the_same_content_is_looked_at_again_while_a_record_is_refused() -> None:
    """R20: two present records with one code refuse both; the day after one of them left, the other gets its account
    though the MIS says the same as before."""
    members = [
        staff("RJ", mis_id="1", leaving_date=date(2018, 7, 20)),
        staff("RJ", mis_id="2", legal_surname="Huws", start_date=date(2018, 7, 1)),
    ]
    reconcile(deliver_staff(members, on=JULY))
    assert Account.objects.count() == 0
    later = date(2018, 7, 23)
    result = reconcile(deliver_staff(members, on=later), on=later)
    assert (result["outcome"], result["created"]) == ("applied", 1)
    assert list(Account.objects.values_list("legal_surname", flat=True)) == ["Huws"]


def test_last_years_data_is_warned_of_when_nothing_changed_at_all() -> None:
    """R36, R37: year groups that did not move are a warning, also when the whole content is last year's."""
    rows = [row(n) for n in range(1, 5)]
    done(rows)
    first = done(rows, on=date(2018, 9, 4))
    assert (first["outcome"], first["updated"]) == ("no change", 0)
    assert "X03" in {notice["code"] for notice in first["notices"]}


def test_the_queue_does_not_turn_time_back() -> None:
    """I18: a delivery that was overtaken in the queue is stale, even when its content is the newest one's."""
    early = deliver([row(2)], on=JULY)
    same = deliver([row(1)], on=JULY)
    done([row(1)], on=JULY + timedelta(days=1))
    for run in (early, same):
        assert reconcile(run)["outcome"] == "refused"
    assert set(Run.objects.filter(state="refused").values_list("failure", flat=True)) == {"stale"}
    newest = Run.objects.exclude(accepted_no=None).order_by("-accepted_no").first()
    assert newest is not None
    assert newest.as_at.date() == JULY + timedelta(days=1)
    assert Account.objects.get().upn == upn(1)


def test_what_a_closed_school_left_stays_until_the_successors_next_run() -> None:
    """R43: the same content as before is that next run: who is not in it is missing there."""
    done([row(1)])
    done([row(2)], school=SECONDARY)
    Establishment.objects.filter(dfes=PRIMARY).update(followed_by=SECONDARY)
    now = datetime.combine(JULY, time(14), UTC)
    closures.close_school(dfes=PRIMARY, split=None, preview=False, acting_user="t", now=now, on=JULY)
    assert Placement.objects.filter(school=SECONDARY, role="holding", ended=None).count() == 2
    next_day = JULY + timedelta(days=1)
    assert done([row(2)], school=SECONDARY, on=next_day)["missing"] == 1
    assert done([row(2)], school=SECONDARY, on=next_day + timedelta(days=1))["outcome"] == "no change"


def test_a_closed_school_is_refused() -> None:
    """R43: a school that has closed sends no more: its client is told, and nobody waits because of it."""
    done([row(1)])
    Establishment.objects.filter(dfes=PRIMARY).update(closed=date(2018, 8, 31))
    done([row(1)], on=date(2018, 8, 30))
    with pytest.raises(provisioning.DeliveryRefused, match="school_closed"):
        deliver([row(1)], on=date(2018, 8, 31))


def test_content_that_is_newest_is_not_held_as_undone() -> None:
    """Undo of a run that changed nothing does not hold the same content, which is still the newest."""
    rows = [row(1), row(2, upn="X" + upn(2)[1:])]
    done(rows)
    again = deliver(rows, on=JULY + timedelta(days=1))
    reconcile(again, on=JULY + timedelta(days=1))
    now = datetime.combine(JULY + timedelta(days=1), time(14), UTC)
    provisioning.undo(run_id=again, acting_user="t", now=now, on=JULY + timedelta(days=1))
    assert done(rows, on=JULY + timedelta(days=2))["outcome"] == "no change"


def test_no_personal_data_stays_in_plans() -> None:
    """R42: the plan of a held run, with names in it, goes when the run is decided; that of a preview, with the next run."""
    done([row(n) for n in range(1, 41)])
    days = [JULY + timedelta(days=n) for n in range(1, 5)]
    for _ in range(2):
        reconcile(deliver([row(1)], preview=True, on=days[0]), on=days[0])
        assert Run.objects.exclude(plan=None).get().preview
    held = deliver([row(1)], on=days[1])
    reconcile(held, on=days[1])
    assert Run.objects.exclude(plan=None).count() == 1
    provisioning.withdraw(run_id=held, acting_user="t", now=datetime.combine(days[1], time(14), UTC))
    assert not Run.objects.exclude(plan=None).exists()
    confirmed = deliver([row(2)], on=days[2])
    reconcile(confirmed, on=days[2])
    now = datetime.combine(days[2], time(14), UTC)
    assert provisioning.confirm(run_id=confirmed, acting_user="t", now=now, on=days[2]).result
    assert not Run.objects.exclude(plan=None).exists()


def test_a_rekey_asked_for_again_by_an_undo_is_done_by_the_same_content() -> None:
    """R9: an undo that brings the asking record back finds the account free: the next run takes it, though unchanged."""
    done([row(1)])
    moved = list(row(1, start_date=date(2018, 7, 2)))
    moved[1], moved[2] = upn(50), upn(1)
    assert done([tuple(moved)], school=SECONDARY)["waiting"] == 1
    dropped = deliver([row(2)], school=SECONDARY, on=date(2018, 7, 3))
    reconcile(dropped, on=date(2018, 7, 3))
    done([row(1, leaving_date=date(2018, 7, 3))], on=date(2018, 7, 4))
    day = date(2018, 7, 5)
    provisioning.undo(run_id=dropped, acting_user="t", now=datetime.combine(day, time(9), UTC), on=day)
    assert done([tuple(moved)], school=SECONDARY, on=day)["outcome"] == "applied"
    account = Account.objects.get(upn=upn(50))
    assert (account.legal_forename, account.active) == ("Mali1", True)
    assert done([tuple(moved)], school=SECONDARY, on=day + timedelta(days=1))["outcome"] == "no change"


def test_counts_and_year_movement_are_kept_for_the_runs_page() -> None:
    """I15: a run's result keeps its counts by kind, also when a digest alone said that nothing changed; what the client
    is shown stays as interfaces.md has it."""
    reconcile(deliver([row(9)], school=SECONDARY))
    rows = [row(1, mis_id="1"), row(2, year_group="5"), row(3, upn="wrong"), row(9)]
    first = reconcile(deliver(rows))
    assert first["counts"]["learner"] == {
        "received": 4, "unchanged": 0, "created": 2, "claimed": 0, "updated": 0, "released": 0, "reactivated": 0,
        "waiting": 1, "refused": 1, "missing": 0,
    }  # fmt: skip
    assert first["movement"] == []
    rows = [row(1, mis_id="1"), row(2, year_group="6"), row(9)]
    second = reconcile(deliver(rows, on=JULY + DAY), on=JULY + DAY)
    assert second["movement"] == [
        {"before": "5", "after": "6", "count": 1}, {"before": "6", "after": "6", "count": 1},
    ]  # fmt: skip
    third = reconcile(deliver(rows, on=JULY + 2 * DAY), on=JULY + 2 * DAY)
    assert (third["outcome"], third["movement"]) == ("no change", [])
    counts = third["counts"]
    assert (counts["learner"]["received"], counts["learner"]["unchanged"], counts["learner"]["waiting"]) == (3, 2, 1)
    assert set(counts["staff"].values()) == {0}
    assert "counts" not in results.shown(third, language="en")
    assert "movement" not in results.shown(third, language="en")
