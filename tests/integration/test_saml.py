"""The SAML 2.0 identity provider (issue 6 point 6): what a service gets, and what nobody gets."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from django.core import checks
from django.test import Client
from lxml import etree
from tests.support.languages import foreign_texts
from tests.support.saml_party import (
    ASSERTION,
    CONSUMER,
    ENTITY,
    OUT,
    PROTOCOL,
    SAML,
    SIGN_OUT,
    Library,
    at_page,
    authn_request,
    key_pair,
    library,
    moment,
    packed,
    signed,
    status,
    told,
)
from tests.support.second_step import code_now, set_up
from tests.support.world import ELSEWHERE, PASSWORD, SCHOOL, World, build

from hwb.directory.models import Account, Placement, ServiceLogOut, ServiceSignIn
from hwb.operations import passwords, services, signing_keys
from hwb.operations.services import ServiceRefused
from hwb.web.policy import Role

pytestmark = [pytest.mark.django_db, pytest.mark.system("xmlsec1")]


@pytest.fixture
def world() -> World:
    return build()


@pytest.fixture
def shelf(world: World) -> Library:
    return library(schools=(SCHOOL,))


def test_a_teacher_signs_in_and_the_service_learns_what_its_scopes_allow(world: World, shelf: Library) -> None:
    teacher = world.accounts[Role.TEACHER]
    answer = world.client(Role.TEACHER).get(at_page(authn_request()))
    response = shelf.heard(answer)
    assert status(response) == ["Success"]
    assert (response.get("InResponseTo"), response.get("Destination")) == ("_request-1", CONSUMER)
    name = response.find(f".//{SAML}NameID")
    assert name is not None
    assert name.text == services.pairwise_key().identifier(teacher.id, sector="library")  # as OpenID Connect's sub
    assert str(name.get("Format")).endswith(":persistent")
    row = ServiceSignIn.objects.get()
    statement = response.find(f".//{SAML}AuthnStatement")
    assert statement is not None
    assert statement.get("SessionIndex") == str(row.id)
    conditions = response.find(f".//{SAML}Conditions")
    assert conditions is not None
    ends = datetime.fromisoformat(str(conditions.get("NotOnOrAfter")))
    assert timedelta(minutes=4) < ends - datetime.now(UTC) <= timedelta(minutes=5)
    assert [each.text for each in response.iter(f"{SAML}Audience")] == [ENTITY]
    attributes = told(response)
    assert attributes["roles"] == ["staff", "teacher"]
    assert attributes["email"] == [teacher.email]
    assert attributes["organisation"] == [SCHOOL]
    assert attributes["age_band"] == ["adult"]
    assert "form-action 'self' https://library.example;" in answer["Content-Security-Policy"] + ";"
    assert 'name="RelayState" value="st/1"' in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_a_service_is_told_no_more_than_it_is_registered_for_and_by_its_own_names(world: World) -> None:
    little = library(schools=(SCHOOL,), scopes=("age_band",), attribute_names=(("age_band", "urn:example:band"),))
    response = little.heard(world.client(Role.LEARNER).get(at_page(authn_request())))
    assert set(told(response)) == {"urn:example:band"}
    assert world.accounts[Role.LEARNER].username not in etree.tostring(response).decode()


@pytest.mark.parametrize("language", ["en", "cy"])
def test_who_is_not_signed_in_signs_in_first_and_comes_back(world: World, shelf: Library, language: str) -> None:
    browser = Client()
    asked = at_page(authn_request()).replace("/en/", f"/{language}/", 1)
    page = browser.get(asked)
    assert page["Location"].startswith(f"/{language}/sign-in/?next=")
    shown = browser.get(page["Location"])
    assert "form-action 'self' https://library.example;" in shown["Content-Security-Policy"] + ";"
    signed_in = with_second_step(browser, page["Location"], world)
    answer = browser.get(signed_in["Location"])
    assert status(shelf.heard(answer)) == ["Success"]
    assert not foreign_texts(answer.content, language)
    assert "library.example" not in browser.get("/en/account/")["Content-Security-Policy"]
    again = browser.get(signed_in["Location"])
    assert again.status_code == 400
    assert not foreign_texts(again.content, language)


def with_second_step(browser: Client, page: str, world: World) -> Any:
    """A teacher's sign-in, with the code that follows the password."""
    teacher = world.accounts[Role.TEACHER]
    secret = set_up(teacher.id)[0]
    led = browser.post(page, {"username": teacher.username, "password": PASSWORD})["Location"]
    return browser.post(led, {"code_again": code_now(secret)})


