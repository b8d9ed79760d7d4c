"""Rows judged one by one: used, refused or used with a warning."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from tests.unit.extract.rows import LEFT, extract, learner, member

from hwb.extract.check import check, content_digest
from hwb.extract.records import Snapshot


def codes(snapshot: Snapshot) -> list[str]:
    return [problem.code for item in snapshot.refused for problem in item.problems]


def warned(snapshot: Snapshot) -> list[str]:
    return [problem.code for problem in snapshot.warnings]


@pytest.mark.parametrize(
    ("number", "changes", "code"),
    [
        (6, {"legal_surname": "Re\x00es"}, "L15"),
        (6, {"legal_surname": "Re\x07es"}, "L15"),
        (14, {"upn": " "}, "L01"),
        (16, {"upn": "B671404118001"}, "L02"),
        (17, {"upn": "M6714041180012"}, "L02"),
        (18, {"upn": "M6714O4118001"}, "L02"),
        (29, {"leaving_date": "2018-09-02"}, "L08"),
        (31, {"start_date": "2019-09-05"}, "L20"),
        (31, {"start_date": "1900-01-01"}, "L20"),
        (31, {"start_date": "31/02/2018"}, "L20"),
        (31, {"start_date": "02/03/04"}, "L20"),
        (31, {"leaving_date": "31/02/2018"}, "L21"),
        (31, {"leaving_date": "1900-01-01"}, "L21"),
        (32, {"birth_date": "2016-09-05"}, "L19"),
        (32, {"birth_date": "1997-09-04"}, "L19"),
        (33, {"year_group": "-1"}, "L09"),
        (33, {"year_group": "15"}, "L09"),
        (33, {"year_group": ""}, "L09"),
        (34, {"registration_group": "7" * 51}, "L22"),
        (34, {"classes": "Ma1;" + "E" * 51}, "L22"),
        (35, {"legal_forename": ""}, "L05"),
        (35, {"legal_forename": "-"}, "L05"),
        (35, {"legal_surname": "PUPIL", "legal_forename": "TEST"}, "L17"),
        (35, {"legal_surname": "ZZZ", "legal_forename": "DELETE"}, "L17"),
        (36, {"legal_surname": "R" * 300}, "L16"),
        (36, {"legal_surname": "Rees 🎉"}, "L15"),
        (36, {"legal_surname": "Re\u202ees"}, "L15"),
        (36, {"preferred_forename": "Si\u200bân"}, "L15"),
        (0, {"birth_date": ""}, "L18"),
        (0, {"start_date": ""}, "L07"),
        (0, {"enrolment_status": "X"}, "L23"),
        (0, {"mis_id": "4\x002"}, "L26"),
    ],
)
def test_a_learner_who_cannot_be_used(number: int, changes: dict[str, str], code: str) -> None:
    """Inputs 6, 14, 16–18, 29, 31–36: the record alone is refused, and nothing unfit to be stored is kept of it."""
    found = check(extract(learner(**changes), learner(upn="R671404118023")))
    assert codes(found) == [code]
    assert [record.upn for record in found.learners] == ["R671404118023"]
    assert all(text.isprintable() for text in (found.refused[0].legal_surname, found.refused[0].mis_id))


@pytest.mark.parametrize(
    ("number", "changes", "expected"),
    [
        (15, {"upn": " m671 404118001"}, ["L27"]),
        (19, {"upn": "K67140411802Z"}, ["L13"]),
        (30, {"leaving_date": "2019-07-19"}, []),
        (31, {"start_date": "2019-09-04"}, []),
        (32, {"birth_date": "1997-09-05", "year_group": "14"}, ["L12"]),
        (34, {"registration_group": ""}, ["L10"]),
        (35, {"legal_surname": "Test"}, []),
        (36, {"legal_surname": "O’Neill-Ŵyn", "legal_forename": "Tŷ Ïâ"}, []),
        (37, {"legal_surname": "=Rees"}, []),
        (4, {"legal_forename": "Ll?r"}, ["L29"]),
        (4, {"legal_forename": "SiÃ¢n"}, ["L29"]),
        (12, {"legal_forename": "Siân\nMair"}, []),
        (0, {"admission_number": ""}, ["L06"]),
        (0, {"former_upn": "B671404118001"}, ["L25"]),
    ],
)
def test_a_learner_who_is_used(number: int, changes: dict[str, str], expected: list[str]) -> None:
    """Inputs 4, 12, 15, 19, 30–32, 34–37: the record is used; what is worth saying is a warning."""
    found = check(extract(learner(**changes)))
    assert (codes(found), len(found.learners), warned(found)) == ([], 1, expected)


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("Year  7", "7"), ("Yr 7", "7"), ("07", "7"), ("Blwyddyn 7", "7"), ("Bl.7", "7"), ("R", "R"), ("Derbyn", "R"),
        ("n2", "N2"), ("Nursery 1", "N1"), ("14", "14"), ("Nursery", None), ("0", None), ("Year", None),
    ],
)  # fmt: skip
def test_year_groups(text: str, year: str | None) -> None:
    """Input 33: year groups are read by a table; what could mean two years is not guessed."""
    found = check(extract(learner(year_group=text)))
    assert [record.year_group for record in found.learners] == ([year] if year else [])


@pytest.mark.parametrize(
    "text", ["2018-09-03", "2018-09-03T00:00:00", "03/09/2018", "3/9/2018", "2018-09-02T23:00:00Z"]
)
def test_dates(text: str) -> None:
    """Dates are read as ISO or British; a moment with an offset is the Europe/London day it falls on."""
    assert check(extract(learner(start_date=text))).learners[0].start_date == date(2018, 9, 3)


def test_a_leaver_needs_little() -> None:
    """A record whose leaving date has passed needs only UPN, names and leaving date, and is not warned about the rest."""
    nothing = dict.fromkeys(("birth_date", "year_group", "start_date", "registration_group", "admission_number"), "")
    found = check(extract(learner(**nothing, leaving_date="2018-09-03")))
    assert (codes(found), warned(found), len(found.learners)) == ([], [], 1)
    assert codes(check(extract(learner(**nothing, leaving_date="2018-09-04")))) == ["L18", "L07", "L09"]


def test_what_a_leaver_says_that_cannot_be_used_is_left_out() -> None:
    """Unusable values of a leaver are left out with a warning, and none that cannot be stored comes through."""
    found = check(
        extract(
            learner(**LEFT, year_group="?", mis_id="a\x00", preferred_surname="\u202eR", classes="x" * 60),
            staff=(member(**LEFT, employee_number="1\x00", role="\x07", preferred_forename="\u200b"),),
        )
    )
    (record,), (person,) = found.learners, found.staff
    assert (record.year_group, record.mis_id, record.preferred_surname, record.classes) == ("", "", "", ())
    assert (person.employee_number, person.role, person.preferred_forename, person.staff_code) == ("", "", "", "MJ")
    assert sorted(warned(found)) == sorted(["L09", "L26", "L15", "L22", "S17", "S17", "S08"])


def test_old_leavers_are_not_judged_by_their_age() -> None:
    """A report with leavers of long ago refuses nobody for being older than 20 and warns of no year group."""
    old = learner(birth_date="1990-01-01", start_date="2001-09-03", leaving_date="2008-07-18", year_group="13")
    assert (codes(check(extract(old))), warned(check(extract(old)))) == ([], [])


def test_the_day_is_londons() -> None:
    """A leaving date passes at midnight in Europe/London: half past eleven UTC in summer is the next day."""
    little = learner(birth_date="", leaving_date="2018-07-20")
    early = (*little[:14], "2017-09-04", *little[15:])
    assert codes(check(extract(early, as_at=datetime(2018, 7, 20, 22, 30, tzinfo=UTC)))) == ["L18"]
    assert codes(check(extract(early, as_at=datetime(2018, 7, 20, 23, 30, tzinfo=UTC)))) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"start_date": ""}, "S01"),
        ({"staff_code": ""}, "S02"),
        ({"leaving_date": "2010-08-31"}, "S04"),
        ({"legal_surname": ""}, "S05"),
        ({"legal_surname": "Jo\x00nes"}, "S08"),
        ({"staff_code": "m671404118001"}, "S15"),
        ({"staff_code": "M\x00"}, "S13"),
        ({"start_date": "1900-01-01"}, "S18"),
        ({"leaving_date": "soon"}, "S12"),
    ],
)
def test_staff_who_cannot_be_used(changes: dict[str, str], code: str) -> None:
    """Input 40: a staff record without start date or staff code, or with a learner's UPN for a code, is refused."""
    found = check(extract(staff=(member(**changes), member(staff_code="RJ"))))
    assert (codes(found), [person.staff_code for person in found.staff]) == ([code], ["RJ"])


