"""A service that reads rosters, as tests play it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client

from hwb.operations import services
from hwb.operations.services import Wanted

BASES = {"1.2": "/ims/oneroster/rostering/v1p2", "1.1": "/ims/oneroster/v1p1"}
ALL_SCOPES = ("roster-core.readonly", "roster-demographics.readonly")


@dataclass
class Reading:
    """A registered service with a token."""

    made: services.Registered
    base: str
    token: str = ""
    asking: Client = field(default_factory=Client)

    def ask_token(self, **sent: str) -> Any:
        text = base64.b64encode(f"{self.made.client_id}:{self.made.secret}".encode()).decode()
        form = {"grant_type": "client_credentials", **sent}
        return self.asking.post("/api/oidc/token", form, headers={"authorization": f"Basic {text}"})

    def get(self, path: str, **asked: Any) -> Any:
        return self.asking.get(f"{self.base}{path}", asked, headers={"authorization": f"Bearer {self.token}"})

    def list(self, path: str, **asked: Any) -> list[dict[str, Any]]:
        """The things of a list."""
        answer = self.get(path, **asked)
        assert answer.status_code == 200, answer.content
        (things,) = answer.json().values()
        found: list[dict[str, Any]] = things
        return found

    def every(self, path: str, limit: int = 2, **asked: Any) -> list[dict[str, Any]]:
        """All pages of a list."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.list(path, limit=limit, offset=len(found), **asked)
            found += page
            if len(page) < limit:
                return found

    def known_as(self, account: Any) -> str:
        return services.pairwise_key().identifier(account, sector=self.made.sector)


def reading(base: str = BASES["1.2"], **more: Any) -> Reading:
    """A service for all schools, or as `more` says, that has asked for its token."""
    wanted = Wanted(**{
        "protocol": "oneroster", "name": "Roster", "scopes": ALL_SCOPES, "all_schools": not more.get("schools"), **more,
    })  # fmt: skip
    at = datetime.now(UTC)
    found = Reading(services.register(wanted, acting_user="tests", at=at, now=at), base)
    answer = found.ask_token()
    assert answer.status_code == 200, answer.content
    found.token = answer.json()["access_token"]
    return found


@contextmanager
def in_one_transaction() -> Iterator[WSGIHandler]:
    """The server as others call it in this process, whose requests stay on the test's own connection."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield WSGIHandler()
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
