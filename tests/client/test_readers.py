"""Reading MIS files: what is read, what is refused whole, what never leaves the school."""

from __future__ import annotations

import contextlib
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwb.client import mis
from hwb.extract import wire
from hwb.extract.check import check
from hwb.extract.records import Snapshot

AS_AT = datetime(2018, 9, 4, 10, tzinfo=UTC)
HEADER = "upn,legal_surname,legal_forename,birth_date,year_group,start_date,address"
GOOD = "M671404118001,Rees,Siân,2007-02-11,Year  7,2018-09-03,1 High Street"
SIMS = """<?xml version="1.0" encoding="utf-8"?><SuperStarReport>
<Record><primary_id>1</primary_id><Adno>001234</Adno><UPN>M671404118001</UPN><Legal_x0020_Surname>Bloggs</Legal_x0020_Surname>
<Forename>Joe</Forename><DOB>2007-02-11T00:00:00</DOB><Year>Year  7</Year><Reg>7A</Reg><Class>Maths</Class><House>Dewi</House>
<Date_x0020_of_x0020_Admission>2018-09-03T00:00:00</Date_x0020_of_x0020_Admission></Record>
<Record><primary_id>1</primary_id><UPN>M671404118001</UPN><Class>Art</Class></Record>
<Record><primary_id>2</primary_id><Adno>001098</Adno><UPN>R671404118023</UPN><Legal_x0020_Surname>ap Siôn</Legal_x0020_Surname>
<Forename>Gwen</Forename><Date_x0020_of_x0020_Leaving>2018-07-20T00:00:00</Date_x0020_of_x0020_Leaving></Record>
</SuperStarReport>"""


def csv_source(folder: Path, *lines: str, encoding: str = "utf-8") -> Path:
    (folder / "learners.csv").write_bytes("\n".join(lines).encode(encoding))
    return folder


def snapshot(source: Path, kind: str = "hwb") -> Snapshot:
    extract = mis.read(kind, source, school="6714041", staff_source=None, as_at=AS_AT)
    return check(wire.load(wire.dump(extract)))


def test_hwb_csv(tmp_path: Path) -> None:
    """The hwb CSV is read; a column that is not ours is dropped, named and never in what is sent."""
    extract = mis.read("hwb", csv_source(tmp_path, HEADER, GOOD), school="6714041", staff_source=None, as_at=AS_AT)
    assert extract.dropped == ("address",)
    assert b"High Street" not in wire.dump(extract)
    assert extract.covers == {"learner"}
    (record,) = check(extract).learners
    assert (record.legal_forename, record.year_group, record.birth_date) == ("Siân", "7", date(2007, 2, 11))


def test_sims(tmp_path: Path) -> None:
    """SIMS: absent elements, two spaces in the year, a repeated Record for a second class, a leaver with little."""
    path = tmp_path / "learners.xml"
    path.write_text(SIMS, "utf-8")
    found = snapshot(path, "sims")
    joe, gwen = sorted(found.learners, key=lambda record: record.upn)
    assert (joe.year_group, joe.registration_group, joe.classes) == ("7", "7A", ("Maths", "Art"))
    assert gwen.leaving_date == date(2018, 7, 20)
    assert (found.refused, [w.code for w in found.warnings]) == ((), [])


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("",), "empty"),
        ((HEADER,), "empty"),
        ((HEADER.replace("upn", "upnumber"), GOOD), "column_missing"),
        ((HEADER.replace("address", "upn"), GOOD), "header_twice"),
        ((HEADER.replace(",", ";"), GOOD.replace(",", ";")), "column_missing"),
    ],
    ids=["empty file", "header only, nobody at all", "renamed column", "header twice", "semicolons undeclared"],
)
def test_whole_sources_that_cannot_be_read(tmp_path: Path, lines: tuple[str, ...], code: str) -> None:
    """Inputs 1, 7, 11, 13: the whole source is refused and the reason is named."""
    with pytest.raises(mis.ReadError, match=code):
        snapshot(csv_source(tmp_path, *lines))


