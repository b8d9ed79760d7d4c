"""Whatever a school's file or a body holds: an answer of the reader, never another exception, in bounded time.

Real files are damaged at random, so that the damage gets past the first look: pieces are cut out, doubled, swapped
and replaced by what has a meaning somewhere.
"""

from __future__ import annotations

import contextlib
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwb.client import mis
from hwb.extract import wire
from hwb.extract.check import check
from hwb.extract.problems import WORDINGS, describe
from hwb.extract.records import Extract

FIXTURES = Path(__file__).parents[1] / "fixtures/mis"
AS_AT = datetime(2018, 9, 4, 10, tzinfo=UTC)
COLUMNS = "upn,mis_id,legal_surname,legal_forename,birth_date,year_group,classes,start_date,leaving_date"
CSV = f"{COLUMNS}\nM671404118001,1,Rees,Siân,2007-02-11,7,7A;Ma1,2018-09-03,\nR671404118023,2,Llwyd,Gwen,11/02/2007,Yr 7,,03/09/2018,2018-09-03\n"
MAPPING = "[learners]\n" + "\n".join(f'"{name}" = "{name}"' for name in COLUMNS.split(",")) + "\n"
SIMS = (FIXTURES / "students_superstar.xml").read_bytes()
CTF = (FIXTURES / "ctf_wales_sample.xml").read_text("utf-8").split("<DestSchool>")
WHOLE_CTF = (CTF[0] + CTF[1].split("</DestSchool>")[1]).encode()
PIECES = [
    b"", b",", b'"', b"\r", b"\n", b"\x00", b"\xff", b";", b"9" * 30, b"0000-00-00", b"9999-12-31T23:59:59+14:00", b"upn",
    "\u202e".encode(), "ŵ".encode(), b"\xed\xa0\x80", b"<", b">", b"</Record>", b"<Record>", b"&lt;", b"&#0;", b"]]>",
    b"{", b"[", b"null", b"-1", b"1e5", b"\\ud800", b"tobedeleted", b"student", b"delta", b"bulk", b"6714041",
]  # fmt: skip
#: where (a share of the content), how many bytes are taken away, and what is put there
DAMAGE = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 40), st.sampled_from(PIECES) | st.binary(max_size=6)),
    min_size=1,
    max_size=5,
)
Damage = list[tuple[float, int, bytes]]
fuzz = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def damaged(content: bytes, damage: Damage) -> bytes:
    for share, taken, put in damage:
        place = int(share * len(content))
        content = content[:place] + put + content[place + taken :]
    return content


def answers(kind: str, source: Path, school: str, mapping: Path | None = None) -> None:
    """An extract that can be judged, explained, sent and judged alike by the server; or a ReadError."""
    with contextlib.suppress(mis.ReadError):
        extract = mis.read(kind, source, school=school, staff_source=None, as_at=AS_AT, mapping=mapping)
        snapshot = check(extract)
        for problem in (*snapshot.warnings, *(found for item in snapshot.refused for found in item.problems)):
            if problem.code in WORDINGS:
                assert describe(problem, mis=extract.mis, language="cy")["needed"]
        with contextlib.suppress(wire.WireError):  # a field longer than any is refused there
            assert check(wire.load(wire.dump(extract))) == snapshot


@fuzz
@given(DAMAGE)
def test_hwb_csv(tmp_path: Path, damage: Damage) -> None:
    """The two CSVs."""
    (tmp_path / "learners.csv").write_bytes(damaged(CSV.encode(), damage))
    answers("hwb", tmp_path, "6714041")


@fuzz
@given(DAMAGE, DAMAGE)
def test_teacher_centre(tmp_path: Path, damage: Damage, of_mapping: Damage) -> None:
    """Delimited text, and its mapping file."""
    (tmp_path / "t.txt").write_bytes(damaged(CSV.encode(), damage))
    for number, mapping in enumerate((MAPPING.encode(), damaged(MAPPING.encode(), of_mapping))):
        path = tmp_path / f"m{number}.toml"
        path.write_bytes(mapping)
        answers("teacher-centre", tmp_path / "t.txt", "6714041", path)


