"""Signing in and out, sessions and their ends, the first sign-in, one's own password (A1, A6, A8)."""

from __future__ import annotations

import html
import math
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from tests.support.relying_party import party
from tests.support.second_step import set_up
from tests.support.world import OWN_CLASS, PASSWORD, SCHOOL, World, encoded, session_of
from typer.testing import CliRunner

from hwb import clock
from hwb.cli.main import build_app
from hwb.directory.models import Account, Audit, Identifier, SignInCount
from hwb.operations import attempts, passwords, roles, sessions
from hwb.operations.roles import NewPerson, Reach
from hwb.signin import views
from hwb.web import again
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
WRONG = "The username or password is not right"


def sign_in(client: Client, username: str, password: str = PASSWORD, query: str = "") -> object:
    return client.post(f"/en/sign-in/{query}", {"username": username, "password": password})


def is_in(client: Client) -> bool:
    """Whether there is a session; a role's first sign-in is led to setting up its second step."""
    answer = client.get("/en/account/")
    return answer.status_code == 200 or answer["Location"].startswith("/en/account/second-step/")


@pytest.mark.parametrize("written", ["{}", "  {} ", "upper", "{}@hwbcymru.net", "former.name1", "official"])
def test_username_in_every_way_it_may_be_written(world: World, written: str) -> None:
    """With the domain or without, in capitals, with spaces, and by a former username."""
    account = world.accounts[Role.CHAMPION]
    Identifier.objects.create(value="former.name1", kind="username", account=account.id, current=False)
    names = {"upper": account.username.upper(), "official": world.accounts[Role.OPERATOR].email}
    client = Client()
    assert sign_in(client, names.get(written, written.format(account.username))).status_code == 302
    assert is_in(client)


def test_every_failure_has_the_same_answer(world: World) -> None:
    """Wrong password, unknown name, inactive, no password at all, a name that is too long."""
    inactive = world.accounts[Role.STAFF]
    Account.objects.filter(id=inactive.id).update(active=False)
    nobodys = world.learners[OWN_CLASS][1]
    answers = []
    for username, password in (
        (world.accounts[Role.CHAMPION].username, "wrong"), ("nobody1", PASSWORD), (inactive.username, "wrong"),
        (nobodys.username, ""[:0] or "x"), ("n" * 300, PASSWORD), ("\0", PASSWORD),
    ):  # fmt: skip
        answer = sign_in(Client(), username, password)
        assert answer.status_code == 200
        assert answer.content.decode().count(WRONG) == 2
        answers.append(answer.headers.get("Set-Cookie", ""))
    assert len(set(answers)) == 1


def test_a_sign_in_asks_the_database_little(world: World) -> None:
    """What it costs beside the hash is statements, most of all: each is a journey, and each that writes a commit."""
    client, username = Client(), world.accounts[Role.LEARNER].username
    for _ in ("unknown device", "known device"):
        client.cookies.pop("sessionid", None)
        with CaptureQueriesContext(connection) as statements:
            assert sign_in(client, username).status_code == 302
        asked = [one["sql"] for one in statements]
        assert len(asked) <= 8, asked
        assert not [sql for sql in asked if "SAVEPOINT" in sql]


def test_the_session_gets_a_new_id_and_one_given_before_is_worth_nothing(world: World) -> None:
    client = Client()
    planted = session_of(world.accounts[Role.LEARNER].id)
    client.cookies["sessionid"] = planted
    sign_in(client, world.accounts[Role.CHAMPION].username)
    assert client.cookies["sessionid"].value != planted
    assert not Session.objects.filter(session_key=planted).exists()
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"], cookie["max-age"]) == ("Lax", "/", "")


def test_signing_out_ends_the_session_and_clears_the_browser(world: World) -> None:
    client = world.client(Role.CHAMPION)
    key = client.cookies["sessionid"].value
    assert client.get("/en/sign-out/").status_code == 405
    assert is_in(client)
    answer = client.post("/en/sign-out/")
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    thief = Client()
    thief.cookies["sessionid"] = key
    assert not is_in(thief)


