"""Explanations of generated nations and of arbitrary facts: always one code, never a fault, and what is said is true."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.test_nations import FIRST, UNLIMITED, days
from tests.support.nation import Nation
from tests.support.people import OTHER, PRIMARY, SECONDARY, learner, upn

from hwb.extract.records import LearnerRecord, Problem, StaffRecord
from hwb.extract.texts import Both, Text
from hwb.lifecycle import explain, words
from hwb.lifecycle.changes import ChangeKind
from hwb.lifecycle.explain_facts import (
    Colleague,
    LearnerFacts,
    Limits,
    Made,
    RefusedSeen,
    RunSeen,
    SchoolSeen,
    StaffFacts,
    YearShare,
)
from hwb.lifecycle.explain_texts import SITUATIONS
from hwb.lifecycle.facts import (
    Account,
    Decision,
    DecisionKind,
    Details,
    Learner,
    LearnerEntry,
    Reason,
    StaffEntry,
    StaffMember,
    WaitCause,
)
from hwb.lifecycle.service_accounts import Standing, State

SCHOOLS = (PRIMARY, SECONDARY, OTHER)
NAMES = {PRIMARY: Both("Bryn Heulog", "Ysgol Bryn Heulog"), SECONDARY: Both("Glan Enfys", "Ysgol Glan Enfys"),
         OTHER: Both("Cae Mawr", "Ysgol Cae Mawr")}  # fmt: skip
LIMITS = Limits(UNLIMITED)


def texts_of(found: explain.Explanation) -> list[str]:
    """Everything that is said, in both languages."""
    texts = [found.headline, found.next_step, *([found.when] if found.when else []), *(k.question for k in found.chain)]
    return [explain.say(text, language) for language in ("en", "cy") for text in texts]  # type: ignore[arg-type]


def is_sound(found: explain.Explanation) -> None:
    """One known code, sentences without open gaps, an owner and a next step."""
    assert found.code in SITUATIONS
    assert found.key.startswith(found.code)
    assert len(found.chain) in (0, 3, 4)
    for text in texts_of(found):
        assert text.strip()
        assert "{" not in text
    assert explain.owner_name(found.owner, "cy") != explain.owner_name(found.owner, "en")


# Generated nations


@st.composite
def snapshots(draw: st.DrawFn, school: str) -> list[LearnerRecord]:
    """What a school says of up to four learners, with class and name that only this school uses."""
    found = {}
    for number in draw(st.lists(st.integers(1, 4), max_size=4)):
        start = draw(days) - timedelta(days=30)
        clashes = draw(st.integers(0, 9)) == 0
        found[number] = learner(
            number, start_date=start, year_group=draw(st.sampled_from(["6", "7"])),
            leaving_date=draw(st.none() | st.integers(0, 60).map(lambda n, start=start: start + timedelta(days=n))),
            enrolment_status=draw(st.sampled_from("CCCMSG")), registration_group=f"Dosbarth{school}",
            preferred_forename=f"Enw{school}", former_upn=upn(number + 40) if draw(st.integers(0, 9)) == 0 else "",
            **({"birth_date": date(2001, 1, 1), "legal_surname": "Arall"} if clashes else {}),
        )  # fmt: skip
    return list(found.values())


happenings = st.lists(
    st.sampled_from(SCHOOLS).flatmap(lambda school: st.tuples(st.just(school), snapshots(school), st.integers(0, 12))),
    min_size=1, max_size=10,
)  # fmt: skip


def school_of(nation: Nation, dfes: str) -> SchoolSeen:
    ran = nation.runs.get(dfes, [])
    last = RunSeen(f"run{len(ran)}", ran[-1].snapshot.as_at, ran[-1].snapshot.as_at) if ran else None
    return SchoolSeen(
        dfes, NAMES[dfes], Both("Cyngor", "Cyngor"), "primary" if dfes != SECONDARY else "secondary", last_run=last
    )


def facts_of(nation: Nation, asked: str, dfes: str) -> LearnerFacts:
    """The facts that the database would give of a nation in memory."""
    person = nation._person(asked)
    account = person.account
    holder = account.holder if account is not None and account.holder != dfes else None
    let_go = [c for c in nation.changes if account and c.account == account.id and c.kind is ChangeKind.RELEASE]
    return LearnerFacts(
        asked, school_of(nation, dfes), person, school_of(nation, holder) if holder else None,
        last_holder=let_go[-1].before["holder"] if let_go else None,
    )  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(happenings)
def test_every_learner_of_a_nation_is_explained_truly(happening: list[tuple[str, list[LearnerRecord], int]]) -> None:
    """For each (learner, school) pair after each step: one code, and nothing that is not so or not theirs to know."""
    nation, today = Nation(policy=UNLIMITED), FIRST
    for school, people, later in happening:
        today += timedelta(days=later)
        nation.day(today)
        nation.run(school, people, on=today)
        for number in (1, 2, 3, 4, 9):
            for asking in SCHOOLS:
                facts = facts_of(nation, upn(number), asking)
                found = explain.learner(facts, on=today, limits=LIMITS)
                is_sound(found)
                is_true(found, facts, today)
                is_discreet(found, facts)


def is_true(found: explain.Explanation, facts: LearnerFacts, today: date) -> None:
    account, dfes = facts.learner.account, facts.school.dfes
    own = next((e for e in facts.learner.entries if e.school == dfes), None)
    holder = account.holder if account else None
    if found.code in ("LX01", "LX15", "LX20"):
        assert account is not None
        assert (account.active, holder) == (True, dfes)
    if found.code == "LX15":
        assert own is not None
        assert words.is_missing(own)
    if found.code == "LX14":
        assert account is None or (not account.active and holder is None)
    if found.key == "LX14" or found.key == "LX14.undated":
        assert account is None or facts.last_holder in (None, dfes), "nobody had them since"
    if found.code in ("LX04", "LX05", "LX06", "LX22", "LX27"):
        assert holder not in (None, dfes)
    if found.code in ("LX07", "LX08", "LX09"):
        assert account is not None
        assert holder is None
    if found.key == "LX11":
        assert account is None
        assert facts.learner.entries == ()
    if found.code == "LX03":
        assert own is not None
        assert own.record.start_date is not None
        assert own.record.start_date > today
    if found.code == "LX24":
        assert own is not None
        assert own.record.enrolment_status in "SG"
    if found.code in ("LX10", "LX23"):
        assert facts.learner.waits
    if account is not None and holder == dfes and account.active and not facts.learner.waits:
        assert found.code in ("LX01", "LX02", "LX15", "LX20"), (
            "an account that works here is never said to be elsewhere"
        )


def is_discreet(found: explain.Explanation, facts: LearnerFacts) -> None:
    """Of another school only its name, and only of the one that has the account; of a school that waits nothing."""
    holder = facts.learner.account.holder if facts.learner.account else None
    may_name = {holder} if holder != facts.school.dfes and found.code not in ("LX22", "LX23") else set()
    for text in texts_of(found):
        for other in SCHOOLS:
            if other != facts.school.dfes:
                assert f"Dosbarth{other}" not in text
                assert f"Enw{other}" not in text
            if other not in may_name:
                assert NAMES[other].en not in text
                assert other not in text.replace(facts.upn, "").replace(f"Enw{facts.school.dfes}", "").replace(
                    f"Dosbarth{facts.school.dfes}", ""
                )
        if facts.learner.account is not None and facts.learner.account.details.birth_date is not None:
            assert str(facts.learner.account.details.birth_date) not in text
    protected = explain.learner(replace(facts, protected=True), on=FIRST, limits=LIMITS)
    nobody = LearnerFacts(upn(99), SchoolSeen(OTHER, Both("", "")), Learner(upn(99)), protected=True)
    assert protected == explain.learner(nobody, on=FIRST, limits=LIMITS)


# Arbitrary facts

moments = days.map(lambda day: datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
maybe_day = st.none() | days
runs = st.builds(RunSeen, st.sampled_from(["a", "b"]), moments, moments)
names = st.sampled_from(["Mali", "Siân", "O'Neill", "Ŵyn", "Rees {x}"]).map(lambda name: name.replace("{x}", "Huws"))
seen = st.builds(
    SchoolSeen, st.sampled_from(SCHOOLS), st.sampled_from(list(NAMES.values())), st.just(Both("Cyngor", "Cyngor")),
    st.sampled_from(["primary", "secondary", ""]), st.just("sims"), st.none() | runs, st.none() | runs,
    st.integers(0, 3), st.sampled_from(["", "stale", "mis_error", "unheard of"]), st.sampled_from(["", "TG"]),
    st.sampled_from(["", "02:13"]), st.booleans(),
)  # fmt: skip
records = st.builds(
    LearnerRecord, st.just(upn(1)), names, names, maybe_day, st.sampled_from(["6", "", "7"]), maybe_day, maybe_day,
    st.sampled_from("CMSG"), st.sampled_from(["", "7B"]), st.just(()),
)  # fmt: skip
entries = st.builds(LearnerEntry, st.sampled_from(SCHOOLS), records, maybe_day, st.booleans(), st.booleans())
kinds = st.sampled_from(DecisionKind)
decisions = st.lists(st.builds(Decision, st.just("d"), kinds, st.none() | st.sampled_from(SCHOOLS)), max_size=2).map(
    tuple
)
made = st.lists(
    st.builds(Made, kinds, st.none() | st.sampled_from(SCHOOLS), names, moments, st.sampled_from(["", "left"])),
    max_size=2,
).map(tuple)
school_sets = st.frozensets(st.sampled_from(SCHOOLS))
accounts = st.builds(
    Account, st.just("account"), st.booleans(), st.just(Reason("R1", "created")), st.builds(Details, names, names),
    st.just(upn(1)), st.just(frozenset()), st.none() | st.sampled_from(SCHOOLS), school_sets, school_sets, school_sets,
    decisions, maybe_day,
)  # fmt: skip
problems = st.sampled_from(
    [Problem("L02", "1", "upn", "X"), Problem("S01", "1", "start_date", "", "staff"),
     Problem("S02", "1", "staff_code", "", "staff"), Problem("S03", "1", "staff_code", "RJ", "staff"),
     Problem("S12", "1", "leaving_date", "x", "staff")]
)  # fmt: skip
refusals = st.builds(
    RefusedSeen, runs, names, names, st.lists(problems, max_size=2).map(tuple), st.sampled_from(["", "RJ"])
)
waits = st.lists(st.tuples(st.sampled_from(SCHOOLS), st.sampled_from(WaitCause)), max_size=2).map(tuple)
people = st.builds(Learner, st.just(upn(1)), st.none() | accounts, st.lists(entries, max_size=3).map(tuple), waits)
learner_facts = st.builds(
    LearnerFacts, st.just(upn(1)), seen, people, st.none() | seen, st.none() | people, st.booleans(), made,
    st.none() | refusals, st.none() | names, st.none() | moments, st.none() | st.sampled_from(SCHOOLS), st.booleans(),
    st.none() | st.builds(YearShare, st.just("6"), st.integers(0, 31), st.integers(1, 31)),
)  # fmt: skip
staff_records = st.builds(StaffRecord, names, names, st.sampled_from(["", "RJ"]), maybe_day, maybe_day)
members = st.builds(
    StaffMember, st.builds(StaffEntry, st.sampled_from(SCHOOLS), staff_records, st.just("1"), maybe_day, st.booleans()),
    st.none() | accounts,
)  # fmt: skip
staff_facts = st.builds(
    StaffFacts, seen, names, st.none() | members, st.booleans(), made, st.lists(refusals, max_size=2).map(tuple),
    st.lists(st.builds(Colleague, names, names, st.just("AB")), max_size=2).map(tuple), st.booleans(), st.just("mali.rees"),
    st.booleans(),
)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(learner_facts, days)
def test_any_learner_facts_have_one_answer(facts: LearnerFacts, on: date) -> None:
    """Total: whatever the facts, also such as no rule ever leaves behind."""
    found = explain.learner(facts, on=on, limits=LIMITS)
    is_sound(found)
    if facts.protected:
        nobody = LearnerFacts(upn(99), SchoolSeen(OTHER, Both("", "")), Learner(upn(99)), protected=True)
        assert found == explain.learner(nobody, on=FIRST, limits=LIMITS)
    if found.code == "LX14" and facts.learner.account is not None:
        assert not facts.learner.account.active
        assert facts.learner.account.holder is None


@settings(max_examples=250, deadline=None)
@given(staff_facts, days)
def test_any_staff_facts_have_one_answer(facts: StaffFacts, on: date) -> None:
    """Total for staff too; a switched-off account is never called active."""
    found = explain.staff(facts, on=on, limits=LIMITS)
    is_sound(found)
    account = facts.member.account if facts.member else None
    if found.key == "SX11":
        assert account is not None
        assert account.active
    if found.key in ("SX08", "SX08.undated"):
        assert account is not None
        assert not account.active


@given(st.booleans(), st.sampled_from(["left", "grace", "created", "nonsense", "suspended"]), st.booleans())
def test_any_stored_reason_has_a_short_form(active: bool, code: str, here: bool) -> None:
    """For rows of lists: a few words or none, also for a reason that is not known here."""
    short = explain.short_reason(active=active, code=code, values={"date": "2018-07-20"}, here=here)
    if short is not None:
        assert explain.say(short, "cy") != explain.say(short, "en")
    assert (short is None) == (here and active and code != "grace")


def test_a_date_that_is_missing_leaves_no_gap() -> None:
    """A stored reason without its date is told without one."""
    short = explain.short_reason(active=False, code="left", values={})
    assert short is not None
    assert explain.say(short, "en") == "not on roll"


@given(staff_records, staff_records)
def test_any_two_members_of_staff_can_be_compared(one: StaffRecord, other: StaffRecord) -> None:
    """Every field once, in both languages; what only the colleague has is said to be missing here."""
    rows = explain.compare(one, other)
    assert [row.field for row in rows] == list(StaffRecord.__dataclass_fields__)
    for row in rows:
        word = explain.say(row.difference, "en")
        has, has_other = bool(getattr(one, row.field)), bool(getattr(other, row.field))
        assert (word == "Missing here") == (has_other and not has)
        assert (word == "Neither has it") == (not has and not has_other)
        assert explain.say(row.label, "cy") != row.field


def test_texts_without_a_name_name_nobody() -> None:
    """For the API: "this learner", in the reader's language."""
    text = explain.without_name(Text("{name} has an active account.", {"name": "Mali Rees"}))
    assert explain.say(text, "en") == "This learner has an active account."
    assert explain.say(text, "cy") == "Y dysgwr hwn: mae cyfrif gweithredol yma."


