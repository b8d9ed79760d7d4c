"""Whatever happens to accounts and to the tenant's answers, the tenant ends as it must, with the same mailboxes."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.people import OTHER, PRIMARY, SECONDARY

from hwb.connectors import microsoft365
from hwb.connectors.answers import ServiceAway, ServiceBusy
from hwb.demo.tenant import DAY, SECRET, SKUS
from hwb.demo.tenant.graph import FakeGraph, Refusal
from hwb.lifecycle.service_accounts import (
    AccountFacts,
    Carried,
    Group,
    GroupKind,
    NotCarried,
    Outcome,
    Place,
    State,
    Waiting,
    key_of,
    wanted,
)

OPTIONS = microsoft365.Options(
    "t", "c", SKUS["learner"], SKUS["staff"], graph="https://graph.example/v1.0", login="https://login.example"
)


@dataclass
class Desk:
    """The outbox in memory: what each account must be, what is remembered of it, and who waits."""

    tenant: FakeGraph
    now: float = 1_000_000.0
    facts: dict[str, AccountFacts] = field(default_factory=dict)
    remotes: dict[str, str] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    waits: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    tries: dict[str, int] = field(default_factory=dict)
    groups: dict[Group, str] = field(default_factory=dict)
    forgets: Callable[[], bool] = lambda: False

    def __post_init__(self) -> None:
        self.tenant.clock = lambda: self.now
        self.tenant.domain = "hwb.example.wales"

    def want(self, facts: AccountFacts) -> None:
        self.facts[facts.account] = facts
        self.waits.add(facts.account)
        self.tries.pop(facts.account, None)

    def go(self) -> None:
        graph = microsoft365.Graph(OPTIONS, secret=lambda: SECRET, http=self.tenant.client())
        waiting = [
            Waiting(
                a,
                wanted(self.facts[a]),
                f"id-{a}",
                self.remotes.get(a, ""),
                a in self.ended,
                a in self.touched,
                self.tries.get(a, 0),
            )
            for a in sorted(self.waits)
        ]
        self.touched |= self.waits
        due = {g for w in waiting if w.wanted for g in w.wanted.groups} - set(self.groups)
        try:
            if due:
                made: dict[str, str] = {}
                try:
                    microsoft365.find_or_make(graph, {key_of(group): key_of(group) for group in due}, made)
                finally:
                    self.groups |= {group: made[key_of(group)] for group in due if key_of(group) in made}
            microsoft365.carry(graph, waiting, self.groups, in_time=lambda: True, settle=self.settle)
        except (ServiceAway, ServiceBusy):
            return

    def settle(self, outcomes: list[Outcome]) -> None:
        if self.forgets():  # killed between call and mark
            return
        for outcome in outcomes:
            if isinstance(outcome, Carried | NotCarried):
                if outcome.remote:
                    self.remotes[outcome.account] = outcome.remote
            if isinstance(outcome, NotCarried):
                self.tries[outcome.account] = self.tries.get(outcome.account, 0) + 1
            if isinstance(outcome, Carried):
                self.tries.pop(outcome.account, None)
                if not outcome.remote:
                    self.remotes.pop(outcome.account, None)
                    self.touched.discard(outcome.account)
                self.waits.discard(outcome.account)
                (self.ended.add if outcome.state is State.ENDED else self.ended.discard)(outcome.account)

    def drain(self) -> None:
        for _ in range(60):
            if not self.waits:
                return
            self.now += 60
            self.go()
        raise AssertionError(f"never carried over: {self.waits}")

    def check(self) -> None:
        state = self.tenant.state()
        for account, facts in self.facts.items():
            wish, has = wanted(facts), state.pop(f"id-{account}", None)
            if wish is None or has is None:
                assert wish is None or not wish.enabled, (account, wish)
                continue
            assert (has["address"], has["mail"]) == (wish.address, wish.address)
            assert (has["name"], has["enabled"], has["licences"]) == (wish.name, wish.enabled, {SKUS[wish.licence]})
            assert has["groups"] == {key_of(group) for group in wish.groups}
            assert has["mailbox"]
        assert not state


MALI = AccountFacts(
    "1", "learner", True, "mali@hwb.example.wales", "Rees", "Mali", (Place(PRIMARY, "holding", "6", ("6G",)),)
)


@st.composite
def account(draw: Any) -> AccountFacts:
    number = draw(st.sampled_from("123"))
    kind = "staff" if number == "3" else "learner"
    places = draw(st.lists(
        st.builds(
            Place, st.sampled_from([PRIMARY, SECONDARY, OTHER]), st.sampled_from(["post"] if kind == "staff" else ["holding", "guest"]),
            st.sampled_from(["6", "7"]), st.lists(st.sampled_from(["6G", "7B", "Côr ŵyl"]), max_size=2, unique=True).map(tuple),
        ),
        max_size=2, unique_by=lambda place: place.school,
    ))  # fmt: skip
    return AccountFacts(
        number, kind, draw(st.booleans()), f"{draw(st.sampled_from(['a', 'b']))}{number}@hwb.example.wales",
        draw(st.sampled_from(["Rees", "Ŵyn-Évans"])), draw(st.sampled_from(["Mali", "Siôn", ""])), tuple(places),
    )  # fmt: skip


HISTORY = st.lists(
    st.one_of(account(), st.sampled_from(["go", "throttle", "down", "killed", "thrown away", "by hand"])), max_size=10
)


@settings(max_examples=100)
@given(history=HISTORY, seed=st.integers(0, 1_000))
def test_any_history_ends_as_it_must_with_the_same_mailboxes(history: list[Any], seed: int) -> None:
    """Accounts among throttling, outages, lost marks, objects found late, and people with a bin."""
    live_through(history, seed)


@pytest.mark.slow
@settings(max_examples=1_000)
@given(history=HISTORY, seed=st.integers(0, 1_000))
def test_a_thousand_histories(history: list[Any], seed: int) -> None:
    """As above, a thousand of them."""
    live_through(history, seed)


def live_through(history: list[Any], seed: int) -> None:
    chance = random.Random(seed)
    tenant = FakeGraph(lag=chance.choice([0, 90]))
    desk = Desk(tenant)
    boxes: dict[str, str] = {}
    for step in history:
        tenant.fault, tenant.down, desk.forgets = (lambda *_: None), False, lambda: False
        if isinstance(step, AccountFacts):
            desk.want(step)
            continue
        if step == "throttle":
            tenant.fault = _sometimes(chance, Refusal(429, wait=7))
        elif step == "down":
            tenant.down = True
        elif step == "killed":
            desk.forgets = lambda: True
        elif step == "thrown away" and tenant.users:
            id_ = chance.choice(sorted(tenant.users))
            tenant.throw_away(id_)
            desk.waits.update(a for a, remote in desk.remotes.items() if remote == id_)
            if id_ not in desk.remotes.values():  # nobody knows of it yet: it is as if it had never been
                del tenant.bin[id_]
                tenant.mailboxes.pop(id_, None)
                boxes = {k: v for k, v in boxes.items() if v in tenant.mailboxes.values()}
        elif step == "by hand" and tenant.users:
            id_ = chance.choice(sorted(tenant.users))
            tenant.change(id_, displayName="Rhywun", accountEnabled=True)
            desk.waits.update(a for a, remote in desk.remotes.items() if remote == id_)
        desk.now += 10
        desk.go()
        _same_boxes(tenant, boxes)
    tenant.fault, tenant.down, desk.forgets = (lambda *_: None), False, lambda: False
    desk.waits.update(desk.facts)
    desk.drain()
    _same_boxes(tenant, boxes)
    desk.check()
    shut = {remote for a, remote in desk.remotes.items() if not desk.facts[a].active}
    assert all(tenant.revoked[remote] for remote in shut)
    keys = [group["mailNickname"] for group in tenant.groups.values()]
    assert len(keys) == len(set(keys))


def _sometimes(chance: random.Random, refusal: Refusal) -> Callable[[str, str], None]:
    def fault(method: str, path: str) -> None:
        if chance.random() < 0.3:
            raise refusal

    return fault


def _same_boxes(tenant: FakeGraph, boxes: dict[str, str]) -> None:
    """Whoever has had a mailbox has the same one."""
    for identifier, has in tenant.state().items():
        if has["mailbox"]:
            assert boxes.setdefault(identifier, has["mailbox"]) == has["mailbox"]


def test_a_leaver_comes_back_a_year_later_to_the_same_mailbox() -> None:
    """R11: shut for a year, longer than any bin, the object and its mailbox are there when the person comes back."""
    desk = Desk(FakeGraph())
    desk.want(MALI)
    desk.drain()
    before = desk.tenant.state()["id-1"]
    desk.want(replace(MALI, active=False, places=()))
    desk.drain()
    assert desk.tenant.revoked[before["id"]] == 1
    assert not desk.tenant.state()["id-1"]["enabled"]
    desk.now += 365 * DAY
    desk.want(replace(MALI, places=(Place(SECONDARY, "holding", "7", ("7B",)),)))
    desk.drain()
    after = desk.tenant.state()["id-1"]
    assert (after["id"], after["mailbox"], after["enabled"]) == (before["id"], before["mailbox"], True)
    desk.check()


def test_an_object_thrown_away_comes_out_of_the_bin_within_thirty_days() -> None:
    """Somebody deletes a user by hand: the same object comes back; after 30 days it is lost, and a new one is made."""
    desk = Desk(FakeGraph())
    desk.want(MALI)
    desk.drain()
    before = desk.tenant.state()["id-1"]
    for days, same in ((29, True), (31, False)):
        desk.tenant.throw_away(desk.remotes["1"])
        desk.now += days * DAY
        desk.want(MALI)
        desk.drain()
        assert (desk.tenant.state()["id-1"]["mailbox"] == before["mailbox"]) is same
        desk.check()


@pytest.mark.parametrize(
    ("spoil", "failure"),
    [
        (lambda tenant: setattr(tenant, "licences", 0), "no_licence"),
        (lambda tenant: tenant.users.update(x={"id": "x", "userPrincipalName": MALI.address, "mail": None, "assignedLicenses": [], "onPremisesImmutableId": "other"}), "address_taken"),
        (lambda tenant: setattr(tenant, "fault", _on("/users", Refusal(500))), "broken"),
        (lambda tenant: setattr(tenant, "domain", "elsewhere.example"), "refused"),
        (lambda tenant: setattr(tenant, "lag", 10), "not_there_yet"),
    ],
)  # fmt: skip
def test_what_the_tenant_refuses_has_a_name(spoil: Callable[[FakeGraph], Any], failure: str) -> None:
    """Each refusal is told by its kind, and hits nobody else."""
    tenant = FakeGraph()
    desk = Desk(tenant)
    spoil(tenant)
    seen: list[Outcome] = []
    desk.settle = seen.extend  # type: ignore[method-assign]
    desk.groups = dict.fromkeys(wanted(MALI).groups, "g")  # type: ignore[union-attr]
    desk.want(MALI)
    desk.go()
    (outcome,) = seen
    assert isinstance(outcome, NotCarried)
    assert outcome.failure == failure


def _on(path: str, refusal: Refusal) -> Callable[[str, str], None]:
    def fault(method: str, where: str) -> None:
        if method == "POST" and where == path:
            raise refusal

    return fault


def test_proxy_addresses_are_never_written_and_twenty_go_in_one_batch() -> None:
    """The fake refuses proxyAddresses; 45 new accounts take as many batches as 20 at a time need."""
    desk = Desk(FakeGraph())
    for number in range(45):
        desk.want(replace(MALI, account=str(number), address=f"mali{number}@hwb.example.wales"))
    desk.drain()
    desk.check()
    assert "proxyAddresses" not in str(desk.tenant.users)


def test_a_group_that_is_refused_and_an_answer_of_another_shape_hit_one_account_alone() -> None:
    """Who must be in the group has all else; who was answered nonsense comes again; everybody else is carried."""
    tenant = FakeGraph()
    desk = Desk(tenant)
    refused = key_of(Group(GroupKind.CLASS, PRIMARY, "6G"))
    tenant.refused_groups = frozenset({refused})
    desk.want(MALI)
    desk.want(replace(MALI, account="2", address="nel@hwb.example.wales", places=(Place(PRIMARY, "holding", "6"),)))
    desk.want(replace(MALI, account="3", address="ela@hwb.example.wales", places=(Place(PRIMARY, "holding", "6"),)))
    tenant.nonsense = "ela@hwb.example.wales"
    seen: list[Outcome] = []
    desk.settle = seen.extend  # type: ignore[method-assign]
    desk.go()
    said = {each.account: each.failure if isinstance(each, NotCarried) else type(each) for each in seen}
    assert said == {"1": "no_group", "2": Carried, "3": "broken"}
    assert tenant.state()["id-1"]["groups"] == {key_of(group) for group in wanted(MALI).groups} - {refused}  # type: ignore[union-attr]