def test_whoever_becomes_inactive_is_out_at_the_next_request(world: World) -> None:
    """R40."""
    client = world.client(Role.CHAMPION)
    assert is_in(client)
    Account.objects.filter(id=world.accounts[Role.CHAMPION].id).update(active=False)
    assert not is_in(client)
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("role", "began", "seen", "stands"),
    [
        (Role.CHAMPION, 31, 29, True), (Role.CHAMPION, 60, 31, False), (Role.LEARNER, 61, 59, True),
        (Role.LEARNER, 90, 61, False), (Role.CHAMPION, 12 * 60 - 1, 1, True), (Role.CHAMPION, 12 * 60 + 1, 1, False),
        (Role.OPERATOR, 60, 31, False),
    ],
)  # fmt: skip
def test_sessions_end_after_a_time(world: World, role: Role, began: int, seen: int, stands: bool) -> None:
    """30 minutes without use, learners 60, and 12 hours in all."""
    client = Client()
    now = time.time()
    client.cookies["sessionid"] = session_of(world.accounts[role].id, began=now - began * 60, seen=now - seen * 60)
    assert is_in(client) is stands


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example/en/", "/\\evil.example", "javascript:alert(1)", "/healthz", "/api/x"],
)
def test_next_leads_to_our_own_pages_only(world: World, target: str) -> None:
    """No open redirect."""
    answer = sign_in(Client(), world.accounts[Role.CHAMPION].username, query=f"?next={target}")
    assert answer["Location"] == "/en/"
    assert (
        sign_in(Client(), world.accounts[Role.CHAMPION].username, query="?next=/cy/account/")["Location"]
        == "/cy/account/"
    )


def test_what_is_sent_beside_the_form_changes_nothing(world: World) -> None:
    """Mass assignment: fields that the form does not have are nothing."""
    account = world.accounts[Role.LEARNER]
    Client().post("/en/sign-in/", {
        "username": account.username, "password": PASSWORD, "is_staff": "1", "kind": "official", "school": SCHOOL, "upn": "x",
    })  # fmt: skip
    after = Account.objects.get(id=account.id)
    assert (after.kind, after.upn, after.active) == (account.kind, account.upn, True)


def test_own_password_changes_and_other_sessions_end(world: World) -> None:
    """A6."""
    here, elsewhere = world.client(Role.CHAMPION), Client()
    elsewhere.cookies["sessionid"] = session_of(world.accounts[Role.CHAMPION].id, began=time.time() - 60)
    assert is_in(elsewhere)
    new = "pont-gwynt-cadair"
    for present, chosen in (("wrong", new), (PASSWORD, "short"), (PASSWORD, PASSWORD), (PASSWORD, "")):
        answer = here.post("/en/password/", {"present_password": present, "new_password": chosen})
        assert answer.status_code == 200
        assert "<title>Error: " in answer.content.decode()
        assert chosen not in answer.content.decode() or not chosen
    answer = here.post("/en/password/", {"present_password": PASSWORD, "new_password": new})
    assert answer["Location"] == "/en/account/"
    assert "Your password has been changed." in here.get("/en/account/").content.decode()
    assert "Your password has been changed." not in here.get("/en/account/").content.decode()
    assert is_in(here)
    assert not is_in(elsewhere)
    assert sign_in(Client(), world.accounts[Role.CHAMPION].username, new).status_code == 302


def test_sign_out_everywhere(world: World) -> None:
    here, elsewhere = world.client(Role.CHAMPION), world.client(Role.CHAMPION)
    here.post("/en/account/sign-out-everywhere/")
    assert not is_in(here)
    assert not is_in(elsewhere)


def test_the_password_is_asked_again_after_15_minutes(world: World) -> None:
    """By page before something is shown; the right one leads back, a wrong one does not."""
    client = world.client(Role.CHAMPION, fresh=False)
    wrong = client.post("/en/again/?next=/en/account/", {again.FIELD: "wrong"})
    assert "The password is not right" in wrong.content.decode()
    right = client.post("/en/again/?next=/en/account/", {again.FIELD: PASSWORD})
    assert right["Location"] == "/en/account/"
    assert time.time() - client.session[again.CONFIRMED_AT] < 60