def facts(**values: object) -> LearnerFacts:
    """A learner held and active at the primary, which ran today."""
    ran = RunSeen("run", datetime(2018, 7, 2, 12, tzinfo=UTC), datetime(2018, 7, 2, 12, tzinfo=UTC))
    school = SchoolSeen(PRIMARY, NAMES[PRIMARY], last_run=ran)
    record = learner(1, start_date=date(2016, 9, 1))
    account = Account(
        "a", True, Reason("R1", "created"), Details(record.legal_surname, record.legal_forename), upn(1),
        holder=PRIMARY, schools=frozenset({PRIMARY}),
    )  # fmt: skip
    known = LearnerFacts(upn(1), school, Learner(upn(1), account, (LearnerEntry(PRIMARY, record),)))
    return replace(known, **values)  # type: ignore[arg-type]


def _account(known: LearnerFacts, **values: object) -> LearnerFacts:
    assert known.learner.account is not None
    return replace(known, learner=replace(known.learner, account=replace(known.learner.account, **values)))  # type: ignore[arg-type]


def _wait(cause: WaitCause, school: str = PRIMARY) -> object:
    return lambda known: replace(known, learner=replace(known.learner, waits=((school, cause), *known.learner.waits)))


def _word(**values: object) -> object:
    def change(known: LearnerFacts) -> LearnerFacts:
        entry = replace(known.learner.entries[0], **values)  # type: ignore[arg-type]
        return replace(known, learner=replace(known.learner, entries=(entry,)))

    return change


