"""Consolidation (R25): what joins, what must be known first, who decides, and what takes it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.support.nation import Nation
from tests.support.people import OTHER, PRIMARY, SECONDARY, staff

from hwb.lifecycle import consolidation, consolidation_evidence
from hwb.lifecycle.consolidation import (
    OPEN,
    Asked,
    Authorisation,
    Decider,
    Event,
    NotNow,
    Proof,
    SchoolSeen,
    State,
    Status,
    Way,
)
from hwb.lifecycle.consolidation_evidence import (
    OF_HEAD,
    OF_STAFF,
    AccountSeen,
    Check,
    Given,
    Held,
    Item,
    Result,
)
from hwb.lifecycle.facts import DecisionKind

JULY, SEPTEMBER, OCTOBER = date(2018, 7, 2), date(2018, 9, 3), date(2018, 10, 1)
LEFT = staff("RJ", mis_id="1", leaving_date=date(2018, 8, 31))
NEW = staff(
    "RJO", mis_id="7", start_date=date(2018, 9, 1), legal_surname="Jonesrj", legal_forename="Rhianrj", role="Teacher"
)


@pytest.fixture
def nation() -> Nation:
    """A member of staff who left the primary and began at the secondary, with an account at each."""
    nation = Nation()
    nation.run(PRIMARY, on=JULY, staff=[staff("RJ", mis_id="1"), staff("AB")])
    nation.run(PRIMARY, on=JULY, staff=[LEFT, staff("AB")])
    nation.day(SEPTEMBER)
    nation.run(SECONDARY, on=SEPTEMBER, staff=[NEW])
    return nation


@pytest.fixture
def pair(nation: Nation) -> tuple[str, str]:
    return nation.staff_account(PRIMARY, "RJ").id, nation.staff_account(SECONDARY, "RJO").id


# -- what joining does -------------------------------------------------------------------------------------


def test_r25_the_earlier_account_is_kept(nation: Nation, pair: tuple[str, str]) -> None:
    """R25: The earlier account is kept and is active at the new school; the newer one is retired into it."""
    kept, retiring = pair
    nation.join(kept, retiring, school=SECONDARY)
    assert (nation.accounts[kept].active, nation.accounts[kept].posts) == (True, frozenset({SECONDARY}))
    assert (nation.accounts[retiring].active, nation.accounts[retiring].posts) == (False, frozenset())
    assert nation.accounts[retiring].reason.rule == nation.accounts[kept].reason.rule == "R25"


def test_r25_later_runs_keep_updating_the_consolidated_account(nation: Nation, pair: tuple[str, str]) -> None:
    """R25: Later runs of the new school keep updating the consolidated account, and let it go like any other (R23)."""
    kept, retiring = pair
    nation.join(kept, retiring, school=SECONDARY)
    nation.run(SECONDARY, on=OCTOBER, staff=[replace(NEW, legal_surname="Puw")])
    assert nation.accounts[kept].details.legal_surname == "Puw"
    nation.run(SECONDARY, on=OCTOBER, staff=[replace(NEW, legal_surname="Puw", leaving_date=SEPTEMBER)])
    assert (nation.accounts[kept].active, nation.accounts[retiring].active) == (False, False)
    nation.run(SECONDARY, on=OCTOBER, staff=[replace(NEW, legal_surname="Puw")])
    assert (nation.accounts[kept].active, nation.accounts[retiring].active) == (True, False)
    assert len(nation.accounts) == 3


def test_r25_r24_the_old_school_may_have_the_person_again(nation: Nation, pair: tuple[str, str]) -> None:
    """R24, R25: A consolidated account that the earlier school has again has two posts, active while one is current."""
    kept, retiring = pair
    nation.join(kept, retiring, school=SECONDARY)
    nation.run(PRIMARY, on=OCTOBER, staff=[staff("RJ", mis_id="1"), staff("AB")])
    assert nation.accounts[kept].posts == {PRIMARY, SECONDARY}
    nation.run(SECONDARY, on=OCTOBER, staff=[replace(NEW, leaving_date=SEPTEMBER)])
    assert (nation.accounts[kept].posts, nation.accounts[kept].active) == (frozenset({PRIMARY}), True)


def test_r25_an_undone_run_never_wakes_the_retired_account(nation: Nation, pair: tuple[str, str]) -> None:
    """R25: The newer account is retired for good: undoing the run that made it does not bring it back."""
    kept, retiring = pair
    nation.join(kept, retiring, school=SECONDARY)
    nation.undo(SECONDARY, on=OCTOBER)
    assert not nation.accounts[retiring].active
    assert all(owner != retiring for _, owner in nation.staff.values())


def test_r25_an_undone_return_is_one_of_the_kept_account_too(nation: Nation, pair: tuple[str, str]) -> None:
    """R25: What a run did to the newer account before they were joined is undone at the earlier one."""
    kept, retiring = pair
    others = [staff("AB", mis_id="8")]
    nation.run(SECONDARY, on=SEPTEMBER, staff=[NEW, *others])
    nation.run(SECONDARY, on=SEPTEMBER, staff=others)  # missing, and then the school says that they left (R32)
    nation.decide(retiring, DecisionKind.LEFT, school=SECONDARY, on=SEPTEMBER)
    assert not nation.accounts[retiring].active
    nation.run(SECONDARY, on=OCTOBER, staff=[NEW, *others])
    nation.join(kept, retiring, school=SECONDARY)
    assert nation.accounts[kept].active
    nation.undo(SECONDARY, on=OCTOBER)
    assert not nation.accounts[kept].active
    assert not nation.accounts[retiring].active


def test_r25_r43_an_earlier_stay_at_the_same_school_ends_no_post(nation: Nation, pair: tuple[str, str]) -> None:
    """R25, R43: When the earlier school closes into the new one, its word of a leaver takes nothing from the post."""
    kept, retiring = pair
    nation.join(kept, retiring, school=SECONDARY)
    nation.close(PRIMARY, SECONDARY, on=OCTOBER)
    nation.run(SECONDARY, on=OCTOBER, staff=[NEW, staff("AB")])
    assert nation.accounts[kept].active
    assert SECONDARY in nation.accounts[kept].posts


def test_r25_undo_puts_both_accounts_back(nation: Nation, pair: tuple[str, str]) -> None:
    """R25: It can be undone: both accounts are as they would be without it, runs of the meantime included."""
    kept, retiring = pair
    before = nation.accounts[kept]
    nation.join(kept, retiring, school=SECONDARY)
    nation.run(SECONDARY, on=OCTOBER, staff=[replace(NEW, legal_surname="Puw")])
    nation.unjoin(retiring, school=SECONDARY, on=OCTOBER)
    after = nation.accounts[kept]
    assert (after.active, after.posts, after.details, after.reason) == (
        before.active, before.posts, before.details, before.reason,
    )  # fmt: skip
    back = nation.accounts[retiring]
    assert (back.active, back.posts, back.details.legal_surname) == (True, frozenset({SECONDARY}), "Puw")


def test_r25_undo_after_they_left_the_new_school(nation: Nation, pair: tuple[str, str]) -> None:
    """R25: Undone after the person left the new school, both accounts are inactive, as without it."""
    kept, retiring = pair
    nation.join(kept, retiring, school=SECONDARY)
    nation.run(SECONDARY, on=OCTOBER, staff=[replace(NEW, leaving_date=SEPTEMBER)])
    nation.unjoin(retiring, school=SECONDARY, on=OCTOBER)
    assert not nation.accounts[kept].active
    assert not nation.accounts[retiring].active
    nation.run(SECONDARY, on=OCTOBER, staff=[NEW])
    assert (nation.accounts[kept].active, nation.accounts[retiring].active) == (False, True)


def test_r25_it_can_be_undone_for_14_days() -> None:
    """R25: It can be undone for 14 days."""
    joined = datetime(2018, 10, 1, 12, tzinfo=UTC)
    assert consolidation.undo_until(joined) == joined + timedelta(days=14)


# -- the case ----------------------------------------------------------------------------------------------


def test_the_table_is_total() -> None:
    """R25: Every event has an answer in every state; a case that is over takes only the undo of a joined one."""
    assert {state: set(row) for state, row in consolidation.TABLE.items()} == {s: set(Event) for s in State}
    for state in set(State) - OPEN:
        left = {event for event, following in consolidation.TABLE[state].items() if following is not None}
        assert left == ({Event.UNDO} if state is State.DONE else set())


@pytest.mark.parametrize("order", [(Event.ASK, Event.AUTHORISE), (Event.AUTHORISE, Event.ASK)])
def test_r25_a_and_b_come_in_either_order(order: tuple[Event, Event]) -> None:
    """R25: (a) the headteacher's authorisation and (b) the staff member's request come in either order."""
    state = State.INVITED
    for event in order:
        with pytest.raises(NotNow):
            consolidation.after(state, Event.JOIN)
        state = consolidation.after(state, event)
    assert consolidation.after(state, Event.JOIN) is State.DONE


def test_r25_second_thoughts_of_the_headteacher() -> None:
    """R25: An authorisation that is taken back is none, and one that is refused ends the case."""
    assert consolidation.after(State.COMPLETE, Event.TAKE_BACK) is State.ASKED
    assert consolidation.after(State.CHECKING, Event.TAKE_BACK) is State.ASKED
    assert consolidation.after(State.COMPLETE, Event.DECLINE) is State.REFUSED
    with pytest.raises(NotNow):
        consolidation.after(State.DONE, Event.TAKE_BACK)


@pytest.mark.parametrize(
    ("authorisation", "counts"),
    [
        (Authorisation(Way.ONLINE, "head"), True),
        (Authorisation(Way.EMAIL, "agent 1"), False),
        (Authorisation(Way.EMAIL, "agent 1", Proof.LINK, "school"), True),
        (Authorisation(Way.EMAIL, "agent 1", Proof.TELEPHONE, "agent 1"), False),
        (Authorisation(Way.EMAIL, "agent 1", Proof.TELEPHONE, "agent 2"), True),
    ],
)
def test_r25_an_authorisation_by_email_has_to_be_proved(authorisation: Authorisation, counts: bool) -> None:
    """R25: An authorisation by e-mail counts once the registered address's link was opened, or a second agent rang."""
    assert authorisation.counts is counts