def test_a_member_of_staff_who_left_needs_one_key() -> None:
    """A leaver among the staff needs a key of R21, names and leaving date."""
    left = {"start_date": "", "staff_code": "", "leaving_date": "2018-07-20"}
    assert codes(check(extract(staff=(member(**left),)))) == ["S02"]
    assert check(extract(staff=(member(**left, mis_id="9"),))).staff[0].mis_id == "9"


def test_a_row_of_another_width() -> None:
    """Input 10: a row with a field too many or too few is refused, the others are used."""
    good = learner(upn="R671404118023")
    found = check(extract((*learner(), "Jr"), learner(upn="P207000016049")[:-1], good, staff=((*member(), ""),)))
    assert (codes(found), len(found.learners)) == (["L24", "L24", "S16"], 1)


def test_the_digest_is_of_the_content() -> None:
    """Rows in another order, under other references and of another moment, share the digest; other content does not."""
    one, other = learner("row 2"), learner("row 3", upn="R671404118023")
    turned = extract(("row 2", *other[1:]), ("row 3", *one[1:]), as_at=datetime(2018, 9, 5, tzinfo=UTC))
    assert content_digest(turned) == content_digest(extract(one, other))
    assert content_digest(extract(one)) != content_digest(extract(one, other))
    shifted = learner(legal_surname="Rees\x1fSiân", legal_forename="")
    assert content_digest(extract(shifted)) != content_digest(extract(learner(legal_forename="\x1f")))