NOW = datetime(2018, 7, 2, 12, tzinfo=UTC)
#: In the order of ux.md 5.2: what makes a code hold for the learner of :func:`facts`, whatever follows it.
HELD_HERE = (
    ("LX21", lambda known: replace(known, protected=True)),
    ("LX25", lambda known: _account(known, active=False, decisions=(Decision("1", DecisionKind.SUSPENDED, None),))),
    ("LX02", lambda known: replace(known, refusal=RefusedSeen(RunSeen("run", NOW, NOW), "Rees", "Mali", (Problem("L09", "1", "year_group", ""),)))),
    ("LX23", _wait(WaitCause.IDENTITY)),
    ("LX10", _wait(WaitCause.CONFLICT, SECONDARY)),
    ("LX12", lambda known: replace(known, held_name="Mali", school=replace(known.school, held=RunSeen("held", NOW, NOW)))),
    ("LX13", lambda known: _account(
        replace(known, decisions=(Made(DecisionKind.DEACTIVATED, PRIMARY, "C. Rees", NOW),)),
        active=False, decisions=(Decision("2", DecisionKind.DEACTIVATED, PRIMARY),))),
    ("LX15", _word(missing_since=date(2018, 7, 2))),
    ("LX20", lambda known: replace(known, school=replace(known.school, year_groups_stayed=True))),
    ("LX19", lambda known: replace(known, mail=Standing(State.NONE, NOW), arrived=date(2018, 7, 2))),
    ("LX18", lambda known: replace(known, trouble=replace(known.trouble, locked=NOW))),
    ("LX17", lambda known: replace(known, trouble=replace(known.trouble, wrong=3))),
)  # fmt: skip


