"""Passwords with a database: made, shown, chosen, signed in with, hidden by a claim, turned into hashes (R10, R42)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import argon2
import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import ImproperlyConfigured
from tests.support.deliveries import JULY, deliver, learner_row, register_schools, staff_row
from tests.support.people import PRIMARY, SECONDARY, upn
from tests.support.sign_ins import sign_in

from hwb.config import checks
from hwb.directory.keyring import new_key
from hwb.directory.models import Account, Audit, Establishment, FirstPassword, Identifier
from hwb.directory.queries import accounts as listed
from hwb.directory.queries import passwords as rows
from hwb.jobs import tasks
from hwb.lifecycle import passphrases
from hwb.lifecycle.passwords import PasswordState
from hwb.operations import accounts, passwords, provisioning, settings, verification
from hwb.operations.passwords import PasswordRefused, storing

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NOW = datetime(2018, 7, 2, 15, tzinfo=UTC)
OWN = "tri gair da iawn"


@pytest.fixture(autouse=True)
def july() -> None:
    """Six learners of Year 6 and one member of staff at the primary, one learner of Year 9 at the secondary."""
    register_schools()
    deliver([learner_row(n) for n in range(1, 7)], [staff_row("AB")])
    deliver([learner_row(20, year_group="9")], school=SECONDARY)


@pytest.fixture
def computations(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Each Argon2 that is computed, whichever way."""
    seen: list[str] = []

    def counted(name: str, function: Any) -> Any:
        def call(*args: Any, **values: Any) -> Any:
            seen.append(name)
            return function(*args, **values)

        return call

    monkeypatch.setattr(argon2.low_level, "hash_secret", counted("hash", argon2.low_level.hash_secret))
    verify = "argon2._password_hasher.verify_secret"
    monkeypatch.setattr(verify, counted("verify", argon2._password_hasher.verify_secret))
    return seen


def account(number: int) -> Account:
    return Account.objects.get(upn=upn(number))


def member() -> Account:
    return Account.objects.get(kind="staff")


def reset(one: Account, *, school: str = PRIMARY, **values: Any) -> passwords.NewPassword:
    return passwords.reset(account=one.id, school=school, acting_user="champion", now=NOW, **values)


def show(one: Account, *, school: str = PRIMARY) -> str:
    return passwords.show(account=one.id, school=school, acting_user="champion", now=NOW).password


def state(one: Account, *, school: str | None = None) -> str:
    return str(rows.of_accounts([one.id])[one.id].state(school=school))


def opens(one: Account, password: str) -> bool:
    return passwords.authenticate(name=one.username, password=password) == one.id


def refused(what: Any, *args: Any, **values: Any) -> str:
    before = [list(model.objects.order_by("pk").values()) for model in (Account, FirstPassword, Audit)]
    with pytest.raises(PasswordRefused) as error:
        what(*args, **values)
    assert before == [list(model.objects.order_by("pk").values()) for model in (Account, FirstPassword, Audit)]
    return error.value.code


def put(key: str, value: str) -> None:
    settings.put(key=key, value=value, acting_user="root", now=NOW)


def move(number: int = 1) -> None:
    """The learner leaves the primary and is claimed by the secondary, the next day."""
    deliver(
        [learner_row(n) for n in range(1, 7) if n != number] + [learner_row(number, leaving_date=JULY)], on=JULY + DAY
    )
    arrived = learner_row(number, start_date=JULY + DAY, year_group="7")
    deliver([learner_row(20, year_group="9"), arrived], school=SECONDARY, on=JULY + DAY)


def clean(*, later: int = 0) -> bool:
    return verification.verify(on=JULY + later * DAY, deep=True).breaches == ()


def in_clear(password: str) -> bool:
    """Whether the password stands anywhere in log or tables."""
    everything = [
        *Audit.objects.values_list("details", flat=True),
        *FirstPassword.objects.values(),
        *Account.objects.values(),
    ]
    return password in repr(everything)


def test_a_run_makes_no_password() -> None:
    """None yet: an account costs its run neither a hash nor a key."""
    assert state(account(1)) == "none"
    assert not FirstPassword.objects.exists()
    assert passwords.authenticate(name=account(1).username, password="") is None