def test_an_act_that_needs_a_fresh_password_keeps_what_was_sent(world: World, rf: object) -> None:
    """What was typed travels through the question and is done with the right password, in one go."""
    from django.http import HttpResponse
    from django.test import RequestFactory

    from hwb.web.page import Stated, guard
    from hwb.web.policy import Action, Grant, Person

    factory = RequestFactory()
    stated = Stated({"POST": Action.CONFIRM_RUN, "GET": Action.CONFIRM_RUN}, counts=False, codes=False)
    view = guard(stated, lambda request, dfes: HttpResponse(request.POST.get("reason", "")))
    account = world.accounts[Role.CHAMPION]

    def send(data: dict[str, str] | None, method: str = "post") -> HttpResponse:
        request = getattr(factory, method)("/en/x/", data)
        request.person = Person(account.id, "staff", "A", account.username, (Grant(Role.CHAMPION, SCHOOL),))
        request.resolver_match, request.session = None, SessionStore()
        request.session.update({again.CONFIRMED_AT: time.time() - 1000, again.SECOND_STEP: "app"})
        request.session.save()
        return view(request, dfes=SCHOOL)

    asked = send({"reason": "a <b>", "reason2": "c"})
    assert 'name="reason" value="a &lt;b&gt;"' in asked.content.decode()
    assert "The password is not right" in send({"reason": "a", again.FIELD: "wrong"}).content.decode()
    assert send({"reason": "a", again.FIELD: PASSWORD}).content == b"a"
    assert send(None, "get")["Location"].startswith("/en/again/?next=")


def test_the_first_sign_in_link_works_once(world: World) -> None:
    """`hwb roles grant --new`."""
    now = datetime.now(UTC)
    made = roles.grant_new(
        Reach("operator"), person=NewPerson("Siân Ŵyn Rees", "Sian@Example.Wales"), acting_user="tests", now=now,
        on=clock.today(), at=now,
    )  # fmt: skip
    path = f"/cy/first-sign-in/{made.link_token}/"
    client = Client()
    assert client.get(path).status_code == 200
    assert client.post(path, {"new_password": "short"}).status_code == 200
    assert client.post(path, {"new_password": "pont-gwynt-cadair"})["Location"] == "/cy/"
    assert "Siân Ŵyn Rees" in client.get("/cy/account/second-step/").content.decode()
    assert Client().get(path).status_code == 404
    assert Client().post(path, {"new_password": "another-one-here"}).status_code == 404
    assert sign_in(Client(), "sian@example.wales", "pont-gwynt-cadair").status_code == 302
    assert not Audit.objects.filter(details__contains=made.link_token).exists()


def test_a_link_expires_after_seven_days(world: World) -> None:
    now = datetime.now(UTC)
    made = roles.grant_new(
        Reach("agent"), person=NewPerson("Non Agent", "non@example.wales"), acting_user="tests", now=now, on=clock.today(),
        at=now - timedelta(days=8),
    )  # fmt: skip
    assert sessions.account_of_link(made.link_token, at=now) is None
    assert Client().get(f"/en/first-sign-in/{made.link_token}/").status_code == 404


def test_nothing_of_a_sign_in_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """No name, no password."""
    import logging

    account = world.accounts[Role.CHAMPION]
    with caplog.at_level(logging.DEBUG):
        sign_in(Client(), account.username, "wrong-secret")
        world.client(Role.LEARNER).get(f"/en/school/{SCHOOL}/")
    said = " ".join(record.getMessage() for record in caplog.records if not record.name.startswith("django.db"))
    assert "wrong-secret" not in said
    assert account.username not in said


