"""Accounts follow into a service that others wrote, by SCIM over real HTTP (issue 7 points 3 and 6; scim2-server)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest
from django.db import connection
from tests.support import programs, scim_target
from tests.support.deliveries import deliver, learner_row, register_schools, staff_row
from tests.support.people import PRIMARY, SECONDARY, learner
from tests.support.scim_target import TOKEN, Target, connect

from hwb.connectors import scim
from hwb.connectors.answers import ServiceAway, ServiceBusy
from hwb.connectors.scim.payloads import ENTERPRISE, SCHOOLS
from hwb.directory.models import Account, ConnectedAccount, ConnectedGroup, Connector
from hwb.directory.queries.connectors import Working
from hwb.jobs import carriers
from hwb.jobs import connectors as jobs
from hwb.lifecycle.service_accounts import Outcome
from hwb.operations import carrying, connectors, services, usernames, verification
from hwb.operations.connectors import ConnectorRefused

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2018, 7, 2, 12, tzinfo=UTC)
JULY, AUGUST, SEPTEMBER = date(2018, 7, 2), date(2018, 8, 1), date(2018, 9, 3)


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWB_CONNECTOR_TARGET_SECRET", TOKEN)


@pytest.fixture(params=[True, False], ids=["patch", "put"])
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """With PATCH, and without, where everything is replaced whole."""
    with scim_target.running(patches=request.param) as found:
        register_schools()
        yield found


@pytest.fixture
def simple() -> Iterator[Target]:
    with scim_target.running() as found:
        register_schools()
        yield found


def by_name(target: Any) -> dict[str, dict[str, Any]]:
    return {one["userName"]: one for one in target.all()["User"]}


def members(target: Any) -> dict[str, set[str]]:
    """Usernames by group."""
    names = {one["id"]: one["userName"] for one in target.all()["User"]}
    return {
        one["displayName"]: {names[member["value"]] for member in one.get("members", []) if member["value"] in names}
        for one in target.all()["Group"]
    }


def pass_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE connected_account SET due_at = due_at - interval '1 hour'")
        cursor.execute("UPDATE connector SET closed_until = closed_until - interval '1 hour'")


def follows(target: Any, working: Working, made: services.Registered, *, extended: bool = True) -> None:
    """extended: it has our extension. A year of a learner and a teacher, and what the service has of them: the same at every service."""
    key = services.pairwise_key()
    deliver(
        [learner_row(1, year_group="6", registration_group="6G", classes=("Choir",))],
        [staff_row("AB", classes=("6G",), employee_number="E7")],
    )
    assert jobs.carry_due(working) == 2
    pupil, teacher = Account.objects.get(kind="learner"), Account.objects.get(kind="staff")
    found = by_name(target)
    told = found[pupil.username]
    assert told["externalId"] == key.identifier(pupil.id, sector=made.sector)
    assert (told["active"], told["userType"], told["name"]["familyName"]) == (True, "learner", pupil.legal_surname)
    assert [one["value"] for one in told["emails"]] == [pupil.email]
    place = {"value": PRIMARY, "primary": True, "yearGroup": "6", "registrationGroup": "6G", "classes": ["Choir"]}
    assert told.get(SCHOOLS) == ({"schools": [place]} if extended else None)
    assert found[teacher.username][ENTERPRISE] == {"employeeNumber": "E7", "organization": f"School {PRIMARY}"}
    assert [one["value"] for one in found[teacher.username]["roles"]] == ["staff", "teacher"]
    school = f"Ysgol {PRIMARY} / School {PRIMARY}"
    assert members(target) == {
        school: {pupil.username, teacher.username}, f"{school} · Blwyddyn 6 / Year 6": {pupil.username},
        f"{school} · 6G": {pupil.username, teacher.username}, f"{school} · Choir": {pupil.username},
    }  # fmt: skip
    deliver([learner_row(1, leaving_date=date(2018, 7, 20))], None, on=AUGUST)
    jobs.carry_due(working)
    assert by_name(target)[pupil.username]["active"] is False
    assert all(pupil.username not in names for names in members(target).values())
    deliver(
        [learner_row(1, registration_group="7B", year_group="7", start_date=SEPTEMBER, preferred_surname="Newydd")],
        school=SECONDARY, on=SEPTEMBER,
    )  # fmt: skip
    usernames.issue(account=pupil.id, school=SECONDARY, acting_user="t", now=NOW)
    jobs.carry_due(working)
    before, pupil = told, Account.objects.get(id=pupil.id)
    after = by_name(target)[pupil.username]
    assert (after["id"], after["externalId"]) == (before["id"], before["externalId"])
    assert (after["active"], after["name"]["familyName"]) == (True, "Newydd")
    assert [one["value"] for one in after["emails"]] == [pupil.email]
    assert not extended or [one["value"] for one in after[SCHOOLS]["schools"]] == [SECONDARY]
    assert {name for name, names in members(target).items() if pupil.username in names} == {
        f"Ysgol {SECONDARY} / School {SECONDARY}{more}" for more in ("", " · Blwyddyn 7 / Year 7", " · 7B")
    }  # fmt: skip
    assert not ConnectedAccount.objects.filter(due_at__isnull=False).exists()
    assert verification.verify(on=SEPTEMBER).breaches == ()
    assert jobs.compare(working) == 0


def test_accounts_follow(target: Target) -> None:
    """Made, shut out, and open again at the next school under a new name: one user throughout, in the groups it must."""
    follows(target, *connect(f"{target.address}"))


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return programs.install("scimmy", tmp_path_factory.mktemp("scimmy"))


@dataclass(frozen=True)
class Elsewhere:
    """A service in another process, which tells what it has."""

    address: str

    def all(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = httpx2.get(f"{self.address}/all").json()
        return found


@pytest.mark.system("node", "npm")
def test_accounts_follow_into_scimmy(library: Path, tmp_path: Path) -> None:
    """The same with SCIMMY's routers for Node.js, as their users write a service; it hears nothing of our extension."""
    register_schools()
    port = programs.free_port()
    with programs.running(["node", "target.mjs"], port=port, log=tmp_path / "log", within=library, TOKEN=TOKEN):
        there = Elsewhere(f"http://127.0.0.1:{port}")
        follows(there, *connect(f"{there.address}/scim/v2"), extended=False)