def test_a_made_password_opens_the_account_and_is_nowhere_in_clear() -> None:
    """R10: kept encrypted, verified from there; nothing of it in log, table or repr."""
    made = reset(account(1))
    assert (made.account, made.username, made.must_change) == (account(1).id, account(1).username, False)
    assert opens(account(1), made.password)
    assert not opens(account(1), made.password + "x")
    assert not opens(account(1), "")
    assert not opens(account(2), made.password)
    assert account(1).password == ""
    assert not in_clear(made.password)
    assert made.password not in repr(made)
    assert clean()


def test_the_name_may_be_written_in_many_ways() -> None:
    """With the domain or without, in any case, with spaces around; a former username too; another domain not."""
    made, one = reset(account(1)), account(1)
    Identifier.objects.create(value="oldname", kind="username", account=one.id, current=False)
    name = one.username
    for written in (name, f"  {name.upper()}\n", f"{name}@hwbcymru.net", f"{name.title()}@HWBcymru.NET", "OldName"):
        assert passwords.authenticate(name=written, password=made.password) == one.id, written
    for written in (f"{name}@example.org", "", "   ", "@hwbcymru.net", f"{name}\0", "x" * 300, f"{name} {name}"):
        assert passwords.authenticate(name=written, password=made.password) is None, written


def test_every_answer_costs_exactly_one_argon2(computations: list[str]) -> None:
    """Right and wrong, encrypted and hashed, none yet, missing, inactive, empty and endless: time tells nothing."""
    made = reset(account(1)).password
    Account.objects.filter(upn=upn(2)).update(password=make_password(OWN))
    Account.objects.filter(upn=upn(3)).update(password=make_password(OWN), active=False)
    foreign = "pbkdf2_sha256$1$salt$hash"
    Account.objects.filter(upn=upn(4)).update(password=foreign)
    gone = reset(account(5)).password
    FirstPassword.objects.filter(account=account(5).id).update(key_id="lost")
    cases = [
        (account(1), made, True), (account(1), "wrong", False), (account(2), OWN, True), (account(2), "wrong", False),
        (account(3), OWN, False), (account(3), "wrong", False), (account(4), OWN, False), (account(5), gone, False),
        (account(6), OWN, False), (account(1), "", False), (account(2), "x" * 100_000, False), (account(2), "\ud800", False),
    ]  # fmt: skip
    for one, password, right in cases:
        computations.clear()
        assert opens(one, password) is right
        assert len(computations) == 1, (one.upn, password[:20])
    for name in ("nobody", "", "\0", "x" * 300):
        computations.clear()
        assert passwords.authenticate(name=name, password=OWN) is None
        assert len(computations) == 1, name


def test_a_right_password_of_an_inactive_account_is_told_apart_for_the_page_that_helps() -> None:
    """authenticate gives None; identify says that the password was right (A5)."""
    made = reset(account(1)).password
    Account.objects.filter(upn=upn(1)).update(active=False)
    name = account(1).username
    assert passwords.authenticate(name=name, password=made) is None
    found = passwords.identify(name=name, password=made)
    assert found is not None
    assert (found.account, found.active) == (account(1).id, False)
    assert passwords.identify(name=name, password="wrong") is None


def test_an_older_hash_is_renewed_by_the_right_password_alone() -> None:
    """Hashes of former figures become today's in passing."""
    old = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(OWN)
    Account.objects.filter(upn=upn(1)).update(password="argon2" + old)
    assert not opens(account(1), "wrong")
    assert account(1).password == "argon2" + old
    assert opens(account(1), OWN)
    assert account(1).password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert opens(account(1), OWN)


def test_a_claim_hides_the_first_password_at_once_and_it_still_works() -> None:
    """R10: no longer visible, for either school, and the same password opens the account."""
    made = reset(account(1)).password
    assert state(account(1), school=PRIMARY) == "visible"
    move()
    assert {state(account(1)), state(account(1), school=PRIMARY), state(account(1), school=SECONDARY)} == {
        "not held here"
    }
    assert refused(show, account(1)) == "not_this_school"
    assert refused(show, account(1), school=SECONDARY) == "not_held_here"
    assert opens(account(1), made)
    assert FirstPassword.objects.get().hidden_at is not None
    assert clean(later=1)


