"""OneRoster and CTF: what is read of them, and when they are no whole school."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from hwb.client import mis
from hwb.extract.check import check
from hwb.extract.records import LEARNER_COLUMNS, STAFF_COLUMNS, Extract
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


SPOILT = [
    (("users.csv", "Joe,Bloggs", "Joe,Bloggs,Jr"), "users.csv row 2"),
    (("roles.csv", "r1,,,u1", "r1,,,u1,extra"), "roles.csv row 2"),
    (("enrollments.csv", "u1,student,false", "u1,student"), "enrollments.csv row 2"),
]


@pytest.mark.parametrize(("change", "reference"), SPOILT)
def test_a_line_out_of_step_refuses_one_record(tmp_path: Path, change: tuple[str, str, str], reference: str) -> None:
    """Input 10: the record is refused under a key that ties it to its person; everybody else is read."""
    snapshot = check(read("oneroster", roster(tmp_path, change)))
    (refused,) = snapshot.refused
    assert (refused.kind, refused.record, refused.mis_id) == ("learner", reference, "u1")
    assert [problem.code for problem in refused.problems] == ["L24"]
    assert [member.staff_code for member in snapshot.staff] == ["MJ"]


def test_a_line_out_of_step_of_nobody_known_is_refused_all_the_same(tmp_path: Path) -> None:
    """Of a class's line nobody knows the name: it is refused; so is a teacher's line, as staff (R32)."""
    snapshot = check(read("oneroster", roster(tmp_path, ("classes.csv", "7A,homeroom", "7A"))))
    assert "classes.csv row 2" in [refused.record for refused in snapshot.refused]
    snapshot = check(read("oneroster", roster(tmp_path, ("users.csv", "Mair,Jones", "Mair,Jones, BA"))))
    assert ("staff", "u2") in [(refused.kind, refused.mis_id) for refused in snapshot.refused]


def test_a_comma_in_the_schools_name_costs_nothing(tmp_path: Path) -> None:
    """The school is known by its number, whatever its name does to the line."""
    snapshot = check(read("oneroster", roster(tmp_path, ("orgs.csv", "Ysgol Enghraifft", "Ysgol Enghraifft, Y Bala"))))
    assert [member.staff_code for member in snapshot.staff] == ["MJ"]


def test_another_schools_line_out_of_step_is_not_ours(tmp_path: Path) -> None:
    """An authority's roster: a line that names another school alone concerns nobody here."""
    other = "6714042,,,Ysgol Arall,school,6714042,LA-671"
    line = "u9,,,true,x,{UPN:P207000016049},A,B, Jr,,9,,,,,07,,,,,,6714042,"
    source = roster(
        tmp_path, ("orgs.csv", "LA-671,,,", other + "\r\nLA-671,,,"), ("users.csv", "u1,,", line + "\r\nu1,,")
    )
    assert "u9" not in str(read("oneroster", source))


def test_a_line_that_names_no_school_is_of_where_its_person_is(tmp_path: Path) -> None:
    """A line of demographics out of step, of somebody whose every role is at another school, concerns nobody here."""
    other = "6714042,,,Ysgol Arall,school,6714042,LA-671"
    person = "u9,,,true,x,{UPN:P207000016049},A,B,,9,,,,,07,,,,,,6714042,"
    source = roster(
        tmp_path,
        ("orgs.csv", "LA-671,,,", other + "\r\nLA-671,,,"),
        ("users.csv", "u1,,", person + "\r\nu1,,"),
        ("roles.csv", "r1,,,u1", "r9,,,u9,primary,student,2018-09-03,,6714042,\r\nr1,,,u1"),
        ("manifest.csv", "file.demographics,absent", "file.demographics,bulk"),
    )
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr("demographics.csv", "sourcedId,status,dateLastModified,birthDate\nu1,,,2007-02-11\nu9,,\n")
    assert check(read("oneroster", source)).refused == ()


def test_a_role_here_that_is_out_of_step_is_never_somebody_elsewheres(tmp_path: Path) -> None:
    """Somebody with a good role at another school whose role here cannot be read is refused here, not missing."""
    other = "6714042,,,Ysgol Arall,school,6714042,LA-671"
    away = "r9,,,u1,primary,student,2018-09-03,,6714042,"
    source = roster(
        tmp_path,
        ("orgs.csv", "LA-671,,,", other + "\r\nLA-671,,,"),
        ("roles.csv", "r1,,,u1", away + "\r\nr1,,,u1,extra"),
    )
    snapshot = check(read("oneroster", source))
    assert [(refused.record, refused.upn) for refused in snapshot.refused] == [("roles.csv row 3", "M671404118001")]


def many(folder: Path, ends: list[str], *, sessions: str = "2019-08-31", kind: str = "student") -> Extract:
    """A roster of as many people as there are ends of their roles."""
    users, roles = "", ""
    for number, end in enumerate(ends):
        users += f"p{number},,,TRUE,x,{{UPN:M671404118001}},A{number},B,,{number},,,,,07,,,,,,6714041,\r\n"
        roles += f"q{number},,,p{number},primary,{kind},01/09/2018,{end},6714041,\r\n"
    return read(
        "oneroster",
        roster(
            folder,
            ("users.csv", "u1,,", users + "u1,,"),
            ("roles.csv", "r1,,", roles + "r1,,"),
            ("academicSessions.csv", "2019-08-31", sessions),
        ),
    )


