"""Rules about learners, sentence by sentence (R1–R9, R11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.support.nation import Nation
from tests.support.people import OTHER, PRIMARY, SECONDARY, learner, upn

from hwb.extract.records import Problem, Refused
from hwb.lifecycle.changes import ChangeKind
from hwb.lifecycle.facts import WaitCause

JULY, LEAVING, SEPTEMBER = date(2018, 7, 2), date(2018, 7, 20), date(2018, 9, 3)
MALI = upn(1)


@pytest.fixture
def nation() -> Nation:
    nation = Nation(phases={PRIMARY: "primary", SECONDARY: "secondary", OTHER: "secondary"})
    nation.run(PRIMARY, [learner(1)], on=JULY)
    return nation


def arrives(**values: object) -> object:
    return learner(1, year_group="7", start_date=date(2018, 9, 3), **values)


def test_r1_created(nation: Nation) -> None:
    """R1: A learner with a valid UPN, on roll, whom no school holds: an account is created."""
    assert nation.holder(MALI) == PRIMARY
    assert nation.of(MALI).active


@pytest.mark.parametrize(
    ("leaving", "holder"),
    [(date(2018, 7, 1), None), (date(2018, 7, 2), PRIMARY), (date(2018, 7, 3), PRIMARY)],
    ids=["yesterday", "today", "tomorrow"],
)
def test_r3_released(nation: Nation, leaving: date, holder: str | None) -> None:
    """R3: When the holding school's record has a leaving date that has passed, the account is released."""
    nation.run(PRIMARY, [learner(1, leaving_date=leaving)], on=JULY)
    assert nation.holder(MALI) == holder
    assert nation.of(MALI).active is (holder is not None)


def test_r3_takes_effect_on_its_day(nation: Nation) -> None:
    """R3: Leaving dates in the future are kept and take effect on their day, without a further run."""
    nation.run(PRIMARY, [learner(1, leaving_date=LEAVING)], on=JULY)
    nation.day(LEAVING)
    assert nation.of(MALI).active
    nation.day(date(2018, 7, 21))
    assert nation.holder(MALI) is None
    assert not nation.of(MALI).active


def test_r3_start_in_the_future(nation: Nation) -> None:
    """R3: Start dates in the future are kept and take effect on their day, without a further run."""
    nation.run(SECONDARY, [learner(2, start_date=SEPTEMBER)], on=JULY)
    assert upn(2) not in nation.upns
    nation.day(SEPTEMBER)
    assert nation.holder(upn(2)) == SECONDARY


def test_r4_claimed(nation: Nation) -> None:
    """R4: A released account whose UPN is on roll at another school is claimed: the same account becomes active there."""
    before = nation.of(MALI).id
    nation.run(PRIMARY, [learner(1, leaving_date=LEAVING)], on=SEPTEMBER)
    nation.run(SECONDARY, [arrives()], on=SEPTEMBER)
    assert nation.holder(MALI) == SECONDARY
    assert nation.of(MALI).id == before
    assert nation.of(MALI).active


@pytest.mark.parametrize("order", ["release first", "claim first"])
def test_r6_in_any_order(nation: Nation, order: str) -> None:
    """R6: When a release lands and a wait for that UPN stands elsewhere, the claim completes in the same transaction."""
    runs = [
        lambda: nation.run(PRIMARY, [learner(1, leaving_date=LEAVING)], on=SEPTEMBER),
        lambda: nation.run(SECONDARY, [arrives()], on=SEPTEMBER),
    ]
    for run in runs if order == "release first" else reversed(runs):
        run()
    assert nation.holder(MALI) == SECONDARY
    assert nation.waits == {}
    assert len(nation.accounts) == 1


def test_r5_waits(nation: Nation) -> None:
    """R5: On roll at a new school while another still holds the account: waiting, and no second account is ever made."""
    plan = nation.run(SECONDARY, [arrives()], on=SEPTEMBER)
    assert nation.holder(MALI) == PRIMARY
    assert nation.waits == {(SECONDARY, MALI): WaitCause.RELEASE}
    assert plan.counts.waiting == 1
    again = nation.run(SECONDARY, [arrives()], on=SEPTEMBER)
    assert again.counts.waiting == 1
    assert again.changes == ()