def test_the_background_job_turns_it_into_a_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """R10: hidden ones become Argon2id; the password is the same, and the state too. What can be shown stays."""
    made, kept = reset(account(1)).password, reset(account(2)).password
    move()
    monkeypatch.setenv("HWB_NOW", "2018-07-04T02:00:00")
    tasks.harden_passwords(timestamp=0)
    assert account(1).password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert FirstPassword.objects.get(account=account(1).id).ciphertext is None
    assert state(account(1)) == "not held here"
    assert opens(account(1), made)
    assert (show(account(2)), account(2).password) == (kept, "")
    assert Audit.objects.filter(action="passwords hashed").count() == 1
    tasks.harden_passwords(timestamp=0)
    assert Audit.objects.filter(action="passwords hashed").count() == 1
    assert clean(later=1)


def test_the_job_works_in_portions_and_passes_over_what_it_cannot_read(caplog: pytest.LogCaptureFixture) -> None:
    """It may stop anywhere; an unreadable row is logged by its key, not its person, and keeps nobody waiting."""
    for number in range(1, 6):
        reset(account(number))
    FirstPassword.objects.update(hidden_at=NOW)
    unlucky = FirstPassword.objects.order_by("account")[0]
    FirstPassword.objects.filter(account=unlucky.account).update(key_id="lost")
    assert passwords.harden(now=NOW, limit=2) == 2
    assert passwords.harden(now=NOW, limit=100) == 2
    assert passwords.harden(now=NOW, limit=100) == 0
    assert "lost" in caplog.text
    assert str(unlucky.account) not in caplog.text


@pytest.mark.parametrize("shown", ["until changed", "once"])
def test_a_password_made_anew_meanwhile_is_not_overwritten(monkeypatch: pytest.MonkeyPatch, shown: str) -> None:
    """The job's hash is of the old one: the new one stands, also where it is hidden already."""
    reset(account(1))
    FirstPassword.objects.update(hidden_at=NOW)
    put("passwords.shown", shown)
    newer: list[str] = []

    def slow(password: str) -> str:
        newer.append(reset(account(1)).password)
        return make_password(password)

    monkeypatch.setattr(storing, "hashed", slow)
    assert passwords.harden(now=NOW, limit=1) == 0
    monkeypatch.undo()
    assert opens(account(1), newer[0])
    assert account(1).password == ""


