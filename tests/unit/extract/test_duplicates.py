"""Rows that speak of one person, or give one key to two."""

from __future__ import annotations

import pytest
from tests.unit.extract.rows import LEFT, extract, learner, member

from hwb.extract.check import check
from hwb.extract.records import Snapshot


def refused(snapshot: Snapshot) -> list[list[str]]:
    return [[problem.code for problem in item.problems] for item in snapshot.refused]


def test_identical_rows() -> None:
    """Input 20: of identical rows one is kept, with a warning, whatever their references."""
    found = check(extract(learner("row 2"), learner("row 3"), staff=(member("row 2"), member("row 3"))))
    assert (len(found.learners), len(found.staff), refused(found)) == (1, 1, [])
    assert [(w.code, w.record) for w in found.warnings] == [("L28", "row 3"), ("S20", "row 3")]


def test_different_people_with_one_upn() -> None:
    """Input 21: one UPN for different people refuses both, and the refusals say whose they are."""
    found = check(extract(learner("row 2"), learner("row 3", legal_surname="Huws")))
    assert (found.learners, refused(found)) == ((), [["L03"], ["L03"]])
    assert {(item.upn, item.legal_surname) for item in found.refused} == {
        ("M671404118001", "Rees"), ("M671404118001", "Huws"),
    }  # fmt: skip


def test_somebody_who_came_back() -> None:
    """An earlier enrolment of the same person gives way to the present one, in either order."""
    for rows in ((learner("a", **LEFT), learner("b")), (learner("b"), learner("a", **LEFT))):
        found = check(extract(*rows))
        assert [record.leaving_date for record in found.learners] == [None]
        assert (refused(found), [(w.code, w.record) for w in found.warnings]) == ([], [("L28", "a")])


def test_an_old_row_never_releases_somebody_whose_present_row_is_refused() -> None:
    """R32: refusal releases nobody, so an old row with a leaving date falls with the present row that was refused."""
    found = check(extract(learner("a", **LEFT), learner("b", year_group="?")))
    assert (found.learners, refused(found)) == ((), [["L03"], ["L09", "L03"]])


def test_two_present_rows_of_one_person() -> None:
    """Two rows of one person who is here, which say different things, are both refused: neither is a guess better."""
    assert refused(check(extract(learner("a"), learner("b", year_group="8")))) == [["L03"], ["L03"]]


def test_rows_without_a_valid_upn_do_not_clash() -> None:
    """Two rows without a UPN, or with the same invalid one, are refused for that alone."""
    rows = [
        learner("a", upn=""),
        learner("b", upn=""),
        learner("c", upn="B671404118001"),
        learner("d", upn="B671404118001"),
    ]
    found = check(extract(rows[0], ("b", *learner(upn="", legal_surname="Huws")[1:]), rows[2], rows[3]))
    assert refused(found) == [["L01"], ["L01"], ["L02"], ["L02"]]


@pytest.mark.parametrize("code", ["MJ", " mj"])
def test_one_staff_code_for_two(code: str) -> None:
    """R20, input 40: two present records with one code refuse both."""
    found = check(extract(staff=(member("a"), member("b", legal_surname="Morgan", staff_code=code))))
    assert (found.staff, refused(found)) == ((), [["S03"], ["S03"]])


def test_a_refused_record_still_uses_its_code() -> None:
    """R20: the code is unique among all records that have not left, those refused for something else included."""
    found = check(extract(staff=(member("a"), member("b", legal_surname="Morgan", start_date=""))))
    assert (found.staff, refused(found)) == ((), [["S03"], ["S01", "S03"]])


def test_the_code_of_somebody_who_left_is_free() -> None:
    """R20, R21: initials may be used again once their owner has left; up to the last day they may not."""
    new = member("b", legal_surname="Morgan")
    assert len(check(extract(staff=(member("a", leaving_date="2018-09-03"), new))).staff) == 2
    assert check(extract(staff=(member("a", leaving_date="2018-09-04"), new))).staff == ()


def test_one_mis_id_for_two() -> None:
    """R21: one MIS person id for two different people refuses both; for a person who came back, the present row stands."""
    two = (member("a", mis_id="9"), member("b", mis_id="9", staff_code="GM", legal_surname="Morgan"))
    assert refused(check(extract(staff=two))) == [["S03"], ["S03"]]
    back = (member("a", mis_id="9", leaving_date="2015-07-20"), member("b", mis_id="9", staff_code="MJO"))
    assert [person.staff_code for person in check(extract(staff=back)).staff] == ["MJO"]
