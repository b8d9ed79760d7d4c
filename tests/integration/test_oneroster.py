"""OneRoster for services: what they read, of whom, and nothing else (interfaces.md, formats.md)."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client
from tests.support.deliveries import deliver, learner_row, register_schools, staff_row
from tests.support.people import OTHER, PRIMARY, SECONDARY, upn
from tests.support.rosters import BASES, reading

from hwb.api.oneroster import collections, views
from hwb.api.oneroster.urls import urlpatterns
from hwb.api.passes import PASSES
from hwb.directory.models import Account, Audit, Authority, Establishment, ServiceToken
from hwb.directory.queries import services as rows
from hwb.operations import service_tokens, services

pytestmark = pytest.mark.django_db
VERSIONS = ("1.2", "1.1")
LISTS = ("academicSessions", "terms", "gradingPeriods", "orgs", "schools", "courses", "classes", "enrollments", "users",
         "students", "teachers", "demographics")  # fmt: skip


@pytest.fixture(autouse=True)
def nation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A primary with three learners and a teacher, of whom one learner has left; a secondary with one who came from it."""
    monkeypatch.setenv("HWB_NOW", "2018-09-10T09:00:00+00:00")
    Authority.objects.create(code="671", name_en="Black Castle", name_cy="Castell Du")
    register_schools(PRIMARY, SECONDARY, OTHER)
    staff = [staff_row("AB", classes=("6G", "Choir")), staff_row("CD", legal_surname="Puw")]
    gone = {"leaving_date": date(2018, 7, 20)}
    deliver([learner_row(number) for number in range(1, 5)], staff, on=date(2018, 7, 2))
    deliver(
        [learner_row(1, classes=("Choir",)), learner_row(2), learner_row(3, **gone), learner_row(4, registration_group="5M", year_group="5")],
        staff, on=date(2018, 9, 5),
    )  # fmt: skip
    deliver(
        [learner_row(3, year_group="7", registration_group="7A", start_date=date(2018, 9, 3), preferred_surname="New")],
        [], school=SECONDARY, on=date(2018, 9, 6),
    )  # fmt: skip
    PASSES.__init__()  # type: ignore[misc] # what other tests read is forgotten


def account_of(number: int) -> Account:
    return Account.objects.get(upn=upn(number))


@pytest.mark.parametrize("version", VERSIONS)
def test_every_identifier_resolves(version: str) -> None:
    """interfaces.md: every sourcedId and href in every list leads to the thing itself, in both versions."""
    service = reading(BASES[version])
    seen = 0
    for name in LISTS:
        for thing in service.every(f"/{name}"):
            (found,) = service.get(f"/{name}/{thing['sourcedId']}").json().values()
            assert found == thing
            for href in re.findall(r'"href": "http://localhost:8000([^"]+)"', json.dumps(thing)):
                (there,) = (
                    service.asking.get(href, headers={"authorization": f"Bearer {service.token}"}).json().values()
                )
                assert there["sourcedId"] == href.rpartition("/")[2]
                seen += 1
    assert seen > 30


def test_people_of_a_school() -> None:
    """Those who are there are active, those who left are to be deleted, and of those nothing later is told."""
    service = reading(schools=(PRIMARY,))
    people = {person["sourcedId"]: person for person in service.list("/users")}
    moved, here = people[service.known_as(account_of(3).id)], people[service.known_as(account_of(1).id)]
    assert (moved["status"], moved["enabledUser"], moved["username"], moved["familyName"]) == (
        "tobedeleted", False, moved["sourcedId"], "Reesd",
    )  # fmt: skip
    assert "New" not in str(people)
    assert "email" not in moved
    assert [role["org"]["sourcedId"] for role in moved["roles"]] == [PRIMARY]
    assert moved["roles"][0]["endDate"] == "2018-07-20"
    assert moved["dateLastModified"] < "2018-09-06"
    assert here["status"] == "active"
    assert here["roles"] == [{
        "roleType": "primary", "role": "student", "beginDate": "2017-09-04",
        "org": {"href": f"http://localhost:8000{BASES['1.2']}/orgs/{PRIMARY}", "sourcedId": PRIMARY, "type": "org"},
    }]  # fmt: skip
    assert here["grades"] == ["06"]
    at_secondary = reading(schools=(SECONDARY,)).list("/users")
    assert [(person["status"], person["familyName"]) for person in at_secondary] == [("active", "New")]