HEAD, DEPUTY, MOVER = "account head", "account deputy", "account mover"


@pytest.mark.parametrize(
    ("heads", "closed", "successor", "asked"),
    [
        ({HEAD}, None, None, Asked(Decider.HEAD, PRIMARY)),
        ({MOVER}, None, None, Asked(Decider.AUTHORITY, area="671")),
        ({MOVER, DEPUTY}, None, None, Asked(Decider.DEPUTY, PRIMARY)),
        (set(), None, None, Asked(Decider.AUTHORITY, area="671")),
        ({HEAD}, JULY, SchoolSeen(OTHER, heads=frozenset({"other head"})), Asked(Decider.SUCCESSOR, OTHER)),
        ({HEAD}, JULY, SchoolSeen(OTHER), Asked(Decider.AUTHORITY, area="671")),
        ({HEAD}, JULY, None, Asked(Decider.AUTHORITY, area="671")),
        ({HEAD}, OCTOBER, None, Asked(Decider.HEAD, PRIMARY)),
    ],
)
def test_r25_who_decides(heads: set[str], closed: date | None, successor: SchoolSeen | None, asked: Asked) -> None:
    """R25: The previous headteacher decides, never about their own move; of a closed school its successor, else the
    authority, which also decides when the post is vacant."""
    school = SchoolSeen(PRIMARY, closed=closed, heads=frozenset(heads))
    found = consolidation.who_decides(school, successor=successor, movers=frozenset({MOVER}), on=SEPTEMBER)
    assert found == asked


