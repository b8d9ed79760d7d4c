"""What small children have at services: as long as their session in Hwb and no longer (issue 6 points 3 and 8)."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.idp.oidc.models import Token
from django.test import Client
from tests.support.relying_party import Party, answer_of, party
from tests.support.world import OWN_CLASS, SCHOOL, World, build

from hwb import clock
from hwb.directory.models import Account, ClassDevice, ClassPlace, ClassSession, ServiceLogOut, ServiceSignIn
from hwb.jobs import tasks
from hwb.operations import accounts, badges, child_pictures, class_sessions, service_sign_ins
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
THREE = ("cat", "sun", "key")
SCHOOLS_ADDRESS = "192.0.2.10"
CLASS_PAGE = f"/en/school/{SCHOOL}/class/sign-in/"


@pytest.fixture
def world() -> World:
    return build()


@pytest.fixture
def child(world: World) -> Account:
    account = world.learners[OWN_CLASS][1]
    child_pictures.choose(account=account.id, school=SCHOOL, pictures=THREE, acting_user="tests", now=clock.now())
    return account


@pytest.fixture
def maths(world: World) -> Party:
    return party(schools=(SCHOOL,), logout_uri="https://maths.example/out")


def touch(device: Client) -> Client:
    for one in THREE:
        device.post("/en/pictures/", {"picture": one})
    assert device.get("/en/account/").status_code == 200
    return device


def by_badge(child: Account) -> Client:
    found = badges.codes(accounts=[child.id], school=SCHOOL, acting_user="tests", now=clock.now())
    device = Client()
    device.post("/en/badge/", {"code": found[child.id]})
    return touch(device)


def start(world: World) -> tuple[Client, str]:
    teacher = world.client(Role.TEACHER, REMOTE_ADDR=SCHOOLS_ADDRESS)
    teacher.post(f"{CLASS_PAGE}?name={OWN_CLASS}")
    found = re.search(r'hwb-code"[^>]*>(\w{6})<', teacher.get(f"{CLASS_PAGE}?name={OWN_CLASS}").content.decode())
    assert found is not None
    return teacher, found[1]


def in_class(child: Account, code: str) -> Client:
    device = Client(REMOTE_ADDR=SCHOOLS_ADDRESS)
    device.post("/en/class/", {"code": code})
    device.post("/en/class/", {"child": str(child.id)})
    return touch(device)


def tokens(maths: Party, browser: Client) -> dict[str, Any]:
    answer = maths.redeem(maths.code(browser))
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def assert_out(maths: Party, got: dict[str, Any], code: str) -> None:
    """Of every door that a service has, and the service is to be told of each sign-in."""
    assert maths.userinfo(got["access_token"]).status_code == 401
    assert maths.introspect(got["access_token"]) == {"active": False}
    assert maths.redeem(code).status_code == 400
    assert not Token.objects.exclude(type="sp").exists()
    assert ServiceLogOut.objects.filter(due_at__isnull=False).count() == 2


@pytest.mark.parametrize("way", ["badge", "class"])
def test_children_get_no_token_that_outlives_their_hour(world: World, child: Account, maths: Party, way: str) -> None:
    """No refresh token, whatever the service asked for; an access token ends with the session at the latest."""
    device = by_badge(child) if way == "badge" else in_class(child, start(world)[1])
    session = device.session
    session["ends"] = (datetime.now(UTC) + timedelta(minutes=4)).timestamp()
    session.save()
    got = tokens(maths, device)
    assert "refresh_token" not in got
    assert "offline_access" not in got.get("scope", "").split()
    assert 0 < got["expires_in"] <= 240
    assert Token.objects.get(type="at").expires_at.timestamp() <= session["ends"]
    assert maths.told(got["id_token"])["exp"] <= session["ends"]
    assert "refresh_token" in tokens(maths, world.client(Role.LEARNER))  # who gave a password keeps theirs


def test_the_end_of_the_class_session_ends_what_its_children_have_at_services(
    world: World, child: Account, maths: Party
) -> None:
    teacher, class_code = start(world)
    device = in_class(child, class_code)
    got, code = tokens(maths, device), maths.code(device)
    teacher.post(f"{CLASS_PAGE}end/?name={OWN_CLASS}")
    assert_out(maths, got, code)
    assert not ClassPlace.objects.exists()


def test_a_new_class_session_ends_the_one_before_in_services_too(world: World, child: Account, maths: Party) -> None:
    _, class_code = start(world)
    device = in_class(child, class_code)
    got, code = tokens(maths, device), maths.code(device)
    start(world)
    assert_out(maths, got, code)


def test_the_end_of_the_hour_ends_it_without_anybody_coming_by(child: Account, maths: Party) -> None:
    """The codes and tokens at the moment itself; the service is told within the minute."""
    device = by_badge(child)
    got, code = tokens(maths, device), maths.code(device)
    ServiceSignIn.objects.update(ends_at=datetime.now(UTC) - timedelta(seconds=1))
    assert maths.userinfo(got["access_token"]).status_code == 401
    assert maths.introspect(got["access_token"]) == {"active": False}
    assert maths.redeem(code).status_code == 400
    service_sign_ins.end_due(at=datetime.now(UTC))
    assert_out(maths, got, code)


def test_the_queue_looks_each_minute_for_hours_that_are_over(child: Account, maths: Party, monkeypatch: Any) -> None:
    monkeypatch.setattr("hwb.jobs.service_log_outs.start_telling", lambda: None)
    tokens(maths, by_badge(child))
    tasks.tell_services(timestamp=0)
    assert ServiceSignIn.objects.get().ended_at is None
    ServiceSignIn.objects.update(ends_at=datetime.now(UTC) - timedelta(seconds=1))
    tasks.tell_services(timestamp=0)
    assert ServiceSignIn.objects.get().ended_at is not None


def test_a_childs_session_that_is_over_at_its_next_click_is_over_at_services(child: Account, maths: Party) -> None:
    device = by_badge(child)
    got, code = tokens(maths, device), maths.code(device)
    session = device.session
    session["ends"] = datetime.now(UTC).timestamp() - 1
    session.save()
    assert device.get("/en/account/")["Location"] == "/en/badge/"
    assert_out(maths, got, code)


def test_a_device_that_the_teacher_refuses_loses_its_child_at_once(world: World, child: Account, maths: Party) -> None:
    teacher, class_code = start(world)
    device = in_class(child, class_code)
    got, code = tokens(maths, device), maths.code(device)
    decide = f"{CLASS_PAGE}devices/{ClassDevice.objects.get().id}/?name={OWN_CLASS}"
    teacher.post(decide, {"out": "1"})
    assert_out(maths, got, code)
    assert device.get("/en/account/")["Location"] == "/en/class/?ended=1"
    teacher.post(decide, {"in": "1"})  # the device, not who sat at it
    assert device.get("/en/account/").status_code == 302


def test_an_account_that_becomes_inactive_loses_its_place_in_the_same_transaction(world: World, child: Account) -> None:
    """Nobody has to come by; and whoever is switched on again has no place."""
    _, class_code = start(world)
    device = in_class(child, class_code)
    assert ClassPlace.objects.filter(account=child).count() == 1
    now = clock.now()
    how = {"school": SCHOOL, "acting_user": "tests", "now": now, "on": now.date(), "reason": "test"}
    accounts.deactivate(username=child.username, **how)
    assert not ClassPlace.objects.exists()
    accounts.reactivate(username=child.username, **how)
    assert device.get("/en/account/").status_code == 302


def test_no_place_is_taken_in_a_session_that_is_over(world: World, child: Account) -> None:
    start(world)
    session = ClassSession.objects.get()
    asked = {"session": session.id, "device": "d", "account": child.id}
    assert class_sessions.take_place(**asked, at=datetime.now(UTC)) is None  # the device is not in
    code = class_sessions.code_of(session=session.id, school=SCHOOL)
    class_sessions.join(typed=code, device="d", address=SCHOOLS_ADDRESS, at=datetime.now(UTC))
    assert class_sessions.take_place(**asked, at=datetime.now(UTC) + timedelta(hours=1)) is None
    place = class_sessions.take_place(**asked, at=datetime.now(UTC))
    assert place is not None
    assert class_sessions.take_place(**asked, at=datetime.now(UTC)) != place
    class_sessions.forget_old(at=datetime.now(UTC) + timedelta(days=3))
    assert not ClassPlace.objects.exists()


def signed_in_at(device: Client, page: str, child: Account, code: str) -> Any:
    """A child on its way through the sign-in's own links and forms, from a page that leads there; the last answer."""
    signs_in = device.get(page, follow=True).content.decode()
    kind = "class" if len(code) == 6 else "badge"
    way = html.unescape(re.search(f'href="(/en/{kind}/[^"]*)"', signs_in)[1])  # type: ignore[index]
    if b'name="child"' not in device.get(way).content:  # the device is the class's already
        way = device.post(way, {"code": code})["Location"]
    if kind == "class":
        way = device.post(way, {"child": str(child.id)})["Location"]
    for one in THREE:
        answer = device.post(way, {"picture": one})
        way = answer["Location"]
    return answer


