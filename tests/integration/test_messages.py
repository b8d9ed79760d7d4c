"""Messages from what happens to what arrives at a mail server (ux.md 10 and 15, check 17)."""

from __future__ import annotations

import re
import socket
import socketserver
import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from tests.support.deliveries import deliver, extract_of, learner_row, send
from tests.support.people import upn
from tests.support.world import ELSEWHERE, SCHOOL, World, build

from hwb import clock
from hwb.directory.models import Account, Establishment, Message, MessageNote, Watch
from hwb.jobs import mail, tasks
from hwb.operations import messages, provisioning, roles
from hwb.operations import settings as store
from hwb.operations.roles import Reach
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
SEPTEMBER = date(2018, 9, 4)  # a Tuesday


@pytest.fixture
def world() -> World:
    found = build()
    Message.objects.all().delete()  # what setting up has told
    MessageNote.objects.all().delete()
    return found


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Puts the calendar on a moment, and the folder of messages into one of the test's own."""
    monkeypatch.setattr(mail, "folder", lambda: tmp_path / "mail")

    def put(text: str) -> datetime:
        monkeypatch.setenv("HWB_NOW", text)
        return clock.now()

    return put


class MailServer(socketserver.ThreadingTCPServer):
    """As much of SMTP as a client needs; keeps what it is given. ``refusing``: every recipient is unknown."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.received: list[bytes] = []
        self.refusing = False


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 ready")
        for line in self.rfile:
            command = line[:4].upper()
            if command == b"DATA":
                self._say("354 go on")
                self.server.received.append(b"".join(iter(self.rfile.readline, b".\r\n")))
            if command == b"QUIT":
                return self._say("221 bye")
            self._say("550 unknown" if command == b"RCPT" and self.server.refusing else "250 ok")
        return None

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def smtp(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(settings, "HWB_SMTP_URL", f"smtp://127.0.0.1:{server.server_address[1]}")
        yield server
        server.shutdown()


def hold(world: World, *, on: date = SEPTEMBER) -> str:
    """A run of the school that lacks a whole class of the run before."""
    everyone = [learner_row(number) for number in (*range(1, 7), *range(200, 230))]
    deliver(everyone, school=SCHOOL, on=on, hour=11)
    return str(deliver(everyone[:6], school=SCHOOL, on=on))


def a_champion(world: World) -> Account:
    return world.accounts[Role.CHAMPION]


def test_a_held_run_is_told_to_those_who_decide_once(world: World, at: Any, tmp_path: Path) -> None:
    """M2, in the run's transaction: Champion, headteacher, client manager; a message each, both languages."""
    run = hold(world)
    assert Message.objects.filter(kind="M2").count() == 3
    assert {str(m.details["run"]) for m in Message.objects.all()} == {run}
    at("2018-09-04T14:00")
    assert mail.send_due() == 3
    assert mail.send_due() == 0
    found = message_from_bytes(min((tmp_path / "mail").glob("*.eml")).read_bytes(), policy=policy.default)
    plain, html = (part.get_content() for part in found.iter_parts())
    assert found["Subject"] == (
        f"Ysgol {SCHOOL}: mae rhediad wedi'i ddal ac yn aros am benderfyniad / School {SCHOOL}: a run is held and waits for a decision"
    )
    assert plain.index("Y cam nesaf") < plain.index("Next step")
    assert "/cy/account/messages/" in plain
    assert "/en/account/messages/" in plain
    assert '<article lang="cy">' in html
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.partition("<body>")[2])).replace("&#x27;", "'")
    for line in filter(None, plain.splitlines()):
        if not line.startswith(("http", "---")):
            assert line.removeprefix("* ").rstrip(":") in shown, line


def test_a_message_that_is_no_longer_true_is_not_sent(world: World, at: Any) -> None:
    """A run was withdrawn before its message went out."""
    run = hold(world)
    provisioning.withdraw(run_id=run, acting_user="tests", now=at("2018-09-04T14:00"))  # type: ignore[arg-type]
    assert mail.send_due() == 0
    assert set(Message.objects.values_list("failed", flat=True)) == {"no longer true"}


