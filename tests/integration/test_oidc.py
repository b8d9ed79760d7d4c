"""The OpenID Connect provider (issue 6 point 5): what a service gets, and what nobody gets."""

from __future__ import annotations

import base64
import hmac
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import cycle
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.idp.oidc.models import Token
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client
from django.urls import reverse
from jwt.algorithms import RSAAlgorithm
from tests.support.languages import foreign_texts
from tests.support.relying_party import BACK, EVERYTHING, Party, answer_of, party
from tests.support.second_step import code_now, set_up
from tests.support.world import ELSEWHERE, PASSWORD, SCHOOL, World, build, session_of

from hwb.directory import signing_keys as sealed_keys
from hwb.directory.models import Account, Placement, ServiceSignIn
from hwb.operations import passwords, services, signing_keys
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build()


@pytest.fixture(autouse=True, scope="module")
def keys_at_hand() -> Iterator[None]:
    """RSA keys take a tenth of a second each to make: the same few serve all tests here."""
    made = [sealed_keys.new_pem() for _ in range(2)]
    with pytest.MonkeyPatch.context() as patch:
        pems = cycle(made)
        patch.setattr(sealed_keys, "new_pem", lambda: next(pems))
        yield


@pytest.fixture
def maths(world: World) -> Party:
    return party(schools=(SCHOOL,), after_logout_uris=("https://maths.example/bye",))


def tokens(maths: Party, browser: Client, **changes: str | None) -> dict[str, Any]:
    answer = maths.redeem(maths.code(browser, **changes))
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_a_teacher_signs_in_and_the_service_learns_what_its_scopes_allow(world: World, maths: Party) -> None:
    teacher = world.accounts[Role.TEACHER]
    answer = world.client(Role.TEACHER).get(maths.request())
    assert {"state": "st", "iss": "http://localhost:8000"}.items() <= answer_of(answer).items()
    got = maths.redeem(answer_of(answer)["code"])
    assert "no-store" in got["Cache-Control"]
    told = maths.told(got.json()["id_token"])
    subject = services.pairwise_key().identifier(teacher.id, sector="maths")
    assert (told["sub"], told["nonce"], told["amr"]) == (subject, "no", ["pwd"])
    assert told["acr"] == "https://refeds.org/profile/sfa"
    assert abs(told["auth_time"] - time.time()) < 60
    assert told["sid"] == str(ServiceSignIn.objects.get().id)
    assert not {"email", "name", "roles"} & set(told)
    claims = maths.userinfo(got.json()["access_token"]).json()
    assert claims == {
        "sub": subject, "name": claims["name"], "given_name": claims["given_name"], "family_name": "Teacher",
        "nickname": teacher.username, "email": teacher.email, "email_verified": True, "roles": ["staff", "teacher"],
        "organisation": {"id": SCHOOL, "name": claims["organisation"]["name"], "name_cy": claims["organisation"]["name_cy"]},
        "age_band": "adult",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("role", "roles"),
    [
        (Role.LEARNER, ["learner"]), (Role.CHAMPION, ["staff", "digital_champion"]), (Role.HEAD, ["staff", "headteacher"]),
        (Role.STAFF, ["staff"]),
    ],
)  # fmt: skip
def test_roles_are_those_at_the_school(world: World, maths: Party, role: Role, roles: list[str]) -> None:
    claims = maths.userinfo(tokens(maths, world.client(role))["access_token"]).json()
    assert claims["roles"] == roles


def test_a_service_is_told_no_more_than_it_is_registered_for(world: World) -> None:
    little = party(schools=(SCHOOL,), scopes=("age_band",))
    got = tokens(little, world.client(Role.LEARNER))
    assert "refresh_token" not in got
    assert set(little.userinfo(got["access_token"]).json()) == {"sub", "age_band"}
    assert got["scope"] == "openid age_band"
    less = tokens(little, world.client(Role.LEARNER), scope="openid")
    assert set(little.userinfo(less["access_token"]).json()) == {"sub"}


def test_two_services_cannot_compare_their_people(world: World, maths: Party) -> None:
    music = party(name="Music", schools=(SCHOOL,))
    told = [each.told(tokens(each, world.client(Role.LEARNER))["id_token"])["sub"] for each in (maths, music)]
    assert told[0] != told[1]
    assert str(world.accounts[Role.LEARNER].id).replace("-", "") not in told


