"""What an answer offers to do (ux.md B12, B15; M4, M7, M11): messages with fixed words, and never a name."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.support import explanations
from tests.support.asking import ask_learner, ask_staff, asker
from tests.support.deliveries import JULY, deliver, learner_row, staff_row
from tests.support.explanations import SITUATIONS, Asked, arriving, at_primary, at_secondary
from tests.support.languages import foreign_texts
from tests.support.people import PRIMARY, SECONDARY, upn

from hwb.directory.models import Account, Audit, Establishment, Message, MessageNote, RoleGrant, Search, Watch
from hwb.jobs import mail
from hwb.operations import messages, searches

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def july(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HWB_NOW", f"{JULY + DAY}T18:00:00+00:00")
    monkeypatch.setattr(mail, "folder", lambda: tmp_path / "mail")
    explanations.start()
    Establishment.objects.filter(dfes=PRIMARY).update(client_contact="it@bryn.example.wales")


def acts(page: Any) -> list[str]:
    return re.findall(r'name="act" value="([^"]+)"', page.content.decode())


def press(client: Client, page: Any, act: str, **more: str) -> Any:
    """Presses a button of the answer; the page that it leads to."""
    here = page.redirect_chain[-1][0]
    return client.post(f"{here}asks/", {"act": act, **more}, follow=True)


def text(page: Any) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", page.content.decode()))


def of_kind(kind: str) -> Message:
    return Message.objects.get(kind=kind)


def sent(tmp_path: Path) -> str:
    found = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in (tmp_path / "mail").glob("*.eml")]
    return "".join(f"{one['Subject']}{one.get_body(('plain',)).get_content()}" for one in found)  # type: ignore[union-attr]


def administrator(school: str) -> tuple[Account, Client]:
    """Somebody who is MIS administrator of the school, and their browser."""
    client = asker(school, role="mis_admin")
    account = RoleGrant.objects.get(role="mis_admin", school=school).account_id
    Account.objects.filter(id=account).update(email="mis@example.wales")
    return Account.objects.get(id=account), client


@pytest.mark.parametrize("language", ["en", "cy"])
def test_the_school_that_has_the_learner_is_told_and_the_change_is_watched(language: str, tmp_path: Path) -> None:
    """6.1: "Tell [school]"; the confirmation says that we tell when this changes; M7 says numbers only."""
    asked = SITUATIONS["LX04"]()
    client = asker(SECONDARY)
    page = ask_learner(client, asked, language)
    assert acts(page) == [f"tell:{PRIMARY}"]
    assert not foreign_texts(page.content, language)
    assert 'name="watch" value="yes" checked' in page.content.decode()
    told = press(client, page, f"tell:{PRIMARY}", watch="yes")
    assert not foreign_texts(told.content, language)
    if language == "en":
        assert "We have told the school that learners wait for its data. We will tell you when this changes." in text(
            told
        )
        assert "You will get an e-mail when this changes." in text(told)
    assert of_kind("M7").details["count"] == 1
    assert Watch.objects.count() == 1
    assert mail.send_due() == 1
    name = Account.objects.get(upn=upn(1)).legal_surname
    assert not [word for word in (upn(1), name, SECONDARY) if word in sent(tmp_path)]
    again = press(client, page, f"tell:{PRIMARY}")
    assert Message.objects.filter(kind="M7").count() == 1
    assert f"tell:{PRIMARY}" in acts(again)
    assert "unwatch" in acts(again)
    press(client, page, "unwatch")
    assert not Watch.objects.exists()


def test_nobody_is_told_of_a_wait_that_there_is_not() -> None:
    """A learner of another school whom our data does not have yet: the wait begins with the next run."""
    client = asker(SECONDARY)
    page = ask_learner(client, Asked(upn(1), school=SECONDARY, on=JULY + DAY), "en")
    assert "Nobody was told: nobody waits yet." in text(press(client, page, f"tell:{PRIMARY}"))
    assert not Message.objects.filter(kind="M7").exists()
    assert Audit.objects.filter(action="school told", school=SECONDARY).count() == 1


def test_a_task_is_passed_on_and_its_reader_sees_the_answer(tmp_path: Path) -> None:
    """M4: no name in the mail; its link opens the answer for the one to whom it was passed, and for nobody else."""
    asked = SITUATIONS["LX02"]()
    admin, theirs = administrator(asked.school)
    client = asker(asked.school)
    page = ask_learner(client, asked, "en")
    done = press(client, page, f"pass:{admin.id}")
    assert "The task was passed on by e-mail." in text(done)
    details = of_kind("M4").details
    assert (details["count"], details["about"], details["by"]) == (1, "learner", "champion")
    mail.send_due()
    found = sent(tmp_path)
    assert asked.upn not in found
    assert f"/en/school/{asked.school}/find-learner/{details['search']}/" in found
    there = f"/en/school/{asked.school}/find-learner/{details['search']}/"
    assert "LX02" in text(theirs.get(there))
    assert client.get(there).status_code == 404
    assert "This person was told of it today already." in text(press(client, page, f"pass:{admin.id}"))
    assert Search.objects.filter(until__isnull=False).count() == 1


def test_a_passed_search_lives_for_two_weeks() -> None:
    admin, _ = administrator(PRIMARY)
    at = explanations.datetime.now(explanations.UTC)
    kept = searches.keep(account=admin.id, school=PRIMARY, kind="learner", content={"what": "one"}, at=at, passed=True)
    for days, found in ((13, True), (15, False)):
        searches.forget(at=at + timedelta(days=days))
        known = searches.find(kept, account=admin.id, school=PRIMARY, kind="learner", at=at + timedelta(days=days))
        assert (known is not None) is found
    assert not Search.objects.exists()


def test_what_is_not_offered_is_not_done() -> None:
    """Another school's, a stranger, a learner who is here already, a protected one: 404, and nothing is written."""
    at_secondary([arriving()], on=JULY + DAY)
    client = asker(SECONDARY)
    waiting = ask_learner(client, Asked(upn(1), school=SECONDARY, on=JULY + DAY), "en")
    admin, _ = administrator(PRIMARY)
    for act in ("tell:6714002", f"pass:{admin.id}", "pass:none", "", "nothing"):
        assert press(client, waiting, act).status_code == 404
    here = ask_learner(client, Asked(upn(20), school=SECONDARY), "en")
    assert acts(here) == []
    assert press(client, here, "watch").status_code == 404
    assert not Message.objects.filter(kind__in=["M4", "M7"]).exists()
    assert not Watch.objects.exists()