def test_the_reader_chooses_language_and_summaries(world: World, at: Any, tmp_path: Path) -> None:
    """On the page that every message leads to."""
    client: Client = world.client(Role.CHAMPION)
    page = client.get("/cy/account/messages/")
    assert page.status_code == 200
    assert client.post("/cy/account/messages/", {"pages": "any", "language": "cy", "digests": "no"}).status_code == 302
    deliver(
        [*(learner_row(n, registration_group="6G") for n in range(1, 7)), learner_row(7)], school=SCHOOL, on=SEPTEMBER
    )
    at("2018-09-05T07:05")
    messages.gather(now=clock.now())
    assert not Message.objects.filter(kind="M10").exists()
    hold(world, on=date(2018, 9, 5))
    at("2018-09-05T14:05")
    mail.send_due()
    subjects = {message_from_bytes(f.read_bytes(), policy=policy.default)["To"]: message_from_bytes(f.read_bytes(), policy=policy.default)["Subject"]
                for f in (tmp_path / "mail").glob("*M2*.eml")}  # fmt: skip
    assert " / " not in subjects[a_champion(world).email]
    assert Message.objects.get(kind="M2", to_account=a_champion(world).id).language == "cy"


def test_who_has_not_chosen_reads_the_languages_of_the_school(world: World, at: Any, tmp_path: Path) -> None:
    """B19: languages of messages to the school; a reader's own choice comes first."""
    now = at("2018-09-04T14:00")
    head = world.accounts[Role.HEAD]
    store.put(key=f"languages.messages.{SCHOOL}", value="en", acting_user="tests", now=now)
    messages.choose(account=head.id, language="cy", digests=True)
    hold(world)
    mail.send_due()
    found = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in (tmp_path / "mail").glob("*.eml")]
    assert {one["To"]: " / " in one["Subject"] or "mae rhediad" in one["Subject"] for one in found} == {
        one["To"]: one["To"] == head.email for one in found
    }


def test_arrivals_and_refusals_wait_for_the_morning(world: World, at: Any) -> None:
    """M3 and M10: two runs of a day are one summary, at 07:00 of the next school day, and a run again tells nothing."""
    rows = [learner_row(number) for number in range(1, 7)]
    deliver([*rows, learner_row(7)], school=SCHOOL, on=SEPTEMBER, hour=8)
    refused = learner_row(9, start_date="")
    deliver([*rows, learner_row(7), learner_row(8), refused], school=SCHOOL, on=SEPTEMBER, hour=9)
    deliver([*rows, learner_row(7), learner_row(8), refused], school=SCHOOL, on=SEPTEMBER, hour=10)
    messages.gather(now=at("2018-09-05T06:59"))
    assert not Message.objects.filter(kind__in=["M3", "M10"]).exists()
    messages.gather(now=at("2018-09-05T07:00"))
    told = {m.kind: m.details for m in Message.objects.all()}
    assert told["M10"] == {"count": 2, "need_password": 2}
    assert told["M3"] == {"count": 1, "reasons": {"L07": 1}}
    assert not MessageNote.objects.exists()
    assert messages.gather(now=at("2018-09-05T07:05")) == 0


def test_a_watched_learner_arrives(world: World, at: Any) -> None:
    """M11: told once, to whoever asked, and the watch is over. No UPN is kept for it."""
    now = at("2018-09-04T07:00")
    champion = a_champion(world)
    assert messages.watch(account=champion.id, school=SCHOOL, people=[upn(70), upn(71)], now=now) == 2
    assert messages.watch(account=champion.id, school=SCHOOL, people=[upn(70)], now=now) == 0
    assert upn(70).encode() not in bytes(Watch.objects.first().upn_hash)  # type: ignore[union-attr]
    messages.unwatch(account=champion.id, school=SCHOOL, people=[upn(71)])
    rows = [learner_row(number) for number in range(1, 7)]
    deliver([*rows, learner_row(70), learner_row(71)], school=SCHOOL, on=SEPTEMBER)
    messages.gather(now=at("2018-09-04T14:00"))
    (told,) = Message.objects.filter(kind="M11")
    assert (told.to_account, told.details) == (champion.id, {"count": 1})
    assert not Watch.objects.exists()


def test_a_school_hears_that_others_wait_for_its_learners(world: World, at: Any) -> None:
    """M7: by itself in the morning, or when another school asks; once a day, and never which school waits."""
    deliver([learner_row(50), learner_row(51), learner_row(1)], school=ELSEWHERE, on=SEPTEMBER)
    now = at("2018-09-04T14:00")
    told = messages.Told
    assert messages.tell_school(school=SCHOOL, asking=ELSEWHERE, acting_user="tests", now=now) is told.TOLD
    assert messages.tell_school(school=SCHOOL, asking=ELSEWHERE, acting_user="tests", now=now) is told.BEFORE
    assert messages.tell_school(school=ELSEWHERE, asking=SCHOOL, acting_user="tests", now=now) is told.NOBODY_WAITS
    messages.gather(now=at("2018-09-05T07:05"))
    told = Message.objects.filter(kind="M7")
    assert {m.role for m in told} == {"mis_admin", "client_manager"}
    assert {m.details["count"] for m in told} == {1}
    assert told.count() == 2
    assert ELSEWHERE not in str([m.details for m in told])


