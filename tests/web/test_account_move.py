"""G1–G5, F1–F2, E4–E6, B14: a member of staff keeps their earlier account, page by page (R25, issue 7 point 1)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from tests.support import moving as people
from tests.support.languages import foreign_texts
from tests.support.moving import Moving, fresh
from tests.support.people import OTHER, PRIMARY, SECONDARY
from tests.support.world import PASSWORD, encoded, session_of

from hwb.directory.models import Account, Audit, Consolidation, Message
from hwb.operations import consolidation, roles
from hwb.operations.consolidation import Request, Wanted
from hwb.operations.messages import links
from hwb.operations.roles import Reach

pytestmark = pytest.mark.django_db
#: The calendar of these tests.
DAY = "2018-09-04T10:00:00+00:00"


@pytest.fixture
def moving(monkeypatch: pytest.MonkeyPatch) -> Moving:
    monkeypatch.setenv("HWB_NOW", DAY)
    return people.build()


def signed_in(account: Account, *, fresh: bool = True) -> Client:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session_of(account.id, fresh=fresh)
    return client


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def follow(client: Client, address: str, data: dict[str, str] | None = None, *, language: str = "en") -> Any:
    """The page, or where sending the form led; in one language only."""
    place = f"/{language}/{address}"
    answer = client.get(place) if data is None else client.post(place, data, follow=True)
    assert answer.status_code == 200, (place, answer.status_code)
    assert not foreign_texts(answer.content, language), (place, foreign_texts(answer.content, language))
    return answer


def ask(moving: Moving, language: str = "en", **changed: str) -> Client:
    """The staff member's journey G1–G5."""
    client = signed_in(moving.mover)
    follow(client, "move/", language=language)
    follow(client, "move/school/", {"words": f"School {PRIMARY}"}, language=language)
    answer = follow(client, "move/school/", {"words": PRIMARY, "school": PRIMARY}, language=language)
    assert moving.mover.username in answer.content.decode()
    filled = {
        "username": f" {moving.kept.username.title()} ", "new_school": SECONDARY,
        "new_school_name": f"School {SECONDARY}", "new_username": moving.mover.username, "staff_code": "NP",
        "employee_number": "E77", **changed,
    }  # fmt: skip
    answer = follow(client, "move/accounts/", filled, language=language)
    assert filled["username"].strip().casefold() in text_of(answer)
    answer = follow(client, "move/check/", {}, language=language)
    assert not Consolidation.objects.exists()  # the tick is missing
    answer = follow(client, "move/check/", {"copied": "on"}, language=language)
    assert f"HW-{Consolidation.objects.get().number}" in text_of(answer)
    follow(client, "move/request/", language=language)
    return client


def number() -> int:
    return Consolidation.objects.order_by("-number")[0].number


@pytest.mark.parametrize("language", ["en", "cy"])
def test_the_whole_journey_through_four_roles(moving: Moving, language: str) -> None:
    """From G1 to "done", and undone: staff member, headteacher, agent; nobody types a known thing twice."""
    staff = ask(moving, language)
    head = signed_in(moving.head)
    follow(head, f"school/{PRIMARY}/decisions/", language=language)
    place = f"school/{PRIMARY}/decisions/{number()}/"
    shown = follow(head, place, language=language)
    assert 'value="Nia Puw"' in shown.content.decode()
    given = {
        "former_name": "Nia Puw", "username": moving.kept.username, "new_school_name": f"School {SECONDARY}",
        "decision": "authorise",
    }  # fmt: skip
    follow(head, place, given, language=language)
    assert Consolidation.objects.get().state == "asked"  # the check page comes first
    follow(head, f"{place}check/", {}, language=language)
    assert Consolidation.objects.get().state == "complete"
    agent = signed_in(moving.agent)
    follow(agent, "support/cases/?view=ready", language=language)
    case = f"support/cases/{number()}/"
    assert "Puw" not in text_of(follow(agent, case, language=language))
    shown = follow(agent, f"{case}take/", {}, language=language)
    assert moving.kept.username in text_of(shown)
    assert "SX10" in text_of(shown)
    follow(agent, f"{case}compare/", language=language)
    follow(agent, f"{case}compare/", {}, language=language)
    assert fresh(moving.kept).active
    assert staff.get(f"/{language}/move/request/").status_code == 302  # out at once (R40)
    kept = signed_in(moving.kept)
    assert moving.kept.username in text_of(follow(kept, "move/request/", language=language))
    follow(agent, case, language=language)
    follow(agent, f"{case}undo/", language=language)
    follow(agent, f"{case}undo/", {}, language=language)
    assert fresh(moving.mover).active
    assert not fresh(moving.kept).active


