"""A connector to a tenant that remembers (tests.support.graph), with the service that people sign in to."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hwb.demo.tenant import SKUS
from hwb.directory.queries import connectors as rows
from hwb.directory.queries.connectors import Working
from hwb.operations import connectors, services

NOW = datetime(2018, 7, 2, 12, tzinfo=UTC)
OPTIONS = {"tenant": "t", "client_id": "c", "learner_licence": SKUS["learner"], "staff_licence": SKUS["staff"]}


def service() -> UUID:
    wanted_service = services.Wanted(
        protocol="oidc", name="Microsoft 365", all_schools=True, redirect_uris=("https://m365.example/back",), scopes=("openid",)
    )  # fmt: skip
    return services.register(wanted_service, acting_user="t", at=datetime.now(UTC), now=NOW).service


def connect_work(address: str = "https://work.example/hwb/v1", by: UUID | None = None) -> Working:
    """Just2easy, called "work" (tests.support.just2easy)."""
    connectors.add(
        connectors.Wanted(
            kind="just2easy", name="work", service=by or service(), options={"address": address, "client_id": "hwb"}
        ),
        acting_user="t", at=datetime.now(UTC), now=NOW,
    )  # fmt: skip
    return rows.working("work")[0]


def connect(name: str = "mail", address: str = "https://graph.example", by: UUID | None = None) -> Working:
    connectors.add(
        connectors.Wanted(
            kind="microsoft365", name=name, service=by or service(),
            options={**OPTIONS, "graph": f"{address}/v1.0", "login": address},
        ),
        acting_user="t", at=datetime.now(UTC), now=NOW,
    )  # fmt: skip
    return rows.working(name)[0]
