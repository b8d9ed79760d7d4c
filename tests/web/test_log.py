"""The server's log shows no secret that stands in the address of a page: a link that lets somebody in stays theirs."""

from __future__ import annotations

import io
import logging
import logging.config
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.urls import NoReverseMatch
from tests.support.world import World
from tests.web.test_policy import routes

from hwb import clock
from hwb.cli import serve
from hwb.config.logs import SECRET_AFTER, Line
from hwb.operations import roles
from hwb.operations.roles import NewPerson, Reach

pytestmark = pytest.mark.django_db


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the handler of the settings writes, whatever the level."""
    kept = io.StringIO()
    line = settings.LOGGING["formatters"]["line"]
    handler = logging.StreamHandler(kept)
    handler.setFormatter(Line(line["format"], style=line["style"]))
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield kept
    root.removeHandler(handler)
    root.setLevel(level)


def test_no_line_shows_a_link_that_still_works(
    world: World, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A form without its token, a method that the page does not know, an address without its language, a broken page."""
    now = datetime.now(UTC)
    person = NewPerson("Non Agent", "non@example.wales")
    token = roles.grant_new(
        Reach("agent"), person=person, acting_user="tests", now=now, on=clock.today(), at=now
    ).link_token  # fmt: skip
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    path = f"/en/first-sign-in/{token}/"

    def broken(*_: object, **__: object) -> None:
        raise NoReverseMatch(f"Reverse for 'x' with arguments {path}, {path.replace('/', '%2F')}")

    assert client.post(path, {"new_password": "pont-gwynt-cadair"}).status_code == 403
    assert Client().put(path).status_code == 405
    assert client.get(path[3:]).status_code == 404
    assert client.get(f"/en/sign-in/?next={path}").status_code == 200
    monkeypatch.setattr("hwb.signin.views.sessions.account_of_link", broken)
    assert client.get(path).status_code == 500
    lines = "\n".join(line for line in written.getvalue().splitlines() if " django.db" not in line)
    for said in ("Forbidden", "Method Not Allowed", "Not Found", "NoReverseMatch", "Internal Server Error"):
        assert said in lines
    assert token not in lines
    assert "/en/first-sign-in/…/" in lines


def test_the_part_after_an_id_is_a_secret_too() -> None:
    """The link to an authorisation has an id, which is none, and a secret."""
    path = f"/en/authorisation/{uuid4()}/sesame/"
    line = logging.LogRecord("x", logging.WARNING, "", 0, f"Not Found: {path}", None, None)
    assert "sesame" not in Line("%(message)s").format(line)


def test_every_address_with_a_secret_is_known_to_the_log() -> None:
    """The part is called token wherever it is one."""
    with_token = [place for place, _, _ in routes() if "token>" in place]
    assert {re.findall(r"([\w-]+)/(?:<uuid:link>/)?<str:token>", place)[0] for place in with_token} == set(SECRET_AFTER)


def test_every_handler_writes_such_lines_and_the_web_server_keeps_no_list_of_its_own() -> None:
    logs = settings.LOGGING
    assert {handler["formatter"] for handler in logs["handlers"].values()} == {"line"}
    assert logs["formatters"]["line"]["()"] == "hwb.config.logs.Line"
    assert logs["loggers"] == {"django": {"handlers": []}}
    assert "--access-log" not in serve._web_command(8000)
