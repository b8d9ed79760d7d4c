"""E1–E4, B17, M14: a school asks Hwb Support, an agent looks in a case and answers; everything seen is recorded."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from tests.support.deliveries import deliver, learner_row
from tests.support.languages import foreign_texts
from tests.support.people import upn
from tests.support.world import ELSEWHERE, OWN_CLASS, SCHOOL, World, release_learner, session_of

from hwb.directory.models import Account, Audit, Consolidation, Decision, Message, Placement, Protection, SupportCase
from hwb.directory.queries import desk as rows
from hwb.directory.queries import desk_schools, explanations, timeline
from hwb.lifecycle import help_answers as help_rules
from hwb.lifecycle.desk import Kind
from hwb.operations import lookups, protection, roles
from hwb.operations.desk import cases, matching, storing
from hwb.operations.desk.refusals import DeskRefused
from hwb.operations.desk.storing import NewCase
from hwb.operations.roles import Reach
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def follow(client: Client, address: str, data: dict[str, str] | None = None, *, language: str = "en") -> Any:
    """The page, or where sending the form led; in one language only."""
    place = address if address.startswith("/") else f"/{language}/{address}"
    answer = client.get(place, follow=True) if data is None else client.post(place, data, follow=True)
    assert answer.status_code == 200, (place, answer.status_code)
    assert not foreign_texts(answer.content, language), (place, foreign_texts(answer.content, language))
    return answer


def opened() -> SupportCase:
    return SupportCase.objects.order_by("-number")[0]


def search(world: World, words: str, language: str = "en", client: Client | None = None) -> tuple[Client, Any]:
    agent = client or world.client(Role.AGENT)
    return agent, follow(agent, "support/search/", {"words": words}, language=language)


def open_record(world: World, words: str, *, language: str = "en", asker: str = "", school: str = SCHOOL) -> Client:
    """From the caller's word to the record: two forms."""
    agent, answer = search(world, words, language)
    given = {"reason": "The school telephoned", "school": school, "asker": asker, "spoken": language}
    follow(agent, answer.request["PATH_INFO"], given, language=language)
    return agent


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_request_from_question_to_answer(world: World, language: str) -> None:
    """B17, E4, M14: asked, taken, something needed, replied, answered; the school reads the answer."""
    champion, agent = world.client(Role.CHAMPION), world.client(Role.AGENT)
    follow(champion, f"school/{SCHOOL}/requests/", language=language)
    follow(champion, f"school/{SCHOOL}/requests/new/", language=language)
    follow(champion, f"school/{SCHOOL}/requests/new/question/", {"details": "When does the grace end?"},
           language=language)  # fmt: skip
    case = opened()
    assert (case.kind, case.school, case.language, case.state) == ("question", SCHOOL, language, "new")
    place = f"support/cases/{case.number}/"
    for view in ("", "?view=unassigned", "?view=ready", "?kind=question"):
        assert f"HW-{case.number}" in text_of(follow(agent, f"support/cases/{view}", language=language))
    assert "grace" not in text_of(follow(agent, place, language=language))  # not before it is taken
    follow(agent, f"{place}take/", {}, language=language)
    assert "When does the grace end?" in text_of(follow(agent, place, language=language))
    follow(agent, f"{place}needs/", {"text": "For which year group?"}, language=language)
    mine = f"school/{SCHOOL}/requests/{case.number}/"
    assert "For which year group?" in text_of(follow(champion, mine, language=language))
    follow(champion, mine, {"text": "For year 11."}, language=language)
    assert "For year 11." in text_of(follow(agent, place, language=language))
    follow(agent, f"{place}answer/", {"text": "On 31 August.", "outcome": "explained"}, language=language)
    assert opened().state == "unchanged"
    assert "grace" not in text_of(follow(agent, place, language=language))  # over: nobody reads it any more
    assert "On 31 August." in text_of(follow(champion, mine, language=language))
    told = Message.objects.filter(kind="M14", to_account=world.accounts[Role.CHAMPION].id).order_by("id")
    assert [message.details["what"] for message in told] == ["needs", "done"]
    done = text_of(follow(agent, "support/cases/?view=done", language=language))
    assert f"HW-{case.number}" in done
    entries = Audit.objects.filter(action="case", details__contains=f'"case":{case.number}')
    assert entries.count() == 5


