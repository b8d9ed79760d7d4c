"""What OneRoster and SCIM answer is what their published descriptions say, whatever is asked (schemathesis)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.support.deliveries import deliver, learner_row, register_schools, staff_row
from tests.support.people import PRIMARY, SECONDARY
from tests.support.rosters import BASES, Reading, in_one_transaction, reading

from hwb.operations.service_addresses import SCIM_SCOPES

pytestmark = pytest.mark.django_db
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
#: What a filter or a choice of fields is made of, so that more than nonsense is asked.
PARTS = st.sampled_from([
    "sourcedId", "familyName", "status", "name.familyName", "active", "dateLastModified", "meta.lastModified", "=", "~", ">", "eq", "co",
    "gt", "pr", "'a'", '"a"', "'2018-09-01'", '"2018-09-01T00:00:00Z"', "true", "AND", "or", "not", "(", ")", "%", "'", '"', "\x00", "é", ",",
])  # fmt: skip
TEXTS = st.lists(PARTS, max_size=8).map(" ".join)


@pytest.fixture(autouse=True)
def nation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWB_NOW", "2018-09-10T09:00:00+00:00")
    register_schools(PRIMARY, SECONDARY)
    deliver(
        [learner_row(1, classes=("Choir",)), learner_row(2)], [staff_row("AB", classes=("6G",))], on=date(2018, 9, 5)
    )


def there(service: Reading) -> list[str]:
    """Identifiers that lead somewhere."""
    if service.base == "/scim/v2":
        found = [*service.get("/Users").json()["Resources"], *service.get("/Groups").json()["Resources"]]
        return [one["id"] for one in found] + ["User", "nobody"]
    names = ("orgs", "classes", "courses", "enrollments", "users", "academicSessions")
    return [one["sourcedId"] for name in names for one in service.list(f"/{name}")] + ["nobody", "x" * 300]


@pytest.mark.parametrize(
    ("base", "is_source"), [*((base, False) for base in BASES.values()), ("/scim/v2", False), ("/scim/v2", True)]
)
def test_whatever_is_asked_is_answered_as_described(base: str, is_source: bool) -> None:
    """No error of the server's, no undocumented answer: every operation, some questions each."""
    more = {"protocol": "scim", "scopes": SCIM_SCOPES, "is_source": is_source} if base == "/scim/v2" else {}
    service = reading(base, **more)
    if is_source:
        make_official(service)
    identifiers = st.sampled_from(there(service))
    headers = {"Authorization": f"Bearer {service.token}", "Host": "localhost"}
    statuses: set[int] = set()

    def ask(operation: Any) -> None:
        @settings(max_examples=8, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None)
        @given(case=operation.as_strategy(), identifier=identifiers, texts=st.lists(TEXTS, min_size=2, max_size=2))
        def asked(case: Any, identifier: str, texts: list[str]) -> None:
            for name in case.path_parameters or {}:
                case.path_parameters[name] = PRIMARY if name == "school" else identifier
            for name, text in zip(("filter", "fields" if base in BASES.values() else "attributes"), texts, strict=True):
                if name in (case.query or {}):
                    case.query[name] = text
            statuses.add(case.call_and_validate(checks=CHECKS, headers=headers).status_code)

        asked()

    with in_one_transaction() as server:
        for result in schemathesis.openapi.from_wsgi(f"{base}/openapi.json", server).get_all_operations():
            ask(result.ok())
    assert {200, 400, 404} <= statuses
    assert (403 in statuses) == (base == "/scim/v2")


def make_official(service: Reading) -> None:
    body = {
        "userName": "jane",
        "name": {"givenName": "Jane", "familyName": "Owen"},
        "emails": [{"value": "j@c.example"}],
    }
    headers = {"authorization": f"Bearer {service.token}"}
    answer = service.asking.post("/scim/v2/Users", body, "application/scim+json", headers=headers)
    assert answer.status_code == 201
