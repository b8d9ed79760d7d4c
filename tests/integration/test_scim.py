"""SCIM 2.0 for services that read: people and classes, nothing else, and nothing written (RFC 7643, RFC 7644)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server
from tests.support.deliveries import deliver, learner_row, register_schools, staff_row
from tests.support.people import PRIMARY, SECONDARY, upn
from tests.support.rosters import Reading, in_one_transaction, reading

from hwb.api.scim.urls import urlpatterns
from hwb.directory.models import Account
from hwb.operations import due, services
from hwb.operations.service_addresses import SCIM_SCOPES

pytestmark = pytest.mark.django_db
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
EXTENSION = "urn:hwb:params:scim:schemas:extension:2.0:User"


@pytest.fixture(autouse=True)
def nation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A primary with a teacher and three learners, of whom one went on to the secondary under a new name."""
    monkeypatch.setenv("HWB_NOW", "2018-09-10T09:00:00+00:00")
    register_schools(PRIMARY, SECONDARY)
    staff = [staff_row("AB", classes=("6G",))]
    deliver([learner_row(number, classes=("Choir",)) for number in range(1, 4)], staff, on=date(2018, 7, 2))
    deliver(
        [learner_row(1, classes=("Choir",)), learner_row(2), learner_row(3, leaving_date=date(2018, 7, 20))],
        staff,
        on=date(2018, 9, 5),
    )
    moved = learner_row(
        3, year_group="7", registration_group="7A", start_date=date(2018, 9, 3), preferred_surname="New"
    )
    deliver([moved], [], school=SECONDARY, on=date(2018, 9, 6))


def scim(*scopes: str, **more: Any) -> Reading:
    return reading("/scim/v2", protocol="scim", scopes=scopes or SCIM_SCOPES, **more)


def found(service: Reading, path: str = "/Users", **asked: Any) -> list[dict[str, Any]]:
    answer = service.get(path, **asked)
    assert answer.status_code == 200, answer.content
    resources: list[dict[str, Any]] = answer.json()["Resources"]
    return resources


def account_of(number: int) -> Account:
    return Account.objects.get(upn=upn(number))


def test_a_person_is_told_as_far_as_the_scopes_go() -> None:
    """Without scopes an identifier and whether it is active; each scope adds what it names."""
    service = scim()
    account = account_of(1)
    made = service.get(f"/Users/{service.known_as(account.id)}").json()
    assert made["userName"] == account.username
    assert made["name"] == {"formatted": "Mali1 Reesb", "givenName": "Mali1", "familyName": "Reesb"}
    assert made["emails"] == [{"value": account.email, "type": "work", "primary": True}]
    assert (made["userType"], made["roles"]) == ("learner", [{"value": "learner"}])
    assert made[ENTERPRISE] == {"organization": f"School {PRIMARY}"}
    assert made[EXTENSION] == {"schools": [
        {"value": PRIMARY, "primary": True, "yearGroup": "6", "registrationGroup": "6G", "classes": ["Choir"]}
    ]}  # fmt: skip
    bare = reading("/scim/v2", protocol="scim", scopes=(), name="Bare")
    told = bare.get(f"/Users/{bare.known_as(account.id)}").json()
    assert set(told) == {"schemas", "id", "userName", "active", "meta"}
    assert told["userName"] == told["id"]
    assert found(bare, "/Groups") == []
    for text in (
        'name.familyName eq "Reesb"',
        f'userName eq "{account.username}"',
        f'schools eq "{PRIMARY}"',
        "emails pr",
    ):
        answer = bare.get("/Users", filter=text)
        assert answer.status_code == 400 or answer.json()["totalResults"] == 0, text


def test_who_left_is_no_longer_active_and_nothing_later_is_told() -> None:
    service = scim(schools=(PRIMARY,))
    made = service.get(f"/Users/{service.known_as(account_of(3).id)}").json()
    assert set(made) == {"schemas", "id", "userName", "active", "meta"}
    assert made["active"] is False
    assert made["meta"]["lastModified"] < "2018-09-06"
    assert len(found(service)) == 4
    elsewhere = scim(schools=(SECONDARY,))
    assert [one["displayName"] for one in found(elsewhere)] == ["Mali3 New"]
    assert elsewhere.get(f"/Users/{elsewhere.known_as(account_of(1).id)}").status_code == 404


def test_groups_are_classes_with_their_members() -> None:
    service = scim(schools=(PRIMARY,))
    groups = {one["displayName"]: one for one in found(service, "/Groups")}
    assert set(groups) == {"6G", "Choir"}
    assert {one["value"] for one in groups["Choir"]["members"]} == {service.known_as(account_of(1).id)}
    assert len(groups["6G"]["members"]) == 3
    assert "members" not in found(service, "/Groups", excludedAttributes="members")[0]
    (form,) = found(
        service, "/Groups", filter=f'school eq "{PRIMARY}" and kind eq "registration"', attributes="displayName"
    )
    assert set(form) == {"schemas", "id", "displayName"}
    whole = scim(name="whole")
    (other,) = found(whole, "/Groups", filter=f'school eq "{SECONDARY}"')
    assert service.get(f"/Groups/{other['id']}").status_code == 404
    assert whole.get(f"/Groups/{other['id']}").json() == other


