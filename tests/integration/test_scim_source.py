"""SCIM for a source of official accounts: it keeps its own, and nobody else writes anything (RFC 7644)."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from django.utils.timezone import now
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server
from tests.support.deliveries import deliver, learner_row, register_schools
from tests.support.people import PRIMARY
from tests.support.rosters import Reading, in_one_transaction, reading

from hwb.directory.models import Account, Audit, Identifier, ServiceSignIn, SourceAccount
from hwb.operations import accounts, roles, sessions, verification
from hwb.operations.roles import Reach
from hwb.operations.service_addresses import SCIM_SCOPES

pytestmark = pytest.mark.django_db
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
JANE = {
    "schemas": [USER], "userName": "jane.owen", "name": {"givenName": "Jane", "familyName": "Owen"},
    "emails": [{"value": "jane@council.example", "type": "home", "primary": True}], "active": True, "externalId": "E-7",
}  # fmt: skip


@pytest.fixture(autouse=True)
def nation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWB_NOW", "2018-09-10T09:00:00+00:00")
    register_schools(PRIMARY)
    deliver([learner_row(1)], None, on=date(2018, 9, 5))


def source(name: str = "Council", **more: Any) -> Reading:
    return reading("/scim/v2", protocol="scim", scopes=(), name=name, is_source=True, **more)


def send(service: Reading, method: str, path: str, body: Any = None, **headers: str) -> Any:
    headers["authorization"] = f"Bearer {service.token}"
    return service.asking.generic(
        method, f"/scim/v2{path}", "" if body is None else json.dumps(body), "application/scim+json", headers=headers
    )


def patch(service: Reading, path: str, *operations: dict[str, Any], **headers: str) -> Any:
    return send(service, "PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **headers)


def made(service: Reading, **more: Any) -> dict[str, Any]:
    answer = send(service, "POST", "/Users", {**JANE, **more})
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def account_of(service: Reading, told: dict[str, Any]) -> Account:
    (row,) = (each for each in Account.objects.all() if service.known_as(each.id) == told["id"])
    return row


def test_a_source_keeps_its_own_officials() -> None:
    """Made of kind official, neither learner nor staff; found, changed, given another name, and never with a password."""
    service = source()
    answer = send(service, "POST", "/Users", {**JANE, "title": "Officer", "id": "mine", "roles": [{"value": "head"}]})
    told = answer.json()
    assert (answer.status_code, answer["Location"]) == (201, told["meta"]["location"])
    account = account_of(service, told)
    assert (account.kind, account.active, account.password, account.username) == ("official", True, "", "jane.owen")
    assert told["displayName"] == "Jane Owen"
    assert not {"title", "roles"} & set(told)
    (found,) = send(service, "GET", '/Users?filter=userName%20eq%20"JANE.owen"').json()["Resources"]
    assert found == told
    assert service.get("/Users", filter='externalId eq "e-7"').json()["totalResults"] == 0
    assert service.get("/Users", filter='externalId eq "E-7"').json()["totalResults"] == 1
    path = f"/Users/{told['id']}"
    changed = patch(
        service, path, {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "j@council.example"},
        {"op": "replace", "value": {"name": {"familyName": "Puw", "givenName": "Jane"}, "userName": "Jane.Puw"}},
        {"op": "remove", "path": "externalId"}, {"op": "add", "path": "title", "value": "Officer"},
    )  # fmt: skip
    assert changed.status_code == 200, changed.content
    after = changed.json()
    assert after == service.get(path).json()
    assert (after["userName"], after["name"]["familyName"], after["emails"][0]["value"], after["id"]) == (
        "jane.puw", "Puw", "j@council.example", told["id"],
    )  # fmt: skip
    assert "externalId" not in after
    assert {i.value: i.current for i in Identifier.objects.filter(account=account.id, kind="username")} == {
        "jane.owen": False, "jane.puw": True,
    }  # fmt: skip
    again = send(service, "PUT", path, JANE).json()
    assert (again["userName"], again["externalId"]) == ("jane.owen", "E-7")
    assert verification.verify(on=date(2018, 9, 10), deep=True).breaches == ()


def test_an_official_of_a_source_gets_a_role_and_the_way_in() -> None:
    """A source gives no role; whoever is given one and has never signed in gets a link to begin with, once."""
    made(source())
    on, at = date(2018, 9, 10), now()
    given = roles.grant(Reach("auditor"), username="jane.owen", acting_user="tests", now=at, on=on, at=at)
    assert sessions.account_of_link(given.link_token, at=at) == given.account
    Account.objects.filter(id=given.account).update(last_sign_in=at)
    more = roles.grant(Reach("operator"), username="jane.owen", acting_user="tests", now=at, on=on, at=at)
    assert more.link_token == ""


def test_a_name_belongs_to_one_person_for_ever() -> None:
    """R33: a username and an e-mail address are never given to another, even after deletion."""
    service, other = source(), source("Another council")
    learner = Account.objects.get(kind="learner")
    for taken in (
        {"userName": learner.username},
        {"userName": "b", "emails": [{"value": f"x@{learner.email.split('@')[1]}"}]},
    ):
        assert send(service, "POST", "/Users", {**JANE, **taken}).status_code in (400, 409)
    first = made(service)
    assert send(service, "DELETE", f"/Users/{first['id']}").status_code == 204
    for who in (service, other):
        for same in ({}, {"userName": "jane.2"}, {"emails": [{"value": "another@council.example"}]}):
            answer = send(who, "POST", "/Users", {**JANE, **same})
            assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    assert Account.objects.filter(kind="official").count() == 1


def test_deletion_switches_off_and_nothing_vanishes() -> None:
    """R30, R40: sessions, tokens and links end at once; the account stays, inactive, with the reason; undone by nobody."""
    service = source()
    told = made(service)
    account = account_of(service, told)
    path = f"/Users/{told['id']}"
    there = ServiceSignIn.objects.create(
        service_id=service.made.service, account=account, session="s", signed_in_at=now(), created_at=now()
    )
    off = patch(service, path, {"op": "replace", "path": "active", "value": "False"}).json()
    assert off["active"] is False
    account.refresh_from_db()
    assert (account.active, account.reason_code) == (False, "source_off")
    assert account.sessions_from is not None
    there.refresh_from_db()
    assert there.ended_at is not None
    assert patch(service, path, {"op": "replace", "path": "active", "value": True}).json()["active"] is True
    assert send(service, "DELETE", path).status_code == 204
    for method, body in (("GET", None), ("PUT", JANE), ("DELETE", None)):
        assert send(service, method, path, body).status_code == 404
    account.refresh_from_db()
    assert (account.active, account.reason_code, account.legal_surname) == (False, "source_ended", "Owen")
    assert service.get("/Users").json()["totalResults"] == 0
    told_of = Audit.objects.filter(account=account.id).order_by("seq").values_list("action", "reason_code", "actor")
    assert {actor for *_, actor in told_of} == {f"service {service.made.service}"}
    assert [code for action, code, _ in told_of if action == "state"] == ["source_off", "source_on", "source_ended"]
    assert verification.verify(on=date(2018, 9, 10), deep=True).breaches == ()


def test_nobody_writes_what_is_not_theirs() -> None:
    """Readers get 403 whatever they ask; a source finds neither learners nor another source's officials."""
    service, other = source(), source("Another council")
    told = made(service)
    learner = Account.objects.get(kind="learner")
    elsewhere = other.known_as(account_of(service, told).id)
    for path in (f"/Users/{other.known_as(learner.id)}", f"/Users/{elsewhere}", "/Users/nobody"):
        for method, body in (
            ("GET", None),
            ("PUT", JANE),
            ("PATCH", {"schemas": [PATCH], "Operations": []}),
            ("DELETE", None),
        ):
            assert send(other, method, path, body).status_code in (400, 404), (method, path)
            assert method == "PATCH" or send(other, method, path, body).status_code == 404
    assert other.get("/Users").json()["totalResults"] == 0
    assert send(service, "POST", "/Groups", {}).status_code == 403
    assert service.get("/Groups").json()["totalResults"] == 0
    reader = reading("/scim/v2", protocol="scim", scopes=SCIM_SCOPES, name="Reader")
    assert reader.get("/Users", filter='userType eq "official"').json()["totalResults"] == 0
    before = Audit.objects.count()
    for path in ("/Users", f"/Users/{reader.known_as(learner.id)}", "/Bulk"):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert send(reader, method, path, JANE).status_code in (403, 405)
    assert Audit.objects.count() == before
    assert reader.get("/ServiceProviderConfig").json()["patch"]["supported"] is False
    assert service.get("/ServiceProviderConfig").json()["patch"]["supported"] is True