def test_a_choice_meets_a_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever chooses while the school makes a new one is asked again: the reset stands."""
    made = reset(account(1)).password
    newer: list[str] = []

    def slow(password: str) -> str:
        if password == OWN:
            newer.append(reset(account(1)).password)
        return make_password(password)

    monkeypatch.setattr(storing, "hashed", slow)
    with pytest.raises(PasswordRefused) as error:
        passwords.choose(account=account(1).id, old=made, new=OWN, now=NOW)
    monkeypatch.undo()
    assert error.value.code == "changed_meanwhile"
    assert opens(account(1), newer[0])
    assert not opens(account(1), OWN)
    assert clean()


def test_a_return_to_the_first_school_shows_nothing_again() -> None:
    """R10: claimed and claimed back, the first password stays hidden; a withdrawn claim does not bring it back either."""
    made = reset(account(1)).password
    move()
    left = learner_row(1, start_date=JULY + DAY, leaving_date=JULY + DAY, year_group="7")
    deliver([learner_row(20, year_group="9"), left], school=SECONDARY, on=JULY + 2 * DAY)
    deliver([learner_row(n) for n in range(2, 7)] + [learner_row(1, start_date=JULY + 2 * DAY)], on=JULY + 2 * DAY)
    assert listed_holder(1) == PRIMARY
    assert state(account(1), school=PRIMARY) == "not held here"
    assert refused(show, account(1)) == "not_held_here"
    assert opens(account(1), made)
    assert clean(later=2)


def test_undoing_the_claim_hides_what_the_claiming_school_made() -> None:
    """R10: the school that loses the account by an undo made that password; the other one cannot show it."""
    reset(account(1))
    deliver([learner_row(n) for n in range(2, 7)] + [learner_row(1, leaving_date=JULY)], on=JULY + DAY)
    arrived = learner_row(1, start_date=JULY + DAY, year_group="7")
    run = deliver([learner_row(20, year_group="9"), arrived], school=SECONDARY, on=JULY + DAY)
    made = reset(account(1), school=SECONDARY).password
    then = NOW + DAY
    provisioning.undo(run_id=run, acting_user="root", on=JULY + DAY, now=then)
    assert listed_holder(1) != SECONDARY
    assert state(account(1), school=PRIMARY) == "not held here"
    deliver([learner_row(n) for n in range(1, 7)], on=JULY + 2 * DAY)
    assert listed_holder(1) == PRIMARY
    assert state(account(1), school=SECONDARY) == "not held here"
    assert opens(account(1), made)
    assert clean(later=2)


def listed_holder(number: int) -> str | None:
    (row,) = listed.find(upn=upn(number))
    return row.holder


def test_a_release_alone_leaves_it_to_the_last_school() -> None:
    """R30, R10: until another school claims; but the school no longer makes new ones for it."""
    made = reset(account(1)).password
    deliver([learner_row(n) for n in range(2, 7)] + [learner_row(1, leaving_date=JULY)], on=JULY + DAY)
    assert show(account(1)) == made
    assert refused(reset, account(1)) == "not_this_school"
    assert not opens(account(1), made)


def test_choosing_ends_what_was_made() -> None:
    """R10: for good; the old one stops, the state says so everywhere, and the log says it without a word of either."""
    made, one = reset(account(1)).password, account(1)
    passwords.choose(account=one.id, old=made, new=OWN, now=NOW)
    assert (opens(one, OWN), opens(one, made)) == (True, False)
    assert not FirstPassword.objects.exists()
    assert account(1).password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert {state(one), state(one, school=PRIMARY), state(one, school=SECONDARY)} == {"set by user"}
    assert refused(show, one) == "chosen"
    entry = Audit.objects.get(action="password chosen")
    assert (entry.actor, entry.account, entry.rule) == (str(one.id), one.id, "R10")
    assert not in_clear(OWN)
    move()
    assert state(one, school=SECONDARY) == "set by user"
    assert opens(one, OWN)
    passwords.choose(account=one.id, old=OWN, new="pedwar gair gwell", now=NOW)
    assert opens(one, "pedwar gair gwell")
    assert clean(later=1)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("wrong", OWN, "wrong_old"),
        (None, "elevenchars", "too_short"),
        (None, "x" * 129, "too_long"),
        (None, "Cyfrinair2018", "too_common"),
        (None, "reesb mali1 ni", "own_name"),
        (None, None, "same"),
    ],
)
def test_a_choice_that_is_not_taken_names_the_rule(old: str | None, new: str | None, code: str) -> None:
    """Nothing is changed, and the sentence stands in both languages."""
    made = reset(account(1)).password
    assert refused(passwords.choose, account=account(1).id, old=old or made, new=new or made, now=NOW) == code
    assert opens(account(1), made)


def test_those_who_may_not_choose_are_told_so() -> None:
    """By the school's or the nation's setting, by year; and an inactive account chooses nothing."""
    made = reset(account(1)).password
    put("passwords.choose.6", "no")
    assert refused(passwords.choose, account=account(1).id, old=made, new=OWN, now=NOW) == "may_not_choose"
    put(f"passwords.choose.6.{PRIMARY}", "yes")
    Account.objects.filter(upn=upn(1)).update(active=False)
    assert refused(passwords.choose, account=account(1).id, old=made, new=OWN, now=NOW) == "inactive"
    Account.objects.filter(upn=upn(1)).update(active=True)
    passwords.choose(account=account(1).id, old=made, new=OWN, now=NOW)
    unknown = uuid4()
    assert refused(passwords.choose, account=unknown, old=made, new=OWN, now=NOW) == "wrong_old"


def test_what_must_be_changed_at_the_next_sign_in() -> None:
    """R10: by staff always, by learners after a reset and only while they may choose."""
    one, adult = account(1), member()

    def must(who: Account, password: str) -> bool:
        found = passwords.identify(name=who.username, password=password)
        assert found is not None
        return found.must_change

    assert must(one, reset(one).password) is False
    again = reset(one)
    assert again.must_change is True
    assert must(one, again.password)
    put("passwords.choose.6", "no")
    assert must(one, again.password) is False
    assert reset(one).must_change is False
    theirs = reset(adult)
    assert must(adult, theirs.password)
    passwords.choose(account=adult.id, old=theirs.password, new=OWN, now=NOW)
    assert must(adult, OWN) is False


def test_a_typed_password_keeps_the_rules() -> None:
    """B10: refused by the rule's name, else kept and shown as a made one."""
    assert refused(reset, account(1), typed="short") == "too_short"
    assert refused(reset, account(1), typed="Mali1 a'r beic coch") == "own_name"
    made = reset(account(1), typed="beic coch newydd")
    assert made.password == "beic coch newydd"
    assert show(account(1)) == "beic coch newydd"
    assert Audit.objects.get(action="password reset").reason_code == "typed"


