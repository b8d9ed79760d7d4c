"""What follows accounts in `make run`: a stand-in for Microsoft 365 and the reference server of Just2easy.

They are connected as any service is, once the story is told, which they would slow down.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import orjson

from hwb.connectors import secrets as kept
from hwb.demo import just2easy, party, relying_party
from hwb.demo.authority import DemoSchool
from hwb.demo.relying_party import RelyingParty
from hwb.demo.stage import OPERATOR, Stage
from hwb.demo.tenant import SKUS
from hwb.operations import connectors, services
from hwb.operations.services import Registered, Wanted

MAIL, WORK = "mail", "work"


@dataclass(frozen=True, slots=True)
class Followers:
    """Both programs while they run."""

    tenant: RelyingParty
    work: RelyingParty

    def end(self) -> None:
        """Ends them."""
        for program in (self.tenant, self.work):
            program.end()


def prepare() -> None:
    """Before the server starts: its worker takes the connectors' secrets from the environment, as everywhere, and
    reaches the loopback past any proxy."""
    os.environ.update({kept.variable(name): secrets.token_urlsafe(24) for name in (MAIL, WORK)})
    os.environ.update(NO_PROXY="*", no_proxy="*")


def start(stage: Stage, *, beside: int) -> Followers:
    """Registers, starts and connects them; the server runs. Raises DemoFailed."""
    tenant = _tenant(stage, relying_party.free_port(beside + 2))
    try:
        return Followers(tenant, _just2easy(stage, relying_party.free_port(beside + 3)))
    except BaseException:
        tenant.end()
        raise


def _tenant(stage: Stage, port: int) -> RelyingParty:
    made = _register(stage, Wanted(
        protocol="oidc", name="Microsoft 365", all_schools=True, scopes=("openid",),
        redirect_uris=(f"http://localhost:{port}/back",),
    ))  # fmt: skip
    own, reached = f"http://localhost:{port}", f"http://127.0.0.1:{port}"
    program = relying_party.launch(
        "tenant", own, stage.address, made, PORT=str(port), TENANT_SECRET=os.environ[kept.variable(MAIL)]
    )
    options = {
        "tenant": "demo", "client_id": "hwb", "learner_licence": SKUS["learner"], "staff_licence": SKUS["staff"],
        "graph": f"{reached}/v1.0", "login": reached,
    }  # fmt: skip
    _connect(stage, "microsoft365", MAIL, made.service, options)
    return program


def _just2easy(stage: Stage, port: int) -> RelyingParty:
    own, reached = f"http://localhost:{port}", f"http://127.0.0.1:{port}"
    made = _register(stage, Wanted(
        protocol="oidc", name="Just2easy", all_schools=True, scopes=just2easy.SCOPES,
        redirect_uris=(own + party.BACK,), after_logout_uris=(own + party.BYE,), start_uri=own + party.START,
        logout_uri=reached + party.OUT,
    ))  # fmt: skip
    program = relying_party.launch(
        "just2easy", own, stage.address, made, PORT=str(port), ADAPTER_ID="hwb",
        ADAPTER_SECRET=os.environ[kept.variable(WORK)], SCHOOLS=_names(stage.schools),
    )  # fmt: skip
    options = {"address": f"{reached}{just2easy.ADAPTER}", "client_id": "hwb"}
    _connect(stage, "just2easy", WORK, made.service, options)
    return program


def _register(stage: Stage, wanted: Wanted) -> Registered:
    return services.register(wanted, acting_user=OPERATOR, at=datetime.now(UTC), now=stage.now)


def _connect(stage: Stage, kind: str, name: str, service: UUID, options: dict[str, str]) -> None:
    connectors.add(
        connectors.Wanted(kind=kind, name=name, service=service, options=options), acting_user=OPERATOR,
        at=datetime.now(UTC), now=stage.now,
    )  # fmt: skip


def _names(schools: list[DemoSchool]) -> str:
    return orjson.dumps({school.dfes: [school.name_en, school.name_cy] for school in schools}).decode()
