"""The provisioning API: who may call, what is refused and how, and that its description is true."""

from __future__ import annotations

import base64
import gzip
import json
import time
import tracemalloc
import zlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver
from pydantic import BaseModel
from tests.support.deliveries import JULY, deliver, extract_of, learner_row, register_schools, staff_row
from tests.support.people import PRIMARY, SECONDARY, upn
from tests.support.sender import BASE, Sender, post

from hwb.api import openapi, shapes
from hwb.api.access import Caller
from hwb.directory.models import Account, Audit, Client, Run
from hwb.extract import wire
from hwb.operations import clients, provisioning

pytestmark = pytest.mark.django_db
NOON = "2018-07-02T12:30:00+00:00"


@pytest.fixture(autouse=True)
def calendar(monkeypatch: pytest.MonkeyPatch) -> None:
    """The calendar stands in July 2018; tokens and assertions go by the real clock."""
    monkeypatch.setenv("HWB_NOW", NOON)
    register_schools()


@pytest.fixture
def browser() -> Browser:
    return Browser(raise_request_exception=False)


@pytest.fixture
def sender(browser: Browser) -> Sender:
    return Sender(browser)


def body_of(*numbers: int, **values: Any) -> bytes:
    return wire.dump(extract_of([learner_row(n) for n in numbers or (1, 2)], **values))


def refused(answer: Any, status: int, code: str) -> None:
    """Refused as said, in both languages, and nothing was stored or changed."""
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    shapes.Error.model_validate(answer.json())
    assert answer.json()["message"] != answer.json()["message_cy"]
    assert not Account.objects.exists()
    assert not Run.objects.exclude(state="refused").exists()


# A delivery


def test_a_delivery_is_stored_queued_and_answered(sender: Sender) -> None:
    """202 with the run; the worker's work done, its result; the same again gets it with 200 (R35)."""
    run, body = uuid4(), body_of()
    answer = sender.put(body, run=run)
    assert (answer.status_code, answer.json()["state"], answer.json()["result"]) == (202, "received", None)
    provisioning.reconcile(run_id=run, on=JULY, now=datetime.fromisoformat(NOON))
    done = sender.get(f"/runs/{run}")
    result = done.json()["result"]
    assert (done.status_code, done.json()["state"], result["outcome"], result["created"]) == (
        200,
        "applied",
        "applied",
        2,
    )
    again = sender.put(body, run=run, packed=gzip.compress(body))
    assert (again.status_code, again.json()) == (200, done.json())
    assert "by_rule" not in result  # the object of a run is fixed
    refusal = sender.put(body_of(3), run=run)
    assert (refusal.status_code, refusal.json()["code"]) == (422, "run_id_reused")


def test_a_preview_is_planned_and_changes_nothing(sender: Sender) -> None:
    """?preview=1: the result says so, and nobody has an account."""
    run = uuid4()
    assert sender.put(body_of(), run=run, query="?preview=1").status_code == 202
    provisioning.reconcile(run_id=run, on=JULY, now=datetime.fromisoformat(NOON))
    answer = sender.get(f"/runs/{run}").json()
    assert (answer["state"], answer["result"]["preview"], answer["result"]["created"]) == ("previewed", True, 2)
    assert answer["result"]["by_rule"] == [
        {"rule": "R1", "count": 2, "text": "New accounts: learners on roll here without an account."}
    ]
    assert not Account.objects.exists()
    assert sender.put(body_of(), query="?preview=yes").status_code == 400


def test_a_result_speaks_the_readers_language(sender: Sender) -> None:
    """A refused record is explained in Welsh to whoever asks in Welsh."""
    run = uuid4()
    sender.put(wire.dump(extract_of([learner_row(1), learner_row(2, upn="X")])), run=run)
    provisioning.reconcile(run_id=run, on=JULY, now=datetime.fromisoformat(NOON))
    english = sender.get(f"/runs/{run}").json()["result"]["refused"]
    welsh = sender.get(f"/runs/{run}", **{"Accept-Language": "cy, en;q=0.5"}).json()["result"]["refused"]
    assert english[0]["field"] == welsh[0]["field"] == "upn"
    assert english[0]["needed"] != welsh[0]["needed"]


# Inputs of the list of forty that only the API can get; the rest are in test_forty_inputs


