"""`hwb export oneroster`: files that the standard's tables and our own reader accept (interfaces.md, formats.md)."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.support.deliveries import deliver, learner_row, register_schools, staff_row
from tests.support.people import PRIMARY, SECONDARY, upn
from tests.support.rosters import reading
from typer.testing import CliRunner, Result

from hwb.cli.main import build_app
from hwb.client.mis import oneroster as reader
from hwb.directory.models import Audit, Authority
from hwb.extract.records import LEARNER_COLUMNS, STAFF_COLUMNS

pytestmark = pytest.mark.django_db
#: Required columns of the standard's tables for a bulk file, and its vocabularies.
REQUIRED = {
    "academicSessions": ("sourcedId", "title", "type", "startDate", "endDate", "schoolYear"),
    "orgs": ("sourcedId", "name", "type"),
    "courses": ("sourcedId", "title", "orgSourcedId"),
    "classes": ("sourcedId", "title", "courseSourcedId", "classType", "schoolSourcedId", "termSourcedIds"),
    "users": ("sourcedId", "enabledUser", "username", "givenName", "familyName"),
    "roles": ("sourcedId", "userSourcedId", "roleType", "role", "orgSourcedId"),
    "enrollments": ("sourcedId", "classSourcedId", "schoolSourcedId", "userSourcedId", "role"),
    "demographics": ("sourcedId",),
}
WORDS = {
    ("academicSessions", "type"): {"gradingPeriod", "semester", "schoolYear", "term"},
    ("orgs", "type"): {"department", "school", "district", "local", "state", "national"},
    ("classes", "classType"): {"homeroom", "scheduled"},
    ("users", "enabledUser"): {"true", "false"},
    ("users", "role"): {"administrator", "aide", "guardian", "parent", "proctor", "relative", "student", "teacher"},
    ("roles", "role"): {"aide", "principal", "student", "teacher"}, ("roles", "roleType"): {"primary", "secondary"},
    ("enrollments", "role"): {"administrator", "proctor", "student", "teacher"}, ("enrollments", "primary"): {"", "true", "false"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def nation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A primary of which one learner has left, and a secondary."""
    monkeypatch.setenv("HWB_NOW", "2018-09-10T09:00:00+00:00")
    Authority.objects.create(code="671", name_en="Black Castle", name_cy="Castell Du")
    register_schools(PRIMARY, SECONDARY)
    staff = [
        staff_row("AB", classes=("6G", "Choir"), employee_number="77", birth_date=date(1980, 1, 2)),
        staff_row("CD"),
    ]
    deliver([learner_row(number) for number in range(1, 4)], staff, on=date(2018, 7, 2))
    deliver(
        [learner_row(1, classes=("Choir", "Ma/1"), legal_forename="=Mali"), learner_row(2), learner_row(3, leaving_date=date(2018, 7, 20))],
        staff, on=date(2018, 9, 5),
    )  # fmt: skip
    deliver([learner_row(9)], [], school=SECONDARY, on=date(2018, 9, 5))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(build_app(), ["export", "oneroster", *arguments])


def read(path: Path) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(path) as archive:
        return {
            name.removesuffix(".csv"): list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8"))))
            for name in archive.namelist()
        }


@pytest.mark.parametrize("version", ["1.2", "1.1"])
def test_files_are_as_the_standards_tables_want_them(tmp_path: Path, version: str) -> None:
    out = tmp_path / "roster.zip"
    answer = run("--school", PRIMARY, "--out", str(out), "--version", version, "--json")
    assert answer.exit_code == 0, answer.output
    files = read(out)
    states = {row["propertyName"]: row["value"] for row in files.pop("manifest")}
    assert (states["manifest.version"], states["oneroster.version"]) == ("1.0", version)
    said = {name.removeprefix("file."): value for name, value in states.items() if name.startswith("file.")}
    assert {name for name, value in said.items() if value == "bulk"} == set(files)
    assert set(said.values()) == {"bulk", "absent"}
    assert len(said) == (21 if version == "1.2" else 13)
    assert json.loads(answer.output)["lines"] == {name: len(lines) for name, lines in files.items()}
    for name, lines in files.items():
        assert lines, name
        for line in lines:
            assert (line["status"], line["dateLastModified"]) == ("", "")
            assert all(line[column] for column in REQUIRED[name]), (name, line)
            assert all(
                line[column] in words for (file, column), words in WORDS.items() if file == name and column in line
            ), line
    every = {name: {line["sourcedId"] for line in lines} for name, lines in files.items()}
    of = {
        "classes": "classes",
        "school": "orgs",
        "user": "users",
        "course": "courses",
        "org": "orgs",
        "class": "classes",
    }
    for lines in files.values():
        for line in lines:
            for column, value in line.items():
                kind = of.get(column.removesuffix("SourcedId")) if column.endswith("SourcedId") else None
                assert kind is None or value in every[kind], (column, value)
    assert all(len(ids) == len(files[name]) for name, ids in every.items())
    assert oct(out.stat().st_mode)[-3:] == "600"
    assert not list(tmp_path.glob("*.part"))


