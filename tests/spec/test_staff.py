"""Rules about staff (R21–R24, R31, R32)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.support.nation import Nation
from tests.support.people import PRIMARY, SECONDARY, staff

JULY, SEPTEMBER = date(2018, 7, 2), date(2018, 9, 3)


@pytest.fixture
def nation() -> Nation:
    nation = Nation()
    nation.run(PRIMARY, on=JULY, staff=[staff("RJ", mis_id="5"), staff("AB")])
    return nation


def test_r22_new_account_at_each_school(nation: Nation) -> None:
    """R22: On roll without an account at this school gets a new account, even if they had one at another school."""
    nation.run(SECONDARY, on=JULY, staff=[staff("RJ", mis_id="5")])
    assert nation.staff_account(SECONDARY, "RJ").id != nation.staff_account(PRIMARY, "RJ").id


def test_r21_mis_id_first(nation: Nation) -> None:
    """R21: Within a school a staff member is recognised by MIS person id."""
    before = nation.staff_account(PRIMARY, "RJ").id
    nation.run(PRIMARY, on=JULY, staff=[staff("RX", mis_id="5", legal_forename="Rhianrj"), staff("AB")])
    assert nation.staff_account(PRIMARY, "RX").id == before
    assert len(nation.accounts) == 2


def test_r21_a_mis_that_numbers_people_anew_swaps_no_accounts() -> None:
    """R21: An id of another MIS leads to nobody whose surname and forename both differ."""
    nation = Nation()
    nation.run(PRIMARY, on=JULY, staff=[staff("AB", mis_id="1"), staff("CD", mis_id="2")])
    before = {account.id: account.details for account in nation.accounts.values()}
    nation.run(PRIMARY, on=JULY, staff=[staff("AB", mis_id="2"), staff("CD", mis_id="1")])
    assert {id_: nation.accounts[id_].details for id_ in before} == before


@pytest.mark.parametrize("key", ["mis_id", "employee_number"])
def test_r21_a_common_birth_date_lets_both_names_change(key: str) -> None:
    """R21: The same id and birth date are the same person, whatever the names."""
    nation = Nation()
    nation.run(PRIMARY, on=JULY, staff=[staff("AB", birth_date=date(1980, 1, 1), **{key: "1"})])
    nation.run(PRIMARY, on=JULY, staff=[staff("XY", birth_date=date(1980, 1, 1), **{key: "1"})])
    assert len(nation.accounts) == 1


def test_r21_reused_initials() -> None:
    """R21: A code seen again after its owner left is a different person."""
    nation = Nation()
    nation.run(PRIMARY, on=JULY, staff=[staff("AB", leaving_date=date(2018, 7, 20))])
    nation.day(SEPTEMBER)
    nation.run(PRIMARY, on=SEPTEMBER, staff=[staff("AB", start_date=SEPTEMBER)])
    assert len(nation.accounts) == 2
    assert sorted(account.active for account in nation.accounts.values()) == [False, True]


@pytest.mark.parametrize("key", [{"employee_number": "E1"}, {"birth_date": date(1980, 1, 1)}])
def test_r21_unless_the_number_or_birth_date_says_otherwise(key: dict[str, object]) -> None:
    """R21: … unless the employee number or the birth date says otherwise. R23: returning reactivates."""
    nation = Nation()
    nation.run(PRIMARY, on=JULY, staff=[staff("AB", leaving_date=date(2018, 7, 20), **key)])
    nation.day(SEPTEMBER)
    assert not nation.staff_account(PRIMARY, "AB").active
    plan = nation.run(PRIMARY, on=SEPTEMBER, staff=[staff("AB", start_date=SEPTEMBER, **key)])
    assert len(nation.accounts) == 1
    assert nation.staff_account(PRIMARY, "AB").active
    assert plan.counts.reactivated == 1


def test_r21_a_code_taken_by_somebody_else_while_its_owner_is_absent(nation: Nation) -> None:
    """R21: Another person with the code of somebody absent is not given that person's account."""
    other = staff("AB", legal_surname="Bowen", legal_forename="Alun")
    nation.run(PRIMARY, on=JULY, staff=[staff("RJ", mis_id="5"), other])
    assert len(nation.accounts) == 3


def test_r21_initials_given_again_within_a_family_name(nation: Nation) -> None:
    """R21: Another forename and another first day under one code are another person, also of the same surname."""
    other = staff("AB", legal_forename="Alun", start_date=date(2018, 6, 4))
    nation.run(PRIMARY, on=JULY, staff=[staff("RJ", mis_id="5"), other])
    assert len(nation.accounts) == 3


@pytest.mark.parametrize(("leaving", "active"), [(date(2018, 7, 1), False), (date(2018, 7, 2), True)])
def test_r23_leaving(nation: Nation, leaving: date, active: bool) -> None:
    """R23: A passed leaving date releases the staff account: inactive."""
    nation.run(PRIMARY, on=JULY, staff=[staff("RJ", mis_id="5", leaving_date=leaving), staff("AB")])
    assert nation.staff_account(PRIMARY, "RJ").active is active


def test_r3_staff_start_in_the_future(nation: Nation) -> None:
    """R3: A start date in the future takes effect on its day, without a further run."""
    nation.run(PRIMARY, on=JULY, staff=[staff("RJ", mis_id="5"), staff("AB"), staff("ZZ", start_date=SEPTEMBER)])
    assert len(nation.accounts) == 2
    nation.day(SEPTEMBER)
    assert nation.staff_account(PRIMARY, "ZZ").active


def test_r32_missing_staff_keep_their_account(nation: Nation) -> None:
    """R32: Missing is not leaving, for staff too."""
    plan = nation.run(PRIMARY, on=JULY, staff=[staff("RJ", mis_id="5")])
    assert plan.counts.missing == 1
    assert nation.staff_account(PRIMARY, "AB").active


@pytest.mark.parametrize("order", [(PRIMARY, SECONDARY), (SECONDARY, PRIMARY)])
def test_r24_active_while_any_post_is_current(nation: Nation, order: tuple[str, str]) -> None:
    """R24: A consolidated account has several posts and is active while any of them is current."""
    nation.run(SECONDARY, on=JULY, staff=[staff("AB")])
    account = nation.staff_account(PRIMARY, "AB")
    nation.accounts[account.id] = replace(account, posts=frozenset(order), schools=frozenset(order))
    nation.staff = {
        id_: (entry, account.id if entry.school == SECONDARY else owner) for id_, (entry, owner) in nation.staff.items()
    }
    for school, active in zip(order, (True, False), strict=True):
        stays = [staff("RJ", mis_id="5")] if school == PRIMARY else []
        nation.run(school, on=SEPTEMBER, staff=[staff("AB", leaving_date=date(2018, 7, 20)), *stays])
        assert nation.accounts[account.id].active is active


def test_undo_of_new_staff(nation: Nation) -> None:
    """Undo: staff whom only the withdrawn snapshot brought are let go at once."""
    nation.run(PRIMARY, on=JULY, staff=[staff("RJ", mis_id="5"), staff("AB"), staff("CD")])
    created = nation.staff_account(PRIMARY, "CD").id
    nation.undo(PRIMARY, on=JULY)
    assert not nation.accounts[created].active
