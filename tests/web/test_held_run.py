"""B6 and undo: a held run is looked at, confirmed or withdrawn; a run is undone after a look at what that does."""

from __future__ import annotations

from datetime import UTC, date, datetime
from html import unescape

import pytest
from tests.support.deliveries import deliver, extract_of, learner_row, send
from tests.support.languages import foreign_texts
from tests.support.world import ELSEWHERE, SCHOOL, World

from hwb.directory.models import Account, Audit, LearnerRecord, Placement, Run
from hwb.operations import provisioning
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
MARCH = date(2019, 3, 4)
TICKED = {"checked": "on", "truth": "meant"}


@pytest.fixture(autouse=True)
def spring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWB_NOW", "2019-03-04T20:00")


def rows_of(*numbers: int, **values: object) -> list[object]:
    """Learners in classes of 20: 1A, 2A, …"""
    return [
        learner_row(n, **{"registration_group": f"{(n - 1) // 20 + 1} Gwyrdd", "year_group": "5", **values})
        for n in numbers
    ]


@pytest.fixture
def held(world: World) -> Run:
    """60 learners; a run without the 20 of class 2 Gwyrdd is held."""
    everybody = rows_of(*range(101, 161))
    first = extract_of(everybody, on=date(2018, 9, 3))
    run = send(first)
    provisioning.reconcile(run_id=run, on=date(2018, 9, 3), now=first.as_at)
    assert Run.objects.get(id=run).state == "applied"
    extract = extract_of(rows_of(*range(101, 121), *range(141, 161)), on=MARCH, hour=10)
    run = send(extract)
    provisioning.reconcile(run_id=run, on=MARCH, now=extract.as_at)
    return Run.objects.get(id=run)


def texts(answer: object) -> str:
    return " ".join(answer.content.decode().split())  # type: ignore[attr-defined]


def of(run: Run, language: str = "en") -> str:
    return f"/{language}/school/{SCHOOL}/runs/{run.id}/review/"


def state() -> list[object]:
    return [
        sorted(Account.objects.values_list("id", "active", "reason_code")),
        sorted(Placement.objects.values_list("id", "ended")),
        sorted(LearnerRecord.objects.values_list("upn", "missing_since")),
    ]


def test_why_it_was_stopped_who_is_concerned_and_the_likely_cause(world: World, held: Run) -> None:
    """ux.md 15, check 5: a run that lacks one class is held, and nothing changes."""
    assert held.state == "held"
    page = texts(world.client(Role.CHAMPION).get(of(held)))
    assert "20 of 66 people are absent and have no leaving date." in page
    assert "The whole of 6 Gwyrdd is absent." not in page
    assert "The whole of 7 Gwyrdd is absent." in page
    assert "A run is held when it is more than 10 and more than" in page
    assert "Mali121" in page
    assert "Mali141" not in page
    assert "20 people are concerned" in page
    assert not LearnerRecord.objects.filter(missing_since__isnull=False).filter(upn__in=_upns(121, 160)).exists()


@pytest.mark.parametrize(("language", "able"), [("en", "Digital Champion or headteacher"),
                                               ("cy", "Hyrwyddwr Digidol neu bennaeth")])  # fmt: skip
def test_who_cannot_confirm_reads_who_can(world: World, held: Run, language: str, able: str) -> None:
    """ux.md 1, rule 3: the owner is "you" only for those who may do it."""
    with_one_new = extract_of(rows_of(*range(101, 121), *range(141, 161), 170), on=MARCH, hour=11)
    provisioning.reconcile(run_id=send(with_one_new), on=MARCH, now=with_one_new.as_at)
    typed = {"asked": _upns(170, 170)[0], "what": "one"}
    you = {"en": "You", "cy": "Chi"}[language]
    for role, owner in ((Role.CHAMPION, you), (Role.HEAD, you), (Role.MIS_ADMIN, able)):
        client = world.client(role)
        asked = client.post(f"/{language}/school/{SCHOOL}/find-learner/", typed, follow=True)
        assert f'summary-list__value">{owner}</dd>' in texts(asked)
        home = unescape(texts(client.get(f"/{language}/school/{SCHOOL}/")))
        assert ("neu'ch pennaeth" in home or "your Digital Champion or headteacher" in home) == (owner == able)
    assert not foreign_texts(asked.content, language)