def test_a_link_to_the_earlier_address_lets_nobody_in() -> None:
    """A source corrects an address: the link that went to the wrong one, and sessions and sign-ins, end with it."""
    service = source()
    told = made(service)
    account, at = account_of(service, told), now()
    given = roles.grant(
        Reach("auditor"), username="jane.owen", acting_user="tests", now=at, on=date(2018, 9, 10), at=at
    )
    there = ServiceSignIn.objects.create(
        service_id=service.made.service, account=account, session="s", signed_in_at=at, created_at=at
    )
    path = f"/Users/{told['id']}"
    patch(service, path, {"op": "replace", "path": "name.familyName", "value": "Puw"})
    assert sessions.account_of_link(given.link_token, at=at) == account.id
    patch(service, path, {"op": "replace", "path": "emails", "value": [{"value": "right@council.example"}]})
    assert sessions.account_of_link(given.link_token, at=at) is None
    assert sessions.use_link(token=given.link_token, password="a long enough one 7", now=at, at=at) is None
    account.refresh_from_db()
    there.refresh_from_db()
    assert account.sessions_from is not None
    assert account.sessions_from >= at
    assert there.ended_at is not None


def test_an_account_with_roles_is_not_made_somebody_elses() -> None:
    """R33: name and address at once are another person; one of them, or without roles, they are a change."""
    service = source()
    told = made(service)
    path, other = f"/Users/{told['id']}", {"name": {"givenName": "Siân", "familyName": "Rees"}}
    address = {"emails": [{"value": "sian@council.example"}]}
    day, at = date(2018, 9, 10), now()
    what: dict[str, Any] = {"username": "jane.owen", "acting_user": "tests", "now": at, "on": day}
    roles.grant(Reach("auditor"), **what)
    refused = send(service, "PUT", path, {**JANE, **other, **address})
    assert (refused.status_code, refused.json()["scimType"]) == (400, "mutability")
    assert service.get(path).json() == told
    assert send(service, "PUT", path, {**JANE, **other}).status_code == 200
    assert send(service, "PUT", path, {**JANE, **other, **address}).status_code == 200
    roles.revoke(Reach("auditor"), **what)
    assert send(service, "PUT", path, JANE).status_code == 200