def leaving(extract: Extract, *, kind: str = "learner") -> list[str]:
    rows, columns = (extract.learners, LEARNER_COLUMNS) if kind == "learner" else (extract.staff, STAFF_COLUMNS)
    return [row[columns.index("leaving_date") + 1] for row in rows]


@pytest.mark.parametrize("end", ["2019-08-31", "31/08/2019", "2019-09-01", "2019-08-30"])
@pytest.mark.parametrize("kind", ["student", "teacher"])
def test_the_end_of_a_session_is_nobodys_leaving(tmp_path: Path, end: str, kind: str) -> None:
    """ADR 5: an export that gives everybody the end of the school year releases nobody, and that is said."""
    extract = many(tmp_path, [end] * 4, kind=kind)
    people = "learner" if kind == "student" else "staff"
    assert set(leaving(extract, kind=people)) == {""}
    assert [(notice.code, notice.kind, notice.value[-4:]) for notice in extract.notices] == [("X06", people, "2019")]
    assert [warning.code for warning in check(extract).warnings].count("X06") == 1


def test_those_who_leave_at_the_end_of_a_session_leave(tmp_path: Path) -> None:
    """Where others have no end, or a later one, the end of the session is the last day on roll, as it is written."""
    extract = many(tmp_path, ["2019-08-31"] * 2 + [""] * 3 + ["2018-07-20"])
    assert sorted(leaving(extract)) == [""] * 4 + ["2018-07-20"] + ["2019-08-31"] * 2
    assert extract.notices == ()


def test_those_who_left_long_ago_are_not_counted(tmp_path: Path) -> None:
    """An export with earlier years' leavers: of those who are still there, all have the end of the session."""
    extract = many(tmp_path, ["2018-07-20"] * 6 + ["2019-08-31"] * 4)
    assert sorted(leaving(extract)) == [""] * 5 + ["2018-07-20"] * 6
    assert [notice.value for notice in extract.notices] == ["31/08/2019"]


@pytest.mark.parametrize(("number", "leave"), [(4, True), (12, False)])
def test_one_day_for_more_than_half_without_a_session(tmp_path: Path, number: int, leave: bool) -> None:
    """A day that the file calls no session's end counts as one only for more than ten people."""
    extract = many(tmp_path, ["2019-05-02"] * number)
    assert ("2019-05-02" in leaving(extract), bool(extract.notices)) == (leave, not leave)


def test_the_role_that_has_not_ended_counts(tmp_path: Path) -> None:
    """Somebody who was a learner here and now teaches is staff; who left and came back is here."""
    past = "r3,,,u2,primary,student,2010-09-01,2015-07-20,6714041,\r\nr4,,,u1,primary,student,2011-09-01,2017-07-20,6714041,\r\n"
    extract = read("oneroster", roster(tmp_path, ("roles.csv", "r1,,", past + "r1,,")))
    assert (len(extract.learners), len(extract.staff)) == (1, 1)
    assert (leaving(extract), leaving(extract, kind="staff")) == ([""], [""])


@pytest.mark.parametrize(
    ("begin", "end", "classes"),
    [("2018-09-03", "2018-09-03", ""), ("2018-09-03", "2018-09-04", "7A"), ("05/09/2018", "", ""), ("", "soon", "7A")],
)
def test_a_class_counts_while_it_lasts(tmp_path: Path, begin: str, end: str, classes: str) -> None:
    """An enrolment that has ended before the snapshot's day, or has yet to begin, is no class of that day."""
    line = "e1,,,6714041-7A,6714041,u1,student,false,2018-09-03,"
    extract = read(
        "oneroster", roster(tmp_path, ("enrollments.csv", line, line.replace("2018-09-03,", f"{begin},{end}")))
    )
    (learner,) = extract.learners
    assert learner[LEARNER_COLUMNS.index("registration_group") + 1] == classes


def test_what_is_to_be_deleted_is_not_read(tmp_path: Path) -> None:
    """A bulk file whose line says tobedeleted does not state that person, nor that they left: they are missing (R32)."""
    extract = read("oneroster", roster(tmp_path, ("users.csv", "u1,,", "u1,ToBeDeleted,")))
    assert (extract.learners, len(extract.staff), extract.covers) == ((), 1, {"learner", "staff"})


def test_misspelt_columns_and_cases(tmp_path: Path) -> None:
    """Case, blanks and underscores of a header, TRUE and British dates are met; what is not known is named."""
    extract = read(
        "oneroster",
        roster(
            tmp_path,
            ("roles.csv", "beginDate,endDate", "Begin Date,ENDDATE"),
            ("enrollments.csv", "schoolSourcedId", "schoolId"),
            ("users.csv", ",true,", ",TRUE,"),
            ("roles.csv", "2018-09-03", "03/09/2018"),
        ),
    )
    (learner,) = extract.learners
    assert {"03/09/2018", "7A"} <= set(learner)
    assert "schoolId" in extract.dropped


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("manifest.csv", "file.users,bulk", "file.users,delta"), "not_whole"),
        (("manifest.csv", "file.enrollments,bulk", "file.enrollments,Delta"), "not_whole"),
        (("manifest.csv", "file.demographics,absent", "file.demographics,bulk"), "no_file"),
        (("users.csv", "familyName", "family"), "column_missing"),
        (("manifest.csv", "file.enrollments,bulk", "file.enrollments,full"), "not_whole"),
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
