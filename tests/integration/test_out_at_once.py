"""Out at once (issue 6 point 8, R40): what ends with an account's being active, and who is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from allauth.idp.oidc.models import Token
from django.db import connections, transaction
from django.test import Client
from lxml import etree
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.support.listening import listening, soap
from tests.support.relying_party import Party, party
from tests.support.saml_party import SAML, at_page, authn_request, library
from tests.support.world import SCHOOL, World, build, release_learner

from hwb.directory.models import Account, ServiceLogOut, ServiceSignIn
from hwb.jobs import service_log_outs as jobs
from hwb.jobs import tasks
from hwb.operations import accounts, saml_signatures, service_log_outs, service_sign_ins
from hwb.operations.service_log_outs import LogOut, NotHeard, Told
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> World:
    return build()


def tokens(maths: Party, browser: Client) -> dict[str, Any]:
    found: dict[str, Any] = maths.redeem(maths.code(browser)).json()
    return found


def test_a_leaver_is_out_everywhere_when_the_schools_run_lands(world: World) -> None:
    with listening() as (address, heard):
        maths = party(schools=(SCHOOL,), logout_uri=address)
        leaver = world.accounts[Role.LEARNER]
        browser, other = world.client(Role.LEARNER), world.client(Role.TEACHER)
        got, stays, code = tokens(maths, browser), tokens(maths, other), maths.code(browser)
        began = time.monotonic()
        release_learner(world)
        assert not Account.objects.get(id=leaver.id).active
        assert not Token.objects.filter(user=leaver).exists()
        assert browser.get("/en/account/")["Location"].startswith("/en/sign-in/")
        assert browser.get(maths.request())["Location"].startswith("/en/sign-in/")
        assert maths.redeem(code).status_code == 400
        assert maths.refresh(got["refresh_token"]).status_code == 400
        assert maths.userinfo(got["access_token"]).status_code == 401
        assert maths.introspect(got["access_token"]) == {"active": False}
        assert ProcrastinateJob.objects.filter(task_name="hwb.service_log_outs", status="todo").exists()
        assert jobs.tell_due() == 2
        assert time.monotonic() - began < 5
        assert maths.userinfo(stays["access_token"]).status_code == 200
        assert jobs.tell_due() == 0
    told = [maths.told(token) for token in heard]
    assert {each["sid"] for each in told} == {
        str(each) for each in ServiceSignIn.objects.filter(account=leaver).values_list("id", flat=True)
    }
    id_token = maths.told(got["id_token"])
    for token, each in zip(heard, told, strict=True):
        assert jwt.get_unverified_header(token)["typ"] == "logout+jwt"
        assert each["sub"] == id_token["sub"]
        assert each["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
        assert "nonce" not in each
    assert len({each["jti"] for each in told}) == 2


def test_who_is_switched_on_again_signs_in_anew(world: World) -> None:
    browser, account = world.client(Role.LEARNER), world.accounts[Role.LEARNER]
    moment = datetime(2018, 7, 4, 9, tzinfo=UTC)
    how = {"school": SCHOOL, "acting_user": "tests", "now": moment, "on": moment.date()}
    accounts.deactivate(username=account.username, reason="test", **how)
    accounts.reactivate(username=account.username, reason="test", **how)
    assert Account.objects.get(id=account.id).active
    assert browser.get("/en/account/")["Location"].startswith("/en/sign-in/")
    assert world.client(Role.LEARNER).get("/en/account/").status_code == 200


def test_what_is_not_committed_has_not_ended(world: World) -> None:
    maths = party(schools=(SCHOOL,), logout_uri="https://maths.example/out")
    got = tokens(maths, world.client(Role.TEACHER))
    sign_in = ServiceSignIn.objects.get()
    with transaction.atomic():
        service_sign_ins.end(sign_in.id)
        transaction.set_rollback(True)
    assert maths.userinfo(got["access_token"]).status_code == 200
    assert not ServiceLogOut.objects.exists()
    assert service_sign_ins.end(sign_in.id) == 1
    assert service_sign_ins.end(sign_in.id) == 0
    assert ServiceLogOut.objects.count() == 1


def refusing(_: LogOut) -> None:
    raise NotHeard("answered 503")


def test_a_service_that_does_not_hear_is_told_again_for_a_day(world: World) -> None:
    maths = party(schools=(SCHOOL,), logout_uri="https://maths.example/out")
    tokens(maths, world.client(Role.TEACHER))
    service_sign_ins.end(ServiceSignIn.objects.get().id)
    at = datetime.now(UTC) + timedelta(seconds=1)
    pauses = []
    for _ in range(12):
        assert service_log_outs.tell_next(send=refusing, at=at) is Told.LATER
        row = ServiceLogOut.objects.get()
        assert row.due_at is not None
        assert service_log_outs.tell_next(send=refusing, at=row.due_at - timedelta(seconds=0.5)) is None
        pauses.append((row.due_at - at).total_seconds())
        at = row.due_at
    assert pauses[:3] == [2, 4, 8]
    assert max(pauses) == 15 * 60
    heard: list[LogOut] = []
    assert service_log_outs.tell_next(send=heard.append, at=at) is Told.HEARD
    assert heard[0].address == "https://maths.example/out"
    ServiceLogOut.objects.update(due_at=at, made_at=at - timedelta(days=2))
    assert service_log_outs.tell_next(send=refusing, at=at) is Told.GIVEN_UP
    assert ServiceLogOut.objects.get().due_at is None


def test_the_queue_tells_services_beside_itself(world: World) -> None:
    with listening() as (address, heard):
        tokens(party(schools=(SCHOOL,), logout_uri=address), world.client(Role.TEACHER))
        service_sign_ins.end(ServiceSignIn.objects.get().id)
        tasks.tell_services(timestamp=0)
        for thread in threading.enumerate():
            if thread.name == jobs.THREAD:
                thread.join(10)
    assert len(heard) == 1
    assert ServiceLogOut.objects.get().sent_at is not None


def test_a_service_that_answers_with_an_error_is_not_taken_to_have_heard(world: World) -> None:
    with listening(status=302) as (address, heard):
        tokens(party(schools=(SCHOOL,), logout_uri=address), world.client(Role.TEACHER))
        service_sign_ins.end(ServiceSignIn.objects.get().id)
        assert jobs.tell_due() == 0
    assert len(heard) == 1
    assert ServiceLogOut.objects.get().failure == "answered 302"


@pytest.mark.system("xmlsec1")
def test_a_saml_service_hears_of_a_leaver_by_soap_and_gives_no_assertion_any_more(world: World) -> None:
    with listening(answer=soap("Success")) as (address, heard):
        shelf = library(schools=(SCHOOL,), soap=address)
        browser = world.client(Role.LEARNER)
        name = shelf.heard(browser.get(at_page(authn_request()))).findtext(f".//{SAML}NameID")
        release_learner(world)
        assert jobs.tell_due() == 1
        assert browser.get(at_page(authn_request("_request-2")))["Location"].startswith("/en/sign-in/")
    body = etree.fromstring(heard[0].encode()).find(".//{urn:oasis:names:tc:SAML:2.0:protocol}LogoutRequest")
    assert body is not None
    assert body.findtext(f"{SAML}NameID") == name
    sign_in = ServiceSignIn.objects.get()
    assert body.findtext("{urn:oasis:names:tc:SAML:2.0:protocol}SessionIndex") == str(sign_in.id)
    alone = etree.tostring(body)
    saml_signatures.check_message(alone, etree.fromstring(alone), certificates=shelf.certificates())


@pytest.mark.system("xmlsec1")
def test_a_saml_service_that_says_it_did_not_is_told_again(world: World) -> None:
    with listening(answer=soap("Responder")) as (address, _):
        shelf = library(schools=(SCHOOL,), soap=address)
        shelf.heard(world.client(Role.TEACHER).get(at_page(authn_request())))
        service_sign_ins.end(ServiceSignIn.objects.get().id)
        assert jobs.tell_due() == 0
    assert ServiceLogOut.objects.get().failure == "answered that it did not"


def in_threads(work: Callable[[int], Any], count: int) -> list[Any]:
    def alone(number: int) -> Any:
        try:
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(alone, range(count)))


def test_200_redemptions_of_one_code_at_once_give_one_set_of_tokens(world: World) -> None:
    maths = party(schools=(SCHOOL,))
    code = maths.code(world.client(Role.TEACHER))
    answers = in_threads(lambda _: maths.redeem(code).status_code, 200)
    assert sorted(answers) == [200] + [400] * 199
    assert not Token.objects.filter(type__in=["at", "rt"]).exists()  # a replay took them back


def test_a_refresh_token_sent_many_times_at_once_gives_one_set(world: World) -> None:
    maths = party(schools=(SCHOOL,))
    got = tokens(maths, world.client(Role.TEACHER))
    answers = in_threads(lambda _: maths.refresh(got["refresh_token"]).status_code, 32)
    assert sorted(answers) == [200] + [400] * 31
    assert not Token.objects.filter(type__in=["at", "rt"]).exists()


def test_tokens_given_out_while_somebody_is_let_go_are_void(world: World) -> None:
    """Redemptions beside the release of their person: no deadlock, no error, and nothing left that works."""
    maths = party(schools=(SCHOOL,))
    browser = world.client(Role.LEARNER)
    codes = [maths.code(browser) for _ in range(24)]

    def work(number: int) -> Any:
        if number == 8:
            return release_learner(world)
        answer = maths.redeem(codes[number])
        assert answer.status_code in (200, 400), answer.content
        return answer.json().get("access_token")

    given = [token for token in in_threads(work, 24) if token]
    assert not Account.objects.get(id=world.accounts[Role.LEARNER].id).active
    assert all(maths.userinfo(token).status_code == 401 for token in given)
    assert not Token.objects.filter(user=world.accounts[Role.LEARNER]).exclude(type="sp").exists()
