"""What runs, days and roles have to tell: written in their transaction, so that none is told and not done."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from hwb import names
from hwb.lifecycle import messages
from hwb.lifecycle.calendar import london_date
from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.messages import Kind
from hwb.lifecycle.plan import Plan
from hwb.operations.messages.writing import Letter, note, put, readers_at

_ACTING = ("champion", "head", "agent", "mis_admin")


def of_hold(cursor: Any, *, run: UUID, school: str, as_at: datetime, plan: Plan, now: datetime) -> None:
    """A run is held (M2)."""
    details = {
        "run": str(run), "date": london_date(as_at).isoformat(),
        "holds": [{"check": hold.check, "measured": hold.measured, "base": hold.base} for hold in plan.holds],
    }  # fmt: skip
    letter = Letter(Kind.HELD, school, str(run), details, messages.due_at(Kind.HELD, now))
    put(cursor, letter, readers_at(cursor, [school], Kind.HELD, now=now).get(school, ()), now=now)


def of_acceptance(cursor: Any, *, run: UUID, school: str, plan: Plan, result: dict[str, Any], now: datetime) -> None:
    """An accepted run: records that it refuses and the one before did not (M3), and who arrived (M10, M11)."""
    if result["problems"]:
        cursor.execute(_BEFORE, [school, run])
        row = cursor.fetchone()
        people, problems = (json.loads(v) if isinstance(v, str) else v for v in row) if row else (None, None)
        found = messages.new_refusals(result, {"people": people, "problems": problems})
        if found["count"]:
            note(cursor, Kind.REFUSALS, school, found, due_at=messages.due_at(Kind.REFUSALS, now))
    of_changes(cursor, plan.changes, now=now)


def of_changes(cursor: Any, changes: Sequence[Change], *, now: datetime) -> None:
    """Who came, by a run or by a day: learners for the morning's summary (M10), all for whoever watched (M11)."""
    came: Counter[str] = Counter()
    need: Counter[str] = Counter()
    people: dict[str, list[tuple[str, ...]]] = {}
    for change in changes:
        if change.kind in (ChangeKind.CREATE, ChangeKind.POST) and (marks := _staff_marks(change)):
            people.setdefault(change.school, []).append(marks)
        new = change.kind is ChangeKind.CREATE and change.after.get("kind") == "learner"
        if not new and change.kind is not ChangeKind.CLAIM:
            continue
        came[change.school] += 1
        need[change.school] += new
        people.setdefault(change.school, []).append((change.person,))
    for school, count in came.items():
        details = {"count": count, "need_password": need[school]}
        note(cursor, Kind.ARRIVALS, school, details, due_at=messages.due_at(Kind.ARRIVALS, now))
    if people:
        _tell_watchers(cursor, people, now)


def champion_changed(
    cursor: Any, *, school: str, grant: UUID, act: str, acting_account: UUID | None, now: datetime
) -> None:
    """A Digital Champion was added or removed (M16); ``act``: added or removed."""
    details = {"act": act, "at": now.isoformat(), "by": role_of(cursor, acting_account, school, now)}
    letter = Letter(Kind.CHAMPIONS, school, f"{grant} {act}", details, messages.due_at(Kind.CHAMPIONS, now))
    put(cursor, letter, readers_at(cursor, [school], Kind.CHAMPIONS, now=now).get(school, ()), now=now)


def own_account_changed(cursor: Any, *, account: UUID, what: str, now: datetime) -> None:
    """Tells an adult what was done to their account (M15); ``what``: as message_texts says."""
    cursor.execute("SELECT 1 FROM account WHERE id = %s AND kind <> 'learner'", [account])
    if cursor.fetchone() is None:
        return
    details = {"what": what, "at": now.isoformat()}
    letter = Letter(Kind.OWN_ACCOUNT, "", f"{what} {now.isoformat()}", details, messages.due_at(Kind.OWN_ACCOUNT, now))
    put(cursor, letter, [messages.Reader("owner", str(account))], now=now)


def address_changes(cursor: Any, *, school: str, old: str, new: str, starts: date, now: datetime) -> None:
    """A school's registered address is to be another one: the old one is told, and only it (interfaces.md)."""
    details = {"from": starts.isoformat()}
    occasion = hashlib.sha256(f"{new.casefold()} {starts}".encode()).hexdigest()
    letter = Letter(Kind.ADDRESS, school, occasion, details, messages.due_at(Kind.ADDRESS, now))
    put(cursor, letter, [messages.Reader("head", address=old)], now=now)


def role_of(cursor: Any, account: UUID | None, school: str, now: datetime) -> str:
    """As what somebody acts at a school; whoever acts on the server itself is an operator."""
    if account is None:
        return "operator"
    cursor.execute(
        "SELECT role FROM role_grant WHERE account = %s AND school IN (%s, '') AND ended_at IS NULL"
        " AND (until IS NULL OR until >= %s)",
        [account, school, london_date(now)],
    )
    held = {role for (role,) in cursor.fetchall()}
    return next((role for role in _ACTING if role in held), "operator")


def watch_hash(school: str, upn: str) -> bytes:
    """What stands for a UPN in a watch: keyed, and another one at each school."""
    key = f"watch:{settings.SECRET_KEY}".encode()
    return hmac.new(key, f"{school}:{upn}".encode(), hashlib.sha256).digest()


def staff_code(code: str) -> str:
    """What stands for a member of staff in a watch, by the code of the school."""
    return f"staff code {code.strip().casefold()}"


def staff_name(name: str) -> str:
    """What stands for a member of staff in a watch, by the whole name in whatever order; empty for one word alone."""
    terms = sorted(names.search_terms(name))
    return f"staff name {' '.join(terms)}" if len(terms) > 1 else ""


def _staff_marks(change: Change) -> tuple[str, ...]:
    """All that a member of staff who gets an account or a post may have been watched by; empty for anybody else."""
    after = change.after
    if change.kind is ChangeKind.CREATE and after.get("kind") != "staff":
        return ()
    named = (
        staff_name(f"{after.get(f'{which}_forename') or ''} {after.get(f'{which}_surname') or ''}")
        for which in ("legal", "preferred")
    )
    code = after.get("staff_code") or ""
    return tuple(filter(None, (staff_code(code) if code else "", *named)))


def _tell_watchers(cursor: Any, people: dict[str, list[tuple[str, ...]]], now: datetime) -> None:
    cursor.execute("SELECT DISTINCT school::text FROM watch WHERE school = ANY(%s)", [list(people)])
    for (school,) in cursor.fetchall():
        who = {watch_hash(school, mark): marks for marks in people[school] for mark in marks}
        cursor.execute(
            "DELETE FROM watch WHERE school = %s AND upn_hash = ANY(%s) RETURNING account::text, upn_hash",
            [school, list(who)],
        )
        told: dict[str, set[tuple[str, ...]]] = {}
        for account, mark in cursor.fetchall():
            told.setdefault(account, set()).add(who[bytes(mark)])
        for account, found in told.items():
            staff = sum(marks[0].startswith("staff ") for marks in found)
            details = {"count": len(found), **({"staff": staff} if staff else {})}
            due = messages.due_at(Kind.WATCHED, now)
            note(cursor, Kind.WATCHED, school, details, due_at=due, account=account)


_BEFORE = """
SELECT result -> 'people', result -> 'problems' FROM run
WHERE school = %s AND accepted_no IS NOT NULL AND state <> 'undone' AND id <> %s ORDER BY accepted_no DESC LIMIT 1
"""