def test_whom_the_service_is_not_for_it_hears_nothing_of(simple: Target) -> None:
    """Schools, kinds and scopes of the registered service say of whom and what; whoever moves on is shut out."""
    working, made = connect(simple.address, schools=(PRIMARY,), kinds=("learner",), scopes=("email",), groups="school")
    deliver([learner_row(1), learner_row(2)], [staff_row("AB")])
    deliver([learner_row(3, registration_group="7B", year_group="7")], school=SECONDARY)
    assert jobs.carry_due(working) == 2
    users = simple.all()["User"]
    assert len(users) == 2
    for one in users:
        assert set(one) == {"schemas", "id", "meta", "externalId", "userName", "active", "emails", "groups"} - (
            set() if "groups" in one else {"groups"}
        )
        assert one["userName"] == one["externalId"]
    assert len(simple.all()["Group"]) == 1
    deliver([learner_row(1, leaving_date=date(2018, 7, 20)), learner_row(2)], None, on=AUGUST)
    jobs.carry_due(working)
    deliver(
        [learner_row(1, registration_group="7B", year_group="7", start_date=SEPTEMBER, preferred_surname="Newydd")],
        school=SECONDARY, on=SEPTEMBER,
    )  # fmt: skip
    jobs.carry_due(working)
    left = Account.objects.get(upn=learner(1).upn)
    usernames.issue(account=left.id, school=SECONDARY, acting_user="t", now=NOW)
    jobs.carry_due(working)
    found = {one["externalId"]: one for one in simple.all()["User"]}
    assert sorted(one["active"] for one in found.values()) == [False, True]
    shut = found[services.pairwise_key().identifier(left.id, sector=made.sector)]
    assert (shut["active"], shut["emails"][0]["value"]) == (False, left.email)  # nothing of the new school's
    assert Account.objects.get(id=left.id).email != left.email
    assert jobs.compare(working) == 0
    assert verification.verify(on=SEPTEMBER).breaches == ()
    assert connectors.mark_all() == 0
    assert made.scopes == ("email",)


