"""`hwb tick`: time-driven work due by now, once. The worker does it by itself."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from hwb import clock
from hwb.cli.output import JSON, print_json
from hwb.jobs import mail
from hwb.operations import clients, consolidation, due, earlier_work, messages, registers, sealing
from hwb.operations.desk import matching


def register(app: typer.Typer) -> None:
    app.command("tick")(tick)


def tick(as_json: bool = JSON) -> None:
    """Do what is due by date: leaving dates that passed, starts, ends of waiting and of graces. Safe to repeat."""
    now = clock.now()
    today = clock.calendar_date(now)
    changes = due.apply_due(on=today, now=now)
    emails = registers.apply_pending_emails(on=today, now=now)
    consolidation.expire(now=now)
    earlier_work.end_due(on=today, now=now)
    earlier_work.tell_ready(now=now)
    matching.open_cases(now=now)
    clients.forget_expired(at=datetime.now(UTC))
    sealed = sealing.seal_day(now=now)
    messages.gather(now=now)
    sent = mail.send_due()
    if as_json:
        print_json(
            {"date": today.isoformat(), "changes": changes, "addresses": emails, "sealed": sealed, "messages": sent}
        )
    else:
        print(f"{today.isoformat()}: {changes} changes")