def test_nobody_in_the_snapshot_is_refused(sender: Sender) -> None:
    """Input 1: an empty snapshot is refused with 422 and kept as a refused attempt."""
    refused(sender.put(wire.dump(extract_of([], []))), 422, "empty")
    assert Run.objects.get().failure == "empty"


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_body_cut_off_is_refused(sender: Sender, share: float) -> None:
    """Input 2: JSON that breaks off, with a digest of what arrived, is refused with 400."""
    body = body_of()
    cut = body[: int(len(body) * share)]
    answer = sender.put(cut)
    assert answer.status_code == 400
    assert not Run.objects.exists()


def test_a_digest_that_differs_is_refused(sender: Sender) -> None:
    """Input 3: what arrived is not what was sent."""
    wrong = "sha-256=:" + base64.b64encode(bytes(32)).decode() + ":"
    refused(sender.put(body_of(), Repr_Digest=wrong), 400, "digest_differs")


@pytest.mark.parametrize("header", ["", "sha-256=abc", "sha-256=:AAAA:", "md5=:AAAA:", "sha-256=:" + "=" * 44 + ":"])
def test_a_digest_is_required(sender: Sender, header: str) -> None:
    """Input 3: without a sha-256 digest nothing is taken."""
    refused(sender.put(body_of(), Repr_Digest=header), 400, "digest_missing")


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_other_bytes_than_utf8_are_refused(sender: Sender, encoding: str) -> None:
    """Input 4: on the wire there is UTF-8 and nothing else; nothing is guessed."""
    body = wire.dump(extract_of([learner_row(1, legal_forename="Siân")])).decode().encode(encoding)
    assert sender.put(body).status_code == 400
    assert not Run.objects.exists()


@pytest.mark.parametrize("number", ["671/2041", "671204", ""])
def test_a_number_that_is_not_seven_digits(sender: Sender, number: str) -> None:
    """Input 28: the client writes seven digits, whatever the MIS did; on the wire nothing else is a school."""
    answer = sender.put(body_of().replace(PRIMARY.encode(), number.encode(), 1))
    assert answer.status_code in (400, 403)
    assert not Account.objects.exists()


def test_too_far_ahead_and_stale_are_refused(sender: Sender) -> None:
    """R35: more than 24 hours ahead of the calendar; older than the newest accepted."""
    assert sender.put(body_of(on=JULY.replace(day=4))).json()["code"] == "too_far_ahead"
    run = uuid4()
    sender.put(body_of(), run=run)
    provisioning.reconcile(run_id=run, on=JULY, now=datetime.fromisoformat(NOON))
    stale = sender.put(body_of(3, on=JULY.replace(day=1)))
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")