def test_what_another_school_changes_of_somebody_who_is_here_is_a_change() -> None:
    """A guest whom their own school renames has changed for the guest school's services; one who left has not."""
    on_roll = [
        learner_row(1, classes=("Choir",)),
        learner_row(2),
        learner_row(4, registration_group="5M", year_group="5"),
    ]
    deliver([*on_roll, learner_row(3, enrolment_status="S", start_date=date(2018, 9, 6))], None, on=date(2018, 9, 7))
    service = reading(schools=(PRIMARY,))
    path = f"/users/{service.known_as(account_of(3).id)}"
    before = service.get(path).json()["user"]
    moved = {"year_group": "7", "registration_group": "7A", "start_date": date(2018, 9, 3)}
    deliver([learner_row(3, preferred_surname="Newer", **moved)], [], school=SECONDARY, on=date(2018, 9, 8))
    after = service.get(path).json()["user"]
    assert (before["status"], before["familyName"], after["familyName"]) == ("active", "New", "Newer")
    assert before["dateLastModified"] < "2018-09-08" < after["dateLastModified"]
    deliver(on_roll, None, on=date(2018, 9, 9))
    gone = service.get(path).json()["user"]
    deliver([learner_row(3, preferred_surname="Newest", **moved)], [], school=SECONDARY, on=date(2018, 9, 10), hour=7)
    assert gone["status"] == "tobedeleted"
    assert service.get(path).json()["user"] == gone


def test_version_1p1_has_words_for_booleans_and_one_role() -> None:
    service = reading(BASES["1.1"], schools=(PRIMARY,))
    teacher, aide = (service.list("/users", filter=f"familyName='{name}'")[0] for name in ("Rees", "Puw"))
    assert (teacher["role"], aide["role"], teacher["enabledUser"]) == ("teacher", "aide", "true")
    assert [org["sourcedId"] for org in teacher["orgs"]] == [PRIMARY]
    assert "roles" not in teacher


def test_classes_and_who_is_in_them() -> None:
    service = reading(schools=(PRIMARY,))
    classes = {one["title"]: one for one in service.list("/classes")}
    assert {name: (one["classType"], one["status"], one.get("grades")) for name, one in classes.items()} == {
        "6G": ("homeroom", "active", ["06"]), "5M": ("homeroom", "active", ["05"]), "Choir": ("scheduled", "active", ["06"]),
    }  # fmt: skip
    form = classes["6G"]["sourcedId"]
    assert {one["familyName"] for one in service.list(f"/classes/{form}/students")} == {"Reesb", "Reesc"}
    assert [one["familyName"] for one in service.list(f"/classes/{form}/teachers")] == ["Rees"]
    status = {
        (one["user"]["sourcedId"], one["status"])
        for one in service.list("/enrollments")
        if one["class"]["sourcedId"] == form
    }
    assert (service.known_as(account_of(3).id), "tobedeleted") in status
    assert len(status) == 4
    mine = service.list(f"/students/{service.known_as(account_of(1).id)}/classes")
    assert {one["title"] for one in mine} == {"6G", "Choir"}
    assert len(service.list(f"/schools/{PRIMARY}/classes/{form}/enrollments")) == 4
    (session,) = service.list("/terms")
    assert (session["schoolYear"], session["startDate"], session["endDate"]) == ("2019", "2018-09-01", "2019-08-31")
    assert {one["title"] for one in service.list(f"/terms/{session['sourcedId']}/classes")} == set(classes)


def test_last_years_classes_are_of_last_year(monkeypatch: pytest.MonkeyPatch) -> None:
    """R37: a school that has not run since holds last year's classes, and they are said to be of that year."""
    monkeypatch.setenv("HWB_NOW", "2019-09-10T09:00:00+00:00")
    service = reading(schools=(PRIMARY,))
    assert {one["sourcedId"] for one in service.list("/terms")} == {"term-2019", "term-2020"}
    assert service.list("/classes")[0]["terms"][0]["sourcedId"] == "term-2019"
    assert service.list("/terms/term-2020/classes") == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_service_sees_its_schools_only(version: str) -> None:
    """Unknown and another school's look alike: 404, in every list and below everything."""
    service, whole = reading(BASES[version], schools=(PRIMARY,)), reading(BASES[version], name="roster")
    assert {one["sourcedId"] for one in service.list("/orgs")} == {"671", PRIMARY}
    elsewhere = [
        f"/{name}/{one['sourcedId']}" for name in ("schools", "classes", "courses", "enrollments") for one in whole.list(f"/{name}")
        if SECONDARY in str(one["sourcedId"])
    ]  # fmt: skip
    assert len(elsewhere) >= 4
    for path in [
        *elsewhere,
        f"/schools/{SECONDARY}/students",
        f"/schools/{SECONDARY}/enrollments",
        f"{elsewhere[1]}/students",
    ]:
        assert whole.get(path).status_code == 200, path
        refused, nothing = service.get(path), service.get("/orgs/0000000")
        assert refused.status_code == 404, path
        assert refused.json() == nothing.json()
        assert nothing.json()["imsx_CodeMinor"]["imsx_codeMinorField"][0]["imsx_codeMinorFieldValue"] == "unknownobject"
    form = service.list("/classes")[0]["sourcedId"]
    assert whole.get(f"/schools/{SECONDARY}/classes/{form}/students").status_code == 404


