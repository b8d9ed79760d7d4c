"""What people decide about one account: switching off and on, "left", suspension (R31, R32).

A decision is stored, and that person is settled by the same rules and the same store as by a run, in one
transaction.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from django.db import connection

from hwb.directory import chain, facts, store
from hwb.extract.texts import N_, Text
from hwb.lifecycle import access
from hwb.lifecycle.calendar import has_left
from hwb.lifecycle.desk import Kind as DeskKind
from hwb.lifecycle.facts import DecisionKind, LearnerEntry, School, SchoolFacts, StaffEntry
from hwb.operations import due, officials
from hwb.operations.desk import storing
from hwb.operations.desk.storing import NewCase
from hwb.operations.invariants import UPN_PATTERN
from hwb.operations.transactions import in_transaction

LONGEST_REASON = 500
_UPN = re.compile(UPN_PATTERN)


class DecisionRefused(Exception):
    """The decision cannot be made; `text` says why and who could make it."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(code)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Decided:
    """What stands after a decision: the account's state, and how many changes it brought."""

    account: str
    username: str
    state: str
    changes: int


@dataclass(frozen=True, slots=True)
class _Person:
    """The account in question, with what is needed to decide about it."""

    id: str
    kind: str
    username: str
    upns: tuple[str, ...]
    schools: frozenset[str]
    holder: str | None
    posts: frozenset[str]


def deactivate(
    *, username: str, school: str, reason: str, acting_user: str, now: datetime, on: date, details: str = ""
) -> Decided:
    """Switches an account of the school off (R31). Raises DecisionRefused.

    reason "safety": only support ends it, and support is asked for a suspension everywhere, with the
    `details`. reason "left": on a missing person it confirms that they left (R32), on
    a person still on roll it is only a deactivation.
    """
    check_reason(reason)
    if details.strip():
        check_reason(details)

    def make(cursor: Any, person: _Person, known: SchoolFacts) -> list[chain.Entry]:
        _require_own(person, school)
        kind = DecisionKind.DEACTIVATED
        if reason.strip().casefold() == "safety":
            kind = DecisionKind.SAFETY
        elif reason.strip().casefold() == "left":
            kind = access.kind_of_left(_word(person, known, school))
        made = [_decide(cursor, person, kind, school=school, reason=reason, actor=acting_user, now=now)]
        if kind is DecisionKind.SAFETY:
            made += _ask_support(cursor, person, school=school, details=details, actor=acting_user, now=now)
        return made

    return _settled(username=username, school=school, make=make, actor=acting_user, now=now, on=on)


def left(*, username: str, school: str, reason: str, acting_user: str, now: datetime, on: date) -> Decided:
    """Confirms that a missing person left (R32); a person still on roll is only switched off (R31)."""
    del reason  # the reason *is* that they left
    return deactivate(username=username, school=school, reason="left", acting_user=acting_user, now=now, on=on)


def reactivate(*, username: str, school: str, reason: str, acting_user: str, now: datetime, on: date) -> Decided:
    """Ends the school's own deactivation or confirmed departure. Raises DecisionRefused; safety is support's.

    A missing person whose departure was confirmed wrongly is the school's again at once, missing as before (R32);
    not when another school has claimed the account meanwhile.
    """
    check_reason(reason)

    def make(cursor: Any, person: _Person, known: SchoolFacts) -> list[chain.Entry]:
        _require_unclaimed(person, school)
        _require_own(person, school)
        _require_not_left(_word(person, known, school), on)
        ended = _end(cursor, person, (DecisionKind.DEACTIVATED, DecisionKind.LEFT), school, acting_user, now)
        if not ended:
            _refuse_not_standing(cursor, person)
        return ended

    return _settled(username=username, school=school, make=make, actor=acting_user, now=now, on=on)


def suspend(*, username: str, school: str, reason: str, acting_user: str, now: datetime, on: date) -> Decided:
    """Support switches an account off anywhere (R31); only support ends it. `school`: empty for the person's own."""
    check_reason(reason)

    def make(cursor: Any, person: _Person, _known: SchoolFacts) -> list[chain.Entry]:
        return [_decide(cursor, person, DecisionKind.SUSPENDED, school="", reason=reason, actor=acting_user, now=now)]

    return _settled(username=username, school=school, make=make, actor=acting_user, now=now, on=on)


def release_suspension(
    *, username: str, school: str, reason: str, acting_user: str, now: datetime, on: date
) -> Decided:
    """Support ends a suspension, and a deactivation that was made for safety (R31)."""
    check_reason(reason)

    def make(cursor: Any, person: _Person, _known: SchoolFacts) -> list[chain.Entry]:
        ended = _end(cursor, person, (DecisionKind.SUSPENDED, DecisionKind.SAFETY), None, acting_user, now)
        if not ended:
            raise DecisionRefused("not_suspended", Text(N_("This account is not suspended.")))
        return ended

    return _settled(username=username, school=school, make=make, actor=acting_user, now=now, on=on)


_Make = Callable[[Any, _Person, SchoolFacts], list[chain.Entry]]


