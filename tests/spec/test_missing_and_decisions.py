"""Rules for everyone: missing people, decisions, grace, refusals, undo (R8, R31, R32, R39, Undo)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.support.nation import Nation
from tests.support.people import OTHER, PRIMARY, SECONDARY, learner, staff, upn

from hwb.extract.records import Problem, Refused
from hwb.lifecycle.facts import DecisionKind, WaitCause
from hwb.lifecycle.policy import Grace, Policy

JULY, LEAVING, SEPTEMBER = date(2018, 7, 2), date(2018, 7, 20), date(2018, 9, 3)
MALI = upn(1)


def refused(**values: str) -> Refused:
    return Refused("learner", "row 2", (Problem("L02", "row 2", "upn", "X"),), **values)  # type: ignore[arg-type]


@pytest.fixture
def nation() -> Nation:
    nation = Nation(phases={PRIMARY: "primary", SECONDARY: "secondary"})
    nation.run(PRIMARY, [learner(1, mis_id="17"), learner(2)], on=JULY)
    return nation


def test_r32_missing_is_not_leaving(nation: Nation) -> None:
    """R32: A held person absent from the newest full snapshot and without a leaving date is missing: nothing changes."""
    plan = nation.run(PRIMARY, [learner(2)], on=JULY)
    assert nation.missing(PRIMARY) == {MALI}
    assert plan.counts.missing == 1
    assert nation.of(MALI).active
    assert nation.run(PRIMARY, [learner(2)], on=SEPTEMBER).counts.missing == 1


@pytest.mark.parametrize(("on", "holder"), [(date(2018, 7, 8), PRIMARY), (date(2018, 7, 9), SECONDARY)])
def test_r32_seven_days(nation: Nation, on: date, holder: str) -> None:
    """R32: After 7 days missing another school's on-roll record may claim, if birth date and surname both agree."""
    nation.run(PRIMARY, [learner(2)], on=JULY)
    nation.run(SECONDARY, [learner(1)], on=on)
    assert nation.holder(MALI) == holder


def test_r32_takes_effect_on_its_day(nation: Nation) -> None:
    """R32, R3: A wait for a missing learner completes on the seventh day without a further run."""
    nation.run(PRIMARY, [learner(2)], on=JULY)
    nation.run(SECONDARY, [learner(1)], on=JULY)
    nation.day(date(2018, 7, 9))
    assert nation.holder(MALI) == SECONDARY


@pytest.mark.parametrize("values", [{"legal_surname": "Newname"}, {"birth_date": date(2006, 5, 5)}])
def test_r32_both_must_agree(nation: Nation, values: dict[str, object]) -> None:
    """R32: Only if birth date and surname both agree."""
    nation.run(PRIMARY, [learner(2)], on=JULY)
    nation.run(SECONDARY, [learner(1, **values)], on=SEPTEMBER)
    assert nation.holder(MALI) == PRIMARY


def test_r32_confirmed_departure_releases(nation: Nation) -> None:
    """R32: A Digital Champion's confirmation that a missing person left releases at once; another school may claim."""
    nation.run(PRIMARY, [learner(2)], on=JULY)
    nation.run(SECONDARY, [learner(1)], on=JULY)
    nation.left(MALI, school=PRIMARY, on=JULY)
    assert nation.holder(MALI) == SECONDARY


def test_r32_a_confirmation_taken_back(nation: Nation) -> None:
    """R32, R31: A departure confirmed wrongly and taken back: the account is the school's again at once, still missing."""
    nation.run(PRIMARY, [learner(2)], on=JULY)
    nation.left(MALI, school=PRIMARY, on=JULY)
    assert (nation.holder(MALI), nation.of(MALI).active) == (None, False)
    nation.still_here(MALI, school=PRIMARY, on=JULY)
    assert (nation.holder(MALI), nation.of(MALI).active) == (PRIMARY, True)
    assert (nation.missing(PRIMARY), nation.of(MALI).reason.rule) == ({MALI}, "R32")
    assert all(plan.changes == () for plan in nation.day(JULY))


def test_r32_a_confirmation_taken_back_switches_nothing_on(nation: Nation) -> None:
    """R32, R31: Taking back a departure ends no suspension: the school holds the account again, inactive."""
    nation.run(PRIMARY, [learner(2)], on=JULY)
    nation.left(MALI, school=PRIMARY, on=JULY)
    nation.decide(nation.of(MALI).id, DecisionKind.SUSPENDED, school=None, on=JULY)
    nation.still_here(MALI, school=PRIMARY, on=JULY)
    assert (nation.holder(MALI), nation.of(MALI).active) == (PRIMARY, False)