def test_no_school_touches_anothers_password() -> None:
    """I9: refused whole, whoever is among them, and an unknown account answers as another school's does."""
    reset(account(20), school=SECONDARY)
    deliver(
        [learner_row(n) for n in range(1, 7)] + [learner_row(20, enrolment_status="G", year_group="9")], on=JULY + DAY
    )
    assert refused(reset, account(1), school=SECONDARY) == "not_this_school"
    assert refused(show, account(1), school=SECONDARY) == "not_this_school"
    assert refused(reset, account(20)) == "guest"
    assert refused(show, account(20)) == "guest"
    mixed = [account(1).id, account(20).id]
    everybody: dict[str, Any] = {"school": PRIMARY, "acting_user": "x", "now": NOW}
    assert refused(passwords.reset_many, accounts=mixed, **everybody, everyone=True) == "guest"
    assert refused(passwords.slips, accounts=mixed, **everybody) == "guest"
    assert refused(passwords.show, account=uuid4(), **everybody) == "not_this_school"
    assert refused(passwords.reset, account=uuid4(), **everybody) == "not_this_school"


def test_every_look_is_in_the_log() -> None:
    """R42: on a page and on a slip, each with the account, in the school's own chain; a refusal shows nothing."""
    assert refused(show, account(1)) == "none"
    made = reset(account(1)).password
    assert show(account(1)) == made
    passwords.slips(accounts=[account(1).id, account(2).id], school=PRIMARY, acting_user="teacher", now=NOW)
    looks = Audit.objects.filter(action="password shown").order_by("seq")
    assert [(e.actor, e.reason_code, e.account, e.chain) for e in looks] == [
        ("champion", "page", account(1).id, PRIMARY),
        ("teacher", "slip", account(1).id, PRIMARY),
    ]
    entry = Audit.objects.get(action="password reset")
    assert '"shown":true' in entry.details
    assert FirstPassword.objects.get().shown_at == NOW
    assert clean()


def test_many_are_made_only_for_those_of_whom_nobody_has_one() -> None:
    """B10: by default those with none yet, and those of another school who have not signed in here."""
    kept, chosen = reset(account(1)).password, account(2)
    passwords.choose(account=chosen.id, old=reset(chosen).password, new=OWN, now=NOW)
    ids = [account(n).id for n in range(1, 7)]
    done = passwords.reset_many(accounts=ids, school=PRIMARY, acting_user="champion", now=NOW)
    assert set(done.made) == set(ids[2:])
    assert set(done.left) == set(ids[:2])
    assert show(account(1)) == kept
    assert opens(chosen, OWN)
    again = passwords.reset_many(accounts=ids, school=PRIMARY, acting_user="champion", now=NOW)
    assert again.made == ()
    all_ = passwords.reset_many(accounts=ids, school=PRIMARY, acting_user="champion", now=NOW, everyone=True)
    assert set(all_.made) == set(ids)
    assert not opens(chosen, OWN)
    assert account(2).password == ""
    printed = passwords.slips(accounts=ids[::-1], school=PRIMARY, acting_user="champion", now=NOW)
    assert [slip.account for slip in printed] == ids[::-1]
    assert all(slip.password and opens(Account.objects.get(id=slip.account), slip.password) for slip in printed)
    assert passwords.reset_many(accounts=[], school=PRIMARY, acting_user="x", now=NOW) == passwords.Many((), ())
    assert clean()


