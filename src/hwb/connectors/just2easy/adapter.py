"""The adapter over HTTPS: a token by client credentials, single requests, and its pleas for patience."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from hwb.connectors.answers import ServiceAway, ServiceBusy, Turn

#: Seconds before its end at which a token is taken for ended.
_MARGIN = 60
#: Seconds to wait where it asks for patience and does not say how long.
_UNSAID = 10.0
#: The adapter is away, rather than failing with one person.
_AWAY = frozenset({401, 403, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Options:
    """What an operator says of the adapter. address: below which the contract's paths are."""

    address: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, and the body where it is an object."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300


class Adapter:
    """One adapter. Not for several threads at once; ``http`` is the caller's, who closes it."""

    def __init__(
        self, options: Options, *, secret: Callable[[], str], http: httpx2.Client,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._options, self._secret, self._http, self._clock = options, secret, http, clock
        self._token, self._ends = "", 0.0
        self.turn = Turn()

    def ask(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, query: Mapping[str, str] | None = None
    ) -> Answer:  # fmt: skip
        """One answer. Raises ServiceAway, ServiceBusy and OutOfTime."""
        what: dict[str, Any] = {"json": dict(body)} if body is not None else {}
        answer = self._send(
            method, path, headers={"Authorization": f"Bearer {self._bearer()}"}, params=dict(query or {}), **what
        )
        if answer.status_code in _AWAY:
            self._token = ""
            raise ServiceAway(f"answered {answer.status_code}")
        return Answer(answer.status_code, _object(answer))

    def _bearer(self) -> str:
        if self._token and self._clock() < self._ends:
            return self._token
        login = (self._options.client_id, self._secret())
        answer = self._send("POST", "/oauth2/token", data={"grant_type": "client_credentials"}, auth=login)
        told = _object(answer)
        try:
            if answer.status_code != 200:
                raise ServiceAway(f"answered {answer.status_code} and gave no token")
            self._token, self._ends = str(told["access_token"]), self._clock() + float(told["expires_in"]) - _MARGIN
        except (KeyError, TypeError, ValueError) as error:
            raise ServiceAway("gave no token") from error
        return self._token

    def _send(self, method: str, path: str, **what: Any) -> httpx2.Response:
        self.turn.require()
        try:
            answer = self._http.request(method, f"{self._options.address}{path}", **what)
        except httpx2.HTTPError as error:
            raise ServiceAway(type(error).__name__) from error
        if answer.status_code == 429 or (answer.status_code == 503 and "retry-after" in answer.headers):
            raise ServiceBusy(_seconds(answer.headers.get("retry-after", "")))
        return answer


def _object(answer: httpx2.Response) -> Mapping[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _seconds(written: str) -> float:
    """Retry-After in seconds; a date, or nothing, counts as a while."""
    return max(1.0, float(written)) if written.isdecimal() and len(written) < 8 else _UNSAID
