"""A school's wish to run now, from whoever asks to the client that does it; and failed attempts that stay visible."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.support.client_keys import new_key
from tests.support.deliveries import register_schools
from tests.support.people import PRIMARY, SECONDARY

from hwb.directory.models import Audit, RunWish
from hwb.directory.queries import clients as rows
from hwb.operations import clients
from hwb.operations.wishes import Wish, WishKind, WishRefused, ask_for_run

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
CALENDAR = datetime(2018, 9, 4, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def schools() -> None:
    register_schools()


def enrolled(*numbers: str) -> UUID:
    made = clients.register(schools=numbers or (PRIMARY,), acting_user="root", at=AT, now=CALENDAR)
    _, jwk = new_key()
    return clients.enrol(code=made.code, public_key=jwk, version="1", at=AT, now=CALENDAR).client


def ask(kind: WishKind = "run", school: str = PRIMARY, who: str = "mali", hours: int = 0) -> Wish:
    return ask_for_run(school=school, kind=kind, acting_user=who, now=CALENDAR + timedelta(hours=hours))


def check_in(client: UUID, *schools: dict[str, Any]) -> dict[str, WishKind]:
    return clients.check_in(client=client, report={"version": "1", "schools": list(schools)}, at=AT, now=CALENDAR)


def test_a_wish_is_given_once_to_a_client_of_the_school() -> None:
    """The school's client gets it at its next check-in; another school's does not, and nobody gets it again."""
    client, other = enrolled(PRIMARY), enrolled(SECONDARY)
    ask()
    assert rows.find(at=AT)[0].wishes or rows.find(at=AT)[1].wishes
    assert check_in(other) == {}
    assert check_in(client) == {PRIMARY: "run"}
    assert check_in(client) == {}
    wish = RunWish.objects.get()
    assert (wish.asked_by, wish.collected_by, wish.collected_at) == ("mali", client, CALENDAR)
    assert all(row.wishes == () for row in rows.find(at=AT))


def test_one_wish_waits_at_most_and_to_run_is_the_stronger() -> None:
    """Asked again it is the same wish; a run takes a preview's place, a preview takes back no run."""
    client = enrolled()
    first = ask("preview")
    assert ask("preview", who="gwen", hours=1) == first
    assert ask("run", who="gwen", hours=1).kind == "run"
    assert ask("preview", hours=2).kind == "run"
    assert check_in(client) == {PRIMARY: "run"}
    assert ask("preview", hours=3).kind == "preview"
    assert check_in(client) == {PRIMARY: "preview"}


def test_a_wish_that_nobody_could_fulfil_is_refused() -> None:
    """An unknown school, a client that has not enrolled, one that was revoked."""
    clients.register(schools=(SECONDARY,), acting_user="root", at=AT, now=CALENDAR)
    clients.revoke(client=enrolled(PRIMARY), acting_user="root", at=AT, now=CALENDAR)
    for school, code in ((PRIMARY, "no_client"), (SECONDARY, "no_client"), ("6719999", "unknown_school")):
        with pytest.raises(WishRefused, match=code):
            ask(school=school)
    assert not RunWish.objects.exists()


def test_a_wish_is_in_the_schools_log() -> None:
    """R42: who asked, when, for which school."""
    enrolled()
    ask("preview")
    entry = Audit.objects.order_by("-id")[0]
    assert (entry.action, entry.actor, entry.at, entry.school) == ("preview asked for", "mali", CALENDAR, PRIMARY)


def attempts_of(client: UUID) -> list[str]:
    (report,) = next(row.reports for row in rows.find(at=AT) if row.client == client)
    return [attempt["code"] for attempt in report["failed_attempts"]]


def told(*codes: str) -> dict[str, Any]:
    attempts = [{"at": f"2018-09-04T{hour:02}:00:00Z", "code": code, "detail": ""} for hour, code in enumerate(codes)]
    return {"school": PRIMARY, "schedule": "systemd 02:11:00", "failed_attempts": attempts}


def test_failed_attempts_stay_visible_though_they_are_told_once() -> None:
    """R37: a quarter of an hour later the newest five of each school are still there, and the schedule is the newest."""
    client = enrolled()
    check_in(client, told("command_failed"))
    check_in(client, told())
    assert attempts_of(client) == ["command_failed"]
    check_in(client, told("a", "b", "c", "d", "e", "f"))
    assert attempts_of(client)[-2:] == ["e", "f"]
    assert len(attempts_of(client)) == 5
    shown = next(row.to_json() for row in rows.find(at=AT) if row.client == client)
    assert shown["reports"][0]["schedule"] == "systemd 02:11:00"