def test_a_task_is_passed_on_to_somebody_with_a_role_only(world: World, at: Any) -> None:
    """M4: once a day for the same task."""
    now = at("2018-09-04T14:00")
    champion, admin, staff = (world.accounts[role] for role in (Role.CHAMPION, Role.MIS_ADMIN, Role.STAFF))
    act = {"school": SCHOOL, "count": 2, "acting_account": champion.id, "acting_user": "tests", "now": now}
    assert messages.pass_on(to=admin.id, task="L07", **act)  # type: ignore[arg-type]
    assert not messages.pass_on(to=admin.id, task="L07", **act)  # type: ignore[arg-type]
    with pytest.raises(messages.MessageRefused):
        messages.pass_on(to=staff.id, task="L07", **act)  # type: ignore[arg-type]
    assert Message.objects.get().details == {"count": 2, "by": "champion"}


def test_champions_hear_of_each_other(world: World, at: Any) -> None:
    """M16: all Champions and the headteacher."""
    now = at("2018-09-04T14:00")
    made = {"username": world.accounts[Role.STAFF].username, "acting_user": "tests", "now": now, "on": SEPTEMBER}
    roles.grant(Reach("champion", SCHOOL), acting_account=world.accounts[Role.HEAD].id, **made)  # type: ignore[arg-type]
    assert Message.objects.filter(kind="M16").count() == 3
    roles.revoke(Reach("champion", SCHOOL), **made)  # type: ignore[arg-type]
    assert Message.objects.filter(kind="M16", details__act="removed").count() == 2
    assert set(Message.objects.values_list("details__by", flat=True)) == {"head", "operator"}


def test_runs_that_stopped_are_told_once(world: World, at: Any) -> None:
    """M1: after two failures, once for each spell; a success before it is sent takes it back."""
    for number in range(2):
        run = send(extract_of([learner_row(1)], school=SCHOOL, on=date(2018, 7, 3), hour=10 + number))
        provisioning.fail(run_id=run, code="internal_error", now=at("2018-07-03T12:00"))
    messages.gather(now=clock.now())
    assert messages.gather(now=clock.now()) == 0
    told = Message.objects.filter(kind="M1")
    assert {(m.role, m.details["failed"], m.details["code"]) for m in told} == {
        ("champion", 2, "internal_error"), ("client_manager", 2, "internal_error"),
    }  # fmt: skip
    deliver([learner_row(number) for number in range(1, 7)], school=SCHOOL, on=date(2018, 7, 3), hour=15)
    assert mail.send_due() == 0
    assert {m.failed for m in told.all()} == {"no longer true"}


def test_what_is_more_than_a_days_share_waits_for_the_morning(world: World, at: Any) -> None:
    """At most so many a day for one reader; nothing is lost."""
    now = at("2018-09-04T14:00")
    champion, admin = world.accounts[Role.CHAMPION], world.accounts[Role.MIS_ADMIN]
    for number in range(14):
        messages.pass_on(school=SCHOOL, to=admin.id, count=1, task=str(number), acting_account=champion.id, acting_user="tests", now=now)  # fmt: skip
    assert mail.send_due() == 12
    at("2018-09-05T07:00")
    assert mail.send_due() == 2


def test_by_smtp(world: World, at: Any, smtp: MailServer) -> None:
    """A real server gets each message once, to the account's address."""
    Establishment.objects.filter(dfes=SCHOOL).update(registered_email="head@school.wales")
    hold(world)
    at("2018-09-04T14:00")
    assert mail.send_due() == 3
    readers = {message_from_bytes(raw)["To"] for raw in smtp.received}
    assert a_champion(world).email in readers
    assert len({message_from_bytes(raw)["Message-ID"] for raw in smtp.received}) == 3
    assert mail.send_due() == 0


def test_an_unknown_reader_is_not_tried_for_ever(world: World, at: Any, smtp: MailServer) -> None:
    """A server that refuses for good ends that message and no other."""
    smtp.refusing = True
    hold(world)
    at("2018-09-04T14:00")
    assert mail.send_due() == 0
    assert set(Message.objects.values_list("failed", flat=True)) == {"refused"}


