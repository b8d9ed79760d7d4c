"""What happens to single people in September. Each changes a MIS, and returns how it is checked and told later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from hwb.demo import people
from hwb.demo.authority import BRYN, CWM, DDOL, GLAN_AFON, HEOL, TAN_YR_ALLT
from hwb.demo.stage import YEAR, Stage, must
from hwb.extract.texts import N_

Check = Callable[[], None]
AUGUST_END = date(YEAR, 8, 31)
TEMPORARY, LATER = people.upn(CWM, 7, year=26, temporary=True), people.upn(CWM, 711, year=26)


def change_a_name(stage: Stage) -> Check:
    """R34: a name change in the MIS changes the displayed name; username and e-mail address stay."""
    school = stage.school(GLAN_AFON)
    record = school.in_year("9")[1]
    before = stage.account(record.upn)
    school.change(record.upn, legal_surname="Llwyd-Ŵyn" if record.legal_surname != "Llwyd-Ŵyn" else "Ŵyn")

    def check() -> None:
        after = stage.account(record.upn)
        must(after.display_name != before.display_name, "R34", after.display_name)
        must((after.id, after.username, after.email) == (before.id, before.username, before.email), "R34", after.email)
        stage.tell.say(N_("A name has changed, the username stays (R34): {username}. Before: {before}. Now: {after}"),
                       before=before.display_name, after=after.display_name, username=after.username)  # fmt: skip

    return check


def arrive_with_a_temporary_upn(stage: Stage) -> Check:
    """R8: a newcomer from England has a temporary UPN, which is accepted and flagged."""
    school = stage.school(CWM)
    record = people.learner(school, TEMPORARY, "9", year=YEAR, chance=stage.chance)
    school.learners.append(replace(record, start_date=date(YEAR, *people.FIRST_DAY)))

    def check() -> None:
        account = stage.account(TEMPORARY)
        must((account.state, account.holder) == ("active", CWM), "R8", account.state, account.holder)
        stage.tell.say(N_("A newcomer has an account under a temporary UPN (R8). Account: {name}"),
                       name=account.display_name)  # fmt: skip

    return check


def mistype_a_upn(stage: Stage) -> Check:
    """R8: a record with a wrong check letter is refused, and its learner's account is left as it is."""
    school = stage.school(CWM)
    record = school.in_year("10")[0]
    before = stage.account(record.upn)
    wrong = people.mistyped(record.upn)
    school.change(record.upn, upn=wrong)

    def check() -> None:
        must(stage.account(record.upn) == before, "R8", before.username)
        must(not stage.has_account(wrong), "R8", wrong)
        stage.tell.say(N_("A wrong check letter: record refused, account left as it is (R8). Account: {name}"),
                       name=before.display_name)  # fmt: skip

    return check


def move_a_teacher(stage: Stage) -> Check:
    """R22, R23: somebody who moves gets a new account at the new school; the one at the old school is released."""
    old_school, new_school = stage.school(BRYN), stage.school(HEOL)
    record = old_school.staff[6]
    new = people.member(new_school, start=date(YEAR, 9, 1), chance=stage.chance)
    new = replace(new, legal_surname=record.legal_surname, legal_forename=record.legal_forename, role="Teacher")
    old_school.change_staff(record.staff_code, leaving_date=AUGUST_END)
    new_school.staff.append(new)

    def check() -> None:
        (old,), (now,) = stage.staff(old_school, record.staff_code), stage.staff(new_school, new.staff_code)
        must(old.state == "inactive", "R23", old.state)
        must(now.state == "active" and now.id != old.id and now.username != old.username, "R22", now.username)
        stage.tell.say(N_("A teacher has moved: released at the old school, a new account at the new one (R22). "
                          "Before: {before}. Now: {after}"), before=old.username, after=now.username)  # fmt: skip

    return check


