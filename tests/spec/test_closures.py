"""A school's end (R43), sentence by sentence."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.support.nation import Nation
from tests.support.people import OTHER, PRIMARY, SECONDARY, learner, upn

from hwb.extract.records import Problem, Refused
from hwb.lifecycle.facts import WaitCause

JULY, SEPTEMBER = date(2018, 7, 2), date(2018, 9, 3)
MALI = upn(1)


@pytest.fixture
def nation() -> Nation:
    nation = Nation()
    nation.run(PRIMARY, [learner(1), learner(2)], on=JULY)
    nation.run(SECONDARY, [learner(9)], on=JULY)
    return nation


def test_r43_the_successor_has_the_words_and_the_accounts(nation: Nation) -> None:
    """R43: When a school closes, its newest records become the newest snapshot of its registered successor."""
    nation.close(PRIMARY, SECONDARY, on=JULY)
    assert (nation.holder(MALI), nation.of(MALI).active, nation.of(MALI).reason.rule) == (SECONDARY, True, "R43")
    assert {school for school, _ in nation.words} == {SECONDARY}


def test_r43_missing_is_not_leaving_at_a_closing_school(nation: Nation) -> None:
    """R43, R32: Who is missing when the school closes is missing at its successor, which holds the account."""
    nation.run(PRIMARY, [learner(2)], on=JULY)
    nation.close(PRIMARY, SECONDARY, on=JULY)
    assert (nation.holder(MALI), nation.of(MALI).active, nation.missing(SECONDARY)) == (SECONDARY, True, {MALI})


def test_r43_refused_is_not_leaving_at_a_closing_school(nation: Nation) -> None:
    """R43, R8: The account of a refused record is not released by the end of its school: the successor holds it."""
    wrong = Refused("learner", "row 1", (Problem("L02", "row 1", "start_date", "X"),), upn=MALI)
    nation.run(PRIMARY, [learner(2)], on=JULY, refused=(wrong,))
    nation.close(PRIMARY, SECONDARY, on=JULY)
    assert (nation.holder(MALI), nation.of(MALI).active) == (SECONDARY, True)


def test_r43_without_a_successor_no_record_waits_to_be_put_right(nation: Nation) -> None:
    """R43, R32: Without a successor its people count as missing with their departure confirmed, refused ones too."""
    wrong = Refused("learner", "row 1", (Problem("L02", "row 1", "start_date", "X"),), upn=MALI)
    nation.run(PRIMARY, [learner(2)], on=JULY, refused=(wrong,))
    nation.close(PRIMARY, None, on=JULY)
    word = nation.words[PRIMARY, MALI]
    assert (word.refused, word.missing_since) == (False, JULY)
    assert nation.holder(MALI) is None


@pytest.mark.parametrize(
    "values",
    [{"leaving_date": date(2018, 6, 1)}, {"start_date": SEPTEMBER}, {"enrolment_status": "G"}],
    ids=["was there before", "expected there", "guest there"],
)
def test_r43_an_earlier_record_at_the_successor(nation: Nation, values: dict[str, object]) -> None:
    """R43: Who was at the successor before, is expected or a guest there, keeps the account when the school closes."""
    nation.run(SECONDARY, [learner(9), learner(1, **values)], on=JULY)
    nation.close(PRIMARY, SECONDARY, on=JULY)
    assert (nation.holder(MALI), nation.of(MALI).active) == (SECONDARY, True)
    assert nation.of(MALI).guests == frozenset()


def test_r43_an_older_absence_does_not_shorten_the_waiting(nation: Nation) -> None:
    """R43, R32: The days of who is missing at the successor count from its own run, not from the closed school's."""
    nation.run(SECONDARY, [learner(9), learner(1)], on=JULY)
    nation.run(PRIMARY, [learner(2)], on=JULY)  # missing, and in the week after it the next school's
    nation.day(later := JULY + timedelta(days=8))
    nation.run(SECONDARY, [learner(9)], on=later)
    nation.run(OTHER, [learner(1)], on=later)
    assert nation.holder(MALI) == SECONDARY
    nation.close(PRIMARY, SECONDARY, on=later)
    assert nation.holder(MALI) == SECONDARY
    assert nation.words[SECONDARY, MALI].missing_since == later


def test_r43_a_wait_elsewhere_does_not_overtake_the_successor(nation: Nation) -> None:
    """R43, R5: The successor has what the closed school held; who waited for it goes on waiting."""
    nation.run(OTHER, [learner(1, start_date=date(2016, 9, 1))], on=JULY)
    nation.close(PRIMARY, SECONDARY, on=JULY)
    assert nation.holder(MALI) == SECONDARY
    assert nation.waits == {(OTHER, MALI): WaitCause.RELEASE}


def test_r43_another_child_at_the_successor_gets_nothing(nation: Nation) -> None:
    """R43, R4: A UPN that the successor has on another child does not hand the account to that child."""
    other = learner(1, legal_surname="Someone", legal_forename="Else", birth_date=date(2006, 5, 5))
    nation.run(SECONDARY, [learner(9), other], on=JULY)
    nation.close(PRIMARY, SECONDARY, on=JULY)
    assert (nation.holder(MALI), nation.of(MALI).details.legal_surname) == (None, "Reesb")
    assert nation.waits == {(SECONDARY, MALI): WaitCause.IDENTITY}


def test_r43_without_a_successor_everybody_is_let_go(nation: Nation) -> None:
    """R43, R32: Without a successor its people count as missing with their departure confirmed."""
    nation.run(OTHER, [learner(2)], on=JULY)
    nation.close(PRIMARY, None, on=JULY)
    assert (nation.holder(MALI), nation.of(MALI).active) == (None, False)
    assert nation.holder(upn(2)) == OTHER


def test_r43_a_closed_school_claims_nobody(nation: Nation) -> None:
    """R43: Who waited at a school that closed without a successor waits there no more, and is never claimed by it."""
    nation.run(PRIMARY, [learner(1), learner(2), learner(9)], on=JULY)
    assert nation.waits == {(PRIMARY, upn(9)): WaitCause.RELEASE}
    nation.close(PRIMARY, None, on=JULY)
    assert nation.waits == {}
    nation.run(SECONDARY, [learner(9, leaving_date=date(2018, 7, 1))], on=JULY)
    assert nation.holder(upn(9)) is None
