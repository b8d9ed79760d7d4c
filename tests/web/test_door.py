"""What keeps passwords from being guessed, as the sign-in page has it; help codes (A1, A5, A9, LX17, LX18, B9)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from tests.support.deliveries import deliver, learner_row, staff_row
from tests.support.languages import foreign_texts
from tests.support.world import ELSEWHERE, OTHER_CLASS, OWN_CLASS, PASSWORD, SCHOOL, World, encoded

from hwb import clock
from hwb.directory.models import (
    Account,
    Audit,
    Decision,
    HelpCode,
    PictureTries,
    Placement,
    SignInCount,
    SignInHour,
    StaffRecord,
)
from hwb.operations import accounts, attempts, help_codes, passwords, protection
from hwb.operations.attempts import Caller
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
WRONG = "The username or password is not right"
NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)
MINUTES = timedelta(minutes=1)


def sign_in(client: Client, username: str, password: str = PASSWORD, language: str = "en") -> Any:
    return client.post(f"/{language}/sign-in/", {"username": username, "password": password})


def said(response: Any) -> str:
    found = re.search(r'href="#id_username">([^<]*)<', response.content.decode())
    return found[1] if found else ""


def fail(name: str, times: int) -> None:
    for _ in range(times):
        SignInCount.objects.update(until=None)
        assert sign_in(Client(), name, "wrong").status_code == 200


@pytest.fixture
def argon(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Passwords that are looked at, without the time it takes."""
    from hwb.operations.passwords import signing

    seen: list[str] = []

    def tried(kept: Any, password: str) -> passwords.SignIn | None:
        seen.append(password)
        whose = uuid4() if kept is None else kept.account
        return passwords.SignIn(whose, active=True, must_change=False) if password.startswith("right") else None

    monkeypatch.setattr(signing, "_try", tried)
    monkeypatch.setattr(signing.storing, "hashed", lambda _: "")
    return seen


@pytest.mark.parametrize("name", ["live", "nobody.at.all1", "inactive"])
def test_a_lock_is_the_same_for_every_name(world: World, name: str) -> None:
    """Ten wrong ones lock a name for five minutes, whether anybody has it or not; even the right password waits."""
    account = world.accounts[Role.STAFF]
    Account.objects.filter(id=account.id).update(active=name != "inactive")
    typed = name if name.startswith("nobody") else account.username
    fail(typed, 10)
    for client, password in ((Client(), "wrong"), (Client(), PASSWORD)):
        answer = sign_in(client, typed.upper() + "@hwbcymru.net", password)
        assert answer.status_code == 200
        assert said(answer).startswith("Too many wrong tries. Wait until ")
    assert said(sign_in(Client(), typed, language="cy")).startswith("Gormod o ymgeisiau anghywir. Arhoswch tan ")
    SignInCount.objects.update(until=datetime.now(UTC) - MINUTES)
    answer = sign_in(Client(), typed)
    assert answer.status_code == (302 if name == "live" else 200)


def test_a_known_device_is_counted_apart(world: World) -> None:
    """Guesses from elsewhere, a hundred of them too, shut nobody out of a device on which they have signed in."""
    account, own = world.accounts[Role.LEARNER], Client()
    assert sign_in(own, account.username).status_code == 302
    cookie = own.cookies["device"]
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["max-age"]) == ("Lax", 180 * 24 * 60 * 60)
    assert str(account.id) not in cookie.value
    own.post("/en/sign-out/")
    fail(account.username, 1)
    SignInCount.objects.update(row=100, until=datetime.now(UTC) + 30 * MINUTES)
    other = sign_in(Client(), account.username)
    assert said(other) == "Too many wrong tries. Ask your teacher for a new password. Staff: ask your Digital Champion"
    assert sign_in(own, account.username).status_code == 302
    forged = Client()
    forged.cookies["device"] = cookie.value[:-3] + "abc"
    assert sign_in(forged, account.username).status_code == 200
    another = sign_in(own, world.accounts[Role.STAFF].username, "wrong")
    assert said(another) == WRONG


