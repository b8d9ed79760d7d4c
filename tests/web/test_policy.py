"""Who may what: every route × role × own and another school × method, from the policy table and the addresses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from tests.support.world import ELSEWHERE, OTHER_CLASS, OWN_CLASS, SCHOOL, World, session_of

from hwb.web import policy
from hwb.web.page import STATED, Stated, guard
from hwb.web.policy import TABLE, WITH_NAMES, Action, Grant, Person, Role, Scope, decide

#: Answered to programs, or to anybody and without anything in it (hwb.config.health).
NOT_PAGES = ("api/", "healthz", ".well-known/", "ims/", "scim/")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def routes(patterns: Any = None, prefix: str = "") -> Iterator[tuple[str, Any, str]]:
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        place = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, place)
        elif isinstance(entry, URLPattern) and not place.startswith(NOT_PAGES):
            yield place, entry.callback, entry.name or ""


PAGES = [pytest.param(callback, place, id=name or place) for place, callback, name in routes()]


@pytest.mark.parametrize(("callback", "place"), PAGES)
def test_every_page_states_its_action(callback: Any, place: str) -> None:
    """Deny by default: a route that is not in the table fails here."""
    stated = getattr(callback, STATED, None)
    assert isinstance(stated, Stated), f"{place} is not made by @page"
    assert set(stated.actions) <= {"GET", "POST"}
    assert all(action in TABLE for action in stated.actions.values())


@pytest.mark.parametrize(("callback", "place"), PAGES)
def test_parts_of_addresses_have_the_names_that_are_checked(callback: Any, place: str) -> None:
    """An account or a run in an address is always `<uuid:account>` or `<uuid:run>`, below a `<str:dfes>`."""
    for part in ("<uuid:account>", "<uuid:run>"):
        assert part not in place or "<str:dfes>" in place, place
    assert "upn" not in place
    assert "<str:name>" not in place


def test_every_action_is_in_the_table_and_every_reach_is_known() -> None:
    assert set(TABLE) == set(Action)
    for row in TABLE.values():
        for role, scope in row.items():
            assert isinstance(role, Role)
            assert isinstance(scope, Scope)
    assert set(TABLE) >= policy.FRESH


#: Section 2 of the specification, once more and by hand: Y, O, S, N as printed there, C for codes.
PRINTED = """
SEE_LEARNERS   teacher=O mis_admin=Y champion=Y head=Y client_manager=N area_officer=N agent=S operator=S
SEE_REFUSALS   mis_admin=Y champion=Y head=Y client_manager=C area_officer=N agent=Y operator=Y
RESET_PASSWORD teacher=O champion=Y agent=S
SHOW_PASSWORD  teacher=O champion=Y
SWITCH_ACCESS  champion=Y agent=S
SEE_RUNS       mis_admin=Y champion=Y head=Y client_manager=Y area_officer=Y agent=Y operator=Y
CONFIRM_RUN    champion=Y head=Y agent=S operator=Y
WITHDRAW_RUN   champion=Y head=Y client_manager=Y operator=Y
REGISTER_CLIENT champion=Y head=Y client_manager=Y area_officer=Y agent=S operator=Y
APPOINT        champion=Y head=Y agent=S
AUTHORISE_MOVE head=Y
CONSOLIDATE    agent=S
CHANGE_NATION  operator=Y
UNDO_RUN       champion=Y operator=Y
"""


def test_the_table_is_the_printed_one() -> None:
    letters = {
        Scope.OWN_CLASSES: "O", Scope.CASE: "S", Scope.COUNTS: "N", Scope.CODES: "C", Scope.SCHOOL: "Y",
        Scope.AREA: "Y", Scope.NATION: "Y",
    }  # fmt: skip
    for line in PRINTED.split("\n"):
        if line:
            name, *cells = line.split()
            ours = {role.value: letters[scope] for role, scope in TABLE[Action[name]].items()}
            assert ours == dict(cell.split("=") for cell in cells), name


def person_of(role: Role) -> Person:
    grants: tuple[Grant, ...] = ()
    if role in policy.SCHOOL_ROLES:
        grants = (Grant(role, SCHOOL, classes=frozenset({OWN_CLASS} if role is Role.TEACHER else ())),)
    elif role in policy.AREA_ROLES:
        grants = (Grant(role, area="671"),)
    elif role in policy.NATION_ROLES:
        grants = (Grant(role),)
    kind = role.value if role in (Role.LEARNER, Role.STAFF) else "staff" if role in policy.SCHOOL_ROLES else "official"
    return Person(uuid4(), kind, "Somebody", "somebody1", grants)


def expected(role: Role, action: Action, school: str, stated: Stated) -> bool:
    """What the table says, read without the policy's own code."""
    if action is Action.OWN_ACCOUNT:
        return True
    scope = TABLE[action].get(role)
    accepted = WITH_NAMES | ({Scope.COUNTS} if stated.counts else set()) | ({Scope.CODES} if stated.codes else set())
    if scope is None or scope not in accepted:
        return False
    if role in policy.NATION_ROLES or not school:
        return True
    if role in policy.AREA_ROLES:
        return school.startswith("671")
    return school == SCHOOL


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("callback", "place"), PAGES)
def test_role_by_route_by_school_by_method(callback: Any, place: str, role: Role, rf: RequestFactory) -> None:
    """The guard of each route lets in whom the table names, at the own school only, and with its methods only."""
    stated: Stated = getattr(callback, STATED)
    person = person_of(role)
    for school in (SCHOOL, "6604999") if "<str:dfes>" in place else ("",):
        for method in METHODS:
            wanted = stated.actions.get("GET" if method == "HEAD" else method)
            got = outcome(stated, rf.generic(method, "/en/x/"), person, {"dfes": school} if school else {})
            if wanted is None:
                assert got == 405, (place, method)
            elif wanted is Action.OPEN or expected(role, wanted, school, stated):
                assert got == 200, (place, role, school, method)
            else:
                assert got == 404, (place, role, school, method)


