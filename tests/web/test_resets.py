"""B10: whose password stops working, who may do that, and what is shown of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from tests.support.languages import foreign_texts
from tests.support.second_step import code_now, set_up
from tests.support.walk import Walk
from tests.support.world import ELSEWHERE, OWN_CLASS, PASSWORD, SCHOOL, World

from hwb.directory.models import Account, Audit, FirstPassword
from hwb.operations import passwords, roles, settings
from hwb.operations.roles import Reach
from hwb.web.policy import Role

NOW = datetime.now(UTC)


def one_at(account: Account, language: str = "en") -> str:
    return f"/{language}/school/{SCHOOL}/people/{account.id}/password/"


def many_at(query: str = "", language: str = "en") -> str:
    return f"/{language}/school/{SCHOOL}/passwords/{query}"


def shown(page: bytes) -> list[str]:
    return re.findall(r'hwb-secret__value" translate="no">([^<]+)<', page.decode())


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_new_password_is_shown_once_and_works(world: World, language: str) -> None:
    """R10: the old one stops at once; the page that makes the new one is the only one that shows it unasked."""
    learner = world.learners[OWN_CLASS][1]
    champion = world.client(Role.CHAMPION)
    asked = champion.get(one_at(learner, language))
    assert not foreign_texts(asked.content, language)
    done = champion.post(one_at(learner, language), {"how": "make"}, follow=True)
    username, password = shown(done.content)
    assert not foreign_texts(done.content, language)
    assert passwords.authenticate(name=username, password=password) == learner.id
    assert "no-store" in done["Cache-Control"]
    assert password not in champion.get(one_at(learner, language)).content.decode()
    assert Audit.objects.filter(account=learner.id, action="password reset").count() == 1


@pytest.mark.parametrize("language", ["en", "cy"])
def test_loading_the_result_again_makes_no_other_password(world: World, language: str) -> None:
    """B10: the result has an address of its own. It shows the password once, to whoever made it, and changes none."""
    learner, new = world.learners[OWN_CLASS][1], one_at(world.learners[OWN_CLASS][1], language) + "new/"
    champion, teacher = world.client(Role.CHAMPION), world.client(Role.TEACHER)
    sent = champion.post(one_at(learner, language), {"how": "make"})
    assert (sent.status_code, sent["Location"]) == (307, new)
    made = bytes(FirstPassword.objects.get(account=learner.id).ciphertext)
    assert not shown(champion.get(new).content)
    assert not foreign_texts(champion.get(new).content, language)
    other = teacher.post(new, {"how": "make"})
    assert other.status_code == 409
    assert not shown(other.content)
    username, password = shown(champion.post(new, {"how": "make"}).content)
    again = champion.post(new, {"how": "make"})
    assert again.status_code == 409
    assert not shown(again.content)
    assert not foreign_texts(again.content, language)
    assert bytes(FirstPassword.objects.get(account=learner.id).ciphertext) == made
    assert passwords.authenticate(name=username, password=password) == learner.id
    entries = Audit.objects.filter(account=learner.id, action__startswith="password")
    assert [entry.action for entry in entries.order_by("seq")] == ["password reset", "password shown"]


def form_of(page: bytes) -> str:
    found = re.search(r'name="form" value="([^"]+)"', page.decode())
    assert found
    return found[1]


def test_a_double_click_makes_one_password_and_shows_it(world: World) -> None:
    """B10: the form is used once. The second submission ends on the same page, with the same password."""
    learner, champion = world.learners[OWN_CLASS][1], world.client(Role.CHAMPION)
    sent = {"how": "make", "form": form_of(champion.get(one_at(learner)).content)}
    first = shown(champion.post(one_at(learner), sent, follow=True).content)
    second = champion.post(one_at(learner), sent, follow=True)
    assert shown(second.content) == first
    assert passwords.authenticate(name=first[0], password=first[1]) == learner.id
    assert Audit.objects.filter(account=learner.id, action="password reset").count() == 1
    assert not shown(world.client(Role.TEACHER).post(one_at(learner) + "new/", sent).content)
    assert not shown(champion.post(one_at(learner) + "new/", sent).content)  # loading it again
    another = {"how": "make", "form": form_of(champion.get(one_at(learner)).content)}
    assert shown(champion.post(one_at(learner), another, follow=True).content) != first


def test_a_double_click_where_passwords_are_shown_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute later the same form shows nothing any more, and still makes nothing."""
    settings.put(key="passwords.shown", value="once", acting_user="t", now=NOW)
    learner, champion = world.learners[OWN_CLASS][1], world.client(Role.CHAMPION)
    monkeypatch.setenv("HWB_NOW", "2018-07-03T09:00")
    sent = {"how": "make", "form": form_of(champion.get(one_at(learner)).content)}
    first = shown(champion.post(one_at(learner), sent, follow=True).content)
    assert shown(champion.post(one_at(learner), sent, follow=True).content) == first
    monkeypatch.setenv("HWB_NOW", "2018-07-03T09:02")
    late = champion.post(one_at(learner), sent, follow=True)
    assert (late.status_code, shown(late.content)) == (409, [])
    assert passwords.authenticate(name=first[0], password=first[1]) == learner.id