def _settled(*, username: str, school: str, make: _Make, actor: str, now: datetime, on: date) -> Decided:
    """Locks, decides, plans and applies for one person, in the order of every write."""

    def work() -> Decided:
        with connection.cursor() as cursor:
            found = find_person(cursor, username)
            if found.kind == "official":
                return _settled_official(cursor, username, make, actor=actor, now=now)
            named = school or found.holder or min(found.posts or found.schools, default="")
            _require_registered(cursor, named)
            at = _settled_at(found, named)
            store.lock_chain(cursor, at)
            person = find_person(cursor, username)
            store.lock_upns(cursor, person.upns)
            person = find_person(cursor, username)
            known = _facts(cursor, person, at)
            entries = make(cursor, person, known)
            store.write_log(cursor, entries, chain.Writer(at, actor, now))
            words = {member.entry.id for member in known.staff}
            changes = due.settle_people(
                cursor,
                school=at,
                upns=set(person.upns),
                staff=words,
                actor=actor,
                on=on,
                now=now,
                still_here=_is_still_here(cursor, person, known, at, entries),
            )
            cursor.execute("SELECT active FROM account WHERE id = %s", [person.id])
            state = "active" if cursor.fetchone()[0] else "inactive"
        return Decided(person.id, person.username, state, changes)

    return in_transaction(work)


def _settled_official(cursor: Any, username: str, make: _Make, *, actor: str, now: datetime) -> Decided:
    """Of somebody outside every school's roll: no school's word settles them, so the decision itself is what counts."""
    store.lock_chain(cursor, chain.NATION)
    person = find_person(cursor, username)
    entries = make(cursor, person, SchoolFacts(School("")))
    writer = chain.Writer(chain.NATION, actor, now)
    store.write_log(cursor, entries, writer)
    changes = officials.settle(cursor, account=person.id, writer=writer)
    cursor.execute("SELECT active FROM account WHERE id = %s", [person.id])
    return Decided(person.id, person.username, "active" if cursor.fetchone()[0] else "inactive", changes)


def _settled_at(person: _Person, school: str) -> str:
    """Where the decision takes effect: support may name any school, but staff are settled by a word of their own."""
    if person.kind == "learner" or school in person.schools:
        return school
    return min(person.posts or person.schools, default=school)


def _require_registered(cursor: Any, school: str) -> None:
    cursor.execute("SELECT EXISTS (SELECT FROM establishment WHERE dfes = %s)", [school])
    if not cursor.fetchone()[0]:
        raise DecisionRefused(
            "unknown_school", Text(N_("Not in the register of schools: {schools}"), {"schools": school})
        )


def _facts(cursor: Any, person: _Person, school: str) -> SchoolFacts:
    """The facts of this one person, seen from the school."""
    if person.kind == "learner":
        return facts.load(cursor, school=school, upns=set(person.upns), staff=False, own=False)
    whole = facts.load(cursor, school=school, upns=set(), staff=True, own=False)
    return replace(whole, staff=tuple(m for m in whole.staff if m.account is not None and m.account.id == person.id))


def _word(person: _Person, known: SchoolFacts, school: str) -> LearnerEntry | StaffEntry | None:
    if person.kind == "learner":
        entries = known.learners[person.upns[0]].entries
        return next((entry for entry in entries if entry.school == school), None)
    return known.staff[0].entry if known.staff else None


def find_person(cursor: Any, username: str) -> _Person:
    """Whom a username names, an earlier one too. Raises DecisionRefused."""
    cursor.execute(_PERSON, [username.strip().casefold()])
    row = cursor.fetchone()
    if row is None:
        raise DecisionRefused(
            "unknown_username", Text(N_("Nobody has this username: {username}"), {"username": username})
        )
    id_, kind, name, upns, schools, holder, posts = row
    return _Person(id_, kind, name, tuple(upns), frozenset(schools), holder, frozenset(posts))


def _is_still_here(cursor: Any, person: _Person, known: SchoolFacts, school: str, entries: list[chain.Entry]) -> bool:
    """Whether these entries take back the very confirmation by which the school let a missing person go (R32).

    Shown by the end of that decision, by the school's word, which is still an absence without leaving date, and by
    its placement, which nothing but the confirmation can have closed since the decision was made. A claim by another
    school would have ended the decision.
    """
    ended = [
        e.after["decision"] for e in entries if e.action == "decision end" and e.after["kind"] == DecisionKind.LEFT
    ]
    if not ended or person.holder is not None:
        return False
    if access.kind_of_left(_word(person, known, school)) is not DecisionKind.LEFT:
        return False
    if person.kind == "learner":
        account = known.learners[person.upns[0]].account
        return account is not None and account.reason == access.departure_reason(school)
    cursor.execute(_LET_GO, {"account": person.id, "school": school, "decision": ended[0]})
    return bool(cursor.fetchone()[0])


def _require_unclaimed(person: _Person, school: str) -> None:
    if person.holder not in (None, school) and school in person.schools:
        raise DecisionRefused(
            "claimed_elsewhere",
            Text(N_("Another school has claimed this account in the meantime. Only that school can let it go.")),
        )