def test_a_known_device_has_locks_of_its_own(world: World) -> None:
    account, own = world.accounts[Role.LEARNER], Client()
    sign_in(own, account.username)
    own.post("/en/sign-out/")
    for _ in range(10):
        SignInCount.objects.update(until=None)
        sign_in(own, account.username, "wrong")
    assert "Wait until" in said(sign_in(own, account.username))
    assert sign_in(Client(), account.username).status_code == 302


def test_a_right_password_begins_anew(world: World) -> None:
    account = world.accounts[Role.LEARNER]
    fail(account.username, 3)
    assert sign_in(Client(), account.username).status_code == 302
    assert not SignInCount.objects.exists()


def test_a_new_password_ends_a_lock(world: World) -> None:
    """A hundred in a row need a new password: when it is made, it can be used."""
    account = world.learners[OWN_CLASS][1]
    fail(account.username, 1)
    SignInCount.objects.update(row=100)
    made = passwords.reset(account=account.id, school=SCHOOL, acting_user="tests", now=NOW)
    assert sign_in(Client(), account.username, made.password).status_code == 302


def test_a_school_of_a_thousand_behind_one_address(argon: list[str], world: World) -> None:
    """1,000 pupils sign in within ten minutes, 15 % of them after a mistyped password: nobody is wrongly kept out."""
    at = NOW
    for number in range(1000):
        at += timedelta(milliseconds=500)
        name = f"learner{number}"
        if number % 20 in (3, 9, 14):
            mistyped = passwords.attempt(name=name, password=f"typo {number}", caller=Caller("192.0.2.1"), at=at)
            assert mistyped.verdict.bar is None
        right = passwords.attempt(name=name, password=f"right {number}", caller=Caller("192.0.2.1"), at=at)
        assert right.found is not None
    assert len(argon) == 1150


def test_guessing_from_one_address_is_slowed_down(argon: list[str], world: World) -> None:
    """Many names, each with another password: after detection one in two seconds is tried; others are not slowed."""
    at = NOW
    for number in range(2000):
        at += timedelta(milliseconds=20)
        passwords.attempt(name=f"name{number}", password=f"guess {number}", caller=Caller("192.0.2.1"), at=at)
    assert 300 <= len(argon) <= 300 + 40 / 2
    before = len(argon)
    passwords.attempt(name="somebody", password="x", caller=Caller("198.51.100.7"), at=at)
    assert len(argon) == before + 1
    device, account = "device", world.accounts[Role.LEARNER]
    known = Caller("192.0.2.1", device, frozenset({attempts.mark_of(device, account.id)}))
    found = passwords.attempt(name=account.username, password="right", caller=known, at=at).found
    assert found is not None


@pytest.mark.parametrize("language", ["en", "cy"])
def test_an_operator_is_told_that_passwords_are_guessed(argon: list[str], world: World, language: str) -> None:
    """Figures on the first page, for a day; without an address, a name or a password; nobody else sees them."""
    page, at = f"/{language}/area/", datetime.now(UTC)
    said = {"en": "Passwords are being guessed", "cy": "Mae cyfrineiriau'n cael eu dyfalu".replace("'", "&#x27;")}[
        language
    ]
    operator, officer = world.client(Role.OPERATOR), world.client(Role.AREA_OFFICER)
    assert said not in operator.get(page).content.decode()
    for number in range(400):
        passwords.attempt(name=f"name{number}", password=f"guess {number}", caller=Caller("192.0.2.1"), at=at)
    for number in range(30):
        passwords.attempt(name=f"name{number}", password="Haf2026!", caller=Caller(f"192.0.2.{number + 2}"), at=at)
    answer = operator.get(page)
    text = answer.content.decode()
    assert said in text
    assert ("1 internet address tried" in text) is ("1 wrong password was tried" in text) is (language == "en")
    assert not foreign_texts(answer.content, language)
    assert said not in officer.get(page).content.decode()
    SignInCount.objects.exclude(guessing="").update(until=at - timedelta(days=1, minutes=1))
    assert said not in operator.get(page).content.decode()
    SignInHour.objects.create(hour=at.replace(minute=0, second=0, microsecond=0), tried=900, failed=700)
    assert "700" in operator.get(page).content.decode()