def test_a_service_that_asks_for_patience_gets_it(simple: Target) -> None:
    """429 with Retry-After: nothing is sent before, nothing is lost, and it is no failure (F14)."""
    working, _ = connect(simple.address, groups="")
    deliver([learner_row(1), learner_row(2)])
    simple.instead = [("429 Too Many Requests", [("Retry-After", "90")])]
    assert jobs.carry_due(working) == 0
    asked = len(simple.asked)
    assert jobs.carry_due(working) == 0
    assert len(simple.asked) == asked
    connector = Connector.objects.get()
    assert connector.failing_since is None
    assert connector.closed_until is not None
    assert 80 < (connector.closed_until - datetime.now(UTC)).total_seconds() <= 90
    pass_time()
    assert jobs.carry_due(working) == 2
    simple.instead = [("503 Service Unavailable", [])]
    deliver([learner_row(1, leaving_date=date(2018, 7, 20)), learner_row(2)], None, on=AUGUST)
    assert jobs.carry_due(working) == 0
    assert Connector.objects.get().failure == "answered 503"
    pass_time()
    assert jobs.carry_due(working) == 1


def test_a_token_is_asked_for_where_the_service_wants_that() -> None:
    """Client credentials: one token for its lifetime, another once the service no longer takes it; a date in Retry-After."""
    given: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/token":
            assert parse_qs(request.content.decode()) == {
                "grant_type": ["client_credentials"], "client_id": ["us"], "client_secret": [TOKEN], "scope": ["scim"],
            }  # fmt: skip
            given.append(f"t{len(given)}")
            return httpx2.Response(200, json={"access_token": given[-1], "expires_in": 3600})
        if request.headers["authorization"] != f"Bearer {given[-1]}" or (
            len(given) == 1 and request.url.path == "/x/Groups"
        ):
            return httpx2.Response(401)
        if request.url.path == "/x/Busy":
            until = datetime.now(UTC) + timedelta(minutes=2)
            return httpx2.Response(429, headers={"retry-after": format_datetime(until, usegmt=True)})
        return httpx2.Response(200, json={"Resources": []})

    options = scim.Options("https://s.example/x", "https://s.example/token", "us", "scim")
    with httpx2.Client(transport=httpx2.MockTransport(answer)) as http:
        service = scim.Service(options, secret=lambda: TOKEN, http=http)
        service.check()
        assert service.ask("GET", "/Users").status == 200
        assert given == ["t0"]
        with pytest.raises(ServiceAway):
            service.ask("GET", "/Groups")
        assert service.ask("GET", "/Groups").status == 200
        assert given == ["t0", "t1"]
        with pytest.raises(ServiceBusy) as busy:
            service.ask("GET", "/Busy")
        assert 100 < busy.value.seconds <= 120


def test_a_lost_answer_makes_nobody_twice(simple: Target) -> None:
    """F5: the service has made the user, and nobody came to say so; the next try finds it by its identifier."""
    working, _ = connect(simple.address, groups="school")
    deliver([learner_row(1)])
    jobs.carry_due(working)
    ConnectedAccount.objects.update(remote="", groups=[], due_at=datetime.now(UTC), state="")
    ConnectedGroup.objects.all().delete()
    assert jobs.carry_due(working) == 1
    assert (len(simple.all()["User"]), len(simple.all()["Group"])) == (1, 1)


def test_one_answer_that_nobody_is_there_does_not_let_a_leaver_stay_in(simple: Target) -> None:
    """R40: 404 for somebody who was there is asked about again; then they are found, and shut out."""
    working, _ = connect(simple.address, groups="")
    deliver([learner_row(1)])
    assert jobs.carry_due(working) == 1
    (there,) = simple.all()["User"]
    deliver([learner_row(1, leaving_date=date(2018, 7, 20))], None, on=AUGUST)
    simple.lost = f"/Users/{there['id']}"
    assert jobs.carry_due(working) == 0
    row = ConnectedAccount.objects.get()
    assert (row.failure, row.remote) == ("not_there_yet", there["id"])
    simple.lost = ""
    pass_time()
    assert jobs.carry_due(working) == 1
    assert [one["active"] for one in simple.all()["User"]] == [False]