HOSTILE = {
    "duplicate keys": b'{"format":"hwb-snapshot/1","format":"hwb-snapshot/1"}',
    "NaN": b'{"format":NaN}',
    "1e999": b'{"format":1e999}',
    "depth": b"[" * 100_000 + b"]" * 100_000,
    "open brackets": b"[" * 1_000_000,
    "not JSON": b"\x00\x01",
    "a number": b"7",
    "null": b"null",
    "lone surrogate": b'{"format":"\\ud800"}',
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_json_is_refused_quickly(sender: Sender, what: str) -> None:
    """Input 39: in at most 100 ms beside what any request takes, and without much memory."""
    sender.get("/schools")  # what is made at first use is not the body's doing
    start = time.perf_counter()
    answer = sender.put(HOSTILE[what])
    assert time.perf_counter() - start < 0.6
    assert answer.status_code in (400, 413)
    assert not Run.objects.exists()


def packed_zeros(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    block = bytes(1024 * 1024)
    return b"".join([*(packer.compress(block) for _ in range(size // len(block))), packer.flush()])


def test_a_bomb_is_refused_while_it_is_read(sender: Sender) -> None:
    """Input 39: more than 100 to 1; 1 GiB of zeros costs less than 64 MB and 100 ms."""
    bomb = packed_zeros(1024**3)
    tracemalloc.start()
    start = time.perf_counter()
    answer = sender.put(b"", packed=bomb)
    spent, (_, peak) = time.perf_counter() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    refused(answer, 413, "too_large")
    assert peak < 64 * 1024 * 1024
    assert spent < 2  # traced; a tenth of it otherwise


def test_more_than_50_mib_is_refused_before_it_is_read(sender: Sender) -> None:
    """Input 39: by its stated length, or while it is unpacked."""
    refused(sender.put(b"", Content_Length=str(50 * 1024 * 1024 + 1)), 413, "too_large")


@pytest.mark.parametrize(
    ("packed", "code"),
    [
        (b"no gzip at all", "body_not_understood"),
        (gzip.compress(b"[]") + gzip.compress(b"[]"), "body_not_understood"),
        (gzip.compress(b"[]" * 500)[:-9], "cut_off"),
        (gzip.compress(b"[]")[:4], "cut_off"),
    ],
    ids=["not packed", "two members", "cut off", "hardly begun"],
)
def test_a_packed_body_must_be_whole_and_one(sender: Sender, packed: bytes, code: str) -> None:
    """Input 39: one gzip member, to its end."""
    refused(sender.put(b"[]", packed=packed), 400, code)


def test_another_encoding_is_not_known(sender: Sender) -> None:
    """Only gzip."""
    refused(sender.put(body_of(), Content_Encoding="br"), 415, "encoding_unknown")


def test_the_length_must_be_stated(sender: Sender) -> None:
    """Without a length it cannot be told whether a body arrived whole."""
    refused(sender.put(body_of(), Content_Length=""), 411, "length_required")


# Who may call


def routes(patterns: Any = None, prefix: str = "/") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        place = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            found += routes(entry.url_patterns, place)
        elif isinstance(entry, URLPattern):
            found.append((place, entry.callback))
    return found


def test_every_route_says_who_may_call_it() -> None:
    """Deny by default: a view without a stated caller cannot be reached."""
    for place, callback in routes():
        if not place.startswith(BASE):
            continue  # pages: tests/web/test_policy.py
        views = getattr(callback, "hwb_views", None)
        callers = [callback.hwb_caller] if views is None else [view.hwb_caller for view in views.values()]
        assert all(isinstance(caller, Caller) for caller in callers), place


PUBLIC = {("POST", "/enrolments"), ("POST", "/token"), ("GET", "/openapi.json")}


def test_whatever_is_not_public_needs_a_token(browser: Browser) -> None:
    """Every method of every API route, without a token, with a wrong one and with a revoked client's: 401."""
    revoked = Sender(browser)
    clients.revoke(client=UUID(revoked.id), acting_user="root", at=datetime.now(UTC), now=datetime.now(UTC))
    asked = 0
    for place, callback in routes():
        if not place.startswith(BASE):
            continue
        path = place.replace("<uuid:run_id>", str(uuid4())).replace("<str:dfes>", PRIMARY)
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            for token in ("", "Bearer", "Bearer nonsense", f"Bearer {revoked.token}", f"Basic {revoked.token}"):
                answer = browser.generic(method, path, headers={"Authorization": token})
                known = method in callback.hwb_views
                public = (method, path.removeprefix(BASE)) in PUBLIC
                if known and not public:
                    asked += 1
                    assert answer.status_code == 401, (method, path)
                    assert answer["WWW-Authenticate"] == "Bearer"
                elif not known:
                    assert answer.status_code == 405, (method, path)
                    assert answer["Allow"]
    assert asked == 6 * 5


def test_a_run_of_another_client_is_not_found(browser: Browser, sender: Sender) -> None:
    """Unknown and another's answer alike."""
    run = uuid4()
    sender.put(body_of(), run=run)
    other = Sender(browser)
    answers = [other.get(f"/runs/{run}"), other.get(f"/runs/{uuid4()}")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()


def test_a_school_of_another_client_is_not_shown(sender: Sender) -> None:
    """Only the client's own schools, alone or in the list."""
    assert sender.get(f"/schools/{SECONDARY}").status_code == 403
    assert [row["school"] for row in sender.get("/schools").json()["schools"]] == [PRIMARY]
    assert sender.get(f"/schools/{PRIMARY}").json()["freshness"] == "never run"


def test_a_token_answer_says_what_is_wrong_with_the_clock(sender: Sender) -> None:
    """RFC 6749's error, our code, and both clocks."""
    late = sender.ask(at=datetime(2030, 1, 1, tzinfo=UTC))
    shapes.TokenError.model_validate(late.json())
    assert (late.status_code, late.json()["error"], late.json()["code"]) == (401, "invalid_client", "clock_wrong")
    assert "2030-01-01 00:00:00" in late.json()["message"]
    assert late.json()["message"] != late.json()["message_cy"]


@pytest.mark.parametrize(
    ("form", "error"),
    [({}, "unsupported_grant_type"), ({"grant_type": "client_credentials"}, "invalid_request")],
)
def test_another_grant_is_not_known(browser: Browser, form: dict[str, str], error: str) -> None:
    """Only client credentials with a signed assertion."""
    answer = browser.post(f"{BASE}/token", form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_token_for_another_server_is_no_proof(sender: Sender) -> None:
    """An assertion signed for elsewhere is refused."""
    assert sender.ask(aud="https://elsewhere.example/token").json()["code"] == "wrong_audience"


def test_a_code_enrols_once_over_http(browser: Browser) -> None:
    """Enrolment answers with the client, its schools and the server's address; the code is then spent."""
    sender = Sender(browser, PRIMARY, SECONDARY)
    content = sender.enrolment.json()
    assert sender.enrolment.status_code == 201
    assert [row["school"] for row in content["schools"]] == [PRIMARY, SECONDARY]
    again = post(browser, "/enrolments", {"code": "ABCD-EFGH-JKLM", "public_key": sender.jwk})
    assert (again.status_code, again.json()["code"]) == (401, "code_invalid")


@pytest.mark.parametrize(
    "content", [[], {}, {"code": 7}, {"code": "x", "public_key": {}, "is_staff": True}, "x" * 70_000, {"code": ""}]
)
def test_a_body_of_another_shape_is_refused(browser: Browser, content: Any) -> None:
    """Unknown members (mass assignment), wrong types and overlong bodies are refused; nothing is ignored."""
    answer = post(browser, "/enrolments", content)
    assert answer.status_code in (400, 413)
    shapes.Error.model_validate(answer.json())


def test_a_check_in_is_kept_and_answered(sender: Sender) -> None:
    """Version, schedule and failed attempts are stored; each school's wish and Last Run come back."""
    report = {
        "version": "1.2",
        "schools": [
            {"school": PRIMARY, "schedule": "02:13", "failed_attempts": [{"at": NOON, "code": "source_unreadable"}]}
        ],
    }
    answer = sender.post("/check-ins", report)
    assert answer.json()["schools"] == [
        {"school": PRIMARY, "run_wanted": False, "preview_wanted": False, "last_run": None}
    ]
    stored = Client.objects.get(id=sender.id)
    assert (stored.version, stored.report["schools"][0]["failed_attempts"][0]["code"]) == ("1.2", "source_unreadable")
    report["schools"][0]["school"] = SECONDARY  # type: ignore[index]
    assert sender.post("/check-ins", report).status_code == 403


# Explanations


def ask(sender: Sender, *upns: str, school: str = PRIMARY, language: str = "en") -> Any:
    headers = {"Authorization": f"Bearer {sender.token}", "Accept-Language": language}
    return post(sender.browser, f"/schools/{school}/explanations", {"upns": list(upns)}, headers)


def test_a_client_gets_explanations_without_names(sender: Sender) -> None:
    """Code, headline, owner, next step and chain for each UPN, in its order and the reader's language; nobody's name."""
    deliver([learner_row(n) for n in (1, 2)])
    deliver([learner_row(20, year_group="9")], school=SECONDARY)
    answer = ask(sender, upn(1), upn(99), upn(20).lower())
    found = answer.json()["explanations"]
    assert answer.status_code == 200
    assert [(one["number"], one["code"]) for one in found] == [(0, "LX01"), (1, "LX11"), (2, "LX04")]
    assert found[0]["headline"] == "This learner already has an active account here. Class: 6G."
    assert [link["state"] for link in found[2]["chain"]] == ["problem", "done", "problem", "waiting"]
    assert f"School {SECONDARY}" in found[2]["headline"]
    welsh = ask(sender, upn(1), language="cy")
    assert welsh.json()["explanations"][0]["headline"].startswith("Y dysgwr hwn: mae cyfrif gweithredol")
    for text in (answer.content.decode(), welsh.content.decode()):
        assert "Mali" not in text
        assert upn(1) not in text
    assert Audit.objects.get(action="look-up").account == Account.objects.get(upn=upn(20)).id


def test_explanations_are_refused(sender: Sender) -> None:
    """Another school, what is no UPN, too many at once, none, and too many people of other schools."""
    deliver([learner_row(n) for n in range(1, 32)], school=SECONDARY)
    refusals = [
        (ask(sender, upn(1), school=SECONDARY), 403, "not_authorised"),
        (ask(sender, upn(1), "M671"), 400, "not_a_upn"),
        (ask(sender), 400, "body_not_understood"),
        (ask(sender, *(upn(n) for n in range(301))), 400, "body_not_understood"),
        (ask(sender, *(upn(n) for n in range(1, 32))), 429, "too_many_look_ups"),
    ]
    for answer, status, code in refusals:
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.json()["message"] != answer.json()["message_cy"]
        assert upn(1) not in answer.content.decode()
    assert not Audit.objects.filter(action="look-up").exists()


# Answers


def test_every_answer_has_security_headers(browser: Browser, sender: Sender) -> None:
    """On errors too."""
    for answer in (sender.get("/schools"), sender.get("/nothing"), browser.get(f"{BASE}/schools"), browser.get("/en/")):
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Referrer-Policy"] == "same-origin"
        assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_the_database_away_is_503_and_never_500(
    browser: Browser, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F6, F7: every route says that it is unavailable, in both languages, and when to try again."""
    from django.db import OperationalError, connection

    def away(*_: Any, **__: Any) -> Any:
        raise OperationalError("the database is away")

    monkeypatch.setattr(connection, "cursor", away)
    report = {"version": "1", "schools": []}
    for answer in (
        sender.get("/schools"), sender.get(f"/runs/{uuid4()}"), sender.put(body_of()), sender.post("/check-ins", report),
        sender.ask(), post(browser, "/enrolments", {"code": "x", "public_key": sender.jwk}),
    ):  # fmt: skip
        assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "unavailable", "5")


def test_an_unexpected_fault_tells_nothing(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    """No stack trace, no exception's text."""

    def fails(**_: Any) -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("hwb.directory.queries.schools.statuses", fails)
    answer = sender.get("/schools")
    assert (answer.status_code, answer.json()["code"]) == (500, "unexpected")
    assert b"secret" not in answer.content


# The description


def test_the_description_is_served_and_names_every_route(browser: Browser) -> None:
    """OpenAPI 3.1, with exactly the routes and methods that there are."""
    answer = browser.get(f"{BASE}/openapi.json")
    description = answer.json()
    assert (answer.status_code, description["openapi"]) == (200, "3.1.0")
    described = {
        (path, method.upper())
        for path, item in description["paths"].items()
        for method in item
        if method != "parameters"
    }
    there = {
        (place.removeprefix(BASE).replace("<uuid:", "{").replace("<str:", "{").replace(">", "}"), method)
        for place, callback in routes()
        if place.startswith(BASE)
        for method in callback.hwb_views
    }
    assert described == there


def test_every_reference_of_the_description_leads_somewhere() -> None:
    """No $ref into nothing, and every public operation says that it needs no token."""
    description = openapi.description()
    text = json.dumps(description)
    for part in text.split('"$ref": "#/components/schemas/')[1:]:
        assert part.split('"')[0] in description["components"]["schemas"]
    assert {
        (method.upper(), path)
        for path, item in description["paths"].items()
        for method, operation in item.items()
        if method != "parameters" and operation["security"] == []
    } == PUBLIC


def test_answers_are_as_described(sender: Sender) -> None:
    """Each answer is of its shape, which refuses members that are missing or too many."""
    run = uuid4()
    accepted = sender.put(wire.dump(extract_of([learner_row(1)], [staff_row("AB")])), run=run)
    provisioning.reconcile(run_id=run, on=JULY, now=datetime.fromisoformat(NOON))
    answers: list[tuple[Any, type[BaseModel], str, str, int]] = [
        (sender.enrolment, shapes.Enrolment, "/enrolments", "post", 201),
        (sender.ask(), shapes.Token, "/token", "post", 200),
        (accepted, shapes.RunAnswer, "/runs/{run_id}", "put", 202),
        (sender.get(f"/runs/{run}"), shapes.RunAnswer, "/runs/{run_id}", "get", 200),
        (sender.get("/schools"), shapes.Schools, "/schools", "get", 200),
        (sender.get(f"/schools/{PRIMARY}"), shapes.SchoolStatus, "/schools/{dfes}", "get", 200),
        (sender.post("/check-ins", {"version": "1", "schools": []}), shapes.CheckIn, "/check-ins", "post", 200),
        (ask(sender, upn(1)), shapes.Explanations, "/schools/{dfes}/explanations", "post", 200),
    ]
    paths = openapi.description()["paths"]
    for answer, shape, path, method, status in answers:
        assert answer.status_code == status, path
        shape.model_validate_json(answer.content)
        schema = paths[path][method]["responses"][str(status)]["content"]["application/json"]["schema"]
        assert schema == {"$ref": f"#/components/schemas/{shape.__name__}"}
