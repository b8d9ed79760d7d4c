"""The reference server's adapter without its program: for connectors within this process, with faults at will."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from hwb.demo.just2easy.contract import Adapter
from hwb.demo.just2easy.shelf import Shelf

SECRET, BASE = "gyfrinach", "https://work.example/hwb/v1"


@dataclass
class FakeJust2easy:
    """``fault`` is asked before each request, and may answer instead: status and headers. ``lost``: it does what is
    asked, and its answer never arrives. ``silent``: changes are answered without a body; ``told``: what becomes of a
    body that is asked for; ``refused``: part of a name that is not taken."""

    shelf: Shelf = field(default_factory=Shelf)
    fault: Callable[[str, str], tuple[int, dict[str, str]] | None] = lambda method, path: None
    lost: Callable[[str, str], bool] = lambda method, path: False
    silent: bool = False
    refused: str = ""
    told: Callable[[Any], Any] = lambda body: body
    calls: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._adapter = Adapter(self.shelf, client_id="hwb", secret=SECRET, base="/hwb/v1")

    def client(self) -> httpx2.Client:
        return httpx2.Client(transport=httpx2.MockTransport(self._transport))

    def _transport(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/hwb/v1")
        if path != "/oauth2/token":
            self.calls.append((request.method, path))
            if said := self.fault(request.method, path):
                return httpx2.Response(said[0], headers=said[1])
            if self.refused and self.refused.encode() in request.content:
                return httpx2.Response(400)
        status, body = self._adapter.answer(request.method, str(request.url), dict(request.headers), request.content)
        if self.lost(request.method, path):
            raise httpx2.ReadTimeout("")
        if body is None or (self.silent and request.method == "PUT"):
            return httpx2.Response(status)
        return httpx2.Response(
            status, content=json.dumps(self.told(body) if request.method == "GET" else body).encode()
        )

    def spaces(self, id_: str) -> dict[str, tuple[bool, tuple[str, str, bool] | None]]:
        """By school: open, and the access to it."""
        return {
            school: (each.is_open, each.access and (str(each.access.first), str(each.access.last), each.access.copy))
            for school, each in self.shelf.people[id_].spaces.items()
        }