def test_past_its_time_a_worker_sends_nothing_more(simple: Target) -> None:
    """Another may have the account by then, with a newer state: the one at hand is stopped amid it, and put back."""
    working, _ = connect(simple.address, groups="class")
    deliver([learner_row(1, registration_group="6G")])
    leased, settled = carrying.lease(connector=working.connector, at=datetime.now(UTC)), list[Outcome]()
    assert leased is not None
    with jobs._worker(working) as worker:
        groups = worker._groups(leased)
        simple.asked.clear()
        worker.carrier.carry(leased, groups, in_time=lambda: "POST /Users" not in simple.asked, settle=settled.extend)
    assert simple.asked[-1] == "POST /Users"
    assert settled == []
    assert [len(names) for names in members(simple).values()] == [0]


def test_groups_that_take_too_long_come_again(simple: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """A school's first groups at a slow service: what was made in time is kept, the rest made later, none twice."""
    working, _ = connect(simple.address)
    deliver([learner_row(1, year_group="6", registration_group="6G")])
    made = dict[str, str]()
    with jobs._worker(working) as worker:
        scim.find_or_make(
            worker.carrier._service, {"hwb-a": "A", "hwb-b": "B"}, made,  # type: ignore[attr-defined]
            in_time=lambda: "POST /Groups" not in simple.asked,
        )  # fmt: skip
    assert made.keys() == {"hwb-a"}
    monkeypatch.setattr(carriers, "MAKING_GROUPS", 0.0)
    assert jobs.carry_due(working) == 0
    assert ConnectedAccount.objects.get().failure == "no_group"
    monkeypatch.undo()
    monkeypatch.setenv("HWB_CONNECTOR_TARGET_SECRET", TOKEN)
    pass_time()
    assert jobs.carry_due(working) == 1
    assert sorted(len(names) for names in members(simple).values()) == [0, 1, 1, 1]


def test_nobody_stays_in_a_group_that_nobody_came_to_say_they_had_joined(simple: Target) -> None:
    """F5: a worker was killed after putting somebody into a group that they must not be in any more."""
    working, _ = connect(simple.address, groups="class")
    deliver([learner_row(1, registration_group="6G")])
    jobs.carry_due(working)
    deliver([learner_row(1, registration_group="6H")], on=date(2018, 7, 3))
    leased = carrying.lease(connector=working.connector, at=datetime.now(UTC))
    assert leased is not None
    with jobs._worker(working) as worker:
        groups = worker._groups(leased)
        worker.carrier.carry(leased, groups, in_time=lambda: True, settle=lambda _: None)
    assert [len(names) for _, names in sorted(members(simple).items())] == [0, 1]
    deliver([learner_row(1, registration_group="6G")], on=date(2018, 7, 4))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE connected_account SET leased_until = leased_until - interval '1 hour'")
    assert jobs.carry_due(working) == 1
    assert [len(names) for _, names in sorted(members(simple).items())] == [1, 0]
    assert ConnectedAccount.objects.get().groups == [f"hwb-{PRIMARY}-class-{digest('6G')}"]


def digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def test_a_name_that_is_somebody_elses_is_refused_and_comes_again(simple: Target) -> None:
    working, _ = connect(simple.address, groups="")
    deliver([learner_row(1)])
    pupil = Account.objects.get()
    with jobs._worker(working) as worker:
        service = worker.carrier._service  # type: ignore[attr-defined]
        other = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": pupil.username}
        assert service.ask("POST", "/Users", other).status == 201
        assert jobs.carry_due(working) == 0
        assert ConnectedAccount.objects.get().failure == "address_taken"
        (theirs,) = simple.all()["User"]
        assert "externalId" not in theirs
        assert service.ask("DELETE", f"/Users/{theirs['id']}").status == 204
    pass_time()
    assert jobs.carry_due(working) == 1


def test_a_name_that_is_somebody_elses_leaves_nobody_in_the_old_groups(simple: Target) -> None:
    """R41: the class of before is left although the new username is refused there."""
    working, _ = connect(simple.address, groups="class")
    deliver([learner_row(1, registration_group="6G")])
    jobs.carry_due(working)
    pupil = Account.objects.get()
    deliver([learner_row(1, registration_group="6H", preferred_surname="Newydd")], on=date(2018, 7, 3))
    usernames.issue(account=pupil.id, school=PRIMARY, acting_user="t", now=NOW)
    with jobs._worker(working) as worker:
        other = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": Account.objects.get().username}
        assert worker.carrier._service.ask("POST", "/Users", other).status == 201  # type: ignore[attr-defined]
    assert jobs.carry_due(working) == 0
    assert ConnectedAccount.objects.get().failure == "address_taken"
    assert [sorted(names) for _, names in sorted(members(simple).items())] == [[], []]


def test_drift_is_mended(simple: Target) -> None:
    """Each night the service is compared: changed, deleted, let in, put into and out of groups, and groups thrown away."""
    working, _ = connect(simple.address, groups="school,year")
    deliver([learner_row(number) for number in range(1, 6)])
    jobs.carry_due(working)
    expected, groups = by_name(simple), members(simple)
    users = list(expected.values())
    school, year = sorted(simple.all()["Group"], key=lambda one: len(one["displayName"]))
    with jobs._worker(working) as worker:
        ask = worker.carrier._service.ask  # type: ignore[attr-defined]
        change = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": []}
        for place, operation in (
            (f"/Users/{users[0]['id']}", {"op": "replace", "path": "active", "value": False}),
            (f"/Users/{users[1]['id']}", {"op": "replace", "path": "displayName", "value": "Somebody"}),
            (f"/Groups/{school['id']}", {"op": "remove", "path": f'members[value eq "{users[2]["id"]}"]'}),
        ):
            assert ask("PATCH", place, {**change, "Operations": [operation]}).status in (200, 204)
        assert ask("DELETE", f"/Users/{users[3]['id']}").status == 204
        stranger = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "stranger"}
        assert ask("POST", "/Users", stranger).status == 201
    assert jobs.compare(working) == 4
    jobs.carry_due(working)
    after = by_name(simple)
    assert after.pop("stranger").get("active") is not False  # nothing of ours
    kept = ("externalId", "active", "displayName")
    assert {n: [one[k] for k in kept] for n, one in after.items()} == {
        n: [one[k] for k in kept] for n, one in expected.items()
    }
    assert members(simple) == groups
    with jobs._worker(working) as worker:
        assert worker.carrier._service.ask("DELETE", f"/Groups/{year['id']}").status == 204  # type: ignore[attr-defined]
    assert jobs.compare(working) == 5
    jobs.carry_due(working)
    assert members(simple) == groups
    assert jobs.compare(working) == 0


