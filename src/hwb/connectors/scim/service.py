"""A SCIM service over HTTPS: what it can do, a token where it wants one, and its pleas for patience."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

import httpx2

from hwb.connectors.answers import ServiceAway, ServiceBusy, Turn

MEDIA_TYPE = "application/scim+json"
#: Seconds before its end at which a token is taken for ended.
_MARGIN = 60
#: Seconds to wait where the service asks for patience and does not say how long, and the longest that is believed.
_UNSAID, _LONGEST = 10.0, 3600.0


@dataclass(frozen=True, slots=True)
class Options:
    """What an operator says of the service. url: where its /Users are. token_url: where a token comes from by
    the client credentials grant, as client_id; without it the secret is the token. groups: kinds that it wants."""

    url: str
    token_url: str = ""
    client_id: str = ""
    token_scope: str = ""
    groups: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The service's answer. The body may name a person, so it goes nowhere."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def resources(self) -> list[Mapping[str, Any]]:
        """What a list has."""
        found = self.body.get("Resources") or []
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


class Service:
    """One service. Not for several threads at once; ``http`` is the caller's, who closes it."""

    def __init__(
        self, options: Options, *, secret: Callable[[], str], http: httpx2.Client,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.options = options
        self._secret, self._http, self._clock = secret, http, clock
        self._token, self._ends = "", 0.0
        self.turn = Turn()

    def ask(self, method: str, path: str, body: Any = None, **query: str | int) -> Answer:
        """One answer, whatever its status. Raises ServiceAway where the service takes no orders from us or is away, and
        ServiceBusy where it asks for patience; OutOfTime when the turn is over."""
        headers = {"Authorization": f"Bearer {self._bearer()}", "Accept": MEDIA_TYPE}
        what: dict[str, Any] = {"params": query} if query else {}
        if body is not None:
            headers["Content-Type"] = MEDIA_TYPE
            what["json"] = body
        self.turn.require()
        try:
            answer = self._http.request(method, f"{self.options.url}{path}", headers=headers, **what)
        except httpx2.HTTPError as error:
            raise ServiceAway(type(error).__name__) from error
        _check(answer)
        if answer.status_code == 401:
            self._token = ""
            raise ServiceAway("answered 401")
        if answer.status_code in (502, 503, 504):
            raise ServiceAway(f"answered {answer.status_code}")
        return Answer(answer.status_code, _object(answer))

    def check(self) -> None:
        """Whether the service takes our orders. Raises ServiceAway and ServiceBusy."""
        answer = self.ask("GET", "/Users", count=1)
        if answer.status != 200:
            raise ServiceAway(f"answered {answer.status}")

    @cached_property
    def patches(self) -> bool:
        """Whether it says that it takes a PATCH."""
        return self._supports("patch")

    @cached_property
    def filters(self) -> bool:
        """Whether it says that it can be searched."""
        return self._supports("filter")

    @cached_property
    def extensions(self) -> frozenset[str]:
        """The extensions of a user that it names; of others nothing is sent."""
        answer = self._described("/ResourceTypes")
        types = [one for one in answer.resources if one.get("id", one.get("name")) == "User"]
        named = (each for one in types for each in one.get("schemaExtensions") or [] if isinstance(each, dict))
        return frozenset(str(each.get("schema")) for each in named)

    @cached_property
    def _config(self) -> Mapping[str, Any]:
        return self._described("/ServiceProviderConfig").body

    def _described(self, path: str) -> Answer:
        """What the service says of itself; a service in trouble is not one that can do nothing."""
        answer = self.ask("GET", path)
        if answer.status >= 500:
            raise ServiceAway(f"answered {answer.status} about itself")
        return answer

    def _supports(self, what: str) -> bool:
        told = self._config.get(what)
        return isinstance(told, dict) and told.get("supported") is True

    def _bearer(self) -> str:
        if not self.options.token_url:
            return self._secret()
        if self._token and self._clock() < self._ends:
            return self._token
        form = {
            "grant_type": "client_credentials", "client_id": self.options.client_id, "client_secret": self._secret(),
        }  # fmt: skip
        if self.options.token_scope:
            form["scope"] = self.options.token_scope
        self.turn.require()
        try:
            answer = self._http.post(self.options.token_url, data=form)
        except httpx2.HTTPError as error:
            raise ServiceAway(type(error).__name__) from error
        _check(answer)
        told = _object(answer)
        try:
            self._token = str(told["access_token"])
            self._ends = self._clock() + float(told.get("expires_in", _MARGIN * 2)) - _MARGIN
        except (KeyError, TypeError, ValueError) as error:
            raise ServiceAway("gave no token") from error
        return self._token


def _check(answer: httpx2.Response) -> None:
    if answer.status_code == 429 or (answer.status_code == 503 and "retry-after" in answer.headers):
        raise ServiceBusy(_seconds(answer.headers.get("retry-after", "")))


def _object(answer: httpx2.Response) -> Mapping[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _seconds(written: str) -> float:
    """Retry-After: seconds, or a date."""
    if written.isdecimal() and len(written) < 8:
        return min(max(1.0, float(written)), _LONGEST)
    try:
        until = parsedate_to_datetime(written)
    except ValueError:
        return _UNSAID
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return min(max(1.0, (until - datetime.now(UTC)).total_seconds()), _LONGEST)