def test_a_request_by_post_keeps_its_signature(world: World) -> None:
    shelf = library(schools=(SCHOOL,), signs=True)
    sent = {"SAMLRequest": base64.b64encode(signed(authn_request()).encode()).decode(), "RelayState": "st"}
    led = Client().post("/saml/sign-in", sent)
    assert led["Location"].startswith("/en/saml/sign-in/?SAMLRequest=")
    assert status(shelf.heard(world.client(Role.TEACHER).get(led["Location"]))) == ["Success"]
    led = Client().get("/saml/sign-in?" + at_page(authn_request("_request-2"), key=key_pair()).split("?")[1])
    assert status(shelf.heard(world.client(Role.TEACHER).get(led["Location"]))) == ["Success"]
    assert Client().post("/saml/sign-in", {"SAMLRequest": "%%"}).status_code == 400


@pytest.mark.parametrize("language", ["en", "cy"])
def test_staff_with_several_posts_choose_which(world: World, language: str) -> None:
    both = library(schools=(SCHOOL, ELSEWHERE))
    teacher = world.accounts[Role.TEACHER]
    Placement.objects.create(account=teacher, school=ELSEWHERE, role="post", began=datetime.now(UTC).date())
    browser, asked = world.client(Role.TEACHER), at_page(authn_request()).replace("/en/", f"/{language}/", 1)
    page = browser.get(asked)
    assert not foreign_texts(page.content, language)
    assert "SAMLResponse" not in page.content.decode()
    assert told(both.heard(browser.post(asked, {"school": ELSEWHERE})))["organisation"] == [ELSEWHERE]


def condition(text: str) -> str:
    return f"<a:Conditions {text}/>"


