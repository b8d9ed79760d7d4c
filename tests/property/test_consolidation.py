"""Consolidation among runs, undos and second thoughts, in any order (R25, I12)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import event as note
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.support.nation import Nation
from tests.support.people import PRIMARY, SECONDARY, staff

from hwb.extract.records import StaffRecord
from hwb.lifecycle import consolidation
from hwb.lifecycle.consolidation import Authorisation, Event, NotNow, Proof, State, Way
from hwb.lifecycle.policy import Limit, Policy

UNLIMITED = Policy(limits={check: Limit(10_000, 1.0) for check in Nation().policy.limits})
FIRST = date(2018, 9, 3)
HERE = staff("RJO", start_date=date(2018, 9, 1), mis_id="7", legal_surname="Jones", legal_forename="Rhian")
BEFORE = staff("RJ", mis_id="1", legal_surname="Jones", legal_forename="Rhian")
_EVENTS = st.sampled_from([e for e in Event if e not in (Event.JOIN, Event.UNDO)])
_NAMES = st.sampled_from(["Jones", "Puw"])


class Consolidating(RuleBasedStateMachine):
    """One nation in which the two accounts are joined and parted, and its twin in which they never are."""

    @initialize()
    def begin(self) -> None:
        self.on = FIRST
        self.joined_in, self.never = Nation(policy=UNLIMITED), Nation(policy=UNLIMITED)
        for nation in self.both:
            nation.run(PRIMARY, on=date(2018, 7, 2), staff=[BEFORE, staff("AB", mis_id="2")])
            nation.run(
                PRIMARY, on=date(2018, 7, 3), staff=[replace(BEFORE, leaving_date=date(2018, 8, 31)), staff("AB")]
            )
            nation.day(FIRST)
            nation.run(SECONDARY, on=FIRST, staff=[HERE])
        self.kept = self.joined_in.staff_account(PRIMARY, "RJ").id
        self.retiring = self.joined_in.staff_account(SECONDARY, "RJO").id
        self.state = State.INVITED
        self.authorisation: Authorisation | None = None
        self.asked = False
        self.names = set(self.joined_in.accounts)

    @property
    def both(self) -> tuple[Nation, Nation]:
        return self.joined_in, self.never

    @property
    def is_joined(self) -> bool:
        return self.retiring in self.joined_in.joined

    @rule(days=st.integers(1, 9))
    def time_passes(self, days: int) -> None:
        self.on += timedelta(days=days)
        for nation in self.both:
            nation.day(self.on)

    @rule(surname=_NAMES, leaves=st.none() | st.integers(-3, 5), there=st.booleans())
    def the_new_school_runs(self, surname: str, leaves: int | None, there: bool) -> None:
        leaving = None if leaves is None else self.on + timedelta(days=leaves)
        record = replace(HERE, legal_surname=surname, leaving_date=leaving)
        self._run(SECONDARY, [record] if there else [])

    @rule(back=st.booleans(), surname=_NAMES)
    def the_old_school_runs(self, back: bool, surname: str) -> None:
        record = replace(BEFORE, legal_surname=surname)
        record = record if back else replace(record, leaving_date=date(2018, 8, 31))
        self._run(PRIMARY, [record, staff("AB", mis_id="2")])

    def _run(self, school: str, people: list[StaffRecord]) -> None:
        self.on += timedelta(days=1)
        for nation in self.both:
            nation.run(school, on=self.on, staff=people)

    @rule(school=st.sampled_from([PRIMARY, SECONDARY]))
    def a_run_is_undone(self, school: str) -> None:
        if len(self.joined_in.runs[school]) > 2:
            for nation in self.both:
                nation.undo(school, on=self.on)

    @rule(event=_EVENTS, way=st.sampled_from(Way), proof=st.none() | st.sampled_from(Proof),
          by=st.sampled_from(["agent 1", "agent 2"]))  # fmt: skip
    def somebody_thinks_again(self, event: Event, way: Way, proof: Proof | None, by: str) -> None:
        self._happens(event, Authorisation(way, "agent 1", proof, by))

    def _happens(self, event: Event, authorisation: Authorisation) -> None:
        try:
            self.state = consolidation.after(self.state, event)
        except NotNow:
            return
        if event is Event.AUTHORISE:
            self.authorisation = authorisation
        elif event is Event.TAKE_BACK:
            self.authorisation = None
        self.asked |= event is Event.ASK
        if self.state not in consolidation.OPEN:  # the person asks once more: a case of its own
            self.state, self.authorisation, self.asked = State.INVITED, None, False

    @rule()
    def both_agree(self) -> None:
        for event in (Event.ASK, Event.AUTHORISE):
            self._happens(event, Authorisation(Way.ONLINE, "head"))

    @rule()
    def support_joins(self) -> None:
        kept, retiring = self.joined_in.accounts[self.kept], self.joined_in.accounts[self.retiring]
        if self.authorisation is None or not self.authorisation.counts or kept.posts or not retiring.active:
            return
        try:
            self.state = consolidation.after(self.state, Event.JOIN)
        except NotNow:
            return
        assert self.asked
        note("joined")
        self.joined_in.join(self.kept, self.retiring, school=SECONDARY)

    @precondition(lambda self: self.is_joined)
    @rule()
    def it_is_undone(self) -> None:
        note("undone")
        self.joined_in.unjoin(self.retiring, school=SECONDARY, on=self.on)
        self.state = consolidation.after(self.state, Event.UNDO)
        self.state, self.authorisation, self.asked = State.INVITED, None, False

    @invariant()
    def two_approvals_are_recorded(self) -> None:
        if self.is_joined:
            assert self.state is State.DONE
            assert self.asked
            assert self.authorisation is not None
            assert self.authorisation.counts

    @invariant()
    def nobody_is_lost(self) -> None:
        assert self.names <= set(self.joined_in.accounts)
        assert set(self.joined_in.accounts) == set(self.never.accounts)

    @invariant()
    def the_retired_account_never_wakes(self) -> None:
        if self.is_joined:
            retired = self.joined_in.accounts[self.retiring]
            assert not retired.active
            assert not retired.posts
            kept, old, new = (
                self.joined_in.accounts[self.kept], self.never.accounts[self.kept], self.never.accounts[self.retiring],
            )  # fmt: skip
            assert kept.posts == old.posts | new.posts
            assert kept.active is (old.active or new.active)

    @invariant()
    def undone_is_as_never_joined(self) -> None:
        if not self.is_joined:
            for id_, account in self.joined_in.accounts.items():
                other = self.never.accounts[id_]
                assert (account.active, account.posts, account.details) == (other.active, other.posts, other.details)
            assert self.joined_in.staff == self.never.staff


Consolidating.TestCase.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
TestConsolidating = Consolidating.TestCase