def _require_own(person: _Person, school: str) -> None:
    """A school decides about accounts that it has, or that it let go and nobody holds (R31, I9)."""
    if person.kind == "learner":
        own = person.holder == school or (person.holder is None and school in person.schools)
    else:
        own = school in person.schools
    if not own:
        raise DecisionRefused(
            "not_this_school", Text(N_("This account is not the school's. School: {school}"), {"school": school})
        )


def _decide(
    cursor: Any, person: _Person, kind: DecisionKind, *, school: str, reason: str, actor: str, now: datetime
) -> chain.Entry:
    made = str(uuid4())
    cursor.execute(
        "INSERT INTO decision (id, account, school, kind, reason, made_by, made_at, ended_by)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, '') ON CONFLICT DO NOTHING RETURNING id",
        [made, person.id, school, str(kind), reason.strip(), actor, now],
    )
    if cursor.fetchone() is None:
        raise DecisionRefused("stands_already", Text(N_("This was decided before, and still stands.")))
    rule = "R32" if kind is DecisionKind.LEFT else "R31"
    after = {"decision": made, "kind": str(kind)}
    return chain.Entry("decision", rule, str(kind), school or chain.NATION, person.id, after=after)


def _end(
    cursor: Any, person: _Person, kinds: tuple[DecisionKind, ...], school: str | None, actor: str, now: datetime
) -> list[chain.Entry]:
    cursor.execute(
        "UPDATE decision SET ended_at = %s, ended_by = %s WHERE account = %s AND kind = ANY(%s) AND ended_at IS NULL"
        " AND (%s::text IS NULL OR school = %s) RETURNING id::text, kind, school",
        [now, actor, person.id, [str(kind) for kind in kinds], school, school],
    )
    return [
        chain.Entry(
            "decision end",
            "R31",
            "decision_ended",
            of or chain.NATION,
            person.id,
            after={"decision": id_, "kind": kind},
        )
        for id_, kind, of in sorted(cursor.fetchall())
    ]


def _ask_support(
    cursor: Any, person: _Person, *, school: str, details: str, actor: str, now: datetime
) -> list[chain.Entry]:
    """Asks for a suspension, once: the school's own switching off ends at its gate."""
    new = NewCase(DeskKind.SAFETY, school, person.id, details=details)
    number = storing.insert(cursor, new, actor=actor, now=now)
    return [] if number is None else [storing.opened(number, new)]


def _require_not_left(word: LearnerEntry | StaffEntry | None, on: date) -> None:
    """A past leaving date keeps the account off whatever the school decides: the MIS is where that is changed."""
    if word is not None and has_left(word.record, on):
        raise DecisionRefused(
            "has_left",
            Text(
                N_(
                    "The MIS has a leaving date that has passed. The MIS administrator can take it out;"
                    " then run the client."
                )
            ),
        )


def _refuse_not_standing(cursor: Any, person: _Person) -> None:
    cursor.execute("SELECT kind FROM decision WHERE account = %s AND ended_at IS NULL ORDER BY kind", [person.id])
    kinds = {row[0] for row in cursor.fetchall()}
    if kinds & {str(DecisionKind.SAFETY), str(DecisionKind.SUSPENDED)}:
        raise DecisionRefused("support_only", Text(N_("Only support can switch this account on again.")))
    raise DecisionRefused("not_deactivated", Text(N_("The school did not switch this account off.")))


def check_reason(reason: str) -> None:
    """Raises DecisionRefused for a reason that is empty, too long or holds a UPN."""
    text = reason.strip()
    if not text or len(text) > LONGEST_REASON or not text.isprintable():
        raise DecisionRefused("reason_needed", Text(N_("A reason of up to 500 characters is needed.")))
    if _UPN.search(text.upper()):
        raise DecisionRefused("reason_personal", Text(N_("A reason must not contain a UPN.")))


#: The newest stay of the person at the school ended on the day of the decision.
_LET_GO = """
SELECT coalesce((
    SELECT p.ended = (d.made_at AT TIME ZONE 'Europe/London')::date FROM placement p
    WHERE p.account = d.account AND p.school = %(school)s AND p.role IN ('holding', 'post')
    ORDER BY p.ended DESC NULLS FIRST, p.id DESC LIMIT 1), false)
FROM decision d WHERE d.id = %(decision)s AND d.account = %(account)s
"""
_PERSON = """
SELECT a.id::text, a.kind, a.username,
       array(SELECT u.upn::text FROM upn u WHERE u.account = a.id ORDER BY u.upn <> a.upn, u.upn),
       array(SELECT DISTINCT p.school::text FROM placement p WHERE p.account = a.id AND p.role <> 'guest'),
       (SELECT p.school FROM placement p WHERE p.account = a.id AND p.role = 'holding' AND p.ended IS NULL),
       array(SELECT p.school::text FROM placement p WHERE p.account = a.id AND p.role = 'post' AND p.ended IS NULL)
FROM name_owner i JOIN account a ON a.id = i.account
WHERE i.value = %s AND i.kind = 'username'
"""