def test_r4_identity_clash(nation: Nation) -> None:
    """R4: If birth date and surname both differ it is an identity clash: nobody gets the account."""
    nation.run(PRIMARY, [learner(1, leaving_date=LEAVING)], on=SEPTEMBER)
    nation.run(SECONDARY, [arrives(legal_surname="Someone", birth_date=date(2006, 5, 5))], on=SEPTEMBER)
    assert nation.holder(MALI) is None
    assert nation.waits == {(SECONDARY, MALI): WaitCause.IDENTITY}
    assert nation.of(MALI).details.legal_surname == "Reesb"


def test_r4_a_wait_is_judged_by_what_the_holder_says_now(nation: Nation) -> None:
    """R4: A holder that corrects name and birth date makes a waiting record a clash in the same run."""
    nation.run(SECONDARY, [arrives()], on=SEPTEMBER)
    assert nation.waits == {(SECONDARY, MALI): WaitCause.RELEASE}
    corrected = {"legal_surname": "Someone", "birth_date": date(2006, 5, 5), "mis_id": "1"}
    nation.run(PRIMARY, [learner(1, mis_id="1")], on=SEPTEMBER)
    nation.run(PRIMARY, [learner(1, **corrected)], on=SEPTEMBER)
    assert nation.waits == {(SECONDARY, MALI): WaitCause.IDENTITY}


def test_r4_upns_exchanged_between_twins_at_their_own_school() -> None:
    """R4: UPNs that the MIS moves from one child to another give nobody the other's account, twins included."""
    nation = Nation()
    twin = {"legal_surname": "Pugh", "birth_date": date(2008, 3, 3)}
    ann, beca = {"legal_forename": "Ann", "mis_id": "1"}, {"legal_forename": "Beca", "mis_id": "2"}
    nation.run(PRIMARY, [learner(1, **twin, **ann), learner(2, **twin, **beca)], on=JULY)
    plan = nation.run(PRIMARY, [learner(2, **twin, **ann), learner(1, **twin, **beca)], on=JULY)
    assert plan.counts.waiting == 2
    assert [nation.of(upn(n)).details.legal_forename for n in (1, 2)] == ["Ann", "Beca"]
    assert all(nation.of(upn(n)).active for n in (1, 2))
    nation.run(PRIMARY, [learner(1, **twin, **ann), learner(2, **twin, **beca)], on=JULY)
    assert not nation.waits


@pytest.mark.parametrize("values", [{"legal_surname": "Newname"}, {"birth_date": date(2006, 5, 5)}])
def test_r4_one_difference_is_no_clash(nation: Nation, values: dict[str, object]) -> None:
    """R4: Only when birth date and surname both differ is it a clash."""
    nation.run(PRIMARY, [learner(1, leaving_date=LEAVING)], on=SEPTEMBER)
    nation.run(SECONDARY, [arrives(**values)], on=SEPTEMBER)
    assert nation.holder(MALI) == SECONDARY


def test_r4_a_upn_put_on_another_child_at_the_same_school(nation: Nation) -> None:
    """R4: The holding school cannot hand an account to another child by putting the UPN on them."""
    other = learner(1, legal_surname="Someone", legal_forename="Else", birth_date=date(2006, 5, 5))
    plan = nation.run(PRIMARY, [other], on=JULY)
    assert nation.of(MALI).details.legal_surname == "Reesb"
    assert nation.waits == {(PRIMARY, MALI): WaitCause.IDENTITY}
    assert plan.counts.waiting == 1
    nation.run(PRIMARY, [learner(1)], on=JULY)
    assert nation.waits == {}


@pytest.mark.parametrize(
    ("first", "second", "winner"),
    [
        ({"start_date": date(2018, 9, 4)}, {"start_date": date(2018, 9, 3)}, OTHER),
        ({"enrolment_status": "C"}, {"enrolment_status": "M"}, OTHER),
        ({}, {}, SECONDARY),
    ],
    ids=["earliest start date", "main enrolment", "lower DfES number"],
)
def test_r6_precedence(nation: Nation, first: dict[str, object], second: dict[str, object], winner: str) -> None:
    """R6: With two waits the earliest start date wins, then main enrolment, then the lower number; the rest conflict."""
    nation.run(SECONDARY, [replace(arrives(), **first)], on=date(2018, 9, 5))  # type: ignore[type-var]
    nation.run(OTHER, [replace(arrives(), **second)], on=date(2018, 9, 5))  # type: ignore[type-var]
    nation.run(PRIMARY, [learner(1, leaving_date=LEAVING)], on=date(2018, 9, 5))
    assert nation.holder(MALI) == winner
    loser = OTHER if winner == SECONDARY else SECONDARY
    assert nation.waits == {(loser, MALI): WaitCause.CONFLICT}