@pytest.fixture(params=["badge", "class"])
def code(request: pytest.FixtureRequest, world: World, child: Account) -> str:
    """Of the child's badge, or of its class."""
    if request.param == "class":
        return start(world)[1]
    return badges.codes(accounts=[child.id], school=SCHOOL, acting_user="tests", now=clock.now())[child.id]


@pytest.mark.parametrize("demanded", [{}, {"prompt": "login"}])
def test_a_child_is_led_on_to_the_service_that_sent_it(
    child: Account, code: str, maths: Party, demanded: dict[str, str]
) -> None:
    device = Client(REMOTE_ADDR=SCHOOLS_ADDRESS)
    if demanded:  # somebody is in already
        signed_in_at(device, "/en/sign-in/", child, code)
    answer = signed_in_at(device, maths.request(**demanded), child, code)
    assert answer["Location"].startswith("/en/authorize/")
    assert "code" in answer_of(device.get(answer["Location"]))
    device.post("/en/sign-out/")
    for page in ("/en/sign-in/", "/en/sign-in/?next=//evil.example/"):
        answer = signed_in_at(device, page, child, code)
        assert answer["Location"] == "/en/"  # the next child goes nowhere of the one before
        device.post("/en/sign-out/")


def test_a_child_is_led_on_to_the_page_that_it_wanted(child: Account, code: str) -> None:
    """Through wrong pictures and back from them, too."""
    device = Client(REMOTE_ADDR=SCHOOLS_ADDRESS)
    assert signed_in_at(device, "/en/account/", child, code)["Location"] == "/en/account/"
    device.post("/en/sign-out/")
    kind = "class" if len(code) == 6 else "badge"
    way = device.post(f"/en/{kind}/?next=/en/account/", {"child": str(child.id), "code": code})["Location"]
    for one in ("moon", "moon", "moon"):
        assert device.post(way, {"picture": one}).status_code in (200, 302)
    back = device.post(way, {"nobody": "1"})["Location"]
    assert back == f"/en/{kind}/?next=%2Fen%2Faccount%2F"


def test_signing_out_gives_the_place_up(world: World, child: Account) -> None:
    device = in_class(child, start(world)[1])
    device.post("/en/sign-out/")
    assert not ClassPlace.objects.exists()
