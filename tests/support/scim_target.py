"""A service that takes accounts by SCIM, as others wrote it (scim2-server), over real HTTP and in this process."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from scim2_models import ResourceType, Schema, ScimProvider
from scim2_server.memory import InMemoryStorage
from scim2_server.testserver.application import BearerTokenApplication
from scim2_server.testserver.cli import ThreadingWSGIServer
from scim2_server.utils import (
    load_default_resource_types,
    load_default_schemas,
    load_default_service_provider_config,
)

from hwb.api.scim import schemas
from hwb.directory.queries import connectors as rows
from hwb.directory.queries.connectors import Working
from hwb.operations import connectors, services
from hwb.operations.service_addresses import SCIM_SCOPES

TOKEN = "tocyn"


@dataclass
class Target:
    """What the service has, and how it behaves."""

    address: str = ""
    storage: InMemoryStorage = field(default_factory=InMemoryStorage)
    #: Answers that it gives in place of its own, the first first.
    instead: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    #: Below which nothing is found for the time being, and nothing by a search either.
    lost: str = ""

    def all(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {"User": [], "Group": []}
        for each in self.storage.resources:
            told = each.model_dump()
            found[told["meta"]["resourceType"]].append(told)
        return found


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        del format, args


def application_of(target: Target, *, patches: bool = True) -> BearerTokenApplication:
    """The service itself; patches: whether it takes a PATCH."""
    return BearerTokenApplication(target.storage, _provider(patches), bearer_tokens=(TOKEN,))


@lru_cache
def _provider(patches: bool) -> ScimProvider:
    config = load_default_service_provider_config()
    config.patch.supported = patches  # type: ignore[union-attr]
    types = {**load_default_resource_types(), "User": _user_type()}
    declared = [*load_default_schemas().values(), Schema.model_validate(extension())]
    return ScimProvider.from_discovery(declared, types.values(), config=config)


@contextmanager
def running(*, patches: bool = True) -> Iterator[Target]:
    """The service while the block lasts."""
    target = Target()
    application = application_of(target, patches=patches)

    def serve(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        target.asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        if target.instead:
            status, headers = target.instead.pop(0)
            start(status, headers)
            return [b""]
        if target.lost and environ["PATH_INFO"].startswith(target.lost):
            start("404 Not Found", [])
            return [b""]
        if target.lost and environ["REQUEST_METHOD"] == "GET" and "filter=" in environ["QUERY_STRING"]:
            start("200 OK", [("Content-Type", "application/scim+json")])
            return [b'{"totalResults": 0, "Resources": []}']
        return application(environ, start)

    with make_server("127.0.0.1", 0, serve, server_class=ThreadingWSGIServer, handler_class=_Quiet) as server:
        target.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield target
        finally:
            server.shutdown()
            thread.join()


def extension() -> dict[str, Any]:
    """Our extension as a service that takes it declares it: the published schema, written by us."""
    (found,) = (one for one in schemas.schemas() if one["id"] == schemas.SCHOOLS)
    told: dict[str, Any] = json.loads(json.dumps(found).replace("readOnly", "readWrite"))
    return told


def _user_type() -> ResourceType:
    (told,) = (one for one in schemas.resource_types() if one["id"] == "User")
    return ResourceType.model_validate(told)


def connect(
    address: str,
    *,
    name: str = "target",
    groups: str = "school,year,class",
    options: dict[str, str] | None = None,
    **more: Any,
) -> tuple[Working, services.Registered]:
    """A connector to the service, for the service that says whom it carries."""
    at = datetime.now(UTC)
    wanted = services.Wanted(**{
        "protocol": "scim", "name": "Target", "scopes": SCIM_SCOPES, "all_schools": not more.get("schools"), **more,
    })  # fmt: skip
    made = services.register(wanted, acting_user="t", at=at, now=at)
    connectors.add(
        connectors.Wanted(
            kind="scim", name=name, service=made.service, options={"url": address, "groups": groups, **(options or {})}
        ),
        acting_user="t", at=at, now=at,
    )  # fmt: skip
    return rows.working(name)[0], made
