"""C3 and C4: clients, and registering one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.test import Client as Browser
from tests.support.client_keys import new_key
from tests.support.deliveries import register_schools
from tests.support.languages import foreign_texts
from tests.support.world import SCHOOL, World

from hwb.directory.models import Audit, Client, ClientSchool
from hwb.operations import clients
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
SECOND, FAR = SCHOOL[:3] + "2901", "6602999"
FORM = {"schools": SCHOOL, "mis": "sims", "computer": "Office server", "how": ""}


@pytest.fixture(autouse=True)
def far(world: World) -> None:
    register_schools(SECOND, FAR)


def enrolled(*schools: str, computer: str = "", takes_over: bool = False) -> UUID:
    at = datetime.now(UTC)
    made = clients.register(
        schools=schools, computer=computer, takes_over=takes_over, acting_user="tests", at=at, now=at
    )
    clients.enrol(code=made.code, public_key=new_key()[1], version="0.0.1", at=at, now=at)
    return made.client


def code_in(text: str) -> str:
    return re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", text)[0]  # type: ignore[index]


@pytest.mark.parametrize("language", ["en", "cy"])
def test_the_list_has_the_clients_of_own_schools_and_says_nothing_of_others(world: World, language: str) -> None:
    browser = world.client(Role.CLIENT_MANAGER)
    assert not foreign_texts(browser.get(f"/{language}/area/clients/").content, language)
    own, mixed, other = enrolled(SCHOOL, computer="Office"), enrolled(SECOND, FAR), enrolled(FAR)
    answer = browser.get(f"/{language}/area/clients/")
    text = answer.content.decode()
    assert not foreign_texts(answer.content, language)
    assert f"/{own}/" in text
    assert f"/{mixed}/" in text
    assert str(other) not in text
    assert FAR not in text
    assert not foreign_texts(browser.get(f"/{language}/area/clients/{own}/").content, language)
    assert browser.get(f"/{language}/area/clients/{other}/").status_code == 404


def test_what_needs_attention_can_be_filtered(world: World) -> None:
    silent, ending, well = enrolled(SCHOOL), enrolled(SECOND), enrolled(SECOND)
    at = datetime.now(UTC)
    Client.objects.filter(id=silent).update(last_contact=at - timedelta(hours=25), version="99.0.0")
    Client.objects.filter(id=ending).update(expires=at + timedelta(days=29), version="99.0.0")
    for needs, wanted in (("silent", silent), ("expires", ending), ("behind", well)):
        text = world.client(Role.CLIENT_MANAGER).get(f"/en/area/clients/?needs={needs}").content.decode()
        assert [each for each in (silent, ending, well) if str(each) in text] == [wanted]


def test_a_registered_client_gets_a_code_once_and_is_seen_to_connect(world: World) -> None:
    browser = world.client(Role.AREA_OFFICER)
    for language in ("en", "cy"):
        assert not foreign_texts(browser.get(f"/{language}/area/clients/register/").content, language)
    answer = browser.post("/en/area/clients/register/", FORM)
    text = answer.content.decode()
    made = Client.objects.get()
    assert made.computer == "Office server"
    assert "hwb-client enrol --server" in text
    assert f"hwb-client check --school {SCHOOL} --mis sims" in text
    status = f"/en/area/clients/{made.id}/"
    assert "has not connected yet" in browser.get(status).content.decode()
    assert code_in(text) not in browser.get(status).content.decode()
    at = datetime.now(UTC)
    clients.enrol(code=code_in(text), public_key=new_key()[1], version="1", at=at, now=at)
    assert "The client has connected." in browser.get(status).content.decode()
    account = world.accounts[Role.AREA_OFFICER].id
    assert Audit.objects.filter(action="client registered", actor=f"account {account}").exists()


@pytest.mark.parametrize("school", [FAR, "6609999", "12", "", "671204é"])
def test_a_school_that_is_not_ones_own_is_refused_as_one_that_is_not_there(world: World, school: str) -> None:
    answer = world.client(Role.CLIENT_MANAGER).post("/en/area/clients/register/", {**FORM, "schools": school})
    assert "Error:" in answer.content.decode()
    assert "Office server" in answer.content.decode()
    assert not Client.objects.exists()


@pytest.mark.parametrize(("how", "revoked"), [("replace", True), ("standby", False)])
def test_a_school_with_a_client_needs_a_choice_and_replacing_waits_for_the_new_one(
    world: World, how: str, revoked: bool
) -> None:
    old = enrolled(SCHOOL)
    browser = world.client(Role.CLIENT_MANAGER)
    assert "has a client already" in browser.post("/en/area/clients/register/", FORM).content.decode()
    assert Client.objects.count() == 1
    code = code_in(browser.post("/en/area/clients/register/", {**FORM, "how": how}).content.decode())
    assert Client.objects.get(id=old).revoked_at is None
    at = datetime.now(UTC)
    clients.enrol(code=code, public_key=new_key()[1], version="1", at=at, now=at)
    assert (Client.objects.get(id=old).revoked_at is not None) == revoked


def test_a_client_that_replaces_leaves_the_other_schools_of_the_old_one(world: World) -> None:
    old = enrolled(SECOND, FAR)
    new = enrolled(SECOND, takes_over=True)
    assert Client.objects.get(id=old).revoked_at is None
    assert [row.school for row in ClientSchool.objects.filter(client=old)] == [FAR]
    assert [row.school for row in ClientSchool.objects.filter(client=new)] == [SECOND]
    assert Audit.objects.filter(action="client replaced").exists()


def test_renewing_and_retiring_are_for_clients_whose_schools_are_all_ones_own(world: World) -> None:
    own, mixed = enrolled(SCHOOL, computer="Office"), enrolled(SECOND, FAR)
    browser = world.client(Role.CLIENT_MANAGER)
    for act in ("renew", "retire"):
        for method in (browser.get, browser.post):
            assert method(f"/en/area/clients/{mixed}/{act}/").status_code == 404
        for language in ("en", "cy"):
            assert not foreign_texts(browser.get(f"/{language}/area/clients/{own}/{act}/").content, language)
    assert Client.objects.filter(revoked_at=None).count() == 2
    text = browser.post(f"/en/area/clients/{own}/renew/").content.decode()
    at = datetime.now(UTC)
    clients.enrol(code=code_in(text), public_key=new_key()[1], version="1", at=at, now=at)
    assert Client.objects.get(id=own).revoked_at is not None
    newest = Client.objects.get(computer="Office", revoked_at=None).id
    assert browser.post(f"/en/area/clients/{newest}/retire/").status_code == 302
    assert Client.objects.get(id=newest).revoked_at is not None


def test_a_school_registers_for_itself_and_the_nation_for_all(world: World) -> None:
    for role in (Role.CHAMPION, Role.OPERATOR):
        browser: Browser = world.client(role)
        text = browser.post("/en/area/clients/register/", {**FORM, "how": "standby"}).content.decode()
        address = re.search(r"/en/area/clients/[0-9a-f-]{36}/", text)
        assert address is not None
        assert browser.get(address[0]).status_code == 200
    assert world.client(Role.CHAMPION).get("/en/area/clients/").status_code == 404
    assert world.client(Role.TEACHER).get("/en/area/clients/register/").status_code == 404


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_client_is_renamed_and_advised(world: World, language: str) -> None:
    """C3: a name that people know it by, and a time of day with the command that sets it; both written down."""
    browser = world.client(Role.CLIENT_MANAGER)
    own, mixed = enrolled(SCHOOL, computer="Office"), enrolled(SECOND, FAR)
    Client.objects.filter(id=own).update(report={"schools": [{"school": SCHOOL, "schedule": "windows 02:10:07"}]})
    at = f"/{language}/area/clients/{own}/"
    name, time = f"{at}name/", f"{at}time/"
    pages = [browser.get(at), browser.get(name), browser.get(time), browser.post(name, {"computer": " "}),
             browser.post(time, {"at": "01:30"})]  # fmt: skip
    assert browser.post(name, {"computer": "Library"}).status_code == 302
    assert browser.post(time, {"at": "4.30"}).status_code == 302
    pages += [browser.get(at), browser.get(f"/{language}/area/clients/")]
    assert "hwb-client schedule windows --at 04:30 --out tasks" in pages[-2].content.decode()
    assert "Library" in pages[-1].content.decode()
    assert "04:30" in pages[-1].content.decode()
    for answer in pages:
        assert answer.status_code == 200
        assert not foreign_texts(answer.content, language)
    Client.objects.filter(id=own).update(report={"schools": [{"school": SCHOOL, "schedule": "windows 04:30:07"}]})
    assert "hwb-client schedule" not in browser.get(at).content.decode()
    for action in ("client renamed", "client advised"):
        assert Audit.objects.filter(action=action).count() == 1
    for rest in ("name/", "time/"):
        assert browser.post(f"/en/area/clients/{mixed}/{rest}", {"computer": "x", "at": "04:30"}).status_code == 404


def test_a_contact_is_told_on_the_calendar_that_is_rehearsed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients are heard from by the real clock; a page of a rehearsed September does not say November."""
    own = enrolled(SCHOOL)
    Client.objects.filter(id=own).update(last_contact=datetime.now(UTC) - timedelta(minutes=5))
    monkeypatch.setenv("HWB_NOW", "2018-09-04T10:00")
    browser = world.client(Role.CLIENT_MANAGER)
    for path in ("/en/area/clients/", f"/en/area/clients/{own}/", f"/en/area/school/{SCHOOL}/"):
        assert re.search("4 September 2018, 09:5[45]", browser.get(path).content.decode()), path