@pytest.mark.parametrize(("answer", "leads"), [("new", "launcher"), ("old", "move"), ("later", "launcher")])
def test_somebody_new_is_asked_once(moving: Moving, answer: str, leads: str) -> None:
    """6.6: at the first sign-in, before everything else; "later" asks the next time."""
    Account.objects.filter(id=moving.mover.id).update(password=encoded())
    for again in (False, True):
        client = Client()
        given = {"username": moving.mover.username, "password": PASSWORD}
        page = client.post("/en/sign-in/", given, follow=True)
        asked = "Did you work at another school" in text_of(page)
        assert asked is (not again or answer == "later")
        if asked:
            assert "Choose one" in text_of(follow(client, "account/move-question/", {}))
            page = follow(client, "account/move-question/", {"answer": answer})
            assert page.resolver_match.url_name == leads
    follow(signed_in(moving.mover), "account/move-question/", language="cy")


def test_nothing_says_whether_there_is_an_old_account(moving: Moving) -> None:
    """G3–G5, B14: a username that is somebody's, one that is nobody's and one of another school look the same."""
    seen = set()
    for name in (moving.kept.username, "nobody999", moving.head.username):
        ask(moving, username=name)
        client = signed_in(moving.mover)
        pages = [text_of(client.get(f"/en/{page}")) for page in ("move/request/", f"move/sent/{number()}/")]
        seen.add(re.sub(r"HW-\d+", "HW", " ".join(pages)))
        Consolidation.objects.all().delete()
    assert len(seen) == 1
    champion = signed_in(moving.champion)
    place = f"school/{SECONDARY}/staff/{moving.mover.id}/move/"
    for name in (moving.kept.username, "nobody999"):
        sent = {"username": name, "previous_school": PRIMARY, "new_school": SECONDARY}
        answer = follow(champion, place, sent)
        assert "invited" in text_of(answer)
        Consolidation.objects.all().delete()


def test_what_is_typed_is_checked(moving: Moving) -> None:
    """G2, G3: an unknown school and an impossible username are said; what was typed stays."""
    client = signed_in(moving.mover)
    answer = follow(client, "move/school/", {"words": "6719999"})
    assert "7 digits" in text_of(answer)
    assert 'value="6719999"' in answer.content.decode()
    follow(client, "move/school/", {"words": PRIMARY, "school": PRIMARY})
    answer = follow(client, "move/accounts/", {"username": "Two Words", "new_school": SECONDARY})
    assert "begins with a letter" in text_of(answer)
    answer = client.post("/en/move/accounts/", {"username": "hannerffordd", "switch-language": "cy"}, follow=True)
    assert answer.status_code == 200


def test_the_champion_begins_and_the_staff_member_completes(moving: Moving) -> None:
    """B14, B17: the case that the school opened is the one that the staff member completes."""
    champion = signed_in(moving.champion)
    place = f"school/{SECONDARY}/staff/{moving.mover.id}/"
    assert "Keep an earlier account" in text_of(follow(champion, place))
    wrong = {"username": moving.kept.username, "previous_school": PRIMARY, "new_school": OTHER}
    assert "not the number of this school" in text_of(follow(champion, f"{place}move/", wrong))
    follow(champion, f"{place}move/", {**wrong, "new_school": SECONDARY})
    begun = number()
    assert f"HW-{begun}" in text_of(follow(champion, place))
    client = signed_in(moving.mover)
    assert "begun a request for you" in text_of(follow(client, "move/"))
    assert PRIMARY in follow(client, "move/school/").content.decode()
    assert Message.objects.filter(kind="M13", to_account=moving.mover.id).count() == 1
    follow(client, "move/school/", {"words": PRIMARY, "school": PRIMARY})
    filled = {
        "username": moving.kept.username, "new_school": SECONDARY, "new_school_name": f"School {SECONDARY}",
        "new_username": moving.mover.username, "staff_code": "NP", "employee_number": "E77",
    }  # fmt: skip
    follow(client, "move/accounts/", filled)
    follow(client, "move/check/", {"copied": "on"})
    assert (number(), Consolidation.objects.get().state) == (begun, "asked")


