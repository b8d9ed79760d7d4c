"""OneRoster and CTF: what is read of them, and when they are no whole school."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from hwb.client import mis
from hwb.extract.check import check
from hwb.extract.records import Extract
from hwb.identifiers import upn_fault

FIXTURES = Path(__file__).parents[2] / "fixtures/mis"
ONEROSTER = FIXTURES / "valid_minimal_v1p2_bulk.zip"
CTF = (FIXTURES / "ctf_wales_sample.xml").read_text("utf-8")
DESTINATION = "<DestSchool><LEA>671</LEA><Estab>4041</Estab></DestSchool>"
AS_AT = datetime(2018, 9, 4, 10, tzinfo=UTC)


def read(kind: str, source: Path, school: str = "6714041", as_at: datetime | None = AS_AT) -> Extract:
    return mis.read(kind, source, school=school, staff_source=None, as_at=as_at)


def roster(folder: Path, *changes: tuple[str, str, str]) -> Path:
    """The sample with a Welsh UPN, and texts of its files replaced: (file, old, new)."""
    made = io.BytesIO()
    with zipfile.ZipFile(ONEROSTER) as sample, zipfile.ZipFile(made, "w") as copy:
        for entry in sample.infolist():
            text = sample.read(entry).decode().replace("P207000016049", "M671404118001")
            for name, old, new in changes:
                if name == entry.filename:
                    assert old in text
                    text = text.replace(old, new)
            copy.writestr(entry.filename, text)
    path = folder / "roster.zip"
    path.write_bytes(made.getvalue())
    return path


def transfer(folder: Path, *changes: tuple[str, str]) -> Path:
    """The sample as a whole school's file: without its destination school, and changed."""
    text = CTF.replace(DESTINATION, "")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "ctf.xml"
    path.write_text(text, "utf-8")
    return path


def test_oneroster_learner_and_teacher(tmp_path: Path) -> None:
    """A homeroom class is the registration group; the UPN and the staff code come from userIds; no mail is sent."""
    extract = read("oneroster", roster(tmp_path))
    assert extract.covers == {"learner", "staff"}
    assert {"email", "username", "password"} <= set(extract.dropped)
    (learner,) = extract.learners
    assert learner[1] == "M671404118001"
    assert "7A" in learner
    (member,) = check(extract).staff
    assert (member.staff_code, member.classes, member.start_date) == ("MJ", ("7A",), date(2018, 9, 1))


def test_oneroster_demographics(tmp_path: Path) -> None:
    """With a birth date from demographics the learner can be used; without one the record is refused."""
    assert [p.code for r in check(read("oneroster", roster(tmp_path))).refused for p in r.problems] == ["L18"]
    source = roster(tmp_path, ("manifest.csv", "file.demographics,absent", "file.demographics,bulk"))
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr("demographics.csv", "sourcedId,status,dateLastModified,birthDate,sex\nu1,,,11/02/2007,male\n")
    extract = read("oneroster", source)
    (learner,) = check(extract).learners
    assert (learner.birth_date, learner.year_group, learner.registration_group) == (date(2007, 2, 11), "7", "7A")
    assert "sex" in extract.dropped


def test_oneroster_1_1(tmp_path: Path) -> None:
    """1.1 has no roles file: role and schools stand in users, admission is the first enrolment."""
    source = roster(
        tmp_path,
        ("manifest.csv", "file.roles,bulk", "file.roles,absent"),
        ("users.csv", "primaryOrgSourcedId,pronouns", "orgSourcedIds,role"),
        ("users.csv", "M671404118001,,,,6714041,", "M671404118001,,,,6714041,student"),
        ("users.csv", ",,,,,,,,,,6714041,\r", ",,,,,,,,,,6714041,Teacher\r"),
    )
    extract = read("oneroster", source)
    assert (len(extract.learners), len(extract.staff)) == (1, 1)
    assert "2018-09-03" in extract.learners[0]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("manifest.csv", "file.users,bulk", "file.users,delta"), "not_whole"),
        (("manifest.csv", "file.enrollments,bulk", "file.enrollments,Delta"), "not_whole"),
        (("manifest.csv", "file.demographics,absent", "file.demographics,bulk"), "no_file"),
        (("users.csv", "familyName", "family"), "column_missing"),
        (("users.csv", "Joe,Bloggs", "Joe,Bloggs,Jr"), "not_delimited"),
        (("users.csv", "username", "userIds"), "header_twice"),
    ],
)
def test_oneroster_that_is_refused_whole(tmp_path: Path, change: tuple[str, str, str], code: str) -> None:
    """Inputs 2, 7, 13 and deltas: no whole school is read from a part of it, or from a damaged one."""
    with pytest.raises(mis.ReadError, match=code):
        read("oneroster", roster(tmp_path, change))


def test_oneroster_of_another_school(tmp_path: Path) -> None:
    """Input 27: a roster in which the school is not named is another school's."""
    with pytest.raises(mis.ReadError, match="wrong_school"):
        read("oneroster", roster(tmp_path), school="6714042")


def test_the_sample_as_it_is() -> None:
    """The sample's UPN, issued in London, is read as it stands and is a right one."""
    extract = read("oneroster", ONEROSTER)
    assert extract.learners[0][1] == "P207000016049"
    assert upn_fault("P207000016049") is None


def test_ctf_of_a_whole_school(tmp_path: Path) -> None:
    """The dates are those of the source school's history, the moment is the header's, ethnicity is dropped."""
    extract = read("ctf", transfer(tmp_path), "6712041", as_at=None)
    assert extract.covers == {"learner"}
    assert extract.as_at.isoformat() == "2018-07-20T15:00:00+01:00"
    assert {"Ethnicity", "Gender", "SpeakWelsh"} <= set(extract.dropped)
    (learner,) = check(extract).learners
    assert (learner.start_date, learner.leaving_date) == (date(2011, 9, 5), date(2018, 7, 20))
    assert (learner.year_group, learner.preferred_forename) == ("6", "Joey")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ([("</SourceSchool>", "</SourceSchool>" + DESTINATION)], "not_whole"),
        ([("<DocumentQualifier>full", "<DocumentQualifier>partial")], "not_whole"),
        ([("<DocumentQualifier>full</DocumentQualifier>", "")], "not_whole"),
        ([("<Estab>2041</Estab><SchoolName>Ysgol Gynradd Enghraifft</SchoolName><Ac", "<Estab>2042</Estab><Ac")], "wrong_school"),
        ([("<CTfile>", "<!DOCTYPE CTfile><CTfile>")], "doctype"),
        ([("</CTfile>", "")], "not_xml"),
        ([("CTfile>", "File>")], "not_xml"),
        ([("<Header>", "<Heading>"), ("</Header>", "</Heading>")], "not_xml"),
        ([("<Pupil>", "<Pupil " + " ".join(f'a{n}="1"' for n in range(101)) + ">")], "too_deep"),
        ([("<Gender>M", "<a>" * 60 + "</a>" * 60 + "<Gender>M")], "too_deep"),
    ],
)  # fmt: skip
def test_ctf_that_is_refused_whole(tmp_path: Path, changes: list[tuple[str, str]], code: str) -> None:
    """Inputs 2, 27, 39 and transfers: a file for another school, or a part of one, states nobody's leaving."""
    with pytest.raises(mis.ReadError, match=code):
        read("ctf", transfer(tmp_path, *changes), "6712041")
