"""Microsoft Graph over HTTPS: a token for the application, requests by twenty, and its pleas for patience."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2

from hwb.connectors.answers import ServiceAway, ServiceBusy

#: Requests that Graph takes in one batch.
IN_BATCH = 20
#: Seconds that one answer may take.
PATIENCE = 20
#: Seconds before its end at which a token is taken for ended.
_MARGIN = 120
#: Seconds to wait where Graph asks for patience and does not say how long.
_UNSAID = 10.0


@dataclass(frozen=True, slots=True)
class Options:
    """What an operator says of the tenant. learner_licence, staff_licence: skuId. graph, login: where they are."""

    tenant: str
    client_id: str
    learner_licence: str
    staff_licence: str
    usage_location: str = "GB"
    graph: str = "https://graph.microsoft.com/v1.0"
    login: str = "https://login.microsoftonline.com"

    def licence(self, kind: str) -> str:
        """The skuId of learner or staff."""
        return self.learner_licence if kind == "learner" else self.staff_licence


@dataclass(frozen=True, slots=True)
class Request:
    """One request within a batch; ``path`` begins after the version."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """Graph's answer to one request."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)
    wait: float = 0.0

    @property
    def code(self) -> str:
        """Graph's own code of an error, else empty."""
        error = self.body.get("error")
        return str(error.get("code", "")) if isinstance(error, Mapping) else ""

    @property
    def message(self) -> str:
        """Graph's own words of an error: may name a person, so they go nowhere."""
        error = self.body.get("error")
        return str(error.get("message", "")) if isinstance(error, Mapping) else ""


class LinkTooOld(ServiceAway):
    """The place at which a list was to go on is forgotten."""


class Graph:
    """One tenant. Not for several threads at once; ``http`` is the caller's, who closes it."""

    def __init__(
        self, options: Options, *, secret: Callable[[], str], http: httpx2.Client,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.options = options
        self._secret, self._http, self._clock = secret, http, clock
        self._token, self._ends = "", 0.0

    def batch(self, requests: Sequence[Request]) -> list[Response]:
        """Each request's answer, in their order. Raises ServiceAway and ServiceBusy for the batch as a whole."""
        sent = [_written(number, each) for number, each in enumerate(requests)]
        answer = self._ask("POST", f"{self.options.graph}/$batch", json={"requests": sent})
        try:
            by_id = {int(each["id"]): _response(each) for each in answer["responses"]}
            return [by_id[number] for number in range(len(requests))]
        except (KeyError, TypeError, ValueError) as error:
            raise ServiceAway("answered a batch that is not whole") from error

    def page(self, path_or_link: str) -> Mapping[str, Any]:
        """One page of a list, or a list's next or delta link, which must be of the same place."""
        address = path_or_link if "://" in path_or_link else f"{self.options.graph}{path_or_link}"
        if urlsplit(address)[:2] != urlsplit(self.options.graph)[:2]:  # the token goes along
            raise ServiceAway("led to another host")
        return self._ask("GET", address)

    def _ask(self, method: str, address: str, **what: Any) -> Mapping[str, Any]:
        try:
            answer = self._http.request(method, address, headers={"Authorization": f"Bearer {self._bearer()}"}, **what)
        except httpx2.HTTPError as error:
            raise ServiceAway(type(error).__name__) from error
        if answer.status_code == 429 or (answer.status_code == 503 and "retry-after" in answer.headers):
            raise ServiceBusy(_seconds(answer.headers.get("retry-after", "")))
        if answer.status_code == 401:
            self._token = ""
        if answer.status_code == 410:
            raise LinkTooOld("has forgotten where the comparison was")
        return _json(answer)

    def _bearer(self) -> str:
        if self._token and self._clock() < self._ends:
            return self._token
        address = f"{self.options.login}/{self.options.tenant}/oauth2/v2.0/token"
        form = {
            "grant_type": "client_credentials", "client_id": self.options.client_id, "client_secret": self._secret(),
            "scope": f"{'://'.join(urlsplit(self.options.graph)[:2])}/.default",
        }  # fmt: skip
        answer = self._http.post(address, data=form)
        if answer.status_code == 429:
            raise ServiceBusy(_seconds(answer.headers.get("retry-after", "")))
        told = _json(answer)
        try:
            self._token = str(told["access_token"])
            self._ends = self._clock() + float(told["expires_in"]) - _MARGIN
        except (KeyError, TypeError, ValueError) as error:
            raise ServiceAway("gave no token") from error
        return self._token


def _written(number: int, request: Request) -> dict[str, Any]:
    written: dict[str, Any] = {"id": str(number), "method": request.method, "url": request.path}
    if request.body is not None:
        written |= {"body": dict(request.body), "headers": {"Content-Type": "application/json"}}
    return written


def _json(answer: httpx2.Response) -> Mapping[str, Any]:
    if answer.status_code != 200:
        raise ServiceAway(f"answered {answer.status_code}")
    try:
        told = answer.json()
    except ValueError as error:
        raise ServiceAway("answered what is not JSON") from error
    if not isinstance(told, dict):
        raise ServiceAway("answered what is not an object")
    return told


def _response(each: Mapping[str, Any]) -> Response:
    body = each.get("body")
    headers = {str(name).lower(): str(value) for name, value in (each.get("headers") or {}).items()}
    status = int(each["status"])
    wait = _seconds(headers.get("retry-after", "")) if status == 429 or "retry-after" in headers else 0.0
    return Response(status, body if isinstance(body, dict) else {}, wait)


def _seconds(written: str) -> float:
    """Retry-After in seconds; a date, or nothing, counts as a while."""
    return max(1.0, float(written)) if written.isdecimal() and len(written) < 8 else _UNSAID