def test_r32_refused_is_not_missing(nation: Nation) -> None:
    """R8, R32: A refused record is not missing: the account is left exactly as it is."""
    plan = nation.run(PRIMARY, [learner(2)], on=JULY, refused=(refused(mis_id="17"),))
    assert nation.missing(PRIMARY) == set()
    assert plan.counts.refused == 1
    assert nation.of(MALI).active
    nation.run(SECONDARY, [learner(1)], on=SEPTEMBER)
    assert nation.holder(MALI) == PRIMARY


def test_r32_untied_refusal_blocks_claims(nation: Nation) -> None:
    """R32: While a refused record cannot be tied to a known person, nobody newly absent becomes claimable."""
    nation.run(PRIMARY, [learner(2)], on=JULY, refused=(refused(legal_surname="Who"),))
    nation.run(SECONDARY, [learner(1)], on=SEPTEMBER)
    assert nation.holder(MALI) == PRIMARY
    nation.run(PRIMARY, [learner(2)], on=SEPTEMBER)
    assert nation.holder(MALI) == SECONDARY


def test_r32_a_refused_record_of_somebody_present_is_somebody_elses(nation: Nation) -> None:
    """R32: A refused record that points only at a person who has a usable one too can be anybody's."""
    wrong = refused(legal_surname="Who", mis_id="18")
    nation.run(PRIMARY, [learner(2, mis_id="18")], on=JULY, refused=(wrong,))
    nation.run(SECONDARY, [learner(1)], on=SEPTEMBER)
    assert nation.holder(MALI) == PRIMARY


def test_r31_deactivation_outlives_runs(nation: Nation) -> None:
    """R31: A manual deactivation outlives runs of the same school."""
    nation.decide(nation.of(MALI).id, DecisionKind.DEACTIVATED, school=PRIMARY, on=JULY)
    nation.run(PRIMARY, [learner(1, mis_id="17", year_group="7"), learner(2)], on=SEPTEMBER)
    assert not nation.of(MALI).active
    assert nation.holder(MALI) == PRIMARY
    nation.end_decisions(nation.of(MALI).id, DecisionKind.DEACTIVATED, on=SEPTEMBER)
    assert nation.of(MALI).active


@pytest.mark.parametrize(
    ("kind", "active"),
    [(DecisionKind.DEACTIVATED, True), (DecisionKind.SAFETY, False), (DecisionKind.SUSPENDED, False)],
)
def test_r31_claim_by_another_school(nation: Nation, kind: DecisionKind, active: bool) -> None:
    """R31: A claim by another school ends a deactivation, unless made for safety; a suspension only support ends."""
    school = None if kind is DecisionKind.SUSPENDED else PRIMARY
    nation.decide(nation.of(MALI).id, kind, school=school, on=JULY)
    nation.run(PRIMARY, [learner(1, mis_id="17", leaving_date=LEAVING), learner(2)], on=SEPTEMBER)
    nation.run(SECONDARY, [learner(1)], on=SEPTEMBER)
    assert nation.holder(MALI) == SECONDARY
    assert nation.of(MALI).active is active


def test_r31_blocks_reactivation_by_the_same_school(nation: Nation) -> None:
    """R31: Of an account already released it is recorded and blocks that school's reactivation."""
    nation.run(PRIMARY, [learner(1, mis_id="17", leaving_date=LEAVING), learner(2)], on=SEPTEMBER)
    nation.decide(nation.of(MALI).id, DecisionKind.DEACTIVATED, school=PRIMARY, on=SEPTEMBER)
    nation.run(PRIMARY, [learner(1, mis_id="17"), learner(2)], on=SEPTEMBER)
    assert nation.holder(MALI) == PRIMARY
    assert not nation.of(MALI).active


def test_r31_left_on_a_person_on_roll_is_a_deactivation(nation: Nation) -> None:
    """R31: The reason 'left' on a person still on roll is only a deactivation."""
    nation.left(MALI, school=PRIMARY, on=JULY)
    assert nation.holder(MALI) == PRIMARY
    assert not nation.of(MALI).active


@pytest.mark.parametrize(("on", "active"), [(date(2018, 8, 31), True), (date(2018, 9, 1), False)])
def test_r39_grace(on: date, active: bool) -> None:
    """R39: A grace delays only the loss of sign-in; the account is released and claimable all the same."""
    nation = Nation(policy=Policy(graces=(Grace("", "11", 8, 31),)))
    nation.run(SECONDARY, [learner(1, year_group="11")], on=JULY)
    nation.run(SECONDARY, [learner(1, year_group="11", leaving_date=LEAVING)], on=date(2018, 7, 23))
    assert nation.holder(MALI) is None
    assert nation.of(MALI).active
    assert nation.of(MALI).reason.rule == "R39"
    nation.day(on)
    assert nation.of(MALI).active is active