def test_second_thoughts(moving: Moving) -> None:
    """The staff member withdraws, the headteacher takes an authorisation back, does not know somebody, or says no."""
    client = ask(moving)
    moving.authorise(number())
    head = signed_in(moving.head)
    assert "Take the authorisation back" in text_of(follow(head, f"school/{PRIMARY}/decisions/"))
    follow(head, f"school/{PRIMARY}/decisions/{number()}/back/", {})
    assert Consolidation.objects.get().state == "asked"
    follow(client, "move/withdraw/", {})
    assert Consolidation.objects.get().state == "withdrawn"
    answer = follow(head, f"school/{PRIMARY}/decisions/{number()}/")
    assert "has been decided" in text_of(answer)
    ask_again = ask_after(moving)
    given = {
        "former_name": "x", "username": "x", "new_school_name": "x", "decision": "unknown",
    }  # fmt: skip
    follow(head, f"school/{PRIMARY}/decisions/{number()}/", given)
    follow(head, f"school/{PRIMARY}/decisions/{number()}/check/", {})
    assert "Closed without change" in text_of(follow(ask_again, "move/request/"))


def ask_after(moving: Moving) -> Client:
    moving.request()
    return signed_in(moving.mover)


def test_the_headteacher_begins(moving: Moving) -> None:
    """F1: the headteacher may begin; the request is completed at the new school."""
    head = signed_in(moving.head)
    sent = {"username": moving.kept.username, "new_school": SECONDARY}
    follow(head, f"school/{PRIMARY}/decisions/begin/", sent)
    given = {
        "former_name": "Nia Puw", "username": moving.kept.username, "new_school_name": f"School {SECONDARY}",
        "decision": "authorise",
    }  # fmt: skip
    follow(head, f"school/{PRIMARY}/decisions/{number()}/", given)
    follow(head, f"school/{PRIMARY}/decisions/{number()}/check/", {})
    assert moving.request() == number()
    assert Consolidation.objects.get().state == "complete"


def test_who_is_let_in(moving: Moving) -> None:
    """Another school's head, a guessed number, the mover, an agent without the case: 404, and the last is recorded."""
    case = moving.request()
    roles.grant(Reach("head", SECONDARY), username=moving.champion.username, acting_user="t", now=people.NOW,
                on=people.SEPTEMBER)  # fmt: skip
    other = signed_in(moving.champion)
    for place in (f"school/{PRIMARY}/decisions/{case}/", f"school/{SECONDARY}/decisions/{case}/"):
        assert other.get(f"/en/{place}").status_code == 404
    head = signed_in(moving.head)
    assert head.get(f"/en/school/{PRIMARY}/decisions/{case + 1}/").status_code == 404
    agent = signed_in(moving.agent)
    for act in ("compare/", "item/", "link/", "refuse/", "undo/"):
        assert agent.post(f"/en/support/cases/{case}/{act}").status_code == 404
    assert Audit.objects.filter(action="case refused", actor=f"account {moving.agent.id}").count() == 5
    for person in (moving.head, moving.mover, moving.champion):
        assert signed_in(person).get(f"/en/support/cases/{case}/").status_code == 404
    assert signed_in(moving.agent).get("/en/move/").status_code == 404  # no member of staff


def test_a_fresh_second_step_for_deciding(moving: Moving) -> None:
    """ux.md 2: authorising and joining ask for the second step again when the last one is older than 15 minutes."""
    case = moving.request()
    stale = signed_in(moving.head, fresh=False)
    given = {
        "former_name": "Nia Puw", "username": moving.kept.username, "new_school_name": f"School {SECONDARY}",
        "decision": "authorise",
    }  # fmt: skip
    stale.post(f"/en/school/{PRIMARY}/decisions/{case}/", given)
    stale.post(f"/en/school/{PRIMARY}/decisions/{case}/check/")
    assert Consolidation.objects.get().state == "asked"


def test_nobody_authorises_their_own_move(moving: Moving) -> None:
    """15.11: the headteacher who moves is told who decides instead; the authority does."""
    roles.revoke(Reach("head", PRIMARY), username=moving.head.username, acting_user="t", now=people.NOW,
                 on=people.SEPTEMBER)  # fmt: skip
    case = moving.request()
    officer = signed_in(moving.officer)
    assert f"HW-{case}" in text_of(follow(officer, "area/decisions/"))
    given = {
        "former_name": "Nia Puw", "username": moving.kept.username, "new_school_name": f"School {SECONDARY}",
        "decision": "refuse",
    }  # fmt: skip
    assert "Say why" in text_of(follow(officer, f"area/decisions/{case}/", given))
    follow(officer, f"area/decisions/{case}/", {**given, "reason": "not ours"})
    follow(officer, f"area/decisions/{case}/check/", {})
    assert Consolidation.objects.get().state == "refused"