def _upns(first: int, last: int) -> list[str]:
    return [learner_row(n)[1] for n in range(first, last + 1)]


def test_a_primary_with_leaving_dates_for_all_of_year_6_is_not_held(world: World) -> None:
    """ux.md 15, check 5."""
    stay, leave = rows_of(*range(101, 141)), rows_of(*range(141, 161), year_group="6")
    deliver([*stay, *leave], on=date(2018, 9, 3))
    gone = rows_of(*range(141, 161), year_group="6", leaving_date=date(2019, 7, 19))
    run = Run.objects.get(id=deliver([*stay, *gone], on=date(2019, 7, 22)))
    assert run.state == "applied"
    assert run.result["released"] == 20


def test_confirming_needs_the_tick_then_the_page_with_the_number(world: World, held: Run) -> None:
    client = world.client(Role.CHAMPION)
    before = state()
    assert client.get(f"{of(held)}confirm/").status_code == 302  # nothing was ticked
    assert "Check the list first" in texts(client.post(of(held), {"truth": "meant"}))
    page = texts(client.post(of(held), TICKED, follow=True))
    assert "Apply this run: it concerns 20 people" in page
    assert state() == before
    answer = client.post(f"{of(held)}confirm/", follow=True)
    assert "The run was confirmed and applied." in texts(answer)
    held.refresh_from_db()
    assert (held.state, held.confirmed) == ("applied", True)
    entry = Audit.objects.get(run=held.id, action="confirm")
    assert entry.actor == f"account {world.accounts[Role.CHAMPION].id}"
    assert "This run was confirmed by a person and applied." in texts(client.get(of(held)))


def test_confirming_asks_for_the_password_again(world: World, held: Run) -> None:
    client = world.client(Role.CHAMPION, fresh=False)
    answer = client.post(of(held), TICKED)
    assert answer.headers["Location"].endswith("/confirm/")
    assert "/again/" in client.get(answer.headers["Location"]).headers["Location"]
    client.post(f"{of(held)}confirm/")
    held.refresh_from_db()
    assert held.state == "held"


def test_they_should_be_here_withdraws_with_a_reason(world: World, held: Run) -> None:
    client = world.client(Role.HEAD)
    page = texts(client.post(of(held), {"checked": "on", "truth": "wrong"}, follow=True))
    assert "Why do you withdraw this run?" in page
    assert "Choose a reason" in texts(client.post(f"{of(held)}withdraw/", {}))
    page = texts(client.post(f"{of(held)}withdraw/", {"reason": "incomplete"}, follow=True))
    assert "The run was withdrawn. Nothing of it was applied." in page
    held.refresh_from_db()
    assert held.state == "withdrawn"
    page = texts(client.get(of(held)))
    assert "No run is waiting." in page
    assert "Reason given: People, a class or a year group are absent from the data." in page


def test_facts_that_moved_need_a_second_confirmation(world: World, held: Run) -> None:
    """R36."""
    client = world.client(Role.CHAMPION)
    client.post(of(held), TICKED)
    stayed = learner_row(121)
    LearnerRecord.objects.filter(upn=stayed[1]).update(leaving_date=date(2019, 3, 1))
    answer = client.post(f"{of(held)}confirm/")
    assert answer.status_code == 409
    page = texts(answer)
    assert "The facts have changed: nothing was applied" in page
    assert "change is no longer in the list." in page or "changes are no longer in the list." in page
    held.refresh_from_db()
    assert held.state == "held"
    assert client.get(f"{of(held)}confirm/").status_code == 302  # the new list is to be ticked first
    client.post(of(held), TICKED)
    client.post(f"{of(held)}confirm/")
    held.refresh_from_db()
    assert held.state == "applied"


def test_what_is_confirmed_is_the_list_that_was_ticked(world: World, held: Run) -> None:
    client = world.client(Role.CHAMPION)
    client.post(of(held), TICKED)
    Run.objects.filter(id=held.id).update(plan_digest="another")  # somebody else tried meanwhile
    assert client.post(f"{of(held)}confirm/").status_code == 302
    with pytest.raises(provisioning.PlanMoved):
        provisioning.confirm(
            run_id=held.id, acting_user="t", now=datetime(2019, 3, 4, 20, tzinfo=UTC), on=MARCH, seen=held.plan_digest
        )  # fmt: skip
    held.refresh_from_db()
    assert held.state == "held"


