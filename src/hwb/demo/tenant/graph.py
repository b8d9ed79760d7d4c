"""Microsoft Graph, as far as Hwb speaks it, over a tenant that remembers; see the package."""

from __future__ import annotations

import itertools
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

import httpx2

from hwb.demo.tenant import DAY, SECRET, SKUS, serving

_WRITABLE = {
    "accountEnabled", "displayName", "givenName", "surname", "userPrincipalName", "mail", "mailNickname",
    "usageLocation", "onPremisesImmutableId", "passwordProfile",
}  # fmt: skip
_MANDATORY = ("accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile")


class Refusal(Exception):
    """Graph's answer to a request that it does not take."""

    def __init__(self, status: int, message: str = "", *, wait: float | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.wait = status, message, wait


@dataclass
class FakeGraph:
    """The tenant. ``clock`` is its own; nothing is found for ``lag`` seconds after it was made, except by its maker's
    answer. ``fault`` is asked before each single request and may raise Refusal; ``domain`` is the federated one."""

    clock: Callable[[], float] = time.time
    secret: str = SECRET
    lag: float = 0.0
    domain: str = ""
    licences: int = 1_000_000
    fault: Callable[[str, str], None] = lambda method, path: None
    down: bool = False
    refused_groups: frozenset[str] = frozenset()
    nonsense: str = ""
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    bin: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: set[tuple[str, str]] = field(default_factory=set)
    made_at: dict[str, float] = field(default_factory=dict)
    mailboxes: dict[str, str] = field(default_factory=dict)
    unlicensed: dict[str, float] = field(default_factory=dict)
    forgotten: int = -1
    revoked: Counter[str] = field(default_factory=Counter)
    calls: list[tuple[str, str]] = field(default_factory=list)
    log: list[tuple[str, str, Any]] = field(default_factory=list)
    address: str = ""
    lock: Any = field(default_factory=threading.RLock)

    # -- the outside ------------------------------------------------------------------------------------

    def client(self) -> httpx2.Client:
        """How a connector reaches this tenant without a network."""
        return httpx2.Client(transport=httpx2.MockTransport(self._transport))

    def _transport(self, request: httpx2.Request) -> httpx2.Response:
        status, headers, body = self.answer(request.method, str(request.url), dict(request.headers), request.content)
        return httpx2.Response(status, headers=headers, content=body)

    def answer(
        self, method: str, url: str, headers: dict[str, str], content: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        with self.lock:
            if self.down:
                return 503, {}, b""
            self._pass_time()
            parts = urlsplit(url)
            if parts.path.endswith("/oauth2/v2.0/token"):
                ok = parse_qs(content.decode()).get("client_secret") == [self.secret]
                told = {"access_token": "token", "expires_in": 3600} if ok else {"error": "invalid_client"}
                return (200 if ok else 401), {}, json.dumps(told).encode()
            given = {name.lower(): value for name, value in headers.items()}
            if given.get("authorization") != "Bearer token":
                return 401, {}, b"{}"
            self.address = f"{parts.scheme or 'http'}://{parts.netloc or given.get('host')}"
            body: Any = json.loads(content) if content else None
            path = parts.path.partition("/v1.0")[2]
            if path == "/$batch":
                if len(body["requests"]) > 20:
                    return 400, {}, b'{"error": {"code": "BadRequest", "message": "More than 20 requests"}}'
                answers = [self._single(each) for each in body["requests"]]
                return 200, {}, json.dumps({"responses": list(reversed(answers))}).encode()  # in any order
            single = self._single({"id": "0", "method": method, "url": f"{path}?{parts.query}", "body": body})
            return single["status"], single.get("headers", {}), json.dumps(single.get("body") or {}).encode()

    @contextmanager
    def served(self, port: int = 0) -> Iterator[str]:
        """On a loopback, for workers in processes of their own; gives the address."""
        with serving.served(self.answer, port=port) as address:
            yield address

    # -- what operators of the tenant do ----------------------------------------------------------------

    def throw_away(self, id_: str) -> None:
        """Somebody deletes a user by hand."""
        self.bin[id_] = (self.clock(), self.users.pop(id_))
        self.members = {(group, member) for group, member in self.members if member != id_}
        self._note("users", id_)

    def change(self, id_: str, **values: Any) -> None:
        """Somebody changes a user by hand."""
        self.users[id_].update(values)
        self._note("users", id_, values)

    def put_in(self, group: str, user: str, *, out: bool = False) -> None:
        """Somebody changes a group by hand."""
        (self.members.discard if out else self.members.add)((group, user))
        self._note("groups", group, {user})

    def drop_group(self, group: str) -> None:
        del self.groups[group]
        self.members = {(each, member) for each, member in self.members if each != group}
        self._note("groups", group)

    def state(self) -> dict[str, dict[str, Any]]:
        """By identifier: everything that a wish can say of an object, and its mailbox."""
        names = {id_: group["mailNickname"] for id_, group in self.groups.items()}
        return {
            user["onPremisesImmutableId"]: {
                "id": id_, "address": user["userPrincipalName"], "mail": user["mail"], "name": user["displayName"],
                "enabled": user["accountEnabled"], "licences": {each["skuId"] for each in user["assignedLicenses"]},
                "groups": {names[group] for group, member in self.members if member == id_},
                "mailbox": self.mailboxes.get(id_),
            }
            for id_, user in self.users.items()
        }  # fmt: skip

    # -- the inside -------------------------------------------------------------------------------------

    def _pass_time(self) -> None:
        now = self.clock()
        for id_ in [id_ for id_, (at, _) in self.bin.items() if now - at > 30 * DAY]:
            del self.bin[id_]
            self.mailboxes.pop(id_, None)
        for id_ in [id_ for id_, at in self.unlicensed.items() if now - at > 30 * DAY]:
            del self.unlicensed[id_]
            self.mailboxes.pop(id_, None)

    def _single(self, request: dict[str, Any]) -> dict[str, Any]:
        method, url = request["method"], request["url"]
        path, _, query = url.partition("?")
        self.calls.append((method, path))
        answer: dict[str, Any] = {"id": request["id"]}
        try:
            self.fault(method, path)
            status, body = self._route(method, path, {k: v[0] for k, v in parse_qs(query).items()}, request.get("body"))
        except Refusal as refusal:
            error = {"error": {"code": "Request_BadRequest", "message": refusal.message}}
            headers = {"Retry-After": f"{refusal.wait:g}"} if refusal.wait is not None else {}
            return {**answer, "status": refusal.status, "headers": headers, "body": error}
        return {**answer, "status": status, "body": body}

    def _route(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        for pattern, handler in _ROUTES:
            found = re.fullmatch(pattern, f"{method} {path}")
            if found:
                parts = [unquote(part) for part in found.groups()]
                return handler(self, *parts, query, body)  # type: ignore[no-any-return]
        raise NotImplementedError(f"not of Graph: {method} {path}")

    def _is_seen(self, id_: str) -> bool:
        return self.clock() - self.made_at.get(id_, 0) >= self.lag

    def _user(self, id_: str) -> dict[str, Any]:
        user = self.users.get(id_) or next(
            (u for u in self.users.values() if u["userPrincipalName"].lower() == id_.lower()), None
        )
        if user is None or not self._is_seen(user["id"]):
            raise Refusal(404, "Resource does not exist")
        return user

    def _check(self, body: dict[str, Any], id_: str = "") -> None:
        if unknown := set(body) - _WRITABLE:
            raise Refusal(400, f"Property is read-only or unknown: {sorted(unknown)}")
        if any(body.get(name) == "" for name in ("displayName", "givenName", "surname", "userPrincipalName")):
            raise Refusal(400, "Invalid value")
        address = body.get("userPrincipalName", "")
        if address and self.domain and not address.endswith(f"@{self.domain}"):
            raise Refusal(400, "The domain is not of this tenant")
        for name in ("userPrincipalName", "mail", "onPremisesImmutableId"):
            value = str(body.get(name, "")).lower()
            if value and any(str(u.get(name)).lower() == value for u in self.users.values() if u["id"] != id_):
                raise Refusal(400, f"Another object with the same value for property {name} already exists.")

    def _make_user(self, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        if missing := [name for name in _MANDATORY if not body.get(name) and body.get(name) is not False]:
            raise Refusal(400, f"A value is required for {missing}")
        if not re.fullmatch(r"[A-Za-z0-9.'_-]{1,64}", body["mailNickname"]):
            raise Refusal(400, "Invalid mailNickname")
        self._check(body)
        kept = {name: value for name, value in body.items() if name != "passwordProfile"}
        user = {"id": str(uuid4()), "mail": None, "usageLocation": None, **kept, "assignedLicenses": []}
        self.users[user["id"]], self.made_at[user["id"]] = user, self.clock()
        self._note("users", user["id"])
        return 201, ["nonsense"] if user["userPrincipalName"] == self.nonsense else user

    def _get_user(self, id_: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        return 200, dict(self._user(id_))

    def _find_users(self, query: dict[str, str], body: Any) -> tuple[int, Any]:
        value = re.fullmatch(r"onPremisesImmutableId eq '([^']*)'", query["$filter"])[1]  # type: ignore[index]
        found = [u for u in self.users.values() if u.get("onPremisesImmutableId") == value and self._is_seen(u["id"])]
        return 200, {"value": [dict(user) for user in found]}

    def _patch_user(self, id_: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        user = self._user(id_)
        self._check(body, user["id"])
        user.update(body)
        self._note("users", user["id"], body)
        return 204, None

    def _revoke(self, id_: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        self.revoked[self._user(id_)["id"]] += 1
        return 200, {"value": True}

    def _license(self, id_: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        user = self._user(id_)
        if not user.get("usageLocation"):
            raise Refusal(400, "License assignment cannot be done for user with invalid usage location.")
        has = {each["skuId"] for each in user["assignedLicenses"]}
        add, remove = {each["skuId"] for each in body["addLicenses"]}, set(body["removeLicenses"])
        if not add <= set(SKUS.values()) or not remove <= has:
            raise Refusal(400, "License is not valid")
        if add - has and sum(len(u["assignedLicenses"]) for u in self.users.values()) >= self.licences:
            raise Refusal(400, "Subscription does not have any available licenses.")
        user["assignedLicenses"] = [{"skuId": sku} for sku in sorted((has - remove) | add)]
        if user["assignedLicenses"]:
            self.unlicensed.pop(user["id"], None)
            self.mailboxes.setdefault(user["id"], f"mailbox {next(_NUMBERS)}")
        else:
            self.unlicensed[user["id"]] = self.clock()
        self._note("users", user["id"], {"assignedLicenses"})
        return 200, dict(user)

    def _restore(self, id_: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        if id_ not in self.bin:
            raise Refusal(404, "Resource does not exist")
        self.users[id_] = self.bin.pop(id_)[1]
        self._note("users", id_)
        return 200, {"id": id_}

    def _member_of(self, id_: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        if "$select" in query:
            raise Refusal(400, "Could not find a property on type 'microsoft.graph.directoryObject'.")
        user = self._user(id_)
        return 200, {"value": [
            {"id": group, "mailNickname": self.groups[group]["mailNickname"]}
            for group, member in self.members if member == user["id"]
        ]}  # fmt: skip

    def _make_group(self, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        if missing := [n for n in ("displayName", "mailNickname", "mailEnabled", "securityEnabled") if n not in body]:
            raise Refusal(400, f"A value is required for {missing}")
        if len(body["mailNickname"]) > 64:
            raise Refusal(400, "Invalid mailNickname")
        if body["mailNickname"] in self.refused_groups:
            raise Refusal(400, "Invalid displayName")
        group = {"id": str(uuid4()), **body}
        self.groups[group["id"]], self.made_at[group["id"]] = group, self.clock()
        self._note("groups", group["id"])
        return 201, group

    def _find_groups(self, query: dict[str, str], body: Any) -> tuple[int, Any]:
        value = re.fullmatch(r"mailNickname eq '([^']*)'", query["$filter"])[1]  # type: ignore[index]
        found = [g for g in self.groups.values() if g["mailNickname"] == value and self._is_seen(g["id"])]
        return 200, {"value": [{"id": g["id"], "mailNickname": value} for g in found]}

    def _join(self, group: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        user = self._user(body["@odata.id"].rpartition("/")[2])["id"]
        if group not in self.groups or not self._is_seen(group):
            raise Refusal(404, "Resource does not exist")
        if (group, user) in self.members:
            raise Refusal(400, "One or more added object references already exist")
        self.members.add((group, user))
        self._note("groups", group, {user})
        return 204, None

    def _leave(self, group: str, user: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        if (group, user) not in self.members:
            raise Refusal(404, "Resource does not exist")
        self.members.discard((group, user))
        self._note("groups", group, {user})
        return 204, None

    def _skus(self, query: dict[str, str], body: Any) -> tuple[int, Any]:
        return 200, {"value": [{"skuId": sku} for sku in SKUS.values()]}

    def _note(self, kind: str, id_: str, what: Iterable[str] = ()) -> None:
        """Of a user, the changed properties, none for all; of a group, the members."""
        self.log.append((kind, id_, frozenset(what)))

    def _users_delta(self, query: dict[str, str], body: Any) -> tuple[int, Any]:
        def told(id_: str, names: set[str]) -> dict[str, Any]:
            if id_ not in self.users:
                return {"id": id_, "@removed": {"reason": "changed"}}
            return {"id": id_, **{name: value for name, value in self.users[id_].items() if name in names}}

        return self._delta("users", query, told)

    def _groups_delta(self, query: dict[str, str], body: Any) -> tuple[int, Any]:
        def told(id_: str, members: set[str]) -> dict[str, Any]:
            if id_ not in self.groups:
                return {"id": id_, "@removed": {"reason": "deleted"}}
            return {"id": id_, "members@delta": [
                {"id": m} if (id_, m) in self.members else {"id": m, "@removed": {"reason": "deleted"}} for m in members
            ]}  # fmt: skip

        return self._delta("groups", query, told)

    def _delta(
        self, kind: str, query: dict[str, str], told: Callable[[str, set[str]], dict[str, Any]]
    ) -> tuple[int, Any]:
        """Two objects a page, so that every comparison pages."""
        start, _, offset = (query.get("$deltatoken") or query.get("$skiptoken") or "0-0").partition("-")
        changed: dict[str, set[str]] = {}
        if 0 < int(start) < self.forgotten:
            raise Refusal(410, "resyncRequired")
        for each, id_, what in self.log[int(start) :]:
            if each == kind:
                changed.setdefault(id_, set()).update(what if int(start) or kind == "groups" else _SHOWN)
                changed[id_].update(() if what or kind == "groups" else _SHOWN)
        first, base = int(offset or 0), f"{self.address}/v1.0/{kind}/delta"
        page = [told(id_, members) for id_, members in list(changed.items())[first : first + 2]]
        if first + 2 < len(changed):
            return 200, {"value": page, "@odata.nextLink": f"{base}?$skiptoken={start}-{first + 2}"}
        return 200, {"value": page, "@odata.deltaLink": f"{base}?$deltatoken={len(self.log)}-0"}


_NUMBERS = itertools.count(1)
_SHOWN = frozenset(_WRITABLE | {"assignedLicenses"})
_ROUTES: tuple[tuple[str, Any], ...] = (
    (r"POST /users", FakeGraph._make_user),
    (r"GET /users", FakeGraph._find_users),
    (r"GET /users/delta", FakeGraph._users_delta),
    (r"GET /users/([^/]+)", FakeGraph._get_user),
    (r"PATCH /users/([^/]+)", FakeGraph._patch_user),
    (r"POST /users/([^/]+)/revokeSignInSessions", FakeGraph._revoke),
    (r"POST /users/([^/]+)/assignLicense", FakeGraph._license),
    (r"GET /users/([^/]+)/memberOf", FakeGraph._member_of),
    (r"POST /directory/deletedItems/([^/]+)/restore", FakeGraph._restore),
    (r"POST /groups", FakeGraph._make_group),
    (r"GET /groups", FakeGraph._find_groups),
    (r"GET /groups/delta", FakeGraph._groups_delta),
    (r"POST /groups/([^/]+)/members/\$ref", FakeGraph._join),
    (r"DELETE /groups/([^/]+)/members/([^/]+)/\$ref", FakeGraph._leave),
    (r"GET /subscribedSkus", FakeGraph._skus),
)
