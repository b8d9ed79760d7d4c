"""B2, B3 and B4: a school's runs, one run, and what it changed; for whom, in both languages."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from tests.support.deliveries import deliver, extract_of, learner_row, send
from tests.support.languages import foreign_texts
from tests.support.people import upn
from tests.support.world import SCHOOL, World

from hwb.directory.models import Client, ClientSchool, PersonKey, Run
from hwb.operations import provisioning
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
STATUS = f"school/{SCHOOL}/provisioning/"
SEPTEMBER = date(2018, 9, 3)
SURNAME = "Llanfairpwllgwyngyllgogerychwyrndrobwll"


@pytest.fixture(autouse=True)
def autumn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWB_NOW", "2018-09-03T20:00")


@pytest.fixture
def september(world: World) -> Run:
    """One moves up, one changes the name, one left, one is new, one record is refused; staff are not in it."""
    rows = [
        learner_row(1, year_group="7", registration_group="7B"),
        learner_row(2, legal_surname=SURNAME),
        learner_row(3, leaving_date=date(2018, 7, 20)),
        *(learner_row(n, year_group="5", registration_group="5M") for n in (4, 5, 6)),
        learner_row(8),
        learner_row(9, upn="nonsense"),
    ]
    return Run.objects.get(id=deliver(rows, on=SEPTEMBER))


def texts(answer: object) -> str:
    return " ".join(answer.content.decode().split())  # type: ignore[attr-defined]


def get(world: World, path: str, role: Role = Role.CHAMPION) -> str:
    answer = world.client(role).get(f"/en/{path}")
    assert answer.status_code == 200
    return texts(answer)


def of(run: Run) -> str:
    return f"school/{SCHOOL}/runs/{run.id}/"


def hold(world: World) -> Run:
    """A run without any of the 6 learners and another 20, first brought."""
    many = [learner_row(n) for n in range(1, 41)]
    deliver(many, on=SEPTEMBER, hour=8)
    held = Run.objects.filter(school=SCHOOL, state="held")
    if held:
        provisioning.confirm(
            run_id=held[0].id, acting_user="tests", now=datetime(2018, 9, 3, 9, tzinfo=UTC), on=SEPTEMBER
        )
    extract = extract_of(many[:5], on=SEPTEMBER, hour=10)
    run = send(extract)
    provisioning.reconcile(run_id=run, on=SEPTEMBER, now=extract.as_at)
    return Run.objects.get(id=run)


@pytest.mark.parametrize("role", [Role.CHAMPION, Role.CLIENT_MANAGER, Role.AREA_OFFICER, Role.OPERATOR])
def test_status_names_nobody_and_is_for_everybody_who_sees_runs(world: World, september: Run, role: Role) -> None:
    page = get(world, STATUS, role)
    owner = "Your" if role is Role.CHAMPION else "The"
    assert f"{owner} last successful run finished today at 13:00." in page
    assert "Mali" not in page.replace("Mali Champion", "")
    assert ("Ask for a run now" in page) is (role is not Role.AREA_OFFICER)


def test_pages_speak_one_language(world: World, september: Run) -> None:
    client = world.client(Role.CHAMPION)
    for path in (STATUS, f"{STATUS}?result=held", of(september), f"{of(september)}changes/"):
        for language in ("en", "cy"):
            assert not foreign_texts(client.get(f"/{language}/{path}").content, language), path


def test_later_failures_stand_beside_last_run_also_those_the_client_told(world: World, september: Run) -> None:
    at = datetime(2018, 9, 3, 15, tzinfo=UTC)
    Run.objects.create(school=SCHOOL, state="refused", failure="stale", as_at=at, received_at=at, finished_at=at)
    told = {"at": "2018-09-03T16:00:00+00:00", "code": "not_reached", "detail": ""}
    report = {"schools": [{"school": SCHOOL, "schedule": "systemd 02:17:05", "failed_attempts": [told]}]}
    client = Client.objects.create(public_key="x", enrolled_at=at, version="1.2", last_contact=at, report=report)
    ClientSchool.objects.create(client=client, school=SCHOOL)
    page = get(world, STATUS)
    assert "A later attempt on 3 September 2018 at 17:00 failed. Reason: the server could not be reached." in page
    assert "Reason: the data is older than the last accepted run." in page
    assert "4 September 2018, 02:17" in page
    assert "Version 1.2" in page


def test_a_held_run_comes_first(world: World) -> None:
    run = hold(world)
    assert run.state == "held"
    assert "Your run of today is waiting for you to confirm it." in get(world, STATUS)
    assert "The run of today is waiting for the school to confirm it." in get(world, STATUS, Role.CLIENT_MANAGER)
    assert ": held for review" in get(world, STATUS)  # the last attempt, beside Last Run


def test_runs_are_filtered_and_downloaded(world: World, september: Run) -> None:
    assert "3 September 2018, 13:00</a>" in get(world, f"{STATUS}?result=refusals")
    assert "2 July 2018, 13:00</a>" not in get(world, f"{STATUS}?result=refusals")
    assert "No run fits these filters." in get(world, f"{STATUS}?kind=preview")
    answer = world.client(Role.CHAMPION).get(f"/cy/{STATUS}runs.csv")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[arg-type]
    assert lines[0].startswith("Dechreuwyd,Canlyniad")
    assert len(lines) == 3


def test_a_long_list_of_runs_stays_a_small_page(world: World) -> None:
    at = datetime(2018, 8, 1, tzinfo=UTC)
    Run.objects.bulk_create(
        Run(school=SCHOOL, state="failed", failure="stale", as_at=at, received_at=at, finished_at=at) for _ in range(70)
    )
    for language in ("en", "cy"):
        answer = world.client(Role.CHAMPION).get(f"/{language}/{STATUS}")
        assert len(answer.content) < 60_000
        assert answer.content.count(b"/runs/") > 30
    assert "page 3 of 3" in get(world, f"{STATUS}?page=3")


def test_somebody_asks_for_a_run_once_a_client_can_collect_it(world: World) -> None:
    client = world.client(Role.CHAMPION)
    refused = client.post(f"/en/{STATUS}ask/", {"kind": "run"})
    assert refused.status_code == 409
    now = datetime(2018, 9, 3, tzinfo=UTC)
    ClientSchool.objects.create(client=Client.objects.create(public_key="x", enrolled_at=now), school=SCHOOL)
    answer = client.post(f"/en/{STATUS}ask/", {"kind": "preview"}, follow=True)
    assert "We have asked for a preview." in texts(answer)
    assert "A preview was asked for on 3 September 2018, 20:00." in texts(answer)
    assert world.client(Role.AREA_OFFICER).post(f"/en/{STATUS}ask/").status_code == 404


def test_a_run_says_what_it_did_and_adds_up(world: World, september: Run) -> None:
    page = get(world, of(september))
    for sentence in ("1 learner left.", "1 new learner account.", "1 learner moved to another year group.",
                     "1 record was refused."):  # fmt: skip
        assert sentence in page
    counts = september.result["counts"]["learner"]
    assert counts["received"] == 8 == sum(n for name, n in counts.items() if name not in ("received", "missing"))
    assert "Year movement" in page
    assert "Year 7" in page


def test_a_failed_run_says_at_which_stage(world: World) -> None:
    at = datetime(2018, 9, 3, 15, tzinfo=UTC)
    run = Run.objects.create(school=SCHOOL, state="failed", failure="internal_error", as_at=at, received_at=at)
    page = get(world, of(run))
    assert "This run failed. Nothing of it was applied." in page
    assert "Stage: Applying the data." in page
    assert "These changes are not kept." in get(world, f"{of(run)}changes/")


def test_changes_show_before_and_after_with_names(world: World, september: Run) -> None:
    page = get(world, f"{of(september)}changes/")
    assert "Was: 6G" in page
    assert "Now: 7B" in page
    assert f"Now: {SURNAME}" in page  # a personal value, from under the person's key
    assert "Left on 20 July 2018." in page
    assert "New accounts (1)" in page


@pytest.mark.parametrize("role", [Role.CLIENT_MANAGER, Role.AREA_OFFICER, Role.OPERATOR, Role.AGENT])
def test_others_see_numbers_of_changes_only(world: World, september: Run, role: Role) -> None:
    page = get(world, f"{of(september)}changes/", role)
    assert "You see numbers only." in page
    assert SURNAME not in page
    assert "7B" not in page
    answer = world.client(role).get(f"/en/{of(september)}changes.csv")
    assert SURNAME not in b"".join(answer.streaming_content).decode()  # type: ignore[arg-type]


def test_changes_are_downloaded_and_values_without_a_key_are_not(world: World, september: Run) -> None:
    client = world.client(Role.CHAMPION)
    content = b"".join(client.get(f"/en/{of(september)}changes.csv").streaming_content).decode("utf-8-sig")  # type: ignore[arg-type]
    assert f"Legal surname: {SURNAME}" in content
    PersonKey.objects.all().delete()
    assert f"Now: {SURNAME}" not in get(world, f"{of(september)}changes/")


def test_changes_are_filtered_by_kind_person_year_class_and_field(world: World, september: Run) -> None:
    """B4: filters apply to the whole list, and the counts with them; who sees numbers only has none."""
    path = f"{of(september)}changes/"
    assert "Moved year or class (1)" in get(world, f"{path}?year=7")
    assert "Moved year or class (1)" in get(world, f"{path}?class=6G&group=moved")  # the class before
    assert "Moved year or class (0)" in get(world, f"{path}?class=9Z")
    assert "New accounts (0)" in get(world, f"{path}?who=staff")
    assert "Other details changed (1)" in get(world, f"{path}?field=legal_surname")
    assert "Other details changed (0)" in get(world, f"{path}?field=birth_date")
    assert "class=7B" in get(world, f"{path}?class=7B")  # the links to one kind keep the filter
    assert "hwb-filters" not in get(world, path, Role.CLIENT_MANAGER)
    answer = world.client(Role.CHAMPION).get(f"/cy/{path}?year=7&field=year_group")
    assert not foreign_texts(answer.content, "cy")


@pytest.mark.parametrize("language", ["en", "cy"])
def test_changes_are_searched_by_a_text_that_stands_in_no_address(world: World, september: Run, language: str) -> None:
    """B4: name, class, UPN, what was and what is now; every word counts, and other filters stay."""
    client, path = world.client(Role.CHAMPION), f"/{language}/{of(september)}changes/"
    for typed, shown in ((SURNAME[:6], [2]), ("7b", [1]), ("6g", [1, 2, 3, 8]), (f"{SURNAME} 7b", []), (upn(8), [8]),
                         (upn(3)[-4:], [3]), ("nobody", [])):  # fmt: skip
        answer = client.post(path, {"search": typed}, follow=True)
        assert re.fullmatch(r".*\?search=[0-9a-f-]{36}", answer.redirect_chain[0][0])
        assert not foreign_texts(answer.content, language)
        page = texts(answer).split("<nav")[-1]
        assert [n for n in range(1, 10) if f"Mali{n}" in page.replace(SURNAME, "")] == shown, typed
    narrowed = client.post(f"{path}?group=moved", {"search": "7b"}, follow=True)
    assert "group=moved" in narrowed.redirect_chain[0][0]
    assert 'name="search"' not in texts(world.client(Role.CLIENT_MANAGER).get(path))


def test_a_held_and_a_previewed_run_show_their_plan(world: World) -> None:
    run = hold(world)
    assert "They are not in the data." in get(world, f"{of(run)}changes/?group=missing")
    extract = extract_of([learner_row(n) for n in range(1, 41)] + [learner_row(60)], on=SEPTEMBER, hour=11)
    preview = send(extract, preview=True)
    provisioning.reconcile(run_id=preview, on=SEPTEMBER, now=extract.as_at)
    path = f"school/{SCHOOL}/runs/{preview}/changes/"
    assert "Mali60" in get(world, path)
    deliver([learner_row(n) for n in range(1, 41)], on=SEPTEMBER, hour=12)
    assert "These changes are not kept." in get(world, path)


def test_an_undone_run_does_not_show_the_undoing(world: World, september: Run) -> None:
    provisioning.undo(run_id=september.id, acting_user="tests", now=datetime(2018, 9, 3, 18, tzinfo=UTC), on=SEPTEMBER)
    page = get(world, f"{of(september)}changes/")
    assert "This run was undone" in page
    assert "Moved year or class (1)" in page


def test_a_long_group_is_paged_and_its_beginning_stands_on_the_whole_page(world: World) -> None:
    run = Run.objects.get(id=deliver([learner_row(n) for n in range(1, 121)], on=SEPTEMBER))
    whole = get(world, f"{of(run)}changes/")
    assert "New accounts (112)" in whole  # six were there, two are at the other school
    assert "Show all 112" in whole
    page = get(world, f"{of(run)}changes/?group=new&page=3")
    assert "page 3 of 3" in page
    assert page.count('<th scope="row"') == 12


def test_another_schools_run_is_unknown(world: World) -> None:
    client = world.client(Role.CHAMPION)
    other = world.run_elsewhere
    assert other is not None
    for path in (f"{of(other)}", f"{of(other)}changes/", f"{of(other)}changes.csv"):
        assert client.get(f"/en/{path}").status_code == 404
    for role in (Role.TEACHER, Role.STAFF, Role.LEARNER, Role.AUDITOR):
        assert world.client(role).get(f"/en/{STATUS}").status_code == 404


def test_at_most_twelve_queries(world: World, september: Run, django_assert_max_num_queries: object) -> None:
    client = world.client(Role.CHAMPION)
    for path in (
        STATUS,
        of(september),
        f"{of(september)}changes/",
        f"{of(september)}changes/?group=moved",
        f"{of(september)}changes/?year=7",
    ):
        with django_assert_max_num_queries(12):  # type: ignore[operator]
            assert client.get(f"/en/{path}").status_code == 200


def test_only_the_run_of_the_new_year_says_who_has_not_moved(world: World) -> None:
    """B3: in term time everybody stays, and that is no fault."""
    client = world.client(Role.CHAMPION)

    def page(run: object) -> str:
        return client.get(f"/en/school/{SCHOOL}/runs/{run}/").content.decode()

    ordinary = deliver(
        [learner_row(n, year_group="6" if n <= 3 else "5", registration_group="6G") for n in range(1, 7)], hour=13
    )
    assert "Learners in the same year group as in the run before: 6 of 6." in page(ordinary)
    assert "Not moved" not in page(ordinary)
    september = date(2018, 9, 4)
    rows = [learner_row(n, year_group="6", registration_group="6G") for n in range(1, 7)]
    crossing = deliver(rows, on=september)
    assert "Learners who have not moved to another year group: 3 of 6." in page(crossing)
    assert "Not moved" in page(crossing)