@pytest.mark.parametrize("who", ["needed", "everybody"])
def test_a_double_click_makes_the_passwords_of_a_class_once(world: World, who: str) -> None:
    """B10: nobody's slip is made worthless by a second click, and both clicks end on the same numbers."""
    champion, path = world.client(Role.CHAMPION), many_at(f"?class={OWN_CLASS}")
    page = champion.get(path).content
    if who == "everybody":
        page = champion.post(path, {"step": "who", "who": who}).content
    sent = {"step": "sure" if who == "everybody" else "who", "who": who, "form": form_of(page)}
    first = champion.post(path, sent, follow=True)
    made = dict(FirstPassword.objects.values_list("account", "made_at"))
    second = champion.post(path, sent, follow=True)
    assert dict(FirstPassword.objects.values_list("account", "made_at")) == made
    assert len(made) == (2 if who == "needed" else 3)
    said = f"{len(made)} new passwords were made"
    assert (said in first.content.decode(), said in second.content.decode()) == (True, True)


def test_a_new_password_that_nobody_saw_is_shown_no_longer_after_a_quarter_of_an_hour(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later, looking at it takes the record's page and the own password again (R42)."""
    learner, champion = world.learners[OWN_CLASS][1], world.client(Role.CHAMPION)
    for minutes, status in (("14", 200), ("16", 409)):
        monkeypatch.setenv("HWB_NOW", "2018-07-03T09:00")
        champion.post(one_at(learner), {"how": "make"})
        monkeypatch.setenv("HWB_NOW", f"2018-07-03T09:{minutes}")
        assert champion.post(one_at(learner) + "new/").status_code == status


def test_a_password_shown_once_is_shown_to_whoever_made_it(world: World) -> None:
    """R10: where the nation says once, the page after the making was the time."""
    settings.put(key="passwords.shown", value="once", acting_user="t", now=NOW)
    learner, champion = world.learners[OWN_CLASS][1], world.client(Role.CHAMPION)
    assert shown(champion.post(one_at(learner), {"how": "make"}, follow=True).content)
    with pytest.raises(passwords.PasswordRefused, match="not_held_here"):
        passwords.show(account=learner.id, school=SCHOOL, acting_user="t", now=NOW)


def test_loading_the_numbers_again_makes_no_other_passwords(world: World) -> None:
    champion, path = world.client(Role.CHAMPION), many_at(f"?class={OWN_CLASS}")
    done = champion.post(path, {"step": "sure", "who": "everybody"})
    assert (done.status_code, done["Location"]) == (302, many_at("new/"))
    made = sorted(bytes(one) for one in FirstPassword.objects.values_list("ciphertext", flat=True))
    for _ in range(2):
        assert "3 new passwords were made" in champion.get(done["Location"]).content.decode()
    assert sorted(bytes(one) for one in FirstPassword.objects.values_list("ciphertext", flat=True)) == made
    assert world.client(Role.CHAMPION).get(many_at("new/"))["Location"] == many_at()


def test_a_typed_password_that_breaks_a_rule_keeps_the_page(world: World) -> None:
    """B10: the rule is named, what was typed stays, and nothing changed."""
    learner = world.accounts[Role.LEARNER]
    champion = world.client(Role.CHAMPION)
    for typed, said in (("short", "12 characters"), ("password1234", "easy to guess"), ("", "Type the new password")):
        page = champion.post(one_at(learner), {"how": "type", "typed": typed}).content.decode()
        assert said in page
        assert typed in page
    assert passwords.authenticate(name=learner.username, password=PASSWORD) == learner.id
    page = champion.post(one_at(learner), {"how": "type", "typed": "glaw trwm heddiw"}, follow=True)
    assert shown(page.content)[1] == "glaw trwm heddiw"


def test_a_reset_ends_sessions_and_the_next_sign_in_leads_to_a_new_password(world: World) -> None:
    """R40 and A6: whoever was signed in is out; the made password opens only the page that replaces it."""
    head = world.accounts[Role.HEAD]
    theirs = world.client(Role.HEAD)
    Account.objects.filter(id=head.id).update(last_sign_in=NOW)
    assert theirs.get("/en/account/").status_code == 200
    _, password = shown(world.client(Role.CHAMPION).post(one_at(head), {"how": "make"}, follow=True).content)
    assert "/sign-in/" in theirs.get("/en/account/")["Location"]
    again = Client()
    secret, _ = set_up(head.id)
    asked = {"username": head.username, "password": password}
    again.post(f"/en/sign-in/?next=/en/school/{SCHOOL}/passwords/", asked)
    assert again.post("/en/second-step/", {"code_again": code_now(secret)})["Location"].split("?")[0] == "/en/password/"
    for path in ("/en/", "/cy/account/", f"/en/school/{SCHOOL}/passwords/"):
        assert again.get(path)["Location"].split("?")[0].endswith("/password/"), path
    assert "Somebody else made" in again.get("/en/password/").content.decode()
    assert not foreign_texts(again.get("/cy/password/").content, "cy")
    new = {"present_password": password, "new_password": "tair afon dawel"}
    assert again.post("/en/password/", new)["Location"] == "/en/"
    assert again.get("/en/account/").status_code == 200


def test_who_may_reset_whom(world: World) -> None:
    """Policy: a teacher their own classes, a Champion the school; of staff only a Champion; nobody beyond the school."""
    own, other = world.learners[OWN_CLASS][0], world.learners["5M"][0]
    head = world.accounts[Role.HEAD]
    teacher, champion = world.client(Role.TEACHER), world.client(Role.CHAMPION)
    assert [teacher.get(one_at(each)).status_code for each in (own, other, head, world.elsewhere[0])] == [
        200,
        404,
        404,
        404,
    ]
    assert [champion.get(one_at(each)).status_code for each in (own, other, head, world.elsewhere[0])] == [
        200,
        200,
        200,
        404,
    ]
    assert world.client(Role.HEAD).get(one_at(own)).status_code == 404
    assert champion.get(one_at(world.accounts[Role.CHAMPION]))["Location"].split("?")[0] == "/en/password/"


def test_a_school_may_keep_resets_from_class_teachers(world: World) -> None:
    """B19: whether class teachers may reset is the school's choice; pages say whom to ask then."""
    settings.put(key=f"passwords.teachers.{SCHOOL}", value="no", acting_user="t", now=NOW)
    teacher, own = world.client(Role.TEACHER), world.learners[OWN_CLASS][0]
    for path in (one_at(own), many_at()):
        assert "Ask the Digital Champion" in teacher.post(path, {"how": "make"}).content.decode()
    assert not FirstPassword.objects.exists()
    assert world.client(Role.CHAMPION).get(one_at(own)).status_code == 200
    settings.put(key=f"passwords.teachers.{SCHOOL}", value="", acting_user="t", now=NOW)
    assert teacher.get(one_at(own)).status_code == 200


def test_no_school_reaches_beyond_itself_by_a_password(world: World) -> None:
    """Whoever has a role beyond the school keeps their password from it: it would open that role as well."""
    staff = world.accounts[Role.STAFF]
    roles.grant(Reach("area_officer", area="671"), username=staff.username, acting_user="t", now=NOW, on=NOW.date())
    champion = world.client(Role.CHAMPION)
    assert "beyond the school" in champion.post(one_at(staff), {"how": "make"}).content.decode()
    with pytest.raises(passwords.PasswordRefused, match="role_beyond"):
        passwords.reset(account=staff.id, school=SCHOOL, acting_user="t", now=NOW)
    assert passwords.authenticate(name=staff.username, password=PASSWORD) == staff.id


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_class_gets_passwords_without_stopping_those_that_work(world: World, language: str) -> None:
    """B10: the default is only those who cannot sign in yet; everyone needs a second, explicit yes with numbers."""
    champion, path = world.client(Role.CHAMPION), many_at(f"?class={OWN_CLASS}", language)
    assert not foreign_texts(champion.get(many_at("", language)).content, language)
    page = champion.get(path)
    assert 'value="needed" checked' in page.content.decode()
    assert not foreign_texts(page.content, language)
    done = champion.post(path, {"step": "who", "who": "needed"}, follow=True)
    assert not foreign_texts(done.content, language)
    assert FirstPassword.objects.count() == 2
    learner = world.accounts[Role.LEARNER]
    assert passwords.authenticate(name=learner.username, password=PASSWORD) == learner.id
    before = dict(FirstPassword.objects.values_list("account", "ciphertext"))
    sure = champion.post(path, {"step": "who", "who": "everybody"})
    assert not foreign_texts(sure.content, language)
    assert "3" in re.sub(r"<[^>]+>", "", sure.content.decode().split("hwb-interruption")[1][:600])
    assert {a: bytes(c) for a, c in before.items()} == {
        a: bytes(c) for a, c in FirstPassword.objects.values_list("account", "ciphertext")
    }
    champion.post(path, {"step": "sure", "who": "everybody"})
    assert FirstPassword.objects.count() == 3
    assert passwords.authenticate(name=learner.username, password=PASSWORD) is None


def test_a_selection_names_those_who_got_none(world: World) -> None:
    """B10: chosen boxes; who failed and why; ids of another school and of other classes are nobody's."""
    one, other = world.learners[OWN_CLASS][1], world.learners["5M"][0]
    staff = world.accounts[Role.STAFF]
    roles.grant(Reach("area_officer", area="671"), username=staff.username, acting_user="t", now=NOW, on=NOW.date())
    ids = [str(each.id) for each in (one, other, staff, world.elsewhere[0])] + ["no id"]
    champion = world.client(Role.CHAMPION)
    page = champion.post(many_at(), {"account": ids}).content.decode()
    assert "3 people in this group" in page
    kept = re.search(r'name="chosen" value="([^"]+)"', page)
    assert kept
    page = champion.post(many_at(), {"chosen": kept[1], "step": "who", "who": "needed"}, follow=True).content.decode()
    assert "2 new passwords were made" in page
    assert "role beyond the school" in page
    assert set(FirstPassword.objects.values_list("account", flat=True)) == {one.id, other.id}
    page = world.client(Role.TEACHER).post(many_at(), {"account": ids}).content.decode()
    assert "1 person in this group" in page
    assert world.client(Role.CHAMPION).get(f"/en/school/{ELSEWHERE}/passwords/").status_code == 404


def test_few_queries(world: World, django_assert_max_num_queries: object) -> None:
    champion = world.client(Role.CHAMPION)
    for path in (one_at(world.accounts[Role.LEARNER]), many_at(), many_at(f"?class={OWN_CLASS}")):
        with django_assert_max_num_queries(12):  # type: ignore[operator]
            assert champion.get(path).status_code == 200


def test_nobody_is_warned_of_what_does_not_happen(world: World) -> None:
    """When no password that works would stop, everyone in the group is not asked for twice."""
    walk = Walk(world.client(Role.CHAMPION), many_at("?class=5M"))
    walk.send("Continue", who="everybody")
    assert "3 new passwords were made." in walk.text
    assert FirstPassword.objects.count() == 3
    assert (
        "This stops"
        in Walk(world.client(Role.CHAMPION), many_at(f"?class={OWN_CLASS}")).send("Continue", who="everybody").text
    )