def test_one_password_with_many_names_is_seen_from_many_addresses(argon: list[str], world: World) -> None:
    """Spraying: 21 names, then that password is looked at no more for ten minutes; another one is."""
    for number in range(500):
        caller = Caller(f"192.0.2.{number % 250}")
        passwords.attempt(name=f"name{number}", password="Haf2026!", caller=caller, at=NOW)
    assert len(argon) == 21
    assert passwords.attempt(name="x", password="other", caller=Caller("192.0.2.1"), at=NOW).verdict.bar is None
    later = NOW + 11 * MINUTES
    assert passwords.attempt(name="y", password="Haf2026!", caller=Caller("192.0.2.1"), at=later).verdict.bar is None


def test_what_is_counted_names_nobody_and_goes(world: World) -> None:
    """Names, addresses and passwords are kept as HMACs only, and forgotten."""
    from django.db import connection

    fail("mali.rees7", 2)
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM sign_in_count t UNION ALL SELECT t::text FROM sign_in_attempt t")
        kept = " ".join(text for (text,) in cursor.fetchall())
        assert "mali" not in kept
        assert "6d616c69" not in kept  # the same in hexadecimal
        attempts.forget(at=datetime.now(UTC) + timedelta(hours=1))
        cursor.execute("SELECT count(*) FROM sign_in_attempt")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT sum(tried), sum(failed) FROM sign_in_hour")
        assert cursor.fetchone() == (2, 2)
        attempts.forget(at=datetime.now(UTC) + timedelta(days=2))
        cursor.execute("SELECT count(*) FROM sign_in_count")
        assert cursor.fetchone() == (0,)


def switched_off(world: World, number: int = 1) -> Account:
    """A learner of the own class with the known password, whose account the school switched off."""
    account = world.learners[OWN_CLASS][number]
    Account.objects.filter(id=account.id).update(password=encoded())
    accounts.deactivate(
        username=account.username, school=SCHOOL, reason="asked", now=NOW, on=clock.today(),
        acting_user=f"account {world.accounts[Role.CHAMPION].id}",
    )  # fmt: skip
    return account


def code_on(response: Any) -> str:
    found = re.search(r'class="hwb-code"[^>]*>([A-Z]{3}-\d{3})<', response.content.decode())
    return found[1] if found else ""


@pytest.mark.parametrize("language", ["en", "cy"])
def test_the_right_password_of_an_inactive_account_gets_a_help_code(world: World, language: str) -> None:
    """A5: the same code while it lives; no session; a wrong password tells nothing. The school finds out why."""
    account = switched_off(world)
    client = Client()
    answer = sign_in(client, account.username, language=language)
    code = code_on(answer)
    assert code
    assert account.username not in answer.content.decode()
    assert client.get("/en/account/").status_code == 302
    assert code_on(sign_in(Client(), account.username)) == code
    assert said(sign_in(Client(), account.username, "wrong")) == WRONG
    assert code not in str(list(HelpCode.objects.values()))
    champion = world.client(Role.CHAMPION)
    found = champion.post(
        f"/{language}/school/{SCHOOL}/find-learner/", {"asked": code.lower().replace("-", " "), "what": "one"}
    )
    page = champion.get(found["Location"]).content.decode()
    assert account.upn in page
    assert "LX13" in page
    by = world.accounts[Role.CHAMPION]
    assert f"{by.legal_forename} {by.legal_surname}" in page.partition("<main")[2]
    assert str(by.id) not in page
    assert code not in found["Location"]