@pytest.mark.parametrize(
    ("facts", "needed"),
    [
        ({}, False), ({"surnames_differ": True}, True), ({"has_leading_role": True}, True), ({"way": Way.EMAIL}, True),
    ],
)  # fmt: skip
def test_r25_when_a_second_agent_is_needed(facts: dict[str, object], needed: bool) -> None:
    """R25: A second agent looks when surnames differ, when the person leads, or when the authorisation came by e-mail."""
    standard: dict[str, object] = {"surnames_differ": False, "has_leading_role": False, "way": Way.ONLINE}
    assert consolidation.needs_second_agent(**{**standard, **facts}) is needed  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "authorised", "account", "left", "right", "shown"),
    [
        (State.INVITED, None, False, False, False, Status.WAITING_STAFF),
        (State.AUTHORISED, Authorisation(Way.ONLINE, "h"), True, True, True, Status.WAITING_STAFF),
        (State.ASKED, None, True, True, False, Status.WAITING_HEAD),
        (State.COMPLETE, Authorisation(Way.EMAIL, "a"), True, True, True, Status.WAITING_PROOF),
        (State.COMPLETE, Authorisation(Way.ONLINE, "h"), False, True, False, Status.WAITING_ACCOUNT),
        (State.COMPLETE, Authorisation(Way.ONLINE, "h"), True, False, False, Status.WAITING_LEAVING_DATE),
        (State.COMPLETE, Authorisation(Way.ONLINE, "h"), True, True, False, Status.TO_CHECK),
        (State.COMPLETE, Authorisation(Way.ONLINE, "h"), True, True, True, Status.READY),
        (State.CHECKING, Authorisation(Way.ONLINE, "h"), True, True, True, Status.SECOND_CHECK),
    ],
)
def test_r25_how_a_case_stands(
    state: State, authorised: Authorisation | None, account: bool, left: bool, right: bool, shown: Status
) -> None:
    """R25: What a case waits for follows from what is recorded and from what the schools have sent by now."""
    found = consolidation.status(
        state, authorisation=authorised, has_new_account=account, has_left=left, is_right=right
    )
    assert found is shown