REFUSED = {
    "not registered": authn_request().replace(ENTITY, "https://other.example/saml"),
    "another address": authn_request(AssertionConsumerServiceURL="https://evil.example/acs"),
    "an address that begins alike": authn_request(AssertionConsumerServiceURL=CONSUMER + "/more"),
    "an index that is not there": authn_request(AssertionConsumerServiceURL=None, AssertionConsumerServiceIndex="7"),
    "an address and an index": authn_request(AssertionConsumerServiceIndex="2"),
    "meant for another": authn_request(Destination="https://other.example/saml/sign-in"),
    "too old": authn_request(IssueInstant=moment(hours=1, minutes=1)),
    "not yet": authn_request(IssueInstant=moment(hours=-24)),
    "no moment": authn_request(IssueInstant="yesterday"),
    "no id": authn_request(ID=None),
    "another version": authn_request(Version="1.1"),
    "another binding": authn_request(ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"),
    "conditions over": authn_request(within=condition(f'NotOnOrAfter="{moment(minutes=4)}"')),
    "conditions to come": authn_request(within=condition(f'NotBefore="{moment(hours=-24)}"')),
    "another audience": authn_request(
        within="<a:Conditions><a:AudienceRestriction><a:Audience>https://other.example</a:Audience>"
        "</a:AudienceRestriction></a:Conditions>"
    ),
    "a document type": "<!DOCTYPE p>" + authn_request(),
    "an entity": '<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + authn_request(within="<a:N>&x;</a:N>"),
    "many entities": '<!DOCTYPE p [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>' + authn_request(within="&b;"),
    "a document type in UTF-16": ("<!DOCTYPE p>" + authn_request()).encode("utf-16"),
    "very long": authn_request(within=" " * 10_000_000),
    "another message": authn_request().replace("AuthnRequest", "AttributeQuery"),
    "not XML": "hello",
    "a name cut by a comment": authn_request().replace(ENTITY, f"{ENTITY}<!-- -->.evil.example"),
}


@pytest.mark.parametrize("xml", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_believed_leads_nowhere(world: World, shelf: Library, xml: str | bytes) -> None:
    answer = world.client(Role.TEACHER).get(at_page(xml))
    assert answer.status_code == 400
    assert "SAMLResponse" not in answer.content.decode()
    assert not ServiceSignIn.objects.exists()


def test_a_parameter_given_twice_leads_nowhere(world: World, shelf: Library) -> None:
    address = at_page(authn_request())
    assert world.client(Role.TEACHER).get(f"{address}&SAMLRequest={packed(authn_request())}").status_code == 400
    assert world.client(Role.TEACHER).get("/en/saml/sign-in/").status_code == 400


def test_a_request_is_answered_once(world: World, shelf: Library) -> None:
    browser = world.client(Role.TEACHER)
    shelf.heard(browser.get(at_page(authn_request())))
    for again in (browser, world.client(Role.LEARNER)):
        answer = again.get(at_page(authn_request()))
        assert answer.status_code == 400
        assert "SAMLResponse" not in answer.content.decode()
    assert ServiceSignIn.objects.count() == 1


def wrapped(xml: str, *, how: str) -> str:
    """The signed request moved into another one, which names another address (signature wrapping)."""
    root = etree.fromstring(signed(xml).encode())
    evil = etree.fromstring(authn_request("_evil-evil", AssertionConsumerServiceURL=f"{CONSUMER}/two").encode())
    signature = root.find("{http://www.w3.org/2000/09/xmldsig#}Signature")
    assert signature is not None
    if how != "whole":
        root.remove(signature)
        evil.insert(1, signature)
    if how == "inside":
        etree.SubElement(signature, "{http://www.w3.org/2000/09/xmldsig#}Object").append(root)
    else:
        etree.SubElement(evil, f"{{{PROTOCOL}}}Extensions").append(root)
    return etree.tostring(evil).decode()


@pytest.mark.parametrize("how", ["inside", "beside", "whole"])
def test_a_signature_that_is_over_something_else_is_none(world: World, how: str) -> None:
    library(schools=(SCHOOL,), signs=True)
    answer = world.client(Role.TEACHER).get(at_page(wrapped(authn_request(), how=how)))
    assert answer.status_code == 400
    same = wrapped(authn_request(), how=how).replace("_evil-evil", "_request-1")
    assert world.client(Role.TEACHER).get(at_page(same)).status_code == 400


def test_a_good_signature_with_sha1_is_refused(world: World, monkeypatch: Any) -> None:
    library(schools=(SCHOOL,), signs=True)
    with monkeypatch.context() as patch:
        patch.setattr("hwb.operations.saml_signatures.RSA_SHA256", "http://www.w3.org/2000/09/xmldsig#rsa-sha1")
        weak = signed(authn_request())
    assert "#rsa-sha1" in weak
    assert world.client(Role.TEACHER).get(at_page(weak)).status_code == 400


def test_signatures_of_others_weak_ones_and_none_are_refused(world: World) -> None:
    shelf = library(schools=(SCHOOL,), signs=True)
    browser, other = world.client(Role.TEACHER), key_pair("somebody")
    good = signed(authn_request())
    for xml in (
        authn_request(), signed(authn_request(), key=other), good.replace(CONSUMER, f"{CONSUMER}/two"),
        good.replace("2001/04/xmldsig-more#rsa-sha256", "2000/09/xmldsig#rsa-sha1"),
    ):  # fmt: skip
        assert browser.get(at_page(xml)).status_code == 400
    beside = at_page(authn_request(), key=key_pair())
    for address in (
        at_page(authn_request(), key=other), beside.replace("st%2F1", "st%2F2"), beside.split("&SigAlg")[0],
        beside.replace("rsa-sha256", "rsa-sha1"),
    ):  # fmt: skip
        assert browser.get(address).status_code == 400
    assert status(shelf.heard(browser.get(beside))) == ["Success"]


def test_inactive_people_and_people_of_other_schools_get_nothing(world: World, shelf: Library) -> None:
    browser = world.client(Role.LEARNER)
    Account.objects.filter(id=world.accounts[Role.LEARNER].id).update(active=False)
    assert browser.get(at_page(authn_request()))["Location"].startswith("/en/sign-in/")
    assert world.client(Role.AREA_OFFICER).get(at_page(authn_request())).status_code == 403
    passive = world.client(Role.AREA_OFFICER).get(at_page(authn_request(IsPassive="true")))
    assert status(shelf.heard(passive)) == ["Responder", "RequestDenied"]
    assert not ServiceSignIn.objects.exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"within": '<p:NameIDPolicy Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"/>'}, "InvalidNameIDPolicy"),
        ({"within": "<p:RequestedAuthnContext><a:AuthnContextClassRef>https://refeds.org/profile/mfa"
                    "</a:AuthnContextClassRef></p:RequestedAuthnContext>"}, "NoAuthnContext"),
    ],
)  # fmt: skip
def test_what_cannot_be_given_is_said_to_the_service(world: World, shelf: Library, more: Any, said: str) -> None:
    response = shelf.heard(world.client(Role.TEACHER).get(at_page(authn_request(**more))))
    assert status(response)[-1] == said
    assert response.find(f"{SAML}Assertion") is None