def test_another_services_identifier_means_nobody() -> None:
    """One service's name for a person is nobody to another, and services of one sector share it."""
    one, other = reading(name="One"), reading(name="Other")
    known = one.known_as(account_of(1).id)
    assert one.get(f"/users/{known}").status_code == 200
    assert other.get(f"/users/{known}").status_code == 404
    assert other.list("/users", filter=f"sourcedId='{known}'") == []
    assert reading(name="ONE").get(f"/users/{known}").status_code == 200


def test_a_service_sees_its_kinds_of_people_only() -> None:
    service = reading(kinds=("staff",))
    teacher = service.list("/users")[0]
    assert {role["role"] for person in service.list("/users") for role in person["roles"]} == {"teacher", "aide"}
    assert service.list("/students") == []
    assert {one["role"] for one in service.list("/enrollments")} == {"teacher"}
    assert service.get(f"/users/{service.known_as(account_of(1).id)}").status_code == 404
    assert service.get(f"/teachers/{teacher['sourcedId']}/classes").status_code in (200, 404)


def test_demographics_need_their_scope() -> None:
    """formats.md: only the last scope opens demographics; of a token, too, that asked for less than the service has."""
    service = reading(schools=(PRIMARY,))
    born = {one["sourcedId"]: one.get("birthDate") for one in service.list("/demographics")}
    assert born[service.known_as(account_of(1).id)] == "2007-02-02"
    assert born[service.known_as(account_of(3).id)] is None
    core = "https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly"
    service.token = service.ask_token(scope=core).json()["access_token"]
    assert service.get("/demographics").status_code == 403
    assert service.get("/users").status_code == 200
    assert "birthDate" not in str(service.get("/users").content)
    assert service.get("/users", filter="birthDate='2007-02-02'").status_code == 400
    without = reading(name="Core", scopes=("roster.readonly",))
    assert without.get("/demographics").status_code == 403


def test_tokens() -> None:
    """Scopes that are not there are passed over as long as one is; secrets, protocols and revoking count."""
    service = reading()
    core = "https://purl.imsglobal.org/spec/or/v1p1/scope/roster-core.readonly"
    asked = service.ask_token(scope=f"{core} https://purl.imsglobal.org/spec/or/v1p2/scope/resource.readonly")
    assert (asked.status_code, asked.json()["scope"]) == (200, core)
    assert service.ask_token(scope="openid").json() == {"error": "invalid_scope"}
    assert service.ask_token(client_secret="x").json() == {"error": "invalid_request"}
    body = {
        "grant_type": "client_credentials",
        "client_id": service.made.client_id,
        "client_secret": service.made.secret,
    }
    assert Client().post("/api/oidc/token", body).status_code == 200
    assert Client().post("/api/oidc/token", {**body, "client_secret": "wrong"}).status_code == 401
    signs_in = reading(name="SCIM", protocol="scim", scopes=())
    service_of_another_protocol = service.asking.get(
        f"{service.base}/users", headers={"authorization": f"Bearer {signs_in.token}"}
    )
    assert service_of_another_protocol.status_code == 401
    assert Audit.objects.filter(action="service token issued").count() == 4
    assert service.get("/users").status_code == 200
    services.revoke(service=service.made.service, acting_user="tests", at=datetime.now(UTC), now=datetime.now(UTC))
    assert service.get("/users").status_code == 401
    assert service.ask_token().status_code == 401


def test_a_token_ends_after_an_hour_and_is_forgotten() -> None:
    service, other = reading(), reading(name="Other")
    kept = ServiceToken.objects.filter(service=service.made.service)
    assert service.token not in str(kept.values())
    kept.update(expires=datetime.now(UTC))
    assert service.get("/orgs").status_code == 401
    assert service_tokens.forget_expired(at=datetime.now(UTC)) == 1
    assert other.get("/orgs").status_code == 200