# -- the evidence ------------------------------------------------------------------------------------------

KEPT = AccountSeen(
    "k", "staff", False, "Jones", frozenset({"Rhian Jones"}), frozenset({"jonesr12"}), schools=frozenset({PRIMARY}),
    left=((PRIMARY, date(2018, 8, 31)),), created=date(2016, 9, 1),
)  # fmt: skip
RETIRING = AccountSeen(
    "r", "staff", True, "Jones", frozenset({"Rhian Jones"}), frozenset({"jonesr99"}), posts=frozenset({SECONDARY}),
    schools=frozenset({SECONDARY}), left=((SECONDARY, None),), codes=((SECONDARY, "RJO"),),
    numbers=((SECONDARY, "E77"),), created=date(2018, 9, 1),
)  # fmt: skip
HELD = Held(
    SchoolSeen(PRIMARY, "Bryn Heulog Primary", "Ysgol Bryn Heulog"), SchoolSeen(SECONDARY, "Glan Enfys", "Glan Enfys"),
    KEPT, RETIRING,
)  # fmt: skip
SAID = {
    Item.LEAVING_CONFIRMED: "yes", Item.FORMER_NAME: "Rhian JONES", Item.PREVIOUS_SCHOOL: "Ysgol Bryn Heulog",
    Item.PREVIOUS_NUMBER: "671/2041", Item.PREVIOUS_USERNAME: "JonesR12@hwb.example", Item.MOVES_TO: "Glan Enfys",
    Item.NEW_SCHOOL: "Glan Enfys", Item.NEW_NUMBER: SECONDARY, Item.NEW_USERNAME: "jonesr99", Item.STAFF_CODE: "rjo",
    Item.EMPLOYEE_NUMBER: "E77",
}  # fmt: skip


def _table(
    held: Held = HELD, recorded: frozenset[Item] = frozenset(), **changed: str
) -> dict[Item, consolidation_evidence.Evidence]:
    given = {**SAID, **{Item[name]: value for name, value in changed.items()}}
    rows = consolidation_evidence.evidence([Given(item, value, "") for item, value in given.items()], recorded, held)
    return {row.item: row for row in rows}


