"""A delivery is received: stored and queued, known already, or refused whole (R35, R36)."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from procrastinate.contrib.django import app

from hwb.extract import check
from hwb.extract.records import Extract
from hwb.extract.texts import N_, Text
from hwb.lifecycle import calendar
from hwb.operations import faults, runs, wrong_file
from hwb.operations.transactions import in_transaction

AHEAD = timedelta(hours=24)


class DeliveryRefused(Exception):
    """A delivery that the server refuses whole; nothing of it is applied. ``status`` is HTTP's."""

    def __init__(self, code: str, status: int, text: Text) -> None:
        super().__init__(code)
        self.code, self.status, self.text = code, status, text


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a delivery; ``result`` is None while the run is not finished."""

    run_id: UUID
    state: str
    result: dict[str, Any] | None
    created: bool


def receive_snapshot(
    *,
    run_id: UUID,
    body: bytes,
    extract: Extract,
    preview: bool,
    client_id: UUID | None,
    acting_user: str,
    now: datetime,
) -> Delivery:
    """Stores a delivery and queues its reconciling in the same transaction. The same again gets what is stored (R35).

    Raises DeliveryRefused; a refusal of a known school's snapshot is also kept as a run, beside Last Run.
    """
    digest = hashlib.sha256(body).hexdigest()

    def work() -> Delivery | DeliveryRefused:
        with connection.cursor() as cursor:
            cursor.execute("SELECT closed FROM establishment WHERE dfes = %s", [extract.school])
            school = cursor.fetchone()
            if school is None:
                text = Text(N_("School {school} is not in the register."), {"school": extract.school})
                return DeliveryRefused("unknown_school", 404, text)
            known = _delivered(cursor, run_id, digest, preview)
            if known is not None:
                return known
            refusal = _refusal(cursor, extract, digest, closed=school[0], now=now)
            cursor.execute(
                "INSERT INTO run (id, school, client, preview, state, as_at, received_at, finished_at, content_digest,"
                " body_digest, mis, covers, body, plan_digest, confirmed, words_moved, failure, acting_user)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '', %s, %s, %s, %s, '', false, false, %s, %s)",
                [
                    run_id, extract.school, client_id, preview, "refused" if refusal else "received", extract.as_at,
                    now, now if refusal else None, digest, extract.mis, sorted(extract.covers),
                    None if refusal else zlib.compress(body, 1), refusal.code if refusal else "", acting_user,
                ],
            )  # fmt: skip
        if refusal is not None:
            return refusal
        faults.point("stored")
        app.configure_task("hwb.reconcile", lock=f"school-{extract.school}").defer(run_id=str(run_id))
        return Delivery(run_id, "received", None, True)

    delivery = in_transaction(work)
    faults.point("received")
    if isinstance(delivery, DeliveryRefused):
        raise delivery
    return delivery


def _delivered(cursor: Any, run_id: UUID, digest: str, preview: bool) -> Delivery | DeliveryRefused | None:
    """What is known of a run id that was delivered before."""
    cursor.execute("SELECT state, result, body_digest, preview, failure FROM run WHERE id = %s", [run_id])
    row = cursor.fetchone()
    if row is None:
        return None
    state, result, known, was_preview, failure = row
    if known != digest or was_preview != preview:
        return DeliveryRefused("run_id_reused", 422, Text(N_("This run was delivered before with other content.")))
    if state == "refused":
        return _REFUSALS[failure]()
    return Delivery(run_id, state, runs.load(result), False)


_REFUSALS: dict[str, Callable[[], DeliveryRefused]] = {
    "stale": lambda: DeliveryRefused(
        "stale",
        409,
        Text(N_("The data is older than the last accepted run, or of the same moment with other content.")),
    ),
    "too_far_ahead": lambda: DeliveryRefused(
        "too_far_ahead", 422, Text(N_("The data is from more than 24 hours in the future: check the computer's clock."))
    ),
    "other_schools_roll": lambda: DeliveryRefused(
        "other_schools_roll",
        409,
        Text(N_("Everybody in the data is on another school's roll: this looks like that school's file.")),
    ),
    "empty": lambda: DeliveryRefused("empty", 422, Text(N_("There are no people in the data."))),
    "school_closed": lambda: DeliveryRefused(
        "school_closed", 409, Text(N_("The register says that this school has closed."))
    ),
}


def _refusal(
    cursor: Any, extract: Extract, digest: str, *, closed: date | None, now: datetime
) -> DeliveryRefused | None:
    """Why the whole delivery is refused (R35, R36, R43); a preview is judged as its run would be."""
    if closed is not None and closed <= calendar.london_date(now):
        return _REFUSALS["school_closed"]()
    if not extract.learners and not extract.staff:
        return _REFUSALS["empty"]()
    if wrong_file.is_of_another_school(cursor, extract):
        return _REFUSALS["other_schools_roll"]()
    if extract.as_at > now + AHEAD:
        return _REFUSALS["too_far_ahead"]()
    cursor.execute(
        "SELECT as_at, body_digest, content_digest FROM run WHERE school = %s"
        " AND accepted_no IS NOT NULL AND state <> 'undone' ORDER BY accepted_no DESC LIMIT 1",
        [extract.school],
    )
    newest = cursor.fetchone()
    if newest is None or extract.as_at > newest[0]:
        return None
    if extract.as_at < newest[0]:
        return _REFUSALS["stale"]()
    same = digest == newest[1] or check.content_digest(extract) == newest[2]
    return None if same else _REFUSALS["stale"]()