def test_a_protected_learner_offers_nothing() -> None:
    asked = SITUATIONS["LX21"]()
    assert acts(ask_learner(asker(asked.school), asked, "en")) == []


def test_three_hundred_at_once_are_told_and_watched_by_one_button(
    django_assert_max_num_queries: Any,
) -> None:
    """B12: a button for each school that holds somebody; "tell me" is about all who may arrive."""
    at_secondary([arriving(number) for number in (1, 2, 50)], on=JULY + DAY)
    client = asker(SECONDARY)
    typed = {"what": "many", "many": " ".join([upn(1), upn(2), upn(50), upn(60)])}
    page = ask_learner(client, Asked(school=SECONDARY), "en", **typed)
    assert acts(page) == [f"tell:{PRIMARY}"]
    press(client, page, f"tell:{PRIMARY}", watch="yes")
    assert Watch.objects.count() == 3  # the fourth, 50, is here
    assert of_kind("M7").details["count"] == 2
    with django_assert_max_num_queries(12):
        assert "unwatch" in acts(client.get(page.redirect_chain[-1][0]))


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_member_of_staff_is_passed_on_and_watched(
    language: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """B15: known again by the code or the whole name; the message says that staff have accounts now."""
    asked = SITUATIONS["SX01"]()
    admin, theirs = administrator(asked.school)
    client = asker(asked.school)
    page = ask_staff(client, asked, language)
    assert acts(page) == [f"pass:{admin.id}"]
    assert not foreign_texts(page.content, language)
    done = press(client, page, f"pass:{admin.id}", watch="yes")
    assert not foreign_texts(done.content, language)
    details = of_kind("M4").details
    assert "SX01" in text(theirs.get(f"/{language}/school/{asked.school}/find-staff/{details['search']}/"))
    at_primary([], on=JULY + 2 * DAY, staff=[staff_row("AB"), staff_row("CD", legal_surname="Prys")])
    assert MessageNote.objects.get(kind="M11").details == {"count": 1, "staff": 1}
    assert not Watch.objects.exists()
    monkeypatch.setenv("HWB_NOW", f"{JULY + 2 * DAY}T19:00:00+00:00")
    messages.gather(now=explanations.datetime.fromisoformat(f"{JULY + 2 * DAY}T19:00:00+00:00"))
    mail.send_due()
    assert "A member of staff you were looking for has an account now" in sent(tmp_path)


def test_somebody_unknown_is_watched_by_the_whole_name_in_any_order() -> None:
    """SX05: one word alone could be anybody, so there is no watch for it."""
    client = asker(PRIMARY)
    assert acts(ask_staff(client, Asked(staff="Prys"), "en")) == []
    page = ask_staff(client, Asked(staff="Prys, Gwenllian"), "en")
    assert acts(page)[-1] == "watch"
    press(client, page, "watch")
    assert Watch.objects.count() == 1
    at_primary(
        [], on=JULY + DAY, staff=[staff_row("AB"), staff_row("CD", legal_surname="Prys", legal_forename="Gwenllian")]
    )
    assert MessageNote.objects.get(kind="M11").details == {"count": 1, "staff": 1}


def test_a_year_group_is_passed_on_with_its_number() -> None:
    """B12: the MIS administrator hears how many, and sees which when signed in."""
    deliver([learner_row(20, year_group="9"), learner_row(21, year_group="")], school=SECONDARY, on=JULY + DAY)
    admin, _ = administrator(SECONDARY)
    client = asker(SECONDARY)
    page = ask_learner(client, Asked(school=SECONDARY), "en", what="many", many=f"{upn(21)} {upn(70)}")
    press(client, page, f"pass:{admin.id}")
    assert of_kind("M4").details["count"] == 2


@pytest.mark.parametrize("language", ["en", "cy"])
def test_whoever_runs_the_client_is_told_once_a_day(language: str, tmp_path: Path) -> None:
    """B2 and LX16: to the role, else to the address that the school gave; nobody known is said."""
    asked = SITUATIONS["LX16"]()
    client = asker(asked.school)
    page = ask_learner(client, asked, language)
    assert "runner" in acts(page)
    assert not foreign_texts(page.content, language)
    Establishment.objects.filter(dfes=asked.school).update(client_contact="")
    assert not Message.objects.filter(kind="M4").exists()
    none = press(client, page, "runner")
    assert not foreign_texts(none.content, language)
    assert not Message.objects.filter(kind="M4").exists()
    Establishment.objects.filter(dfes=asked.school).update(client_contact="it@bryn.example.wales")
    press(client, page, "runner")
    message = of_kind("M4")
    assert (message.address, message.role, message.details["about"]) == (
        "it@bryn.example.wales",
        "client_manager",
        "client",
    )
    again = client.post(f"/{language}/school/{asked.school}/provisioning/tell/", follow=True)
    assert not foreign_texts(again.content, language)
    assert Message.objects.filter(kind="M4").count() == 1
    mail.send_due()
    assert "look at the school's client" in sent(tmp_path)
    assert client.get(f"/{language}/school/{asked.school}/to-put-right/").status_code == 200
    done = client.get(f"/{language}/school/{asked.school}/activity/")
    assert not foreign_texts(done.content, language)
    said = {"en": "Asked whoever runs the client to look at it", "cy": "Gofynnodd i'r sawl"}[language]
    assert said in text(done)


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_record_offers_the_same(language: str) -> None:
    """B9 and B14: somebody missing, and a member of staff whose record is refused, are passed on from their own pages."""
    asked = SITUATIONS["LX15"]()
    admin, theirs = administrator(asked.school)
    client = asker(asked.school)
    account = Account.objects.get(upn=asked.upn).id
    here = f"/{language}/school/{asked.school}/learners/{account}/"
    page = client.get(here)
    assert acts(page) == [f"pass:{admin.id}"]
    assert not foreign_texts(page.content, language)
    assert client.post(f"{here}asks/", {"act": f"pass:{admin.id}"}, follow=True).status_code == 200
    search = of_kind("M4").details["search"]
    assert "LX15" in text(theirs.get(f"/{language}/school/{asked.school}/find-learner/{search}/"))
    assert client.post(f"{here}asks/", {"act": "watch"}).status_code == 404
    assert client.get(f"{here}asks/").status_code == 405


def test_a_member_of_staff_without_a_leaving_date_is_passed_on_from_the_record() -> None:
    asked = SITUATIONS["SX09"]()
    admin, theirs = administrator(asked.school)
    client = asker(asked.school)
    account = Account.objects.get(kind="staff", legal_surname=asked.staff.split()[1]).id
    here = f"/en/school/{asked.school}/staff/{account}/"
    assert acts(client.get(here)) == [f"pass:{admin.id}"]
    client.post(f"{here}asks/", {"act": f"pass:{admin.id}"})
    details = of_kind("M4").details
    assert details["about"] == "staff"
    assert "SX09" in text(theirs.get(f"/en/school/{asked.school}/find-staff/{details['search']}/"))