def test_a_help_code_opens_nothing_to_another_school_and_ends_after_three_days(world: World) -> None:
    """Mistyped, over and another school's: one answer."""
    account = switched_off(world)
    code = code_on(sign_in(Client(), account.username))
    assert help_codes.upn_of(code, at=datetime.now(UTC) + timedelta(days=2, hours=23)) == account.upn
    assert help_codes.upn_of(code, at=datetime.now(UTC) + timedelta(days=3, minutes=1)) is None
    champion = world.client(Role.CHAMPION)
    stranger = world.elsewhere[0]
    Account.objects.filter(id=stranger.id).update(active=False)
    theirs = help_codes.code_for(account=stranger.id, at=datetime.now(UTC))
    for typed in (theirs, "BBB-000"):
        assert typed
        answer = champion.post(f"/en/school/{SCHOOL}/find-learner/", {"asked": typed, "what": "one"})
        assert "This help code is over, or it is not one of your learners" in answer.content.decode()
    Account.objects.filter(id=account.id).update(active=True)
    assert help_codes.upn_of(code, at=datetime.now(UTC)) is None


@pytest.mark.parametrize("why", ["suspended", "protected", "staff"])
def test_no_code_for_suspended_and_protected_people_and_staff(world: World, why: str) -> None:
    account = world.accounts[Role.STAFF] if why == "staff" else switched_off(world)
    Account.objects.filter(id=account.id).update(active=False)
    if why == "suspended":
        Decision.objects.create(id=uuid4(), account_id=account.id, kind="suspended", made_by="x", made_at=NOW)
    if why == "protected":
        protection.protect(username=account.username, reason="court order", acting_user="tests", now=NOW)
    answer = sign_in(Client(), account.username)
    text = answer.content.decode()
    assert "Your account is not switched on yet" in text
    assert not code_on(answer)
    assert not HelpCode.objects.exists()
    assert ("Digital Champion" in text) is (why == "staff")


def staff_of_the_school(**of_the_fifth: Any) -> None:
    """The school's next run about its staff, in which only the one without a role is changed."""
    rows = [
        staff_row(code, legal_surname=surname, classes=(OWN_CLASS,) if code == "TE" else (),
                  role="Headteacher" if code == "HE" else "", **(of_the_fifth if code == "ST" else {}))
        for code, surname in (("CH", "Champion"), ("MI", "Mis Admin"), ("HE", "Head"), ("TE", "Teacher"), ("ST", "Staff"))
    ]  # fmt: skip
    learners = [learner_row(number, registration_group=OWN_CLASS, year_group="6") for number in range(1, 7)]
    deliver(learners, rows, school=SCHOOL, on=date(2018, 7, 5))


@pytest.mark.parametrize("language", ["en", "cy"])
@pytest.mark.parametrize("what", ["left", "returns", "switched off", "suspended", "protected"])
def test_staff_learn_what_their_schools_data_says(world: World, language: str, what: str) -> None:
    """A5: dates of the school's data (SX04, SX08); of anybody's decision, and of protected people, nothing."""
    account = world.accounts[Role.STAFF]
    leaving = {"leaving_date": date(2018, 7, 4)}
    staff_of_the_school(**leaving)
    assert not Account.objects.get(id=account.id).active
    if what == "returns":
        StaffRecord.objects.filter(account=account).update(start_date=date(2090, 9, 1), leaving_date=None)
    if what in ("switched off", "suspended"):
        kind, school = ("deactivated", SCHOOL) if what == "switched off" else ("suspended", "")
        Decision.objects.create(
            id=uuid4(), account_id=account.id, kind=kind, school=school, made_by="x", made_at=NOW, reason="y"
        )  # fmt: skip
    if what == "protected":
        protection.protect(username=account.username, reason="court order", acting_user="tests", now=NOW)
    answer = sign_in(Client(), account.username, language=language)
    text = answer.content.decode()
    told = {
        "left": {"en": "4 July 2018", "cy": "4 Gorffennaf 2018"},
        "returns": {"en": "1 September 2090", "cy": "1 Medi 2090"},
    }
    dates = [date for dates in told.values() for date in dates.values() if date in text]
    assert dates == ([told[what][language]] if what in told else [])
    assert (f"Ysgol {SCHOOL}" in text or f"School {SCHOOL}" in text) is (what in told)
    assert "Hyrwyddwr Digidol" in text or "Digital Champion" in text
    assert not foreign_texts(answer.content, language)
    assert "4 July 2018" not in sign_in(Client(), account.username, "wrong").content.decode()