def test_a_schools_own_files_read_as_its_snapshot(tmp_path: Path) -> None:
    """What our reader takes from the files is who is there, each with UPN, dates, year and classes."""
    out = tmp_path / "roster.zip"
    assert run("--school", PRIMARY, "--out", str(out)).exit_code == 0
    found = reader.read(out, PRIMARY, date(2018, 9, 10))
    learners = sorted(
        (dict(zip(LEARNER_COLUMNS, row[1:], strict=True)) for row in found.rows["learner"]), key=lambda row: row["upn"]
    )
    assert sorted(row["upn"] for row in learners) == sorted([upn(1), upn(2)])
    first = next(row for row in learners if row["upn"] == upn(1))
    assert (first["legal_forename"], first["birth_date"], first["year_group"]) == ("'=Mali", "2007-02-02", "06")
    assert (first["registration_group"], first["classes"], first["start_date"]) == ("6G", "Choir;Ma/1", "2017-09-04")
    teacher = next(
        row
        for row in (dict(zip(STAFF_COLUMNS, row[1:], strict=True)) for row in found.rows["staff"])
        if row["staff_code"] == "AB"
    )
    assert (teacher["employee_number"], teacher["classes"], teacher["role"]) == ("77", "6G;Choir", "teacher")
    assert run("--school", PRIMARY, "--out", str(out), "--version", "1.1").exit_code == 0
    old = reader.read(out, PRIMARY, date(2018, 9, 10))
    assert {row[1]: row[LEARNER_COLUMNS.index("start_date") + 1] for row in old.rows["learner"]} == {
        upn(1): "2017-09-04", upn(2): "2017-09-04",
    }  # fmt: skip


def test_a_services_files_hold_what_it_may_see(tmp_path: Path) -> None:
    """No UPN and no staff code; demographics by the scope alone; its own identifiers, schools and kinds."""
    out, service = tmp_path / "roster.zip", reading(schools=(PRIMARY,), kinds=("learner",), scopes=("roster.readonly",))
    assert run("--service", str(service.made.service), "--out", str(out)).exit_code == 0
    files = read(out)
    assert "demographics" not in files
    assert {line["sourcedId"] for line in files["users"]} == {
        one["sourcedId"] for one in service.list("/users", filter="status='active'")
    }
    assert len(files["users"]) == 2
    assert upn(1) not in str(files)
    assert {line["sourcedId"] for line in files["orgs"]} == {PRIMARY, "671"}
    assert {line["role"] for line in files["enrollments"]} == {"student"}
    entry: dict[str, Any] = json.loads(Audit.objects.get(action="roster exported").details)
    assert entry["after"] == {"schools": [PRIMARY], "service": str(service.made.service), "version": "1.2"}


def test_what_cannot_be_exported(tmp_path: Path) -> None:
    out = tmp_path / "roster.zip"
    scim = reading(protocol="scim", scopes=())
    for arguments in (
        (),
        ("--school", "6799999"),
        ("--service", str(scim.made.service)),
        ("--school", PRIMARY, "--service", str(scim.made.service)),
    ):
        assert run(*arguments, "--out", str(out)).exit_code == 1
    assert run("--school", PRIMARY, "--out", str(tmp_path / "nowhere" / "x.zip")).exit_code == 1
    assert not list(tmp_path.iterdir())
    assert not Audit.objects.filter(action="roster exported").exclude(details__contains=PRIMARY).exists()
