"""The operator's pages of services."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from tests.support.languages import foreign_texts
from tests.support.relying_party import party
from tests.support.saml_party import library
from tests.support.world import SCHOOL, World

from hwb import clock
from hwb.directory.models import Service
from hwb.directory.queries import services as rows
from hwb.directory.queries.service_sign_ins import SignInRow
from hwb.operations.service_addresses import SCOPE_ATTRIBUTES
from hwb.signin.saml.messages import attributes
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
LIST, REGISTER = "/nation/services/", "/nation/services/register/"
FORM = {"name": "Maths", "protocol": "oidc", "whose": "some", "schools": SCHOOL, "scopes": ["profile", "roles"],
        "redirect_uris": "https://maths.example/back"}  # fmt: skip


NOW = datetime(2026, 9, 1, tzinfo=UTC)
PERSON = SignInRow(
    uuid4(), uuid4(), uuid4(), "id", "sector", "key", SCHOOL, "School", "Ysgol", NOW, ("pwd",), NOW, None, True,
    "learner", "Mali", "Rees", "reesm1", "reesm1@example.wales", date(2015, 1, 1), ("learner",),
)  # fmt: skip


@pytest.mark.parametrize("language", ["en", "cy"])
def test_an_operator_registers_looks_at_and_ends_a_service(world: World, language: str) -> None:
    browser = world.client(Role.OPERATOR)
    for path in (LIST, REGISTER):
        assert not foreign_texts(browser.get(f"/{language}{path}").content, language)
    answer = browser.post(f"/{language}{REGISTER}", FORM)
    made = Service.objects.get()
    assert made.client_id in answer.content.decode()
    assert not foreign_texts(answer.content, language)
    one = f"/{language}{LIST}{made.id}/"
    for path in (f"/{language}{LIST}", one, f"{one}end/"):
        answer = browser.get(path)
        assert "Maths" in answer.content.decode()
        assert not foreign_texts(answer.content, language)
    assert browser.post(f"{one}end/").status_code == 302
    assert Service.objects.get().revoked_at is not None
    assert browser.get(f"{one}end/").status_code == 404
    assert browser.post(f"{one}end/").status_code == 404
    assert not foreign_texts(browser.get(one).content, language)


@pytest.mark.parametrize("language", ["en", "cy"])
def test_what_a_saml_service_needs_of_us_stands_on_its_page(world: World, language: str) -> None:
    """The address of our metadata, and what each attribute that it is told is called there; of others nothing."""
    made = library(
        schools=(SCHOOL,), scopes=("openid", "email", "organisation"), attribute_names=(("email", "urn:oid:1.2.3"),)
    ).made
    answer = world.client(Role.OPERATOR).get(f"/{language}{LIST}{made.service}/")
    text = answer.content.decode()
    assert "http://localhost:8000/api/saml/metadata" in text
    names = re.findall(r"<code>([^<]+)</code>", text)
    assert names == ["urn:oid:1.2.3", "organisation", "organisation_name", "organisation_name_cy"]
    assert not foreign_texts(answer.content, language)
    row = next(each for each in rows.find() if each.service == made.service)
    for scope, claims in SCOPE_ATTRIBUTES.items():  # what is said is what is sent
        told = attributes(PERSON, scopes=(scope,), names=rows.saml_side(row.service).attribute_names, on=clock.today())
        assert {each.friendly_name for each in told} == set(claims)


@pytest.mark.parametrize("language", ["en", "cy"])
def test_what_an_openid_connect_service_needs_of_us_stands_on_its_page(world: World, language: str) -> None:
    answer = world.client(Role.OPERATOR).get(f"/{language}{LIST}{party(schools=(SCHOOL,)).made.service}/")
    assert "http://localhost:8000/.well-known/openid-configuration" in answer.content.decode()
    assert not foreign_texts(answer.content, language)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"redirect_uris": "http://maths.example/"}, "Nid yw&#x27;n gyfeiriad https llawn"),
        ({"schools": ""}, "Enwch yr ysgolion"), ({"schools": "6799999"}, "6799999"),
        ({"protocol": "saml"}, "Nid metadata SAML"), ({"name": ""}, "Rhowch enw"), ({"whose": ""}, "Dewiswch ar gyfer pwy"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    world: World, wrong: dict[str, str], said: str
) -> None:
    answer = world.client(Role.OPERATOR).post(f"/cy{REGISTER}", {**FORM, **wrong})
    text = answer.content.decode()
    assert said in text
    assert "Mae problem wedi codi" in text
    assert not foreign_texts(answer.content, "cy")
    assert not Service.objects.exists()


@pytest.mark.parametrize(("protocol", "told"), [("oneroster", "e-mail addresses"), ("scim", "Name and username")])
@pytest.mark.parametrize("language", ["en", "cy"])
def test_of_a_service_that_reads_the_page_says_what_of_whom_and_where(
    world: World, protocol: str, told: str, language: str
) -> None:
    """Nobody is to think that a service which reads names gets only an identifier."""
    browser = world.client(Role.OPERATOR)
    answer = browser.post(
        f"/{language}{REGISTER}", {**FORM, "protocol": protocol, "scopes": ["profile"], "redirect_uris": ""}
    )
    assert "/api/oidc/token" in answer.content.decode()
    assert {"oneroster": "/ims/oneroster/v1p1", "scim": "/scim/v2"}[protocol] in answer.content.decode()
    page = browser.get(f"/{language}{LIST}{Service.objects.get().id}/")
    assert not foreign_texts(answer.content, language)
    assert not foreign_texts(page.content, language)
    if language == "en":
        assert told in page.content.decode()
        assert "Learners" in page.content.decode()
        assert "Only an identifier" not in page.content.decode()
