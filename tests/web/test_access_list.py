"""B18: who can manage accounts here, and who may change that."""

from __future__ import annotations

import pytest
from tests.support.languages import foreign_texts
from tests.support.world import SCHOOL, World

from hwb.directory.models import RoleGrant
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
