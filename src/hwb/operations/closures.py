"""A school's end (R43): its newest words become those of its successors, or its people count as leavers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings as django_settings
from django.db import connection

from hwb.directory import chain, facts, store
from hwb.extract.texts import N_, Text
from hwb.identifiers import parse_dfes_number
from hwb.lifecycle import closing
from hwb.lifecycle.facts import LearnerEntry, SchoolFacts, StaffEntry
from hwb.lifecycle.plan import Plan
from hwb.operations import audit, locking, settings
from hwb.operations.transactions import FactsMoved, in_transaction

TRIES = 5


class ClosureRefused(Exception):
    """The school cannot be closed; `text` says why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.message)
        self.text = text


@dataclass(frozen=True, slots=True)
class Closure:
    """What closing does, or would do: the successors, and every change as JSON-ready values."""

    successors: list[str]
    changes: list[dict[str, Any]]

    def changes_by_rule(self) -> dict[tuple[str, str], int]:
        """How many changes of which kind each rule asks for."""
        return dict(sorted(Counter((change["rule"], change["kind"]) for change in self.changes).items()))


def close_school(
    *, dfes: str, split: dict[str, str] | None, preview: bool, acting_user: str, now: datetime, on: date
) -> Closure:
    """Closes a school, or with `preview` only says what that would do. Raises ClosureRefused.

    split: UPN (a former one too) or staff code → successor, for a school that is divided; who is not in it goes to
    the successor of the register entry, if there is one. One that names nobody of the school is refused whole.
    """

    def work() -> Closure:
        with connection.cursor() as cursor:
            store.lock_chain(cursor, dfes)
            follower = _follower(cursor, dfes)
            _require_registered(cursor, dfes, {follower, *(split or {}).values()} - {""})
            plan, known = _planned(cursor, dfes, split or {}, follower, on)
            if not preview:
                rules, secret = settings.policy(), str(django_settings.SECRET_KEY)
                writer = chain.Writer(dfes, acting_user, now)
                applying = store.Applying(writer, on, rules, secret, django_settings.HWB_MAIL_DOMAIN)
                store.apply(cursor, plan, facts=known, applying=applying)
                cursor.execute("UPDATE establishment SET closed = least(closed, %s) WHERE dfes = %s", [on, dfes])
                details = {"successors": sorted({follower, *(split or {}).values()} - {""})}
                audit.record(
                    action="school closed", actor=acting_user, at=now, details=details, school=dfes, chain=dfes
                )
        successors = sorted({follower, *(split or {}).values()} - {""})
        return Closure(successors, [change.to_json() for change in plan.changes])

    return in_transaction(work)


def _planned(cursor: Any, dfes: str, split: dict[str, str], follower: str, on: date) -> tuple[Plan, SchoolFacts]:
    """The plan made under the locks of everybody whom it may concern."""

    def planned(known: SchoolFacts) -> Plan:
        listed = _listed(known, split)

        def successor_of(entry: LearnerEntry | StaffEntry) -> str | None:
            key = entry.record.upn if isinstance(entry, LearnerEntry) else entry.record.staff_code
            return listed.get(key, follower) or None

        return closing.plan_closure(facts=known, successor_of=successor_of, on=on, policy=settings.policy())

    locked: set[str] = set()
    for _ in range(TRIES):
        known = facts.load(cursor, school=dfes, upns=set())
        plan = planned(known)
        stakes = set(known.learners) | plan.upns_at_stake()
        if stakes <= locked:
            again = locking.with_shared_staff_locked(cursor, known)
            return (plan if again is known else planned(again)), again
        locked |= stakes
        store.lock_upns(cursor, locked)
    raise FactsMoved(dfes)


def _listed(known: SchoolFacts, split: dict[str, str]) -> dict[str, str]:
    """The split by the UPNs and codes that the school's words bear; a former UPN leads to the same learner (R9)."""
    codes = {member.entry.record.staff_code for member in known.staff}
    found: dict[str, str] = {}
    unknown = 0
    for key, successor in split.items():
        person = known.learners.get(key)
        own = {e.record.upn for e in person.entries if e.school == known.school.dfes} if person else set()
        if not own and key not in codes:
            unknown += 1
        found.update(dict.fromkeys(own or {key}, successor))
    if unknown:
        # a count and no names: it goes to the screen and perhaps into a log
        raise ClosureRefused(
            Text(
                N_("The split file names people who are not the school's, by UPN or staff code: {count}"),
                {"count": unknown},
            )
        )
    return found


def _follower(cursor: Any, dfes: str) -> str:
    cursor.execute("SELECT followed_by FROM establishment WHERE dfes = %s FOR UPDATE", [dfes])
    row = cursor.fetchone()
    if row is None:
        raise ClosureRefused(Text(N_("Not in the register of schools: {schools}"), {"schools": dfes}))
    return str(row[0])


def _require_registered(cursor: Any, dfes: str, successors: set[str]) -> None:
    cursor.execute("SELECT dfes FROM establishment WHERE dfes = ANY(%s)", [list(successors)])
    unknown = successors - {row[0] for row in cursor.fetchall()}
    if unknown:
        raise ClosureRefused(
            Text(N_("Not in the register of schools: {schools}"), {"schools": ", ".join(sorted(unknown))})
        )
    if dfes in successors or any(parse_dfes_number(s) != s for s in successors):
        raise ClosureRefused(Text(N_("A school cannot be its own successor.")))
