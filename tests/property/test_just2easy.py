"""Spaces follow the account through outages, lost answers and hands in between (R41); works never leave their school."""

from __future__ import annotations

import contextlib
import random
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.just2easy import BASE, SECRET, FakeJust2easy

from hwb.connectors.answers import ServiceAway, ServiceBusy
from hwb.connectors.just2easy import Adapter, Options, Spaces
from hwb.connectors.just2easy.spaces import PageSeen
from hwb.lifecycle.service_accounts import AccountFacts, Carried, NotCarried, Outcome, Place, State, Waiting, wanted
from hwb.lifecycle.work_spaces import Access, Granted

A, B, C = "6601001", "6604001", "6604002"
DAY = date(2018, 9, 10)
ACCESS = st.builds(Access, st.just(DAY), st.sampled_from([date(2018, 10, 8), date(2018, 11, 1)]), st.booleans())
SCHOOLS = st.sampled_from([A, B, C])
FACTS = st.builds(
    AccountFacts, st.sampled_from("123"), st.just("learner"), st.booleans(), st.sampled_from(["a@h.wales", "b@h.wales"]),
    st.just("Rees"), st.sampled_from(["Mali", ""]),
    st.lists(
        st.builds(Place, SCHOOLS, st.sampled_from(["holding", "guest"])), max_size=2, unique_by=lambda place: place.school
    ).map(tuple),
    st.sampled_from(["", A]), st.lists(st.builds(Granted, SCHOOLS, SCHOOLS, ACCESS), max_size=1).map(tuple),
)  # fmt: skip
HISTORY = st.lists(st.one_of(FACTS, st.sampled_from(["go", "busy", "away", "lost", "broken", "by hand"])), max_size=12)


class Desk:
    """A worker that remembers what it was told to want."""

    def __init__(self, service: FakeJust2easy) -> None:
        self.service = service
        self.facts: dict[str, AccountFacts] = {}
        self.waits: set[str] = set()
        self.failed: dict[str, str] = {}

    def go(self) -> None:
        spaces = Spaces(Adapter(Options(BASE, "hwb"), secret=lambda: SECRET, http=self.service.client()))
        waiting = [Waiting(a, wanted(self.facts[a]), _id(a), touched=True) for a in sorted(self.waits)]
        with contextlib.suppress(ServiceAway, ServiceBusy):
            spaces.carry(waiting, {}, in_time=lambda: True, settle=self._settle)

    def _settle(self, outcomes: list[Outcome]) -> None:
        for each in outcomes:
            self.failed.pop(each.account, None)
            if isinstance(each, Carried):
                self.waits.discard(each.account)
            if isinstance(each, NotCarried):
                self.failed[each.account] = each.failure


def _id(account: str) -> str:
    return account * 32


@pytest.mark.parametrize("examples", [60, pytest.param(1_000, marks=pytest.mark.slow)])
def test_any_history_ends_as_it_must_and_no_work_is_lost(examples: int) -> None:
    """Whatever went wrong, in the end exactly the spaces are open that must be; every work is where it was made."""

    @settings(max_examples=examples)
    @given(history=HISTORY, seed=st.integers(0, 1_000))
    def live(history: list[Any], seed: int) -> None:
        chance, service = random.Random(seed), FakeJust2easy()
        desk = Desk(service)
        made: set[tuple[str, str, str]] = set()
        for step in history:
            service.fault, service.lost = (lambda *_: None), (lambda *_: False)
            if isinstance(step, AccountFacts):
                desk.facts[step.account] = step
                desk.waits.add(step.account)
            elif step in ("busy", "away", "broken"):
                said = {"busy": (429, {"retry-after": "7"}), "away": (503, {}), "broken": (500, {})}[step]
                service.fault = lambda *_, said=said: said if chance.random() < 0.4 else None  # type: ignore[misc]
            elif step == "lost":
                service.lost = lambda *_: chance.random() < 0.4
            elif step == "by hand":
                for id_, person in service.shelf.people.items():
                    for space in person.spaces.values():
                        space.is_open = not space.is_open
                    desk.waits.add(id_[0])
            desk.go()
            for id_, person in service.shelf.people.items():
                for school in person.spaces:
                    if person.active and person.spaces[school].is_open and (id_, school) not in {m[:2] for m in made}:
                        made.add((id_, school, service.shelf.make(id_, school, title=school, text="", on=DAY).title))
        service.fault, service.lost = (lambda *_: None), (lambda *_: False)
        desk.waits.update(desk.facts)
        desk.go()
        assert set(desk.failed.values()) <= {"no_space"}
        for account, facts in desk.facts.items():
            _check(service, account, facts, desk.failed.get(account, ""))
        kept = {
            (id_, school, work.title)
            for id_, person in service.shelf.people.items()
            for school, space in person.spaces.items()
            for work in space.works.values()
        }
        assert kept == made
        before = len(service.calls)
        desk.waits = set(desk.facts) - set(desk.failed)
        desk.go()
        assert {method for method, _ in service.calls[before:]} <= {"GET"}

    live()