OLD = datetime(2018, 5, 1, 12, tzinfo=UTC)


def _there(**values: object) -> object:
    return lambda known: replace(known, holder=replace(known.holder, **values))


#: Nothing of the learner's has come from the primary; the secondary has the account.
HELD_ELSEWHERE = (
    ("LX21", HELD_HERE[0][1]),
    ("LX02", HELD_HERE[2][1]),
    ("LX23", _wait(WaitCause.IDENTITY)),
    ("LX12", HELD_HERE[5][1]),
    ("LX16", lambda known: replace(known, school=replace(known.school, failures=2, failure="stale"))),
    ("LX27", _there(held=RunSeen("there", NOW, NOW))),
    ("LX06", lambda known: replace(known, final_year=YearShare("6", 28, 31))),
    ("LX05", _there(last_run=RunSeen("there", OLD, OLD))),
    ("LX04", lambda known: replace(
        _account(known, holder=SECONDARY, schools=frozenset({SECONDARY})),
        learner=replace(_account(known, holder=SECONDARY, schools=frozenset({SECONDARY})).learner, entries=()),
        holder=SchoolSeen(SECONDARY, NAMES[SECONDARY], last_run=RunSeen("there", NOW, NOW)))),
)  # fmt: skip
#: As before, but nobody has the account.
FREE = (
    *HELD_ELSEWHERE[:2],
    ("LX12", HELD_HERE[5][1]),
    ("LX16", HELD_ELSEWHERE[4][1]),
    ("LX09", lambda known: replace(known, namesake=True)),
    ("LX07", lambda known: replace(known, released=NOW + timedelta(hours=1))),
    ("LX08", lambda known: replace(
        _account(known, holder=None, active=False, schools=frozenset({SECONDARY})),
        learner=replace(_account(known, holder=None, active=False, schools=frozenset({SECONDARY})).learner, entries=()),
        released=OLD)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("order", "position"),
    [(order, position) for order in (HELD_HERE, HELD_ELSEWHERE, FREE) for position in range(len(order))],
)
def test_codes_are_tried_in_the_order_of_the_design(order: tuple[tuple[str, object], ...], position: int) -> None:
    """ux.md 5.2: each code wins over all that follow it, where they can hold together."""
    known = facts()
    for code, change in reversed(order[position:]):
        if code == "LX13" and order[position][0] == "LX25":
            continue  # one account, one blocking decision
        known = change(known)  # type: ignore[operator]
    assert explain.learner(known, on=date(2018, 7, 2), limits=LIMITS).code == order[position][0]
