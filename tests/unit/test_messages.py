"""What messages say, whom they reach, and when they are due (ux.md 10): pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hwb.lifecycle import messages
from hwb.lifecycle.calendar import LONDON
from hwb.lifecycle.message_texts import School, said
from hwb.lifecycle.messages import Attempts, Kind, Reader

SCHOOL = School("6712041", "Bryn Heulog Primary School", "Ysgol Gynradd Bryn Heulog")
DETAILS: dict[Kind, dict[str, Any]] = {
    Kind.FAILING: {"since": "2018-07-14", "failed": 2, "code": "no_file", "cause": "failed", "blocked": 28},
    Kind.HELD: {"run": "x", "date": "2018-09-10", "holds": [{"check": "missing", "measured": 37, "base": 210}]},
    Kind.REFUSALS: {"count": 3, "reasons": {"L07": 2, "S02": 1}},
    Kind.PASSED: {"count": 2, "by": "champion"},
    Kind.WAITED_FOR: {"count": 6, "newest": "2018-09-04", "asked": True},
    Kind.ARRIVALS: {"count": 2, "need_password": 1},
    Kind.WATCHED: {"count": 1},
    Kind.ASKED: {"what": "refused", "by": "client_manager"},
    Kind.INVITATION: {"link": "0", "days": 7},
    Kind.DECISION: {"case": 7, "what": "headteacher"},
    Kind.MOVE: {"case": 7, "what": "joined"},
    Kind.CASE: {"case": 7, "what": "done"},
    Kind.OWN_ACCOUNT: {"what": "added", "at": "2018-09-04T09:30:00+00:00"},
    Kind.CHAMPIONS: {"act": "added", "by": "head", "at": "2018-09-04T09:30:00+00:00"},
    Kind.ADDRESS: {"from": "2018-07-09"},
    Kind.EARLIER_WORK: {"what": "ready", "request": 7, "first": "2018-09-10", "last": "2018-10-08"},
    Kind.RECOVERY: {"link": "x"},
    Kind.RECOVERY_ADDRESS: {"link": "x"},
}
SUBJECTS = {
    Kind.FAILING: ("Bryn Heulog Primary School: no data has reached Hwb since 14 July 2018",
                   "Ysgol Gynradd Bryn Heulog: nid oes data wedi cyrraedd Hwb ers 14 Gorffennaf 2018"),
    Kind.HELD: ("Bryn Heulog Primary School: a run is held and waits for a decision",
                "Ysgol Gynradd Bryn Heulog: mae rhediad wedi'i ddal ac yn aros am benderfyniad"),
    Kind.REFUSALS: ("Bryn Heulog Primary School: 3 records to put right",
                    "Ysgol Gynradd Bryn Heulog: 3 chofnod i'w cywiro"),
    Kind.PASSED: ("Bryn Heulog Primary School: a task was passed to you",
                  "Ysgol Gynradd Bryn Heulog: trosglwyddwyd tasg i chi"),
    Kind.WAITED_FOR: ("Bryn Heulog Primary School: 6 learners are waiting",
                      "Ysgol Gynradd Bryn Heulog: mae 6 dysgwr yn aros"),
    Kind.ARRIVALS: ("Bryn Heulog Primary School: 2 learners have arrived",
                    "Ysgol Gynradd Bryn Heulog: mae 2 ddysgwr wedi cyrraedd"),
    Kind.WATCHED: ("A learner you were looking for has arrived",
                   "Mae dysgwr roeddech chi'n chwilio amdano wedi cyrraedd"),
    Kind.DECISION: ("Bryn Heulog Primary School: a decision is waiting for you",
                    "Ysgol Gynradd Bryn Heulog: mae penderfyniad yn aros amdanoch"),
    Kind.MOVE: ("Your accounts have been joined", "Mae eich cyfrifon wedi'u huno"),
    Kind.CASE: ("Hwb Support has answered your request", "Mae Cymorth Hwb wedi ateb eich cais"),
    Kind.OWN_ACCOUNT: ("A second step was added to your Hwb account",
                       "Ychwanegwyd ail gam at eich cyfrif Hwb"),
    Kind.CHAMPIONS: ("Bryn Heulog Primary School: a Digital Champion was added",
                     "Ysgol Gynradd Bryn Heulog: ychwanegwyd Hyrwyddwr Digidol"),
    Kind.ASKED: ("Bryn Heulog Primary School: something is asked of you",
                 "Ysgol Gynradd Bryn Heulog: gofynnir rhywbeth gennych"),
    Kind.INVITATION: ("Bryn Heulog Primary School: your way into Hwb",
                      "Ysgol Gynradd Bryn Heulog: eich ffordd i mewn i Hwb"),
    Kind.ADDRESS: ("Bryn Heulog Primary School: the registered address changes on 9 July 2018",
                   "Ysgol Gynradd Bryn Heulog: bydd y cyfeiriad cofrestredig yn newid ar 9 Gorffennaf 2018"),
    Kind.EARLIER_WORK: ("Earlier Just2easy work can be opened", "Mae modd agor gwaith Just2easy cynharach"),
    Kind.RECOVERY: ("Choose a new password for Hwb", "Dewis cyfrinair newydd ar gyfer Hwb"),
    Kind.RECOVERY_ADDRESS: ("Confirm your recovery address for Hwb", "Cadarnhau eich cyfeiriad adfer ar gyfer Hwb"),
}  # fmt: skip
ROLES = {
    Kind.PASSED: "passed", Kind.WATCHED: "watching", Kind.OWN_ACCOUNT: "owner", Kind.INVITATION: "invited",
    Kind.RECOVERY: "recovery", Kind.RECOVERY_ADDRESS: "recovery",
}  # fmt: skip


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_says_its_purpose_in_each_language(kind: Kind) -> None:
    """Subject, next step, why the reader gets it and where to change that, each in one language only."""
    texts = [
        said(kind, DETAILS[kind], school=SCHOOL, role=ROLES.get(kind, "champion"), language=language,
             support="help@example.wales", to_account=True)
        for language in ("en", "cy")
    ]  # fmt: skip
    assert tuple(text.subject for text in texts) == SUBJECTS[kind]
    english, welsh = texts
    assert len(english.paragraphs) == len(welsh.paragraphs)
    for name in ("link", "why", "change", "never", "school"):
        assert getattr(english, name) != getattr(welsh, name)
    assert not set(english.paragraphs) & set(welsh.paragraphs)
    assert english.why.startswith("You get this message because")
    assert welsh.why.startswith("Rydych chi'n cael y neges hon am")


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.FAILING])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 6, 11, 100])
def test_plurals(kind: Kind, count: int) -> None:
    """Every number has its form: 0, 1, 2, 3, 6 and other."""
    text = said(kind, {**DETAILS[kind], "count": count}, school=SCHOOL, role=ROLES.get(kind, "champion"), language="cy",
                support="", to_account=True)  # fmt: skip
    assert "{" not in text.subject + "".join(text.paragraphs)


@pytest.mark.parametrize(("after", "due"), [
    ("2018-09-03T06:59", "2018-09-03T07:00"),  # a Monday
    ("2018-09-03T07:00", "2018-09-04T07:00"),
    ("2018-09-07T07:01", "2018-09-10T07:00"),  # Friday → Monday
    ("2018-09-08T12:00", "2018-09-10T07:00"),
    ("2018-03-23T12:00", "2018-03-26T07:00"),  # the clocks go forward on the Sunday between
    ("2018-10-26T12:00", "2018-10-29T07:00"),  # and back
])  # fmt: skip
def test_summaries_go_out_at_seven_on_school_days(after: str, due: str) -> None:
    """In Wales's time; all else goes out at once."""
    moment = datetime.fromisoformat(after).replace(tzinfo=LONDON)
    expected = datetime.fromisoformat(due).replace(tzinfo=LONDON)
    assert messages.due_at(Kind.ARRIVALS, moment) == expected
    assert messages.due_at(Kind.HELD, moment) == moment


