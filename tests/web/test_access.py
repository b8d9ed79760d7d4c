"""B11: switching off and on; what is kept, what is refused, and what support is asked (R31, R32)."""

from __future__ import annotations

import pytest
from django.db import connection
from tests.support.languages import foreign_texts
from tests.support.world import OWN_CLASS, SCHOOL, World

from hwb.directory.models import Account, Decision, SupportCase
from hwb.operations import verification
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db


def at(account: Account, language: str = "en") -> str:
    return f"/{language}/school/{SCHOOL}/people/{account.id}/access/"


def is_active(account: Account) -> bool:
    account.refresh_from_db()
    return account.active


@pytest.mark.parametrize("language", ["en", "cy"])
def test_off_and_on_again(world: World, language: str) -> None:
    """R31: reason, check, result; nothing happens before the last step, and the school ends its own decision."""
    learner, champion = world.learners[OWN_CLASS][1], world.client(Role.CHAMPION)
    path = at(learner, language)
    answers = [
        champion.get(path), champion.post(path, {"step": "reason"}),
        champion.post(path, {"step": "reason", "reason": "other"}),
        champion.post(path, {"step": "reason", "reason": "misused", "details": "sent spam"}),
    ]  # fmt: skip
    assert is_active(learner)
    off = {"step": "sure", "do": "off", "reason": "misused", "details": "sent spam"}
    answers.append(champion.post(path, off, follow=True))
    assert not is_active(learner)
    answers.append(champion.post(path, off))  # loaded again: what switched it off does not switch it on
    assert not is_active(learner)
    assert Decision.objects.get(account=learner.id).reason == "misused: sent spam"
    answers.append(champion.get(path))
    answers.append(champion.post(path, {"step": "sure", "do": "on"}, follow=True))
    assert is_active(learner)
    for answer in answers:
        assert answer.status_code == 200
        assert not foreign_texts(answer.content, language)


def test_the_record_names_whoever_switched_it_off(world: World) -> None:
    """LX13: a person of this school by name, never by an id."""
    learner, champion = world.learners[OWN_CLASS][1], world.accounts[Role.CHAMPION]
    client = world.client(Role.CHAMPION)
    client.post(at(learner), {"step": "sure", "reason": "misused"})
    page = client.get(f"/en/school/{SCHOOL}/learners/{learner.id}/").content.decode()
    assert f"{champion.legal_forename} {champion.legal_surname} switched" in page or (
        f"By: {champion.legal_forename} {champion.legal_surname}" in page
    )
    assert f"account {champion.id}" not in page


def test_a_safety_concern_also_asks_support(world: World) -> None:
    """R31: only support ends it; the request stands for the desk, and the details travel with it alone."""
    learner, champion = world.learners[OWN_CLASS][1], world.client(Role.CHAMPION)
    champion.post(at(learner), {"step": "sure", "reason": "safety", "details": "a threat"})
    asked = SupportCase.objects.get()
    assert (asked.account, asked.kind, asked.details, asked.closed_at) == (learner.id, "safety", "a threat", None)
    assert "Only support" in champion.get(at(learner)).content.decode()
    champion.post(at(learner), {"step": "sure", "do": "on"})
    assert not is_active(learner)
    assert verification.verify(on=asked.opened_at.date(), deep=True).breaches == ()


def test_a_past_leaving_date_is_not_overruled(world: World) -> None:
    """B11: reactivating somebody with a leaving date in the past is refused, with the reason and the owner."""
    learner, champion = world.learners[OWN_CLASS][1], world.client(Role.CHAMPION)
    champion.post(at(learner), {"step": "sure", "reason": "misused"})
    with connection.cursor() as cursor:
        cursor.execute("UPDATE learner_record SET leaving_date = '2018-08-31' WHERE upn = %s", [learner.upn])
    assert "MIS administrator" in champion.post(at(learner), {"step": "sure", "do": "on"}).content.decode()
    assert Decision.objects.filter(account=learner.id, ended_at=None).exists()


@pytest.mark.parametrize("language", ["en", "cy"])
def test_many_at_once(world: World, language: str) -> None:
    """B11: an interruption page with the number; those already off are left; the others are done."""
    champion, path = world.client(Role.CHAMPION), f"/{language}/school/{SCHOOL}/access/"
    chosen = [*world.learners[OWN_CLASS], world.elsewhere[0]]
    ids = [str(each.id) for each in chosen]
    champion.post(at(chosen[0]), {"step": "sure", "reason": "misused"})
    sent = {"chosen": " ".join(ids), "do": "off", "reason": "misused"}
    answers = [
        champion.get(path), champion.post(path, {"account": ids}), champion.post(path, {**sent, "step": "ask", "reason": ""}),
        champion.post(path, {**sent, "step": "ask"}),
    ]  # fmt: skip
    assert [is_active(each) for each in chosen] == [False, True, True, True]
    answers.append(champion.post(path, {**sent, "step": "sure"}))
    assert [is_active(each) for each in chosen] == [False, False, False, True]
    answers.append(champion.post(path, {**sent, "step": "sure"}))
    answers.append(champion.post(path, {**sent, "do": "on", "reason": "", "step": "sure"}))
    assert [is_active(each) for each in chosen] == [True] * 4
    for answer in answers:
        assert answer.status_code == 200
        assert not foreign_texts(answer.content, language)


def test_who_may(world: World) -> None:
    learner = world.learners[OWN_CLASS][0]
    for role in (Role.TEACHER, Role.HEAD, Role.MIS_ADMIN):
        assert world.client(role).get(at(learner)).status_code == 404
    champion = world.client(Role.CHAMPION)
    assert champion.get(at(world.elsewhere[0])).status_code == 404
    assert (
        "Ask another"
        in champion.post(at(world.accounts[Role.CHAMPION]), {"step": "sure", "reason": "left"}).content.decode()
    )