def test_nothing_is_read_without_a_token_nor_written_with_one() -> None:
    service = reading()
    asked = 0
    for route in urlpatterns:
        path = "/" + re.sub(r"<\w+:\w+>", "x", str(route.pattern))
        expected = 200 if path.endswith("openapi.json") else 404 if "<path" in str(route.pattern) else 401
        for token in ("", "Bearer", "Bearer nonsense", f"Basic {service.token}"):
            answer = service.asking.get(path, headers={"authorization": token})
            assert answer.status_code == expected, path
            assert answer["Content-Type"] == "application/json"
            asked += 1
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert (
                service.asking.generic(method, path, headers={"authorization": f"Bearer {service.token}"}).status_code
                == 405
            )
    assert asked == len(urlpatterns) * 4 > 300


WRONG = [
    ({"limit": "0"}, "invaliddata"), ({"limit": "x"}, "invaliddata"), ({"limit": "99999999999"}, "invaliddata"),
    ({"offset": "-1"}, "invaliddata"), ({"orderBy": "up"}, "invaliddata"), ({"fields": "givenName,upn"}, "invalid_selection_field"),
    ({"fields": ""}, "invalid_selection_field"), ({"filter": "upn='x'"}, "invalid_filter_field"),
    ({"filter": "birthDate='2007-02-02'"}, "invalid_filter_field"), ({"filter": "password='x'"}, "invalid_filter_field"),
    ({"filter": ""}, "invaliddata"), ({"filter": "givenName='a' AND"}, "invaliddata"),
    ({"filter": "givenName='a' OR familyName='b' AND status='c'"}, "invaliddata"),
    ({"filter": "givenName='a'; DROP TABLE account"}, "invaliddata"), ({"filter": "givenName='\x00'"}, "invaliddata"),
    ({"filter": "familyName=''' OR ''=''"}, "invaliddata"),
    ({"filter": "dateLastModified>'yesterday'"}, "invaliddata"), ({"filter": "enabledUser='yes'"}, "invaliddata"),
    ({"filter": "sourcedId>'a'"}, "invaliddata"), ({"filter": " AND ".join(["givenName='a'"] * 11)}, "invaliddata"),
]  # fmt: skip


def test_what_cannot_be_asked() -> None:
    """Each is the standard's error, and repeats nothing of what was sent."""
    service = reading()
    for asked, code in WRONG:
        answer = service.get("/users", **asked)
        told = answer.json()
        assert answer.status_code == 400, asked
        assert told["imsx_CodeMinor"]["imsx_codeMinorField"][0]["imsx_codeMinorFieldValue"] == code, asked
        assert "givenName" not in told["imsx_description"]


FILTERS: list[tuple[dict[str, str], list[str | None]]] = [
    ({"filter": "familyName='Puw'"}, ["Puw"]), ({"filter": "familyName='PUW'"}, []), ({"filter": "familyName~'PU'"}, ["Puw"]),
    ({"filter": "familyName='Puw' OR familyName='Rees'"}, ["Puw", "Rees"]),
    ({"filter": "familyName='Puw' AND familyName='Rees'"}, []), ({"filter": "familyName='%'"}, []),
    ({"filter": "familyName~'%'"}, []), ({"filter": "status='tobedeleted'", "fields": "status"}, [None]),
    ({"filter": "familyName>='Reesc'"}, ["Reesc", "Reese"]), ({"filter": "enabledUser='false'"}, ["Reesd"]),
    ({"sort": "familyName", "orderBy": "desc", "limit": "2"}, ["Reese", "Reesc"]),
    ({"filter": "dateLastModified>='2018-09-05' AND status='tobedeleted'"}, ["Reesd"]),
    ({"filter": "dateLastModified>'2018-09-06T00:00:00Z'"}, []), ({"filter": "status!='active'"}, ["Reesd"]),
]  # fmt: skip


def test_filters_and_order() -> None:
    """Values are compared and nothing else; a sort by what there is not gives the usual order, as the standard says."""
    service = reading(schools=(PRIMARY,))
    for asked, names in FILTERS:
        answer = service.get("/users", **asked)
        found = [one.get("familyName") for one in answer.json()["users"]]
        assert (found if "sort" in asked else sorted(found, key=str)) == names, asked
        assert int(answer["X-Total-Count"]) == (6 if "sort" in asked else len(names)), asked
    assert service.list("/users", sort="shoeSize", orderBy="desc") == service.list("/users")