def test_a_newcomer_who_has_signed_in_here_is_left_alone() -> None:
    """R10: the old password still works, and is reset only if the learner does not know it."""
    made = reset(account(1)).password
    sign_in(account(1).id, now=NOW)
    move()
    ids = [account(1).id]
    later = NOW + 2 * DAY
    assert rows.of_school(SECONDARY)[account(1).id].never_signed_in_here
    sign_in(account(1).id, now=later)
    assert not rows.of_school(SECONDARY)[account(1).id].never_signed_in_here
    assert passwords.reset_many(accounts=ids, school=SECONDARY, acting_user="x", now=later).left == tuple(ids)
    assert opens(account(1), made)
    Account.objects.filter(upn=upn(1)).update(last_sign_in=None)
    assert passwords.reset_many(accounts=ids, school=SECONDARY, acting_user="x", now=later).made == tuple(ids)
    assert not opens(account(1), made)
    assert state(account(1), school=SECONDARY) == "visible"


def test_a_whole_school_costs_no_hash(computations: list[str]) -> None:
    """Many resets and slips are encrypted, not hashed."""
    ids = [row for row, found in rows.of_school(PRIMARY).items() if found.kind == "learner"]
    passwords.reset_many(accounts=ids, school=PRIMARY, acting_user="x", now=NOW)
    passwords.slips(accounts=ids, school=PRIMARY, acting_user="x", now=NOW)
    assert len(ids) == 6
    assert computations == []


def test_where_the_nation_says_once_a_password_is_shown_once() -> None:
    """R10: the making, the page or the slip was the time; it still works, and becomes a hash."""
    put("passwords.shown", "once")
    made = reset(account(1)).password
    assert state(account(1), school=PRIMARY) == "not held here"
    assert refused(show, account(1)) == "not_held_here"
    passwords.reset_many(accounts=[account(2).id], school=PRIMARY, acting_user="x", now=NOW)
    assert state(account(2), school=PRIMARY) == "visible"
    (first,) = passwords.slips(accounts=[account(2).id], school=PRIMARY, acting_user="x", now=NOW)
    (second,) = passwords.slips(accounts=[account(2).id], school=PRIMARY, acting_user="x", now=NOW)
    assert (first.state, second.state, second.password) == (PasswordState.VISIBLE, PasswordState.NOT_HELD_HERE, None)
    assert passwords.harden(now=NOW, limit=10) == 2
    assert opens(account(1), made)
    assert first.password is not None
    assert opens(account(2), first.password)
    assert clean()


@pytest.mark.parametrize(("language", "lists"), [("cy", ["cy"]), ("en", ["en"]), ("both", ["cy", "en"])])
def test_passwords_are_in_the_schools_language(language: str, lists: list[str]) -> None:
    """By the register; a school of both languages has both."""
    Establishment.objects.filter(dfes=PRIMARY).update(language=language)
    known = {word for name in lists for word in passphrases.words(name)}
    for _ in range(10):
        assert set(reset(account(1)).password.split("-")) <= known


def test_an_operators_reset_leaves_it_to_the_school_that_has_the_account() -> None:
    """`hwb account reset`: by any name the person has had; for someone outside schools nobody can show it again."""
    one = account(1)
    made = passwords.reset_named(username=f" {one.username.upper()} ", acting_user="root", now=NOW)
    assert show(one) == made.password
    adult = passwords.reset_named(username=member().username, acting_user="root", now=NOW)
    assert adult.must_change
    assert show(member()) == adult.password
    assert refused(passwords.reset_named, username="nobody", acting_user="root", now=NOW) == "unknown_username"
    official = Account.objects.create(
        id=uuid4(), kind="official", active=True, reason_rule="R1", reason_code="created", username="swyddogx",
        email="swyddogx@hwbcymru.net", legal_surname="X", legal_forename="Y", personal_digest=b"", created_at=NOW,
    )  # fmt: skip
    Identifier.objects.create(value="swyddogx", kind="username", account=official.id)
    theirs = passwords.reset_named(username="swyddogx", acting_user="root", now=NOW)
    assert opens(official, theirs.password)
    assert state(official) == "not held here"