def test_what_is_not_said_stays() -> None:
    """A PUT or PATCH without `active` switches nothing on; another externalId stands in the log as every change does."""
    service = source()
    told = made(service)
    account, path = account_of(service, told), f"/Users/{told['id']}"
    silent = {name: value for name, value in JANE.items() if name != "active"}
    assert send(service, "PUT", path, {**silent, "externalId": "E-8"}).json()["active"] is True
    assert Audit.objects.filter(account=account.id).order_by("-id")[0].action == "external id changed"
    patch(service, path, {"op": "replace", "path": "active", "value": False})
    before = Audit.objects.count()
    assert send(service, "PUT", path, {**silent, "externalId": "E-8"}).json()["active"] is False
    assert Audit.objects.count() == before
    assert patch(service, path, {"op": "add", "path": "externalId", "value": "E-9"}).json()["active"] is False
    assert send(service, "PUT", path, JANE).json()["active"] is True
    assert verification.verify(on=date(2018, 9, 10), deep=True).breaches == ()


def test_support_alone_ends_a_suspension() -> None:
    """R31: what Support has suspended no source switches on again, and the end switches on only what the source wants."""
    service = source()
    told = made(service)
    account, path = account_of(service, told), f"/Users/{told['id']}"
    on, off = ({"op": "replace", "path": "active", "value": value} for value in (True, False))
    renamed = {"op": "replace", "path": "name.familyName", "value": "Puw"}
    there = ServiceSignIn.objects.create(
        service_id=service.made.service, account=account, session="s", signed_in_at=now(), created_at=now()
    )
    assert decided(accounts.suspend) == "inactive"
    there.refresh_from_db()
    assert there.ended_at is not None
    assert patch(service, path, on).status_code == 403
    assert patch(service, path, renamed).json()["active"] is False  # says nothing of `active`
    assert decided(accounts.release_suspension) == "active"
    for before, meanwhile in (((), (off,)), ((off,), ()), ((off,), (off,))):
        assert patch(service, path, on).json()["active"] is True
        for one in before:
            patch(service, path, one)
        decided(accounts.suspend)
        for one in meanwhile:
            patch(service, path, one)
        assert patch(service, path, on).status_code == 403
        assert decided(accounts.release_suspension) == "inactive"
    assert patch(service, path, on).json()["active"] is True
    decided(accounts.suspend)
    assert send(service, "DELETE", path).status_code == 204
    assert decided(accounts.release_suspension) == "inactive"
    account.refresh_from_db()
    assert account.reason_code == "source_ended"
    assert verification.verify(on=date(2018, 9, 10), deep=True).breaches == ()


def decided(act: Any) -> str:
    found = act(username="jane.owen", school="", reason="x", acting_user="tests", now=now(), on=date(2018, 9, 10))
    state: str = found.state
    return state