def test_encodings(tmp_path: Path) -> None:
    """Inputs 4, 5: UTF-8 and UTF-16 with a byte-order mark are read; Windows-1252 undeclared is refused, not guessed."""
    for encoding in ("utf-8-sig", "utf-16"):
        assert snapshot(csv_source(tmp_path, HEADER, GOOD, encoding=encoding)).learners[0].legal_forename == "Siân"
    with pytest.raises(mis.ReadError, match="encoding"):
        snapshot(csv_source(tmp_path, HEADER, GOOD, encoding="cp1252"))


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (("M671404118001", ""), {"L01"}),
        (("M671404118001", "X671404118001"), {"L02"}),
        (("M671404118001", "M67140411800"), {"L02"}),
        (("M671404118001", "M67l404ll800l"), {"L02"}),
        (("Rees", "ZZZ DELETE"), {"L17"}),
        (("Rees", "Re\u202ees"), {"L15"}),
        (("Rees", "R" * 300), {"L16"}),
        (("2007-02-11", "2017-08-30"), {"L19"}),
        (("2018-09-03", "31/02/2018"), {"L20"}),
        (("2018-09-03", "02/03/04"), {"L20"}),
        (("2018-09-03", "2020-09-03"), {"L20"}),
        (("Year  7", "Year 15"), {"L09"}),
        (("1 High Street", "1 High Street,too many"), {"L24"}),
    ],
)
def test_records_that_cannot_be_used(tmp_path: Path, change: tuple[str, str], codes: set[str]) -> None:
    """Inputs 10, 14–18, 31–33, 35, 36: the record is refused, the other one is used."""
    other = "R671404118023,Llwyd,Gwen,2007-03-11,7,2018-09-03,"
    found = snapshot(csv_source(tmp_path, HEADER, GOOD.replace(*change), other))
    assert [record.upn for record in found.learners] == ["R671404118023"]
    assert codes & {problem.code for item in found.refused for problem in item.problems}


def test_the_same_upn_twice(tmp_path: Path) -> None:
    """Inputs 20, 21: identical rows: one is kept; different people: both are refused."""
    assert len(snapshot(csv_source(tmp_path, HEADER, GOOD, GOOD)).learners) == 1
    found = snapshot(csv_source(tmp_path, HEADER, GOOD, GOOD.replace("Rees", "Huws")))
    assert (len(found.learners), len(found.refused)) == (0, 2)


def test_xml_with_a_document_type(tmp_path: Path) -> None:
    """Input 39: a document type or an entity is never read."""
    path = tmp_path / "learners.xml"
    path.write_text('<!DOCTYPE x [<!ENTITY e "x">]><SuperStarReport><Record><UPN>&e;</UPN></Record></SuperStarReport>')
    with pytest.raises(mis.ReadError, match="doctype"):
        snapshot(path, "sims")


def test_zip_bomb(tmp_path: Path) -> None:
    """Input 39: a ZIP that unpacks to more than 50 MiB, or a hundredfold, is refused before it is unpacked."""
    path = tmp_path / "school.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("learners.csv", b"0" * (60 * 1024 * 1024))
    with pytest.raises(mis.ReadError, match="too_large"):
        snapshot(path)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_on_the_wire(body: bytes) -> None:
    """Whatever is sent, the wire format answers with an extract or a WireError."""
    with contextlib.suppress(wire.WireError):
        wire.load(body)


@pytest.mark.parametrize(
    "body",
    [b"", b"[" * 100_000, b'{"a":1,"a":2}', b'{"a":NaN}', b'{"format":"hwb-snapshot/1"', b"\xff\xfe"],
)
def test_damaged_bodies(body: bytes) -> None:
    """Inputs 2, 39: truncated, nested too deeply, a key twice, NaN, not UTF-8."""
    with pytest.raises(wire.WireError):
        wire.load(body)


def test_a_count_that_differs(tmp_path: Path) -> None:
    """Input 2: a declared count that differs is a damaged body."""
    extract = mis.read("hwb", csv_source(tmp_path, HEADER, GOOD), school="6714041", staff_source=None, as_at=AS_AT)
    with pytest.raises(wire.WireError, match="count_differs"):
        wire.load(wire.dump(extract).replace(b'"learners":1', b'"learners":2'))
