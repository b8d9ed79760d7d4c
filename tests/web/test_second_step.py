"""The second step: required, asked for, proved once, set up, removed (A7)."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.conf import settings
from django.test import Client
from tests.support.second_step import code_now, set_up
from tests.support.world import PASSWORD, SCHOOL, World, session_of

from hwb.directory.models import Account, Audit, Message, SecondFactor, SecondStepTries
from hwb.jobs.mail import mail_of
from hwb.lifecycle import second_step as rules
from hwb.operations import messages, second_step, sessions
from hwb.operations.messages import Outgoing
from hwb.operations.second_step import StepRefused
from hwb.web import again, policy
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
SECOND, OWN = "/en/second-step/", "/en/account/second-step/"
WITH = [role for role in Role if role in policy.WITH_SECOND_STEP]


def by_password(world: World, role: Role, query: str = "") -> Client:
    client = Client()
    answer = client.post(f"/en/sign-in/{query}", {"username": world.accounts[role].username, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def unproved(world: World, role: Role) -> Client:
    """Signed in with the password alone."""
    client = Client()
    client.cookies["sessionid"] = session_of(world.accounts[role].id)
    session = client.session
    del session[again.SECOND_STEP]
    session.save()
    return client


@pytest.mark.parametrize("role", WITH)
def test_a_role_that_sees_others_gets_nowhere_without_a_second_step(world: World, role: Role) -> None:
    client = unproved(world, role)
    for path in ("/en/", "/en/account/", "/en/password/", f"/en/school/{SCHOOL}/", "/en/area/"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers.get("Location", "").split("?")[0]) == (302, OWN), path
    assert client.post("/en/account/sign-out-everywhere/")["Location"] == OWN
    assert "Your role shows you other people" in client.get(OWN).content.decode()


@pytest.mark.parametrize("role", [Role.LEARNER, Role.STAFF])
def test_who_sees_nobody_else_needs_none(world: World, role: Role) -> None:
    client = by_password(world, role)
    assert client.get("/en/account/").status_code == 200


def test_setting_up_an_app_at_the_first_sign_in(world: World) -> None:
    """The same secret as square and text; a wrong code keeps it; the right one gives ten codes for paper, once."""
    client = by_password(world, Role.CHAMPION)
    page = client.get(f"{OWN}app/").content.decode()
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    assert "<svg" in page
    assert "style=" not in page.split("<svg")[1].split("</svg>")[0]
    wrong = client.post(f"{OWN}app/", {"code": "000000" if code_now(secret) != "000000" else "1"}).content.decode()
    assert "That code is not right or is too old" in wrong
    assert secret[:4] in wrong
    before = client.cookies["sessionid"].value
    code = code_now(secret)
    codes = re.findall(
        r"<li><code>([a-z2-9-]+)</code>",
        client.post(f"{OWN}app/", {"code": f" {code[:3]} {code[3:]}"}).content.decode(),
    )
    assert len(set(codes)) == rules.RECOVERY_CODES
    assert client.cookies["sessionid"].value != before
    assert client.get("/en/account/").status_code == 200
    assert codes[0] not in client.get(OWN).content.decode()
    kept = b"".join(bytes(row.secret) for row in SecondFactor.objects.all())
    assert secret.encode() not in kept
    assert codes[0].replace("-", "").encode() not in kept
    assert Audit.objects.filter(action="second step added", account=world.accounts[Role.CHAMPION].id).exists()


def test_signing_in_with_an_app(world: World) -> None:
    """Nobody is signed in before the code; each code is good once; the page asked for comes after it."""
    secret, _ = set_up(world.accounts[Role.CHAMPION].id)
    client = by_password(world, Role.CHAMPION, "?next=/en/account/messages/")
    assert client.get("/en/account/")["Location"].startswith("/en/sign-in/")
    client = by_password(world, Role.CHAMPION, "?next=/en/account/messages/")
    assert "Enter the code from your app" in client.get(SECOND).content.decode()
    assert "not right" in client.post(SECOND, {again.CODE: "12"}).content.decode()
    code = code_now(secret)
    answer = client.post(SECOND, {again.CODE: code})
    assert answer["Location"] == "/en/account/messages/"
    assert client.session[again.SECOND_STEP] == "app"
    assert client.get("/en/account/").status_code == 200
    another = by_password(world, Role.CHAMPION)
    assert "not right" in another.post(SECOND, {again.CODE: code}).content.decode()
    assert another.post(SECOND, {again.CODE: code_now(secret, later=1)})["Location"] == "/en/"


def test_a_recovery_code_works_once_however_it_is_typed(world: World) -> None:
    _, codes = set_up(world.accounts[Role.HEAD].id)
    for typed, works in ((codes[0].upper().replace("-", " "), True), (codes[0], False), (codes[1], True)):
        client = by_password(world, Role.HEAD)
        client.post(SECOND, {again.CODE: typed})
        assert (client.get("/en/account/").status_code == 200) is works
    assert Audit.objects.filter(action="recovery code used").count() == 2


def test_a_code_of_somebody_else_is_nothing(world: World) -> None:
    secret, codes = set_up(world.accounts[Role.HEAD].id)
    set_up(world.accounts[Role.CHAMPION].id)
    client = by_password(world, Role.CHAMPION)
    for typed in (code_now(secret), codes[0]):
        assert "not right" in client.post(SECOND, {again.CODE: typed}).content.decode()


def test_a_secret_moved_to_another_account_opens_nothing(world: World) -> None:
    """It is bound to its account."""
    secret, _ = set_up(world.accounts[Role.HEAD].id)
    SecondFactor.objects.update(account=world.accounts[Role.CHAMPION].id)
    with pytest.raises(StepRefused):
        prove(world.accounts[Role.CHAMPION], code_now(secret))


def prove(account: Account, typed: str, *, after: float = 0) -> second_step.Method:
    at = datetime.fromtimestamp(time.time() + after, UTC)
    return second_step.prove_code(account=account.id, typed=typed, now=at, at=at)


def test_guessing_soon_has_to_wait(world: World) -> None:
    """Five wrong in a row: then five minutes, and twice as long each time, at most an hour; a right one ends it."""
    account = world.accounts[Role.OPERATOR]
    secret, _ = set_up(account.id)
    for _ in range(rules.FREE_TRIES - 1):
        with pytest.raises(StepRefused, match="wrong"):
            prove(account, "x")
    with pytest.raises(StepRefused, match="wait"):
        prove(account, "x")
    with pytest.raises(StepRefused, match="wait"):
        prove(account, code_now(secret))
    waits = [rules.wait_after(failures) / timedelta(minutes=1) for failures in (4, 5, 6, 7, 8, 9, 10, 1000)]
    assert waits == [0, 5, 10, 20, 40, 60, 60, 60]
    assert prove(account, code_now(secret, later=11), after=330) == "app"
    assert SecondStepTries.objects.get(account=account.id).failures == 0


def test_codes_of_an_hour_ago_and_of_tomorrow_are_none() -> None:
    """One step of 30 seconds early or late is taken, none twice."""
    secret, now = rules.secret_text(b"x" * 20), 1_000_000_000
    step = now // rules.STEP_SECONDS
    taken = [n for n in range(-5, 6) if rules.step_of(secret, rules.code_at(secret, step + n), at=now, used=0)]
    assert taken == [-1, 0, 1]
    assert rules.step_of(secret, rules.code_at(secret, step), at=now, used=step) is None


@pytest.mark.parametrize(
    ("step", "code"), [(1, "287082"), (37037036, "081804"), (41152263, "005924"), (66666666, "279037")]
)
def test_codes_are_those_of_the_standard(step: int, code: str) -> None:
    """RFC 6238, appendix B, with its last six digits."""
    assert rules.code_at(rules.secret_text(b"12345678901234567890"), step) == code


def test_the_second_step_is_asked_again_after_15_minutes(world: World) -> None:
    """Not the password; what was sent goes on with the code."""
    account = world.accounts[Role.CHAMPION]
    secret, _ = set_up(account.id)
    client = Client()
    client.cookies["sessionid"] = session_of(account.id, fresh=False)
    asked = client.post(f"/en/school/{SCHOOL}/access-list/add/", {"name": "a <b>"})
    page = asked.content.decode()
    assert "Give your second step again" in page
    assert 'name="name" value="a &lt;b&gt;"' in page
    assert again.FIELD not in page
    refused = client.post(f"/en/school/{SCHOOL}/access-list/add/", {"name": "a", again.FIELD: PASSWORD})
    assert "Give your second step again" in refused.content.decode()
    done = client.post(f"/en/school/{SCHOOL}/access-list/add/", {"name": "a", again.CODE: code_now(secret)})
    assert "Give somebody access" in done.content.decode()


def test_who_has_a_second_step_gives_it_before_changing_it(world: World) -> None:
    """A session from before, or a stolen password, adds and removes nothing."""
    account = world.accounts[Role.CHAMPION]
    secret, _ = set_up(account.id)
    client = unproved(world, Role.CHAMPION)
    for path in (OWN, f"{OWN}app/", f"{OWN}passkey/"):
        assert client.get(path)["Location"].startswith("/en/again/?next=")
    client.post(f"{OWN}codes/")
    assert SecondFactor.objects.filter(kind="recovery").count() == rules.RECOVERY_CODES
    assert client.post(f"/en/again/?next={OWN}", {again.CODE: code_now(secret)})["Location"] == OWN
    assert client.get(OWN).status_code == 200


def test_the_first_one_ends_sessions_with_the_password_alone(world: World) -> None:
    account = world.accounts[Role.STAFF]
    elsewhere = Client()
    elsewhere.cookies["sessionid"] = session_of(account.id, began=time.time() - 600)
    assert elsewhere.get("/en/account/").status_code == 200
    set_up(account.id)
    assert elsewhere.get("/en/account/").status_code == 302


def test_the_last_one_stays_while_a_role_needs_it(world: World) -> None:
    champion, staff = world.accounts[Role.CHAMPION], world.accounts[Role.STAFF]
    for account, role, left in ((champion, Role.CHAMPION, 1), (staff, Role.STAFF, 0)):
        set_up(account.id)
        factor = SecondFactor.objects.get(account=account.id, kind="app")
        client = Client()
        client.cookies["sessionid"] = session_of(account.id)
        answer = client.post(f"{OWN}remove/{factor.id}/")
        assert answer.status_code == (200 if left else 302), role
        assert SecondFactor.objects.filter(account=account.id, kind="app").count() == left
        assert bool(SecondFactor.objects.filter(account=account.id, kind="recovery").count()) is bool(left)


def test_a_factor_of_somebody_else_is_unknown(world: World) -> None:
    set_up(world.accounts[Role.HEAD].id)
    factor = SecondFactor.objects.get(account=world.accounts[Role.HEAD].id, kind="app")
    client = world.client(Role.CHAMPION)
    assert client.get(f"{OWN}remove/{factor.id}/").status_code == 404
    with pytest.raises(StepRefused, match="gone"):
        second_step.remove(
            account=world.accounts[Role.STAFF].id, factor=factor.id, required=False, now=datetime.now(UTC)
        )


def test_who_became_inactive_meanwhile_is_not_let_in(world: World) -> None:
    """R40."""
    account = world.accounts[Role.CHAMPION]
    secret, _ = set_up(account.id)
    client = by_password(world, Role.CHAMPION)
    Account.objects.filter(id=account.id).update(active=False)
    assert client.post(SECOND, {again.CODE: code_now(secret)})["Location"] == "/en/sign-in/"
    assert client.get("/en/account/")["Location"].startswith("/en/sign-in/")


def test_a_password_made_by_somebody_else_is_changed_after_the_second_step(world: World) -> None:
    from hwb.operations import passwords

    account = world.accounts[Role.CHAMPION]
    secret, _ = set_up(account.id)
    made = passwords.reset_named(username=account.username, acting_user="tests", now=datetime.now(UTC))
    client = Client()
    client.post("/en/sign-in/", {"username": account.username, "password": made.password})
    assert client.post(SECOND, {again.CODE: code_now(secret)})["Location"] == "/en/password/"
    assert client.get("/en/account/")["Location"] == "/en/password/?next=%2Fen%2Faccount%2F"


def test_nothing_of_a_second_step_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    import logging

    secret, codes = set_up(world.accounts[Role.CHAMPION].id)
    with caplog.at_level(logging.DEBUG):
        client = by_password(world, Role.CHAMPION)
        client.post(SECOND, {again.CODE: "secret-typed"})
        client.post(SECOND, {again.CODE: codes[0]})
    said = " ".join(record.getMessage() for record in caplog.records if not record.name.startswith("django.db"))
    assert not {part for part in (secret, codes[0], "secret-typed") if part in said}


@pytest.mark.django_db(transaction=True)
def test_one_code_sent_many_times_at_once_is_taken_once() -> None:
    """In the database, so that it holds between processes."""
    from django.db import connection
    from tests.support.world import build

    account = build().accounts[Role.CHAMPION]
    secret, _ = set_up(account.id)
    code, gate, got = code_now(secret), Barrier(6), []

    def send() -> None:
        gate.wait()
        try:
            got.append(prove(account, code))
        except StepRefused as refused:
            got.append(refused.code)
        finally:
            connection.close()

    threads = [Thread(target=send) for _ in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert got.count("app") == 1
    assert len(got) == 6


@pytest.mark.parametrize(
    "answer",
    ["", "x", "{}", "[]", '{"id": 1}', '{"id":"a","rawId":"a","type":"public-key","response":{}}', "n" * 30_000],
)
def test_a_malformed_passkey_answer_is_refused(world: World, answer: str) -> None:
    site = second_step.Site("localhost", "http://localhost")
    account, now = world.accounts[Role.CHAMPION], datetime.now(UTC)
    asked = second_step.begin_passkey(account=account.id, username="a", name="b", site=site)
    with pytest.raises(StepRefused, match="passkey"):
        second_step.add_passkey(
            account=account.id, name="n", site=site, state=asked.state, answer=answer, now=now, at=now
        )
    with pytest.raises(StepRefused, match="passkey"):
        second_step.prove_passkey(account=account.id, site=site, state={}, answer=answer, at=now)


def test_sign_in_pages_say_nothing_before_the_password(world: World) -> None:
    """Without a sign-in that waits, the page of the second step leads back."""
    assert Client().get(SECOND)["Location"] == "/en/sign-in/"
    assert Client().post(SECOND, {again.CODE: "123456"})["Location"] == "/en/sign-in/"
    assert settings.LOGIN_URL == "sign-in"


def test_the_owner_is_told_and_a_learner_is_not(world: World) -> None:
    """M15: what was done, no name and no secret."""
    champion, learner = world.accounts[Role.CHAMPION], world.accounts[Role.LEARNER]
    for account in (champion, learner):
        _, codes = set_up(account.id)
        prove(account, codes[0])
    second_step.new_recovery_codes(account=champion.id, now=datetime.now(UTC), at=datetime.now(UTC))
    told = Message.objects.filter(kind="M15")
    assert [message.details["what"] for message in told.order_by("id")] == ["added", "recovery", "codes"]
    assert {message.to_account for message in told} == {champion.id}
    sent: list[Outgoing] = []
    while messages.deliver_next(send=sent.append, now=datetime.now(UTC), at=datetime.now(UTC)):
        pass
    bodies = [mail_of(outgoing).body for outgoing in sent if outgoing.kind == "M15"]
    assert len(bodies) == 3
    for body in bodies:
        assert "/account/" in body
        assert "School:" not in body
        assert champion.username not in body


def test_before_it_is_given_no_link_leads_to_other_pages(world: World) -> None:
    assert 'id="navigation"' not in unproved(world, Role.CHAMPION).get(OWN).content.decode()
    assert 'id="navigation"' in world.client(Role.CHAMPION).get(OWN).content.decode()


@pytest.mark.parametrize(
    ("asked", "onward"), [("/cy/account/", "/cy/account/"), ("//evil.example/", "/en/"), ("", "/en/")]
)
def test_after_setting_it_up_comes_the_page_that_was_asked_for(world: World, asked: str, onward: str) -> None:
    client = by_password(world, Role.CHAMPION)
    client.get(f"{OWN}?next={asked}")
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', client.get(f"{OWN}app/").content.decode())[1].replace(" ", "")
    page = client.post(f"{OWN}app/", {"code": code_now(secret)}).content.decode()
    assert f'<a class="govuk-button" href="{onward}">' in page


def test_a_step_that_waits_is_over_with_the_sessions_that_began_before(world: World) -> None:
    """ "Sign out everywhere", a new password or a reset: whoever waits there with the old password begins anew."""
    account = world.accounts[Role.CHAMPION]
    secret, _ = set_up(account.id)
    client, now = by_password(world, Role.CHAMPION), datetime.now(UTC)
    assert client.get(SECOND).status_code == 200
    sessions.end_all(account=account.id, acting_user="tests", now=now, at=now)
    assert client.post(SECOND, {again.CODE: code_now(secret)})["Location"] == "/en/sign-in/"
    assert client.get("/en/account/")["Location"].startswith("/en/sign-in/")
    assert by_password(world, Role.CHAMPION).post(SECOND, {again.CODE: code_now(secret)})["Location"] == "/en/"


@pytest.mark.parametrize(("query", "onward"), [("", "/cy/"), ("?next=/en/account/messages/", "/en/account/messages/")])
def test_after_it_a_page_that_was_asked_for_comes_as_it_was_asked(world: World, query: str, onward: str) -> None:
    """The language that somebody reads in is for where they begin, and nothing else."""
    account = world.accounts[Role.CHAMPION]
    secret, _ = set_up(account.id)
    world.client(Role.CHAMPION).post("/en/account/messages/", {"pages": "cy", "language": "both", "digests": "yes"})
    client = by_password(world, Role.CHAMPION, query)
    assert client.post(SECOND, {again.CODE: code_now(secret)})["Location"] == onward


def test_a_recovery_code_cannot_be_guessed() -> None:
    """64 bits or more, each letter drawn by chance alone."""
    drawn: list[str] = []
    code = rules.recovery_code(lambda letters: drawn.append(letters) or letters[0])  # type: ignore[func-returns-value]
    assert len(set(drawn[0])) ** len(drawn) >= 2**64
    assert len(code.replace("-", "")) == len(drawn)
    assert set(drawn) == {rules.RECOVERY_LETTERS}
