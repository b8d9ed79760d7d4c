"""Waits: who is on roll at a school that does not have the account, and the one step that ends it (R5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from hwb.directory.queries.rows import fetch
from hwb.extract.texts import N_, Language, Text, render
from hwb.lifecycle import calendar

#: A holder whose last successful run is older than this is asked to run before anything else.
STALE_DAYS = 7


@dataclass(frozen=True, slots=True)
class WaitRow:
    """One wait; `holder` is the school that holds the account, None when no school does."""

    upn: str
    school: str
    holder: str | None
    since: date
    cause: str
    next_step: str

    def to_json(self) -> dict[str, Any]:
        return {
            "upn": self.upn, "school": self.school, "holder": self.holder, "since": self.since.isoformat(),
            "next_step": self.next_step,
        }  # fmt: skip


def find(*, on: date, missing_days: int = 7, school: str | None = None, language: Language = "en") -> list[WaitRow]:
    """Standing waits, the oldest first: those of one waiting school, or all."""
    return [
        WaitRow(
            row["upn"], row["school"], row["holder"], row["since"], row["cause"],
            render(_next_step(row, on=on, missing_days=missing_days), language=language, domain="server"),
        )
        for row in fetch(_WAITS, {"school": school})
    ]  # fmt: skip


def _next_step(row: dict[str, Any], *, on: date, missing_days: int) -> Text:
    if row["cause"] == "identity":
        return Text(N_("Support compares birth date and surname with both schools and decides."))
    if row["cause"] == "rekey":
        return Text(N_("The school checks the former UPN and the birth date in its MIS; otherwise support decides."))
    if row["holder"] is None:
        return Text(N_("Nothing needs to be done by the schools: support or the next day's work ends the wait."))
    if row["cause"] == "conflict":
        return Text(
            N_(
                "Two schools say that the learner is on roll. The one where this is wrong enters a leaving date: "
                "{holder} or {school}"
            ),
            {"holder": row["holder"], "school": row["school"]},
        )
    return _release_step(row, on=on, missing_days=missing_days)


def _release_step(row: dict[str, Any], *, on: date, missing_days: int) -> Text:
    """What the holding school has to do, in the order in which it must look."""
    holder = {"holder": row["holder"]}
    if row["held_run"] is not None:
        return Text(
            N_("The newest run of the holding school is held: somebody confirms or withdraws it. School: {holder}"),
            holder,
        )
    if row["refused"]:
        return Text(
            N_("The holding school's record was refused: it is put right in the MIS and sent again. School: {holder}"),
            holder,
        )
    if row["missing_since"] is not None:
        free = row["missing_since"] + timedelta(days=missing_days)
        return Text(
            N_(
                "The holding school no longer lists the learner and sent no leaving date: it enters one, or confirms "
                "that the learner left. Without that the account is free from {date}. School: {holder}"
            ),
            {**holder, "date": free.isoformat()},
        )
    if row["leaving_date"] is not None and row["leaving_date"] >= on:
        return Text(
            N_(
                "The holding school lets the account go by itself on the day after the leaving date {date}. "
                "School: {holder}"
            ),
            {**holder, "date": row["leaving_date"].isoformat()},
        )
    last: datetime | None = row["last_run_at"]
    if last is not None and calendar.london_date(last) < on - timedelta(days=STALE_DAYS):
        return Text(
            N_(
                "The holding school's client has not run since {date}: it runs again, with the leaving date entered. "
                "School: {holder}"
            ),
            {**holder, "date": calendar.london_date(last).isoformat()},
        )
    return Text(
        N_("The holding school enters the leaving date in its MIS and runs its client. School: {holder}"), holder
    )


_WAITS = """
SELECT w.upn, w.school, w.since, w.cause, p.school AS holder, r.leaving_date, r.missing_since,
       coalesce(r.refused, false) AS refused, l.finished_at AS last_run_at,
       (SELECT h.id FROM run h WHERE h.school = p.school AND h.state = 'held') AS held_run
FROM wait w
LEFT JOIN upn known ON known.upn = w.upn
LEFT JOIN account a ON a.id = known.account
LEFT JOIN placement p ON p.account = a.id AND p.role = 'holding' AND p.ended IS NULL
LEFT JOIN LATERAL (
    SELECT lr.leaving_date, lr.missing_since, lr.refused
    FROM upn u JOIN learner_record lr ON lr.upn = u.upn AND lr.school = p.school
    WHERE u.account = a.id ORDER BY (u.upn = a.upn) DESC LIMIT 1
) r ON true
LEFT JOIN LATERAL (
    SELECT run.finished_at FROM run WHERE run.school = p.school AND run.state IN ('applied', 'no change')
    ORDER BY run.accepted_no DESC LIMIT 1
) l ON true
WHERE %(school)s::text IS NULL OR w.school = %(school)s
ORDER BY w.since, w.upn, w.school
"""
