"""Looking at a person of another school is recorded, and not done without end (R42, ux.md 2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection

from hwb.directory import chain, store
from hwb.lifecycle.explain_facts import LearnerFacts
from hwb.operations.transactions import in_transaction

ACTION = "look-up"
MOST_AN_HOUR = 30


class TooManyLookUps(Exception):
    """More than thirty people of other schools in an hour; nothing was shown and nothing recorded."""


def record(*, facts: Iterable[LearnerFacts], school: str, acting_user: str, now: datetime, limited: bool) -> int:
    """Writes which accounts of other schools ``school`` was told about; returns how many.

    People of whom the school has a record itself, or whom nobody has sent, are not looked up. ``limited``: raises
    TooManyLookUps when these would be more than thirty of the acting user's in an hour.
    """
    accounts = [one.learner.account.id for one in facts if is_of_others(one, school) and one.learner.account]
    if not accounts:
        return 0

    def work() -> int:
        with connection.cursor() as cursor:
            store.lock_chain(cursor, school)
            if limited:
                cursor.execute(
                    "SELECT count(*) FROM audit WHERE chain = %s AND action = %s AND actor = %s AND at > %s",
                    [school, ACTION, acting_user, now - timedelta(hours=1)],
                )
                if cursor.fetchone()[0] + len(accounts) > MOST_AN_HOUR:
                    raise TooManyLookUps
            entries = [chain.Entry(ACTION, "R42", "", school, account) for account in accounts]
            store.write_log(cursor, entries, chain.Writer(school, acting_user, now))
        return len(accounts)

    return in_transaction(work)


def free_at(*, school: str, acting_user: str, now: datetime) -> datetime | None:
    """When the acting user may look up one more person of another school; None for now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT at FROM audit WHERE chain = %s AND action = %s AND actor = %s AND at > %s"
            " ORDER BY at DESC OFFSET %s LIMIT 1",
            [school, ACTION, acting_user, now - timedelta(hours=1), MOST_AN_HOUR - 1],
        )
        row = cursor.fetchone()
    return row[0] + timedelta(hours=1) if row else None


def is_own(facts: LearnerFacts, school: str) -> bool:
    """Whether the school has or had the account, or has a record of the person itself."""
    account = facts.learner.account
    if account is not None and school in account.schools:
        return True
    if facts.refusal is not None or facts.held_name is not None:
        return True
    return any(entry.school == school for entry in facts.learner.entries)


def is_of_others(facts: LearnerFacts, school: str) -> bool:
    """Whether the person is another school's: an account that ``school`` has not and had not, and no record of them."""
    return facts.learner.account is not None and not is_own(facts, school)
