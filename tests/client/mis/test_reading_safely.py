"""Teacher Centre, mapping files, SIMS staff, unsafe sources, and any bytes at all."""

from __future__ import annotations

import contextlib
import stat
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwb.client import mis
from hwb.extract.check import check
from hwb.extract.records import Extract

AS_AT = datetime(2018, 9, 4, 10, tzinfo=UTC)
FIXTURES = Path(__file__).parents[2] / "fixtures/mis"
MAPPING = """encoding = "windows-1252"
delimiter = ";"
[learners]
"Pupil UPN" = "upn"
"Last" = "legal_surname"
"First" = "legal_forename"
"Born" = "birth_date"
"NC" = "year_group"
"Joined" = "start_date"
"""
LINES = "Pupil UPN;Last;First;Born;NC;Joined;Phone\nM671404118001;Rees;Siân;11/02/2007;Yr 7;03/09/2018;01234\n"


def read(kind: str, source: Path, staff: Path | None = None, mapping: Path | None = None) -> Extract:
    return mis.read(kind, source, school="6714041", staff_source=staff, as_at=AS_AT, mapping=mapping)


def delimited(folder: Path, mapping: str = MAPPING, lines: str = LINES) -> tuple[Path, Path]:
    (folder / "export.txt").write_bytes(lines.encode("windows-1252"))
    (folder / "mapping.toml").write_text(mapping, "utf-8")
    return folder / "export.txt", folder / "mapping.toml"


def test_teacher_centre(tmp_path: Path) -> None:
    """Inputs 4, 11: encoding and delimiter are read as the mapping declares them; what it does not name is dropped."""
    source, mapping = delimited(tmp_path)
    extract = read("teacher-centre", source, mapping=mapping)
    assert extract.dropped == ("Phone",)
    (learner,) = check(extract).learners
    assert (learner.legal_forename, learner.year_group) == ("Siân", "7")


def test_a_question_mark_in_a_welsh_name(tmp_path: Path) -> None:
    """ŵ does not exist in Windows-1252: a question mark in a name is a warning of lost letters."""
    source, mapping = delimited(tmp_path, lines=LINES.replace("Rees", "Bedd?r"))
    found = check(read("teacher-centre", source, mapping=mapping))
    assert (len(found.learners), "L29" in {w.code for w in found.warnings}) == (1, True)


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        (MAPPING.replace("windows-1252", "utf-8"), "encoding"),
        (MAPPING.replace("windows-1252", "no-such"), "mapping_not_readable"),
        (MAPPING.replace('";"', '","'), "column_missing"),
        (MAPPING.replace('"upn"', '"postcode"'), "mapping_not_readable"),
        (MAPPING.replace("[learners]", "[learners"), "mapping_not_readable"),
        (MAPPING.replace('"Pupil UPN" = "upn"\n', ""), "column_missing"),
    ],
)
def test_what_a_mapping_declares_wrongly(tmp_path: Path, mapping: str, code: str) -> None:
    """Inputs 4, 7, 11: nothing is guessed that the mapping gets wrong."""
    source, declared = delimited(tmp_path, mapping)
    with pytest.raises(mis.ReadError, match=code):
        read("teacher-centre", source, mapping=declared)


def test_teacher_centre_without_a_mapping(tmp_path: Path) -> None:
    """Without a mapping file nobody knows what its columns are."""
    with pytest.raises(mis.ReadError, match="mapping_missing"):
        read("teacher-centre", delimited(tmp_path)[0])


def test_sims_sample_and_main_teacher(tmp_path: Path) -> None:
    """Staff get the classes whose MainTeacher they are; a name that two have gives nobody a class."""
    record = "<Record><primary_id>{}</primary_id><Staff_x0020_Code>{}</Staff_x0020_Code><Surname>{}</Surname><Forename>A</Forename></Record>"
    staff = tmp_path / "staff.xml"
    people = [record.format(1, "MJ", "Jones"), record.format(2, "X1", "Huws"), record.format(3, "X2", "Huws")]
    staff.write_text(f"<SuperStarReport>{''.join(people)}</SuperStarReport>")
    learners = tmp_path / "learners.xml"
    sample = (FIXTURES / "students_superstar.xml").read_text("utf-8")
    first = "<Reg>7A</Reg><Class>7A/Ma</Class><MainTeacher>MJ</MainTeacher>"
    second = "<DOB>2007-01-01</DOB><Class>7A/En</Class><MainTeacher>A Huws</MainTeacher><Date_x0020_of_x0020_Leaving>"
    learners.write_text(
        sample.replace("<Reg>7A</Reg>", first).replace("<Date_x0020_of_x0020_Leaving>", second), "utf-8"
    )
    extract = read("sims", learners, staff)
    assert [row[-1] for row in extract.staff] == ["7A/Ma", "", ""]
    assert extract.dropped == ("House",)


def test_fields_of_a_row_too_wide_stay_at_school(tmp_path: Path) -> None:
    """Input 10: a row that is out of step is refused; of it only the keys before the names are sent."""
    (tmp_path / "learners.csv").write_text(
        "upn,legal_surname,legal_forename,birth_date,year_group,start_date,address\nM671404118001,O'Neill, Jr,Al,2007-02-11,7,2018-09-03,1 High St\n"
    )
    extract = read("hwb", tmp_path)
    assert "High" not in str(extract)
    (refused,) = check(extract).refused
    assert (refused.upn, [p.code for p in refused.problems]) == ("M671404118001", ["L24"])


def test_zip_with_a_way_out(tmp_path: Path) -> None:
    """Input 39: a symbolic link, or a path that leaves the archive, refuses it whole."""
    link = zipfile.ZipInfo("staff.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    for entry in (link, zipfile.ZipInfo("../learners.csv"), zipfile.ZipInfo("/learners.csv"), zipfile.ZipInfo("C:\\x")):
        path = tmp_path / "school.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(entry, "x")
        with pytest.raises(mis.ReadError, match="unsafe_zip"):
            read("hwb", path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=400),
    kind=st.sampled_from(mis.KINDS),
    lead=st.sampled_from([b"", b"<CTfile>", b"PK\x03\x04"]),
)
def test_any_bytes_in_any_reader(tmp_path: Path, content: bytes, kind: str, lead: bytes) -> None:
    """Whatever a file holds, a reader answers with an extract or a ReadError."""
    path = tmp_path / "source"
    path.write_bytes(lead + content)
    (tmp_path / "m.toml").write_text(MAPPING.replace("windows-1252", "utf-8"))
    with contextlib.suppress(mis.ReadError):
        check(read(kind, path, mapping=tmp_path / "m.toml"))
