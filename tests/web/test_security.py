"""What reliability.md asks of pages against whoever means harm: forged forms, foreign ids, fields nobody asked for."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from tests.support.crawler import crawl, state
from tests.support.people import upn
from tests.support.world import OTHER_CLASS, OWN_CLASS, PASSWORD, SCHOOL, World
from tests.web.test_policy import routes

from hwb.directory.models import Account, FirstPassword, RoleGrant, SlipSheet
from hwb.web.page import STATED
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
#: Services send people there from outside, by POST too; it only leads on to the page (OpenID Connect Core 1.0, 3.1.2.1).
FROM_OUTSIDE = {"oidc-authorization", "oidc-log-out"}
POSTED = [
    (place, name) for place, callback, name in routes()
    if "POST" in getattr(callback, STATED).actions and name not in FROM_OUTSIDE
]  # fmt: skip
#: What a form might be made to carry that no form of ours has.
MORE = {
    "is_staff": "1", "is_superuser": "1", "kind": "official", "upn": upn(99), "username": "taken1", "school": "6712042",
    "school_id": "6712042", "dfes": "6712042", "role": "operator", "must_change": "", "active": "1", "scope": "nation",
}  # fmt: skip


def address(place: str, world: World, **parts: Any) -> str:
    """The address of a route, its parts filled with what there is."""
    known = {
        "dfes": SCHOOL, "account": world.learners[OWN_CLASS][1].id, "run": world.run.id if world.run else "",
        "search": uuid4(), "sheet": uuid4(), "client": uuid4(), "token": "x" * 20, "factor": uuid4(), "reset": uuid4(), "device": uuid4(), "service": uuid4(), "role": "champion", "key": "passwords.teachers",
        "link": uuid4(), "case": 1, "number": 1, "holder": uuid4(), "connector": uuid4(), "place": 0,
    }  # fmt: skip
    filled = re.sub(r"<\w+:(\w+)>", lambda found: str({**known, **parts}.get(found[1], "x")), place)
    return "/" + filled.replace("^", "")


#: What services post to: these keep and change nothing, and lead on to the page that checks the request.
LEADING_ON = frozenset({"oidc-authorization", "oidc-log-out", "saml-sign-in", "saml-log-out"})


def test_no_form_is_taken_without_its_token(world: World) -> None:
    """CSRF: every POST route, without a token, with a wrong one and with another session's: 403, and nothing changed."""
    assert len(POSTED) > 20
    champion = world.client(Role.CHAMPION, enforce_csrf_checks=True)
    another = Client(enforce_csrf_checks=True)
    another.get("/en/sign-in/")
    before = state()
    for place, name in POSTED:
        for token in ("", "x" * 64, another.cookies["csrftoken"].value):
            sent = {"csrfmiddlewaretoken": token, "how": "make", "step": "sure", "do": "off", "reason": "left"}
            answer = champion.post(address(place, world), sent)
            assert answer.status_code == (302 if name in LEADING_ON else 403), (name, token)
    assert state() == before


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example", "/api/x"])
def test_giving_the_password_again_leads_to_our_own_pages_only(world: World, target: str) -> None:
    """No open redirect."""
    client = world.client(Role.CHAMPION, fresh=False)
    assert "evil" not in client.get(f"/en/again/?next={target}").headers.get("Location", "")
    answer = client.post(f"/en/again/?next={target}", {"password_again": PASSWORD})
    assert answer["Location"] == "/en/"


def test_a_forwarded_host_is_not_believed(world: World) -> None:
    """Host header: neither it nor what a proxy may add gets into a page or a redirect."""
    client = world.client(Role.CHAMPION)
    for path in (f"/en/school/{SCHOOL}/", "/en/", "/en/account/", "/"):
        answer = client.get(path, headers={"X-Forwarded-Host": "evil.example", "X-Host": "evil.example"})
        assert b"evil.example" not in answer.content + answer.headers.get("Location", "").encode()
        assert client.get(path, headers={"Host": "evil.example"}).status_code == 400


