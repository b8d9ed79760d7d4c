"""Snapshots delivered through the operations that API and worker call, for tests with a database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID, uuid4

from tests.support.people import PRIMARY, SECONDARY, learner

from hwb.directory.models import Establishment
from hwb.extract import wire
from hwb.extract.records import LEARNER_COLUMNS, STAFF_COLUMNS, Extract, Row, StaffRecord
from hwb.operations import provisioning

JULY = date(2018, 7, 2)


def register_schools(*numbers: str) -> None:
    """The primary and the secondary, or other schools by number."""
    for dfes in numbers or (PRIMARY, SECONDARY):
        phase = "secondary" if dfes == SECONDARY else "primary"
        Establishment.objects.create(dfes=dfes, name_en=f"School {dfes}", name_cy=f"Ysgol {dfes}", phase=phase)


def learner_row(number: int, **values: Any) -> Row:
    """One learner as a MIS writes them, by number (see people.learner)."""
    record = learner(number, **{"registration_group": "6G", "admission_number": str(number), **values})
    return (f"row {number}", *(_text(getattr(record, name)) for name in LEARNER_COLUMNS))


def staff_row(code: str, **values: Any) -> Row:
    """One member of staff as a MIS writes them."""
    standard = {"legal_surname": "Rees", "legal_forename": "Mali", "start_date": date(2017, 9, 1), "mis_id": f"p{code}"}
    record = StaffRecord(**{**standard, "staff_code": code, **values})
    return (f"staff {code}", *(_text(getattr(record, name)) for name in STAFF_COLUMNS))


def extract_of(
    learners: Sequence[Row],
    staff: Sequence[Row] | None = None,
    *,
    school: str = PRIMARY,
    on: date = JULY,
    hour: int = 12,
) -> Extract:
    """A snapshot of learners, and of staff unless `staff` is None, as at noon."""
    covers = frozenset({"learner"} if staff is None else {"learner", "staff"})
    moment = datetime.combine(on, time(hour), UTC)
    return Extract(school, moment, "hwb", covers, tuple(learners), tuple(staff or ()))  # type: ignore[arg-type]


def send(
    extract: Extract,
    *,
    run: UUID | None = None,
    preview: bool = False,
    client: UUID | None = None,
    now: datetime | None = None,
) -> UUID:
    """Stored, not yet reconciled; received at the snapshot's moment unless `now` says otherwise."""
    run = run or uuid4()
    provisioning.receive_snapshot(
        run_id=run, body=wire.dump(extract), extract=extract, preview=preview, client_id=client,
        acting_user="tests", now=now or extract.as_at,
    )  # fmt: skip
    return run


def deliver(
    learners: Sequence[Row],
    staff: Sequence[Row] | None = None,
    *,
    school: str = PRIMARY,
    on: date = JULY,
    hour: int = 12,
) -> UUID:
    """Sent and reconciled; the run's id."""
    extract = extract_of(learners, staff, school=school, on=on, hour=hour)
    run = send(extract)
    provisioning.reconcile(run_id=run, on=on, now=extract.as_at)
    return run


def _text(value: Any) -> str:
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ";".join(value)
    return str(value or "")