def use_initials_again(stage: Stage) -> Check:
    """R21: a staff code seen again after its owner left is a different person."""
    school = stage.school(GLAN_AFON)
    gone = school.staff[5]
    new = people.member(school, code=gone.staff_code, start=date(YEAR, 9, 1), chance=stage.chance)
    while new.legal_surname == gone.legal_surname or new.legal_forename == gone.legal_forename:
        new = people.member(school, code=gone.staff_code, start=date(YEAR, 9, 1), chance=stage.chance)
    school.change_staff(gone.staff_code, leaving_date=AUGUST_END)
    school.staff.append(new)

    def check() -> None:
        first, second = stage.staff(school, gone.staff_code)
        must((first.state, second.state) == ("inactive", "active"), "R21", first.state, second.state)
        must(second.display_name != first.display_name and second.username != first.username, "R21", second.username)
        stage.tell.say(N_("A staff code is used again, by somebody else with an account of their own (R21). "
                          "Code: {code}. Before: {before}. Now: {after}"),
                       code=gone.staff_code, before=first.display_name, after=second.display_name)  # fmt: skip

    return check


def move_house(stage: Stage) -> Check:
    """R4: a learner moves from one primary to another, and the account goes with them."""
    old_school, new_school = stage.school(DDOL), stage.school(HEOL)
    record = old_school.in_year("4")[2]
    before = stage.account(record.upn)
    old_school.change(record.upn, leaving_date=AUGUST_END, year_group="3")
    people.admit(new_school, record, "4", year=YEAR, chance=stage.chance)

    def check() -> None:
        after = stage.account(record.upn)
        must((after.holder, after.state) == (HEOL, "active"), "R4", after.holder, after.state)
        must((after.id, after.username, after.email) == (before.id, before.username, before.email), "R4", after.email)
        stage.tell.say(N_("A learner has moved house: the same account at the new school (R4). Account: {name}"),
                       name=after.display_name)  # fmt: skip

    return check


def leave_wales(stage: Stage) -> Check:
    """R11: a learner who leaves and is admitted nowhere in Wales stays inactive, and keeps the account."""
    school = stage.school(BRYN)
    record = school.in_year("5")[0]
    school.change(record.upn, leaving_date=AUGUST_END, year_group="4")

    def check() -> None:
        account = stage.account(record.upn)
        must((account.holder, account.state) == (None, "inactive"), "R11", account.holder, account.state)
        stage.tell.say(N_("A learner has left Wales: inactive, and kept for a return (R11). Account: {name}"),
                       name=account.display_name)  # fmt: skip

    return check


def vanish(stage: Stage) -> Check:
    """R32: a learner who is not in the file and has no leaving date is missing, and loses nothing."""
    school = stage.school(TAN_YR_ALLT)
    record = school.in_year("3")[0]
    school.learners.remove(record)

    def check() -> None:
        account = stage.account(record.upn)
        must((account.holder, account.state) == (TAN_YR_ALLT, "active"), "R32", account.holder, account.state)
        stage.tell.say(N_("A learner is missing from a file: nothing is taken away, the school is asked (R32). "
                          "Account: {name}"), name=account.display_name)  # fmt: skip

    return check


def leave_with_a_grace(stage: Stage) -> Check:
    """R39: leavers of year 13 are released, and may sign in until the grace ends."""
    school = stage.school(GLAN_AFON)
    leavers = [record for record in school.learners if record.year_group == "13" and record.leaving_date is not None]

    def check() -> None:
        seen = {(account.state, account.holder) for account in (stage.account(record.upn) for record in leavers)}
        must(leavers and seen == {("active", None)}, "R39", seen)
        stage.tell.say(N_("Year 13 has left, is held by no school, and signs in until 30 September (R39). "
                          "Accounts: {number}"), number=len(leavers))  # fmt: skip

    return check


ALL = (
    change_a_name, arrive_with_a_temporary_upn, mistype_a_upn, move_a_teacher, use_initials_again, move_house,
    leave_wales, vanish, leave_with_a_grace,
)  # fmt: skip