@pytest.mark.parametrize("status", ["S", "G"])
def test_r7_guests(nation: Nation, status: str) -> None:
    """R7: Subsidiary and guest never create an account, never take or release one, and show the learner as a guest."""
    nation.run(OTHER, [arrives(enrolment_status=status), learner(2, enrolment_status=status)], on=SEPTEMBER)
    assert nation.holder(MALI) == PRIMARY
    assert nation.of(MALI).guests == {OTHER}
    assert upn(2) not in nation.upns
    nation.run(OTHER, [arrives(enrolment_status=status, leaving_date=SEPTEMBER)], on=date(2018, 9, 4))
    assert nation.of(MALI).guests == frozenset()
    assert nation.of(MALI).active


def test_r9_former_upn(nation: Nation) -> None:
    """R9: A record giving a former UPN re-keys the account; the old UPN stays as an alias and keeps matching."""
    nation.run(PRIMARY, [replace(learner(1), upn=upn(50), former_upn=MALI)], on=JULY)
    assert nation.of(MALI) is nation.of(upn(50))
    assert nation.of(MALI).upn == upn(50)
    nation.run(PRIMARY, [replace(learner(1), upn=upn(50), leaving_date=LEAVING)], on=SEPTEMBER)
    nation.run(SECONDARY, [arrives()], on=SEPTEMBER)
    assert nation.holder(upn(50)) == SECONDARY
    assert len(nation.accounts) == 1


def test_r9_same_mis_person() -> None:
    """R9: The same MIS person in the same school now bearing another valid UPN re-keys the account."""
    nation = Nation()
    nation.run(PRIMARY, [learner(1, mis_id="17")], on=JULY)
    nation.run(PRIMARY, [replace(learner(1, mis_id="17"), upn=upn(50))], on=JULY)
    assert nation.of(MALI) is nation.of(upn(50))
    assert len(nation.accounts) == 1
    assert nation.missing(PRIMARY) == set()


def test_r9_a_mis_id_of_two_people_links_nobody() -> None:
    """R9: A MIS person id that two learners bear says of neither that a new UPN is theirs."""
    nation = Nation(phases={PRIMARY: "primary"})
    nation.run(PRIMARY, [learner(1, mis_id="7"), learner(2, mis_id="7")], on=JULY)
    nation.run(PRIMARY, [learner(3, mis_id="7")], on=SEPTEMBER)
    assert nation.holder(upn(3)) == PRIMARY
    assert nation.missing(PRIMARY) == {MALI, upn(2)}
    assert nation.of(upn(3)).id not in {nation.of(MALI).id, nation.of(upn(2)).id}


def test_r9_birth_date_must_agree(nation: Nation) -> None:
    """R9: Re-keying only if the birth date agrees; else it waits."""
    changed = replace(learner(1), upn=upn(50), former_upn=MALI, birth_date=date(2001, 1, 1))
    nation.run(PRIMARY, [changed], on=JULY)
    assert nation.of(MALI).upn == MALI
    assert upn(50) not in nation.upns
    assert nation.waits == {(PRIMARY, upn(50)): WaitCause.REKEY}


def test_r9_held_elsewhere_waits(nation: Nation) -> None:
    """R9: Re-keying only if this school or nobody holds the account; else it waits."""
    moved = replace(arrives(), upn=upn(50), former_upn=MALI)  # type: ignore[type-var]
    nation.run(SECONDARY, [moved], on=SEPTEMBER)
    assert nation.of(MALI).upn == MALI
    assert nation.waits == {(SECONDARY, upn(50)): WaitCause.REKEY}


