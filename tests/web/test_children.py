"""Badges, three pictures and signing in as a class (A2 to A4): who gets in, who does not, and what ends it."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client, override_settings
from tests.support.languages import foreign_texts
from tests.support.second_step import code_now, set_up
from tests.support.world import OTHER_CLASS, OWN_CLASS, PASSWORD, SCHOOL, World

from hwb import clock
from hwb.directory.keyring import new_key
from hwb.directory.models import (
    Account,
    Audit,
    Badge,
    ClassDevice,
    ClassSession,
    PictureTries,
    Placement,
    WrongClassCode,
)
from hwb.lifecycle import child_pictures as figures
from hwb.lifecycle.badges import last_day
from hwb.lifecycle.class_sign_in import MOST_DEVICES, WRONG_CODES, names
from hwb.operations import badges, child_pictures, class_sessions, passwords, settings
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
THREE = ("cat", "sun", "key")
WRONG = ("key", "sun", "cat")
VOID = "We cannot use this badge. Ask your teacher for a new one."
SCHOOLS_ADDRESS, HOME_ADDRESS = "192.0.2.10", "198.51.100.7"


def code_of(account: Account, *, school: str = SCHOOL) -> str:
    return badges.codes(accounts=[account.id], school=school, acting_user="tests", now=clock.now())[account.id]


def give_pictures(account: Account, pictures: tuple[str, ...] = THREE) -> None:
    assert child_pictures.choose(
        account=account.id, school=SCHOOL, pictures=pictures, acting_user="tests", now=clock.now()
    )


@pytest.fixture
def child(world: World) -> Account:
    account = world.learners[OWN_CLASS][1]
    give_pictures(account)
    return account


def show_badge(client: Client, code: str) -> object:
    return client.post("/en/badge/", {"code": code})


def touch(client: Client, pictures: tuple[str, ...], language: str = "en") -> object:
    answer = None
    for one in pictures:
        answer = client.post(f"/{language}/pictures/", {"picture": one})
    return answer


def is_in(client: Client) -> bool:
    return client.get("/en/account/").status_code == 200


def sign_in(child: Account, pictures: tuple[str, ...] = THREE) -> Client:
    client = Client()
    assert show_badge(client, code_of(child)).status_code == 302
    touch(client, pictures)
    return client


# Badges


def test_a_badge_and_three_pictures_in_their_order_are_a_sign_in(child: Account) -> None:
    client = sign_in(child)
    assert is_in(client)
    child.refresh_from_db()
    assert child.last_sign_in is not None
    assert not is_in(sign_in(child, WRONG))
    assert not is_in(sign_in(child, ("cat", "sun")))


@pytest.mark.parametrize("written", ["{}", " {} ", "lower", "spaced", "dashes"])
def test_a_code_is_read_however_it_is_typed(child: Account, written: str) -> None:
    code = code_of(child)
    spaced = " ".join((code[:4], code[4:8], code[8:]))
    typed = {"lower": code.lower(), "spaced": spaced, "dashes": spaced.replace(" ", "-")}.get(
        written, written.format(code)
    )
    assert show_badge(Client(), typed)["Location"] == "/en/pictures/"


def test_void_expired_and_unknown_badges_have_one_answer(world: World, child: Account) -> None:
    """Replaced, ended on 31 August, of an inactive account, of one whom the school no longer holds, never made."""
    other = world.learners[OWN_CLASS][2]
    give_pictures(other)
    replaced, held = code_of(child), code_of(other)
    badges.replace(account=child.id, school=SCHOOL, acting_user="tests", now=clock.now())
    answers = [show_badge(Client(), replaced), show_badge(Client(), "ACDEFGHJKMNP"), show_badge(Client(), "x")]
    Account.objects.filter(id=other.id).update(active=False)
    answers.append(show_badge(Client(), held))
    Account.objects.filter(id=other.id).update(active=True)
    Badge.objects.filter(account=other.id).update(last_day=clock.today() - timedelta(days=1))
    answers.append(show_badge(Client(), held))
    Badge.objects.filter(account=other.id).update(last_day=clock.today())
    assert show_badge(Client(), held).status_code == 302  # it was the day alone
    Placement.objects.filter(account=other.id).update(ended=clock.today())
    answers.append(show_badge(Client(), held))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert all(VOID in answer.content.decode() for answer in answers)
    csrf = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"|value="[^"]*"|nonce="[^"]*"')
    assert len({csrf.sub(b"", answer.content) for answer in answers}) == 1


def test_a_badge_ends_on_31_august_and_one_made_in_august_lasts_a_year() -> None:
    assert last_day(date(2026, 9, 1)) == date(2027, 8, 31)
    assert last_day(date(2026, 12, 31)) == date(2027, 8, 31)
    assert last_day(date(2027, 2, 1)) == date(2027, 8, 31)
    assert last_day(date(2027, 7, 31)) == date(2027, 8, 31)
    assert last_day(date(2027, 8, 1)) == date(2028, 8, 31)


def test_a_replaced_badge_stops_between_the_badge_and_the_pictures_too(child: Account) -> None:
    client = Client()
    show_badge(client, code_of(child))
    badges.replace(account=child.id, school=SCHOOL, acting_user="tests", now=clock.now())
    touch(client, THREE)
    assert not is_in(client)


def test_neither_code_nor_pictures_are_kept_in_clear(child: Account) -> None:
    code = code_of(child)
    with connection.cursor() as cursor:
        for table in ("badge", "child_pictures", "audit", "class_session"):
            cursor.execute(f"SELECT t::text FROM {table} t")
            kept = " ".join(row[0] for row in cursor.fetchall())
            assert code not in kept
            assert "cat sun key" not in kept
            assert code.encode().hex() not in kept


def test_keys_are_rotated_and_what_lay_under_a_lost_one_is_made_anew(world: World, child: Account) -> None:
    """Badges, pictures and class codes move with the passwords. Without their key a badge works on and is replaced when
    it is printed; pictures open to nobody."""
    _, class_code = start(world)
    code, session = code_of(child), ClassSession.objects.get().id
    with override_settings(HWB_PASSWORD_KEYS=[new_key()]):
        assert passwords.rotate(acting_user="root", now=clock.now()).moved >= 3
        assert code_of(child) == code
        assert class_sessions.code_of(session=session, school=SCHOOL) == class_code
        assert is_in(sign_in(child))
    assert passwords.rotate(acting_user="root", now=clock.now()).unreadable >= 3
    client = Client()
    assert show_badge(client, code).status_code == 302
    touch(client, THREE)
    assert not is_in(client)
    assert class_sessions.code_of(session=session, school=SCHOOL) == ""
    anew = code_of(child)
    assert anew != code
    assert VOID in show_badge(Client(), code).content.decode()
    give_pictures(child)
    assert is_in(sign_in(child))


def test_a_child_who_signed_in_by_badge_has_an_hour_and_no_roles(world: World, child: Account) -> None:
    client = sign_in(child)
    session = client.session
    assert 59 * 60 < session["ends"] - time.time() <= 60 * 60
    session["ends"] = time.time() - 1
    session.save()
    assert client.get("/en/account/")["Location"] == "/en/badge/"
    assert not is_in(client)


def test_the_badge_alone_is_enough_where_the_school_says_so_and_while_the_child_is_there(
    world: World, child: Account
) -> None:
    code = code_of(child)
    champion = world.client(Role.CHAMPION)
    assert world.client(Role.TEACHER).get(f"/en/school/{SCHOOL}/learners/{child.id}/badge/alone/").status_code == 404
    champion.post(f"/en/school/{SCHOOL}/learners/{child.id}/badge/alone/", {"alone": "yes"})
    client = Client()
    show_badge(client, code)
    assert is_in(client)
    assert "Allowed" in champion.get(f"/en/school/{SCHOOL}/learners/{child.id}/").content.decode()
    champion.post(f"/en/school/{SCHOOL}/learners/{child.id}/badge/alone/", {"alone": "no"})
    client = Client()
    show_badge(client, code)
    assert not is_in(client)


def test_the_school_decides_by_year_group(child: Account) -> None:
    code = code_of(child)
    settings.put(key=f"badges.6.{SCHOOL}", value="no", acting_user="tests", now=clock.now())
    assert VOID in show_badge(Client(), code).content.decode()
    settings.put(key=f"badges.6.{SCHOOL}", value="yes", acting_user="tests", now=clock.now())
    assert show_badge(Client(), code).status_code == 302


# Pictures


def test_five_wrong_tries_shut_the_child_on_that_device_alone(child: Account) -> None:
    """The right pictures are then not looked at; another device goes on; ten minutes later so does this one."""
    client = Client()
    code = code_of(child)
    show_badge(client, code)
    for _ in range(figures.TRIES):
        assert not is_in(client)
        answer = touch(client, WRONG)
    assert "Please wait" in answer.content.decode()
    touch(client, THREE)
    assert not is_in(client)
    assert is_in(sign_in(child))
    PictureTries.objects.filter(account=child.id).update(until=datetime.now(UTC) - timedelta(seconds=1))
    touch(client, THREE)
    assert is_in(client)


def test_throwing_the_cookie_away_buys_no_more_tries(child: Account) -> None:
    """All devices that are new to the child share ten tries; one on which it signed in before goes on."""
    known = sign_in(child)
    known.post("/en/sign-out/")
    tried = 0
    for _ in range(30):
        client = Client()
        show_badge(client, code_of(child))
        tried += "Not quite" in touch(client, WRONG).content.decode()
    assert tried == figures.NEW_TRIES - 1  # after the tenth it says to wait
    assert not is_in(sign_in(child))
    show_badge(known, code_of(child))
    touch(known, THREE)
    assert is_in(known)


def test_without_the_devices_cookie_nothing_is_looked_at(child: Account) -> None:
    client = Client()
    show_badge(client, code_of(child))
    del client.cookies["class-device"]
    touch(client, THREE)
    assert not is_in(client)
    assert not PictureTries.objects.exists()


def test_waits_of_new_devices_double_to_an_hour_and_end_with_the_teachers_unlock() -> None:
    at = datetime(2026, 9, 1, tzinfo=UTC)
    count, waits = figures.Count(), []
    for number in range(1, figures.NEW_END + 1):
        count = figures.after_failure(count, at=at, new_device=True)
        if number % figures.NEW_TRIES == 0 and not count.ended:
            waits.append((count.until - at).total_seconds() / 60)
    assert waits == [10, 20, 40, 60, 60, 60, 60, 60, 60]
    assert count.ended


def test_the_teachers_unlock_ends_all(world: World, child: Account) -> None:
    client = Client()
    show_badge(client, code_of(child))
    for _ in range(figures.TRIES):
        touch(client, WRONG)
    teacher = world.client(Role.TEACHER)
    record = f"/en/school/{SCHOOL}/learners/{child.id}/"
    assert "Pictures wrong too often" in teacher.get(record).content.decode()
    PictureTries.objects.filter(account=child.id, device="").update(ended=True)
    teacher.post(f"{record}pictures/unlock/")
    assert "Pictures wrong too often" not in teacher.get(record).content.decode()
    touch(client, THREE)
    assert is_in(client)


def test_tries_that_are_sent_at_once_are_all_counted(child: Account) -> None:
    for _ in range(figures.TRIES):
        child_pictures.check(account=child.id, device="d", given=WRONG, at=datetime.now(UTC))
    assert child_pictures.check(account=child.id, device="d", given=THREE, at=datetime.now(UTC)) == "shut"
    before = PictureTries.objects.count()
    for number in range(20):
        child_pictures.check(account=child.id, device=f"x{number}", given=WRONG, at=datetime.now(UTC))
    assert PictureTries.objects.count() <= before + figures.NEW_TRIES


def test_positions_stay_while_one_signs_in_and_nothing_says_which_was_wrong(child: Account) -> None:
    client = Client()
    show_badge(client, code_of(child))
    first = re.findall(r'name="picture" value="(\w+)"', client.get("/en/pictures/").content.decode())
    assert sorted(first) == sorted(figures.PICTURES)
    answers = [touch(client, wrong).content.decode() for wrong in (WRONG, ("cat", "sun", "car"))]
    assert [re.findall(r'name="picture" value="(\w+)"', answer) for answer in answers] == [first, first]
    assert all(answer.count("Not quite. Try again.") == 1 for answer in answers)


def test_only_those_with_the_right_see_and_set_pictures(world: World, child: Account) -> None:
    other = world.learners[OTHER_CLASS][0]
    page = f"/en/school/{SCHOOL}/learners/{{}}/pictures/"
    teacher = world.client(Role.TEACHER)
    assert teacher.get(page.format(child.id)).status_code == 200
    assert teacher.get(page.format(other.id)).status_code == 404
    assert world.client(Role.MIS_ADMIN).get(page.format(child.id)).status_code == 404
    answer = teacher.post(page.format(child.id), {"how": "choose", "first": "car", "second": "fish", "third": "ball"})
    assert answer.status_code == 307
    shown = teacher.post(answer["Location"]).content.decode()
    assert all(word in shown for word in ("car", "fish", "ball"))
    assert Audit.objects.filter(action="pictures shown", account=child.id).count() == 1
    assert is_in(sign_in(child, ("car", "fish", "ball")))
    again = teacher.post(page.format(child.id), {"how": "choose", "first": "car", "second": "car", "third": "ball"})
    assert "Choose three different pictures" in again.content.decode()
    settings.put(key=f"passwords.teachers.{SCHOOL}", value="no", acting_user="tests", now=clock.now())
    assert teacher.get(page.format(child.id)).status_code == 403
    assert teacher.post(f"/en/school/{SCHOOL}/class/pictures/?name={OWN_CLASS}").status_code == 403


def test_the_class_page_counts_pictures_as_a_way_in(world: World, child: Account) -> None:
    """The child has no password, and can sign in all the same; the others cannot."""
    teacher = world.client(Role.TEACHER)
    Account.objects.filter(id__in=[one.id for one in world.learners[OWN_CLASS]]).update(password="")
    assert "1 of 3 can sign in." in teacher.get(f"/en/school/{SCHOOL}/class/?name={OWN_CLASS}").content.decode()
    record = f"/en/school/{SCHOOL}/learners/{{}}/"
    note, other = "Nobody can sign in with this account before", record.format(world.learners[OWN_CLASS][2].id)
    assert note not in teacher.get(record.format(child.id)).content.decode()
    assert f"{note} three pictures are set or a password is made." in teacher.get(other).content.decode()
    settings.put(key=f"badges.6.{SCHOOL}", value="no", acting_user="tests", now=clock.now())
    assert f"{note} a password is made." in teacher.get(other).content.decode()
    assert "0 of 3 can sign in." in teacher.get(f"/en/school/{SCHOOL}/class/?name={OWN_CLASS}").content.decode()


def test_a_password_reset_replaces_the_badge_only_when_asked(world: World, child: Account) -> None:
    code = code_of(child)
    teacher, page = world.client(Role.TEACHER), f"/en/school/{SCHOOL}/people/{child.id}/password/"
    assert "Also replace the badge" in teacher.get(page).content.decode()
    teacher.post(page, {"how": "make"})
    assert show_badge(Client(), code).status_code == 302
    teacher.post(page, {"how": "make", "badge": "on"})
    assert VOID in show_badge(Client(), code).content.decode()
    assert code_of(child) != code


# Printing


def test_the_class_page_leads_to_badges_with_name_and_code_only(world: World, child: Account) -> None:
    teacher = world.client(Role.TEACHER)
    address = f"/en/school/{SCHOOL}/class/badges/?name={OWN_CLASS}"
    assert "class/badges/" in teacher.get(f"/en/school/{SCHOOL}/class/?name={OWN_CLASS}").content.decode()
    text = teacher.post(address, {"who": "new"}).content.decode()
    codes = re.findall(r"<code>([\w ]+)</code>", text)
    assert len(codes) == 3
    assert text.count("<svg") == 3
    assert child.upn not in text
    assert child.username not in text
    assert Audit.objects.filter(action="badge shown").count() == 3
    assert "Everybody has a badge" in teacher.post(address, {"who": "new"}).content.decode()
    assert re.findall(r"<code>([\w ]+)</code>", teacher.post(address, {"who": "all"}).content.decode()) == codes
    assert sum(show_badge(Client(), code).status_code == 302 for code in codes) == 1  # the others have no pictures


def test_slips_have_the_badge_when_it_is_chosen(world: World, child: Account) -> None:
    teacher, address = world.client(Role.TEACHER), f"/en/school/{SCHOOL}/class/print/?name={OWN_CLASS}"
    for account in world.learners[OWN_CLASS]:
        passwords.reset(account=account.id, school=SCHOOL, acting_user="tests", now=clock.now())
    chosen = {"who": "all", "languages": "en", "size": "8"}
    for what, squares in (("password", 0), ("both", 3)):
        answer = teacher.post(address, chosen | {"what": what})
        assert answer.status_code == 307, answer.content.decode()
        text = teacher.post(answer["Location"]).content.decode()
        assert text.count('class="hwb-slip"') == 3
        assert text.count("<svg") == squares
    settings.put(key=f"badges.6.{SCHOOL}", value="no", acting_user="tests", now=clock.now())
    assert "Username, password and badge" not in teacher.get(address).content.decode()


# A class


def start(world: World, *, role: Role = Role.TEACHER) -> tuple[Client, str]:
    teacher = world.client(role, REMOTE_ADDR=SCHOOLS_ADDRESS)
    address = f"/en/school/{SCHOOL}/class/sign-in/?name={OWN_CLASS}"
    assert teacher.post(address).status_code == 302
    code = re.search(r'hwb-code"[^>]*>(\w{6})<', teacher.get(address).content.decode())
    assert code is not None
    return teacher, code[1]


def tablet(address: str = SCHOOLS_ADDRESS) -> Client:
    return Client(REMOTE_ADDR=address)


def test_a_class_signs_in_on_devices_that_have_its_code(world: World, child: Account) -> None:
    _, code = start(world)
    device = tablet()
    before = device.get("/en/class/").content.decode()
    assert not any(account.legal_forename in before for account in world.learners[OWN_CLASS])
    assert device.post("/en/class/", {"child": str(child.id)}).status_code == 200  # nothing without the code
    assert device.post("/en/class/", {"code": code.lower()}).status_code == 302
    listed = device.get("/en/class/").content.decode()
    assert listed.count('name="child"') == 1  # who has no pictures is not on the list
    assert child.legal_surname not in listed
    assert device.post("/en/class/", {"child": str(child.id)})["Location"] == "/en/pictures/"
    touch(device, THREE)
    assert is_in(device)
    assert device.post("/en/sign-out/")["Location"] == "/en/class/"


def test_nobody_of_another_class_and_nobody_without_pictures_is_taken(world: World, child: Account) -> None:
    _, code = start(world)
    device = tablet()
    device.post("/en/class/", {"code": code})
    other = world.learners[OTHER_CLASS][0]
    give_pictures(other)
    for account in (other, world.learners[OWN_CLASS][2]):
        assert device.post("/en/class/", {"child": str(account.id)}).status_code == 200
        assert device.get("/en/pictures/").status_code == 302


def test_a_device_from_elsewhere_waits_until_the_teacher_lets_it_in(world: World, child: Account) -> None:
    teacher, code = start(world)
    device = tablet(HOME_ADDRESS)
    device.post("/en/class/", {"code": code})
    text = device.get("/en/class/")
    assert text["Refresh"] == "5"
    assert 'name="child"' not in text.content.decode()
    assert device.post("/en/class/", {"child": str(child.id)}).status_code == 200
    asks = ClassDevice.objects.get()
    decide = f"/en/school/{SCHOOL}/class/sign-in/devices/{asks.id}/?name={OWN_CLASS}"
    assert world.client(Role.MIS_ADMIN).post(decide, {"in": "1"}).status_code == 404
    teacher.post(decide, {"in": "1"})
    assert 'name="child"' in device.get("/en/class/").content.decode()
    teacher.post(decide, {"out": "1"})
    device.post("/en/class/", {"code": code})
    assert "has not let this device in" in device.get("/en/class/").content.decode()


def test_twenty_wrong_codes_close_joining_from_that_address_for_ten_minutes(world: World, child: Account) -> None:
    _, code = start(world)
    for _ in range(WRONG_CODES):
        assert (
            "This is not the class code" in tablet(HOME_ADDRESS).post("/en/class/", {"code": "ACDEFG"}).content.decode()
        )
    closed = tablet(HOME_ADDRESS).post("/en/class/", {"code": code})
    assert "Too many wrong class codes" in closed.content.decode()
    assert tablet().post("/en/class/", {"code": code}).status_code == 302  # the school goes on
    WrongClassCode.objects.update(at=datetime.now(UTC) - timedelta(minutes=11))
    assert tablet(HOME_ADDRESS).post("/en/class/", {"code": code}).status_code == 302


def test_the_right_code_of_a_full_class_is_no_wrong_try_and_the_device_is_told(world: World, child: Account) -> None:
    _, code = start(world)
    session = ClassSession.objects.get()
    ClassDevice.objects.bulk_create(
        ClassDevice(session=session, device=f"d{number}", number=number, state="in", asked_at=datetime.now(UTC))
        for number in range(1, MOST_DEVICES + 1)
    )
    for language, said in (("en", "This class has no room for another device"), ("cy", "Does dim lle")):
        for _ in range(WRONG_CODES):
            answer = tablet().post(f"/{language}/class/", {"code": code})
        assert said in answer.content.decode()
        assert not foreign_texts(answer.content, language)
    assert not WrongClassCode.objects.exists()
    ClassDevice.objects.filter(number=MOST_DEVICES).delete()
    assert tablet().post("/en/class/", {"code": code}).status_code == 302


def test_the_end_of_the_class_session_is_the_end_for_every_child_and_device(world: World, child: Account) -> None:
    teacher, code = start(world)
    device, half_way = tablet(), tablet()
    for one in (device, half_way):
        one.post("/en/class/", {"code": code})
        one.post("/en/class/", {"child": str(child.id)})
    touch(device, THREE)
    assert is_in(device)
    teacher.post(f"/en/school/{SCHOOL}/class/sign-in/end/?name={OWN_CLASS}")
    assert device.get("/en/account/")["Location"] == "/en/class/?ended=1"
    assert not is_in(device)
    assert half_way.get("/en/pictures/")["Location"] == "/en/class/?ended=1"
    assert "This class session has ended" in half_way.get("/en/class/?ended=1").content.decode()
    assert tablet().post("/en/class/", {"code": code}).status_code == 200


def test_it_ends_by_itself_after_an_hour(world: World, child: Account) -> None:
    _, code = start(world)
    device = tablet()
    device.post("/en/class/", {"code": code})
    device.post("/en/class/", {"child": str(child.id)})
    touch(device, THREE)
    session = ClassSession.objects.get()
    assert session.ends_at - session.started_at == timedelta(minutes=60)
    assert device.session["ends"] <= session.ends_at.timestamp()
    ClassSession.objects.update(ends_at=datetime.now(UTC))
    assert not is_in(device)


def test_an_account_that_becomes_inactive_loses_its_place(world: World, child: Account) -> None:
    _, code = start(world)
    device, half_way = tablet(), tablet()
    for one in (device, half_way):
        one.post("/en/class/", {"code": code})
        one.post("/en/class/", {"child": str(child.id)})
    touch(device, THREE)
    Account.objects.filter(id=child.id).update(active=False)
    assert not is_in(device)
    touch(half_way, THREE)
    assert not is_in(half_way)
    assert 'name="child"' not in half_way.get("/en/class/").content.decode()


def test_who_may_start_it(world: World, child: Account) -> None:
    page = f"/en/school/{SCHOOL}/class/sign-in/?name="
    assert world.client(Role.TEACHER).get(page + OTHER_CLASS).status_code == 404
    assert world.client(Role.CHAMPION).get(page + OTHER_CLASS).status_code == 200
    assert world.client(Role.MIS_ADMIN).get(page + OWN_CLASS).status_code == 404


def test_two_children_with_one_label_get_a_picture_each() -> None:
    found = names([(UUID(int=1), "Mali", "Rees"), (UUID(int=13), "Mali", "Roberts"), (UUID(int=3), "Osian", "Rees")])
    assert [one.text for one in found] == ["Mali R", "Mali R", "Osian R"]
    assert found[0].picture != found[1].picture
    assert all((found[0].picture, found[1].picture))
    assert not found[2].picture


def test_old_rows_leave_no_trace(world: World, child: Account) -> None:
    _, code = start(world)
    tablet(HOME_ADDRESS).post("/en/class/", {"code": "ACDEFG"})
    tablet().post("/en/class/", {"code": code})
    class_sessions.forget_old(at=datetime.now(UTC) + timedelta(days=3))
    assert not ClassSession.objects.exists()
    sign_in(child, WRONG)
    child_pictures.forget_old(at=datetime.now(UTC) + timedelta(days=3))
    assert list(PictureTries.objects.values_list("device", flat=True)) == [""]


@pytest.mark.parametrize("language", ["en", "cy"])
def test_every_page_speaks_one_language(world: World, child: Account, language: str) -> None:
    teacher, code = start(world)
    device = tablet()
    pages = [
        device.get(f"/{language}/badge/"),
        device.post(f"/{language}/badge/", {"code": "x"}),
        device.get(f"/{language}/class/?ended=1"),
    ]
    pages += [device.post(f"/{language}/class/", {"code": "x"})]
    far = tablet(HOME_ADDRESS)
    far.post("/en/class/", {"code": code})
    pages += [far.get(f"/{language}/class/")]
    device.post("/en/class/", {"code": code})
    pages += [device.get(f"/{language}/class/")]
    device.post("/en/class/", {"child": str(child.id)})
    pages += [device.get(f"/{language}/pictures/")]
    pages += [touch(device, WRONG, language) for _ in range(figures.TRIES)]
    base = f"/{language}/school/{SCHOOL}"
    pages += [
        teacher.get(f"{base}/class/sign-in/?name={OWN_CLASS}"),
        teacher.get(f"{base}/class/pictures/?name={OWN_CLASS}"),
    ]
    pages += [
        teacher.post(f"{base}/class/pictures/show/?name={OWN_CLASS}"),
        teacher.get(f"{base}/class/badges/?name={OWN_CLASS}"),
    ]
    pages += [
        teacher.post(f"{base}/class/badges/?name={OWN_CLASS}", {"who": "all"}),
        teacher.get(f"{base}/learners/{child.id}/pictures/"),
    ]
    champion = world.client(Role.CHAMPION)
    pages += [champion.get(f"{base}/learners/{child.id}/"), champion.get(f"{base}/learners/{child.id}/badge/replace/")]
    pages += [champion.get(f"{base}/learners/{child.id}/badge/alone/"), champion.get(f"{base}/settings/")]
    for page in pages:
        assert page.status_code == 200
        assert not (found := foreign_texts(page.content, language)), (page.request["PATH_INFO"], found)


# With a second step


@pytest.mark.parametrize("way", ["badge", "class"])
def test_a_second_step_leaves_a_childs_session_its_limits_and_its_name(world: World, child: Account, way: str) -> None:
    """It proves no password: an hour at the most, no roles, and a service is told of the badge or the pictures."""
    secret, client = set_up(child.id)[0], tablet()
    if way == "badge":
        show_badge(client, code_of(child))
    else:
        client.post("/en/class/", {"code": start(world)[1]})
        client.post("/en/class/", {"child": str(child.id)})
    assert touch(client, THREE)["Location"] == "/en/second-step/"
    client.post("/en/second-step/", {"code_again": code_now(secret)})
    assert is_in(client)
    kept = client.session
    assert (kept["by"], bool(kept.get("class-place"))) == (way, way == "class")
    assert kept["ends"] <= time.time() + 60 * 60
    assert kept["ways"] == ["badge" if way == "badge" else "pictures", "otp", "mfa"]
    assert "confirmed-at" not in kept


def test_who_signs_in_by_password_where_a_child_began_has_none_of_its_limits(world: World, child: Account) -> None:
    """The child stopped before its second step."""
    set_up(child.id)
    client, staff = Client(), world.accounts[Role.STAFF]
    show_badge(client, code_of(child))
    assert touch(client, THREE)["Location"] == "/en/second-step/"
    client.post("/en/sign-in/", {"username": staff.username, "password": PASSWORD})
    assert is_in(client)
    assert not {"by", "ends", "class-session", "ways"} & set(client.session.keys())
    assert "confirmed-at" in client.session