def test_sessions_that_are_over_are_forgotten(world: World) -> None:
    """By the worker, every few minutes."""
    key = session_of(world.accounts[Role.CHAMPION].id)
    sessions.forget_expired(at=datetime.now(UTC))
    assert Session.objects.filter(session_key=key).exists()
    sessions.forget_expired(at=datetime.now(UTC) + timedelta(hours=13))
    assert not Session.objects.exists()


def test_pages_begin_in_the_language_that_the_person_chose(world: World) -> None:
    """ux.md 13.1: stored for the person, so that it holds on every device; the link at the top is for a visit."""
    account = world.accounts[Role.CHAMPION]
    assert sign_in(Client(), account.username)["Location"] == "/en/"  # type: ignore[index]
    chosen = {"pages": "cy", "language": "both", "digests": "yes"}
    world.client(Role.CHAMPION).post("/en/account/messages/", chosen)
    assert sign_in(Client(), account.username)["Location"] == "/cy/"  # type: ignore[index]
    asked = sign_in(Client(), account.username, query=f"?next=/en/school/{SCHOOL}/learners/")
    assert asked["Location"] == f"/en/school/{SCHOOL}/learners/"  # type: ignore[index]
    assert sign_in(Client(), world.accounts[Role.HEAD].username)["Location"] == "/en/"  # type: ignore[index]


def test_a_question_says_which_page_it_is_about(world: World) -> None:
    """ux.md 3.7: page, school and run, in the reader's own e-mail, so that nothing is attached that they do not see."""
    path = f"/en/school/{SCHOOL}/runs/{world.run.id}/"  # type: ignore[union-attr]
    page = world.client(Role.CHAMPION).get(f"{path}?page=2").content.decode()
    (sent,) = re.findall(r'href="(mailto:[^"]+)">Ask a question about this page', page)
    told = unquote(html.unescape(sent))
    assert [part for part in (path, f"School number: {SCHOOL}", str(world.run.id)) if part not in told] == []  # type: ignore[union-attr]
    assert "page=2" not in told
    assert "Ask a question" not in Client().get("/en/sign-in/").content.decode()


def test_a_new_password_and_the_end_of_sessions_are_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash in whatever comes after the change leaves no session of the old password, neither here nor in services."""
    account = world.accounts[Role.STAFF]
    elsewhere = Client()
    elsewhere.cookies["sessionid"] = session_of(account.id, began=time.time() - 60)
    here = world.client(Role.STAFF, raise_request_exception=False)

    def crash(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(sessions, "end_all", crash)
    monkeypatch.setattr("hwb.web.session.go_on", crash)
    answer = here.post("/en/password/", {"present_password": PASSWORD, "new_password": "pont-gwynt-cadair"})
    assert answer.status_code == 500
    assert sign_in(Client(), account.username).status_code == 200
    assert not is_in(elsewhere)
    assert Audit.objects.filter(action="sessions ended", account=account.id).count() == 1


@pytest.mark.parametrize(
    ("asked", "onward"), [("/cy/account/messages/", "/cy/account/messages/"), ("//evil.example/", ""), ("/api/x", "")]
)
def test_after_a_password_that_must_be_changed_comes_the_page_that_was_asked_for(
    world: World, asked: str, onward: str
) -> None:
    """Our own pages only; whoever is signed in already is led there too."""
    account, client = world.accounts[Role.STAFF], Client()
    made = passwords.reset(account=account.id, school=SCHOOL, acting_user="tests", now=datetime.now(UTC)).password
    way = sign_in(client, account.username, made, f"?next={asked}")["Location"]  # type: ignore[index]
    assert way == ("/en/password/?next=%2Fcy%2Faccount%2Fmessages%2F" if onward else "/en/password/")
    answer = client.post(
        f"/en/password/?next={asked}", {"present_password": made, "new_password": "pont-gwynt-cadair"}
    )  # fmt: skip
    assert answer["Location"] == (onward or "/en/")
    assert client.get(f"/en/sign-in/?next={asked}")["Location"] == (onward or "/en/")


def test_whoever_was_signed_in_here_is_not_any_more_when_somebody_else_signs_in(world: World) -> None:
    """Also before the newcomer's second step, and in the services that the first one went to from here."""
    set_up(world.accounts[Role.CHAMPION].id)
    maths, client = party(schools=(SCHOOL,)), Client()
    sign_in(client, world.accounts[Role.STAFF].username)
    token = maths.redeem(maths.code(client)).json()["access_token"]
    assert maths.userinfo(token).status_code == 200
    key = client.cookies["sessionid"].value
    answer = sign_in(client, world.accounts[Role.CHAMPION].username)
    assert answer["Location"] == "/en/second-step/"  # type: ignore[index]
    assert not is_in(client)
    assert not Session.objects.filter(session_key=key).exists()
    assert maths.userinfo(token).status_code == 401


