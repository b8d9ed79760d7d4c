"""Whatever happens to accounts and to a SCIM service's answers, the service ends as it must, one user each."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.test_microsoft365 import account
from tests.support.people import OTHER, PRIMARY
from tests.support.scim_target import TOKEN, Target, application_of

from hwb.connectors import scim
from hwb.connectors.answers import ServiceAway, ServiceBusy
from hwb.lifecycle.service_accounts import (
    AccountFacts,
    Carried,
    Group,
    GroupKind,
    NotCarried,
    Outcome,
    Reach,
    State,
    Waiting,
    key_of,
    noted_groups,
    wanted,
)

REACH = Reach(frozenset({PRIMARY, OTHER}), frozenset({"learner", "staff"}), frozenset(GroupKind))
SCOPES = frozenset({"profile", "email", "roles", "organisation"})


@dataclass
class Desk:
    """The outbox in memory, and the service, whose answers are lost, refused or delayed as `chance` has it."""

    chance: random.Random
    target: Target = field(default_factory=Target)
    facts: dict[str, AccountFacts] = field(default_factory=dict)
    remotes: dict[str, str] = field(default_factory=dict)
    waits: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    inside: dict[str, frozenset[str]] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)
    trouble: float = 0.15

    def __post_init__(self) -> None:
        self.inner = httpx2.WSGITransport(application_of(self.target, patches=self.chance.random() < 0.5))

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        lot = self.chance.random()
        if lot < self.trouble / 3:
            return httpx2.Response(self.chance.choice((429, 503, 500)))
        response = self.inner.handle_request(request)
        response.read()
        if lot < self.trouble:  # done, and nobody hears of it
            raise httpx2.ReadError("lost")
        return response

    def go(self) -> None:
        waiting = []
        for id_ in sorted(self.waits):
            wish, known = wanted(self.facts[id_], REACH), self.inside.get(id_, frozenset())
            tries = self.tries.get(id_, 0)
            waiting.append(
                Waiting(id_, wish, f"id-{id_}", self.remotes.get(id_, ""), False, id_ in self.touched, tries, known)
            )
            self.inside[id_] = noted_groups(known, wish)
        self.touched |= self.waits
        due = {group for each in waiting if each.wanted for group in each.wanted.groups}
        with httpx2.Client(transport=httpx2.MockTransport(self.answer)) as http:
            service = scim.Service(scim.Options("http://s.example"), secret=lambda: TOKEN, http=http)
            try:
                self._make(service, due)
                known_ids = {group: self.groups[key_of(group)] for group in due if key_of(group) in self.groups}
                scim.carry(
                    service, waiting, known_ids, scopes=SCOPES, in_time=lambda: True, settle=self.settle,
                    known=lambda keys: {key: self.groups[key] for key in keys if key in self.groups},
                )  # fmt: skip
            except (ServiceAway, ServiceBusy):
                return

    def _make(self, service: scim.Service, due: set[Group]) -> None:
        made: dict[str, str] = {}
        missing = {key_of(group): key_of(group) for group in due if key_of(group) not in self.groups}
        try:
            scim.find_or_make(service, missing, made, in_time=lambda: True)
        finally:
            self.groups |= made

    def settle(self, outcomes: list[Outcome]) -> None:
        if self.chance.random() < self.trouble:  # killed between call and mark
            return
        for outcome in outcomes:
            if isinstance(outcome, NotCarried):
                self.tries[outcome.account] = self.tries.get(outcome.account, 0) + 1
                self.remotes[outcome.account] = outcome.remote
            if isinstance(outcome, Carried):
                self.remotes[outcome.account] = outcome.remote
                if not outcome.remote:
                    self.touched.discard(outcome.account)
                if outcome.groups is not None:
                    self.inside[outcome.account] = outcome.groups
                if outcome.state is not State.NONE or not outcome.remote:
                    self.waits.discard(outcome.account)

    def check(self) -> None:
        self.trouble = 0.0
        for _ in range(12):
            self.go()
        assert not self.waits
        told = self.target.all()
        users = {one["externalId"]: one for one in told["User"]}
        assert len(users) == len(told["User"])
        keys = [one["externalId"] for one in told["Group"]]
        assert len(keys) == len(set(keys))
        for id_, facts in self.facts.items():
            wish, has = wanted(facts, REACH), users.get(f"id-{id_}")
            if wish is None or has is None:
                assert wish is None or not wish.enabled
                continue
            assert has["active"] is wish.enabled
            assert not wish.enabled or (has["displayName"], has["emails"][0]["value"]) == (wish.name, wish.address)
            within = {
                one["externalId"] for one in told["Group"]
                if has["id"] in {member["value"] for member in one.get("members", [])}
            }  # fmt: skip
            assert within == {key_of(group) for group in wish.groups}


@settings(max_examples=8, deadline=None)
@given(st.data(), st.integers(0, 2**32))
def test_the_service_ends_as_it_must(data: Any, seed: int) -> None:
    """Made, moved, renamed, shut and opened in any order, with answers lost and workers killed: one user, right groups."""
    desk = Desk(random.Random(seed))
    for facts in data.draw(st.lists(account(), min_size=1, max_size=8)):
        facts = replace(facts, username=f"user{facts.account}")
        desk.facts[facts.account] = facts
        desk.waits.add(facts.account)
        desk.tries.pop(facts.account, None)
        for _ in range(data.draw(st.integers(0, 3))):
            desk.go()
    desk.check()
