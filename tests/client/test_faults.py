"""Faults of server and network that the real server cannot be made to show; the rest is tested against the real one."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import urllib.parse

import jwt
import pytest
from tests.client.command import CLIENT, SCHOOL, Computer
from tests.client.pretend_server import PretendServer, refusal, said

from hwb.client import attempts
from hwb.client.home import Home
from hwb.client.schedule import starts_at


def test_a_run_is_tried_again_under_the_same_id(enrolled: Computer, server: PretendServer) -> None:
    """503, a proxy's page, damage on the way: the same run id and content, until it is taken."""
    page = (200, {"Content-Type": "text/html"}, b"<html>Log in to the school's network</html>")
    server.faults = [said(503, {}, Retry_After="0"), page, refusal(400, "digest_differs")]
    assert enrolled.run().code == 0
    assert len(server.runs) == 4
    assert len(set(server.runs)) == 1
    assert all(body == server.bodies[0] for body in server.bodies)


def test_tries_are_bounded(enrolled: Computer, server: PretendServer) -> None:
    """After HWB_CLIENT_TRIES the snapshot is kept, exit 7; --tries overrides."""
    server.faults = [said(503, {})] * 9
    away = enrolled.run(HWB_CLIENT_TRIES="2")
    assert (away.code, away.json["outcome"], len(server.runs)) == (7, "spooled", 2)
    assert enrolled.run("--tries", "3", "--as-at", "2018-09-04T11:00").code == 7
    assert len(server.runs) == 5


def test_a_page_instead_of_an_answer_is_not_hwb(enrolled: Computer, server: PretendServer) -> None:
    """A redirect or a log-in page is never taken for an answer, nor followed."""
    server.faults = [(302, {"Location": "http://127.0.0.1:1/"}, b"")] * 9
    assert enrolled.run().code == 7


def test_a_refusal_for_good_is_not_tried_again(enrolled: Computer, server: PretendServer) -> None:
    """422: once, exit 5, the server's sentence in the reader's language, and its code in the object."""
    server.faults = [refusal(422, "empty")]
    refused = enrolled.run("--lang", "cy")
    assert (refused.code, refused.json["outcome"]) == (5, "refused")
    assert refused.json["warnings"] == [{"code": "empty", "text": "Cymraeg: empty"}]
    assert len(server.runs) == 1


def test_a_token_that_ended_early_is_renewed_once(enrolled: Computer, server: PretendServer) -> None:
    """401 for a token that counted as good: a new one, by a new proof, and the run goes through."""
    server.result = None
    asked = threading.Event()

    def done() -> None:
        if not asked.is_set():
            asked.set()
            server.result = {"outcome": "applied"}

    server.on_get = done
    server.faults = []
    answer = server.answer
    refusals = [refusal(401, "unauthenticated")]

    def refusing(method: str, path: str, body: bytes, environ: dict[str, object]):
        if method == "GET" and path.startswith("/runs/") and refusals:
            return refusals.pop()
        return answer(method, path, body, environ)

    server.answer = refusing  # type: ignore[method-assign]
    assert enrolled.run().code == 0
    proofs = [urllib.parse.parse_qs(text)["client_assertion"][0] for text in server.assertions]
    ids = [jwt.decode(proof, options={"verify_signature": False})["jti"] for proof in proofs]
    assert len(ids) == len(set(ids)) == 2


def test_what_is_kept_goes_first_in_order(enrolled: Computer, server: PretendServer) -> None:
    """Two nights without a server, then one with it: three runs in order, each as at its own moment."""
    for hour in ("11", "12"):
        server.faults = [said(503, {})] * 4
        assert enrolled.run("--as-at", f"2018-09-04T{hour}:00", HWB_CLIENT_TRIES="1").code == 7
        server.faults, server.runs = [], []
    server.bodies = []
    assert enrolled.run("--as-at", "2018-09-04T13:00").code == 0
    moments = [body["as_at"] for body in server.bodies]
    assert moments == [f"2018-09-04T{hour}:00:00+00:00" for hour in (10, 11, 12)]
    assert not list((enrolled.home / "spool").iterdir())


def test_a_kept_run_refused_for_good_blocks_nothing(enrolled: Computer, server: PretendServer) -> None:
    """Stale by now: said, forgotten, and the new run is sent; a refused client keeps it."""
    server.faults = [said(503, {})]
    enrolled.run(HWB_CLIENT_TRIES="1")
    server.faults = [refusal(403, "not_authorised")]
    assert enrolled.run("--as-at", "2018-09-04T11:00").code == 5
    assert len(list((enrolled.home / "spool").iterdir())) == 1
    server.faults = [refusal(409, "stale")]
    done = enrolled.run("--as-at", "2018-09-04T11:00")
    assert done.code == 0
    assert "English: stale" in done.err
    assert not list((enrolled.home / "spool").iterdir())