def test_nobody_signed_in_is_said_without_a_page_when_asked_so(shelf: Library) -> None:
    assert status(shelf.heard(Client().get(at_page(authn_request(IsPassive="true"))))) == ["Responder", "NoPassive"]


def test_a_new_sign_in_is_made_when_it_is_demanded(world: World, shelf: Library) -> None:
    browser = world.client(Role.TEACHER)
    led = browser.get(at_page(authn_request(ForceAuthn="true")))["Location"]
    assert led.startswith("/en/sign-in/")
    assert browser.get("/en/account/").status_code == 200  # a link signs nobody out
    assert browser.get(at_page(authn_request(ForceAuthn="true")))["Location"].startswith("/en/sign-in/")
    back = with_second_step(browser, led, world)["Location"]
    assert status(shelf.heard(browser.get(back))) == ["Success"]


def test_whoever_needs_a_second_step_sets_one_up_before_a_service_hears_of_them(world: World, shelf: Library) -> None:
    """A password alone says nothing to a service about somebody who sees others' data."""
    browser = Client()
    sent = {"username": world.accounts[Role.CHAMPION].username, "password": PASSWORD}
    led = browser.post(browser.get(at_page(authn_request()))["Location"], sent)["Location"]
    assert "/account/second-step/" in browser.get(led)["Location"]
    passive = browser.get(at_page(authn_request("_request-2", IsPassive="true")))
    assert "Success" not in status(shelf.heard(passive))


def test_after_a_password_that_must_be_changed_the_service_has_its_answer(world: World, shelf: Library) -> None:
    staff, now = world.accounts[Role.STAFF], datetime.now(UTC)
    made = passwords.reset(account=staff.id, school=SCHOOL, acting_user="tests", now=now).password
    browser = Client()
    sent = {"username": staff.username, "password": made}
    way = browser.post(browser.get(at_page(authn_request(ForceAuthn="true")))["Location"], sent)["Location"]
    assert way.startswith("/en/password/?next=%2Fen%2Fsaml%2Fsign-in%2F")
    back = browser.post(way, {"present_password": made, "new_password": "pont-gwynt-cadair"})["Location"]
    assert status(shelf.heard(browser.get(back))) == ["Success"]


def log_out_request(shelf: Library, sign_in: str, name: str, number: str = "_out-out-1") -> str:
    return (
        f'<p:LogoutRequest xmlns:p="{PROTOCOL}" xmlns:a="{ASSERTION}" ID="{number}" Version="2.0" '
        f'IssueInstant="{moment()}" Destination="{SIGN_OUT}"><a:Issuer>{ENTITY}</a:Issuer><a:NameID>{name}</a:NameID>'
        f"<p:SessionIndex>{sign_in}</p:SessionIndex></p:LogoutRequest>"
    )


