"""Your account (A8): who one is, how one signs in, where one is signed in."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from tests.support.languages import foreign_texts
from tests.support.second_step import set_up
from tests.support.world import PASSWORD, SCHOOL, World

from hwb.directory.models import Audit, SessionDevice
from hwb.directory.queries.messages import choice
from hwb.operations import sessions
from hwb.web import browsers
from hwb.web.policy import Role
from hwb.web.session import SEEN

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
TABLET = "Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile/15E148 Safari/604.1"
CHROMEBOOK = "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36"


def signed_in(world: World, agent: str, role: Role = Role.STAFF) -> Client:
    client = Client(headers={"user-agent": agent})
    client.post("/en/sign-in/", {"username": world.accounts[role].username, "password": PASSWORD})
    return client


def ends(page: str) -> list[str]:
    return re.findall(r'action="(/en/account/sessions/[0-9a-f-]+/end/)"', page)


@pytest.mark.parametrize(
    ("agent", "named"),
    [
        (FIREFOX, ("Firefox", "Windows")),
        (TABLET, ("Safari", "iPad")),
        (CHROMEBOOK, ("Chrome", "ChromeOS")),
        ("x", ("", "")),
        ("", ("", "")),
    ],
)
def test_devices_have_names(agent: str, named: tuple[str, str]) -> None:
    assert browsers.named(agent) == named


def test_one_session_is_ended_and_the_others_stay(world: World) -> None:
    """Seen from the tablet: the other one can be ended, the own one is "now"."""
    desk, tablet = signed_in(world, FIREFOX), signed_in(world, TABLET)
    page = tablet.get("/en/account/").content.decode()
    assert "Firefox on Windows" in page
    assert "Safari on iPad" in page
    assert page.count("This device, now") == 1
    assert desk.cookies["sessionid"].value not in page
    (address,) = ends(page)
    tablet.post(address)
    assert desk.get("/en/account/").status_code == 302
    after = tablet.get("/en/account/").content.decode()
    assert "You are signed out there." in after
    assert "Firefox" not in after
    assert Audit.objects.filter(action="session ended").count() == 1
    assert tablet.post(address).status_code == 302
    assert Audit.objects.filter(action="session ended").count() == 1


def test_nobody_ends_another_persons_session(world: World) -> None:
    theirs, own = signed_in(world, FIREFOX), signed_in(world, TABLET, Role.LEARNER)
    device = SessionDevice.objects.get(browser="Firefox")
    own.post(f"/en/account/sessions/{device.id}/end/")
    assert theirs.get("/en/account/").status_code == 200


def test_sessions_that_are_over_are_not_shown(world: World) -> None:
    """Signed out, idle for too long, ended everywhere; their rows go with the next cleaning."""
    here = signed_in(world, CHROMEBOOK)
    signed_in(world, FIREFOX).post("/en/sign-out/")
    idle = signed_in(world, TABLET)
    store = idle.session
    store[SEEN] = time.time() - 31 * 60
    store.save()
    page = here.get("/en/account/").content.decode()
    assert "Firefox" not in page
    assert "iPad" not in page
    assert SessionDevice.objects.count() == 3
    sessions.forget_expired(at=datetime.now(UTC))
    assert SessionDevice.objects.count() == 3  # one that begins at this moment has no row of its session yet
    sessions.forget_expired(at=datetime.now(UTC) + timedelta(minutes=11))
    assert SessionDevice.objects.count() == 2


def test_what_stands_there(world: World) -> None:
    """Name, school, password with its date, second step, language; both languages."""
    set_up(world.accounts[Role.CHAMPION].id)
    client = world.client(Role.CHAMPION)
    client.post("/en/password/", {"present_password": PASSWORD, "new_password": "tair afon dawel"})
    page = client.get("/en/account/").content.decode()
    for said in (
        "Last changed on",
        "App that gives codes",
        "Welsh and English, Welsh first",
        world.accounts[Role.CHAMPION].email,
    ):
        assert said in page, said
    assert not foreign_texts(client.get("/cy/account/").content, "cy")


def test_pages_begin_in_the_language_that_was_chosen(world: World) -> None:
    """On any device; a page that was asked for comes as asked, and the link at the top changes it for a visit."""
    client = signed_in(world, FIREFOX)
    client.post("/en/account/messages/", {"pages": "cy", "language": "both", "digests": "yes"})
    assert "Welsh" in client.get("/en/account/").content.decode()
    another = Client()
    sent = {"username": world.accounts[Role.STAFF].username, "password": PASSWORD}
    assert another.post("/en/sign-in/", sent)["Location"] == "/cy/"
    assert another.get("/en/account/").status_code == 200
    assert Client().post("/en/sign-in/?next=/en/account/", sent)["Location"] == "/en/account/"
    client.post("/en/account/messages/", {"pages": "any", "language": "both", "digests": "yes"})
    assert Client().post("/en/sign-in/", sent)["Location"] == "/en/"


@pytest.mark.parametrize(("language", "other", "keeps"), [("en", "cy", "Cadw"), ("cy", "en", "Keep English")])
def test_a_changed_language_is_offered_to_be_kept_once(world: World, language: str, other: str, keeps: str) -> None:
    """ux.md 13.1: for this visit the link changes the pages; once it is offered to keep that, never beside a form."""
    client, school = world.client(Role.CHAMPION), f"school/{SCHOOL}/"

    def offered(path: str) -> bool:
        answer = client.get(path)
        assert not foreign_texts(answer.content, path[1:3])
        return "hwb-keep" in answer.content.decode()

    assert [offered(f"/{each}/{school}") for each in (language, language)] == [False, False]
    assert not offered(f"/{other}/{school}find-learner/")  # a form
    answer = client.get(f"/{other}/{school}")
    assert keeps in answer.content.decode()
    assert [offered(f"/{each}/{school}") for each in (other, language, other)] == [False] * 3
    kept = client.post(f"/{other}/account/language/?next=/{other}/{school}")
    assert kept.headers["Location"] == f"/{other}/{school}"
    assert choice(world.accounts[Role.CHAMPION].id).pages == other
    assert client.get(f"/{other}/account/language/").status_code == 405
    again = world.client(Role.CHAMPION)
    again.get(f"/{language}/{school}")
    assert "hwb-keep" not in again.get(f"/{other}/{school}").content.decode()