def test_a_group_is_dated_by_the_newest_change_of_who_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """R3: who leaves on a day to come leaves the class then, without a run, and the class has changed."""
    leaving = learner_row(2, leaving_date=date(2018, 9, 14))
    deliver([learner_row(1, classes=("Choir",)), leaving], None, on=date(2018, 9, 7))
    service = scim(schools=(PRIMARY,))
    (form,) = found(service, "/Groups", filter='displayName eq "6g"')
    monkeypatch.setenv("HWB_NOW", "2018-09-17T09:00:00+00:00")
    due.apply_due(on=date(2018, 9, 17), now=datetime(2018, 9, 17, 8, tzinfo=UTC))
    (after,) = found(service, "/Groups", filter='meta.lastModified gt "2018-09-16" and displayName eq "6G"')
    assert len(after["members"]) == len(form["members"]) - 1
    assert after["meta"]["version"] != form["meta"]["version"]


FILTERS = {
    'userName eq "NOBODY"': 0, 'name.familyName eq "REESB"': 1, 'name.givenName sw "mali"': 3, 'name.familyName co "ees"': 3,
    'name.familyName ew "c"': 1, "active eq true": 3, "active eq false": 1, "not (active eq true)": 1, 'userType eq "staff"': 1,
    'userType ne "staff"': 3, "emails pr": 3, "not (emails pr)": 1, 'name.familyName sw "%"': 0,
    'name.familyName eq "Reesb" or name.familyName eq "Reesc"': 2, f'schools eq "{PRIMARY}"': 3, f'schools.value ne "{PRIMARY}"': 1,
    'schools.yearGroup eq "6" and active eq true': 2, 'meta.lastModified gt "2018-09-01T00:00:00Z"': 2, 'meta.lastModified gt "2018-01-01"': 4,
    '(name.familyName eq "Reesb" or userType eq "staff") and active eq true': 2,
    "urn:ietf:params:scim:schemas:core:2.0:User:userName pr": 3, f'{EXTENSION}:schools.value eq "{PRIMARY}"': 3,
}  # fmt: skip
NO_FILTERS = (
    'userName eq "\\u0000"', 'userName eq "\\ud800"',
    "", "x", 'upn eq "1"', "password pr", 'birthDate eq "2007"', 'emails[type eq "work"]', 'active eq "true"', "active gt true",
    "userName eq 1", 'userName eq "a" and', 'meta.lastModified gt "today"', f'schools gt "{PRIMARY}"', 'id sw "a"', "(" * 500,
    f'{EXTENSION}:userName eq "a"', "active pr or " * 200 + "active pr", 'name eq "a"', 'userName eq "\x00"', 'userName eq "a"; DROP TABLE account',
)  # fmt: skip


def test_filters() -> None:
    """Those of RFC 7644 on what the service is told; all else is invalidFilter, and never an error of the server's."""
    service = scim(schools=(PRIMARY,))
    for text, number in FILTERS.items():
        answer = service.get("/Users", filter=text)
        assert (answer.status_code, answer.json().get("totalResults")) == (200, number), text
    known = service.known_as(account_of(1).id)
    assert [one["id"] for one in found(service, filter=f'id eq "{known}"')] == [known]
    for text in NO_FILTERS:
        answer = service.get("/Users", filter=text)
        assert (answer.status_code, answer.json().get("scimType")) == (400, "invalidFilter"), text
        assert answer["Content-Type"] == "application/scim+json"


def test_pages() -> None:
    service = scim(schools=(PRIMARY,))
    every = found(service)
    pages = [found(service, startIndex=start, count=1)[0] for start in range(1, 5)]
    assert pages == every
    for asked, shape in (
        ({"count": 0}, (4, 1, 0)), ({"count": -5}, (4, 1, 0)), ({"startIndex": -1}, (4, 1, 4)), ({"startIndex": 9}, (4, 9, 0)),
        ({"count": 10**8}, (4, 1, 4)),
    ):  # fmt: skip
        told = service.get("/Users", **asked).json()
        assert (told["totalResults"], told["startIndex"], told["itemsPerPage"]) == shape
    assert service.get("/Users", count="x").json()["scimType"] == "invalidValue"