@pytest.mark.parametrize("language", ["en", "cy"])
def test_the_support_call(world: World, language: str) -> None:
    """6.5: a caller's UPN leads to the record, with the answer that the school sees; it is sent and closed at once."""
    champion, learner = world.accounts[Role.CHAMPION], world.learners[OWN_CLASS][1]
    agent = open_record(world, learner.upn, language=language, asker=champion.username)
    case = opened()
    assert (case.kind, case.owner, case.account) == ("call", world.accounts[Role.AGENT].id, learner.id)
    shown = follow(agent, f"support/cases/{case.number}/record/0/{SCHOOL}/", language=language)
    assert learner.username in text_of(shown)
    own = world.client(Role.CHAMPION).get(f"/{language}/school/{SCHOOL}/learners/{learner.id}/")
    code = re.search(r"LX\d\d", text_of(own))
    assert code
    assert code[0] in text_of(shown)
    suggested = shown.context["form"].initial["text"]
    assert suggested.split(".")[0] in text_of(own).replace("&#x27;", "'")
    mine = f"school/{SCHOOL}/requests/{case.number}/"
    caller = world.client(Role.CHAMPION)
    follow(caller, mine, {"text": "It is urgent."}, language=language)
    asked = text_of(follow(caller, mine, language=language))
    assert ["It is urgent." in asked, "The school telephoned" in asked] == [True, False]  # the reason is the agent's
    assert "It is urgent." in text_of(follow(agent, f"support/cases/{case.number}/", language=language))
    follow(
        agent, f"support/cases/{case.number}/answer/", {"text": suggested, "outcome": "explained"}, language=language
    )
    assert Message.objects.get(kind="M14").to_account == champion.id
    assert agent.get(f"/{language}/support/cases/{case.number}/record/0/{SCHOOL}/").status_code == 404  # it is closed
    seen = Audit.objects.filter(
        action="case seen", account=learner.id, actor=f"account {world.accounts[Role.AGENT].id}"
    )
    assert seen.count() >= 1
    assert Audit.objects.filter(action="case search", account=learner.id).count() == 1
    told = timeline.events(account=learner.id, school=SCHOOL, began=date(2017, 9, 1), left=None)
    assert told
    assert not {one.action for one in told} & {"case", "case seen", "case search"}


@pytest.mark.parametrize("found_by", ["upn", "username", "e-mail", "code and number", "code and name", "case"])
def test_every_exact_word_leads_to_the_person(world: World, found_by: str) -> None:
    """E1: exact identifiers open at once; no word is in an address, and before the case nobody is named."""
    learner, head = world.learners[OWN_CLASS][1], world.accounts[Role.HEAD]
    words, initials = {
        "upn": (f" {learner.upn[:5]}-{learner.upn[5:].lower()}", learner), "username": (learner.username.title(), learner),
        "e-mail": (head.email, head), "code and number": (f"he {SCHOOL}", head),
        "code and name": (f"HE School {SCHOOL}", head), "case": ("", head),
    }[found_by]  # fmt: skip
    if found_by == "case":
        open_record(world, head.username)
        words = f"hw-{opened().number}"
    _agent, answer = search(world, words)
    where = answer.request["PATH_INFO"]
    assert words.strip() not in where
    if found_by != "case":
        assert initials.legal_surname not in text_of(answer)
    assert SupportCase.objects.count() == (found_by == "case")


def test_what_leads_nowhere_says_what_was_tried(world: World) -> None:
    _, answer = search(world, upn(4711))
    assert "Nothing was found." in text_of(answer)
    _, answer = search(world, world.learners[OWN_CLASS][1].legal_surname)
    assert "Names are not searched." in text_of(answer)


def test_no_record_without_a_case_and_none_without_a_reason(world: World) -> None:
    """Agent without a case: refused and recorded."""
    learner = world.learners[OWN_CLASS][1]
    agent = open_record(world, learner.upn)
    case = opened()
    other = roles.grant_new(
        Reach("agent"), person=roles.NewPerson("Ail Asiant", "ail@example.wales"), acting_user="tests",
        now=case.opened_at, on=date(2018, 9, 1), at=case.opened_at,
    )  # fmt: skip
    second = Client()
    second.cookies["sessionid"] = session_of(other.account)
    second = world.client(Role.AGENT)
    second.cookies[next(iter(second.cookies))] = session_of(other.account)
    place = f"/en/support/cases/{case.number}/"
    for address in ("record/0/", f"record/0/{SCHOOL}/", "access/"):
        assert second.get(place + address).status_code == 404, address
    assert second.post(f"{place}answer/", {"text": "x", "outcome": "done"}).status_code == 404
    refused = Audit.objects.filter(action="case refused", actor=f"account {other.account}")
    assert refused.count() == 4
    assert learner.legal_surname not in second.get(place).content.decode()
    _, answer = search(world, learner.upn, client=second)
    follow(second, answer.request["PATH_INFO"], {"reason": "", "school": SCHOOL, "spoken": "en"})
    assert SupportCase.objects.count() == 1
    assert agent.get(f"{place}record/0/{ELSEWHERE}/").status_code == 404  # the learner was never there


