"""The adapter: what Hwb tells of people and their spaces (docs/howto/just2easy.md), strict and without a framework."""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from hwb.demo.just2easy.shelf import Access, Missing, Person, Shelf

_PERSON, _SCHOOL = r"/people/([0-9a-f]{32})", r"/spaces/([0-9]{7})"
_LIVES = 3600
_MOST = 500


class NotSo(Exception):
    """The request is wrong; the text says how and names nobody."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Adapter:
    """Answers the contract for one shelf. ``clock``: in seconds, for the tokens' ends."""

    def __init__(
        self, shelf: Shelf, *, client_id: str, secret: str, base: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._shelf, self._base, self._clock = shelf, base, clock
        self._basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        self._tokens: dict[str, float] = {}

    def answer(self, method: str, url: str, headers: Mapping[str, str], content: bytes) -> tuple[int, Any]:
        """Status and body; None for an empty one. ``headers``: their names in small letters."""
        parts = urlsplit(url)
        path = parts.path.removeprefix(self._base)
        try:
            if path == "/oauth2/token":
                return self._token(method, headers.get("authorization", ""), content)
            self._require(headers.get("authorization", ""))
            return self._route(method, path, parts.query, content)
        except NotSo as error:
            return error.status, {"error": str(error)}
        except Missing as error:
            return 404, {"error": str(error)}

    def _token(self, method: str, authorization: str, content: bytes) -> tuple[int, Any]:
        if method != "POST":
            raise NotSo(405, "POST only")
        if parse_qs(content.decode()).get("grant_type") != ["client_credentials"]:
            return 400, {"error": "unsupported_grant_type"}
        if not hmac.compare_digest(authorization, f"Basic {self._basic}"):
            return 401, {"error": "invalid_client"}
        now = self._clock()
        self._tokens = {token: ends for token, ends in self._tokens.items() if ends > now}
        token = secrets.token_urlsafe(32)
        self._tokens[token] = now + _LIVES
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": _LIVES}

    def _require(self, authorization: str) -> None:
        if self._tokens.get(authorization.removeprefix("Bearer "), 0) <= self._clock():
            raise NotSo(401, "a token that stands is needed")

    def _route(self, method: str, path: str, query: str, content: bytes) -> tuple[int, Any]:
        for pattern, handle in _ROUTES:
            if found := re.fullmatch(pattern, f"{method} {path}"):
                return handle(self, *(unquote(part) for part in found.groups()), _given(method, query, content))
        raise NotSo(404, "no such address")

    def _all(self, given: dict[str, Any]) -> tuple[int, Any]:
        limit = int(given.get("limit", _MOST)) if str(given.get("limit", _MOST)).isdecimal() else 0
        if not 1 <= limit <= _MOST:
            raise NotSo(400, f"limit is 1 to {_MOST}")
        people, more = self._shelf.after(str(given.get("after", "")), limit)
        return 200, {"people": [_told(person) for person in people], "more": more}

    def _person(self, id_: str, given: dict[str, Any]) -> tuple[int, Any]:
        del given
        with self._shelf.lock:
            return 200, _told(self._shelf.person(id_))

    def _put_person(self, id_: str, given: dict[str, Any]) -> tuple[int, Any]:
        _require_exactly(given, {"name": str, "address": str, "kind": str, "active": bool})
        if given["kind"] not in ("learner", "staff"):
            raise NotSo(400, "kind is learner or staff")
        is_new = self._shelf.put_person(id_, **given)
        return 201 if is_new else 200, _told(self._shelf.person(id_))

    def _put_space(self, id_: str, school: str, given: dict[str, Any]) -> tuple[int, Any]:
        _require_exactly(given, {"open": bool})
        is_new = self._shelf.put_space(id_, school, is_open=given["open"])
        return 201 if is_new else 200, _told(self._shelf.person(id_))

    def _put_access(self, id_: str, school: str, given: dict[str, Any]) -> tuple[int, Any]:
        _require_exactly(given, {"from": str, "until": str, "copy": bool})
        first, last = _day(given["from"]), _day(given["until"])
        if last < first:
            raise NotSo(400, "until is before from")
        self._shelf.put_access(id_, school, Access(first, last, given["copy"]))
        return 200, _told(self._shelf.person(id_))

    def _delete_access(self, id_: str, school: str, given: dict[str, Any]) -> tuple[int, Any]:
        del given
        with contextlib.suppress(Missing):  # there is none to take back
            self._shelf.put_access(id_, school, None)
        return 204, None


def _told(person: Person) -> dict[str, Any]:
    return {
        "person": person.id, "name": person.name, "address": person.address, "kind": person.kind,
        "active": person.active, "spaces": [
            {"school": school, "open": space.is_open, "access": space.access and {
                "from": space.access.first.isoformat(), "until": space.access.last.isoformat(),
                "copy": space.access.copy,
            }} for school, space in sorted(person.spaces.items())
        ],
    }  # fmt: skip


def _given(method: str, query: str, content: bytes) -> dict[str, Any]:
    if method != "PUT":
        return {name: values[0] for name, values in parse_qs(query).items()}
    try:
        given = json.loads(content)
    except ValueError:
        raise NotSo(400, "the body is not JSON") from None
    if not isinstance(given, dict):
        raise NotSo(400, "the body is not an object")
    return given


def _require_exactly(given: dict[str, Any], fields: Mapping[str, type]) -> None:
    if given.keys() != fields.keys():
        raise NotSo(400, f"exactly these are needed: {', '.join(sorted(fields))}")
    for name, type_ in fields.items():
        if type(given[name]) is not type_ or given[name] == "":
            raise NotSo(400, f"{name} is not as it must be")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotSo(400, "a day is written as 2018-09-03") from None


_ROUTES: tuple[tuple[str, Callable[..., tuple[int, Any]]], ...] = (
    (r"GET /people", Adapter._all),
    (rf"GET {_PERSON}", Adapter._person),
    (rf"PUT {_PERSON}", Adapter._put_person),
    (rf"PUT {_PERSON}{_SCHOOL}", Adapter._put_space),
    (rf"PUT {_PERSON}{_SCHOOL}/access", Adapter._put_access),
    (rf"DELETE {_PERSON}{_SCHOOL}/access", Adapter._delete_access),
)