def test_a_preview_is_never_kept(enrolled: Computer, server: PretendServer) -> None:
    """Offline a preview is exit 7 and leaves nothing, not even a failed attempt."""
    server.faults = [said(503, {})] * 4
    away = enrolled.run(command="preview", HWB_CLIENT_TRIES="1")
    assert (away.code, away.json["preview"]) == (7, True)
    assert not (enrolled.home / "spool").exists()
    assert not (enrolled.home / "attempts").exists()


def test_a_run_without_outcome_yet_is_asked_for_again(enrolled: Computer, server: PretendServer) -> None:
    """The worker is slow: after HWB_CLIENT_WAIT exit 7; the next run delivers the same run id first."""
    server.result = None
    assert enrolled.run(HWB_CLIENT_WAIT="0.2").code == 7
    first = server.runs[-1]
    server.result = {"outcome": "applied"}
    assert enrolled.run("--as-at", "2018-09-04T11:00").code == 0
    assert server.runs[1] == first
    assert server.runs[2] != first


def test_no_wait_ends_when_the_server_has_it(enrolled: Computer, server: PretendServer) -> None:
    """--no-wait: received, 0, and no question after it."""
    server.result = None
    sent = enrolled.run("--no-wait")
    assert (sent.code, sent.json["outcome"]) == (0, "received")
    assert not [request for request in server.requests if request[0] == "GET"]


def test_a_failed_run_is_refused_whole(enrolled: Computer, server: PretendServer) -> None:
    """The server could not finish it: 5, nothing changed, with the code."""
    server.result = None
    answer = server.answer

    def failing(method: str, path: str, body: bytes, environ: dict[str, object]):
        if method == "GET" and path.startswith("/runs/"):
            return said(200, {"run": "r", "state": "failed", "result": None, "failure": "too_many_tries"})
        return answer(method, path, body, environ)

    server.answer = failing  # type: ignore[method-assign]
    failed = enrolled.run()
    assert (failed.code, failed.json["outcome"], failed.json["warnings"][0]["code"]) == (5, "refused", "too_many_tries")


def test_held_refused_and_unchanged_have_their_codes(enrolled: Computer, server: PretendServer) -> None:
    """0 no change, 3 some records refused, 4 held; the object is the server's."""
    one = {"record": "row 2", "field": "upn", "value": "x", "needed": "n", "fix": "f"}
    for result, code in (
        ({"outcome": "no change"}, 0), ({"outcome": "applied", "refused": [one]}, 3),
        ({"outcome": "no change", "refused": [one]}, 3), ({"outcome": "held", "refused": [one]}, 4),
        ({"outcome": "refused"}, 5),
    ):  # fmt: skip
        server.result = result
        done = enrolled.run()
        assert (done.code, done.json["outcome"]) == (code, result["outcome"])


@pytest.mark.parametrize("sent", [False, True])
def test_ctrl_c_leaves_nothing_half_sent(enrolled: Computer, server: PretendServer, sent: bool) -> None:
    """130, a sentence and the object alone; nothing is kept to be sent later, whether or not the server has it."""
    server.result = None
    if not sent:
        server.faults = [said(503, {}, Retry_After="30")] * 9
    child = subprocess.Popen(
        [*CLIENT, "run", "--school", SCHOOL, "--mis", "hwb", "--source", str(enrolled.data), "--json"],
        env=enrolled.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored where the tests run in the background
    )  # fmt: skip
    reached = threading.Event()
    answer = server.answer

    def watching(method: str, path: str, body: bytes, environ: dict[str, object]):
        if path.startswith("/runs/") and (method == "GET") == sent:
            reached.set()
        return answer(method, path, body, environ)

    server.answer = watching  # type: ignore[method-assign]
    assert reached.wait(10)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=10)
    assert child.returncode == 130
    assert json.loads(out)["outcome"] == "interrupted"
    assert "Traceback" not in err
    assert not (enrolled.home / "spool").exists()