def test_accounts_are_listed_with_the_state_that_the_asking_school_sees() -> None:
    """interfaces.md: visible, set by user, not held here, none."""
    reset(account(1))
    reset(account(2))
    passwords.choose(account=account(3).id, old=reset(account(3)).password, new=OWN, now=NOW)
    move(2)

    def words(**values: Any) -> dict[UUID, str]:
        return {UUID(row.id): row.password for row in listed.find(**values)}

    expected = {account(1).id: "visible", account(2).id: "not held here", account(3).id: "set by user"}
    found = words()
    assert {key: found[key] for key in expected} == expected
    assert set(found.values()) - set(expected.values()) == {"none"}
    assert words(school=PRIMARY)[account(1).id] == "visible"
    assert words(school=SECONDARY)[account(2).id] == "not held here"


def test_keys_are_rotated_by_command(settings: Any) -> None:
    """Everything is under the first key afterwards, and the old key may go; without it before, nothing can be read."""
    made = {number: reset(account(number)).password for number in (1, 2, 3)}
    derived = next(iter(passwords.keys_in_use()))
    first, second = new_key(), new_key()
    settings.HWB_PASSWORD_KEYS = [first]
    assert show(account(1)) == made[1]
    assert passwords.rotate(acting_user="root", now=NOW).moved == 3
    settings.HWB_PASSWORD_KEYS = [second, first]
    reset(account(4))
    assert sorted(passwords.keys_in_use().values()) == [0, 1, 3]
    done = passwords.rotate(acting_user="root", now=NOW)
    assert (done.moved, done.unreadable) == (3, 0)
    settings.HWB_PASSWORD_KEYS = [second]
    assert {number: show(account(number)) for number in made} == made
    assert passwords.keys_in_use() == {done.key: 4, derived: 0}
    assert clean()
    settings.HWB_PASSWORD_KEYS = []
    assert passwords.rotate(acting_user="root", now=NOW).unreadable == 4
    assert refused(show, account(1)) == "unreadable"
    (slip,) = passwords.slips(accounts=[account(1).id], school=PRIMARY, acting_user="x", now=NOW)
    assert (slip.state, slip.password) == (PasswordState.NOT_HELD_HERE, None)
    assert {breach.invariant for breach in verification.verify(on=JULY, deep=True).breaches} == {"R10"}
    assert verification.verify(on=JULY).breaches == ()


def test_a_key_that_is_none_stops_whatever_needs_it(settings: Any) -> None:
    """Named by its setting, and by a system check; never repeated."""
    settings.HWB_PASSWORD_KEYS = ["nonsense"]
    with pytest.raises(ImproperlyConfigured, match="HWB_PASSWORD_KEYS") as error:
        reset(account(1))
    assert "nonsense" not in str(error.value)


def test_keys_are_checked_before_anything_starts(settings: Any) -> None:
    """hwb.E004: a slip in one of them is found before it costs a password."""
    settings.HWB_PASSWORD_KEYS = [new_key(), "nonsense"]
    (error,) = checks.check_password_keys()
    assert (error.id, "nonsense" in error.msg) == ("hwb.E004", False)
    settings.HWB_PASSWORD_KEYS = [new_key(), new_key()]
    assert checks.check_password_keys() == []


def test_nothing_is_logged_of_a_password(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever happens: right, wrong, refused, unreadable."""
    caplog.set_level(logging.DEBUG)
    made = reset(account(1)).password
    opens(account(1), made)
    opens(account(1), "an-attempt-that-is-wrong")
    FirstPassword.objects.update(key_id="lost")
    opens(account(1), made)
    with pytest.raises(PasswordRefused) as error:
        passwords.choose(account=account(1).id, old="an-attempt-that-is-wrong", new=made, now=NOW)
    assert error.value.args == ("wrong_old",)
    for word in (made, "an-attempt-that-is-wrong"):
        assert word not in caplog.text


def test_switching_off_stops_every_password() -> None:
    """I4, R40: made and chosen alike, at once."""
    made = reset(account(1)).password
    accounts.deactivate(
        username=account(1).username, school=PRIMARY, reason="asked for", acting_user="x", now=NOW, on=JULY
    )
    assert not opens(account(1), made)
    assert check_password(OWN, make_password(OWN))