def test_of_what_changed_meanwhile_nothing_is_written() -> None:
    """If-Match: 412 for another version, and the account as it was."""
    service = source()
    told = made(service)
    path, version = f"/Users/{told['id']}", told["meta"]["version"]
    assert send(service, "GET", path, **{"if-none-match": version}).status_code == 304
    newer = patch(service, path, {"op": "replace", "path": "active", "value": False}, **{"if-match": version})
    assert (newer.status_code, newer["ETag"]) == (200, newer.json()["meta"]["version"])
    for method, body in (("PUT", JANE), ("DELETE", None)):
        assert send(service, method, path, body, **{"if-match": version}).status_code == 412
    assert send(service, "GET", path).json() == newer.json()
    assert send(service, "DELETE", path, **{"if-match": f'"x", {newer["ETag"]}'}).status_code == 204


def test_what_cannot_be_is_said_and_changes_nothing() -> None:
    service = source()
    told = made(service)
    path = f"/Users/{told['id']}"
    for wrong, kind in (
        ({"userName": "a b"}, "invalidValue"), ({"userName": "é"}, "invalidValue"), ({"userName": None}, "invalidValue"),
        ({"name": {"givenName": "X"}}, "invalidValue"), ({"emails": []}, "invalidValue"), ({"emails": "x"}, "invalidValue"),
        ({"emails": [{"value": "nothing"}]}, "invalidValue"), ({"active": "perhaps"}, "invalidValue"),
        ({"name": {"givenName": "X\u202e", "familyName": "Y"}}, "invalidValue"), ({"externalId": "x" * 300}, "invalidValue"),
    ):  # fmt: skip
        answer = send(service, "POST", "/Users", {**JANE, "userName": "other", **wrong})
        assert (answer.status_code, answer.json().get("scimType")) == (400, kind), wrong
    for body in ([], 7, "x", {"Operations": "x"}, {"schemas": [PATCH], "Operations": [{"op": "melt", "path": "active"}]},
                 {"schemas": [PATCH], "Operations": [{"op": "remove", "path": "userName"}]},
                 {"schemas": [PATCH], "Operations": [{"op": "replace", "path": 'emails[type eq "home"].value', "value": "x@y"}]},
                 {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "id", "value": "x"}]}):  # fmt: skip
        assert send(service, "PATCH", path, body).status_code == 400, body
    assert service.get(path).json() == told
    assert service.get("/Users").json()["totalResults"] == 1


def test_bulk() -> None:
    """Each stands by itself; failOnErrors ends it; more than is taken at once is refused whole."""
    service = source()
    wanted: list[Any] = [
        {"method": "POST", "path": "/Users", "bulkId": str(number), "data": {
            **JANE, "userName": f"u{number}", "emails": [{"value": f"u{number}@council.example"}]}}
        for number in (1, 2, 2, 3)
    ]  # fmt: skip
    answer = send(service, "POST", "/Bulk", {"schemas": [BULK], "failOnErrors": 1, "Operations": wanted})
    assert [(one["bulkId"], one["status"]) for one in answer.json()["Operations"]] == [
        ("1", "201"), ("2", "201"), ("2", "409"),
    ]  # fmt: skip
    (first, _) = service.get("/Users").json()["Resources"]
    rest = [
        {"method": "patch", "path": f"/Users/{first['id']}", "version": first["meta"]["version"], "data": {
            "schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]}},
        {"method": "PUT", "path": f"/Users/{first['id']}", "version": first["meta"]["version"], "data": JANE},
        {"method": "DELETE", "path": f"/Users/{first['id']}"}, {"method": "POST", "path": "/Groups"}, "x",
    ]  # fmt: skip
    answer = send(service, "POST", "/Bulk", {"schemas": [BULK], "Operations": rest})
    assert [one["status"] for one in answer.json()["Operations"]] == ["200", "412", "204", "400", "400"]
    too_many = {"schemas": [BULK], "Operations": [{"method": "DELETE", "path": "/Users/x"}] * 101}
    assert send(service, "POST", "/Bulk", too_many).status_code == 413
    assert SourceAccount.objects.count() == 2


def test_the_public_tester_finds_nothing_wrong() -> None:
    """scim2-tester, all of its checks: what is published, created, read, searched, replaced, patched and deleted."""
    service = source()
    headers = {"Authorization": f"Bearer {service.token}"}
    with in_one_transaction() as server:
        client = WSGISCIMClient(server, base_url="http://localhost/scim/v2", headers=headers)
        results = check_server(client)
    wrong = [(one.title, one.status, one.reason) for one in results if one.status is not Status.SUCCESS]
    assert not wrong
    assert len(results) > 30
    assert verification.verify(on=date(2018, 9, 10), deep=True).breaches == ()
