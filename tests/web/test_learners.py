"""Learners, records, classes, slips (ux.md B7, B8, B9, B22): who sees what, and what is recorded."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.support.deliveries import deliver, learner_row
from tests.support.languages import foreign_texts
from tests.support.people import upn
from tests.support.world import ELSEWHERE, OTHER_CLASS, OWN_CLASS, SCHOOL, World

from hwb.directory.models import Account, Audit, SlipSheet
from hwb.directory.queries import timeline
from hwb.operations import passwords
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
NOW = datetime(2018, 7, 3, 9, tzinfo=UTC)
LIST = f"school/{SCHOOL}/learners/"
CLASS = f"school/{SCHOOL}/class/"


def made(world: World, *classes: str) -> None:
    """A password made here for everybody of these classes."""
    for name in classes:
        for account in world.learners[name]:
            passwords.reset(account=account.id, school=SCHOOL, acting_user="tests", now=NOW)


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


@pytest.mark.parametrize("language", ["en", "cy"])
def test_every_page_is_in_one_language_within_twelve_queries(world: World, language: str) -> None:
    client = world.client(Role.CHAMPION)
    made(world, OWN_CLASS)
    record = world.learners[OWN_CLASS][1].id
    for page in (
        LIST, f"{LIST}?view=leavers", f"{LIST}?view=all&year=6", f"{LIST}?password=cannot&sign-in=never",
        f"{LIST}{record}/", f"{CLASS}?name={OWN_CLASS}", f"{CLASS}list/?name={OWN_CLASS}",
        f"{CLASS}print/?name={OWN_CLASS}", f"{CLASS}print/?learner={record}", f"{CLASS}?name=9Z",
    ):  # fmt: skip
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(f"/{language}/{page}")
        assert answer.status_code == 200, page
        assert not foreign_texts(answer.content, language), page
        assert len(asked) <= 12, (page, len(asked), [query["sql"][:90] for query in asked])
        assert len(answer.content) < 60_000


def test_the_list_counts_filters_and_says_passwords(world: World) -> None:
    client = world.client(Role.CHAMPION)
    made(world, OWN_CLASS)
    page = text_of(client.get(f"/en/{LIST}"))
    assert "Learners (6)" in page
    assert "Year 6 (3)" in page
    assert "Can be shown" in page
    assert "None yet" in page
    assert "Learners (3)" in text_of(client.get(f"/en/{LIST}?password=cannot"))
    assert "Learners (3)" in text_of(client.get(f"/en/{LIST}?password=visible"))
    assert "Learners (0)" in text_of(client.get(f"/en/{LIST}?account=inactive"))
    assert "No learner matches these filters." in text_of(client.get(f"/en/{LIST}?account=inactive"))


def test_a_search_travels_by_post_and_stays_out_of_addresses(world: World) -> None:
    client = world.client(Role.CHAMPION)
    for typed in ("mali2", upn(2), world.learners[OWN_CLASS][1].username):
        answer = client.post(f"/en/{LIST}", {"search": typed})
        assert answer.status_code == 302
        assert typed not in answer.headers["Location"]
        found = client.get(answer.headers["Location"])
        assert "Learners (1)" in text_of(found)
        assert world.client(Role.HEAD).get(answer.headers["Location"]).status_code == 200


def test_an_empty_search_offers_similar_names_and_carries_the_text_on(world: World) -> None:
    client = world.client(Role.CHAMPION)
    answer = client.post(f"/cy/{LIST}", {"search": "Malli1"}, follow=True)
    page = text_of(answer)
    assert "Enwau tebyg" in page
    assert "Nid oes dysgwr o'r ysgol hon yn cyfateb." in page.replace("&#x27;", "'")
    assert not foreign_texts(answer.content, "cy")


def test_a_teacher_sees_own_classes_only(world: World) -> None:
    client = world.client(Role.TEACHER)
    page = text_of(client.get(f"/en/{LIST}?view=all"))
    assert "Learners (3)" in page
    assert "Year 5" not in page
    assert "Leavers (" not in page
    assert client.get(f"/en/{CLASS}?name={OTHER_CLASS}").status_code == 404
    assert client.get(f"/en/{CLASS}print/?name={OTHER_CLASS}").status_code == 404
    assert client.get(f"/en/{CLASS}print/?learner={world.learners[OTHER_CLASS][0].id}").status_code == 404
    other = [str(account.id) for account in world.learners[OTHER_CLASS]]
    assert client.post(f"/en/{CLASS}print/", {"account": other}).status_code == 404
    mine = client.get(f"/cy/school/{SCHOOL}/my-classes/")
    assert OWN_CLASS in text_of(mine)
    assert OTHER_CLASS not in text_of(mine)
    assert not foreign_texts(mine.content, "cy")


def test_a_download_has_no_passwords_and_no_formulas(world: World) -> None:
    made(world, OWN_CLASS)
    seen = passwords.show(account=world.learners[OWN_CLASS][0].id, school=SCHOOL, acting_user="tests", now=NOW)
    answer = world.client(Role.CHAMPION).get(f"/en/{LIST}download/?year=6")
    content = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert len(content.splitlines()) == 4
    assert seen.password not in content


def test_chosen_learners_go_on_to_the_act_as_they_were_sent(world: World) -> None:
    client = world.client(Role.CHAMPION)
    answer = client.post(f"/en/{LIST}", {"act": "slips"})
    assert "Choose at least one learner" in text_of(answer)
    assert "<title>Error:" in answer.content.decode()
    account = str(world.learners[OWN_CLASS][0].id)
    answer = client.post(f"/en/{LIST}", {"act": "slips", "account": [account]})
    assert answer.status_code == 307
    answer = client.post(f"/en/{LIST}?year=6", {"act": "slips", "everyone": "1"})
    assert answer.content.decode().count('name="account"') == 3


def test_a_class_says_how_many_can_sign_in(world: World) -> None:
    made(world, OWN_CLASS)
    passwords.reset(account=world.learners[OTHER_CLASS][0].id, school=SCHOOL, acting_user="tests", now=NOW)
    Account.objects.filter(id=world.learners[OTHER_CLASS][1].id).update(active=False)
    page = text_of(world.client(Role.CHAMPION).get(f"/en/{CLASS}?name={OTHER_CLASS}"))
    assert "1 of 3 can sign in. 1 has no password yet. 1 is inactive." in page
    page = text_of(world.client(Role.CHAMPION).get(f"/cy/{CLASS}?name={OTHER_CLASS}"))
    assert "Gall 1 o 3 fewngofnodi. Mae 1 heb gyfrinair eto. Mae 1 yn anweithredol." in page


def test_showing_a_password_is_recorded_never_cached_and_gone_after_half_a_minute(world: World) -> None:
    made(world, OWN_CLASS)
    account = world.learners[OWN_CLASS][0].id
    address = f"/en/school/{SCHOOL}/people/{account}/password/show/"
    client = world.client(Role.CHAMPION)
    before = Audit.objects.filter(action="password shown").count()
    assert client.get(address).status_code == 302
    assert Audit.objects.filter(action="password shown").count() == before
    answer = client.post(address)
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Refresh"].startswith("30; url=/en/")
    assert Audit.objects.filter(action="password shown", account=account).count() == before + 1
    assert world.client(Role.HEAD).post(address).status_code == 404
    asked = world.client(Role.CHAMPION, fresh=False).post(address)
    assert "Give your password again" in text_of(asked)
    record = text_of(client.get(f"/en/{LIST}{account}/?kind=password"))
    assert "Password shown" in record
    assert "Account created" not in record


def test_slips_are_recorded_and_close(world: World) -> None:
    made(world, OWN_CLASS)
    client = world.client(Role.CHAMPION)
    choice = {"who": "all", "languages": "both", "size": "8"}
    answer = client.post(f"/en/{CLASS}print/?name={OWN_CLASS}", choice)
    assert answer.status_code == 307
    address = answer.headers["Location"]
    assert not Audit.objects.filter(action="password shown").exists()
    assert "Show the slips" in text_of(client.get(address))
    shown = client.post(address)
    assert shown.content.decode().count('class="hwb-slip"') == 3
    assert "no-store" in shown.headers["Cache-Control"]
    assert not foreign_texts(shown.content, "en")
    assert Audit.objects.filter(action="password shown", reason_code="slip").count() == 3
    assert upn(1) not in shown.content.decode()
    for other in (Role.TEACHER, Role.HEAD):
        assert world.client(other).post(address).status_code == 404
    assert client.post(f"{address}handed-out/").status_code == 302
    closed = client.post(address)
    assert closed.status_code == 410
    assert "hwb-slip" not in closed.content.decode()
    assert Audit.objects.filter(action="password shown").count() == 3
    assert "Slip printed" in text_of(client.get(f"/en/{CLASS}?name={OWN_CLASS}"))


def test_slips_close_by_themselves_after_a_quarter_of_an_hour(world: World) -> None:
    made(world, OWN_CLASS)
    client = world.client(Role.CHAMPION)
    address = client.post(
        f"/cy/{CLASS}print/?name={OWN_CLASS}", {"who": "new", "languages": "cy", "size": "4"}
    ).headers["Location"]
    sheet = SlipSheet.objects.get()
    assert timedelta(minutes=14) < sheet.closes_at - datetime.now(UTC) <= timedelta(minutes=15)
    SlipSheet.objects.update(closes_at=datetime.now(UTC))
    answer = client.post(address)
    assert answer.status_code == 410
    assert not foreign_texts(answer.content, "cy")


def test_slips_show_only_what_can_be_shown(world: World) -> None:
    made(world, OWN_CLASS)
    first, second, third = (account.id for account in world.learners[OWN_CLASS])
    # a chosen password is one that has a hash and no made one
    Account.objects.filter(id=first).update(password="argon2$x")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM first_password WHERE account IN (%s, %s)", [first, second])
    client = world.client(Role.CHAMPION)
    choice = client.get(f"/en/{CLASS}print/?name={OWN_CLASS}")
    assert "For 1 learner a password must be made first" in text_of(choice)
    answer = client.post(f"/en/{CLASS}print/?name={OWN_CLASS}", {"who": "all", "languages": "en", "size": "1"})
    shown = text_of(client.post(answer.headers["Location"]))
    assert shown.count("Password set by the learner") == 1
    assert set(SlipSheet.objects.get().accounts) == {first, third}


def test_a_new_school_sees_that_something_happened_elsewhere_and_not_who_did_it(world: World) -> None:
    """ux.md B9: without names of staff, classes or sign-ins of the earlier school."""
    account = Account.objects.get(upn=upn(2))
    staff = world.accounts[Role.CHAMPION]
    passwords.reset(account=account.id, school=SCHOOL, acting_user=f"account {staff.id}", now=NOW)
    own = text_of(world.client(Role.CHAMPION).get(f"/en/{LIST}{account.id}/"))
    assert f"{staff.legal_surname}" in own
    numbers = (1, 2, 3)
    stay = [learner_row(n, registration_group="6G") for n in numbers if n != 2]
    others = [learner_row(n, registration_group="5M", year_group="5") for n in (4, 5, 6)]
    gone = learner_row(2, registration_group="6G", leaving_date=NOW.date())
    deliver([*stay, *others, gone], school=SCHOOL, on=NOW.date())
    arrived = NOW.date() + timedelta(days=2)
    new = learner_row(2, registration_group="7B", year_group="7", start_date=arrived)
    deliver([learner_row(50), learner_row(51), new], school=ELSEWHERE, on=arrived)
    account.refresh_from_db()
    seen = timeline.events(account=account.id, school=ELSEWHERE, began=arrived, left=None)
    assert {"claim", "password reset", "create"} <= {event.action for event in seen}
    for event in seen:
        if event.school:
            assert (event.by, event.name, event.run) == ("nobody", "", None)
            assert not event.before
            assert not event.after
    former = timeline.events(account=account.id, school=SCHOOL, began=NOW.date(), left=NOW.date())
    assert "claim" not in {event.action for event in former}
    page = text_of(world.client(Role.CHAMPION).get(f"/en/{LIST}{account.id}/"))
    assert "7B" not in page
    assert ELSEWHERE not in page


def test_details_of_a_change_are_read_with_the_persons_key(world: World) -> None:
    account = Account.objects.get(upn=upn(2))
    rows = [learner_row(n, registration_group="6G") for n in (1, 3)]
    rows += [learner_row(n, registration_group="5M", year_group="5") for n in (4, 5, 6)]
    rows.append(learner_row(2, registration_group="6G", legal_surname="Llywelyn"))
    deliver(rows, school=SCHOOL, on=NOW.date())
    client = world.client(Role.CHAMPION)
    assert "Legal surname Reesc Llywelyn" in text_of(client.get(f"/en/{LIST}{account.id}/"))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM person_key WHERE account = %s", [account.id])
    page = text_of(client.get(f"/en/{LIST}{account.id}/"))
    assert "can no longer be read" in page
    assert "Reesc" not in page


def test_other_schools_and_unknown_people_are_not_found(world: World) -> None:
    client = world.client(Role.CHAMPION)
    assert client.get(f"/en/{LIST}{world.elsewhere[0].id}/").status_code == 404
    assert client.get(f"/en/school/{ELSEWHERE}/learners/").status_code == 404
    assert client.post(f"/en/{CLASS}print/", {"account": [str(world.elsewhere[0].id)]}).status_code == 404
    assert client.post(f"/en/{CLASS}print/", {"account": ["nobody"]}).status_code == 404


def test_a_search_without_a_result_goes_on_in_find_my_learner(world: World) -> None:
    """B7: the text is carried over, and answered at once; a UPN travels by POST only."""
    client, asked = world.client(Role.CHAMPION), world.elsewhere[0].upn
    page = client.post(f"/en/{LIST}", {"search": asked}, follow=True)
    found = re.search(
        r'<form method="post" action="([^"]+find-learner/)">.*?name="asked" value="([^"]+)"',
        page.content.decode(),
        re.DOTALL,
    )
    assert found is not None
    assert found[2] == asked
    answer = client.post(found[1], {"asked": found[2], "what": "one"}, follow=True)
    assert asked in text_of(answer)
    assert "Whose turn it is" in text_of(answer)
    assert asked not in answer.redirect_chain[-1][0]


def test_an_active_account_is_nobodys_turn_on_its_own_record(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWB_NOW", "2018-07-03T09:00:00+00:00")
    page = text_of(world.client(Role.CHAMPION).get(f"/en/{LIST}{world.learners[OWN_CLASS][1].id}/"))
    assert "already has an active account here" in page
    assert "Whose turn it is" not in page