@fuzz
@given(DAMAGE)
def test_sims(tmp_path: Path, damage: Damage) -> None:
    """CommandReporter's XML."""
    (tmp_path / "s.xml").write_bytes(damaged(SIMS, damage))
    answers("sims", tmp_path / "s.xml", "6714041")


@fuzz
@given(DAMAGE)
def test_ctf(tmp_path: Path, damage: Damage) -> None:
    """A transfer file of a whole school."""
    (tmp_path / "c.xml").write_bytes(damaged(WHOLE_CTF, damage))
    answers("ctf", tmp_path / "c.xml", "6712041")


@fuzz
@given(
    DAMAGE,
    st.sampled_from(["manifest", "orgs", "users", "roles", "classes", "enrollments", "academicSessions", ""]),
)
def test_oneroster(tmp_path: Path, damage: Damage, name: str) -> None:
    """One file of the ZIP, or the ZIP itself."""
    path = tmp_path / "r.zip"
    with zipfile.ZipFile(FIXTURES / "valid_minimal_v1p2_bulk.zip") as sample, zipfile.ZipFile(path, "w") as made:
        for entry in sample.infolist():
            content = sample.read(entry)
            made.writestr(entry.filename, damaged(content, damage) if entry.filename == f"{name}.csv" else content)
    if not name:
        path.write_bytes(damaged(path.read_bytes(), damage))
    answers("oneroster", path, "6714041")


@settings(max_examples=150, deadline=None)
@given(DAMAGE)
def test_the_wire(damage: Damage) -> None:
    """A body: an extract whose every part can be judged and explained, or a WireError."""
    row = ("row 2", "M671404118001", *[""] * 14)
    body = wire.dump(Extract("6714041", AS_AT, "hwb", frozenset({"learner"}), (row, row), (), ("address",)))
    with contextlib.suppress(wire.WireError):
        snapshot = check(wire.load(damaged(body, damage)))
        for problem in (*snapshot.warnings, *(found for item in snapshot.refused for found in item.problems)):
            assert describe(problem, mis=snapshot.mis, language="en")["needed"]


FIVE_MB = 5_000_000
LARGE: dict[str, tuple[str, Callable[[], str]]] = {
    "one row of commas": ("hwb", lambda: CSV + "," * FIVE_MB),
    "a million short rows": ("hwb", lambda: CSV + "a,\n" * (FIVE_MB // 3)),
    "blank lines": ("hwb", lambda: CSV + "\n" * FIVE_MB),
    "a quote that never ends": ("hwb", lambda: CSV + '"' + "a" * FIVE_MB),
    "a header without end": ("hwb", lambda: "a," * (FIVE_MB // 2)),
    "a million elements": ("sims", lambda: f"<SuperStarReport>{'<a/>' * (FIVE_MB // 4)}</SuperStarReport>"),
    "one record of a million": ("sims", lambda: f"<SuperStarReport><Record>{'<a/>' * (FIVE_MB // 4)}</Record></SuperStarReport>"),
    "five megabytes of text": ("sims", lambda: f"<SuperStarReport>{'a' * FIVE_MB}</SuperStarReport>"),
}  # fmt: skip


@pytest.mark.parametrize("what", LARGE)
def test_five_megabytes_cost_little(tmp_path: Path, what: str) -> None:
    """At most a second of the processor, and 256 MB."""
    kind, make = LARGE[what]
    path = tmp_path / "learners.csv"
    path.write_text(make(), newline="")
    source = tmp_path if kind == "hwb" else path
    spent = []
    for measure in (False, True):
        if measure:
            tracemalloc.start()
        start = time.process_time()
        with contextlib.suppress(mis.ReadError):
            mis.read(kind, source, school="6714041", staff_source=None, as_at=AS_AT)
        spent.append(time.process_time() - start)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert spent[0] < 1
    assert peak < 256_000_000
