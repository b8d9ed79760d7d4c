"""The questions that people ask most (ux.md 5.4), each answered at most three pages away from the school's home."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from tests.support import explanations
from tests.support.asking import asker
from tests.support.deliveries import JULY, learner_row
from tests.support.explanations import DAY, SITUATIONS, Asked, arriving, at_primary, at_secondary
from tests.support.languages import foreign_texts
from tests.support.people import PRIMARY, SECONDARY, upn
from tests.support.walk import Walk
from tests.support.world import SCHOOL, World

from hwb.directory.models import Account
from hwb.operations import passwords
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
#: The links and buttons of the walks, as a reader of Welsh finds them.
WELSH = {
    "Learners": "Dysgwyr",
    "Leavers": "Ymadawyr",
    "Find my learner": "Dod o hyd i'm dysgwr",
    "Find a member of staff": "Dod o hyd i aelod o staff",
    "Find": "Chwilio",
    "Reset the password": "Ailosod y cyfrinair",
    "Provisioning": "Darparu",
}


@dataclass(frozen=True)
class Asks:
    """A question: what has happened, the way to its answer, and sentences of the answer in English and in Welsh.

    The way: links; `[upn]`, `[staff]` is what is asked for, typed into the page and sent; `[name]` the learner's link.
    """

    data: Callable[[], Asked]
    way: Sequence[str]
    english: Sequence[str]
    welsh: Sequence[str]


def _claimed() -> Asked:
    made_at = datetime(JULY.year, JULY.month, JULY.day, 15, tzinfo=UTC)
    account = Account.objects.get(upn=upn(1))
    passwords.reset_many(accounts=[account.id], school=PRIMARY, acting_user="tests", now=made_at)
    at_primary([learner_row(1, leaving_date=JULY)], on=JULY + DAY)
    at_secondary([arriving(1, on=JULY + DAY)], on=JULY + DAY)
    return Asked(upn(1), school=SECONDARY, on=JULY + DAY)


QUESTIONS = {
    "a new member of staff has no account": Asks(
        SITUATIONS["SX01"],
        ("Staff", "Find a member of staff", "[staff]"),
        ("Gwenllian Prys was received without a start date.", "MIS administrator"),
        ("Gwenllian Prys: daeth y cofnod heb ddyddiad dechrau.", "Gweinyddwr yr MIS"),
    ),
    "a member of staff has left but still appears": Asks(
        SITUATIONS["SX08"],
        ("Staff", "Leavers", "Mali Rees"),
        ("leaving date is 2 July 2018. The account is switched off. The details stay in this list.",),
        (
            "y dyddiad gadael yw 2 Gorffennaf 2018. Mae'r cyfrif wedi'i ddadactifadu. Mae'r manylion yn aros yn y rhestr",
        ),
    ),
    "the MIS does not know that a member of staff has left": Asks(
        SITUATIONS["SX09"],
        ("Staff", "Mali Rees"),
        ("Your MIS has no leaving date for Mali Rees.", "Enter the leaving date in your MIS"),
        ("Mali Rees: nid oes dyddiad gadael yn eich MIS.", "Nodwch y dyddiad gadael yn eich MIS"),
    ),
    "a new learner from another school has no account": Asks(
        SITUATIONS["LX05"],
        ("Learners", "Find my learner", "[upn]"),
        ("client has not run since 2 July 2018. Leaving dates entered after that have not reached us.",),
        ("Nid yw ei chleient wedi rhedeg ers 2 Gorffennaf 2018. Nid yw dyddiadau gadael a nodwyd ar ôl hynny wedi",),
    ),
    "a new learner has no password in the portal": Asks(
        _claimed,
        ("Learners", "[name]", "Reset the password"),
        ("This learner came from another school. Their old password still works.",),
        ("Daeth y dysgwr hwn o ysgol arall. Mae'r hen gyfrinair yn dal i weithio.",),
    ),
    "the portal shows last year's classes": Asks(
        SITUATIONS["LX20"],
        ("Learners",),
        ("Your run on 2 July 2018 still shows last year's year groups.", "Finish the end-of-year procedures in your"),
        ("Mae eich rhediad ar 2 Gorffennaf 2018 yn dal i ddangos grwpiau blwyddyn y llynedd.", "Cwblhewch y"),
    ),
    "I can still see learners who have left": Asks(
        SITUATIONS["LX14"],
        ("Learners", "Leavers"),
        ("Leavers stay in this list so that you can see what happened. They cannot sign in.",),
        ("Mae ymadawyr yn aros yn y rhestr hon er mwyn i chi weld beth ddigwyddodd. Ni allant fewngofnodi.",),
    ),
    "what became of one who left": Asks(
        SITUATIONS["LX14"],
        ("Learners", "Leavers", "[name]"),
        ("left on 2 July 2018 and no other school in Wales has admitted them.", "The account cannot be used."),
        ("wedi gadael ar 2 Gorffennaf 2018, ac nid oes ysgol arall yng Nghymru wedi derbyn y dysgwr.",),
    ),
    "a learner moved and cannot see Just2easy work": Asks(
        _claimed,
        ("Learners", "[name]"),
        ("What the learner made in Just2easy stays with the school where it was made", "Ask Hwb Support to open it"),
        ("Mae'r hyn a greodd y dysgwr yn Just2easy yn aros gyda'r ysgol lle cafodd ei greu", "Gofynnwch i Gymorth Hwb"),
    ),
}


def _go(walk: Walk, asked: Asked, step: str, language: str) -> None:
    def said(text: str) -> str:
        return WELSH.get(text, text) if language == "cy" else text

    if step in ("[upn]", "[staff]"):
        walk.send(said("Find"), asked=asked.upn if step == "[upn]" else asked.staff)
    else:
        walk.follow(Account.objects.get(upn=asked.upn).legal_surname if step == "[name]" else said(step))


@pytest.mark.parametrize("language", ["en", "cy"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_each_question_is_answered_within_three_pages(
    question: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ux.md 15, check 3."""
    explanations.start()
    asks = QUESTIONS[question]
    asked = asks.data()
    monkeypatch.setenv("HWB_NOW", f"{asked.on}T18:00:00+00:00")
    walk = Walk(asker(asked.school), f"/{language}/school/{asked.school}/")
    for step in asks.way:
        _go(walk, asked, step, language)
    assert walk.pages <= 3
    answers = asks.welsh if language == "cy" else asks.english
    assert [sentence for sentence in answers if sentence not in walk.text] == []
    assert not foreign_texts(walk.content, language)


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        (
            "en",
            (
                "Your new school makes a new account for you",
                "This is a new account. The account from the previous school can be kept",
            ),
        ),
        (
            "cy",
            (
                "Bydd eich ysgol newydd yn creu cyfrif newydd i chi",
                "Cyfrif newydd yw hwn. Gellir cadw'r cyfrif o'r ysgol flaenorol",
            ),
        ),
    ],
)
def test_staff_read_on_their_account_what_becomes_of_it(
    world: World, language: str, sentences: tuple[str, ...]
) -> None:
    """ "What happens to my account when I move school?", and "I want to keep the old account" (R22, R25)."""
    walk = Walk(world.client(Role.CHAMPION), f"/{language}/school/{SCHOOL}/")
    walk.follow(world.accounts[Role.CHAMPION].legal_surname)
    assert walk.pages == 1
    assert all(sentence in walk.text for sentence in sentences)
    assert not foreign_texts(walk.content, language)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "Your account moves with you"), ("cy", "Bydd eich cyfrif yn symud gyda chi")],
)
def test_learners_read_that_their_account_moves_with_them(world: World, language: str, sentence: str) -> None:
    walk = Walk(world.client(Role.LEARNER), f"/{language}/account/")
    assert sentence in walk.text
    assert not foreign_texts(walk.content, language)


def test_who_was_at_no_other_school_has_no_earlier_work(monkeypatch: pytest.MonkeyPatch) -> None:
    explanations.start()
    asked = SITUATIONS["LX01"]()
    monkeypatch.setenv("HWB_NOW", f"{asked.on}T18:00:00+00:00")
    walk = Walk(asker(asked.school), f"/en/school/{asked.school}/")
    _go(walk.follow("Learners"), asked, "[name]", "en")
    assert "School record" in walk.text
    assert "Just2easy" not in walk.text


def test_people_of_no_school_do_not_read_of_moving(world: World) -> None:
    walk = Walk(world.client(Role.CLIENT_MANAGER), "/en/account/")
    assert "move to another school" not in walk.text
