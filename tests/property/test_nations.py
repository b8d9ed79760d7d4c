"""Generated nations: two readings of the rules agree; order, repetition and delay do not matter; undo is exact."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.naive import NaiveNation
from tests.support.nation import Nation
from tests.support.people import OTHER, PRIMARY, SECONDARY, learner, upn

from hwb.extract.records import LearnerRecord
from hwb.lifecycle import learners, words
from hwb.lifecycle.facts import DecisionKind, WaitCause
from hwb.lifecycle.policy import Limit, Policy

SCHOOLS = (PRIMARY, SECONDARY, OTHER)
FIRST = date(2018, 7, 1)
UNLIMITED = Policy(limits={check: Limit(10_000, 1.0) for check in Nation().policy.limits})
days = st.integers(0, 90).map(lambda n: FIRST + timedelta(days=n))


@st.composite
def records(draw: st.DrawFn, *, statuses: str = "CCCMSG", clashing: bool = True) -> LearnerRecord:
    number = draw(st.integers(1, 4))
    start = draw(days) - timedelta(days=30)
    leaving = draw(st.none() | st.integers(0, 60).map(lambda n: start + timedelta(days=n)))
    record = learner(
        number,
        start_date=start,
        leaving_date=leaving,
        enrolment_status=draw(st.sampled_from(statuses)),
        year_group=draw(st.sampled_from(["6", "7"])),
        preferred_forename=draw(st.sampled_from(["", "Mal"])),
    )
    if clashing and draw(st.integers(0, 5)) == 0:
        record = replace(record, birth_date=date(2001, 1, 1))
        if draw(st.booleans()):
            record = replace(record, legal_surname="Other")
    return record


def unique(found: list[LearnerRecord]) -> list[LearnerRecord]:
    return list({record.upn: record for record in found}.values())


snapshots = st.lists(records(clashing=False), max_size=4).map(unique)
events = st.lists(st.tuples(st.sampled_from(SCHOOLS), snapshots, st.integers(0, 12)), min_size=1, max_size=12)


def invariants(nation: Nation, today: date) -> None:
    """One account a UPN; active only while held; nobody waits where they are held; nobody on roll is lost quietly."""
    assert len(set(nation.upns.values())) == len(nation.accounts)
    for account in nation.accounts.values():
        assert account.active is (account.holder is not None)
    for (school, number), cause in nation.waits.items():
        assert nation.holder(number) != school or cause is WaitCause.IDENTITY
    for (school, number), entry in nation.words.items():
        if words.claims(entry, today):
            waits = {(school, name) for name in nation.upns if nation.upns.get(name) == nation.upns.get(number, "")}
            assert nation.holder(number) == school or nation.waits.keys() & {(school, number), *waits}, (school, number)


@st.composite
def rekeyings(draw: st.DrawFn) -> list[LearnerRecord]:
    """Records of few people under changing UPNs: former UPNs given, MIS ids shared, aliases beside current ones."""
    found = []
    for _ in range(draw(st.integers(0, 4))):
        record = draw(records(statuses="CCM", clashing=False))
        record = replace(record, mis_id=draw(st.sampled_from(["", "7", "8"])), leaving_date=None)
        if draw(st.booleans()):
            record = replace(record, upn=upn(draw(st.integers(1, 4)) + 40), former_upn=record.upn)
        found.append(record)
    return unique(found)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(SCHOOLS), rekeyings(), st.integers(0, 9)), min_size=1, max_size=8))
def test_rekeying_loses_nobody_and_settles(happening: list[tuple[str, list[LearnerRecord], int]]) -> None:
    """R9: whatever UPNs change, nobody on roll is lost quietly, and the same snapshot, sent again, comes to rest.

    Where a snapshot contradicts itself (one MIS id or former UPN on two people) a second sending may still settle
    something; a third never does.
    """
    nation, today = Nation(policy=UNLIMITED), FIRST
    for school, people, later in happening:
        today += timedelta(days=later)
        nation.day(today)
        nation.run(school, people, on=today)
        invariants(nation, today)
        nation.run(school, people, on=today)
        invariants(nation, today)
        assert nation.run(school, people, on=today).changes == ()


@settings(max_examples=150, deadline=None)
@given(events)
def test_two_readings_of_the_rules_agree(happening: list[tuple[str, list[LearnerRecord], int]]) -> None:
    """The planner and a naïve fold, written apart, agree on every holder, state and wait after every step."""
    nation, naive = Nation(policy=UNLIMITED), NaiveNation()
    today = FIRST
    for school, people, later in happening:
        today += timedelta(days=later)
        nation.day(today)
        naive.day(today)
        nation.run(school, people, on=today)
        naive.run(school, people, today)
        invariants(nation, today)
        for number, person in naive.people.items():
            assert nation.holder(number) == person.held_by, (number, today)
        assert set(nation.waits) == naive.waiting(today)


@settings(max_examples=150, deadline=None)
@given(events)
def test_settling_again_changes_nothing(happening: list[tuple[str, list[LearnerRecord], int]]) -> None:
    """I5: the same snapshot again, or the same day again, gives no change."""
    nation = Nation(policy=UNLIMITED)
    today = FIRST
    for school, people, later in happening:
        today += timedelta(days=later)
        nation.day(today)
        nation.run(school, people, on=today)
        assert nation.run(school, people, on=today).changes == ()
        assert all(plan.changes == () for plan in nation.day(today))


@st.composite
def september(draw: st.DrawFn) -> list[tuple[str, list[LearnerRecord]]]:
    """Each learner leaves one school and is on roll at no more than one other: no two schools claim at once."""
    rolls: dict[str, list[LearnerRecord]] = {school: [] for school in SCHOOLS}
    for number in range(1, 7):
        left, joined = draw(st.permutations(SCHOOLS))[:2]
        rolls[left].append(learner(number, leaving_date=date(2018, 7, 20)))
        if draw(st.booleans()):
            rolls[joined].append(learner(number, start_date=date(2018, 9, 3), year_group="7"))
    runs = list(rolls.items())
    return draw(st.permutations(runs + draw(st.lists(st.sampled_from(runs), max_size=3))))


@settings(max_examples=150, deadline=None)
@given(september())
def test_order_and_repetition_do_not_matter(runs: list[tuple[str, list[LearnerRecord]]]) -> None:
    """I6: when no more than one school claims a learner, any order and repetition of runs ends in the same state."""
    ends = []
    for order in (runs, sorted(runs, key=lambda run: run[0]), sorted(runs, key=lambda run: run[0], reverse=True)):
        nation = Nation(policy=UNLIMITED)
        for school in SCHOOLS:
            nation.run(school, [], on=date(2018, 7, 1))
        for school, people in order:
            nation.run(school, people, on=date(2018, 9, 5))
        ends.append({number: nation.holder(number) for number in map(upn, range(1, 7))} | {"waits": dict(nation.waits)})
    assert ends[0] == ends[1] == ends[2]


@settings(max_examples=150, deadline=None)
@given(events, st.sampled_from(SCHOOLS), snapshots)
def test_undo_returns_to_the_state_before(
    happening: list[tuple[str, list[LearnerRecord], int]], school: str, people: list[LearnerRecord]
) -> None:
    """Undo of a run on which nobody built returns holders, states, names, waits and words to what they were."""
    nation = Nation(policy=UNLIMITED)
    today = FIRST
    nation.run(school, [], on=today)
    for at, roll, later in happening:
        today += timedelta(days=later)
        nation.day(today)
        nation.run(at, roll, on=today)
    nation.day(today)
    before = nation.state()
    known = set(nation.upns)
    plan = nation.run(school, people, on=today)
    elsewhere = any(change.school != school and change.kind == "claim" for change in plan.changes)
    nation.undo(school, on=today)
    after = nation.state()
    new = set(nation.upns) - known
    assert after["words"] == before["words"]
    if not elsewhere:
        assert {k: v for k, v in after["accounts"].items() if k not in new} == before["accounts"]
        assert after["waits"] == before["waits"]
    assert all(nation.of(number).holder is None for number in new if nation.of(number).holder == school)


decisions = st.tuples(
    st.sampled_from(["left", "deactivated", "safety", "suspended", "end", "still here"]),
    st.sampled_from(SCHOOLS),
    st.integers(1, 4),
)


def decide(nation: Nation, what: str, school: str, number: int, *, on: date) -> None:
    """One decision about a learner, where the school may make it."""
    if upn(number) not in nation.upns:
        return
    account = nation.of(upn(number))
    if what == "left" and account.holder == school:
        nation.left(upn(number), school=school, on=on)
    elif what == "still here" and any(each.kind is DecisionKind.LEFT for each in account.decisions):
        nation.still_here(upn(number), school=school, on=on)
    elif what == "end":
        for each in account.decisions:
            if each.kind is not DecisionKind.LEFT:
                nation.end_decisions(account.id, each.kind, on=on)
    elif what == "suspended":
        nation.decide(account.id, DecisionKind.SUSPENDED, school=None, on=on)
    elif what in ("deactivated", "safety") and school in account.schools:
        nation.decide(account.id, DecisionKind(what), school=school, on=on)


def standing(nation: Nation) -> dict[str, list[tuple[str, str]]]:
    return {
        account.upn: sorted((each.kind, each.school or "") for each in account.decisions)
        for account in nation.accounts.values()
    }


@settings(max_examples=100, deadline=None)
@given(
    st.lists(events.map(lambda each: each[0]) | decisions, min_size=1, max_size=12),
    st.sampled_from(SCHOOLS),
    snapshots,
)
def test_undo_brings_decisions_back(happening: list[tuple[Any, ...]], school: str, people: list[LearnerRecord]) -> None:
    """Undo, R31, R32: among decisions of schools and support too; what the run ended stands again as it was."""
    nation, today = Nation(policy=UNLIMITED), FIRST
    nation.run(school, [], on=today)
    for first, second, third in happening:
        if first in SCHOOLS:
            today += timedelta(days=third)
            nation.day(today)
            nation.run(first, second, on=today)
        else:
            decide(nation, first, second, third, on=today)
    nation.day(today)
    before, decided = nation.state(), standing(nation)
    plan = nation.run(school, people, on=today)
    nation.undo(school, on=today)
    after = nation.state()
    assert after["words"] == before["words"]
    if not any(change.school != school and change.kind == "claim" for change in plan.changes):
        assert {k: v for k, v in after["accounts"].items() if k in before["accounts"]} == before["accounts"]
        assert {k: v for k, v in standing(nation).items() if k in decided} == decided
        assert after["waits"] == before["waits"]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(SCHOOLS), rekeyings(), st.integers(0, 9)), max_size=6),
    st.sampled_from(SCHOOLS),
    rekeyings(),
)
def test_undo_of_changed_upns_returns_to_the_state_before(
    happening: list[tuple[str, list[LearnerRecord], int]], school: str, people: list[LearnerRecord]
) -> None:
    """Undo of a run that changed UPNs returns accounts, their UPNs, words and waits to what they were."""
    nation, today = Nation(policy=UNLIMITED), FIRST
    nation.run(school, [], on=today)
    for at, roll, later in happening:
        today += timedelta(days=later)
        nation.day(today)
        nation.run(at, roll, on=today)
    nation.day(today)
    before, known = nation.state(), dict(nation.upns)
    plan = nation.run(school, people, on=today)
    nation.undo(school, on=today)
    after, new = nation.state(), set(nation.accounts) - set(known.values())
    # an account that only the withdrawn run made is let go, and then answers who else asks for it by a former UPN (R9)
    let_go = {upn for upn, account in nation.upns.items() if account in new}
    answered = {key for key, word in after["words"].items() if key[0] != school and word.record.upn in let_go}
    assert {k: v for k, v in after["words"].items() if k not in answered} == {
        k: v for k, v in before["words"].items() if k not in answered
    }
    for key in answered:
        assert after["words"][key] in (before["words"][key], replace(before["words"][key], doubtful=False))
    if not any(change.school != school and change.kind == "claim" for change in plan.changes):
        assert {upn: account for upn, account in nation.upns.items() if account not in new} == known
        assert {k: v for k, v in after["accounts"].items() if k in before["accounts"]} == before["accounts"]
        own = {upn for upn, account in nation.upns.items() if account in new}  # what it created stays
        assert {k: v for k, v in after["waits"].items() if k[1] not in own} == {
            k: v for k, v in before["waits"].items() if k[1] not in own
        }


@settings(max_examples=150, deadline=None)
@given(events, st.sampled_from((None, SECONDARY)))
def test_closing_loses_nobody(happening: list[tuple[str, list[LearnerRecord], int]], successor: str | None) -> None:
    """R43: whom the closed school held and who had not left is held by its successor; everybody else as before."""
    nation, today = Nation(policy=UNLIMITED), FIRST
    for at, roll, later in happening:
        today += timedelta(days=later)
        nation.day(today)
        nation.run(at, roll, on=today)
    nation.day(today)
    held = {account.upn: account.holder for account in nation.accounts.values() if account.holder}
    nation.close(PRIMARY, successor, on=today)
    invariants(nation, today)
    assert all(school != PRIMARY for school, _ in nation.waits)
    for number, holder in held.items():
        if holder != PRIMARY:
            assert nation.holder(number) == holder
        elif successor:
            assert nation.holder(number) == successor
        else:
            assert nation.holder(number) != PRIMARY
    for later in (0, 30):
        nation.day(today + timedelta(days=later))
        assert all(account.holder != PRIMARY for account in nation.accounts.values())


@settings(max_examples=100, deadline=None)
@given(events)
def test_the_short_cut_is_only_a_short_cut(happening: list[tuple[str, list[LearnerRecord], int]]) -> None:
    """Settling the long way gives what settling with the short cut for plain learners gives."""
    ends = []
    for short_cut in (learners._is_at_rest, lambda _learner, _context: False):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(learners, "_is_at_rest", short_cut)
            nation, today = Nation(policy=UNLIMITED), FIRST
            for school, people, later in happening:
                today += timedelta(days=later)
                nation.day(today)
                nation.run(school, people, on=today)
            ends.append([change.to_json() for change in nation.changes])
    assert ends[0] == ends[1]
