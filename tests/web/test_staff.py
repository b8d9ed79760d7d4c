"""The list of staff (ux.md B13)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.support.deliveries import deliver, staff_row
from tests.support.languages import foreign_texts
from tests.support.people import OTHER
from tests.support.world import SCHOOL, World

from hwb import clock
from hwb.operations import passwords
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db


def test_current_staff_with_roles_and_last_sign_in(world: World) -> None:
    head = world.accounts[Role.HEAD]
    passwords.record_sign_in(account=head.id, now=clock.now())
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
    assert lines[0] == "Enw,Enw defnyddiwr,Cod staff,Dyddiad dechrau,Dyddiad gadael,Cyfrif,Rolau,Mewngofnodi diwethaf"
    assert [line.split(",")[2] for line in lines[1:]] == ["CH", "HE", "MI", "ST", "TE"]