def outcome(stated: Stated, request: HttpRequest, person: Person | None, parts: dict[str, Any]) -> int:
    request.person = person  # type: ignore[attr-defined]
    request.resolver_match = None
    request.session = {"confirmed-at": 9e9, "second-step": "app"}  # type: ignore[assignment]

    def view(_request: HttpRequest, **_parts: Any) -> HttpResponse:
        return HttpResponse("in")

    try:
        return guard(stated, view)(request, **parts).status_code
    except Http404:
        return 404


@pytest.mark.django_db
def test_nobody_signed_in_is_led_to_the_sign_in_or_told_that_nothing_was_saved(client: Any) -> None:
    answer = client.get("/cy/account/?x=1")
    assert (answer.status_code, answer["Location"]) == (302, "/cy/sign-in/?next=%2Fcy%2Faccount%2F%3Fx%3D1")
    answer = client.post("/cy/account/sign-out-everywhere/")
    assert answer.status_code == 401
    assert "Ni chadwyd eich newid diwethaf." in answer.content.decode()


@pytest.mark.django_db
def test_people_and_runs_in_an_address_are_the_schools_own(world: World, rf: RequestFactory) -> None:
    """An id of another school in a path is unknown, and a teacher's reach ends with the class."""
    stated = Stated({"GET": Action.SEE_LEARNERS}, counts=False, codes=False)
    runs = Stated({"GET": Action.SEE_RUNS}, counts=False, codes=False)
    champion, teacher = person_of(Role.CHAMPION), person_of(Role.TEACHER)
    own, other = world.learners[OWN_CLASS][0].id, world.learners[OTHER_CLASS][0].id
    assert world.run is not None
    assert world.run_elsewhere is not None

    def asked(stated: Stated, person: Person, **parts: UUID) -> int:
        return outcome(stated, rf.get("/en/x/"), person, {"dfes": SCHOOL, **parts})

    assert asked(stated, champion, account=own) == 200
    assert asked(stated, champion, account=other) == 200
    assert asked(stated, champion, account=world.elsewhere[0].id) == 404
    assert asked(stated, champion, account=uuid4()) == 404
    assert asked(stated, teacher, account=own) == 200
    assert asked(stated, teacher, account=other) == 404
    assert asked(stated, teacher, account=world.accounts[Role.HEAD].id) == 404
    assert asked(runs, champion, run=world.run.id) == 200
    assert asked(runs, champion, run=world.run_elsewhere.id) == 404