def test_r25_every_item_is_checked() -> None:
    """R25: All of (a) and (b) is checked against what the system holds, and shown once each."""
    table = _table()
    assert tuple(table) == (*OF_HEAD, *OF_STAFF)
    assert {row.result for row in table.values()} == {Result.AGREES}
    assert consolidation_evidence.is_right(table.values(), consolidation_evidence.checks(HELD, on=SEPTEMBER))


@pytest.mark.parametrize("item", [item for item in Item if item is not Item.LEAVING_CONFIRMED])
def test_r25_what_differs_is_shown(item: Item) -> None:
    """R25: A value that is not the system's differs; one that was not given is not yet received."""
    assert _table(**{item.name: "something else"})[item].result is Result.DIFFERS
    assert _table(**{item.name: " "})[item].result is Result.NOT_RECEIVED


def test_r25_a_leaving_date_that_no_mis_sent_is_not_received() -> None:
    """R25: A headteacher's word about a leaving date is not yet the MIS's."""
    held = replace(HELD, kept=replace(KEPT, left=((PRIMARY, None),), posts=frozenset({PRIMARY}), active=True))
    assert _table(held)[Item.LEAVING_CONFIRMED].result is Result.NOT_RECEIVED


def test_r25_what_an_agent_may_record() -> None:
    """R25: An agent records names and employee numbers checked by other means, never numbers of schools, usernames or
    staff codes."""
    for item in Item:
        found = _table(recorded=frozenset(Item), **{item.name: "something else"})[item].result
        allowed = item in consolidation_evidence.RECORDABLE
        if item is not Item.LEAVING_CONFIRMED:
            assert found is (Result.RECORDED if allowed else Result.DIFFERS), item
    silent = replace(HELD, retiring=replace(RETIRING, numbers=()))
    assert _table(silent)[Item.EMPLOYEE_NUMBER].result is Result.NOT_RECEIVED
    recorded = _table(silent, frozenset({Item.EMPLOYEE_NUMBER}))
    assert recorded[Item.EMPLOYEE_NUMBER].result is Result.RECORDED


@pytest.mark.parametrize(
    ("held", "broken"),
    [
        (replace(HELD, kept=replace(KEPT, left=((PRIMARY, date(2018, 9, 3)),))), {Check.LEFT}),
        (replace(HELD, kept=replace(KEPT, active=True, posts=frozenset({OTHER}))), {Check.RELEASED}),
        (replace(HELD, retiring=replace(RETIRING, active=False)), {Check.ARRIVED}),
        (replace(HELD, retiring=replace(RETIRING, left=())), {Check.ARRIVED}),
        (replace(HELD, retiring=replace(RETIRING, is_code_unique=False)), {Check.CODE_UNIQUE}),
        (replace(HELD, has_other_case=True), {Check.NO_OTHER_CASE}),
        (replace(HELD, kept=replace(KEPT, created=date(2018, 9, 2))), {Check.OLDER}),
        (replace(HELD, kept=replace(KEPT, schools=frozenset({OTHER}), left=())), {Check.LEFT, Check.OLDER}),
        (replace(HELD, kept=replace(KEPT, is_barred=True)), {Check.FREE}),
        (replace(HELD, kept=replace(KEPT, is_retired=True)), {Check.FREE}),
        (replace(HELD, retiring=replace(RETIRING, has_joined=True)), {Check.FREE}),
        (replace(HELD, kept=replace(KEPT, kind="official")), {Check.FREE}),
        (replace(HELD, kept=replace(RETIRING, active=False, posts=frozenset())),
         {Check.LEFT, Check.OLDER, Check.FREE}),
    ],
)  # fmt: skip
def test_r25_the_previous_account_must_be_released(held: Held, broken: set[Check]) -> None:
    """R25: The previous account must be released, the new one active and from a run, and the two joinable."""
    found = consolidation_evidence.checks(held, on=SEPTEMBER)
    assert {check for check, holds in found if not holds} == broken
