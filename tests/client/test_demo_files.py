"""The demo's schools write real MIS files: what the client reads from them is what the school has on its books."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from hwb.client import mis
from hwb.demo import authority, files, people
from hwb.demo.authority import DemoSchool
from hwb.extract import check
from hwb.extract.records import LearnerRecord, Snapshot, StaffRecord
from hwb.identifiers import UpnFault, is_temporary, upn_fault

YEAR = 2026
SCHOOLS = [school.dfes for school in authority.schools()]
#: What a kind of MIS cannot say (formats.md): a CTF has neither classes nor ids, OneRoster no enrolment status.
UNSAID = {
    "ctf": {"mis_id", "admission_number", "registration_group", "classes"},
    "oneroster": {"mis_id"},
    "teacher-centre": set(),
    "sims": set(),
    "hwb": set(),
}
UNSAID_OF_STAFF = {"teacher-centre": {"mis_id", "employee_number"}, "oneroster": {"role"}}


def populated(*, seed: int = 1, september: bool = False) -> list[DemoSchool]:
    chance, schools = random.Random(seed), authority.schools()
    people.populate(schools, year=YEAR, chance=chance)
    if september:
        people.next_year(schools, year=YEAR, chance=chance)
    return schools


def read_back(school: DemoSchool, folder: Path, *, on: date) -> Snapshot:
    """As the client reads the school's files."""
    options = files.write(school, folder, on=on)
    named = dict(zip(options[::2], options[1::2], strict=True))
    paths = {
        name: Path(named[option])
        for option, name in (("--staff-source", "staff_source"), ("--mapping", "mapping"))
        if option in named
    }
    extract = mis.read(
        named["--mis"], Path(named["--source"]), school=school.dfes, as_at=datetime(on.year, on.month, on.day, 12, tzinfo=UTC),
        staff_source=paths.get("staff_source"), mapping=paths.get("mapping"),
    )  # fmt: skip
    return check.check(extract)


def without(record: LearnerRecord | StaffRecord, names: set[str]) -> LearnerRecord | StaffRecord:
    return replace(record, **{name: () if name == "classes" else "" for name in names})


@pytest.mark.parametrize("dfes", SCHOOLS)
@pytest.mark.parametrize("september", [False, True])
def test_each_school_is_read_as_it_is(dfes: str, september: bool, tmp_path: Path) -> None:
    """Nobody is refused, and every record says all that its kind of MIS can say."""
    school = next(school for school in populated(september=september) if school.dfes == dfes)
    snapshot = read_back(school, tmp_path, on=date(YEAR, 9, 3) if september else date(YEAR, 7, 6))
    assert snapshot.refused == ()
    unsaid, of_staff = UNSAID[school.mis], UNSAID_OF_STAFF.get(school.mis, set())
    assert {without(r, unsaid) for r in snapshot.learners} == {without(r, unsaid) for r in school.learners}
    assert {without(r, of_staff) for r in snapshot.staff} == {without(r, of_staff) for r in school.staff}
    assert ("staff" in snapshot.covers) is (school.mis != "ctf")


def test_a_former_upn_travels_in_each_kind(tmp_path: Path) -> None:
    """R9: the former UPN arrives, whatever the MIS."""
    for school in populated():
        upn = school.learners[0].upn
        school.change(upn, upn=people.upn(school.dfes, 950), former_upn=upn)
        snapshot = read_back(school, tmp_path / school.dfes, on=date(YEAR, 7, 6))
        assert upn in {record.former_upn for record in snapshot.learners}, school.mis


def test_the_authority_has_many_kinds() -> None:
    """Eight schools: primary, secondary and special, Welsh-medium too, with every kind of MIS; ~2,500 learners, 200 staff."""
    schools = populated()
    assert {school.mis for school in schools} == set(mis.KINDS)
    assert {school.phase for school in schools} == {"primary", "secondary", "special"}
    assert {school.language for school in schools} == {"cy", "en", "both"}
    assert sum(len(school.learners) for school in schools) == 2500
    assert 200 <= sum(len(school.staff) for school in schools) <= 205
    names = {record.legal_surname for school in schools for record in school.learners}
    assert {"Ŵyn", "Hâf", "O'Neill", "Parry-Williams"} <= names
    assert "Llŷr" in {record.legal_forename for school in schools for record in school.learners}


@pytest.mark.parametrize("seed", range(5))
def test_every_upn_is_right_and_one_persons(seed: int) -> None:
    """The same people for the same seed, others for another; each UPN has its check letter and one learner."""
    schools = populated(seed=seed)
    upns = [record.upn for school in schools for record in school.learners]
    assert len(set(upns)) == len(upns)
    assert not any(map(upn_fault, upns))
    assert schools == populated(seed=seed) != populated(seed=seed + 1)


def test_temporary_and_mistyped_upns() -> None:
    """R8: a temporary UPN ends with a letter and is valid; a mistyped one has the wrong check letter."""
    for number in range(23):
        upn = people.upn("6719001", number, temporary=True)
        assert upn_fault(upn) is None
        assert is_temporary(upn)
        assert upn_fault(people.mistyped(upn)) is UpnFault.CHECK