def test_the_widest_reach_counts_and_names_are_never_shown_by_a_narrower_one() -> None:
    both = Person(uuid4(), "staff", "A", "a1", (
        Grant(Role.TEACHER, SCHOOL, classes=frozenset({"6G"})), Grant(Role.CHAMPION, ELSEWHERE),
        Grant(Role.CLIENT_MANAGER, area="671"),
    ))  # fmt: skip
    here = decide(both, Action.SEE_LEARNERS, school=SCHOOL)
    assert here is not None
    assert (here.role, here.scope, here.classes) == (Role.TEACHER, Scope.OWN_CLASSES, frozenset({"6G"}))
    there = decide(both, Action.SEE_LEARNERS, school=ELSEWHERE, counts=True)
    assert there is not None
    assert (there.role, there.scope, there.classes) == (Role.CHAMPION, Scope.SCHOOL, None)
    assert decide(both, Action.SEE_LEARNERS, school="6712999") is None
    counts = decide(both, Action.SEE_LEARNERS, school="6712999", counts=True)
    assert counts is not None
    assert counts.scope is Scope.COUNTS
    assert decide(person_of(Role.AGENT), Action.SEE_LEARNERS, school=SCHOOL, counts=True, codes=True) is None


@pytest.mark.django_db
def test_a_role_that_was_taken_away_is_gone_at_the_next_request(world: World) -> None:
    from datetime import UTC, datetime

    from hwb import clock
    from hwb.directory.queries import roles as granted
    from hwb.operations import roles
    from hwb.web.session import person_from

    champion = world.accounts[Role.CHAMPION]

    def held() -> set[Role]:
        row = granted.find(champion.id, today=clock.today())
        assert row is not None
        return {grant.role for grant in person_from(row).grants}

    assert held() == {Role.CHAMPION}
    roles.revoke(
        roles.Reach("champion", SCHOOL), username=champion.username, acting_user="tests", now=datetime.now(UTC),
        on=clock.today(),
    )  # fmt: skip
    assert held() == set()


@pytest.mark.django_db
def test_roles_at_a_school_end_with_the_post_there(world: World) -> None:
    """A member of staff who has left keeps no key."""
    from hwb import clock
    from hwb.directory.models import Placement
    from hwb.directory.queries import roles

    head = world.accounts[Role.HEAD]
    Placement.objects.filter(account=head).update(ended="2018-07-03")
    row = roles.find(head.id, today=clock.today())
    assert row is not None
    assert row.roles == ()


@pytest.mark.django_db
def test_a_refused_page_and_an_unknown_one_are_the_same(world: World) -> None:
    """Nothing of the answer tells the two apart, and the log names no person."""
    client = world.client(Role.LEARNER)
    key = session_of(world.accounts[Role.LEARNER].id)
    assert key
    unknown = client.get("/en/no-such-page/")
    assert unknown.status_code == 404
    for place, callback, name in routes():
        if (
            "<str:dfes>" in place
            and "<" not in place.replace("<str:dfes>", "")
            and "GET" in getattr(callback, STATED).actions
        ):
            refused = client.get("/" + place.replace("<str:dfes>", SCHOOL).replace("^", ""))
            assert refused.status_code == 404, name
            assert stripped(refused.content) == stripped(unknown.content), name


def stripped(content: bytes) -> str:
    import re

    text = re.sub(r'nonce="[^"]*"|value="[^"]*"', "", content.decode())
    return re.sub(r'(formaction|href)="/(cy|en)/[^"]*"', "", text)