def _check(service: FakeJust2easy, account: str, facts: AccountFacts, failed: str) -> None:
    wish, person = wanted(facts), service.shelf.people.get(_id(account))
    assert wish is not None
    if person is None:
        assert not wish.enabled
        return
    assert person.active == wish.enabled
    assert not wish.enabled or (person.name, person.address) == (wish.name, wish.address)  # nothing of who is out
    due = {space.school: space for space in wish.spaces}
    for school, space in person.spaces.items():
        assert space.is_open == (school in due and due[school].is_open), school
        access = due[school].access if school in due else None
        has = space.access and Access(space.access.first, space.access.last, space.access.copy)
        assert has == access
    missing = set(due) - set(person.spaces)
    assert bool(missing) == (failed == "no_space")
    assert all(due[school].access for school in missing)


def test_a_move_is_a_new_space_and_the_old_work_stays() -> None:
    """R41: the earlier space is shut before the new one opens; one call a step, none the second time."""
    service = FakeJust2easy()
    desk = Desk(service)
    for school in (A, B):
        facts = AccountFacts("1", "learner", True, "m@h.wales", "Rees", "Mali", (Place(school, "holding"),))
        desk.facts["1"] = facts
        desk.waits.add("1")
        desk.go()
        if school == A:
            service.shelf.make(_id("1"), A, title="Draig", text="", on=DAY)
    assert service.spaces(_id("1")) == {A: (False, None), B: (True, None)}
    assert [work.title for work in service.shelf.people[_id("1")].spaces[A].works.values()] == ["Draig"]
    assert [path.rpartition("/")[2] for method, path in service.calls if method == "PUT"] == [_id("1"), A, A, B]


def test_a_mover_s_earlier_space_is_shut_whatever_a_change_is_answered_with() -> None:
    """R41: the contract promises a status for a PUT, and nothing of a body; the name changes with the move."""
    service = FakeJust2easy(silent=True)
    desk = Desk(service)
    for school, name in ((A, "Mali"), (B, "Mali Ann")):
        desk.facts["1"] = AccountFacts("1", "learner", True, "m@h.wales", "Rees", name, (Place(school, "holding"),))
        desk.waits.add("1")
        desk.go()
    assert service.spaces(_id("1")) == {A: (False, None), B: (True, None)}
    assert service.shelf.people[_id("1")].name == "Mali Ann Rees"
    assert not desk.waits


@pytest.mark.parametrize("active", [True, False])
def test_a_refused_name_keeps_nobody_in(active: bool) -> None:
    """R40, R41: the service refuses the new name and address: who left is out, who moved has the old space shut."""
    service = FakeJust2easy(refused="a new name")
    desk = Desk(service)
    here = AccountFacts("1", "learner", True, "m@h.wales", "Rees", "Mali", (Place(A, "holding"),))
    later = replace(here, active=active, address="n@h.wales", forename="a new name", places=(Place(B, "holding"),))
    for facts in (here, later):
        desk.facts["1"] = facts
        desk.waits.add("1")
        desk.go()
    assert service.spaces(_id("1")) == {A: (False, None)}
    person = service.shelf.people[_id("1")]
    assert (person.active, person.name, person.address) == (active, "Mali Rees", "m@h.wales")
    assert desk.failed == ({"1": "refused"} if active else {})


def test_past_its_time_a_worker_sends_nothing_more() -> None:
    """Another may have the account by then, with a newer state: the one at hand is stopped amid it, and put back."""
    service, seen = FakeJust2easy(), list[Outcome]()
    spaces = Spaces(Adapter(Options(BASE, "hwb"), secret=lambda: SECRET, http=service.client()))
    facts = AccountFacts("1", "learner", True, "m@h.wales", "Rees", "Mali", (Place(A, "holding"),))
    waiting = [Waiting("1", wanted(facts), _id("1"))]
    spaces.carry(waiting, {}, in_time=lambda: len(service.calls) < 2, settle=seen.extend)
    assert [method for method, _ in service.calls] == ["GET", "PUT"]
    assert seen == []
    spaces.carry(waiting, {}, in_time=lambda: True, settle=seen.extend)
    assert seen == [Carried("1", _id("1"), State.READY)]
    assert service.spaces(_id("1")) == {A: (True, None)}