def test_a_newer_run_replaces_it(world: World, held: Run) -> None:
    client = world.client(Role.CHAMPION)
    client.post(of(held), TICKED)
    deliver(rows_of(*range(101, 161)), on=MARCH, hour=12)
    page = texts(client.post(f"{of(held)}confirm/", follow=True))
    assert "No run is waiting." in page
    assert "Replaced by the run of 4 March 2019, 12:00" in page
    assert client.post(f"{of(held)}withdraw/", {"reason": "other"}).status_code == 200
    held.refresh_from_db()
    assert held.state == "replaced"


def test_a_client_manager_withdraws_without_names_and_does_not_confirm(world: World, held: Run) -> None:
    client = world.client(Role.CLIENT_MANAGER)
    page = texts(client.get(of(held)))
    assert "You see numbers only." in page
    assert "Mali121" not in page
    assert "I have checked this list" not in page
    client.post(of(held), TICKED)
    assert client.post(f"{of(held)}confirm/").status_code == 404
    client.post(f"{of(held)}withdraw/", {"reason": "incomplete"})
    held.refresh_from_db()
    assert held.state == "withdrawn"


def test_others_and_other_schools_get_nothing(world: World, held: Run) -> None:
    for role in (Role.MIS_ADMIN, Role.TEACHER, Role.STAFF, Role.AREA_OFFICER, Role.AGENT):
        assert world.client(role).get(of(held)).status_code == 404
    assert world.run_elsewhere is not None
    other = of(world.run_elsewhere)
    assert world.client(Role.CHAMPION).get(other).status_code == 404
    assert world.client(Role.CHAMPION).get(f"{other.removesuffix('review/')}undo/").status_code == 404


def test_pages_speak_one_language_with_few_queries(
    world: World, held: Run, django_assert_max_num_queries: object
) -> None:
    client = world.client(Role.CHAMPION)
    client.post(of(held), TICKED)
    last = Run.objects.get(state="applied", school=SCHOOL, accepted_no=2)
    undo = f"school/{SCHOOL}/runs/{last.id}/undo/"
    for path in (of(held, "{}"), f"{of(held, '{}')}withdraw/", f"{of(held, '{}')}confirm/", f"/{{}}/{undo}"):
        for language in ("en", "cy"):
            answer = client.get(path.format(language))
            assert answer.status_code == 200
            assert not foreign_texts(answer.content, language), path
            assert len(answer.content) < 60_000
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        client.get(of(held))


def test_a_champion_undoes_the_newest_run_after_a_look(world: World) -> None:
    left = [*rows_of(1, 2, year_group="6"), *rows_of(3, year_group="6", leaving_date=date(2019, 3, 1))]
    run = Run.objects.get(id=deliver(left, on=MARCH))
    deliver(rows_of(3, year_group="6"), school=ELSEWHERE, on=MARCH, hour=13)
    path = f"/en/school/{SCHOOL}/runs/{run.id}/undo/"
    client = world.client(Role.CHAMPION)
    answer = client.get(path)
    page = texts(answer)
    assert "1 learner stays as now, because another school has the account." in page
    assert "Mali3" in page
    assert client.post(path, {"plan": "another"}).status_code == 409
    run.refresh_from_db()
    assert run.state == "applied"
    digest = page.split('name="plan" value="')[1].split('"')[0]
    assert "The run was undone." in texts(client.post(path, {"plan": digest}, follow=True))
    run.refresh_from_db()
    assert run.state == "undone"
    assert "This run was undone already." in texts(client.get(path))
    for role in (Role.HEAD, Role.MIS_ADMIN, Role.CLIENT_MANAGER):
        assert world.client(role).get(path).status_code == 404
    assert world.run is not None
    answer = world.client(Role.OPERATOR).get(f"/en/school/{SCHOOL}/runs/{world.run.id}/undo/")
    assert answer.status_code == 200
    assert "You see numbers only." in texts(answer)