@pytest.mark.parametrize("leaving", [date(2018, 8, 31), date(2018, 9, 1), date(2018, 9, 3), date(2019, 2, 27)])
def test_r39_a_grace_that_is_over_does_not_begin_again(leaving: date) -> None:
    """R39: A grace to the end of August is for whoever leaves before it, not until that of the next year."""
    nation = Nation(policy=Policy(graces=(Grace("", "11", 8, 31),)))
    nation.run(SECONDARY, [learner(1, year_group="11")], on=JULY)
    nation.run(SECONDARY, [learner(1, year_group="11", leaving_date=leaving)], on=date(2018, 7, 24))
    nation.day(leaving)
    assert nation.of(MALI).active
    nation.day(leaving + timedelta(days=1))
    assert nation.holder(MALI) is None
    assert not nation.of(MALI).active


def test_undo_returns_to_the_state_before(nation: Nation) -> None:
    """Undo: the previous accepted snapshot becomes newest again and the school is re-planned."""
    nation.run(OTHER, [learner(9)], on=JULY)
    before = nation.state()
    nation.run(
        PRIMARY,
        [
            replace(learner(1, mis_id="17"), upn=upn(50)),
            learner(2, leaving_date=date(2018, 6, 1), legal_surname="Huws"),
        ],
        on=JULY,
    )
    assert nation.state() != before
    nation.undo(PRIMARY, on=JULY)
    assert nation.state() == before


def test_undo_lets_go_of_those_it_brought(nation: Nation) -> None:
    """Undo: people whom only the withdrawn snapshot brought are let go at once; accounts it created stay."""
    nation.run(PRIMARY, [learner(1, mis_id="17"), learner(2), learner(3)], on=JULY)
    nation.undo(PRIMARY, on=JULY)
    assert nation.holder(upn(3)) is None
    assert not nation.of(upn(3)).active
    assert nation.missing(PRIMARY) == set()


def test_undo_leaves_what_others_built(nation: Nation) -> None:
    """Undo: claims that other schools built on the run are named and left."""
    nation.run(PRIMARY, [learner(1, mis_id="17", leaving_date=LEAVING), learner(2)], on=SEPTEMBER)
    nation.run(SECONDARY, [learner(1)], on=SEPTEMBER)
    nation.undo(PRIMARY, on=SEPTEMBER)
    assert nation.holder(MALI) == SECONDARY
    assert set(nation.waits) == {(PRIMARY, MALI)}


def test_undo_answers_who_else_asks_for_an_account_it_made(nation: Nation) -> None:
    """Undo: an account that only the withdrawn snapshot made is let go, and goes to who asks by its UPN (R9)."""
    nation.run(SECONDARY, [learner(6, mis_id="7")], on=JULY)
    nation.run(SECONDARY, [learner(5), replace(learner(7, mis_id="7"), upn=upn(50), former_upn=upn(7))], on=JULY)
    assert (SECONDARY, upn(50)) in nation.waits
    nation.run(PRIMARY, [learner(1, mis_id="17"), learner(2), learner(7)], on=JULY)
    assert nation.holder(upn(7)) == PRIMARY
    nation.undo(PRIMARY, on=JULY)
    assert nation.holder(upn(50)) == SECONDARY
    assert nation.of(upn(7)).upn == upn(50)
    assert not nation.waits


def test_undo_of_a_new_upn_that_another_school_has_for_another_child(nation: Nation) -> None:
    """Undo: a re-keying is taken back also where another school expects another child under that UPN."""
    nation.run(SECONDARY, [replace(learner(3), upn=upn(50), start_date=SEPTEMBER)], on=JULY)
    nation.run(PRIMARY, [replace(learner(1), upn=upn(50), former_upn=MALI), learner(2)], on=JULY)
    assert nation.of(MALI).upn == upn(50)
    nation.undo(PRIMARY, on=JULY)
    assert nation.of(MALI).upn == MALI
    assert upn(50) not in nation.upns


def test_undo_gives_a_missing_learner_back(nation: Nation) -> None:
    """Undo: a claim of a missing learner, withdrawn, returns the account to the school that held it."""
    nation.run(PRIMARY, [learner(2)], on=JULY)
    nation.run(SECONDARY, [learner(1)], on=SEPTEMBER)
    assert nation.holder(MALI) == SECONDARY
    nation.undo(SECONDARY, on=SEPTEMBER)
    assert nation.holder(MALI) == PRIMARY
    assert nation.of(MALI).active


