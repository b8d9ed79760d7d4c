"""B18: who can manage accounts here, and who may change that."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from tests.support.languages import foreign_texts
from tests.support.world import SCHOOL, World

from hwb import clock
from hwb.directory.models import Account, Audit, Message, RoleGrant
from hwb.jobs.mail import mail_of
from hwb.operations import roles
from hwb.operations.messages import Outgoing, deliver_next
from hwb.operations.roles import Granted, NewPerson, Reach
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db


def at(rest: str = "", language: str = "en") -> str:
    return f"/{language}/school/{SCHOOL}/access-list/{rest}"


def open_grants(role: str) -> int:
    return RoleGrant.objects.filter(role=role, school=SCHOOL, ended_at=None).count()


@pytest.mark.parametrize("language", ["en", "cy"])
def test_appoint_and_remove(world: World, language: str) -> None:
    head, staff = world.client(Role.HEAD), world.accounts[Role.STAFF]
    pages = [
        head.get(at("", language)),
        head.get(at("add/", language)),
        head.post(at("add/", language), {"name": "nobody"}),
    ]
    pages.append(head.post(at("add/", language), {"name": staff.legal_surname}))
    assert str(staff.id) in pages[-1].content.decode()
    asked = {"name": staff.legal_surname, "account": staff.id, "choose": "1"}
    pages.append(head.post(at("add/", language), asked))
    assert open_grants("champion") == 1
    head.post(at("add/", language), {**asked, "role": "head"})
    assert open_grants("head") == 1
    assert head.post(at("add/", language), {**asked, "role": "champion"}).status_code == 302
    assert open_grants("champion") == 2
    pages.append(head.get(at(f"{staff.id}/champion/", language)))
    assert open_grants("champion") == 2
    assert head.post(at(f"{staff.id}/champion/", language)).status_code == 302
    assert open_grants("champion") == 1
    last = head.post(at(f"{world.accounts[Role.CHAMPION].id}/champion/", language))
    pages.append(last)
    assert open_grants("champion") == 1
    for answer in pages:
        assert answer.status_code == 200
        assert not foreign_texts(answer.content, language)


def test_nobody_removes_themselves_and_no_champion_makes_a_head(world: World) -> None:
    champion, head = world.client(Role.CHAMPION), world.accounts[Role.HEAD]
    own = world.accounts[Role.CHAMPION].id
    assert "themselves" in champion.post(at(f"{own}/champion/")).content.decode()
    assert champion.post(at(f"{head.id}/head/")).status_code == 404
    assert champion.post(at(f"{head.id}/mis_admin/")).status_code == 404
    assert (open_grants("champion"), open_grants("head")) == (1, 1)


def test_a_proposed_head_is_confirmed_by_the_authority_not_by_oneself(world: World) -> None:
    RoleGrant.objects.filter(role="head", school=SCHOOL).delete()
    head = world.accounts[Role.HEAD]
    for role in (Role.HEAD, Role.CHAMPION, Role.TEACHER):
        assert world.client(role).post(at(f"{head.id}/head/")).status_code == 404
    officer = world.client(Role.AREA_OFFICER)
    assert head.legal_surname in officer.get(at(f"{head.id}/head/")).content.decode()
    assert officer.post(at(f"{head.id}/head/")).status_code == 302
    assert open_grants("head") == 1


def test_the_list_is_confirmed_once_a_year(world: World) -> None:
    champion = world.client(Role.CHAMPION)
    assert "not been confirmed" in champion.get(at()).content.decode()
    assert champion.post(at()).status_code == 302
    assert "last confirmed on" in champion.get(at()).content.decode()


@pytest.mark.parametrize("language", ["en", "cy"])
def test_the_list_is_filtered_by_role(world: World, language: str) -> None:
    champion, head = (world.accounts[role].legal_surname for role in (Role.CHAMPION, Role.HEAD))
    client = world.client(Role.HEAD)
    for role, shown in (("champion", (True, False)), ("head", (False, True)), ("nobody", (False, False))):
        answer = client.get(at(f"?role={role}", language))
        assert not foreign_texts(answer.content, language)
        page = answer.content.decode().split("<main")[1]
        assert (f"Mali {champion}</th>" in page, f"Mali {head}</th>" in page) == shown


@pytest.fixture
def invited(world: World) -> Granted:
    """A Digital Champion from outside the school's data, who has not signed in yet."""
    now = datetime.now(UTC)
    return roles.grant_new(
        Reach("champion", SCHOOL), acting_user="tests", now=now, on=clock.today(), at=now,
        person=NewPerson("Non Prydderch", "non@example.wales"),
    )  # fmt: skip


@pytest.mark.parametrize("language", ["en", "cy"])
def test_an_invitation_is_sent_again(world: World, invited: Granted, language: str) -> None:
    """B18: a new link by e-mail, the old one ends; three a day; written down; no secret in the outbox."""
    head, link = world.client(Role.HEAD), at(f"{invited.account}/invite/", language)
    assert link in head.get(at("", language)).content.decode()
    asked = head.get(link)
    assert not foreign_texts(asked.content, language)
    assert head.post(link).status_code == 302
    assert Client().get(f"/en/first-sign-in/{invited.link_token}/").status_code == 404
    sent: list[Outgoing] = []
    while deliver_next(send=sent.append, now=clock.now(), at=datetime.now(UTC)) is not None:
        pass
    (letter,) = [one for one in sent if one.kind == "invitation"]
    assert letter.address == "non@example.wales"
    token = letter.parts["token"]
    assert f"/first-sign-in/{token}/" in mail_of(letter).body
    assert not Message.objects.filter(details__icontains=token).exists()
    assert Client().get(f"/en/first-sign-in/{token}/").status_code == 200
    assert Audit.objects.filter(action="invitation sent", account=invited.account, school=SCHOOL).count() == 1
    for _ in range(2):
        assert head.post(link).status_code == 302
    refused = head.post(link)
    assert refused.status_code == 200
    assert not foreign_texts(refused.content, language)
    assert Message.objects.filter(kind="invitation").count() == 3


def test_an_invitation_that_was_replaced_or_used_is_not_sent(world: World, invited: Granted) -> None:
    """Of two invitations in the outbox the newer one goes out, and none once somebody has signed in."""
    head, link = world.client(Role.HEAD), at(f"{invited.account}/invite/")
    head.post(link)
    head.post(link)
    sent: list[Outgoing] = []
    while deliver_next(send=sent.append, now=clock.now(), at=datetime.now(UTC)) is not None:
        pass
    assert [one.kind for one in sent].count("invitation") == 1
    assert Message.objects.filter(kind="invitation", failed="no longer true").count() == 1
    Account.objects.filter(id=invited.account).update(last_sign_in=datetime.now(UTC))
    assert link not in head.get(at()).content.decode()
    assert head.post(link).status_code == 200
    assert Message.objects.filter(kind="invitation").count() == 2


def test_a_role_of_somebody_from_outside_is_taken_away(world: World, invited: Granted) -> None:
    assert world.client(Role.HEAD).post(at(f"{invited.account}/champion/")).status_code == 302
    assert open_grants("champion") == 1


def test_staff_are_not_invited_but_get_a_first_password(world: World) -> None:
    """Their mailbox opens with the same account: a Digital Champion makes the password."""
    head = world.accounts[Role.HEAD]
    champion = world.client(Role.CHAMPION)
    assert f"/people/{head.id}/password/" in champion.get(at()).content.decode()
    assert champion.get(at(f"{head.id}/invite/")).status_code == 404
    assert "/invite/" not in world.client(Role.HEAD).get(at()).content.decode()
