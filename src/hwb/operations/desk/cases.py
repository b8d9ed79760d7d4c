"""Cases of the desk: asked for by a school (B17), opened by an agent with a reason, taken, answered, closed (E4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from hwb.directory import chain, store
from hwb.directory.queries import desk_people, matching, movers, roles
from hwb.directory.queries.desk import DeskCase
from hwb.lifecycle import calendar
from hwb.lifecycle.desk import ASKABLE, OPEN, Event, Kind, State
from hwb.lifecycle.messages import Kind as Message
from hwb.lifecycle.messages import Reader
from hwb.operations import attempts
from hwb.operations.desk import storing
from hwb.operations.desk.refusals import DeskRefused
from hwb.operations.desk.storing import NewCase, changed, checked_text, following, require_owner, write
from hwb.operations.messages.writing import Letter, put
from hwb.operations.transactions import in_transaction

#: Roles that read a school's requests (B17).
READERS = frozenset({"champion", "head", "mis_admin", "teacher"})


def request(new: NewCase, *, acting_account: UUID, acting_user: str, now: datetime) -> int:
    """A school asks support for something (B17). Returns the case's number. Raises DeskRefused."""
    if new.kind not in ASKABLE or new.asked_by != acting_account:
        raise DeskRefused("unknown")
    if new.details or new.kind not in (Kind.LEARNER, Kind.ACCOUNT):
        checked_text(new.details)
    return storing.open_case(new, actor=acting_user, now=now)


def open_call(
    *, account: UUID | None, school: str, reason: str, asker: str, language: str, code: str, acting_account: UUID,
    acting_user: str, now: datetime,
) -> int:  # fmt: skip
    """An agent opens a case to look at a record, and has it; the reason comes first (ux.md E2).

    ``asker``: the username of whoever asks, who is answered (M14); of somebody with a role at the school, or empty.
    Raises DeskRefused, and records it when it is the agent's own account, or a school where the person never was:
    guessing where somebody is leaves a trace.
    """
    why = checked_text(reason)
    if account == acting_account:
        _note("case refused", account, {"why": "oneself"}, acting_user, now)
        raise DeskRefused("oneself")
    if school and movers.school(school) is None:
        raise DeskRefused("unknown_school")
    if school and account is not None and not _was_at(account, school):
        _note("case refused", account, {"why": "never_there"}, acting_user, now)
        raise DeskRefused("never_there")
    asked_by = _asker(asker, school, now) if asker.strip() else None
    if asked_by == acting_account:
        _note("case refused", acting_account, {"why": "oneself"}, acting_user, now)
        raise DeskRefused("oneself")
    new = NewCase(Kind.CALL, school, account, details=why, language=language, code=code, asked_by=asked_by,
                  owner=acting_account)  # fmt: skip
    return storing.open_case(new, actor=acting_user, now=now)


def take(*, number: int, acting_account: UUID, acting_user: str, now: datetime) -> None:
    """An agent takes a case, also one that a colleague has. Raises DeskRefused for one about themselves."""

    def work(cursor: Any, case: DeskCase) -> None:
        storing.require_not_own(case, acting_account)
        state = following(case, Event.TAKE)
        write(cursor, case, {"state": state, "owner": acting_account}, event="taken", actor=acting_user, now=now)

    changed(number, work, actor=acting_user, now=now)


def ask_back(*, number: int, text: str, acting_account: UUID, acting_user: str, now: datetime) -> None:
    """The agent needs something of whoever asked, who is told (M14). Raises DeskRefused."""
    needed = checked_text(text)

    def work(cursor: Any, case: DeskCase) -> None:
        require_owner(case, acting_account)
        if case.asked_by is None:
            raise DeskRefused("not_asked")
        state = following(case, Event.ASK_BACK)
        write(cursor, case, {"state": state, "answer": needed}, event="asked back", actor=acting_user, now=now)
        tell(cursor, case, "needs", now=now)

    changed(number, work, actor=acting_user, now=now)


def reply(*, number: int, school: str, text: str, acting_user: str, now: datetime) -> None:
    """The school answers what support needs, or adds to its request. Raises DeskRefused."""
    said = checked_text(text)

    def work(cursor: Any, case: DeskCase) -> None:
        if not (case.kind is Kind.MATCHING and case.state is State.WAITING and case.school == school):
            _require_of(case, school)
        state = following(case, Event.REPLY)
        values = {"state": state, "replies": "\n\n".join(filter(None, (case.replies, said)))}
        write(cursor, case, values, event="replied", actor=acting_user, now=now)

    changed(number, work, actor=acting_user, now=now)