def test_discovery_says_what_there_is(maths: Party) -> None:
    found = Client().get("/.well-known/openid-configuration").json()
    assert found["issuer"] == "http://localhost:8000"
    assert found["subject_types_supported"] == ["pairwise"]
    assert found["code_challenge_methods_supported"] == ["S256"]
    for name in ("token", "userinfo", "introspection", "revocation", "authorization", "end_session"):
        path = urlsplit(found[f"{name}_endpoint"]).path
        assert Client().get(path).status_code != 404, path
    for key in Client().get(urlsplit(found["jwks_uri"]).path).json()["keys"]:
        assert set(key) == {"kty", "use", "alg", "kid", "n", "e", "key_ops"} - ({"key_ops"} - set(key))


def test_who_is_not_signed_in_signs_in_first_and_comes_back(world: World, maths: Party) -> None:
    browser = Client()
    first = browser.get("/authorize?" + maths.request(ui_locales="cy-GB").split("?")[1])
    assert first["Location"].startswith("/cy/authorize/?")
    page = browser.get(maths.request(login_hint="somebody@example.wales"))
    assert page["Location"].startswith("/en/sign-in/?next=")
    assert "somebody" not in page["Location"]
    shown = browser.get(page["Location"])
    assert "form-action 'self' https://maths.example;" in shown["Content-Security-Policy"] + ";"
    sent = {"username": world.accounts[Role.STAFF].username, "password": PASSWORD}
    signed_in = browser.post(page["Location"], sent)
    assert signed_in["Location"].startswith("/en/authorize/?")
    assert "code" in answer_of(browser.get(signed_in["Location"]))
    assert "maths.example" not in browser.get("/en/account/")["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"), ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"), ({"scope": "profile"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"), ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"), ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"), ({"prompt": "none login"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"), ({"request": "e.y.J"}, "request_not_supported"),
        ({"request_uri": "https://evil.example/"}, "request_uri_not_supported"), ({"nonce": "x" * 1001}, "invalid_request"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_told_to_its_service(
    world: World, maths: Party, changes: dict[str, Any], error: str
) -> None:
    answer = answer_of(world.client(Role.TEACHER).get(maths.request(**changes)))
    assert (answer["error"], answer["state"], answer["iss"]) == (error, "st", "http://localhost:8000")
    assert not ServiceSignIn.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": BACK + "/"}, {"redirect_uri": BACK + "?x=1"}, {"redirect_uri": BACK + "#x"}, {"redirect_uri": None},
        {"redirect_uri": "https://maths.example:443/back"}, {"redirect_uri": "https://MATHS.example/back"},
        {"redirect_uri": "https://maths.example.evil.example/back"}, {"redirect_uri": "https://maths.example/back/../evil"},
        {"redirect_uri": "https://maths.example@evil.example/back"}, {"redirect_uri": "javascript:alert(1)"},
        {"client_id": "x"}, {"client_id": None},
    ],
)  # fmt: skip
def test_nobody_is_led_to_an_address_that_is_not_the_services_own(
    world: World, maths: Party, changes: dict[str, Any]
) -> None:
    for language in ("en", "cy"):
        address = maths.request(**changes).replace("/en/", f"/{language}/")
        answer = world.client(Role.TEACHER).get(address)
        assert answer.status_code == 400
        assert not foreign_texts(answer.content, language)


@pytest.mark.parametrize("more", ["redirect_uri=https://evil.example/", "client_id=x"])
def test_a_service_or_an_address_that_is_given_twice_leads_nowhere(world: World, maths: Party, more: str) -> None:
    """Whichever comes first, neither is taken for the other."""
    path, _, query = maths.request().partition("?")
    for both in (f"{query}&{more}", f"{more}&{query}"):
        assert world.client(Role.TEACHER).get(f"{path}?{both}").status_code == 400


def test_a_code_is_good_once_and_one_that_comes_again_takes_back_what_it_gave(world: World, maths: Party) -> None:
    code = maths.code(world.client(Role.TEACHER))
    got = maths.redeem(code).json()
    again = maths.redeem(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert maths.userinfo(got["access_token"]).status_code == 401
    assert maths.refresh(got["refresh_token"]).status_code == 400


@pytest.mark.parametrize("wrong", [{"code_verifier": "x" * 43}, {"code_verifier": ""}, {"redirect_uri": BACK + "2"}])
def test_a_code_needs_its_verifier_and_its_address(world: World, maths: Party, wrong: dict[str, str]) -> None:
    assert maths.redeem(maths.code(world.client(Role.TEACHER)), **wrong).status_code == 400
    assert not Token.objects.filter(type="at").exists()


def test_a_code_is_of_its_service_alone_and_ends_after_a_minute(world: World, maths: Party) -> None:
    code, music = maths.code(world.client(Role.TEACHER)), party(name="Music", schools=(SCHOOL,))
    music.verifier = maths.verifier
    assert music.redeem(code).status_code == 400
    assert music.redeem(code, client_id=maths.made.client_id).status_code in (400, 401)
    Token.objects.filter(type="ac").update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert maths.redeem(code).status_code == 400


def test_services_prove_themselves_by_their_secret(world: World, maths: Party) -> None:
    code = maths.code(world.client(Role.TEACHER))
    sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": maths.verifier}
    for more in ({}, {"client_id": maths.made.client_id}, {"client_id": maths.made.client_id, "client_secret": "x"}):
        answer = Client().post("/api/oidc/token", {**sent, **more})
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert maths.ask("/api/oidc/token", basic=False, **sent).status_code == 200
    for grant in ("password", "client_credentials", "implicit"):
        answer = maths.ask("/api/oidc/token", grant_type=grant, username="x", password="y", scope="openid")
        assert answer.status_code == 400, grant


def test_refresh_tokens_rotate_and_a_used_one_kills_the_family(world: World, maths: Party) -> None:
    first = tokens(maths, world.client(Role.TEACHER))
    second = maths.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert maths.told(second["id_token"])["sub"] == maths.told(first["id_token"])["sub"]
    third = maths.refresh(second["refresh_token"]).json()
    assert maths.userinfo(third["access_token"]).status_code == 200
    assert maths.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert maths.refresh(third["refresh_token"]).status_code == 400
    assert maths.userinfo(third["access_token"]).status_code == 401
    assert maths.introspect(third["access_token"]) == {"active": False}


def test_renewals_end_thirty_days_after_signing_in(world: World, maths: Party) -> None:
    """However often the tokens were renewed meanwhile."""
    first = tokens(maths, world.client(Role.TEACHER))
    began = datetime.now(UTC) - timedelta(days=30) + timedelta(minutes=5)
    ServiceSignIn.objects.update(created_at=began)
    second = maths.refresh(first["refresh_token"]).json()
    ends = Token.objects.by_value(second["refresh_token"]).get().expires_at
    assert abs(ends - began - timedelta(days=30)) < timedelta(seconds=1)
    Token.objects.filter(type="rt").update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert maths.refresh(second["refresh_token"]).status_code == 400


def test_another_services_tokens_are_nobodys_to_use_look_at_or_end(world: World, maths: Party) -> None:
    got, music = tokens(maths, world.client(Role.TEACHER)), party(name="Music", schools=(SCHOOL,))
    assert music.refresh(got["refresh_token"]).status_code == 400
    assert music.introspect(got["access_token"]) == {"active": False}
    music.ask("/api/oidc/revoke", token=got["refresh_token"])
    assert maths.introspect(got["access_token"])["active"] is True
    assert Client().post("/api/oidc/introspect", {"token": got["access_token"]}).status_code == 401
    assert Client().post("/api/oidc/revoke", {"token": got["access_token"]}).status_code == 401


def test_a_services_access_token_opens_userinfo_and_nothing_else(world: World, maths: Party) -> None:
    """Neither the interfaces of Provisioning Clients nor a page."""
    bearer = {"authorization": f"Bearer {tokens(maths, world.client(Role.CHAMPION))['access_token']}"}
    assert maths.asking.get("/api/oidc/userinfo", headers=bearer).status_code == 200
    assert maths.asking.get(reverse("school", kwargs={"dfes": SCHOOL}), headers=bearer).status_code == 401
    assert maths.asking.get("/en/account/", headers=bearer).status_code == 302


def test_revocation_ends_a_token_and_with_a_refresh_token_all(world: World, maths: Party) -> None:
    got = tokens(maths, world.client(Role.TEACHER))
    assert maths.introspect(got["access_token"])["sub"] == maths.told(got["id_token"])["sub"]
    assert maths.ask("/api/oidc/revoke", token=got["access_token"]).status_code == 200
    assert maths.userinfo(got["access_token"]).status_code == 401
    more = maths.refresh(got["refresh_token"]).json()
    assert maths.ask("/api/oidc/revoke", token=more["refresh_token"], token_type_hint="access_token").status_code == 200
    assert maths.userinfo(more["access_token"]).status_code == 401
    assert maths.ask("/api/oidc/revoke", token="unknown").status_code == 200


def test_prompt_none_answers_without_a_page(world: World, maths: Party) -> None:
    silent = maths.request(prompt="none")
    assert answer_of(Client().get(silent))["error"] == "login_required"
    assert "code" in answer_of(world.client(Role.TEACHER).get(silent))
    Placement.objects.create(
        account=world.accounts[Role.TEACHER], school=ELSEWHERE, role="post", began=datetime.now(UTC).date()
    )
    both = party(name="Both", schools=(SCHOOL, ELSEWHERE))
    assert answer_of(world.client(Role.TEACHER).get(both.request(prompt="none")))["error"] == "interaction_required"
    other = party(name="Other", schools=(ELSEWHERE,))
    assert answer_of(world.client(Role.LEARNER).get(other.request(prompt="none")))["error"] == "access_denied"


@pytest.mark.parametrize("changes", [{"prompt": "login"}, {"max_age": "0"}, {"max_age": "600"}])
def test_a_new_sign_in_is_asked_for_once(world: World, maths: Party, changes: dict[str, str]) -> None:
    browser = Client()
    began = time.time() - 1000
    browser.cookies["sessionid"] = session_of(world.accounts[Role.STAFF].id, began=began, seen=time.time())
    away = browser.get(maths.request(**changes))
    assert away["Location"].startswith("/en/sign-in/")
    back = browser.post(away["Location"], {"username": world.accounts[Role.STAFF].username, "password": PASSWORD})
    code = answer_of(browser.get(back["Location"]))["code"]
    assert maths.told(maths.redeem(code).json()["id_token"])["auth_time"] > began + 500
    silent = world.client(Role.STAFF)
    silent.cookies["sessionid"] = session_of(world.accounts[Role.STAFF].id, began=began, seen=time.time())
    if "max_age" in changes:
        assert answer_of(silent.get(maths.request(prompt="none", **changes)))["error"] == "login_required"


@pytest.mark.parametrize("prompt", ["login", "select_account"])
def test_a_link_signs_nobody_out(world: World, maths: Party, prompt: str) -> None:
    """prompt=login asks for a new sign-in; until it is given, the present one goes on, here and at services."""
    staff, other = world.accounts[Role.STAFF], world.accounts[Role.LEARNER]
    browser = world.client(Role.STAFF)
    got = tokens(maths, browser)
    away = browser.get(maths.request(prompt=prompt))["Location"]
    page = browser.get(away).content.decode()
    assert 'name="password"' in page
    assert "You are signed in as:" in page
    assert browser.get("/en/account/").status_code == 200
    assert maths.userinfo(got["access_token"]).status_code == 200
    assert browser.get(away.split("?")[0])["Location"] == "/en/"  # who comes by themselves is not asked
    browser.post(away, {"username": other.username, "password": "wrong"})
    assert browser.get("/en/account/").status_code == 200
    assert browser.get(maths.request(prompt=prompt))["Location"].startswith("/en/sign-in/")
    back = browser.post(away, {"username": other.username, "password": PASSWORD})["Location"]
    assert maths.told(maths.redeem(answer_of(browser.get(back))["code"]).json()["id_token"])["sub"]
    assert ServiceSignIn.objects.filter(account=other).count() == 1
    assert not ServiceSignIn.objects.filter(account=staff, ended_at=None).exists()
    assert browser.get(back)["Location"].startswith("/en/sign-in/")  # each time it asks, it is asked


def test_the_old_sign_in_is_not_taken_for_the_new_one(world: World, maths: Party) -> None:
    """Whoever leaves the page and comes back to the service's address has not signed in anew."""
    browser = world.client(Role.STAFF)
    away = browser.get(maths.request(prompt="login"))["Location"]
    following = parse_qs(urlsplit(away).query)["next"][0]
    assert browser.get(following)["Location"].startswith("/en/sign-in/")


@pytest.mark.parametrize("language", ["en", "cy"])
def test_the_page_that_asks_for_a_new_sign_in_speaks_one_language(world: World, maths: Party, language: str) -> None:
    browser = world.client(Role.STAFF)
    away = browser.get(maths.request(prompt="login").replace("/en/", f"/{language}/"))["Location"]
    assert not foreign_texts(browser.get(away).content, language)


def test_a_role_that_needs_a_second_step_needs_it_for_services_too(world: World, maths: Party) -> None:
    """Set up first, then asked for; the service learns that there were two."""
    teacher = world.accounts[Role.TEACHER]
    sent = {"username": teacher.username, "password": PASSWORD}
    browser = Client()
    back = browser.post(browser.get(maths.request())["Location"], sent)
    assert browser.get(back["Location"])["Location"].startswith("/en/account/second-step/?next=%2Fen%2Fauthorize%2F")
    assert answer_of(browser.get(maths.request(prompt="none")))["error"] == "interaction_required"
    secret, _ = set_up(teacher.id)
    browser = Client()
    assert browser.post(browser.get(maths.request())["Location"], sent)["Location"] == "/en/second-step/"
    assert "login_required" in str(answer_of(browser.get(maths.request(prompt="none"))))
    browser = Client()
    browser.post(browser.get(maths.request())["Location"], sent)
    back = browser.post("/en/second-step/", {"code_again": code_now(secret)})
    told = maths.told(maths.redeem(answer_of(browser.get(back["Location"]))["code"]).json()["id_token"])
    assert told["amr"] == ["pwd", "otp", "mfa"]
    assert told["acr"] == "https://refeds.org/profile/mfa"


def test_a_password_that_must_be_changed_is_and_then_the_service_has_its_answer(world: World, maths: Party) -> None:
    """In the middle of a sign-in, and of a session that the request finds; forms may lead on to the service."""
    staff, now = world.accounts[Role.STAFF], datetime.now(UTC)
    made = passwords.reset(account=staff.id, school=SCHOOL, acting_user="tests", now=now).password
    browser = Client()
    way = browser.post(browser.get(maths.request())["Location"], {"username": staff.username, "password": made})
    assert way["Location"].startswith("/en/password/?next=%2Fen%2Fauthorize%2F")
    again = browser.get(maths.request(state="two"))["Location"]
    assert again.startswith("/en/password/?next=%2Fen%2Fauthorize%2F")
    assert "form-action 'self' https://maths.example;" in browser.get(again)["Content-Security-Policy"] + ";"
    back = browser.post(again, {"present_password": made, "new_password": "pont-gwynt-cadair"})
    answer = answer_of(browser.get(back["Location"]))
    assert (answer["state"], "code" in answer) == ("two", True)


def test_a_new_second_step_and_a_new_password_both_lead_on_to_the_service(world: World, maths: Party) -> None:
    """A Champion whose password support made, at the very first sign-in: no other page comes between."""
    champion, now = world.accounts[Role.CHAMPION], datetime.now(UTC)
    made = passwords.reset_named(username=champion.username, acting_user="tests", now=now).password
    browser = Client()
    way = browser.post(browser.get(maths.request())["Location"], {"username": champion.username, "password": made})
    way = browser.get(way["Location"])
    assert way["Location"].startswith("/en/account/second-step/?next=%2Fen%2Fpassword%2F")
    browser.get(way["Location"])
    page = browser.get("/en/account/second-step/app/").content.decode()
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', page)[1].replace(" ", "")  # type: ignore[index]
    codes = browser.post("/en/account/second-step/app/", {"code": code_now(secret)}).content.decode()
    onward = unescape(re.search(r'<a class="govuk-button" href="([^"]+)"', codes)[1])  # type: ignore[index]
    assert onward.startswith("/en/password/?next=%2Fen%2Fauthorize%2F")
    back = browser.post(onward, {"present_password": made, "new_password": "pont-gwynt-cadair"})
    assert "code" in answer_of(browser.get(back["Location"]))


def test_an_id_token_of_somebody_else_is_not_answered_with_another_person(world: World, maths: Party) -> None:
    hint = tokens(maths, world.client(Role.LEARNER))["id_token"]
    assert "code" in answer_of(world.client(Role.LEARNER).get(maths.request(id_token_hint=hint)))
    answer = world.client(Role.TEACHER).get(maths.request(id_token_hint=hint))
    assert answer_of(answer)["error"] == "login_required"


@pytest.mark.parametrize("language", ["en", "cy"])
def test_staff_with_several_posts_choose_which(world: World, language: str) -> None:
    both = party(schools=(SCHOOL, ELSEWHERE))
    teacher = world.accounts[Role.TEACHER]
    Placement.objects.create(account=teacher, school=ELSEWHERE, role="post", began=datetime.now(UTC).date())
    browser = world.client(Role.TEACHER)
    address = both.request().replace("/en/", f"/{language}/")
    page = browser.get(address)
    assert page.status_code == 200
    assert not foreign_texts(page.content, language)
    assert "https://maths.example" in page["Content-Security-Policy"]
    assert browser.post(address, {"school": "6799999"}).status_code == 200
    code = answer_of(browser.post(address, {"school": ELSEWHERE}))["code"]
    claims = both.userinfo(both.redeem(code).json()["access_token"]).json()
    assert claims["organisation"]["id"] == ELSEWHERE
    assert claims["roles"] == ["staff"]


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_person_whose_school_does_not_have_the_service_stays_outside(world: World, language: str) -> None:
    other = party(schools=(ELSEWHERE,))
    answer = world.client(Role.LEARNER).get(other.request().replace("/en/", f"/{language}/"))
    assert answer.status_code == 403
    assert not foreign_texts(answer.content, language)
    assert not ServiceSignIn.objects.exists()


def test_who_moves_to_a_school_without_the_service_is_out_at_the_next_renewal(world: World, maths: Party) -> None:
    got = tokens(maths, world.client(Role.LEARNER))
    Placement.objects.filter(account=world.accounts[Role.LEARNER]).update(school=ELSEWHERE)
    assert maths.refresh(got["refresh_token"]).status_code == 400
    assert maths.userinfo(got["access_token"]).status_code == 401


def test_nobody_inactive_gets_anything(world: World, maths: Party) -> None:
    browser = world.client(Role.LEARNER)
    code, got = maths.code(browser), tokens(maths, browser)
    Account.objects.filter(id=world.accounts[Role.LEARNER].id).update(active=False)  # by a path that says nothing
    assert maths.redeem(code).status_code == 400
    assert maths.refresh(got["refresh_token"]).status_code == 400
    assert maths.userinfo(got["access_token"]).status_code == 401
    assert maths.introspect(got["access_token"]) == {"active": False}
    assert browser.get(maths.request())["Location"].startswith("/en/sign-in/")


def test_a_revoked_service_has_nothing_left(world: World, maths: Party) -> None:
    got, at = tokens(maths, world.client(Role.TEACHER)), datetime.now(UTC)
    services.revoke(service=maths.made.service, acting_user="tests", at=at, now=at)
    assert not Token.objects.exists()
    assert maths.refresh(got["refresh_token"]).status_code == 401
    assert world.client(Role.TEACHER).get(maths.request()).status_code == 400


def test_tokens_are_kept_hashed(world: World, maths: Party) -> None:
    got = tokens(maths, world.client(Role.TEACHER))
    kept = json.dumps([[token.hash, token.data, token.scopes] for token in Token.objects.all()])
    assert got["access_token"] not in kept
    assert got["refresh_token"] not in kept
    assert "." not in got["access_token"]  # opaque


def signed_by_hand(told: dict[str, Any], key: str) -> str:
    """HS256 with the published key as its secret, which libraries refuse to make."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256"}, told)]
    text = b".".join(parts)
    signature = base64.urlsafe_b64encode(hmac.digest(key.encode(), text, "sha256")).rstrip(b"=")
    return b".".join((text, signature)).decode()


def test_algorithms_are_not_the_senders_choice(world: World, maths: Party) -> None:
    told = maths.told(tokens(maths, world.client(Role.LEARNER))["id_token"])
    browser = world.client(Role.LEARNER)
    key = maths.asking.get("/api/oidc/keys").json()["keys"][0]
    public = RSAAlgorithm.from_jwk(key)
    assert isinstance(public, RSAPublicKey)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    secrets = (json.dumps(key), pem, pem.strip(), "")  # what a confused check might take for the secret
    unsigned = jwt.encode(told, "", algorithm="none")
    own = signing_keys.signing(at=datetime.now(UTC))
    strange = (  # our key for another issuer; another's key in our name
        jwt.encode({**told, "iss": "https://other.example"}, own.pem, algorithm="RS256", headers={"kid": own.kid}),
        jwt.encode(told, sealed_keys.new_pem(), algorithm="RS256", headers={"kid": own.kid}),
    )
    for forged in (unsigned, *strange, *(signed_by_hand(told, secret) for secret in secrets)):
        assert answer_of(browser.get(maths.request(id_token_hint=forged)))["error"] == "login_required"


def test_keys_rotate_by_command_and_are_published_before_they_sign(world: World, maths: Party) -> None:
    at = datetime.now(UTC)
    first = signing_keys.signing(at=at)
    second = signing_keys.rotate(acting_user="tests", at=at, now=at)
    assert {key.kid for key in signing_keys.published(at=at)} == {first.kid, second.kid}
    assert signing_keys.signing(at=at).kid == first.kid
    token = tokens(maths, world.client(Role.TEACHER))["id_token"]
    assert jwt.get_unverified_header(token)["kid"] == first.kid
    maths.told(token)
    later = at + timedelta(hours=3)
    assert signing_keys.signing(at=later).kid == second.kid
    assert {key.kid for key in signing_keys.published(at=later)} == {first.kid, second.kid}
    much_later = at + timedelta(hours=27)
    assert [key.kid for key in signing_keys.published(at=much_later)] == [second.kid]
    signing_keys.forget_expired(at=much_later)
    assert [key.kid for key in signing_keys.published(at=at)] == [second.kid]


def test_a_service_signs_its_person_out_of_hwb(world: World, maths: Party) -> None:
    browser = world.client(Role.TEACHER)
    got = tokens(maths, browser)
    query = f"?id_token_hint={got['id_token']}&post_logout_redirect_uri=https://maths.example/bye&state=s"
    entry = browser.get("/sign-out" + query)
    answer = browser.get(entry["Location"])
    assert answer["Location"] == "https://maths.example/bye?state=s"
    assert browser.get("/en/account/").status_code == 302
    assert maths.refresh(got["refresh_token"]).status_code == 400


@pytest.mark.parametrize("language", ["en", "cy"])
def test_who_asks_to_sign_out_without_a_proof_is_asked_first(world: World, maths: Party, language: str) -> None:
    browser = world.client(Role.TEACHER)
    address = f"/{language}/sign-out/service/?client_id={maths.made.client_id}&post_logout_redirect_uri="
    page = browser.get(address + "https://maths.example/bye")
    assert not foreign_texts(page.content, language)
    assert browser.get("/en/account/").status_code == 200
    assert browser.post(address + "https://maths.example/bye")["Location"] == "https://maths.example/bye"
    assert browser.get(address + "https://evil.example/")["Location"] == f"/{language}/sign-in/"


def test_signing_out_of_hwb_signs_out_of_its_services(world: World, maths: Party) -> None:
    browser, other = world.client(Role.TEACHER), world.client(Role.TEACHER)
    here, there = tokens(maths, browser), tokens(maths, other)
    browser.post("/en/sign-out/")
    assert maths.userinfo(here["access_token"]).status_code == 401
    assert maths.userinfo(there["access_token"]).status_code == 200
    other.post("/en/account/sign-out-everywhere/")
    assert maths.userinfo(there["access_token"]).status_code == 401


@pytest.mark.parametrize("path", ["/authorize", "/sign-out"])
def test_what_comes_from_outside_by_post_is_only_led_on(world: World, maths: Party, path: str) -> None:
    browser = world.client(Role.TEACHER, enforce_csrf_checks=True)
    answer = browser.post(path, {"client_id": maths.made.client_id, "redirect_uri": "https://evil.example/"})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/en/")
    assert browser.get("/en/account/").status_code == 200
    assert not ServiceSignIn.objects.exists()


def test_an_old_address_of_a_page_is_never_a_code(world: World, maths: Party) -> None:
    answer = world.client(Role.TEACHER).get(maths.request())
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    assert parse_qs(urlsplit(answer["Location"]).query)["iss"] == ["http://localhost:8000"]
    assert set(EVERYTHING) == set(maths.made.scopes)
