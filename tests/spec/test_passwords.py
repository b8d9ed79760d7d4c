"""Rules about passwords, sentence by sentence (R10)."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest
from tests.support.people import PRIMARY, SECONDARY

from hwb.lifecycle.calendar import YEAR_GROUPS
from hwb.lifecycle.passwords import (
    MADE_FOR,
    Made,
    PasswordFacts,
    PasswordPolicy,
    PasswordState,
    Place,
    Weakness,
    may_choose,
    must_change,
    prepared,
    schools_of,
    state,
    weakness,
)

VISIBLE, CHOSEN = PasswordState.VISIBLE, PasswordState.CHOSEN
NOT_HELD_HERE, NONE = PasswordState.NOT_HELD_HERE, PasswordState.NONE
HELD = frozenset({PRIMARY})
COMMON = frozenset({"password", "cyfrinair", "hwbcymru", "dragon"})


def test_r10_the_school_that_made_it_can_show_it() -> None:
    """R10: A first password can be shown by the school that made it, and by no other."""
    facts = PasswordFacts(made=Made(PRIMARY), schools=HELD)
    assert state(facts) is state(facts, school=PRIMARY) is VISIBLE
    assert state(facts, school=SECONDARY) is NOT_HELD_HERE


def test_r10_a_claim_hides_it() -> None:
    """R10: On a claim by another school the first password is no longer visible in the portal."""
    claimed = PasswordFacts(made=Made(PRIMARY), schools=frozenset({SECONDARY}))
    assert {state(claimed), state(claimed, school=PRIMARY), state(claimed, school=SECONDARY)} == {NOT_HELD_HERE}


def test_r10_and_it_stays_hidden() -> None:
    """R10: What a claim has hidden stays so, also when the learner comes back to the school that made it."""
    back = PasswordFacts(made=Made(PRIMARY, hidden=True), schools=HELD)
    assert state(back) is state(back, school=PRIMARY) is NOT_HELD_HERE


def test_r10_a_release_alone_hides_nothing() -> None:
    """R10: A release alone hides nothing: until another school claims, the last school still has the password."""
    left = schools_of([Place(SECONDARY, "holding", date(2017, 7, 1)), Place(PRIMARY, "holding", date(2018, 7, 1))])
    assert left == HELD
    assert state(PasswordFacts(made=Made(PRIMARY), schools=left), school=PRIMARY) is VISIBLE


def test_r10_choosing_ends_it() -> None:
    """R10: A visible first password ends for good when the learner chooses their own, wherever one looks from."""
    facts = PasswordFacts(chosen=True, schools=HELD)
    assert {state(facts, school=school) for school in (None, PRIMARY, SECONDARY)} == {CHOSEN}


def test_r10_none_yet() -> None:
    """R10: Before one is made there is none yet."""
    assert state(PasswordFacts(schools=HELD)) is NONE


def test_r10_the_state_is_total() -> None:
    """R10: Every combination of facts has exactly one state; only the school that made it and has the account shows."""
    made = [None, *(Made(school, hidden) for school in ("", PRIMARY, SECONDARY) for hidden in (False, True))]
    schools = [frozenset[str](), HELD, frozenset({SECONDARY}), frozenset({PRIMARY, SECONDARY})]
    for chosen, one, having, viewer in product([False, True], made, schools, [None, PRIMARY, SECONDARY]):
        found = state(PasswordFacts(chosen, one, having), school=viewer)
        shows = one is not None and not one.hidden and one.school in having and viewer in (None, one.school)
        assert (found is VISIBLE) == shows
        assert (found in (CHOSEN, NONE)) == (one is None)


def test_r10_a_guest_school_has_no_password() -> None:
    """R10: A school where the learner is only a guest does not have the account."""
    assert schools_of([Place(PRIMARY, "holding"), Place(SECONDARY, "guest")]) == HELD
    assert schools_of([Place(SECONDARY, "guest")]) == frozenset()
    assert schools_of([Place(PRIMARY, "post"), Place(SECONDARY, "post")]) == {PRIMARY, SECONDARY}


@pytest.mark.parametrize("year_group", YEAR_GROUPS)
def test_r10_who_may_choose(year_group: str) -> None:
    """R10: Learners choose their own from Year 3 on; a school or the nation may say otherwise by year, the school first."""
    young = year_group in MADE_FOR
    no, yes = ("", year_group), (PRIMARY, year_group)

    def may(**choosing: bool) -> bool:
        policy = PasswordPolicy(choosing={{"no": no, "yes": yes}[key]: value for key, value in choosing.items()})
        return may_choose(kind="learner", year_group=year_group, school=PRIMARY, policy=policy)

    assert may() is not young
    assert may(no=False) is False
    assert may(no=False, yes=True) is not young
    assert may(no=True, yes=False) is False
    assert young == (year_group in {"N1", "N2", "R", "1", "2"})


def test_r10_adults_always_may_and_must() -> None:
    """R10: Staff always choose their own: a made one must be changed at the next sign-in."""
    policy = PasswordPolicy(choosing={("", ""): False, (PRIMARY, ""): False})
    for kind in ("staff", "official"):
        assert may_choose(kind=kind, year_group="", school=PRIMARY, policy=policy)
        assert must_change(kind=kind, may_choose=True, first=True)


@pytest.mark.parametrize(
    ("allowed", "first", "must"),
    [(True, False, True), (True, True, False), (False, False, False), (False, True, False)],
)
def test_r10_after_a_reset(allowed: bool, first: bool, must: bool) -> None:
    """R10: After a reset learners who may choose must, at the next sign-in; a very first one stays as long as they like."""
    assert must_change(kind="learner", may_choose=allowed, first=first) is must


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("elevenchars", Weakness.SHORT),
        ("twelve chars", None),
        ("x" * 129, Weakness.LONG),
        ("Password1234", Weakness.COMMON),
        ("P@$$w0rd 2018!", Weakness.COMMON),
        ("12 Cyfrinair!!", Weakness.COMMON),
        ("dragon123456", Weakness.COMMON),
        ("catdogcatdog", Weakness.COMMON),
        ("aaabbbaaabbb", Weakness.COMMON),
        ("20180702150000", Weakness.COMMON),
        ("qwertyuiopas", Weakness.COMMON),
        ("lkjihgfedcba", Weakness.COMMON),
        ("my-sian-is-best", Weakness.PERSONAL),
        ("GLAN-Ŵyndham-9", Weakness.PERSONAL),
        ("wyndhams1 is me", Weakness.PERSONAL),
        ("garlleg-tonnau-pensil", None),
        ("mae'r gath yn yr ardd", None),
    ],
)
def test_r10_what_is_good_enough(password: str, why: Weakness | None) -> None:
    """R10: A chosen password has 12 characters or more, is not well known or easily guessed, and not one's own name."""
    assert weakness(password, names=("wyndhams1", "Ŵyndham", "Siân", "Jo"), common=COMMON) is why


def test_r10_letters_are_compared_as_people_see_them() -> None:
    """R10: A letter with its accent is the same password however the keyboard sends it, and nothing breaks it."""
    assert prepared("a\u0302") == prepared("â")
    assert prepared("\ud800x").endswith("x")