def test_a_search_stands_in_no_address() -> None:
    """RFC 7644, section 3.4.3: the same answer as to the query string, for names that no log is to hold."""
    service = scim(schools=(PRIMARY,))
    headers = {"authorization": f"Bearer {service.token}"}

    def search(path: str, **body: Any) -> Any:
        sent = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], **body}
        return service.asking.post(f"/scim/v2{path}/.search", sent, "application/scim+json", headers=headers)

    asked = {"filter": 'name.familyName eq "Reesb"', "count": 1, "startIndex": 1}
    answer = search("/Users", attributes=["userName"], sortBy="userName", **asked)
    assert answer.json() == service.get("/Users", attributes="userName", **asked).json()
    assert answer.json()["totalResults"] == 1
    assert search("/Groups", excludedAttributes=["members"]).json()["totalResults"] == 2
    assert search("/Users", filter="x").json()["scimType"] == "invalidFilter"
    for wrong in ({"count": "many"}, {"schemas": []}, {"attributes": "userName"}, {"filter": "\ud800"}):
        assert search("/Users", **wrong).status_code == 400, wrong
    assert (
        service.asking.post("/scim/v2/Users/.search", "[", "application/scim+json", headers=headers).status_code == 400
    )


def test_attributes_are_chosen() -> None:
    service = scim(schools=(PRIMARY,))
    path = f"/Users/{service.known_as(account_of(1).id)}"
    whole = service.get(path).json()
    assert service.get(path, attributes="userName,name.givenName").json() == {
        "schemas": whole["schemas"], "id": whole["id"], "userName": whole["userName"], "name": {"givenName": "Mali1"},
    }  # fmt: skip
    assert set(whole) - set(service.get(path, excludedAttributes=f"emails,{EXTENSION},id").json()) == {
        "emails",
        EXTENSION,
    }
    year = service.get(path, attributes=f"{EXTENSION}:schools.yearGroup").json()[EXTENSION]
    assert year == {"schools": [{"yearGroup": "6"}]}
    assert "emails" in service.get(path, attributes="EMAILS.VALUE").json()


def test_versions() -> None:
    """The version changes with what is told, and whoever has it is told nothing again."""
    service = scim()
    path = f"/scim/v2/Users/{service.known_as(account_of(1).id)}"
    headers = {"authorization": f"Bearer {service.token}"}
    first = service.asking.get(path, headers=headers)
    again = service.asking.get(path, headers={**headers, "if-none-match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    Account.objects.filter(upn=upn(1)).update(preferred_forename="Mal")
    assert service.asking.get(path, headers={**headers, "if-none-match": first["ETag"]}).status_code == 200


def test_nothing_is_read_without_a_token_nor_written_with_one() -> None:
    service = scim()
    roster = reading()
    public = ("openapi.json", "ServiceProviderConfig", "ResourceTypes", "Schemas", "<path:rest>", "Bulk")
    asked = 0
    for route in urlpatterns:
        place = str(route.pattern).removeprefix("scim/v2/")
        path = "/scim/v2/" + place.replace("<str:resource>", "x").replace("<path:rest>", "x/y")
        if place.endswith(".search"):
            assert service.asking.post(path, {}, "application/scim+json").status_code == 401, path
            continue
        if not place.startswith(public):
            for token in ("", "Bearer", "Bearer nonsense", f"Basic {service.token}", f"Bearer {roster.token}"):
                assert service.asking.get(path, headers={"authorization": token}).status_code == 401, path
                assert service.asking.delete(path, headers={"authorization": token}).status_code == 401, path
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = service.asking.generic(
                method, path, "{}", "application/scim+json", headers={"authorization": f"Bearer {service.token}"}
            )
            assert answer.status_code in (403, 405), (method, path)
            assert answer.json()["status"] == str(answer.status_code)
            asked += answer.status_code == 403
    assert asked >= 7
    services.revoke(service=service.made.service, acting_user="tests", at=datetime.now(UTC), now=datetime.now(UTC))
    assert service.get("/Users").status_code == 401


TESTED = {"discovery", "misc", "service-provider-config", "resource-types", "schemas"}


def test_the_public_tester_finds_nothing_wrong() -> None:
    """scim2-tester's checks of everything that a server for reading has."""
    service = scim()
    headers = {"Authorization": f"Bearer {service.token}"}
    with in_one_transaction() as server:
        client = WSGISCIMClient(server, base_url="http://localhost/scim/v2", headers=headers)
        results = check_server(client, include_tags=TESTED)
    wrong = [
        (one.title, one.reason)
        for one in results
        if one.status not in (Status.SUCCESS, Status.SKIPPED, Status.ACCEPTABLE)
    ]
    assert not wrong
    assert sum(one.status is Status.SUCCESS for one in results) > 10


def test_what_is_answered_is_what_the_schemas_say() -> None:
    """No attribute but those that /Schemas names, and each of its type."""
    service = scim()
    schemas = {one["id"]: one for one in service.get("/Schemas").json()["Resources"]}
    for made in [*found(service), *found(service, "/Groups")]:
        for uri in made["schemas"]:
            inside = made[uri] if ":extension:" in uri else made
            names = {attribute["name"]: attribute for attribute in schemas[uri]["attributes"]}
            common = {"schemas", "id", "meta", *schemas} if inside is made else set()
            assert set(inside) - common <= set(names), uri
            for name in set(inside) & set(names):
                assert isinstance(inside[name], list) == names[name]["multiValued"], name
    assert json.dumps(schemas).count('"readOnly"') > 20