def test_nobody_opens_their_own_record(world: World) -> None:
    """Agent on own record: refused and recorded, by search and by a case that somebody else opened."""
    member = world.accounts[Role.STAFF]
    roles.grant(Reach("agent"), username=member.username, acting_user="tests", now=opened_at(), on=date(2018, 9, 1))
    client = world.client(Role.AGENT)
    client.cookies[next(iter(client.cookies))] = session_of(member.id)
    _, answer = search(world, member.username, client=client)
    given = {"reason": "I am curious", "school": SCHOOL, "spoken": "en"}
    assert "their own account" in text_of(follow(client, answer.request["PATH_INFO"], given))
    assert not SupportCase.objects.exists()
    open_record(world, member.username)
    number = opened().number
    assert client.post(f"/en/support/cases/{number}/take/").status_code == 302
    assert opened().owner == world.accounts[Role.AGENT].id
    assert client.get(f"/en/support/cases/{number}/record/0/").status_code == 404
    assert Audit.objects.filter(action="case refused", actor=f"account {member.id}").count() == 3


def test_nobody_works_on_what_they_asked_for(world: World) -> None:
    """An agent who also has a role at a school neither takes their own request nor answers themselves."""
    member = world.accounts[Role.CHAMPION]
    roles.grant(Reach("agent"), username=member.username, acting_user="tests", now=opened_at(), on=date(2018, 9, 1))
    client = world.client(Role.CHAMPION)
    follow(client, f"school/{SCHOOL}/requests/new/question/", {"details": "When does the grace end?"})
    shown = text_of(follow(client, f"support/cases/{opened().number}/take/", {}))
    assert "asked for themselves" in shown
    assert opened().owner is None
    with pytest.raises(IntegrityError), transaction.atomic():
        SupportCase.objects.update(owner=member.id, state="ready")
    given = {"reason": "Mine", "asker": member.username, "spoken": "en"}
    assert "asked for themselves" in text_of(follow(client, f"support/schools/{SCHOOL}/case/", given))
    assert SupportCase.objects.count() == 1
    assert Audit.objects.filter(action="case refused", actor=f"account {member.id}").count() == 2


def opened_at() -> Any:
    from hwb import clock

    return clock.now()


def test_requests_are_the_schools_own(world: World) -> None:
    """Headteacher of another school, a teacher, somebody else's people: nothing is shown, nothing told."""
    champion = world.client(Role.CHAMPION)
    follow(champion, f"school/{SCHOOL}/requests/new/question/", {"details": "A question."})
    number = opened().number
    teacher = world.client(Role.TEACHER)
    assert teacher.get(f"/en/school/{SCHOOL}/requests/{number}/").status_code == 404
    assert f"HW-{number}" not in text_of(follow(teacher, f"school/{SCHOOL}/requests/"))
    assert world.client(Role.HEAD).get(f"/en/school/{ELSEWHERE}/requests/").status_code == 404
    place = f"school/{SCHOOL}/requests/new/account/"
    for nobodys in ("nobody99", world.elsewhere[0].username):
        given = {"username": nobodys, "details": "Two accounts."}
        assert "No account of this school" in text_of(follow(champion, place, given))
    own = world.learners[OWN_CLASS]
    follow(champion, place, {"username": own[0].username, "second": own[1].username, "details": "Two accounts."})
    assert (opened().account, opened().other) == (own[0].id, own[1].id)
    assert "UPN" in text_of(
        follow(champion, f"school/{SCHOOL}/requests/new/question/", {"details": f"Is {upn(1)} ours?"})
    )
    assert opened().kind == "account"


