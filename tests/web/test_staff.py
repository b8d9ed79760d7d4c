"""The list of staff (ux.md B13)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.support.deliveries import deliver, staff_row
from tests.support.languages import foreign_texts
from tests.support.people import OTHER
from tests.support.second_step import set_up
from tests.support.sign_ins import sign_in
from tests.support.world import SCHOOL, World

from hwb import clock
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db


def test_current_staff_with_roles_and_last_sign_in(world: World) -> None:
    head = world.accounts[Role.HEAD]
    sign_in(head.id, now=clock.now())
    client = world.client(Role.MIS_ADMIN)
    with CaptureQueriesContext(connection) as queries:
        shown = client.get(f"/en/school/{SCHOOL}/staff/").content.decode()
    assert len(queries) <= 12
    assert "Staff (5)" in shown
    row = next(part for part in shown.split("<tr") if head.username in part)
    assert "Headteacher" in row
    assert "Never" not in row
    for language in ("en", "cy"):
        for query in ("", "?view=leavers", "?view=starting soon", "?state=inactive&sort=-code"):
            assert not foreign_texts(client.get(f"/{language}/school/{SCHOOL}/staff/{query}").content, language)


def test_leavers_and_those_who_start_soon_have_their_own_views(world: World) -> None:
    today = clock.today()
    del world
    deliver(
        [],
        [staff_row("AA", legal_surname="Huws"), staff_row("BB", legal_surname="Prys")],
        school=OTHER,
        on=today,
        hour=23,
    )
    from tests.support.asking import asker

    client = asker(OTHER)
    later = today + timedelta(days=1)
    deliver(
        [],
        [
            staff_row("AA", legal_surname="Huws", leaving_date=today),
            staff_row("BB", legal_surname="Prys"),
            staff_row("CC", legal_surname="Tudur", start_date=today + timedelta(days=30)),
        ],
        school=OTHER, on=later, hour=1,
    )  # fmt: skip
    pages = {
        view: client.get(f"/en/school/{OTHER}/staff/?view={view}").content.decode()
        for view in ("", "leavers", "starting soon")
    }
    assert "Prys" in pages[""]
    assert "Huws" not in pages[""]
    assert "Huws" in pages["leavers"]
    assert "Tudur" in pages["starting soon"]


def test_the_download_is_the_list_without_passwords(world: World) -> None:
    answer = world.client(Role.CHAMPION).get(f"/cy/school/{SCHOOL}/staff/download/?sort=code")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert (
        lines[0]
        == "Enw,Enw defnyddiwr,Cod staff,Dyddiad dechrau,Dyddiad gadael,Cyfrif,Rolau,Ail gam,Mewngofnodi diwethaf"
    )
    assert [line.split(",")[2] for line in lines[1:]] == ["CH", "HE", "MI", "ST", "TE"]


def test_staff_are_searched_and_filtered_by_role_and_sign_in(world: World) -> None:
    """B13: a search travels by POST; one without a result goes on in Find a member of staff."""
    client, path = world.client(Role.CHAMPION), f"/en/school/{SCHOOL}/staff/"
    head = world.accounts[Role.HEAD]
    sign_in(head.id, now=clock.now())

    def listed(address: str) -> set[str]:
        page = client.get(address).content.decode()
        return {a.username for a in world.accounts.values() if f">{a.username}<" in page}

    assert listed(f"{path}?role=head") == {head.username}
    assert listed(f"{path}?role=champion") == {world.accounts[Role.CHAMPION].username}
    assert head.username not in listed(f"{path}?sign-in=never")
    assert len(listed(f"{path}?sign-in=never")) == 4
    asked = client.post(path, {"search": "Mali HEAD"})
    assert "mali" not in asked["Location"].lower()
    assert listed(asked["Location"]) == {head.username}
    for language in ("en", "cy"):
        there = f"/{language}/school/{SCHOOL}/staff/"
        nobody = client.post(there, {"search": "Gwenllian Prys"}, follow=True)
        assert not foreign_texts(nobody.content, language)
        assert 'name="asked" value="Gwenllian Prys"' in nobody.content.decode()
        assert not foreign_texts(client.get(f"{there}?role=head&sign-in=never").content, language)


def test_chosen_staff_are_reset_or_switched_by_a_champion_alone(world: World) -> None:
    """B13: boxes lead to B10 and B11."""
    page = world.client(Role.CHAMPION).get(f"/en/school/{SCHOOL}/staff/").content.decode()
    for target in ("passwords", "access"):
        assert f'formaction="/en/school/{SCHOOL}/{target}/"' in page
        answer = world.client(Role.CHAMPION).post(
            f"/en/school/{SCHOOL}/{target}/", {"account": [str(world.accounts[Role.STAFF].id)]}
        )
        assert answer.status_code == 200
    other = world.client(Role.MIS_ADMIN).get(f"/en/school/{SCHOOL}/staff/").content.decode()
    assert "formaction" not in other.split("<main")[1]
    assert 'name="account"' not in other


@pytest.mark.parametrize("language", ["en", "cy"])
def test_who_has_a_role_and_no_second_step(world: World, language: str) -> None:
    """B13: the filter leaves who signs in with a second step and has none; whoever has no role needs none."""
    path, client = f"/{language}/school/{SCHOOL}/staff/", world.client(Role.HEAD)
    set_up(world.accounts[Role.CHAMPION].id)
    answer = client.get(f"{path}?step=none")
    assert not foreign_texts(answer.content, language)
    shown = answer.content.decode().split("<tbody")[1]
    listed = {role for role, account in world.accounts.items() if f"/{account.id}/" in shown}
    assert listed == {Role.HEAD, Role.MIS_ADMIN, Role.TEACHER}
    everybody = client.get(path).content.decode()
    steps = {"en": ("Has one", "Not yet"), "cy": ("Oes", "Ddim eto")}[language]
    assert [everybody.count(f">{text}</td>") for text in steps] == [1, 3]
