"""Pages over HTTP: headers, language, errors, forgery, files. Signing in is in test_sign_in."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from tests.support.crawler import crawl
from tests.support.languages import foreign_texts
from tests.support.world import ROLES, World

from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
PUBLIC = ("sign-in/", "status/", "accessibility/", "privacy/", "cookies/", "nothing/", "first-sign-in/unknown/")


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_speak_one_language_and_have_one_title(client: Client, path: str) -> None:
    for language in ("en", "cy"):
        answer = client.get(f"/{language}/{path}")
        page = answer.content.decode()
        assert answer["Content-Language"] == language
        assert f'<html lang="{language}"' in page
        assert page.count("<h1") == 1
        assert "style=" not in page
        assert not foreign_texts(answer.content, language)


def test_every_answer_has_its_headers(client: Client, world: World) -> None:
    """On errors, redirects and downloads too."""
    signed_in = world.client(Role.CHAMPION)
    answers = [client.get(f"/en/{path}") for path in PUBLIC]
    answers += [client.get("/"), client.get("/en/account/"), client.post("/en/account/"), signed_in.get("/en/account/")]
    for answer in answers:
        # Where no script is named, `script-src` stands alone and allows none.
        csp = {
            name: rest
            for name, _, rest in (part.strip().partition(" ") for part in answer["Content-Security-Policy"].split(";"))
        }
        assert csp["default-src"] == csp["base-uri"] == csp["object-src"] == csp["frame-ancestors"] == "'none'"
        assert csp["style-src"] == csp["img-src"] == csp["form-action"] == "'self'"
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "no-store" in signed_in.get("/en/account/")["Cache-Control"]


def test_scripts_run_by_nonce_only(client: Client) -> None:
    first, second = client.get("/en/sign-in/"), client.get("/en/sign-in/")
    nonces = [answer["Content-Security-Policy"].split("'nonce-")[1].split("'")[0] for answer in (first, second)]
    assert nonces[0] != nonces[1]
    assert f'nonce="{nonces[0]}"' in first.content.decode()


def test_the_front_is_in_the_readers_language_and_in_both_when_none_is_known(client: Client) -> None:
    """Cookie, then Accept-Language; else both side by side."""
    for header, place in (("cy", "/cy/"), ("cy-GB,en;q=0.8", "/cy/"), ("fr, en;q=0.2, cy;q=0.1", "/en/")):
        answer = client.get("/", headers={"Accept-Language": header})
        assert (answer.status_code, answer["Location"]) == (302, place)
    both = Client().get("/").content.decode()
    assert 'href="/cy/"' in both
    assert 'href="/en/"' in both
    remembered = Client()
    remembered.get("/cy/status/")
    assert remembered.get("/", headers={"Accept-Language": "en"})["Location"] == "/cy/"


def test_the_language_link_keeps_page_and_filters(client: Client) -> None:
    page = client.get("/en/status/?sort=-name&page=3").content.decode()
    assert 'href="/cy/status/?sort=-name&amp;page=3"' in page


def test_sending_a_form_in_the_other_language_checks_nothing(client: Client) -> None:
    page = client.post(
        "/cy/sign-in/?next=/cy/account/", {"username": "Siân", "password": "secret-word", "switch-language": "cy"}
    ).content.decode()
    assert 'value="Siân"' in page
    assert "secret-word" not in page
    assert "govuk-error" not in page


def test_forms_without_their_token_are_refused_in_the_frame() -> None:
    """Without, with a stale one and with another session's."""
    client = Client(enforce_csrf_checks=True)
    other = Client(enforce_csrf_checks=True)
    other.get("/en/sign-in/")
    token = other.cookies["csrftoken"].value
    for data in ({}, {"csrfmiddlewaretoken": "x" * 64}, {"csrfmiddlewaretoken": token}):
        answer = client.post("/cy/sign-in/", {"username": "a", "password": "b", **data})
        assert answer.status_code == 403
        assert "Nid yw" in answer.content.decode()
        assert not foreign_texts(answer.content, "cy")


def test_a_fault_tells_nothing_of_the_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """500 in the frame, with a reference, in both languages."""

    def fails(**_: Any) -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("hwb.directory.queries.service_state.measured", fails)
    client = Client(raise_request_exception=False)
    for language in ("en", "cy"):
        answer = client.get(f"/{language}/status/")
        assert answer.status_code == 500
        assert b"secret" not in answer.content
        assert b"Traceback" not in answer.content
        assert not foreign_texts(answer.content, language)


def test_the_database_away_is_503(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """F6, F7: in the frame, for somebody signed in too, and without asking the database once more."""
    from django.db import OperationalError, connection

    signed_in = world.client(Role.CHAMPION, raise_request_exception=False)

    def away(*_: Any, **__: Any) -> Any:
        raise OperationalError("the database is away")

    monkeypatch.setattr(connection, "cursor", away)
    for client, path in ((Client(raise_request_exception=False), "/cy/status/"), (signed_in, "/cy/account/")):
        answer = client.get(path)
        assert (answer.status_code, answer["Retry-After"]) == (503, "60")
        assert "Nid oes angen ichi eu rhedeg eto" in answer.content.decode()


def test_a_host_that_is_not_ours_is_refused(client: Client) -> None:
    assert client.get("/en/sign-in/", headers={"Host": "evil.example"}).status_code == 400


def test_styles_are_kept_for_a_year_under_names_that_change_with_them(client: Client) -> None:
    import re

    page = client.get("/en/sign-in/").content.decode()
    found = re.findall(r"/static/[\w.-]+", page)
    assert len(found) == 4
    for address in found:
        answer = client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer["Cache-Control"]
        content = b"".join(answer.streaming_content)
        assert b"url(/" not in content
        assert b"GDS Transport" not in content


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("language", ["en", "cy"])
def test_every_link_of_every_role_leads_somewhere_and_changes_nothing(world: World, role: Role, language: str) -> None:
    """The crawler: GET of all that is linked, as each role, in both languages."""
    crawled = crawl(world.client(role), f"/{language}/?all=1")
    assert not crawled.broken
    assert not crawled.foreign
    assert f"/{language}/account/" in crawled.statuses