def test_a_dead_server_loses_nothing(world: World, at: Any, monkeypatch: pytest.MonkeyPatch, smtp: MailServer) -> None:
    """One try, then all wait; runs go on, and when the server is back everything goes out."""
    alive = settings.HWB_SMTP_URL
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setattr(settings, "HWB_SMTP_URL", f"smtp://127.0.0.1:{free.getsockname()[1]}")
    hold(world)
    at("2018-09-04T14:00")
    assert mail.send_due() == 0
    assert sorted(Message.objects.values_list("tries", flat=True)) == [0, 0, 1]
    assert not Message.objects.exclude(failed="").exists()
    deliver([learner_row(50), learner_row(51)], school=ELSEWHERE, on=SEPTEMBER)
    monkeypatch.setattr(settings, "HWB_SMTP_URL", alive)
    assert mail.send_due() == 2
    Message.objects.update(next_try_at=None)
    assert mail.send_due() == 1


def test_the_task_sends_beside_the_queue(world: World, at: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job itself is over at once, whatever the mail server does."""
    started = threading.Event()
    monkeypatch.setattr(mail, "start_sending", started.set)
    at("2018-09-04T14:00")
    tasks.send_messages(timestamp=0)
    assert started.is_set()


def test_no_message_of_a_july_and_a_september_holds_a_name(world: World, at: Any, tmp_path: Path) -> None:
    """Check 17: every message that is written is read for every name, UPN and username of the two schools."""
    messages.watch(account=a_champion(world).id, school=SCHOOL, people=[upn(50)], now=at("2018-07-02T14:00"))
    july = date(2018, 7, 20)
    deliver([learner_row(50, leaving_date=july), learner_row(51)], school=ELSEWHERE, on=date(2018, 7, 10))
    deliver(
        [learner_row(n) for n in range(1, 9)] + [learner_row(51), learner_row(12, start_date="")],
        school=SCHOOL,
        on=SEPTEMBER,
        hour=7,
    )
    deliver(
        [learner_row(n) for n in range(1, 9)] + [learner_row(50), learner_row(51), learner_row(12, start_date="")],
        school=SCHOOL,
        on=SEPTEMBER,
        hour=8,
    )
    messages.gather(now=at("2018-09-05T07:30"))
    mail.send_due()
    hold(world, on=date(2018, 9, 5))
    now = at("2018-09-05T14:00")
    roles.grant(
        Reach("champion", SCHOOL),
        username=world.accounts[Role.STAFF].username,
        acting_user="tests",
        now=now,
        on=now.date(),
    )
    messages.pass_on(school=SCHOOL, to=world.accounts[Role.MIS_ADMIN].id, count=2, acting_account=a_champion(world).id, acting_user="tests", now=now)  # fmt: skip
    messages.gather(now=now)
    at("2018-09-12T14:00")
    messages.gather(now=clock.now())
    mail.send_due()
    Message.objects.filter(sent_at=None, failed="").update(due_at=clock.now() - timedelta(days=1))
    mail.send_due()
    files = sorted((tmp_path / "mail").glob("*.eml"))
    kinds = {file.stem.split("-")[1] for file in files}
    assert kinds == {"M1", "M2", "M3", "M4", "M7", "M10", "M11", "M16"}
    personal = {value for account in Account.objects.all()
                for value in (account.legal_surname, account.legal_forename, account.upn, account.username) if value}  # fmt: skip
    assert len(personal) > 20
    for file in files:
        found = message_from_bytes(file.read_bytes(), policy=policy.default)
        text = found["Subject"] + "".join(part.get_content() for part in found.iter_parts())
        words = set(re.findall(r"[\w'’.-]+", text))
        told = {value for value in personal if value in words} - {"Champion", "Head"}
        assert not told, f"{file.name}: {told}"
        assert not re.search(r"\b[A-Z]\d{11}[A-Z0-9]\b", text)
    for row in Message.objects.all():
        assert not personal & set(re.findall(r"[\w'’.-]+", str(row.details)))


def test_the_folder_on_a_page(world: World, at: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """For trying out; where mail is sent or in production there is no such page."""
    client = Client()
    assert "Nid oes neges wedi&#x27;i hanfon eto." in client.get("/cy/mail/").content.decode()
    hold(world)
    at("2018-09-04T14:00")
    mail.send_due()
    page = client.get("/en/mail/").content.decode()
    assert page.count("a run is held and waits for a decision") == 3
    name = min((tmp_path / "mail").glob("*.eml")).stem
    assert "Next step" in client.get(f"/en/mail/{name}/").content.decode()
    assert client.get("/en/mail/nothing/").status_code == 404
    monkeypatch.setattr(mail, "folder", lambda: None)
    assert client.get("/en/mail/").status_code == 404
    assert client.get(f"/en/mail/{name}/").status_code == 404