def test_runs_have_stopped_after_two_failures_or_three_days() -> None:
    """M1: two in a row at once; three days without success by the next morning; not sooner."""
    now = datetime(2018, 9, 5, 12, tzinfo=UTC)
    day = timedelta(days=1)
    assert messages.failing(Attempts(now - day, None, 1, "no_file"), now) is None
    assert messages.failing(Attempts(now - day, None, 2, "no_file"), now) == messages.Failing("failed", now)
    assert messages.failing(Attempts(now - 3 * day + timedelta(seconds=1), None, 0, ""), now) is None
    assert messages.failing(Attempts(now - 3 * day, None, 0, ""), now) == messages.Failing("silent", now)
    night = datetime(2018, 9, 8, 1, tzinfo=UTC)  # a Saturday
    silent = messages.failing(Attempts(night - 3 * day, None, 0, "", held=True), night)
    assert silent == messages.Failing("held", datetime(2018, 9, 10, 7, tzinfo=LONDON))
    assert messages.failing(Attempts(None, None, 0, ""), now) is None


def test_readers_are_told_once_and_the_register_stands_in() -> None:
    """One message for somebody with two roles; an address of the register where nobody has the role."""
    held = [Reader("head", "a"), Reader("champion", "a"), Reader("mis_admin", "b")]
    registered = {"head": "head@school.wales", "client_manager": "Ann, room 4"}
    assert messages.readers_of(Kind.HELD, held, registered) == (Reader("champion", "a"),)
    assert messages.readers_of(Kind.HELD, [], {**registered, "client_manager": "it@county.wales"}) == (
        Reader("head", address="head@school.wales"), Reader("client_manager", address="it@county.wales"),
    )  # fmt: skip


def test_a_school_is_told_again_when_more_wait_or_after_a_week() -> None:
    """M7: at most once a day, and not every day the same."""
    now = datetime(2018, 9, 5, 7, tzinfo=UTC)
    told = {"count": 6, "newest": "2018-09-04"}

    def again(count: int, hours: int) -> bool:
        at = now - timedelta(hours=hours)
        return messages.is_told_again(
            count=count, newest=datetime(2018, 9, 4, tzinfo=UTC).date(), told=told, told_at=at, now=now
        )

    assert not again(7, 1)
    assert not again(6, 24)
    assert again(7, 24)
    assert again(6, 24 * 7)
    assert messages.is_told_again(count=1, newest=now.date(), told=None, told_at=None, now=now)


def test_only_new_refusals_are_told() -> None:
    """M3: a record that was refused before for the same reason is not told again; a person is known by UPN."""

    def result(*people: tuple[str, str, str]) -> dict[str, Any]:
        return {
            "people": [{"record": record, "upn": upn} for record, upn, _ in people],
            "problems": [{"record": record, "code": code} for record, _, code in people],
        }

    before, now = result(("row 1", "A1", "L07")), result(("row 9", "A1", "L07"), ("row 2", "B2", "L07"))
    assert messages.new_refusals(now, before) == {"count": 1, "reasons": {"L07": 1}}
    assert messages.new_refusals(now, {"people": None, "problems": None})["count"] == 2
    assert messages.summed([{"count": 1, "reasons": {"L07": 1}}] * 2) == {"count": 2, "reasons": {"L07": 2}}