def test_every_field_of_every_list_can_be_filtered_and_sorted_by() -> None:
    """No field of any list is one that only looks as if it could be asked for."""
    service = reading()
    (row,) = rows.find()
    values = {"date": "2018-09-01", "moment": "2018-09-01T00:00:00Z", "flag": "true", "number": "2019"}
    for version in VERSIONS:
        view = views.view_of(row, version)  # type: ignore[arg-type]
        service.base = BASES[version]
        for name, collection in collections.COLLECTIONS.items():
            for field, known in collections.fields_of(collection, collection.relation(view), version).items():
                value = values.get(known.type, "x")
                for asked in ({"filter": f"{field}='{value}'"}, {"sort": field, "orderBy": "desc"}):
                    assert service.get(f"/{name}", **asked).status_code == 200, (name, asked)


def test_totals_and_links() -> None:
    service = reading(schools=(PRIMARY,))
    answer = service.get("/users", limit="2", offset="2", filter="status='active'")
    assert answer["X-Total-Count"] == "5"
    links = {rel: url for url, rel in re.findall(r'<([^>]+)>; rel="(\w+)"', answer["Link"])}
    found = {rel: url.rpartition("offset=")[2] for rel, url in links.items()}
    assert found == {"first": "0", "prev": "0", "next": "4", "last": "4"}
    assert all("filter=status%3D%27active%27" in url for url in links.values())
    following = links["next"].removeprefix("http://localhost:8000")
    last = service.asking.get(following, headers={"authorization": f"Bearer {service.token}"})
    assert (len(last.json()["users"]), last["X-Total-Count"]) == (1, "5")
    assert 'rel="next"' not in last["Link"]
    assert service.list("/users", offset="500") == []


@pytest.mark.parametrize("name", ["users", "classes", "enrollments"])
def test_paging_while_a_run_lands_misses_nobody(name: str) -> None:
    """Whoever pages by numbers while learners come and go between pages gets everyone who was there all along, once."""
    service = reading()
    before = {one["sourcedId"] for one in service.every(f"/{name}", limit=100)}
    found = service.list(f"/{name}", limit=3)
    deliver([learner_row(50, registration_group="0A")], [], school=OTHER, on=date(2018, 9, 7))
    deliver(
        [learner_row(1, registration_group="1A"), learner_row(2), learner_row(4, registration_group="5M", year_group="5"), learner_row(51)],
        None, on=date(2018, 9, 7),
    )  # fmt: skip
    while page := service.list(f"/{name}", limit=3, offset=len(found)):
        found += page
    ids = [one["sourcedId"] for one in found]
    still = before & {one["sourcedId"] for one in service.every(f"/{name}", limit=100)}
    assert len(ids) == len(set(ids))
    assert still <= set(ids)


def test_a_page_that_is_not_remembered_is_the_same(settings: Any) -> None:
    """What a process forgot, or another process remembers, changes no answer."""
    service = reading()
    for name in ("users", "enrollments", "classes", "orgs"):
        remembered = service.every(f"/{name}", limit=1)
        forgotten = []
        for offset in range(len(remembered)):
            PASSES.__init__()  # type: ignore[misc]
            forgotten += service.list(f"/{name}", limit=1, offset=offset)
        assert forgotten == remembered


def test_a_closed_school_is_to_be_deleted_and_names_changes_are_dated() -> None:
    service = reading()
    before = service.get(f"/orgs/{OTHER}").json()["org"]
    Establishment.objects.filter(dfes=OTHER).update(closed=date(2018, 8, 31))
    after = service.get(f"/orgs/{OTHER}").json()["org"]
    assert (before["status"], after["status"]) == ("active", "tobedeleted")
    assert after["dateLastModified"] > before["dateLastModified"]
    assert after["parent"]["sourcedId"] == "671"


def test_answers_are_as_described(db: None) -> None:
    """Everything that is answered, errors included, is what the published description says."""
    for version in VERSIONS:
        service = reading(BASES[version])
        described = service.asking.get(f"{BASES[version]}/openapi.json").json()
        for name in LISTS:
            for path, shown in ((f"/{name}", f"/{name}"), (f"/{name}/nobody", f"/{name}/{{sourced_id}}")):
                answer = service.get(path)
                schema = described["paths"][shown]["get"]["responses"][str(answer.status_code)]["content"][
                    "application/json"
                ]["schema"]
                jsonschema_rs.validate({**schema, "components": described["components"]}, answer.json())
