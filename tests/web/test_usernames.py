"""R34: a new username after a name change, and what stays of the old one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.support.languages import foreign_texts
from tests.support.world import PASSWORD, SCHOOL, World

from hwb.directory.models import Account, Audit, Identifier
from hwb.directory.queries import accounts
from hwb.operations import passwords, usernames, verification
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


def renamed(world: World) -> Account:
    learner = world.accounts[Role.LEARNER]
    Account.objects.filter(id=learner.id).update(preferred_surname="Ŵyn")
    learner.refresh_from_db()
    return learner


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_new_username_and_the_old_one_still_signs_in(world: World, language: str) -> None:
    """R34, R33: the old names become aliases of the same account; the log tells of it, and all invariants hold."""
    learner, champion = renamed(world), world.client(Role.CHAMPION)
    path = f"/{language}/school/{SCHOOL}/people/{learner.id}/username/"
    pages = [champion.get(path)]
    before = (learner.username, learner.email)
    assert Account.objects.get(id=learner.id).username == learner.username
    pages += [champion.post(path), champion.post(path)]
    learner.refresh_from_db()
    assert learner.username.startswith("wyn")
    assert learner.email.startswith(f"{learner.username}@")
    for name in (learner.username, *before):
        assert passwords.authenticate(name=name, password=PASSWORD) == learner.id
    (row,) = accounts.find(username=before[0])
    assert row.username == learner.username
    assert set(row.to_json()["aliases"]) == set(before)
    assert Audit.objects.filter(account=learner.id, action="username issued").count() == 1
    assert "I13" not in {breach.invariant for breach in verification.verify(on=NOW.date()).breaches}
    for answer in pages:
        assert answer.status_code == 200
        assert not foreign_texts(answer.content, language)


def test_only_after_a_name_change_and_only_the_schools_own(world: World) -> None:
    """R34: an unchanged name brings no second username; another school's account is refused."""
    learner = world.accounts[Role.LEARNER]
    for account, code in ((learner, "follows"), (world.elsewhere[0], "not_this_school")):
        with pytest.raises(usernames.UsernameRefused, match=code):
            usernames.issue(account=account.id, school=SCHOOL, acting_user="t", now=NOW)
    for role in (Role.HEAD, Role.TEACHER, Role.MIS_ADMIN):
        assert world.client(role).get(f"/en/school/{SCHOOL}/people/{learner.id}/username/").status_code == 404


def test_a_second_name_that_the_log_does_not_know_is_a_breach(world: World) -> None:
    """I13: names are added by issuing them alone."""
    learner = renamed(world)
    usernames.issue(account=learner.id, school=SCHOOL, acting_user="t", now=NOW)
    Identifier.objects.create(value="arall1", kind="username", account=learner.id, current=False)
    assert "I13" in {breach.invariant for breach in verification.verify(on=NOW.date()).breaches}