def test_a_service_that_leaves_members_out_of_lists_keeps_nobody_in(
    simple: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it does not tell may be so all the same: whoever leaves a class the day after leaves its group."""
    working, _ = connect(simple.address, groups="class")
    deliver([learner_row(1, registration_group="6G")])
    jobs.carry_due(working)
    (group,) = simple.all()["Group"]
    monkeypatch.setattr(scim, "each_group", lambda _: iter([{group["id"]: frozenset[str]()}]))
    assert jobs.compare(working) == 1
    deliver([learner_row(1, registration_group="6H")], on=date(2018, 7, 3))
    assert jobs.carry_due(working) == 1
    assert [len(names) for _, names in sorted(members(simple).items())] == [0, 1]
    assert len(ConnectedAccount.objects.get().groups) == 1


def test_what_a_connector_needs_is_said(simple: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that reads, an https address, groups that there are, and a secret that is the service's."""
    working, made = connect(simple.address)
    for code, more in (
        ("options", {"options": {}}), ("address", {"options": {"url": "http://elsewhere.example"}}),
        ("groups", {"options": {"url": simple.address, "groups": "house"}}),
        ("service", {"kind": "microsoft365", "options": dict.fromkeys(("tenant", "client_id", "learner_licence", "staff_licence"), "x")}),
        ("taken", {"name": "target"}),
    ):  # fmt: skip
        wanted = {
            "kind": "scim",
            "name": "more",
            "service": made.service,
            "options": {"url": simple.address},
            **more,
        }
        with pytest.raises(ConnectorRefused) as refused:
            connectors.add(connectors.Wanted(**wanted), acting_user="t", at=NOW, now=NOW)
        assert refused.value.code == code
    jobs.check(working)
    monkeypatch.setenv("HWB_CONNECTOR_TARGET_SECRET", "another")
    with pytest.raises(ServiceAway, match="401"):
        jobs.check(working)