def test_somebody_of_whom_no_spaces_are_told_is_not_settled() -> None:
    """An adapter that leaves them out is broken, not without spaces; the nightly comparison goes on to the next."""
    service, wish = FakeJust2easy(), wanted(AccountFacts("1", "learner", True, "m", "R", "M", (Place(A, "holding"),)))
    assert wish is not None
    service.shelf.put_person(_id("1"), name="M R", address="m", kind="learner", active=True)
    service.told = lambda body: {name: value for name, value in body.items() if name != "spaces"}
    spaces, seen = Spaces(Adapter(Options(BASE, "hwb"), secret=lambda: SECRET, http=service.client())), list[Outcome]()
    spaces.carry([Waiting("1", wish, _id("1"))], {}, in_time=lambda: True, settle=seen.extend)
    assert seen == [NotCarried("1", "", "broken")]
    told = {"person": _id("1"), "name": "M R", "address": "m", "kind": "learner", "active": True}
    page = PageSeen({_id("1"): told}, ("", None))
    assert page.differs(_id("1"), wish, frozenset(), frozenset())


def test_in_a_grace_the_last_school_s_space_stays_open_and_then_everything_is_shut() -> None:
    """R39: services stay on until the grace ends; R40: then nothing opens."""
    service = FakeJust2easy()
    desk = Desk(service)
    here = AccountFacts("1", "learner", True, "m@h.wales", "Rees", "Mali", (Place(A, "holding"),))
    for facts, spaces in (
        (here, {A: (True, None)}),
        (AccountFacts("1", "learner", True, "m@h.wales", "Rees", "Mali", (), A), {A: (True, None)}),
        (AccountFacts("1", "learner", False, "m@h.wales", "Rees", "Mali", (), A), {A: (False, None)}),
    ):
        desk.facts["1"] = facts
        desk.waits.add("1")
        desk.go()
        assert service.spaces(_id("1")) == spaces
    assert not service.shelf.people[_id("1")].active


def test_an_access_stands_only_while_the_school_that_asked_holds_the_learner() -> None:
    """R41: guests' schools and schools that the learner has left open nothing; one's own space is never borrowed."""
    access = Access(DAY, DAY)

    def open_to(places: tuple[Place, ...], granted: Granted) -> dict[str, bool]:
        wish = wanted(AccountFacts("1", "learner", True, "m", "R", "M", places, "", (granted,)))
        assert wish is not None
        return {space.school: space.is_open for space in wish.spaces}

    assert open_to((Place(B, "holding"),), Granted(B, A, access)) == {B: True, A: False}
    assert open_to((Place(C, "holding"),), Granted(B, A, access)) == {C: True}
    assert open_to((Place(C, "holding"), Place(B, "guest")), Granted(B, A, access)) == {C: True, B: True}
    assert open_to((Place(B, "holding"), Place(A, "guest")), Granted(B, A, access)) == {B: True, A: True}


@pytest.mark.parametrize(
    ("said", "error"), [((401, {}), ServiceAway), ((503, {}), ServiceAway), ((429, {"retry-after": "3"}), ServiceBusy)]
)
def test_what_hits_everybody_is_no_fault_of_one_account(said: Any, error: type[Exception]) -> None:
    """Away and busy are raised for the worker; the account is settled as nothing."""
    service = FakeJust2easy(fault=lambda *_: said)
    spaces = Spaces(Adapter(Options(BASE, "hwb"), secret=lambda: SECRET, http=service.client()))
    with pytest.raises(error):
        spaces.check()


def test_a_state_of_somebody_whom_it_does_not_know() -> None:
    """Who may not sign in gets no person there."""
    service, seen = FakeJust2easy(), list[Outcome]()
    spaces = Spaces(Adapter(Options(BASE, "hwb"), secret=lambda: SECRET, http=service.client()))
    gone = wanted(AccountFacts("1", "learner", False, "m@h.wales", "Rees", "Mali"))
    spaces.carry([Waiting("1", gone, _id("1"))], {}, in_time=lambda: True, settle=seen.extend)
    assert seen == [Carried("1", "", State.NONE)]
    assert not service.shelf.people
