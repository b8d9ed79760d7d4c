"""The `hwb` command line as interfaces.md fixes it: names, JSON, exit codes, and who is recorded as actor."""

from __future__ import annotations

import json
import os
import pwd
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.deliveries import JULY, deliver, learner_row, register_schools, staff_row
from tests.support.people import PRIMARY, SECONDARY, upn
from typer.testing import CliRunner, Result

from hwb.cli.main import build_app
from hwb.directory.models import Account, Audit, Establishment, Run
from hwb.operations import passwords

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SCHOOLS = "dfes_number,name_en,name_cy,phase,opened,closed,client_manager\n6712041,Hillside,Y Bryn,primary,,,school\n"


@pytest.fixture(autouse=True)
def calendar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWB_NOW", "2018-07-02T15:00:00")
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")


def hwb(*arguments: str) -> Result:
    return CliRunner().invoke(build_app(), list(arguments), catch_exceptions=False)


def as_json(*arguments: str) -> Any:
    result = hwb(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def july() -> None:
    register_schools()
    deliver([learner_row(n) for n in range(1, 31)], [staff_row("AB")])


def username(number: int) -> str:
    return Account.objects.get(upn=upn(number)).username


def held_run() -> str:
    """Half of the school is gone without a leaving date; it is that day."""
    os.environ["HWB_NOW"] = "2018-07-03T15:00:00"  # the fixture puts it back
    return str(deliver([learner_row(n) for n in range(1, 16)], on=JULY + DAY))


def test_registers_are_imported(tmp_path: Path) -> None:
    """Good lines count; a bad one is named by line, column and value, and the exit code is 3."""
    file = tmp_path / "schools.csv"
    file.write_text(SCHOOLS, "utf-8")
    assert hwb("schools", "import", str(file)).stdout.startswith("1 line taken, 1 new.")
    file.write_text(SCHOOLS + "99,Nowhere,,primary,,,\n", "utf-8")
    result = hwb("schools", "import", str(file))
    assert result.exit_code == 3
    assert "Line 3, column dfes_number, value “99”" in result.stderr
    file.write_text("code\n671\n", "utf-8")
    broken = hwb("authorities", "import", str(file))
    assert (broken.exit_code, "name_en" in broken.stderr) == (1, True)
    file.write_text("code,name_en,name_cy,email,telephone\n671,Sirdrefn,,,\n", "utf-8")
    assert as_json("authorities", "import", str(file))["taken"] == 1
    assert as_json("schools", "list")[0]["school"] == "6712041"


def test_the_actor_is_the_user_of_the_operating_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not what an environment variable claims."""
    monkeypatch.setenv("LOGNAME", "somebody-else")
    monkeypatch.setenv("USER", "somebody-else")
    file = tmp_path / "schools.csv"
    file.write_text(SCHOOLS, "utf-8")
    hwb("schools", "import", str(file))
    assert Audit.objects.get().actor == pwd.getpwuid(os.getuid()).pw_name


@pytest.mark.usefixtures("july")
def test_clients_are_registered_listed_and_revoked() -> None:
    """{client, code, expires, schools}; the code is not in the list."""
    made = as_json("clients", "register", "--school", PRIMARY, "--school", SECONDARY)
    assert made.keys() == {"client", "code", "expires", "schools"}
    assert made["schools"] == [PRIMARY, SECONDARY]
    (row,) = as_json("clients", "list")
    assert (row["client"], row["state"]) == (made["client"], "waiting")
    assert made["code"] not in json.dumps(row)
    assert hwb("clients", "ask", "--school", PRIMARY).exit_code == 1  # it has not enrolled
    assert hwb("clients", "revoke", made["client"]).exit_code == 0
    assert as_json("clients", "list")[0]["state"] == "revoked"
    assert hwb("clients", "revoke", made["client"]).exit_code == 1
    assert hwb("clients", "register", "--school", "6719999").exit_code == 1
    assert hwb("clients", "register").exit_code == 2


@pytest.mark.usefixtures("july")
def test_accounts_are_an_array_of_objects() -> None:
    """By school, UPN (however it is typed), username and state; an empty array when nobody matches."""
    assert len(as_json("accounts")) == 31
    (row,) = as_json("accounts", "--upn", upn(1).lower())
    assert list(row) == [
        "id", "kind", "state", "reason", "username", "email", "upn", "display_name", "password", "holder",
        "placements", "aliases",
    ]  # fmt: skip
    assert as_json("accounts", "--username", row["username"]) == [row]
    assert as_json("accounts", "--school", SECONDARY) == []
    assert as_json("accounts", "--state", "inactive") == []
    assert hwb("accounts", "--state", "asleep").exit_code == 2
    assert row["username"] in hwb("accounts", "--school", PRIMARY).stdout


@pytest.mark.usefixtures("july")
def test_decisions_about_one_account() -> None:
    """deactivate, reactivate, left, suspend, release-suspension; a refused one exits 1 and says why."""
    name = username(1)
    common = ("--school", PRIMARY, "--reason", "asked for")
    for command, state in (
        ("deactivate", "inactive"), ("reactivate", "active"), ("suspend", "inactive"),
        ("release-suspension", "active"), ("left", "inactive"),
    ):  # fmt: skip
        assert as_json("account", command, name, *common)["state"] == state
    refused = hwb("account", "deactivate", name, "--school", SECONDARY, "--reason", "asked for")
    assert (refused.exit_code, refused.stderr) == (1, f"This account is not the school's. School: {SECONDARY}\n")
    assert hwb("account", "deactivate", name, "--school", PRIMARY).exit_code == 2
    assert hwb("account", "deactivate", name, "--reason", "asked for").exit_code == 2
    for command, state in (("suspend", "inactive"), ("release-suspension", "active")):  # support needs to name none
        assert as_json("account", command, username(2), "--reason", "asked for")["state"] == state


@pytest.mark.usefixtures("july")
def test_a_password_is_reset() -> None:
    """{username, password}: a generated one of three words, which opens the account; the school may show it (R10)."""
    made = as_json("account", "reset", username(1))
    assert made.keys() == {"username", "password"}
    assert re.fullmatch("[a-z]{4,8}-[a-z]{4,8}-[a-z]{4,8}", made["password"])
    assert passwords.authenticate(name=made["username"], password=made["password"]) is not None
    (row,) = as_json("accounts", "--upn", upn(1))
    assert row["password"] == "visible"
    result = hwb("account", "reset", "nobody")
    assert (result.exit_code, result.stderr) == (1, "Nobody has this username: nobody\n")


@pytest.mark.usefixtures("july")
def test_password_keys_are_made_counted_and_rotated(settings: Any) -> None:
    """A fresh key at the front of HWB_PASSWORD_KEYS, one command, and everything lies under it; exit 1 if a key is lost."""
    made = as_json("account", "reset", username(1))
    key = hwb("passwords", "new-key").stdout.strip()
    settings.HWB_PASSWORD_KEYS = [key]
    rotated = as_json("passwords", "rotate-key")
    assert (rotated["moved"], rotated["unreadable"]) == (1, 0)
    assert as_json("passwords", "keys")[rotated["key"]] == 1
    assert rotated["key"] in hwb("passwords", "keys").stdout
    assert key not in hwb("passwords", "keys").stdout
    assert passwords.authenticate(name=made["username"], password=made["password"]) is not None
    settings.HWB_PASSWORD_KEYS = []
    assert hwb("passwords", "rotate-key").exit_code == 1


@pytest.mark.usefixtures("july")
def test_runs_and_waits_are_arrays() -> None:
    """Runs newest first; waits with the one step that ends them."""
    deliver([learner_row(1, year_group="7", start_date=JULY)], school=SECONDARY, on=JULY + DAY)
    runs = as_json("runs")
    assert [(run["school"], run["state"]) for run in runs] == [(SECONDARY, "applied"), (PRIMARY, "applied")]
    assert as_json("runs", "--school", PRIMARY)[0]["created"] == 31
    (wait,) = as_json("waits")
    assert wait.keys() == {"upn", "school", "holder", "since", "next_step"}
    assert (wait["upn"], wait["school"], wait["holder"]) == (upn(1), SECONDARY, PRIMARY)


@pytest.mark.usefixtures("july")
def test_a_held_run_is_confirmed() -> None:
    """The result is printed; a second confirmation finds nothing to confirm."""
    run = held_run()
    assert as_json("runs")[0]["state"] == "held"
    result = as_json("run", "confirm", run)
    assert (result["run"], result["missing"]) == (run, 15)
    assert hwb("run", "confirm", run).exit_code == 1
    assert as_json("verify")["ok"] is True


@pytest.mark.usefixtures("july")
def test_a_plan_whose_facts_have_moved_is_not_applied() -> None:
    """R36: the differences are printed, nothing is applied, exit 4; the new plan is confirmed by a second call."""
    run = held_run()
    # Meanwhile the secondary holds nobody of these, but one of them is re-keyed away by a decision: the facts move.
    hwb("account", "suspend", username(20), "--school", PRIMARY, "--reason", "asked for")
    Account.objects.filter(upn=upn(3)).update(legal_surname="Rhywun")
    moved = hwb("run", "confirm", run, "--json")
    assert moved.exit_code == 4, moved.output
    differences = json.loads(moved.stdout)
    assert differences.keys() == {"run", "added", "removed"}
    assert differences["added"] or differences["removed"]
    assert Run.objects.get(id=run).state == "held"
    assert hwb("run", "confirm", run).exit_code == 0
    assert Run.objects.get(id=run).state == "applied"


@pytest.mark.usefixtures("july")
def test_a_held_run_is_withdrawn() -> None:
    """It changes nothing, and is withdrawn once."""
    run = held_run()
    assert as_json("run", "withdraw", run) == {"run": run, "state": "withdrawn"}
    assert hwb("run", "withdraw", run).exit_code == 1


@pytest.mark.usefixtures("july")
def test_undo_names_whom_another_school_has_by_now() -> None:
    """A claim that another school built on the run is named, and left."""
    left = str(
        deliver([learner_row(n, leaving_date="2018-07-01" if n == 1 else "") for n in range(1, 31)], on=JULY + DAY)
    )
    deliver([learner_row(1), learner_row(40)], on=JULY + DAY, school=SECONDARY)
    assert as_json("accounts", "--upn", upn(1))[0]["holder"] == SECONDARY
    assert username(1) in hwb("run", "undo", left, "--preview").output
    assert as_json("run", "undo", left)["stays"] == [username(1)]
    assert as_json("accounts", "--upn", upn(1))[0]["holder"] == SECONDARY


@pytest.mark.usefixtures("july")
def test_a_run_is_undone_after_a_look() -> None:
    """--preview shows the changes and makes none; undo makes them."""
    run = str(deliver([learner_row(n, year_group="7") for n in range(1, 31)], on=JULY + DAY))
    preview = as_json("run", "undo", run, "--preview")
    assert len(preview["changes"]) == 30
    assert preview["stays"] == []
    assert Run.objects.get(id=run).state == "applied"
    as_json("run", "undo", run)
    assert Run.objects.get(id=run).state == "undone"
    assert {row["placements"][0]["year_group"] for row in as_json("accounts") if row["kind"] == "learner"} == {"6"}
    assert hwb("run", "undo", run).exit_code == 1
    assert as_json("verify", "--deep")["ok"] is True


@pytest.mark.usefixtures("july")
def test_settings_are_shown_and_set() -> None:
    """Wrong keys and values exit 2."""
    assert hwb("settings", "get", "holds.missing").stdout == "10 5%\n"
    assert hwb("settings", "set", "holds.missing", "40 50%").exit_code == 0
    assert as_json("settings", "get")["holds.missing"] == "40 50%"
    assert hwb("settings", "set", "holds.missing", "many").exit_code == 2
    assert hwb("settings", "get", "nothing").exit_code == 2
    assert Run.objects.get(id=held_run()).state == "applied"


@pytest.mark.usefixtures("july")
def test_tick_does_what_the_day_brings(monkeypatch: pytest.MonkeyPatch) -> None:
    """R3: after the leaving date the account is released, when the command returns; again it does nothing."""
    rows = [learner_row(1, leaving_date=JULY + 5 * DAY), *(learner_row(n) for n in range(2, 31))]
    deliver(rows, on=JULY + DAY)
    assert as_json("accounts", "--upn", upn(1))[0]["state"] == "active"
    monkeypatch.setenv("HWB_NOW", "2018-07-08T00:00:00")
    assert as_json("tick")["changes"] > 0
    (row,) = as_json("accounts", "--upn", upn(1))
    assert (row["state"], row["holder"], row["reason"][:3]) == ("inactive", None, "R3:")
    assert as_json("tick") == {"date": "2018-07-08", "changes": 0, "addresses": 0, "sealed": False, "messages": 0}
    assert as_json("verify")["ok"] is True


@pytest.mark.usefixtures("july")
def test_verify_says_what_was_checked_and_fails_on_a_breach() -> None:
    """Exit 0 with figures; exit 1 with the list."""
    fine = hwb("verify")
    assert (fine.exit_code, "31 accounts" in fine.stdout, "I10" in fine.stdout) == (0, True, True)
    Account.objects.filter(upn=upn(1)).update(active=False)
    broken = hwb("verify", "--json")
    assert broken.exit_code == 1
    found = json.loads(broken.stdout)
    assert found["ok"] is False
    assert {breach["invariant"]: breach["count"] for breach in found["breaches"]} == {"R31": 1, "I10": 1}


@pytest.mark.usefixtures("july")
def test_a_school_closes_after_a_look() -> None:
    """R43: its words become the successor's; the preview changes nothing."""
    Establishment.objects.filter(dfes=PRIMARY).update(followed_by=SECONDARY)
    shown = as_json("schools", "close", PRIMARY, "--preview")
    assert (shown["successors"], len(shown["changes"]) > 30) == ([SECONDARY], True)
    assert len(as_json("accounts", "--school", SECONDARY)) == 0
    as_json("schools", "close", PRIMARY)
    assert {row["holder"] for row in as_json("accounts") if row["kind"] == "learner"} == {SECONDARY}
    assert {row["state"] for row in as_json("accounts")} == {"active"}
    assert Establishment.objects.get(dfes=PRIMARY).closed == date(2018, 7, 2)
    assert as_json("verify", "--deep")["ok"] is True


@pytest.mark.usefixtures("july")
def test_a_school_without_a_successor_lets_its_people_go() -> None:
    """R43: they count as missing with their departure confirmed; a new school may claim them."""
    as_json("schools", "close", PRIMARY)
    assert {(row["holder"], row["state"]) for row in as_json("accounts")} == {(None, "inactive")}
    deliver([learner_row(1, year_group="7", start_date=JULY)], school=SECONDARY, on=JULY + DAY)
    assert as_json("accounts", "--upn", upn(1))[0]["holder"] == SECONDARY
    assert as_json("verify", "--deep")["ok"] is True


@pytest.mark.usefixtures("july")
def test_a_school_is_split(tmp_path: Path) -> None:
    """R43: who is listed goes where the list says, the others to the successor of the register."""
    register_schools("6712099")
    Establishment.objects.filter(dfes=PRIMARY).update(followed_by=SECONDARY)
    file = tmp_path / "split.csv"
    file.write_text(f"person,successor\n{upn(1)},6712099\nAB,6712099\n", "utf-8")
    as_json("schools", "close", PRIMARY, "--split", str(file))
    assert {row["upn"] for row in as_json("accounts", "--school", "6712099")} == {upn(1), None}
    assert len(as_json("accounts", "--school", SECONDARY)) == 29
    assert as_json("verify", "--deep")["ok"] is True
    file.write_text(f"person,successor\n{upn(1)},6719999\n", "utf-8")
    assert hwb("schools", "close", PRIMARY, "--split", str(file), "--preview").exit_code == 1
    assert hwb("schools", "close", "6719999").exit_code == 1


@pytest.mark.usefixtures("july")
def test_welsh_in_a_welsh_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentences follow the locale."""
    monkeypatch.setenv("LC_ALL", "cy_GB.UTF-8")
    assert "Nid oes neb yn aros." in hwb("waits").stdout


def test_explain_answers_as_the_waiting_school_sees_it(july: None) -> None:
    """Without --school the one that waits, else the holder; with it that school. JSON as interfaces.md fixes it."""
    deliver([learner_row(1, start_date=JULY)], school=SECONDARY)
    waiting = as_json("explain", "--upn", upn(1).lower())
    assert list(waiting)[:5] == ["school", "code", "headline", "owner", "next_step"]
    assert (waiting["school"], waiting["code"], waiting["owner"]) == (SECONDARY, "LX04", "Previous school")
    assert [link["state"] for link in waiting["chain"]] == ["problem", "done", "done", "waiting"]
    assert len(waiting["evidence"]) == 2
    assert as_json("explain", "--upn", upn(1), "--school", PRIMARY)["code"] == "LX01"
    held = as_json("explain", "--username", username(2))
    assert (held["school"], held["code"]) == (PRIMARY, "LX01")
    staff = as_json("explain", "--username", Account.objects.get(kind="staff").username)
    assert (staff["school"], staff["code"]) == (PRIMARY, "SX11")
    assert as_json("explain", "--upn", upn(99), "--school", PRIMARY)["code"] == "LX11"


def test_explain_speaks_both_languages(july: None) -> None:
    """Prose for people, in the terminal's language or the one asked for."""
    deliver([learner_row(1, start_date=JULY)], school=SECONDARY)
    english = hwb("explain", "--upn", upn(1)).stdout
    assert english.startswith(f"LX04  School {PRIMARY} still has this learner on roll.")
    assert "Whose turn it is: Previous school" in english
    assert "  2. Has the previous school's client run since then? Done, 2 July 2018" in english
    welsh = hwb("explain", "--upn", upn(1), "--lang", "cy").stdout
    assert "Tro pwy yw hi: Yr ysgol flaenorol" in welsh
    assert "Wedi'i wneud, 2 Gorffennaf 2018" in welsh
    assert as_json("explain", "--upn", upn(1), "--lang", "cy")["language"] == "cy"


def test_explain_refuses_what_it_cannot_explain(july: None) -> None:
    """Exit 2 for wrong use, 1 for somebody or a school that does not exist; never a trace."""
    for arguments, code in (
        ((), 2),
        (("--upn", upn(1), "--username", "x"), 2),
        (("--upn", upn(1), "--lang", "fr"), 2),
        (("--upn", "M671"), 1),
        (("--upn", upn(99)), 1),
        (("--username", "nobody"), 1),
        (("--upn", upn(1), "--school", "6719999"), 1),
    ):
        result = hwb("explain", *arguments)
        assert result.exit_code == code, arguments
        assert result.stderr.strip()
        assert not result.stdout


def test_protection_is_set_and_ended(july: None) -> None:
    """Support marks somebody by username or UPN; then no school is told anything more."""
    assert hwb("account", "protect", username(1), "--reason", "court order").stdout == "Protected.\n"
    assert as_json("explain", "--upn", upn(1))["code"] == "LX21"
    marked = as_json("account", "protect", "--upn", upn(99), "--reason", "court order")
    assert marked == {"account": None, "username": "", "protected": True}
    again = hwb("account", "protect", "--upn", upn(99), "--reason", "court order")
    assert (again.exit_code, again.stderr.strip()) == (1, "This was decided before, and still stands.")
    assert as_json("account", "unprotect", username(1), "--reason", "order ended")["protected"] is False
    assert as_json("explain", "--upn", upn(1))["code"] == "LX01"
    assert hwb("account", "protect", username(1), "--upn", upn(1), "--reason", "both").exit_code == 2
    assert Audit.objects.filter(action="protection", actor=pwd.getpwuid(os.getuid()).pw_name).count() == 2