def test_a_locked_learner_is_explained_and_unlocked(world: World) -> None:
    """B9: "locked until" and the unlock; recorded; by the teacher of the class, not of another."""
    learner, champion, teacher = world.learners[OWN_CLASS][1], world.client(Role.CHAMPION), world.client(Role.TEACHER)
    record = f"/en/school/{SCHOOL}/learners/{learner.id}/"
    fail(learner.username, 4)
    page = champion.get(record).content.decode()
    assert "Unlock signing in" not in page
    fail(learner.username, 6)
    page = champion.get(record).content.decode()
    assert "Locked until" in page
    assert "Unlock signing in" in page
    assert teacher.post(f"{record}unlock/")["Location"] == record
    assert "Signing in has been unlocked." in (after := teacher.get(record).content.decode())
    assert "Locked until" not in after
    assert "Signing in unlocked" in after
    assert Audit.objects.filter(action="sign-in unlocked", account=learner.id).count() == 1
    other = world.learners[OTHER_CLASS][0]
    assert teacher.post(f"/en/school/{SCHOOL}/learners/{other.id}/unlock/").status_code == 404
    assert champion.post(f"/en/school/{ELSEWHERE}/learners/{world.elsewhere[0].id}/unlock/").status_code == 404


def test_a_locked_member_of_staff_is_unlocked(world: World) -> None:
    staff, champion = world.accounts[Role.STAFF], world.client(Role.CHAMPION)
    record = f"/en/school/{SCHOOL}/staff/{staff.id}/"
    fail(staff.username, 10)
    assert "Unlock signing in" in champion.get(record).content.decode()
    assert champion.post(f"{record}unlock/")["Location"] == record
    assert sign_in(Client(), staff.username).status_code == 302


def moved_on(account: Account) -> None:
    """To the other school, where the account works on."""
    placement = Placement.objects.get(account=account, school=SCHOOL, ended=None)
    Placement.objects.filter(id=placement.id).update(ended=NOW.date())
    Placement.objects.create(account=account, school=ELSEWHERE, role=placement.role, began=NOW.date())


def test_a_former_school_unlocks_nobody(world: World) -> None:
    """Whom a school has had it still sees; what locks them is no longer its to lift."""
    learner, staff, champion = world.learners[OWN_CLASS][1], world.accounts[Role.STAFF], world.client(Role.CHAMPION)
    for account in (learner, staff):
        fail(account.username, 10)
        moved_on(account)
    PictureTries.objects.create(account=learner, device="", ended=True, last=datetime.now(UTC))
    base = f"/en/school/{SCHOOL}"
    assert champion.get(f"{base}/staff/{staff.id}/").status_code == 200
    for page in (
        f"{base}/staff/{staff.id}/unlock/", f"{base}/learners/{learner.id}/unlock/",
        f"{base}/learners/{learner.id}/pictures/unlock/",
    ):  # fmt: skip
        assert champion.post(page).status_code == 404
    assert sign_in(Client(), staff.username).status_code == 200
    assert PictureTries.objects.get().ended
    assert not Audit.objects.filter(action__contains="unlocked").exists()


def test_a_former_school_does_nothing_else_to_an_account_either(world: World) -> None:
    """Every act on an account that a page offers, sent by the former school's Champion."""
    learner, staff, champion = world.learners[OWN_CLASS][1], world.accounts[Role.STAFF], world.client(Role.CHAMPION)
    for account in (learner, staff):
        moved_on(account)
        Account.objects.filter(id=account.id).update(username=f"earlier{account.id.hex[:6]}")
    base = f"/en/school/{SCHOOL}"
    tables = ("account", "badge", "badge_only", "child_pictures", "decision", "first_password", "placement")
    before = rows_of(tables)
    for account in (learner, staff):
        for page, sent in (
            ("people/{}/password/", {"how": "make"}), ("people/{}/username/", {}),
            ("learners/{}/badge/replace/", {}), ("learners/{}/badge/alone/", {"alone": "yes"}),
            ("learners/{}/pictures/", {"how": "make"}), ("people/{}/password/show/", {}),
            ("learners/{}/pictures/show/", {}),
        ):  # fmt: skip
            champion.post(f"{base}/{page.format(account.id)}", sent)
    assert rows_of(tables) == before


