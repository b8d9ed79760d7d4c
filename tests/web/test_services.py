"""The operator's pages of services."""

from __future__ import annotations

import pytest
from tests.support.languages import foreign_texts
from tests.support.world import SCHOOL, World

from hwb.directory.models import Service
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
LIST, REGISTER = "/nation/services/", "/nation/services/register/"
FORM = {"name": "Maths", "protocol": "oidc", "whose": "some", "schools": SCHOOL, "scopes": ["profile", "roles"],
        "redirect_uris": "https://maths.example/back"}  # fmt: skip


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