def test_r9_both_own_accounts() -> None:
    """R9: If both UPNs already own accounts, a possible duplicate is raised; nothing merges by itself."""
    nation = Nation()
    nation.run(PRIMARY, [learner(1)], on=JULY)
    nation.run(SECONDARY, [learner(2)], on=JULY)
    plan = nation.run(SECONDARY, [replace(learner(2), former_upn=MALI)], on=JULY)
    assert [change.kind for change in plan.changes] == [ChangeKind.DUPLICATE]
    assert len(nation.accounts) == 2


def test_r9_names_never_link(nation: Nation) -> None:
    """R9: A matching name and birth date alone never links anyone."""
    nation.run(SECONDARY, [replace(learner(1), upn=upn(60))], on=SEPTEMBER)
    assert len(nation.accounts) == 2


def test_r11_return(nation: Nation) -> None:
    """R11: A learner who left stays inactive; return later claims the same account."""
    before = nation.of(MALI).id
    nation.run(PRIMARY, [learner(1, leaving_date=LEAVING)], on=SEPTEMBER)
    nation.run(PRIMARY, [], on=date(2018, 10, 1), confirm=True)
    assert not nation.of(MALI).active
    back = learner(1, start_date=date(2019, 9, 2), year_group="8")
    nation.run(SECONDARY, [back], on=date(2019, 9, 2))
    assert nation.of(MALI).id == before
    assert nation.holder(MALI) == SECONDARY


def test_r2_updates(nation: Nation) -> None:
    """R2: At the holding school year group, classes and names are brought up to date; nothing else moves."""
    plan = nation.run(
        PRIMARY, [learner(1, year_group="6", registration_group="6G", legal_surname="Huws")], on=SEPTEMBER
    )
    assert {change.kind for change in plan.changes} == {ChangeKind.PLACE, ChangeKind.DETAILS}
    assert plan.counts.updated == 1
    assert nation.of(MALI).details.legal_surname == "Huws"


def test_r2_an_export_without_the_column_empties_no_class_list(nation: Nation) -> None:
    """R2: Classes are brought up to date where the data speaks of them; where it names none at all they stay."""
    nation.run(PRIMARY, [learner(n, registration_group="6G", classes=("6G/Cy",)) for n in (1, 2)], on=JULY)
    plan = nation.run(PRIMARY, [learner(n, registration_group="", classes=("6G/Ma",)) for n in (1, 2)], on=SEPTEMBER)
    word = nation.words[PRIMARY, MALI].record
    assert (word.registration_group, word.classes) == ("6G", ("6G/Ma",))
    assert [(w.code, w.field) for w in plan.warnings if w.code == "X07"] == [("X07", "registration_group")]
    nation.run(PRIMARY, [learner(1, registration_group=""), learner(2, registration_group="7B")], on=SEPTEMBER)
    assert nation.words[PRIMARY, MALI].record.registration_group == ""


def test_r9_upn_and_alias_in_one_snapshot(nation: Nation) -> None:
    """R9: Of two records that lead to one account the one under the current UPN is used, the other is refused."""
    nation.run(PRIMARY, [replace(learner(1), upn=upn(50), former_upn=MALI)], on=JULY)
    both = [learner(1, year_group="5"), replace(learner(1), upn=upn(50), year_group="6")]
    plan = nation.run(PRIMARY, both, on=SEPTEMBER)
    assert (plan.counts.refused, nation.holder(MALI)) == (1, PRIMARY)
    assert nation.words[(PRIMARY, upn(50))].record.year_group == "6"
    assert (PRIMARY, MALI) not in nation.words
    other = nation.run(SECONDARY, [replace(record, start_date=SEPTEMBER) for record in both], on=SEPTEMBER)
    assert (other.counts.refused, other.counts.waiting) == (1, 1)


def test_r9_two_records_cannot_have_one_former_upn(nation: Nation) -> None:
    """R9: Two people who claim one former UPN contradict each other: neither gets its account, which stays as it is."""
    twins = [replace(learner(1), upn=upn(number), former_upn=MALI) for number in (50, 51)]
    nation.run(PRIMARY, twins, on=JULY)
    assert (nation.of(MALI).upn, nation.of(MALI).active, nation.missing(PRIMARY)) == (MALI, True, set())
    assert nation.waits == {(PRIMARY, upn(number)): WaitCause.REKEY for number in (50, 51)}
    assert nation.run(PRIMARY, twins, on=JULY).changes == ()
    nation.run(PRIMARY, [twins[0], replace(twins[1], former_upn="")], on=JULY)
    assert (nation.of(MALI).upn, nation.holder(upn(51)), nation.waits) == (upn(50), PRIMARY, {})


