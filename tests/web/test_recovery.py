"""A forgotten password (A9): the recovery address, the link that goes there, and what nobody learns by asking."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.support.languages import foreign_texts
from tests.support.relying_party import party
from tests.support.second_step import code_now, set_up
from tests.support.world import PASSWORD, SCHOOL, World, session_of

from hwb import clock
from hwb.directory.models import Account, Audit, Message, RecoveryAddress, SignInLink
from hwb.jobs.mail import mail_of
from hwb.operations import messages, recovery, sessions
from hwb.operations.messages import Outgoing
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
ADDRESS, NEW = "sian@example.wales", "pont-gwynt-cadair"


def sent_links() -> list[str]:
    """What the outbox sends now: the link of each message, in English."""
    out: list[Outgoing] = []
    while messages.deliver_next(send=out.append, now=clock.now(), at=datetime.now(UTC)):
        pass
    found = [
        re.search(r"(/en/\S+/)\n", mail_of(one).body) for one in out if one.kind in ("recovery", "recovery-address")
    ]
    assert all(one.address == ADDRESS for one in out if one.kind in ("recovery", "recovery-address"))
    return [one[1] for one in found if one]


def register(world: World, role: Role = Role.STAFF) -> Account:
    """An account with a recovery address that has been confirmed, by the pages."""
    assert world.client(role).post("/en/account/recovery-address/", {"address": ADDRESS}).status_code == 302
    (link,) = sent_links()
    assert Client().post(link).status_code == 302
    return world.accounts[role]


def ask(name: str) -> Any:
    return Client().post("/en/forgotten/", {"username": name})


def test_a_new_password_by_a_link_to_the_recovery_address(world: World) -> None:
    """Once; every session and service of before ends; the owner is told; nobody has the link but the e-mail."""
    account = register(world)
    maths, old = party(schools=(SCHOOL,)), Client()
    old.cookies["sessionid"] = session_of(account.id)
    token = maths.redeem(maths.code(old)).json()["access_token"]
    ask(f"  {account.username.upper()} ")
    (link,) = sent_links()
    client = Client()
    assert client.get(link).status_code == 200
    assert "at least 12 characters" in client.post(link, {"new_password": "short"}).content.decode()
    assert client.post(link, {"new_password": NEW})["Location"] == "/en/"
    assert client.get("/en/account/").status_code == 200
    assert old.get("/en/account/").status_code == 302
    assert maths.userinfo(token).status_code == 401
    assert Client().get(link).status_code == 404
    assert Client().post(link, {"new_password": "another-one-here"}).status_code == 404
    sent = {"username": account.username, "password": NEW}
    assert Client().post("/en/sign-in/", sent).status_code == 302
    assert Message.objects.filter(kind="M15", details__what="password", to_account=account.id).count() == 1
    part = link.split("/")[3]
    assert not Message.objects.filter(details__icontains=part).exists()
    assert not SignInLink.objects.filter(digest=part).exists()
    assert not Audit.objects.filter(details__contains=part).exists()


def test_whoever_has_a_second_step_is_asked_for_it_all_the_same(world: World) -> None:
    account = register(world, Role.CHAMPION)
    secret, _ = set_up(account.id)
    ask(account.username)
    (link,) = sent_links()
    client = Client()
    assert client.post(link, {"new_password": NEW})["Location"] == "/en/second-step/"
    assert client.get("/en/account/")["Location"].startswith("/en/sign-in/")
    assert client.post("/en/second-step/", {"code_again": code_now(secret)})["Location"] == "/en/"


def test_asking_tells_nobody_who_has_an_account_or_an_address(world: World) -> None:
    """With an address, with one that was not confirmed, with none, inactive, a learner, nobody: one answer; one link."""
    account = register(world)
    learner, off = world.accounts[Role.LEARNER], world.accounts[Role.MIS_ADMIN]
    RecoveryAddress.objects.create(account=learner, address=ADDRESS, confirmed_at=datetime.now(UTC))
    RecoveryAddress.objects.create(account=off, address=ADDRESS, confirmed_at=datetime.now(UTC))
    Account.objects.filter(id=off.id).update(active=False)
    RecoveryAddress.objects.create(account=world.accounts[Role.HEAD], address=ADDRESS)
    names = [account.username, world.accounts[Role.HEAD].username, world.accounts[Role.TEACHER].username,
             off.username, learner.username, "nobody1"]  # fmt: skip
    answers = [ask(name) for name in names]
    assert {answer.status_code for answer in answers} == {200}
    varies = re.compile(rb'value="[^"]*"|nonce="[^"]*"')
    assert len({varies.sub(b"", answer.content) for answer in answers}) == 1
    assert "If this username has a recovery address" in answers[0].content.decode()
    assert len(sent_links()) == 1
    assert "Enter your username" in ask("").content.decode()


def test_asking_again_and_again_fills_nobodys_mailbox(world: World) -> None:
    """A further link after ten minutes; then the earlier one is worth nothing."""
    account, now = register(world), datetime.now(UTC)
    for _ in range(5):
        ask(account.username)
    (first,) = sent_links()
    recovery.ask(name=account.username, now=clock.now(), at=now + timedelta(minutes=11))
    (second,) = sent_links()
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200


@pytest.mark.parametrize("how", ["an hour", "signed out everywhere", "inactive"])
def test_a_link_that_is_over_says_so_and_offers_a_new_one(world: World, how: str) -> None:
    account = register(world)
    ask(account.username)
    (link,) = sent_links()
    now = datetime.now(UTC)
    if how == "an hour":
        SignInLink.objects.filter(purpose="password").update(expires=now)
    elif how == "inactive":
        Account.objects.filter(id=account.id).update(active=False)
    else:
        sessions.end_all(account=account.id, acting_user="tests", now=now, at=now)
    answer = Client().get(link)
    assert answer.status_code == 404
    assert 'href="/en/forgotten/"' in answer.content.decode()
    assert Client().post(link, {"new_password": NEW}).status_code == 404


def test_links_are_good_for_their_own_purpose_alone(world: World) -> None:
    """One that confirms an address sets no password, and the other way round."""
    world.client(Role.STAFF).post("/en/account/recovery-address/", {"address": ADDRESS})
    (confirming,) = sent_links()
    token = confirming.split("/")[3]
    assert Client().post(f"/en/forgotten/{token}/", {"new_password": NEW}).status_code == 404
    assert Client().post(f"/en/first-sign-in/{token}/", {"new_password": NEW}).status_code == 404
    assert not RecoveryAddress.objects.exclude(confirmed_at=None).exists()
    assert Client().get(confirming).status_code == 200  # a mail scanner that follows the link confirms nothing
    assert not RecoveryAddress.objects.exclude(confirmed_at=None).exists()
    assert Client().post(confirming).status_code == 302
    assert RecoveryAddress.objects.exclude(confirmed_at=None).count() == 1
    assert Client().post(confirming).status_code == 404


def test_the_address_is_the_owners_to_change(world: World) -> None:
    """After a fresh proof; another one is to be confirmed anew; none that needs Hwb to be read; learners have none."""
    page = "/en/account/recovery-address/"
    assert world.client(Role.LEARNER).get(page).status_code == 404
    assert "Recovery address" not in world.client(Role.LEARNER).get("/en/account/").content.decode()
    stale = world.client(Role.STAFF, fresh=False)
    assert stale.get(page)["Location"].startswith("/en/again/?next=")
    assert "Give your password again" in stale.post(page, {"address": ADDRESS}).content.decode()
    assert not RecoveryAddress.objects.exists()
    account, client = register(world), world.client(Role.STAFF)
    assert ADDRESS in client.get("/en/account/").content.decode()
    for wrong, said in (("x", "Enter an e-mail address"), (account.email, "This address needs Hwb to be read")):
        assert said in client.post(page, {"address": wrong}).content.decode()
    client.post(page, {"address": "other@example.wales"})
    assert "Waits to be confirmed" in client.get("/en/account/").content.decode()
    ask(account.username)
    assert Message.objects.filter(kind="recovery").count() == 0
    client.post(page, {"address": ""})
    assert not RecoveryAddress.objects.exists()
    acts = Audit.objects.filter(account=account.id, action__startswith="recovery address").order_by("seq")
    assert [act.action.split()[-1] for act in acts] == ["chosen", "confirmed", "chosen", "removed"]
    assert not Audit.objects.filter(details__contains="example.wales").exists()
    assert Message.objects.filter(kind="M15", details__what="address", to_account=account.id).count() == 3


@pytest.mark.parametrize("language", ["en", "cy"])
def test_every_page_speaks_one_language(world: World, language: str) -> None:
    client = world.client(Role.STAFF)
    client.post("/en/account/recovery-address/", {"address": ADDRESS})
    (confirming,) = sent_links()
    shown = [f"/{language}/account/", f"/{language}/account/recovery-address/", confirming, "/en/forgotten/",
             "/en/forgotten/x/", "/en/recovery-address/x/"]  # fmt: skip
    for path in shown:
        page = client.get(path.replace("/en/", f"/{language}/"))
        assert not foreign_texts(page.content, language), path
    asked = Client().post(f"/{language}/forgotten/", {"username": "nobody1"})
    assert not foreign_texts(asked.content, language)
    assert f"/{language}/forgotten/" in Client().get(f"/{language}/sign-in/").content.decode()


def test_the_present_password_goes_on_until_another_is_chosen(world: World) -> None:
    """Whoever asks for a link for somebody else changes nothing for them."""
    account = register(world)
    ask(account.username)
    sent = {"username": account.username, "password": PASSWORD}
    assert Client().post("/en/sign-in/", sent).status_code == 302