def test_a_learner_who_cannot_be_found_comes_with_the_explanation(world: World) -> None:
    """B17: the explanation is attached; looking at another school's learner is recorded."""
    champion, theirs = world.client(Role.CHAMPION), world.elsewhere[0]
    answer = follow(champion, f"school/{SCHOOL}/requests/new/learner/", {"upn": theirs.upn})
    case = opened()
    assert (case.account, case.upn) == (theirs.id, theirs.upn)
    assert case.code in text_of(answer)
    assert Audit.objects.filter(action="look-up", account=theirs.id).count() == 1
    assert theirs.legal_surname not in text_of(answer)


def test_a_request_is_no_standing_look_at_another_schools_learner(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R42: the code that was found when it was sent, whatever has become of the learner; a new look is one of its own."""
    champion, theirs = world.client(Role.CHAMPION), world.elsewhere[0]
    follow(champion, f"school/{SCHOOL}/requests/new/learner/", {"upn": theirs.upn})
    number, code = opened().number, opened().code
    monkeypatch.setattr(explanations, "learner", None)  # nobody asks the engine
    shown = follow(champion, f"school/{SCHOOL}/requests/{number}/")
    assert code in text_of(shown)
    assert f'href="/en/school/{SCHOOL}/find-learner/"' in shown.content.decode()


def test_past_the_limit_nobody_learns_who_is_known(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Section 2: somebody who has looked up enough waits for a UPN that nobody has just as for one of a protected."""
    monkeypatch.setattr(lookups, "MOST_AN_HOUR", 1)
    champion, place = world.client(Role.CHAMPION), f"school/{SCHOOL}/requests/new/learner/"
    first, second = world.elsewhere
    follow(champion, place, {"upn": first.upn})
    protection.protect(username=second.username, reason="order", acting_user="tests", now=opened_at())
    answers = [text_of(follow(champion, place, {"upn": asked})) for asked in (second.upn, upn(4711))]
    assert ["Wait an hour" in answer for answer in answers] == [True, True]
    assert SupportCase.objects.count() == 1
    follow(champion, place, {"upn": world.learners[OWN_CLASS][1].upn})  # the school's own
    assert SupportCase.objects.count() == 2


def test_keep_an_earlier_account_opens_an_account_move(world: World) -> None:
    """B17: the kind opens a case of consolidation, invites the member of staff, and stands in the one queue."""
    champion, member = world.client(Role.CHAMPION), world.accounts[Role.STAFF]
    given = {
        "member": member.username, "username": "nia.puw", "previous_school": ELSEWHERE, "new_school": SCHOOL,
    }  # fmt: skip
    listed = text_of(follow(champion, f"school/{SCHOOL}/requests/new/move/", given))
    move = Consolidation.objects.get()
    assert move.mover == member.id
    assert Message.objects.filter(kind="M13", to_account=member.id, details__what="invited").exists()
    follow(champion, f"school/{SCHOOL}/requests/new/question/", {"details": "A question."})
    assert opened().number > move.number  # one series of references
    queue = text_of(follow(world.client(Role.AGENT), "support/cases/"))
    assert f"HW-{move.number}" in listed
    assert f"HW-{move.number}" in queue
    assert f"HW-{opened().number}" in queue


def test_what_is_seen_and_done_is_logged_under_the_one_whom_it_concerns(world: World) -> None:
    """R42: a case about two people: each look and each act under its own person, with the school that is looked as."""
    first, second = world.learners[OWN_CLASS][:2]
    champion, agent = world.client(Role.CHAMPION), world.client(Role.AGENT)
    given = {"username": first.username, "second": second.username, "details": "Two accounts."}
    follow(champion, f"school/{SCHOOL}/requests/new/account/", given)
    place = f"support/cases/{opened().number}/"
    follow(agent, f"{place}take/", {})
    follow(agent, f"{place}record/1/{SCHOOL}/")
    seen = Audit.objects.filter(action="case seen", details__contains="other record")
    assert {row.account for row in seen} == {second.id}
    assert all(f'"as":"{SCHOOL}"' in row.details for row in seen)
    follow(agent, f"{place}record/1/{SCHOOL}/unlock/", {})
    follow(agent, f"{place}suspend/1/", {"reason": "A threat"})
    for event in ("unlocked", "suspended"):
        assert Audit.objects.get(action="case", details__contains=f'"event":"{event}"').account == second.id
    assert [one["what"] for one in opened().history][-2:] == ["unlocked", "suspended"]


def test_of_a_protected_person_no_school_is_named_before_a_case(world: World) -> None:
    """Section 2: support sees the mark first, and the explanation is the one that schools get."""
    learner = world.learners[OWN_CLASS][1]
    protection.protect(username="", upn=learner.upn, reason="order", acting_user="tests", now=opened_at())
    agent, answer = search(world, learner.upn)
    assert "This person is protected" in text_of(answer)
    assert SCHOOL not in answer.content.decode()
    place, given = answer.request["PATH_INFO"], {"reason": "They telephoned", "spoken": "en"}
    shown = text_of(follow(agent, place, {**given, "school": ELSEWHERE}))
    assert "was never at this school" in shown
    assert not SupportCase.objects.exists()
    assert Audit.objects.filter(action="case refused", account=learner.id).count() == 1
    follow(agent, place, {**given, "school": SCHOOL})
    assert opened().school == SCHOOL
    initials = f"{learner.legal_forename[0]}. {learner.legal_surname[0]}."
    for listed in ("support/cases/", f"support/schools/{SCHOOL}/"):  # beside the school, not even initials
        assert initials not in text_of(follow(agent, listed))
    shown = text_of(follow(agent, f"support/cases/{opened().number}/record/0/{SCHOOL}/"))
    assert "This person is protected" in shown
    assert "LX21" in shown


def test_neighbours_count_nobody_who_is_protected(world: World) -> None:
    """E3: of a protected person nothing, also where only the UPN is protected."""
    learner = world.learners[OWN_CLASS][1]
    Placement.objects.filter(account=learner.id).update(began=date(2018, 5, 1))
    Placement.objects.create(
        account_id=learner.id, school=ELSEWHERE, role="holding", began=date(2018, 1, 1), ended=date(2018, 4, 30)
    )

    def came() -> list[int]:
        return [one.came for one in desk_schools.neighbours(SCHOOL, since=datetime(2018, 1, 1, tzinfo=UTC))]

    assert came() == [1]
    protection.protect(username="", upn=learner.upn, reason="order", acting_user="tests", now=opened_at())
    Protection.objects.update(account=None, upn=learner.upn)  # as of a UPN that was protected before anybody sent it
    assert came() == []


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_school_support_view(world: World, language: str) -> None:
    """E3: figures for every agent; who has access only in a case, and recorded."""
    agent = world.client(Role.AGENT)
    follow(agent, f"support/schools/?words={SCHOOL}", language=language)
    _, shown = search(world, SCHOOL, language, agent)
    assert shown.request["PATH_INFO"] == f"/{language}/support/schools/{SCHOOL}/"
    for person in world.accounts.values():
        assert person.username not in text_of(shown)
    follow(
        agent, f"support/schools/{SCHOOL}/case/", {"reason": "They telephoned", "spoken": language}, language=language
    )
    case = opened()
    assert (case.school, case.account, case.kind) == (SCHOOL, None, "call")
    people = text_of(follow(agent, f"support/cases/{case.number}/access/", language=language))
    assert world.accounts[Role.CHAMPION].username in people
    looked = Audit.objects.filter(action="case seen", details__contains="people with access")
    assert looked.count() == 1
    for role in (Role.CHAMPION, Role.HEAD):  # who may see their own school's people has no business in a case
        assert world.client(role).get(f"/{language}/support/cases/{case.number}/access/").status_code == 404
    by = {"acting_account": case.owner, "acting_user": f"account {case.owner}", "now": opened_at()}
    held = rows.read(case.number)
    assert held is not None
    cases.close(number=case.number, text="Done.", changed_something=False, **by)
    with pytest.raises(DeskRefused):  # over, though the page had it open a moment before
        cases.note_seen(case=held, what="people with access", **by)
    assert looked.count() == 1
    assert Account.objects.count() > 5


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_suspension_and_its_end_from_a_case(world: World, language: str) -> None:
    """R31: only in a case; sessions end at once, the school reads that it is suspended, and only support ends it."""
    learner, champion = world.learners[OWN_CLASS][1], world.client(Role.CHAMPION)
    agent = open_record(world, learner.username, language=language)
    place = f"support/cases/{opened().number}/suspend/0/"
    follow(agent, place, {"reason": ""}, language=language)
    assert Account.objects.get(id=learner.id).active
    assert champion.post(f"/en/{place}", {"reason": "mine"}).status_code == 404
    shown = follow(agent, place, {"reason": "A threat"}, language=language)
    assert "A threat" in text_of(shown)
    assert not Account.objects.get(id=learner.id).active
    record = f"/{language}/school/{SCHOOL}/learners/{learner.id}/"
    assert "LX25" in champion.get(record).content.decode()
    assert "A threat" not in champion.get(record).content.decode()
    champion.post(f"/en/school/{SCHOOL}/people/{learner.id}/access/", {"step": "sure", "do": "on"})
    assert not Account.objects.get(id=learner.id).active
    follow(agent, f"{place}end/", {"reason": "It is over"}, language=language)
    assert Account.objects.get(id=learner.id).active
    follow(agent, f"{place}end/", {"reason": "Again"}, language=language)  # a page that was opened before: refused
    assert [one["what"] for one in opened().history] == ["opened", "suspended", "suspension ended"]


@pytest.mark.parametrize("language", ["en", "cy"])
def test_an_official_is_suspended_from_a_case(world: World, language: str) -> None:
    """R31: who is on no school's roll is suspended like everybody else, and what the record offers works."""
    official = world.accounts[Role.OPERATOR]
    agent = open_record(world, official.username, language=language, school="")
    place = f"support/cases/{opened().number}/suspend/0/"
    record = place.replace("suspend", "record")
    for act, reason, active in ((place, "A threat", False), (f"{place}end/", "It is over", True)):
        assert f'/{language}/{act}"' in follow(agent, record, language=language).content.decode()
        follow(agent, act, {"reason": reason}, language=language)
        assert Account.objects.get(id=official.id).active is active
    assert [one["what"] for one in opened().history] == ["opened", "suspended", "suspension ended"]


def test_a_page_that_was_opened_earlier_never_does_the_other(world: World) -> None:
    """R31: "Suspend this account", sent when it is suspended already, leaves it suspended and says so."""
    learner = world.learners[OWN_CLASS][1]
    agent = open_record(world, learner.username)
    place = f"support/cases/{opened().number}/suspend/0/"
    follow(agent, place, {"reason": "A threat"})
    shown = text_of(follow(agent, place, {"reason": "A threat"}))
    assert "still stands" in shown
    assert not Account.objects.get(id=learner.id).active
    assert [one["what"] for one in opened().history] == ["opened", "suspended"]


def test_a_safety_concern_is_suspended_from_its_case(world: World) -> None:
    """R31: a school's switching off for safety opens a case; its agent can suspend everywhere, and later end both."""
    learner, champion, agent = world.learners[OWN_CLASS][1], world.client(Role.CHAMPION), world.client(Role.AGENT)
    champion.post(f"/en/school/{SCHOOL}/people/{learner.id}/access/", {"step": "sure", "reason": "safety"})
    number = opened().number
    place = f"support/cases/{number}/suspend/0/"
    assert agent.get(f"/en/{place}").status_code == 404  # not taken yet
    follow(agent, f"support/cases/{number}/take/", {})
    deeds = follow(agent, f"support/cases/{number}/record/0/").content.decode()
    assert [f'/{place}"' in deeds, f'/{place}end/"' in deeds] == [True, True]
    shown = text_of(follow(agent, place, {"reason": "A threat at every school"}))
    assert not Account.objects.get(id=learner.id).active
    assert standing_of(learner) == {"safety", "suspended"}
    assert "Suspend this account" not in shown
    follow(agent, f"{place}end/", {"reason": "The school's reasons hold no more"})
    assert Account.objects.get(id=learner.id).active
    assert standing_of(learner) == set()


def standing_of(account: Account) -> set[str]:
    """The kinds of decisions about an account that stand."""
    return set(Decision.objects.filter(account=account.id, ended_at=None).values_list("kind", flat=True))


@pytest.mark.parametrize("language", ["en", "cy"])
def test_the_status_says_what_waits(world: World, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A11: public, from what is there; work that waits longer than an hour is late."""
    assert world.run is not None
    anybody = Client()
    page = text_of(follow(anybody, "status/", language=language))
    late = {"en": "Late", "cy": "Yn hwyr"}[language]
    assert late not in page
    world.run.state = "received"
    world.run.save()
    assert late in text_of(follow(anybody, "status/", language=language))


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_contradiction_is_a_case_decided_with_a_reason_and_undone(world: World, language: str) -> None:
    """E8, R4: an identity clash opens one case by itself; the finding names its reason, moves nothing, and is undone."""
    learner = contradicted(world)
    for made in (1, 0):  # once, however often it is looked for
        assert matching.open_cases(now=opened_at()) == made
    case = opened()
    assert (case.kind, case.school, case.account, case.state) == ("matching", ELSEWHERE, learner.id, "new")
    agent, place = world.client(Role.AGENT), f"support/cases/{case.number}/"
    assert agent.get(f"/en/{place}matching/").status_code == 404  # not taken
    follow(agent, f"{place}take/", {}, language=language)
    shown = text_of(follow(agent, f"{place}matching/", language=language))
    assert "Somebody" in shown
    assert learner.legal_surname in shown
    assert {row.account for row in Audit.objects.filter(details__contains='"matching"', action="case seen")} == {
        learner.id
    }
    follow(agent, f"{place}matching/", {"finding": "different", "reason": ""}, language=language)
    assert opened().state == "ready"
    follow(agent, f"{place}matching/", {"finding": "different", "reason": "Another child"}, language=language)
    assert opened().state == "done"
    assert not Account.objects.get(id=learner.id).active
    assert matching.open_cases(now=opened_at()) == 0  # it is decided
    follow(agent, f"{place}matching/back/", {"reason": "A mistake"}, language=language)
    assert (opened().state, opened().closed_at) == ("ready", None)
    reasons = [row.details for row in Audit.objects.filter(action="case", details__contains='"reason"').order_by("id")]
    assert ["Another child" in reasons[0], "A mistake" in reasons[1]] == [True, True]


def contradicted(world: World) -> Account:
    """A learner who has left, and whose UPN another school then gives to somebody else."""
    learner = world.learners[OWN_CLASS][0]
    theirs = {"legal_surname": "Somebody", "legal_forename": "Else", "birth_date": date(2009, 1, 2)}
    release_learner(world)
    deliver([learner_row(50), learner_row(51), learner_row(1, upn=learner.upn, **theirs)], None, school=ELSEWHERE,
            on=date(2018, 7, 6))  # fmt: skip
    return learner


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_contradiction_has_no_dead_end(world: World, language: str) -> None:
    """E8: it ends with a finding only; both schools are told, the one that is asked answers, any agent takes back."""
    contradicted(world)
    theirs = roles.grant_new(
        Reach("champion", ELSEWHERE), person=roles.NewPerson("Arall Hyrwyddwr", "arall@example.wales"),
        acting_user="tests", now=opened_at(), on=date(2018, 9, 1), at=opened_at(),
    )  # fmt: skip
    matching.open_cases(now=opened_at())
    number = opened().number
    agent, place = world.client(Role.AGENT), f"support/cases/{number}/"
    follow(agent, f"{place}take/", {}, language=language)
    assert f"{place}answer/" not in follow(agent, place, language=language).content.decode()
    follow(agent, f"{place}answer/", {"text": "It is explained.", "outcome": "explained"}, language=language)
    assert opened().state == "ready"
    asked = world.client(Role.CHAMPION)
    asked.cookies[next(iter(asked.cookies))] = session_of(theirs.account)
    mine = f"school/{ELSEWHERE}/requests/"
    assert f"HW-{number}" not in text_of(follow(asked, mine, language=language))
    follow(agent, f"{place}matching/", {"finding": "ask", "reason": "Ask about birth"}, language=language)
    assert set(Message.objects.filter(kind="asked").values_list("school", flat=True)) == {SCHOOL, ELSEWHERE}
    assert f"HW-{number}" in text_of(follow(asked, mine, language=language))
    assert "Ask about birth" not in text_of(follow(asked, f"{mine}{number}/", language=language))
    assert asked.post(f"/{language}/{mine}{number}/", {"withdraw": "1"}).status_code == 200
    follow(asked, f"{mine}{number}/", {"text": "It was a mistake."}, language=language)
    assert opened().state == "ready"
    assert "It was a mistake." in text_of(follow(agent, place, language=language))
    follow(agent, f"{place}matching/", {"finding": "different", "reason": "Another child"}, language=language)
    other = roles.grant_new(
        Reach("agent"), person=roles.NewPerson("Ail Asiant", "ail@example.wales"), acting_user="tests",
        now=opened_at(), on=date(2018, 9, 1), at=opened_at(),
    )  # fmt: skip
    second = world.client(Role.AGENT)
    second.cookies[next(iter(second.cookies))] = session_of(other.account)
    assert f"{place}matching/back/" in follow(second, place, language=language).content.decode()
    follow(second, f"{place}matching/back/", {"reason": "A mistake"}, language=language)
    assert (opened().state, opened().owner) == ("ready", other.account)
    SupportCase.objects.update(state="unchanged", closed_at=opened_at())  # closed without a finding, as could be before
    assert matching.open_cases(now=opened_at()) == 1


@pytest.mark.parametrize("language", ["en", "cy"])
def test_help_is_for_anybody_and_leads_on(world: World, language: str) -> None:
    """A10: four groups; a search by POST; no result shows everything; somebody signed in is led to the tool."""
    anybody = Client()
    page = follow(anybody, "help/", language=language)
    assert page.content.decode().count('class="govuk-details"') == 11
    assert "/find-learner/" not in page.content.decode()
    word = {"en": "carer", "cy": "ofalwr"}[language]
    found = anybody.post(f"/{language}/help/", {"words": word}).content.decode()
    assert ('id="H05"' in found, 'id="H06"' in found) == (True, False)
    nothing = anybody.post(f"/{language}/help/", {"words": "xylophone"}).content.decode()
    assert 'id="H06"' in nothing
    champion = world.client(Role.CHAMPION).get(f"/{language}/help/").content.decode()
    assert f"/{language}/school/{SCHOOL}/find-learner/" in champion


@pytest.mark.parametrize("language", ["en", "cy"])
def test_an_answer_is_written_by_one_and_approved_by_another(world: World, language: str) -> None:
    """E9: both languages, known variables, a second person; then help and answers to cases have the words."""
    agent = world.client(Role.AGENT)
    follow(agent, "support/answers/", language=language)
    place = "support/answers/H05/"
    bad = follow(agent, place, {"english": "Ring {number}", "welsh": "Ffoniwch {telephone}"}, language=language)
    assert "number" in text_of(bad)
    follow(agent, place, {"english": "Ask the school; {telephone}.", "welsh": ""}, language=language)
    follow(
        agent, place, {"english": "Ask the school; {telephone}.", "welsh": "Gofynnwch i'r ysgol."}, language=language
    )
    first = help_rules.mark("Ask the school; {telephone}.", "Gofynnwch i'r ysgol.")
    assert agent.post(f"/en/{place}approve/", {"read": first}).status_code == 302
    assert "Ask the school;" not in Client().get("/en/help/").content.decode()
    assert Audit.objects.filter(action="answer refused").count() == 1
    other = roles.grant_new(
        Reach("agent"), person=roles.NewPerson("Ail Asiant", "ail@example.wales"), acting_user="tests",
        now=opened_at(), on=date(2018, 9, 1), at=opened_at(),
    )  # fmt: skip
    second = world.client(Role.AGENT)
    second.cookies[next(iter(second.cookies))] = session_of(other.account)
    shown = follow(second, place, language=language)
    assert f'name="read" value="{first}"' in shown.content.decode()
    follow(agent, place, {"english": "Ask nobody.", "welsh": "Peidiwch â gofyn."}, language=language)
    follow(second, f"{place}approve/", {"read": first}, language=language)  # other words than were read
    assert "Ask nobody." not in text_of(Client().get("/en/help/"))
    follow(
        agent, place, {"english": "Ask the school; {telephone}.", "welsh": "Gofynnwch i'r ysgol."}, language=language
    )
    follow(second, f"{place}approve/", {"read": first}, language=language)
    assert "Ask the school; 01632" in text_of(Client().get("/en/help/"))
    assert world.client(Role.CHAMPION).get("/en/support/answers/").status_code == 404


def test_the_desk_stays_quick_with_many_cases(world: World, django_assert_max_num_queries: Any) -> None:
    """At most twelve statements for the queue, whoever has the cases, and for the search page."""
    agent = world.client(Role.AGENT)
    for number, learner in enumerate(world.learners[OWN_CLASS] * 4):
        storing.open_case(
            NewCase(Kind.CALL, SCHOOL, learner.id, details="x",
                    owner=world.accounts[Role.OPERATOR if number % 2 else Role.AUDITOR].id),
            actor="tests", now=opened_at(),
        )  # fmt: skip
    for place in ("support/cases/", "support/search/"):
        agent.get(f"/en/{place}")
        with django_assert_max_num_queries(12):
            assert agent.get(f"/en/{place}").status_code == 200
