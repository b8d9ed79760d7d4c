"""A lost device: who takes whose second step away, alone or with a second person (A7)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import product
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from tests.support.languages import foreign_texts
from tests.support.second_step import code_now, set_up
from tests.support.world import World, build

from hwb import clock
from hwb.directory.models import Account, Audit, Authority, RoleGrant, SecondFactor, SecondStepReset
from hwb.lifecycle.second_step import Held, Help, help_for
from hwb.operations import roles, second_step
from hwb.operations.roles import NewPerson, Reach
from hwb.operations.second_step import StepRefused
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
LOST = "/en/lost-device/"
A, B = "6712041", "6602042"  # schools of two authorities
N, ONE, TWO = Help.NO, Help.ALONE, Help.TWO
HELPERS = [
    Held("champion", A), Held("head", A), Held("champion", B), Held("area_officer", area="671"),
    Held("area_officer", area="660"), Held("agent"), Held("operator"), Held("teacher", A), Held("mis_admin", A),
    Held("client_manager", area="671"), Held("auditor"),
]  # fmt: skip
#: Whose device it is → what each of the helpers above may do.
TABLE = {
    Held("teacher", A): (ONE, ONE, N, N, N, ONE, ONE, N, N, N, N),
    Held("mis_admin", A): (ONE, ONE, N, N, N, ONE, ONE, N, N, N, N),
    Held("champion", A): (ONE, ONE, N, N, N, ONE, ONE, N, N, N, N),
    Held("staff", A): (ONE, ONE, N, N, N, ONE, ONE, N, N, N, N),
    Held("head", A): (N, N, N, TWO, N, ONE, ONE, N, N, N, N),
    Held("area_officer", area="671"): (N, N, N, N, N, ONE, ONE, N, N, N, N),
    Held("client_manager", area="671"): (N, N, N, N, N, ONE, ONE, N, N, N, N),
    Held("client_manager", A): (N, N, N, N, N, ONE, ONE, N, N, N, N),
    Held("agent"): (N, N, N, N, N, TWO, TWO, N, N, N, N),
    Held("operator"): (N, N, N, N, N, TWO, TWO, N, N, N, N),
    Held("auditor"): (N, N, N, N, N, TWO, TWO, N, N, N, N),
}  # fmt: skip


@pytest.mark.parametrize("target", list(TABLE))
def test_who_helps_whom(target: Held) -> None:
    """Nobody below reaches an adult above them; a headteacher's and support's own take two people."""
    assert tuple(help_for([target], helper=[helper]) for helper in HELPERS) == TABLE[target]


def test_of_several_roles_the_strictest_decides() -> None:
    for one, other in product(TABLE, TABLE):
        for helper in HELPERS:
            got = help_for([one, other], helper=[helper])
            alone = {help_for([one], helper=[helper]), help_for([other], helper=[helper])}
            assert got is next(answer for answer in (N, TWO, ONE) if answer in alone)
    assert help_for([], helper=[Held("champion", A)]) is N
    assert help_for([], helper=[Held("operator")]) is ONE


def ask(world: World, role: Role, account: Account, client: object = None) -> str:
    sent = {"username": account.username, "reason": "Fell into the sea", "recognised": "on"}
    return (client or world.client(role)).post(LOST, sent, follow=True).content.decode()  # type: ignore[attr-defined]


def has_one(account: Account) -> bool:
    return SecondFactor.objects.filter(account=account.id).exists()


def test_a_champion_helps_a_teacher_and_not_the_head(world: World) -> None:
    """At once, signed out everywhere; the head is unknown to a Champion, like somebody who is not there."""
    teacher, head = world.accounts[Role.TEACHER], world.accounts[Role.HEAD]
    set_up(teacher.id)
    set_up(head.id)
    theirs = world.client(Role.TEACHER)
    assert "has been taken away" in ask(world, Role.CHAMPION, teacher)
    assert not has_one(teacher)
    assert theirs.get("/en/account/").status_code == 302
    entry = Audit.objects.get(action="second step reset")
    assert (entry.actor, entry.account) == (f"account {world.accounts[Role.CHAMPION].id}", teacher.id)
    assert "sea" not in entry.details
    refused = ask(world, Role.CHAMPION, head)
    assert "Nobody whom you may help has this username" in refused
    head.username = "nobody1"
    assert "Nobody whom you may help has this username" in ask(world, Role.CHAMPION, head)
    assert has_one(world.accounts[Role.HEAD])


def test_nobody_takes_away_their_own(world: World) -> None:
    champion = world.accounts[Role.CHAMPION]
    set_up(champion.id)
    assert "Nobody can take away their own" in ask(world, Role.CHAMPION, champion)
    assert has_one(champion)


def test_who_may_not_help_does_not_see_the_page(world: World) -> None:
    for role in (Role.LEARNER, Role.STAFF, Role.TEACHER, Role.MIS_ADMIN, Role.CLIENT_MANAGER, Role.AUDITOR):
        assert world.client(role).get(LOST).status_code == 404, role


def another(role: str, area: str = "") -> UUID:
    now = datetime.now(UTC)
    made = roles.grant_new(
        Reach(role, area=area), person=NewPerson("Mair Second", f"{role}{area}.second@example.wales"), acting_user="tests",
        now=now, on=clock.today(), at=now,
    )  # fmt: skip
    return made.account


def confirm(id_: UUID, helper: UUID, *, after: timedelta = timedelta(0)) -> None:
    now = datetime.now(UTC)
    second_step.confirm(id_=id_, helper=helper, today=clock.today(), now=now, at=now + after)


def test_a_heads_device_takes_two_officers(world: World) -> None:
    """The first asks; neither the first, nor the head, nor an officer elsewhere, nor a Champion confirms it."""
    head = world.accounts[Role.HEAD]
    set_up(head.id)
    page = ask(world, Role.AREA_OFFICER, head)
    assert "Asked for" in page
    assert "Waiting for a second person" in page
    assert has_one(head)
    assert "waiting for a second person already" in ask(world, Role.AREA_OFFICER, head)
    wish = SecondStepReset.objects.get()
    Authority.objects.create(code="672", name_en="672")
    elsewhere = another("area_officer", "672")
    for helper in (world.accounts[Role.AREA_OFFICER].id, head.id, world.accounts[Role.CHAMPION].id, elsewhere):
        with pytest.raises(StepRefused):
            confirm(wish.id, helper)
    second = another("area_officer", "671")
    with pytest.raises(StepRefused, match="gone"):
        confirm(wish.id, second, after=timedelta(days=1))
    assert has_one(head)
    confirm(wish.id, second)
    assert not has_one(head)
    entry = Audit.objects.get(action="second step reset")
    assert str(world.accounts[Role.AREA_OFFICER].id) in entry.details


def test_support_may_be_the_second_and_says_yes_on_a_page(world: World) -> None:
    head = world.accounts[Role.HEAD]
    set_up(head.id)
    ask(world, Role.AREA_OFFICER, head)
    wish = SecondStepReset.objects.get()
    own = world.client(Role.AREA_OFFICER).get(f"{LOST}{wish.id}/").content.decode()
    assert "Another person must confirm it" in own
    operator = world.client(Role.OPERATOR)
    assert "Fell into the sea" in operator.get(f"{LOST}{wish.id}/").content.decode()
    for path in (LOST, f"{LOST}{wish.id}/"):
        assert not foreign_texts(
            operator.get(path.replace("/en/", "/cy/")).content.replace(b"Fell into the sea", b""), "cy"
        )
    assert "no longer waiting" in world.client(Role.CHAMPION).get(f"{LOST}{wish.id}/", follow=True).content.decode()
    assert "has been taken away" in operator.post(f"{LOST}{wish.id}/", follow=True).content.decode()
    assert not has_one(head)


def test_a_no_closes_it(world: World) -> None:
    head = world.accounts[Role.HEAD]
    set_up(head.id)
    ask(world, Role.AREA_OFFICER, head)
    wish = SecondStepReset.objects.get()
    world.client(Role.OPERATOR).post(f"{LOST}{wish.id}/", {"no": "1"})
    assert has_one(head)
    with pytest.raises(StepRefused, match="gone"):
        confirm(wish.id, world.accounts[Role.OPERATOR].id)


def test_supports_own_takes_two_of_its_people(world: World) -> None:
    operator = world.accounts[Role.OPERATOR]
    set_up(operator.id)
    assert "Asked for" in ask(world, Role.AGENT, operator)
    wish = SecondStepReset.objects.get()
    with pytest.raises(StepRefused, match="second_person"):
        confirm(wish.id, operator.id)
    confirm(wish.id, another("agent"))
    assert not has_one(operator)


def test_the_first_must_still_be_allowed_to_when_the_second_confirms(world: World) -> None:
    """A role that ended since helps nobody."""
    operator = world.accounts[Role.OPERATOR]
    set_up(operator.id)
    ask(world, Role.AGENT, operator)
    RoleGrant.objects.filter(account=world.accounts[Role.AGENT].id).update(ended_at=datetime.now(UTC))
    with pytest.raises(StepRefused, match="not_yours"):
        confirm(SecondStepReset.objects.get().id, another("agent"))
    assert has_one(operator)


def test_the_form_wants_a_reason_and_that_the_person_was_recognised(world: World) -> None:
    set_up(world.accounts[Role.TEACHER].id)
    page = world.client(Role.CHAMPION).post(LOST, {"username": world.accounts[Role.TEACHER].username}).content.decode()
    assert "Say what happened" in page
    assert "Make sure first" in page
    assert has_one(world.accounts[Role.TEACHER])


def test_the_list_of_people_with_access_says_who_has_a_second_step(world: World) -> None:
    """B18."""
    champion = world.client(Role.CHAMPION)
    assert ">Has one<" not in champion.get(f"/en/school/{A}/access-list/").content.decode()
    set_up(world.accounts[Role.HEAD].id)
    page = champion.get(f"/en/school/{A}/access-list/").content.decode()
    assert page.count(">Has one<") == 1
    assert LOST in page


def test_the_record_of_a_member_of_staff_leads_there(world: World) -> None:
    """B14, for whoever may help."""
    teacher = world.accounts[Role.TEACHER]
    record = f"/en/school/{A}/staff/{teacher.id}/"
    assert LOST not in world.client(Role.CHAMPION).get(record).content.decode()
    set_up(teacher.id)
    assert LOST in world.client(Role.CHAMPION).get(record).content.decode()
    assert LOST not in world.client(Role.MIS_ADMIN).get(record).content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("by", ["app", "recovery code"])
def test_a_code_that_meets_a_reset_waits_for_it_or_comes_before_it(by: str) -> None:
    """Both take the log's chain, the row of tries and the factors in this order: neither is broken off as a deadlock.

    The worst moment is made: each holds what it takes first before the other goes on.
    """
    world = build()
    account, helper = world.accounts[Role.STAFF], world.accounts[Role.CHAMPION].id
    secret, codes = set_up(account.id)
    holds, goes_on, now = Event(), Event(), datetime.now(UTC)
    with pytest.raises(StepRefused, match="wrong"):  # from now on there is a row of tries
        second_step.prove_code(account=account.id, typed="1", now=now, at=now)

    def resetting(run: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if "UPDATE second_step_tries" in sql:
            holds.set()
            assert by == "app" or goes_on.wait(10)
        return run(sql, *rest)

    def giving(run: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if by == "app" and "UPDATE second_factor" in sql:
            goes_on.set()
            assert holds.wait(10)
        elif by != "app" and "chain_head" in sql:
            goes_on.set()
        return run(sql, *rest)

    def reset() -> object:
        assert by != "app" or goes_on.wait(10)
        with closing(connection), connection.execute_wrapper(resetting):
            return second_step.reset(
                username=account.username, reason="lost", helper=helper, today=clock.today(), now=now, at=now
            )  # fmt: skip

    def give() -> object:
        assert by == "app" or holds.wait(10)
        with closing(connection), connection.execute_wrapper(giving):
            try:
                return second_step.prove_code(
                    account=account.id, typed=code_now(secret) if by == "app" else codes[0], now=now, at=now
                )
            except StepRefused as refused:
                return refused.code

    with ThreadPoolExecutor(2) as pool:
        done, given = [future.result(timeout=30) for future in (pool.submit(reset), pool.submit(give))]
    assert done is True
    assert given == (second_step.Method.APP if by == "app" else "wrong")
    assert not SecondFactor.objects.exists()