def test_a_session_is_begun_for_the_account_alone_whose_sign_in_is_done(world: World, rf: RequestFactory) -> None:
    """The password of a colleague makes nobody's session fresh."""
    request = rf.get("/en/")
    request.arrived = time.time()  # type: ignore[attr-defined]
    request.user, request.session = world.accounts[Role.STAFF], SessionStore()  # type: ignore[assignment]
    views._begun(request, world.accounts[Role.CHAMPION], HttpResponse())
    assert not request.session.keys()
    request.session[SESSION_KEY] = str(world.accounts[Role.STAFF].id)  # as Django does, who signs them in
    views._begun(request, world.accounts[Role.STAFF], HttpResponse())
    assert again.CONFIRMED_AT in request.session


def test_after_a_fresh_proof_the_session_goes_on_under_a_new_key(world: World) -> None:
    """The old key is worth nothing; the device and the services that were signed in to from it stay with it."""
    maths, client = party(schools=(SCHOOL,)), Client()
    sign_in(client, world.accounts[Role.STAFF].username)
    old, token = client.cookies["sessionid"].value, maths.redeem(maths.code(client)).json()["access_token"]
    client.post("/en/again/?next=/en/account/", {again.FIELD: "wrong"})
    assert client.cookies["sessionid"].value == old
    client.post("/en/again/?next=/en/account/", {again.FIELD: PASSWORD})
    assert client.cookies["sessionid"].value != old
    thief = Client()
    thief.cookies["sessionid"] = old
    assert not is_in(thief)
    assert "This device, now" in client.get("/en/account/").content.decode()
    assert maths.userinfo(token).status_code == 200
    client.post("/en/sign-out/")
    assert maths.userinfo(token).status_code == 401


@pytest.mark.parametrize("path", ["/en/sign-in/", "/en/password/", "first"])
def test_password_fields_hide_what_is_typed_and_take_what_a_manager_fills_in(world: World, path: str) -> None:
    """Pasting is nobody's business: no script listens for it."""
    now = datetime.now(UTC)
    if path == "first":
        person = NewPerson("Non Agent", "non@example.wales")
        made = roles.grant_new(
            Reach("agent"), person=person, acting_user="tests", now=now, on=clock.today(), at=now
        )  # fmt: skip
        path = f"/en/first-sign-in/{made.link_token}/"
    client = world.client(Role.STAFF) if path == "/en/password/" else Client()
    fields = re.findall(r"<input[^>]*password[^>]*>", client.get(path).content.decode())
    assert fields
    for field in fields:
        assert 'type="password"' in field
        assert re.search(r'autocomplete="(current|new)-password"', field)
    for script in Path(settings.STATICFILES_DIRS[0]).glob("*.js"):
        assert "paste" not in script.read_text("utf-8"), script