def test_a_service_signs_somebody_out_here_and_everywhere(world: World, shelf: Library) -> None:
    other = library(schools=(SCHOOL,), name="Other", entity="https://o.example/saml", soap="https://o.example/soap")
    browser = world.client(Role.TEACHER)
    response = shelf.heard(browser.get(at_page(authn_request())))
    other.heard(browser.get(at_page(authn_request().replace(ENTITY, "https://o.example/saml"))))
    name = str(response.findtext(f".//{SAML}NameID"))
    sign_in = ServiceSignIn.objects.get(service=shelf.made.service)
    asked = log_out_request(shelf, str(sign_in.id), name)
    for address in (at_page(asked, "sign-out"), at_page(asked, "sign-out", key=key_pair("somebody"))):
        assert browser.get(address).status_code == 400
    assert browser.get("/en/account/").status_code == 200
    answer = browser.get(at_page(asked, "sign-out", key=key_pair()))
    assert answer["Location"].startswith(f"{OUT}?SAMLResponse=")
    query = parse_qs(urlsplit(answer["Location"]).query)
    assert query["RelayState"] == ["st/1"]
    assert {"SigAlg", "Signature"} <= set(query)
    assert browser.get("/en/account/")["Location"].startswith("/en/sign-in/")
    assert not ServiceSignIn.objects.filter(ended_at=None).exists()
    assert ServiceLogOut.objects.get().sign_in.service_id == other.made.service  # told by SOAP
    assert browser.get(at_page(asked, "sign-out", key=key_pair())).status_code == 400  # once


def test_a_service_cannot_sign_out_whom_it_does_not_name_rightly(world: World, shelf: Library) -> None:
    browser = world.client(Role.TEACHER)
    shelf.heard(browser.get(at_page(authn_request())))
    sign_in = ServiceSignIn.objects.get()
    browser.get(at_page(log_out_request(shelf, str(sign_in.id), "f" * 32), "sign-out", key=key_pair()))
    assert browser.get("/en/account/").status_code == 200
    assert ServiceSignIn.objects.get().ended_at is None


def test_metadata_are_of_this_server_and_a_new_key_is_published_before_it_signs(world: World, shelf: Library) -> None:
    root = etree.fromstring(Client().get("/api/saml/metadata").content)
    assert root.get("entityID") == "http://localhost:8000/api/saml/metadata"
    first = shelf.certificates()
    assert len(first) == 1
    assert shelf.certificates() == first
    at = datetime.now(UTC)
    made = signing_keys.rotate(acting_user="tests", at=at, now=at, use="saml")
    assert made.signs_from - at == timedelta(days=14)
    assert set(first) < set(shelf.certificates())
    assert signing_keys.signing(at=at, use="saml").kid != made.kid
    assert [key.kid for key in signing_keys.published(at=at)] == []  # OpenID Connect has keys of its own


def test_metadata_that_are_read_before_any_service_is_registered_have_the_key_that_will_sign(world: World) -> None:
    """Some services need them to begin with; what they were given must be good when they are registered."""
    first = Client().get("/api/saml/metadata").content
    shelf = library(schools=(SCHOOL,))
    assert first.count(b"X509Certificate>") == 2
    assert Client().get("/api/saml/metadata").content == first
    shelf.heard(world.client(Role.LEARNER).get(at_page(authn_request())))


def test_without_xmlsec1_saml_is_off_and_the_check_says_so(world: World, shelf: Library, monkeypatch: Any) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert any(each.id == "hwb.I001" for each in checks.run_checks())
    browser = world.client(Role.TEACHER)
    for path in ("/api/saml/metadata", "/saml/sign-in", "/saml/sign-out", at_page(authn_request())):
        assert browser.get(path).status_code == 404
    with pytest.raises(ServiceRefused, match="saml_off"):
        library(schools=(SCHOOL,), entity="https://new.example/saml")


def test_ids_of_sign_ins_are_ids(world: World, shelf: Library) -> None:
    response = shelf.heard(world.client(Role.LEARNER).get(at_page(authn_request())))
    statement = response.find(f".//{SAML}AuthnStatement")
    assert statement is not None
    assert UUID(str(statement.get("SessionIndex")))
