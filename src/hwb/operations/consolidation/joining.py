"""Carrying out a consolidation and taking it back, each whole or not at all (R25, R42)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from hwb.directory import chain, service_access, store
from hwb.directory import facts as directory_facts
from hwb.directory.queries import consolidation as rows
from hwb.directory.queries import movers
from hwb.directory.queries.consolidation import Case
from hwb.lifecycle import consolidation as rules
from hwb.lifecycle import consolidation_join
from hwb.lifecycle.changes import Change
from hwb.lifecycle.consolidation import Event
from hwb.lifecycle.consolidation_join import Before, Pair
from hwb.lifecycle.facts import DecisionKind, Details, Reason, School, SchoolFacts
from hwb.lifecycle.plan import Plan
from hwb.operations import locking, settings
from hwb.operations.consolidation import belongings, telling
from hwb.operations.consolidation.authorising import RECORDED, require_owner
from hwb.operations.consolidation.deciding import require_agreement
from hwb.operations.consolidation.refusals import ConsolidationRefused
from hwb.operations.consolidation.storing import following, lock_row, write
from hwb.operations.desk.storing import note_refused
from hwb.operations.transactions import FactsMoved, in_transaction


def join(
    *, number: int, acting_account: UUID, acting_user: str, now: datetime, on: date, at: datetime
) -> tuple[Change, ...]:
    """The kept account takes the newer one's words, posts, password, second step and roles; the newer one is retired.

    ``at``: the real moment, by which sessions live. Raises ConsolidationRefused.
    """

    def work(cursor: Any, case: Case) -> tuple[Change, ...]:
        require_agreement(case, acting_account)
        kept_seen, retiring_seen = case.held.kept, case.held.retiring
        if kept_seen is None or retiring_seen is None:
            raise ConsolidationRefused("not_ready")
        kept, retiring = kept_seen.id, retiring_seen.id
        pair = _pair(cursor, kept, retiring, None)
        plan = consolidation_join.plan_join(pair, school=case.row.new_school)
        _apply(cursor, plan, pair, acting_user, now, on)
        memory = _memory(pair, at)
        memory |= _take_along(cursor, kept, retiring, now)
        cursor.execute("UPDATE account SET retired_into = %s WHERE id = %s", [kept, retiring])
        values = {
            "state": str(following(case.row, Event.JOIN)), "kept": kept, "retiring": retiring, "joined_at": now,
            "joined_by": acting_user, "memory": memory,
        }  # fmt: skip
        write(cursor, case.row, values, event="joined", actor=acting_user, now=now)
        telling.done(cursor, case, UUID(kept), "joined", now=now)
        return plan.changes

    return _whole(number, work, acting_user, now)


def undo(
    *, number: int, acting_account: UUID, acting_user: str, now: datetime, on: date, at: datetime
) -> tuple[Change, ...]:
    """Both accounts as they would be had they never been joined, within 14 days. Raises ConsolidationRefused."""

    def work(cursor: Any, case: Case) -> tuple[Change, ...]:
        require_owner(case, acting_account)
        row = case.row
        state = following(row, Event.UNDO)
        if row.joined_at is None or now > rules.undo_until(row.joined_at):
            raise ConsolidationRefused("too_late")
        kept, retiring, memory = str(row.kept), str(row.retiring), _remembered(cursor, number)
        _require_undoable(cursor, kept, retiring)
        schools = _schools_of(cursor, memory["words"])
        belongings.move_decisions(cursor, kept, retiring, ids=memory["decisions"], schools=schools, since=row.joined_at)
        pair = _pair(cursor, kept, retiring, frozenset(memory["words"]))
        plan = consolidation_join.plan_undo(pair, _before(memory), school=row.new_school, on=on)
        cursor.execute("UPDATE account SET retired_into = NULL WHERE id = %s", [retiring])
        _apply(cursor, plan, pair, acting_user, now, on)
        _give_back(cursor, kept, retiring, memory, schools, row.joined_at, now)
        cursor.execute("UPDATE account SET sessions_from = %s WHERE id = ANY(%s::uuid[])", [at, [kept, retiring]])
        service_access.end(cursor, accounts=[kept])
        values = {"state": str(state), "undone_at": now}
        write(cursor, row, values, event="undone", actor=acting_user, now=now)
        telling.done(cursor, case, UUID(retiring), "undone", now=now)
        return plan.changes

    return _whole(number, work, acting_user, now)


def _whole(
    number: int, work: Callable[[Any, Case], tuple[Change, ...]], actor: str, now: datetime
) -> tuple[Change, ...]:
    """Locks in the one order: the chains of every school of both accounts, then the case, then the accounts."""

    def whole() -> tuple[Change, ...]:
        with connection.cursor() as cursor:
            schools = _schools(cursor, number)
            for school in sorted(schools):
                store.lock_chain(cursor, school)
            case = lock_row(cursor, number, now=now)
            if _schools(cursor, number) - schools:
                raise FactsMoved(str(number))
            store.lock_accounts(cursor, _accounts(case))
            return work(cursor, lock_row(cursor, number, now=now))

    try:
        return in_transaction(whole)
    except ConsolidationRefused as wrong:
        if wrong.code in RECORDED:
            note_refused(number=number, code=wrong.code, actor=actor, now=now)
        raise


def _accounts(case: Case) -> list[str]:
    found = [one.id for one in (case.held.kept, case.held.retiring) if one is not None]
    return sorted({*found, *(str(id_) for id_ in (case.row.kept, case.row.retiring) if id_ is not None)})


def _schools(cursor: Any, number: int) -> set[str]:
    """Every school of whose words one of the two accounts has any, and those of the case."""
    cursor.execute("SELECT mover, kept, previous_username, previous_school, new_school FROM consolidation"
                   " WHERE number = %s", [number])  # fmt: skip
    row = cursor.fetchone()
    if row is None:
        raise ConsolidationRefused("unknown")
    mover, kept, username, *schools = row
    ids = [id_ for id_ in (mover, kept or movers.account_of(username)) if id_ is not None]
    cursor.execute("SELECT DISTINCT school::text FROM staff_record WHERE account = ANY(%s)", [ids])
    return {*schools, *(school for (school,) in cursor.fetchall())}


def _pair(cursor: Any, kept: str, retiring: str, words: frozenset[str] | None) -> Pair:
    """Both accounts with their words; ``words``: those that the join gave the kept account, before an undo."""
    accounts, by_account = directory_facts.staff_accounts(cursor, [kept, retiring])
    if words is None:
        return Pair(accounts[kept], accounts[retiring], by_account[kept], by_account[retiring])
    moved = tuple(entry for entry in by_account[kept] if entry.id in words)
    own = tuple(entry for entry in by_account[kept] if entry.id not in words)
    return Pair(accounts[kept], accounts[retiring], own, moved)


def _apply(cursor: Any, plan: Plan, pair: Pair, actor: str, now: datetime, on: date) -> None:
    members = tuple(consolidation_join.member(word, pair.kept) for word in (*pair.kept_words, *pair.words))
    members += tuple(consolidation_join.member(word, pair.retiring) for word in pair.words)
    facts = SchoolFacts(School(plan.school), staff=members)
    writer = chain.Writer(plan.school, actor, now)
    applying = locking.applying(writer, on=on, policy=settings.policy_from(settings.stored()))
    store.apply(cursor, plan, facts=facts, applying=applying)


def _memory(pair: Pair, at: datetime) -> dict[str, Any]:
    details, reason = pair.kept.details, pair.kept.reason
    return {
        "words": sorted(word.id for word in pair.words), "at": at.isoformat(),
        "details": [details.legal_surname, details.legal_forename, details.preferred_surname,
                    details.preferred_forename, details.birth_date.isoformat() if details.birth_date else None],
        "reason": [str(reason.rule), reason.code, dict(reason.values)],
    }  # fmt: skip


def _before(memory: dict[str, Any]) -> Before:
    surname, forename, called, known_as, birth = memory["details"]
    rule, code, values = memory["reason"]
    details = Details(surname, forename, called, known_as, date.fromisoformat(birth) if birth else None)
    return Before(details, Reason(rule, code, tuple(values.items())))


def _take_along(cursor: Any, kept: str, retiring: str, now: datetime) -> dict[str, Any]:
    belongings.swap_passwords(cursor, kept, retiring)
    belongings.swap_second_steps(cursor, kept, retiring)
    belongings.swap_choices(cursor, kept, retiring)
    return {
        "grants": belongings.move_roles(cursor, retiring, kept),
        "decisions": belongings.move_decisions(cursor, retiring, kept, ids=None, schools=[], since=None),
        "protected": belongings.protect(cursor, kept, other=retiring, now=now),
    }


def _give_back(
    cursor: Any, kept: str, retiring: str, memory: dict[str, Any], schools: list[str], joined: datetime, now: datetime
) -> None:
    belongings.swap_passwords(cursor, kept, retiring)
    belongings.swap_second_steps(cursor, kept, retiring, made_since=datetime.fromisoformat(memory["at"]))
    belongings.swap_choices(cursor, kept, retiring)
    since = belongings.grants_since(cursor, kept, schools=schools, since=joined)
    belongings.move_roles(cursor, kept, retiring, grants=sorted({*memory["grants"], *since}))
    belongings.protect(cursor, retiring, other=kept, now=now)
    if memory["protected"]:
        cursor.execute("UPDATE protection SET ended_at = %s, ended_by = 'consolidation undone'"
                       " WHERE id = %s AND ended_at IS NULL", [now, memory["protected"]])  # fmt: skip


def _remembered(cursor: Any, number: int) -> dict[str, Any]:
    cursor.execute("SELECT memory FROM consolidation WHERE number = %s", [number])
    memory: dict[str, Any] = rows.as_json(cursor.fetchone()[0])
    return memory


def _schools_of(cursor: Any, words: list[str]) -> list[str]:
    cursor.execute("SELECT DISTINCT school::text FROM staff_record WHERE id = ANY(%s::uuid[])", [words])
    return sorted(school for (school,) in cursor.fetchall())


def _require_undoable(cursor: Any, kept: str, retiring: str) -> None:
    cursor.execute("SELECT retired_into::text FROM account WHERE id = %s", [retiring])
    if cursor.fetchone()[0] != kept:
        raise ConsolidationRefused("not_now")
    cursor.execute("SELECT retired_into FROM account WHERE id = %s", [kept])
    if cursor.fetchone()[0] is not None:
        raise ConsolidationRefused("joined_on")
    kinds = [str(DecisionKind.SUSPENDED), str(DecisionKind.SAFETY)]
    cursor.execute("SELECT 1 FROM decision WHERE account = %s AND ended_at IS NULL AND kind = ANY(%s)", [kept, kinds])
    if cursor.fetchone() is not None:
        raise ConsolidationRefused("suspended")