def test_a_check_in_tells_failed_attempts_once(enrolled: Computer, server: PretendServer) -> None:
    """Version, schedule and failures by code; what was told is forgotten, what was not is kept."""
    enrolled.run("--mis-command", "false")
    enrolled.say("schedule", "systemd")
    server.report_faults = [refusal(400, "body_not_understood")]
    assert enrolled.say("check-in").code == 5
    assert enrolled.say("check-in", "--json").json["schools"][0]["school"] == SCHOOL
    (school,) = server.reports[-1]["schools"]
    assert [attempt["code"] for attempt in school["failed_attempts"]] == ["command_failed"]
    assert school["schedule"] == f"systemd {starts_at(SCHOOL)}"
    enrolled.say("check-in")
    assert server.reports[-1]["schools"][0]["failed_attempts"] == []


def test_a_check_in_knows_schools_that_changed(enrolled: Computer, server: PretendServer) -> None:
    """A school was taken from the client: the list is fetched anew, and the report goes through."""
    server.report_faults = [refusal(403, "not_authorised")]
    assert enrolled.say("check-in").code == 0
    assert ("GET", "/schools") in server.requests


def test_a_wished_run_is_run(enrolled: Computer, server: PretendServer) -> None:
    """A school's wish, collected at the check-in, runs it as it was arranged; unarranged it is left."""
    server.wished = [SCHOOL]
    assert enrolled.say("check-in").code == 0
    assert server.runs == []
    enrolled.run("--mis-command", "true")
    server.runs = []
    assert enrolled.say("check-in").code == 0
    assert len(server.runs) == 1


def test_a_wished_preview_is_previewed(enrolled: Computer, server: PretendServer) -> None:
    """A wish to preview changes nothing, and why it failed is told at the next check-in."""
    enrolled.run("--mis-command", "true")
    server.wished_previews = [SCHOOL]
    assert enrolled.say("check-in").code == 0
    assert server.previews == [False, True]
    (enrolled.data / "learners.csv").unlink()
    assert enrolled.say("check-in").code == 6
    enrolled.say("check-in")
    assert [attempt["code"] for attempt in server.reports[-1]["schools"][0]["failed_attempts"]] == ["no_file"]


def test_a_wish_without_a_source_is_told(enrolled: Computer, server: PretendServer) -> None:
    """A school that was never arranged here cannot run: whoever wished it learns why."""
    server.wished = [SCHOOL]
    enrolled.say("check-in")
    server.wished = []
    enrolled.say("check-in")
    assert [attempt["code"] for attempt in server.reports[-1]["schools"][0]["failed_attempts"]] == ["source_unknown"]
    assert server.reports[-1]["schools"][0]["failed_attempts"][0]["at"].startswith("2018-09-04T09:00")


def test_only_the_newest_attempts_are_told(enrolled: Computer) -> None:
    """The server takes a hundred; older ones are forgotten, or a report would grow until it is refused."""
    home = Home.of(enrolled.home)
    for number in range(attempts.MOST + 5):
        attempts.record(home, SCHOOL, code=f"c{number}")
    kept = attempts.of_school(home, SCHOOL)
    assert len(kept) == attempts.MOST
    assert kept[-1][1]["code"] == f"c{attempts.MOST + 4}"
    assert len(list((enrolled.home / "attempts").iterdir())) == attempts.MOST


def test_the_code_comes_from_where_it_is_given(computer: Computer, server: PretendServer) -> None:
    """Option, file or standard input; the key is made here, and only its public half is sent."""
    (computer.folder / "code").write_text(" ABCD \n")
    assert computer.say("enrol", "--server", server.address, "--code-file", str(computer.folder / "code")).code == 0
    first = (computer.home / "key.pem").read_bytes()
    again = computer.say("enrol", "--server", server.address, "--json", stdin="EFGH\n")
    assert again.json["schools"][0]["school"] == SCHOOL
    assert (computer.home / "key.pem").read_bytes() != first
    assert computer.say("enrol", "--server", server.address).code == 2


def test_an_enrolment_that_fails_leaves_the_old_one(enrolled: Computer, server: PretendServer) -> None:
    """A wrong code changes neither key nor settings."""
    before = (enrolled.home / "key.pem").read_bytes(), (enrolled.home / "settings.json").read_bytes()
    answer = server.answer
    server.answer = lambda m, p, b, e: refusal(401, "code_invalid") if p == "/enrolments" else answer(m, p, b, e)  # type: ignore[method-assign]
    assert enrolled.enrol(server.address).code == 5
    assert ((enrolled.home / "key.pem").read_bytes(), (enrolled.home / "settings.json").read_bytes()) == before
    assert not list(enrolled.home.glob("new-*"))
