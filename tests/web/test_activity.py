"""B20: who did what here, and for whom."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import transaction
from tests.support.languages import foreign_texts
from tests.support.world import ELSEWHERE, SCHOOL, World

from hwb.directory.chain import Entry, Writer
from hwb.directory.store import write_log
from hwb.operations import provisioning
from hwb.operations.messages import pass_on
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
PATH = f"school/{SCHOOL}/activity/"
NOW = datetime(2018, 9, 5, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def autumn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWB_NOW", "2018-09-06T20:00")


@pytest.fixture
def acts(world: World) -> None:
    """The champion shows a password, looks somebody up and undoes the run; the other school shows one too."""
    champion = f"account {world.accounts[Role.CHAMPION].id}"
    own, other = str(world.learners["6G"][0].id), str(world.elsewhere[0].id)
    _write(
        SCHOOL, champion, Entry("password shown", "R42", "", SCHOOL, own), Entry("look-up", "R42", "", SCHOOL, other)
    )
    _write(ELSEWHERE, "tests", Entry("password shown", "R42", "slip", ELSEWHERE, other))
    _write(SCHOOL, "hwb", Entry("state", "R3", "left", SCHOOL, own))
    pass_on(school=SCHOOL, to=world.accounts[Role.MIS_ADMIN].id, count=2, task="L02",
            acting_account=world.accounts[Role.CHAMPION].id, acting_user=champion, now=NOW)  # fmt: skip


def _write(chain: str, actor: str, *entries: Entry) -> None:
    from django.db import connection

    with transaction.atomic(), connection.cursor() as cursor:
        write_log(cursor, list(entries), Writer(chain, actor, NOW))


def texts(answer: object) -> str:
    return " ".join(answer.content.decode().split())  # type: ignore[attr-defined]


def get(world: World, path: str = PATH, role: Role = Role.CHAMPION) -> str:
    answer = world.client(role).get(f"/en/{path}")
    assert answer.status_code == 200
    return texts(answer)


def test_acts_of_people_are_told_in_plain_words(world: World, acts: None) -> None:
    page = get(world)
    assert "Looked at a password" in page
    assert "Looked up a learner of another school by UPN" in page
    assert "Passed on records to put right" in page
    assert "Mali Champion" in page
    assert "Digital Champion" in page
    assert f"{world.learners['6G'][0].legal_forename} {world.learners['6G'][0].legal_surname}</a>" in page
    assert "Mali50" not in page  # another school's
    assert "A learner of another school" in page
    assert "Printed a password on a slip" not in page
    assert "Gave somebody a role: Digital Champion" in page  # by an operator, who is not named


def test_what_was_done_with_a_run_leads_to_it(world: World) -> None:
    assert world.run is not None
    champion = f"account {world.accounts[Role.CHAMPION].id}"
    provisioning.undo(run_id=world.run.id, acting_user=champion, now=NOW, on=NOW.date())
    page = get(world, role=Role.AUDITOR)  # the run had brought the Champion too
    assert "Undid a run" in page
    assert f"/runs/{world.run.id}/" in page


def test_filters_and_the_file(world: World, acts: None) -> None:
    rows = get(world, f"{PATH}?kind=passwords").split("<tbody")[1]
    assert "Looked at a password" in rows
    assert "Looked up" not in rows
    assert "Nothing in this period." in get(world, f"{PATH}?person={world.accounts[Role.HEAD].id}")
    assert "Looked at a password" in get(world, f"{PATH}?period=7&person={world.accounts[Role.CHAMPION].id}")
    answer = world.client(Role.HEAD).get(f"/cy/{PATH}acts.csv?kind=look-ups")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[arg-type]
    assert lines[0] == "Amser,Person,Rôl,Beth,Ynghylch"
    assert len(lines) == 2


def test_an_auditor_sees_acts_without_learners(world: World, acts: None) -> None:
    page = get(world, role=Role.AUDITOR)
    assert "Looked at a password" in page
    assert world.learners["6G"][0].legal_surname + "</a>" not in page
    for role in (Role.MIS_ADMIN, Role.TEACHER, Role.CLIENT_MANAGER, Role.OPERATOR, Role.AGENT):
        assert world.client(role).get(f"/en/{PATH}").status_code == 404


def test_one_language_and_few_queries(world: World, acts: None, django_assert_max_num_queries: object) -> None:
    entry = Entry("password shown", "R42", "", SCHOOL, str(world.learners["6G"][0].id))
    _write(SCHOOL, f"account {world.accounts[Role.CHAMPION].id}", *[entry] * 120)
    client = world.client(Role.CHAMPION)
    for language in ("en", "cy"):
        answer = client.get(f"/{language}/{PATH}?page=2")
        assert not foreign_texts(answer.content, language)
        assert len(answer.content) < 60_000
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        client.get(f"/en/{PATH}")


@pytest.mark.parametrize("language", ["en", "cy"])
def test_what_was_done_about_one_person(world: World, acts: None, language: str) -> None:
    """B20: whom it is about is searched by POST, and stands in the address by the account's id alone."""
    client, learner = world.client(Role.CHAMPION), world.learners["6G"][0]
    path = f"/{language}/{PATH}"
    one = client.post(path, {"search": learner.username}, follow=True)
    assert one.redirect_chain == [(f"{path}?about={learner.id}", 302)]
    rows = texts(one).split("<tbody")[1]
    assert rows.count("<tr") == 1
    assert learner.legal_forename in rows
    several = client.post(path, {"search": "Mali"}, follow=True)
    assert "Mali" not in several.redirect_chain[0][0]
    assert f"?about={world.learners['6G'][1].id}" in texts(several)
    nobody = client.post(path, {"search": "Nebuchadnezzar"}, follow=True)
    for answer in (one, several, nobody, client.get(f"{path}?about={learner.id}&from=2018-09-05")):
        assert answer.status_code == 200
        assert not foreign_texts(answer.content, language)
    assert len(b"".join(client.get(f"{path}acts.csv?about={learner.id}").streaming_content).splitlines()) == 2
    for other in (world.elsewhere[0].id, "x"):
        assert client.get(f"{path}?about={other}").status_code == 404


def test_an_auditor_asks_about_nobody(world: World, acts: None) -> None:
    client, learner = world.client(Role.AUDITOR), world.learners["6G"][0]
    assert 'name="search"' not in texts(client.get(f"/en/{PATH}"))
    assert "Looked up" in texts(client.get(f"/en/{PATH}?about={learner.id}"))
    assert learner.legal_forename not in texts(client.post(f"/en/{PATH}", {"search": learner.username}, follow=True))


@pytest.mark.parametrize(("query", "shown"), [
    ("from=2018-09-05&to=2018-09-05", True), ("from=2018-09-06", False), ("to=2018-09-04", False),
    ("from=yesterday", True), ("from=2018-09-06&to=2018-09-05", False),
])  # fmt: skip
def test_a_range_of_days(world: World, acts: None, query: str, shown: bool) -> None:
    """Both days are included; what is no day filters nothing."""
    page = get(world, f"{PATH}?kind=passwords&{query}")
    assert ("Nothing in this period." not in page) == shown
    assert ("6 September 2018" in page) == ("2018-09-06" in query)