def test_a_long_password_is_compared_whole_and_does_not_grow_old(world: World) -> None:
    """Letters of every script, spaces and capitals count; ten years later it still opens, and nothing has to change."""
    account = world.accounts[Role.STAFF]
    long = " Ŵy a Chath, 猫 & 🐈 " * 6 + "Z"
    assert 100 <= len(long) <= 128
    sent = {"present_password": PASSWORD, "new_password": long}
    assert world.client(Role.STAFF).post("/en/password/", sent)["Location"] == "/en/account/"
    for other in (long[:-1], long.lower(), long.strip(), long[:64]):
        SignInCount.objects.all().delete()
        assert sign_in(Client(), account.username, other).status_code == 200
    long_ago = datetime.now(UTC) - timedelta(days=3650)
    Account.objects.filter(id=account.id).update(last_sign_in=long_ago, created_at=long_ago, sessions_from=long_ago)
    SignInCount.objects.all().delete()
    assert sign_in(Client(), account.username, long)["Location"] == "/en/"  # type: ignore[index]


@pytest.mark.parametrize("role", list(Role))
def test_signing_out_is_one_press_away_on_every_page(world: World, role: Role) -> None:
    client = world.client(role)
    for path in ("/en/account/", "/en/services/", "/en/password/", "/en/account/second-step/", "/en/"):
        page = client.get(path, follow=True).content.decode()
        assert 'action="/en/sign-out/"' in page, path


def test_the_key_of_a_session_cannot_be_guessed() -> None:
    """128 bits or more, by chance."""
    keys = {SessionStore()._get_new_session_key() for _ in range(200)}
    assert len(keys) == 200
    letters = {letter for key in keys for letter in key}
    assert min(map(len, keys)) * math.log2(len(letters)) >= 128


def test_an_operator_ends_the_sessions_of_one_or_of_everybody(world: World) -> None:
    """By command, in services too, and in the log."""

    def command(*arguments: str) -> int:
        return CliRunner().invoke(build_app(), ["account", "sign-out", *arguments], catch_exceptions=False).exit_code

    staff, maths = world.accounts[Role.STAFF], party(schools=(SCHOOL,))
    clients = [Client(), Client()]
    for client, role in zip(clients, (Role.STAFF, Role.LEARNER), strict=True):
        Account.objects.filter(id=world.accounts[role].id).update(password=encoded())
        sign_in(client, world.accounts[role].username)
    tokens = [maths.redeem(maths.code(client)).json()["access_token"] for client in clients]

    def stand() -> list[tuple[bool, bool]]:
        answers = [maths.userinfo(token).status_code == 200 for token in tokens]
        return list(zip(map(is_in, clients), answers, strict=True))

    assert stand() == [(True, True)] * 2
    assert (command(), command(staff.username, "--everybody"), command("nobody1")) == (2, 2, 1)
    assert command(staff.username) == 0
    assert stand() == [(False, False), (True, True)]
    assert command("--everybody") == 0
    assert stand() == [(False, False)] * 2
    assert Audit.objects.filter(action="everybody signed out").count() == 1


def test_whoever_came_by_the_old_password_while_it_was_changed_is_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R40: the old one was still right when it was looked at, and no more when the session began."""
    account = world.accounts[Role.STAFF]
    attempt = passwords.attempt

    def changed_meanwhile(**given: Any) -> Any:
        outcome = attempt(**given)
        passwords.choose(account=account.id, old=PASSWORD, new="tri gair hollol newydd", now=clock.now())
        return outcome

    client = Client()
    monkeypatch.setattr(passwords, "attempt", changed_meanwhile)
    sign_in(client, account.username)
    monkeypatch.undo()
    assert not is_in(client)
    sign_in(client, account.username, "tri gair hollol newydd")
    assert is_in(client)


def test_a_count_that_was_ended_meanwhile_does_not_come_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A try that read it before an unlock counts as the first."""
    account = world.accounts[Role.STAFF]
    for _ in range(3):
        sign_in(Client(), account.username, "wrong")
    assert SignInCount.objects.get(account=account.id).row == 3
    read, ended = attempts._read, list[Any]()

    def ended_meanwhile(cursor: Any, keys: Any) -> Any:
        found = read(cursor, keys)
        if not ended:
            ended.append(SignInCount.objects.all().delete())
        return found

    monkeypatch.setattr(attempts, "_read", ended_meanwhile)
    sign_in(Client(), account.username, "wrong")
    assert SignInCount.objects.get(account=account.id).row == 1
