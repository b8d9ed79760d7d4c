"""Roles given and taken (ux.md B18, interfaces.md `hwb roles`)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from tests.support.world import ELSEWHERE, SCHOOL, World, build
from typer.testing import CliRunner

from hwb.cli.main import build_app
from hwb.directory.models import Account, Audit, Identifier, RoleGrant
from hwb.directory.queries import roles as granted
from hwb.operations import roles, verification
from hwb.operations.roles import Reach, RoleRefused
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
NOW = datetime(2018, 9, 4, 9, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture
def world() -> World:
    return build()


def give(world: World, role: Role, reach: Reach, **more: Any) -> roles.Granted:
    return roles.grant(reach, username=world.accounts[role].username, acting_user="tests", now=NOW, on=TODAY, **more)


def test_a_grant_and_its_end_are_in_the_log_of_the_school_and_the_log_holds(world: World) -> None:
    made = give(world, Role.STAFF, Reach("champion", SCHOOL))
    roles.revoke(Reach("champion", SCHOOL), username=made.username, acting_user="tests", now=NOW, on=TODAY)
    told = list(Audit.objects.filter(account=made.account, action__startswith="role").order_by("id"))
    assert [(entry.action, entry.school, entry.chain) for entry in told] == [
        ("role grant", SCHOOL, SCHOOL), ("role revoke", SCHOOL, SCHOOL),
    ]  # fmt: skip
    assert json.loads(told[0].details)["after"]["role"] == "champion"
    assert not verification.verify(on=date(2018, 7, 2), deep=True).breaches


@pytest.mark.parametrize(
    ("role", "reach", "code"),
    [
        (Role.STAFF, Reach("king", SCHOOL), "unknown_role"), (Role.STAFF, Reach("teacher", SCHOOL), "unknown_role"),
        (Role.STAFF, Reach("champion"), "reach"), (Role.STAFF, Reach("champion", SCHOOL, "671"), "reach"),
        (Role.STAFF, Reach("area_officer", SCHOOL), "reach"), (Role.STAFF, Reach("client_manager", SCHOOL, "671"), "reach"),
        (Role.STAFF, Reach("operator", area="671"), "reach"), (Role.STAFF, Reach("champion", "6799999"), "unknown_school"),
        (Role.STAFF, Reach("area_officer", area="660"), "unknown_area"), (Role.LEARNER, Reach("champion", SCHOOL), "learner"),
        (Role.STAFF, Reach("champion", ELSEWHERE), "no_post"), (Role.CHAMPION, Reach("champion", SCHOOL), "held_already"),
    ],
)  # fmt: skip
def test_roles_that_cannot_be_given(world: World, role: Role, reach: Reach, code: str) -> None:
    with pytest.raises(RoleRefused) as refused:
        give(world, role, reach)
    assert refused.value.code == code


def test_a_last_day_in_the_past_is_refused_and_one_that_passed_ends_the_role(world: World) -> None:
    with pytest.raises(RoleRefused, match="past"):
        give(world, Role.STAFF, Reach("champion", SCHOOL), until=date(2018, 9, 3))
    made = give(world, Role.STAFF, Reach("champion", SCHOOL), until=TODAY)
    held = [granted.find(made.account, today=day) for day in (TODAY, date(2018, 9, 5))]
    assert [len(row.roles) for row in held if row] == [1, 0]


def test_on_a_page_nobody_acts_on_themselves_nor_on_the_last_champion(world: World) -> None:
    champion, head = world.accounts[Role.CHAMPION], world.accounts[Role.HEAD]
    reach = Reach("champion", SCHOOL)
    with pytest.raises(RoleRefused, match="oneself"):
        give(world, Role.STAFF, reach, acting_account=world.accounts[Role.STAFF].id)

    def take(account: Account, by: Account) -> None:
        roles.revoke(reach, username=account.username, acting_user="tests", acting_account=by.id, now=NOW, on=TODAY)

    with pytest.raises(RoleRefused, match="oneself"):
        take(champion, champion)
    with pytest.raises(RoleRefused, match="last_champion"):
        take(champion, head)
    give(world, Role.STAFF, reach)
    Account.objects.filter(id=world.accounts[Role.STAFF].id).update(active=False)
    with pytest.raises(RoleRefused, match="last_champion"):
        take(champion, head)  # whoever cannot sign in looks after nobody
    Account.objects.filter(id=world.accounts[Role.STAFF].id).update(active=True)
    take(champion, head)
    with pytest.raises(RoleRefused, match="not_held"):
        take(champion, head)


def test_somebody_new_gets_an_account_that_no_run_touches(world: World) -> None:
    operator = world.accounts[Role.OPERATOR]
    assert (operator.kind, operator.active, operator.upn, operator.email) == (
        "official",
        True,
        "",
        "operator@example.wales",
    )
    assert Identifier.objects.get(value="operator@example.wales").account == operator.id
    assert not verification.verify(on=date(2018, 7, 2), deep=True).breaches
    for person, code in (
        (roles.NewPerson("A B", "Operator@example.wales"), "email_taken"), (roles.NewPerson("A B", "x"), "email"),
        (roles.NewPerson("  ", "a@b.c"), "name"), (roles.NewPerson("A\nB\0", "a@b.c"), "name"),
    ):  # fmt: skip
        with pytest.raises(RoleRefused) as refused:
            roles.grant_new(Reach("agent"), person=person, acting_user="tests", now=NOW, on=TODAY, at=NOW)
        assert refused.value.code == code


def test_the_database_itself_refuses_a_reach_that_a_role_cannot_have(world: World) -> None:
    account = world.accounts[Role.STAFF]
    for role, school, area in (
        ("champion", "", ""),
        ("operator", SCHOOL, ""),
        ("area_officer", "", ""),
        ("king", SCHOOL, ""),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            RoleGrant.objects.create(account=account, role=role, school=school, area=area, given_by="x", given_at=NOW)


def run(*arguments: str) -> Any:
    return CliRunner().invoke(build_app(), ["roles", *arguments])


def test_the_command_line(world: World) -> None:
    username = world.accounts[Role.STAFF].username
    assert run("grant", "--role", "champion", "--school", SCHOOL, "--username", username).exit_code == 0
    new = run(
        "grant", "--role", "agent", "--new", "Siân Ŵyn", "--email", "s@example.wales", "--until", "2099-01-01", "--json"
    )
    made = json.loads(new.stdout)
    assert made["link"].startswith("http://localhost:8000/")
    assert Account.objects.get(username=made["username"]).kind == "official"
    listed = json.loads(run("list", "--school", SCHOOL, "--json").stdout)
    assert {(row["role"], row["state"]) for row in listed} == {
        ("champion", "given"),
        ("mis_admin", "given"),
        ("head", "given"),
    }
    assert run("revoke", "--role", "champion", "--school", SCHOOL, "--username", username).exit_code == 0
    assert run("revoke", "--role", "champion", "--school", SCHOOL, "--username", username).exit_code == 1
    assert run("grant", "--role", "agent", "--username", username, "--new", "A", "--email", "a@b.c").exit_code == 2
    assert run("grant", "--role", "agent").exit_code == 2


def test_a_headteachers_post_only_proposes(world: World) -> None:
    RoleGrant.objects.filter(role="head").delete()
    rows = granted.granted(today=TODAY, school=SCHOOL)
    assert [(row.role, row.account) for row in rows if row.state == "proposed"] == [
        ("head", world.accounts[Role.HEAD].id)
    ]
    row = granted.find(world.accounts[Role.HEAD].id, today=TODAY)
    assert row is not None
    assert row.roles == ()


def test_a_class_teachers_role_follows_from_the_classes(world: World) -> None:
    row = granted.find(world.accounts[Role.TEACHER].id, today=TODAY)
    assert row is not None
    assert [(role.role, role.school, role.classes) for role in row.roles] == [("teacher", SCHOOL, ("6G",))]