def test_the_headteacher_is_the_one_who_moves(moving: Moving) -> None:
    """6.4, 15.11: the page says who decides instead; nothing can be sent."""
    case = consolidation.ask(
        account=moving.mover.id, wanted=Wanted(PRIMARY, moving.head.username, SECONDARY), acting_user="t",
        now=people.NOW,
        request=Request(f"School {SECONDARY}", SECONDARY, moving.mover.username, "NP", "E77", has_copied=True),
    )  # fmt: skip
    head = signed_in(moving.head)
    for place in (f"school/{PRIMARY}/decisions/{case}/", f"school/{PRIMARY}/decisions/{case}/check/"):
        assert "local authority decides instead" in text_of(follow(head, place, {"decision": "authorise"}))
    assert Message.objects.get(kind="M12").to_account == moving.officer.id


@pytest.mark.parametrize("language", ["en", "cy"])
def test_an_email_from_the_school(moving: Moving, language: str) -> None:
    """6.5: recorded by one agent, proved by the registered address's link, joined by a second agent."""
    case = moving.request()
    agent = signed_in(moving.agent)
    follow(agent, f"support/cases/{case}/take/", {}, language=language)
    word = {
        "former_name": "Nia Puw", "school_name": f"School {PRIMARY}", "school": PRIMARY, "leaving": "on",
        "username": moving.kept.username, "new_school_name": f"School {SECONDARY}",
    }  # fmt: skip
    follow(agent, f"support/cases/{case}/email/", word, language=language)
    assert Consolidation.objects.get().way == ""  # the sender was not the registered address
    follow(agent, f"support/cases/{case}/email/", {**word, "sender": "on"}, language=language)
    follow(agent, f"support/cases/{case}/link/", {}, language=language)
    link = Message.objects.get(kind="M12", details__what="link").details["link"]
    nobody = Client()
    place = f"authorisation/{link}/{links.token_of(str(link))}/"
    assert nobody.get(f"/{language}/authorisation/{link}/{'0' * 40}/").status_code == 404
    follow(nobody, place, language=language)
    assert Consolidation.objects.get().proof == ""  # looking confirms nothing
    follow(nobody, place, {}, language=language)
    assert Consolidation.objects.get().proof == "link"
    assert nobody.get(f"/{language}/{place}").status_code == 404
    follow(agent, f"support/cases/{case}/second/", {}, language=language)
    second = signed_in(moving.second)
    follow(second, f"support/cases/{case}/take/", {}, language=language)
    follow(second, f"support/cases/{case}/compare/", {}, language=language)
    assert fresh(moving.kept).active


def test_the_agent_records_an_item_and_closes(moving: Moving) -> None:
    """E5: what differs is shown in words; a case may be closed without change."""
    case = moving.request(employee_number="E78")
    agent = signed_in(moving.agent)
    follow(agent, f"support/cases/{case}/take/", {})
    shown = follow(agent, f"support/cases/{case}/ask/", {})
    assert "asked again" in text_of(shown)
    assert Message.objects.filter(kind="M12", to_account=moving.head.id).count() == 2
    moving.authorise(case)
    shown = follow(agent, f"support/cases/{case}/")
    assert "Differs" in text_of(shown)
    shown = follow(agent, f"support/cases/{case}/item/", {"item": "employee number"})
    assert "Recorded by agent" in text_of(shown)
    assert agent.post(f"/en/support/cases/{case}/item/", {"item": "nonsense"}).status_code == 404
    follow(agent, f"support/cases/{case}/refuse/", {"reason": "The person has changed their mind."})
    assert Consolidation.objects.get().state == "refused"
    follow(agent, "support/cases/?view=done")


def test_an_agents_own_case(moving: Moving) -> None:
    """Issue 7: an agent on their own record is refused, and that is recorded."""
    roles.grant(Reach("agent"), username=moving.mover.username, acting_user="t", now=people.NOW, on=people.SEPTEMBER)
    case = moving.request()
    mover = signed_in(moving.mover)
    answer = follow(mover, f"support/cases/{case}/take/", {})
    assert "own accounts" in text_of(answer)
    assert Audit.objects.filter(action="case refused", actor=f"account {moving.mover.id}").count() == 1