def test_r9_a_refused_record_stands_for_its_account(nation: Nation) -> None:
    """R9, R8: The account of a refused record stays as it is, also when another record names its UPN as the former one."""
    wrong = Refused("learner", "row 1", (Problem("L02", "row 1", "start_date", "X"),), upn=MALI)
    nation.run(PRIMARY, [replace(learner(1), upn=upn(50), former_upn=MALI)], on=JULY, refused=(wrong,))
    assert (nation.of(MALI).upn, nation.holder(MALI)) == (MALI, PRIMARY)
    assert nation.waits == {(PRIMARY, upn(50)): WaitCause.REKEY}


def test_r9_waits_end_with_the_release(nation: Nation) -> None:
    """R9, R6: A re-keying that waits is done in the transaction in which the release lands; nobody needs to run again."""
    asks = replace(arrives(), upn=upn(50), former_upn=MALI)  # type: ignore[type-var]
    nation.run(SECONDARY, [asks], on=SEPTEMBER)
    nation.run(PRIMARY, [learner(1, leaving_date=LEAVING)], on=SEPTEMBER)
    account = nation.of(MALI)
    assert (account.upn, account.holder, account.active) == (upn(50), SECONDARY, True)
    assert (nation.waits, len(nation.accounts)) == ({}, 1)
    assert nation.run(SECONDARY, [asks], on=SEPTEMBER).changes == ()
    assert nation.words[(SECONDARY, upn(50))].doubtful is False


def test_r9_waits_end_on_the_day_of_the_release(nation: Nation) -> None:
    """R9, R3: A re-keying that waits is done on the day after the leaving date, without a further run."""
    nation.run(SECONDARY, [learner(1, upn=upn(50), former_upn=MALI)], on=JULY)
    nation.run(PRIMARY, [learner(1, leaving_date=LEAVING)], on=JULY)
    nation.day(LEAVING)
    assert nation.holder(MALI) == PRIMARY
    nation.day(date(2018, 7, 21))
    assert (nation.holder(upn(50)), nation.of(MALI).upn, nation.waits) == (SECONDARY, upn(50), {})


def test_r9_a_start_in_the_future_keeps_the_account_for_its_day(nation: Nation) -> None:
    """R9, R3: Let go before the first day at the new school, the account is re-keyed, and claimed on that day."""
    nation.run(SECONDARY, [replace(arrives(), upn=upn(50), former_upn=MALI)], on=JULY)  # type: ignore[type-var]
    nation.run(PRIMARY, [learner(1, leaving_date=date(2018, 7, 1))], on=JULY)
    assert (nation.of(MALI).upn, nation.holder(MALI), nation.of(MALI).active) == (upn(50), None, False)
    nation.day(SEPTEMBER)
    assert (nation.holder(MALI), nation.of(MALI).active, nation.waits) == (SECONDARY, True, {})


def test_r9_the_same_mis_person_gets_the_account_at_its_release() -> None:
    """R9, R6: Who comes back to a school under another UPN, known by the MIS, gets the account when it is let go."""
    nation = Nation()
    nation.run(PRIMARY, [learner(1, mis_id="17", leaving_date=LEAVING)], on=SEPTEMBER)
    nation.run(SECONDARY, [learner(1)], on=SEPTEMBER)
    back = learner(1, mis_id="17", upn=upn(50), start_date=SEPTEMBER)
    nation.run(PRIMARY, [back], on=SEPTEMBER)
    assert nation.waits == {(PRIMARY, upn(50)): WaitCause.REKEY}
    nation.run(SECONDARY, [learner(1, leaving_date=LEAVING)], on=SEPTEMBER)
    assert (nation.holder(upn(50)), nation.of(MALI).upn, nation.waits) == (PRIMARY, upn(50), {})
    assert nation.run(PRIMARY, [back], on=SEPTEMBER).changes == ()
    assert nation.missing(PRIMARY) == set()