def withdraw(*, number: int, school: str, acting_user: str, now: datetime) -> None:
    """The school needs no answer any more. Raises DeskRefused."""

    def work(cursor: Any, case: DeskCase) -> None:
        _require_of(case, school)
        state = following(case, Event.WITHDRAW)
        write(cursor, case, {"state": state}, event="withdrawn", actor=acting_user, now=now)

    changed(number, work, actor=acting_user, now=now)


def close(
    *, number: int, text: str, changed_something: bool, acting_account: UUID, acting_user: str, now: datetime
) -> None:
    """The agent answers and closes, "Explained, no change" or done; whoever asked is told (M14). Raises DeskRefused,

    also while the records that a case of matching is about still contradict each other: that ends with a finding.
    """
    answer = checked_text(text)
    event, said = (Event.FINISH, "done") if changed_something else (Event.EXPLAIN, "explained")

    def work(cursor: Any, case: DeskCase) -> None:
        require_owner(case, acting_account)
        if case.kind is Kind.MATCHING and matching.still_stands(case.matter):
            raise DeskRefused("contradicts")
        state = following(case, event)
        write(cursor, case, {"state": state, "answer": answer}, event=said, actor=acting_user, now=now)
        if case.asked_by is not None:
            tell(cursor, case, "done", now=now)

    changed(number, work, actor=acting_user, now=now)


def note_seen(
    *, case: DeskCase, what: str, acting_account: UUID, acting_user: str, now: datetime,
    accounts: Sequence[UUID | None] = (None,), dfes: str = "",
) -> None:  # fmt: skip
    """What an agent sees in a case is in the audit log, under each of the accounts that are seen (ux.md E2, R42).

    ``accounts``: whose records; None for whom the case is about. ``dfes``: as which school sees them. Raises
    DeskRefused for their own record, and for anything but the case itself once it is over.
    """

    def work(cursor: Any, held: DeskCase) -> None:
        require_owner(held, acting_account)
        if what != "case" and held.state not in OPEN:
            raise DeskRefused("not_now")
        after = {"case": held.number, "seen": what, **({"as": dfes} if dfes else {})}
        for account in accounts:
            storing.log(cursor, held, "case seen", after, actor=acting_user, now=now, account=account)

    changed(case.number, work, actor=acting_user, now=now)


def unlock(
    *, number: int, account: UUID, school: str, acting_account: UUID, acting_user: str, now: datetime
) -> None:  # fmt: skip
    """Ends the wait after wrong passwords of one of the people of a case; both logs or none. Raises DeskRefused."""

    def work(cursor: Any, case: DeskCase) -> None:
        require_owner(case, acting_account)
        if case.state not in OPEN:
            raise DeskRefused("not_now")
        if account not in (case.account, case.other):
            raise DeskRefused("no_account")
        if not attempts.unlock(account=account, school=school, acting_user=acting_user, now=now):
            raise DeskRefused("no_account")
        write(cursor, case, {}, event="unlocked", actor=acting_user, now=now, account=account)

    changed(number, work, actor=acting_user, now=now)


def note_found(*, account: UUID, by: str, acting_user: str, now: datetime) -> None:
    """Whom an agent found by searching (E1): in the nation's chain; ``by``: which kind of word found them."""
    _note("case search", account, {"by": by}, acting_user, now)


def tell(cursor: Any, case: DeskCase, what: str, *, now: datetime) -> None:
    """M14 to whoever asked: support needs something, or the case is done."""
    details = {"case": case.number, "what": what}
    letter = Letter(Message.CASE, case.school, f"{case.reference} {what} {now}", details, now)
    put(cursor, letter, [Reader("asker", str(case.asked_by))], now=now)


def _asker(username: str, school: str, now: datetime) -> UUID:
    account = movers.account_of(username)
    person = roles.find(account, today=calendar.london_date(now)) if account is not None else None
    if person is None or not any(role.school == school and role.role in READERS for role in person.roles):
        raise DeskRefused("not_at_school", username=username.strip())
    return person.account


def _require_of(case: DeskCase, school: str) -> None:
    if case.school != school or case.asked_by is None:
        raise DeskRefused("unknown")


def _was_at(account: UUID, school: str) -> bool:
    person = desk_people.person(account)
    return person is not None and any(spell.school == school for spell in person.spells)


def _note(action: str, account: UUID, after: dict[str, Any], actor: str, now: datetime) -> None:
    def work() -> None:
        with connection.cursor() as cursor:
            store.lock_chain(cursor, chain.NATION)
            entry = chain.Entry(action, "R42", "", chain.NATION, str(account), after=after)
            store.write_log(cursor, [entry], chain.Writer(chain.NATION, actor, now))

    in_transaction(work)