def rows_of(tables: tuple[str, ...]) -> list[str]:
    with connection.cursor() as cursor:
        found = []
        for table in tables:
            cursor.execute(f"SELECT '{table} ' || t::text FROM {table} t ORDER BY 1")
            found += [row[0] for row in cursor.fetchall()]
    return found


def test_giving_the_password_again_is_counted_too(world: World) -> None:
    """A stolen session guesses no faster than a stranger, and locks nobody out of the sign-in page."""
    client, name = world.client(Role.CHAMPION, fresh=False), world.accounts[Role.CHAMPION].username
    for _ in range(10):
        SignInCount.objects.update(until=None)
        client.post("/en/again/", {"password_again": "wrong"})
    answer = client.post("/en/again/", {"password_again": PASSWORD})
    assert "Too many wrong tries. Wait some minutes" in answer.content.decode()
    assert sign_in(Client(), name).status_code == 302


def test_the_present_password_is_counted_too(world: World) -> None:
    """A6: who has a stolen session guesses no faster there; the owner's sign-in page stays open."""
    client, name = world.client(Role.STAFF), world.accounts[Role.STAFF].username
    sent = {"present_password": "wrong", "new_password": "pont-gwynt-cadair"}
    for _ in range(10):
        SignInCount.objects.update(until=None)
        assert "The present password is not right" in client.post("/en/password/", sent).content.decode()
    answer = client.post("/en/password/", {**sent, "present_password": PASSWORD})
    assert "Too many wrong tries. Wait some minutes" in answer.content.decode()
    assert sign_in(Client(), name).status_code == 302


def test_the_address_behind_a_proxy_is_the_one_the_proxy_saw(settings: Any) -> None:
    from django.test import RequestFactory

    from hwb.web.visitors import address_of

    headers = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9, 198.51.100.7"}
    settings.HWB_BEHIND_PROXY = False
    assert address_of(RequestFactory().get("/", **headers)) == "10.0.0.1"
    settings.HWB_BEHIND_PROXY = True
    assert address_of(RequestFactory().get("/", **headers)) == "198.51.100.7"
    headers["HTTP_X_FORWARDED_FOR"] = "2001:db8:1:2:3:4:5:6"
    assert address_of(RequestFactory().get("/", **headers)) == "2001:db8:1:2::/64"


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_teacher_types_the_help_code_of_a_learner_of_their_own_class(world: World, language: str) -> None:
    """It leads to the record; a learner of another class, and no code at all, have one answer."""
    own, teacher, where = switched_off(world), world.client(Role.TEACHER), f"/{language}/school/{SCHOOL}/help-code/"
    assert where in teacher.get(f"/{language}/school/{SCHOOL}/my-classes/").content.decode()
    code = help_codes.code_for(account=own.id, at=datetime.now(UTC))
    found = teacher.post(where, {"code": code})
    assert found["Location"] == f"/{language}/school/{SCHOOL}/learners/{own.id}/"
    assert teacher.get(found["Location"]).status_code == 200
    other = world.learners[OTHER_CLASS][0]
    Account.objects.filter(id=other.id).update(active=False)
    theirs = help_codes.code_for(account=other.id, at=datetime.now(UTC))
    answers = [teacher.post(where, {"code": typed}).content.decode() for typed in (theirs, "BBB-000", "mali")]
    said = "This help code is over" if language == "en" else "cod cymorth hwn wedi dod i ben"
    assert all(said in answer for answer in answers)