def test_undo_gives_nobody_back_who_had_left_before(nation: Nation) -> None:
    """Undo: whoever had left, and was a guest since, stays inactive when a run about them is withdrawn."""
    nation.run(PRIMARY, [learner(1, leaving_date=LEAVING), learner(2)], on=SEPTEMBER)
    nation.run(PRIMARY, [learner(1, enrolment_status="S"), learner(2)], on=SEPTEMBER)
    nation.run(PRIMARY, [learner(2)], on=SEPTEMBER)
    assert nation.holder(MALI) is None
    nation.run(PRIMARY, [learner(1, leaving_date=LEAVING), learner(2)], on=SEPTEMBER)
    nation.undo(PRIMARY, on=SEPTEMBER)
    assert nation.holder(MALI) is None
    assert not nation.of(MALI).active


def test_undo_keeps_the_flag_of_a_conflict(nation: Nation) -> None:
    """Undo: who waits, and whether as a conflict (R6), is as before the run that ended the wait."""
    for school in (SECONDARY, OTHER):
        nation.run(school, [learner(1)], on=JULY)
    nation.run(PRIMARY, [learner(1, mis_id="17", leaving_date=LEAVING), learner(2)], on=SEPTEMBER)
    before = dict(nation.waits)
    assert before == {(OTHER, MALI): WaitCause.CONFLICT}
    nation.run(OTHER, [learner(8)], on=SEPTEMBER)
    assert nation.waits == {}
    nation.undo(OTHER, on=SEPTEMBER)
    assert nation.waits == before


def test_undo_keeps_the_wait_of_a_clash_at_the_holder(nation: Nation) -> None:
    """Undo: a UPN put on another child at the holding school (R4) waits again when its correction is withdrawn."""
    other = learner(1, legal_surname="Someone", legal_forename="Else", birth_date=date(2006, 5, 5))
    nation.run(PRIMARY, [other, learner(2)], on=JULY)
    assert nation.waits == {(PRIMARY, MALI): WaitCause.IDENTITY}
    nation.run(PRIMARY, [learner(1, mis_id="17"), learner(2)], on=JULY)
    assert nation.waits == {}
    nation.undo(PRIMARY, on=JULY)
    assert nation.waits == {(PRIMARY, MALI): WaitCause.IDENTITY}


def test_undo_lets_go_of_a_upn(nation: Nation) -> None:
    """Undo: a UPN that the withdrawn run had put on an account leads to nobody again: it may be another child's."""
    nation.run(SECONDARY, [learner(1)], on=JULY)
    before = nation.state()
    nation.run(PRIMARY, [learner(1, mis_id="17", upn=upn(50), former_upn=MALI), learner(2)], on=JULY)
    assert nation.waits == {(SECONDARY, upn(50)): WaitCause.RELEASE}
    nation.undo(PRIMARY, on=JULY)
    assert nation.state() == before
    nation.run(OTHER, [learner(1, upn=upn(50), legal_forename="Twin")], on=JULY)
    assert nation.of(upn(50)) is not nation.of(MALI)


def test_undo_gives_names_back_to_somebody_who_left(nation: Nation) -> None:
    """Undo: the withdrawn run's names go, also from a person whose earlier record is no longer on roll."""
    nation.run(PRIMARY, [learner(1, mis_id="17", leaving_date=date(2018, 7, 1)), learner(2)], on=JULY)
    before = nation.state()
    nation.run(PRIMARY, [learner(1, mis_id="17", legal_surname="Huws"), learner(2)], on=JULY)
    assert nation.of(MALI).details.legal_surname == "Huws"
    nation.undo(PRIMARY, on=JULY)
    assert nation.state() == before


def test_undo_gives_names_back_to_missing_staff() -> None:
    """Undo: the withdrawn run's names go, also from a member of staff who was missing before it."""
    nation = Nation()
    nation.run(PRIMARY, on=JULY, staff=[staff("AB"), staff("CD")])
    nation.run(PRIMARY, on=JULY, staff=[staff("CD")])
    before = nation.state()
    nation.run(PRIMARY, on=JULY, staff=[staff("AB", legal_surname="Huws"), staff("CD")])
    nation.undo(PRIMARY, on=JULY)
    assert nation.state() == before


def test_r31_a_suspended_account_that_moves_says_that_it_is_suspended() -> None:
    """R31: Released and claimed in one run, a suspended account goes on saying so, not that the learner left."""
    nation = Nation()
    nation.run(PRIMARY, [learner(1)], on=JULY)
    nation.run(SECONDARY, [learner(1, year_group="7")], on=JULY)
    nation.decide(nation.of(upn(1)).id, DecisionKind.SUSPENDED, school=None, on=JULY)
    nation.run(PRIMARY, [learner(1, leaving_date=date(2018, 7, 1))], on=JULY)
    assert nation.holder(upn(1)) == SECONDARY
    assert nation.of(upn(1)).reason.code == "suspended"