@pytest.mark.parametrize("birth_date", [date(2001, 1, 1), date(2007, 2, 3)])
def test_r9_a_release_gives_nothing_to_another_birth_date(nation: Nation, birth_date: date) -> None:
    """R9: A record whose birth date differs does not get the account when it is let go: support decides."""
    nation.run(SECONDARY, [learner(1, upn=upn(50), former_upn=MALI, birth_date=birth_date)], on=JULY)
    nation.run(PRIMARY, [learner(1, leaving_date=date(2018, 7, 1))], on=JULY)
    assert (nation.of(MALI).upn, nation.holder(MALI)) == (MALI, None)
    assert nation.waits == {(SECONDARY, upn(50)): WaitCause.REKEY}


def test_r4_r9_an_earlier_upn_put_on_another_child(nation: Nation) -> None:
    """R4, R9: An earlier UPN of an account, put on another child, takes nothing away, however often it is sent."""
    nation.run(PRIMARY, [replace(learner(1), upn=upn(50), former_upn=MALI)], on=JULY)
    other = learner(1, legal_surname="Someone", legal_forename="Else", birth_date=date(2006, 5, 5))
    for _ in range(3):
        nation.run(PRIMARY, [other], on=JULY)
        assert (nation.holder(upn(50)), nation.of(MALI).active) == (PRIMARY, True)
        assert nation.of(MALI).details.legal_surname == "Reesb"
    assert nation.waits == {(PRIMARY, upn(50)): WaitCause.IDENTITY}


def test_r9_a_release_gives_nothing_where_two_ask(nation: Nation) -> None:
    """R9: Two records of one school that ask for one account both wait, also when it is let go."""
    twins = [replace(learner(1), upn=upn(number), former_upn=MALI) for number in (50, 51)]
    nation.run(SECONDARY, twins, on=JULY)
    nation.run(PRIMARY, [learner(1, leaving_date=date(2018, 7, 1))], on=JULY)
    assert (nation.of(MALI).upn, nation.holder(MALI)) == (MALI, None)
    assert nation.waits == {(SECONDARY, upn(number)): WaitCause.REKEY for number in (50, 51)}


@pytest.mark.parametrize(("started", "holder"), [(date(2018, 9, 2), OTHER), (date(2018, 9, 4), SECONDARY)])
def test_r9_r6_precedence_of_a_rekeying(nation: Nation, started: date, holder: str) -> None:
    """R9, R6: Between a claim and a re-keying that both wait for a release, the earliest start date wins."""
    nation.run(SECONDARY, [replace(arrives(), upn=upn(50), former_upn=MALI)], on=date(2018, 9, 5))  # type: ignore[type-var]
    nation.run(OTHER, [learner(1, start_date=started)], on=date(2018, 9, 5))
    nation.run(PRIMARY, [learner(1, leaving_date=LEAVING)], on=date(2018, 9, 5))
    assert nation.holder(MALI) == holder
    assert nation.waits == (
        {(SECONDARY, upn(50)): WaitCause.REKEY} if holder == OTHER else {(OTHER, upn(50)): WaitCause.CONFLICT}
    )


def test_r9_former_upn_of_somebody_present(nation: Nation) -> None:
    """R9: A former UPN that another record of the snapshot still bears gives no account away, and makes no second one."""
    both = [learner(1), replace(learner(2), former_upn=MALI)]
    nation.run(PRIMARY, both, on=JULY)
    assert (nation.of(MALI).upn, upn(2) in nation.upns) == (MALI, False)
    assert nation.waits == {(PRIMARY, upn(2)): WaitCause.REKEY}
    nation.run(PRIMARY, [learner(1), learner(2)], on=JULY)
    assert (nation.holder(upn(2)), nation.waits) == (PRIMARY, {})


def test_r9_a_possible_duplicate_is_raised_once() -> None:
    """I5, R9: The same two accounts are raised once, not by every run."""
    nation = Nation()
    nation.run(PRIMARY, [learner(1)], on=JULY)
    nation.run(SECONDARY, [learner(2)], on=JULY)
    nation.run(SECONDARY, [replace(learner(2), former_upn=MALI)], on=JULY)
    assert nation.run(SECONDARY, [replace(learner(2), former_upn=MALI)], on=JULY).changes == ()