def test_ids_of_others_in_a_form_reach_nobody(world: World) -> None:
    """Another school's accounts, and for a teacher other classes': in body and in query, alone and among one's own."""
    foreign, other = world.elsewhere[0], world.learners[OTHER_CLASS][0]
    own = world.learners[OWN_CLASS][1]
    champion, teacher = world.client(Role.CHAMPION), world.client(Role.TEACHER)
    school = f"/en/school/{SCHOOL}"
    printing = {"who": "all", "languages": "both", "size": "8"}
    for client, theirs in ((champion, foreign), (teacher, foreign), (teacher, other)):
        before = state()
        for sent in ({"account": str(theirs.id)}, {"chosen": theirs.id.hex}):
            for more in ({"step": "who", "who": "needed"}, {"step": "sure", "who": "everybody"}):
                client.post(f"{school}/passwords/", {**sent, **more})
            client.post(f"{school}/access/", {**sent, "step": "sure", "do": "off", "reason": "left"})
        assert client.get(f"{school}/class/print/?learner={theirs.id}").status_code == 404
        assert client.post(f"{school}/class/print/?learner={theirs.id}", printing).status_code == 404
        assert client.post(f"{school}/class/print/", {**printing, "account": [str(theirs.id)]}).status_code == 404
        assert state() == before
    ids = [str(each.id) for each in (own, foreign)]
    champion.post(f"{school}/passwords/", {"account": ids, "step": "sure", "who": "everybody"})
    champion.post(f"{school}/access/", {"account": ids, "step": "sure", "do": "off", "reason": "left"})
    foreign.refresh_from_db()
    assert foreign.active
    assert set(FirstPassword.objects.values_list("account", flat=True)) == {own.id}
    champion.post(f"{school}/access/", {"account": ids, "step": "sure", "do": "on"})
    champion.post(f"{school}/class/print/", {**printing, "account": ids})
    assert [sheet.accounts for sheet in SlipSheet.objects.all()] == [[own.id]]
    champion.post(f"{school}/access-list/add/", {"name": "a", "account": str(foreign.id), "role": "champion"})
    assert not RoleGrant.objects.filter(account=foreign.id).exists()


def test_another_persons_slips_are_unknown(world: World) -> None:
    """A sheet belongs to who opened it, at the school where it was opened."""
    champion, teacher = world.client(Role.CHAMPION), world.client(Role.TEACHER)
    school, learner = f"/en/school/{SCHOOL}", world.learners[OWN_CLASS][1]
    champion.post(f"{school}/people/{learner.id}/password/", {"how": "make"})
    opened = champion.post(
        f"{school}/class/print/?learner={learner.id}", {"who": "all", "languages": "both", "size": "8"}
    )
    sheet = opened["Location"]
    assert teacher.post(sheet).status_code == 404
    assert teacher.post(f"{sheet}handed-out/").status_code == 404
    assert champion.post(sheet).status_code == 200


def test_fields_that_no_form_has_are_nothing(world: World) -> None:
    """Mass assignment: whatever else is sent to any POST route gives no role, no other kind, number or school."""
    champion = world.client(Role.CHAMPION)
    kept = ("id", "kind", "upn", "username", "legal_surname", "legal_forename")
    before = list(Account.objects.order_by("id").values(*kept))
    grants = list(RoleGrant.objects.order_by("id").values("account", "role", "school", "area"))
    for place, name in POSTED:
        if name in ("sign-out", "sign-out-everywhere", "issue-username", "remove-role"):
            continue  # they take something away or give a username, which is what they are for
        champion.post(address(place, world), {**MORE, "how": "make", "step": "sure", "do": "on", "name": "z"})
    assert list(Account.objects.order_by("id").values(*kept)) == before
    assert list(RoleGrant.objects.order_by("id").values("account", "role", "school", "area")) == grants


@pytest.mark.parametrize("role", [Role.CHAMPION, Role.TEACHER, Role.MIS_ADMIN, Role.HEAD])
def test_no_address_names_a_person(world: World, role: Role) -> None:
    """No UPN, username or surname in any address that a page links to; nor in where a search leads."""
    client = world.client(role)
    crawled = crawl(client, "/en/?all=1")
    seen, username = list(crawled.statuses), world.accounts[Role.LEARNER].username
    if role in (Role.CHAMPION, Role.MIS_ADMIN):
        for typed in (upn(1), upn(50), "Rees", username):
            answer = client.post(f"/en/school/{SCHOOL}/find-learner/", {"asked": typed, "what": "one"})
            assert answer.status_code in ((303, 302) if typed != username else (200, 302, 303)), typed
            seen.append(answer.headers.get("Location", ""))
    told = {upn(number) for number in (*range(1, 7), 50, 51)} | {
        value for each in Account.objects.all() for value in (each.username, each.upn, each.legal_surname) if value
    }
    for path in seen:
        assert not re.search(r"[A-Z]\d{11}[0-9A-Z]", path), path
        parts = set(re.split(r"[/?&=+,%20]", path))
        assert not parts & told, path
