"""One good learner and one good member of staff as rows, to be changed by tests."""

from __future__ import annotations

from datetime import UTC, datetime

from hwb.extract.records import LEARNER_COLUMNS, STAFF_COLUMNS, Extract, MisKind, Row

AS_AT = datetime(2018, 9, 4, 10, tzinfo=UTC)
_LEARNER = {
    "upn": "M671404118001", "admission_number": "001234", "legal_surname": "Rees", "legal_forename": "Siân",
    "birth_date": "2007-02-11", "year_group": "7", "registration_group": "7A", "start_date": "2018-09-03",
}  # fmt: skip
_STAFF = {"staff_code": "MJ", "legal_surname": "Jones", "legal_forename": "Mair", "start_date": "2010-09-01"}
#: An enrolment that ended before AS_AT
LEFT = {"start_date": "2014-09-01", "leaving_date": "2018-07-20"}


def learner(reference: str = "row 2", **changes: str) -> Row:
    values = _LEARNER | changes
    return (reference, *(values.get(column, "") for column in LEARNER_COLUMNS))


def member(reference: str = "row 2", **changes: str) -> Row:
    values = _STAFF | changes
    return (reference, *(values.get(column, "") for column in STAFF_COLUMNS))


def extract(*learners: Row, staff: tuple[Row, ...] = (), as_at: datetime = AS_AT, mis: MisKind = "hwb") -> Extract:
    return Extract("6714041", as_at, mis, frozenset({"learner", "staff"}), learners, staff)
