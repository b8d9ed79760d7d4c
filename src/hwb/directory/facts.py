# ruff: noqa: S608 - statements are put together from the constants of this file only
"""Facts of one school, gathered in a few index-driven statements (architecture.md, rules in Python, sets in SQL)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson

from hwb.extract.records import LearnerRecord, StaffRecord
from hwb.lifecycle.facts import (
    Account,
    Decision,
    DecisionKind,
    Details,
    Learner,
    LearnerEntry,
    Reason,
    School,
    SchoolFacts,
    StaffEntry,
    StaffMember,
    WaitCause,
)

LEARNER_FIELDS = (
    "upn, legal_surname, legal_forename, birth_date, year_group, start_date, leaving_date, enrolment_status, "
    "registration_group, classes, preferred_surname, preferred_forename, former_upn, mis_id, admission_number"
)
STAFF_FIELDS = (
    "legal_surname, legal_forename, staff_code, start_date, leaving_date, mis_id, employee_number, "
    "preferred_surname, preferred_forename, birth_date, role, classes"
)
_ACCOUNT = (
    "id::text, active, reason_rule, reason_code, reason_values, legal_surname, legal_forename, preferred_surname, "
    "preferred_forename, birth_date, upn, grace_until"
)
# A list travels as one text: a driver's array of a thousand values costs more than the rows it asks for.
_LIST = "string_to_array(%s, ',')"
_SCHOOL = "SELECT phase FROM establishment WHERE dfes = %s"
_RUNS = """
SELECT as_at, content_digest, state, confirmed, accepted_no, covers FROM run
WHERE school = %s AND NOT preview AND (accepted_no IS NOT NULL OR state IN ('undone', 'withdrawn') OR confirmed)
ORDER BY accepted_no DESC NULLS LAST, received_at DESC
"""
_DUPLICATES = "SELECT account::text, other::text FROM possible_duplicate WHERE school = %s"
_OWN_UPNS = "SELECT upn FROM learner_record WHERE school = %s"
_ACCOUNTS_BY_UPN = f"SELECT {_ACCOUNT} FROM account WHERE id IN (SELECT account FROM upn WHERE upn = ANY({_LIST}))"
_ACCOUNTS = f"SELECT {_ACCOUNT} FROM account WHERE id = ANY({_LIST}::uuid[])"
_ALL_UPNS = f"SELECT upn, account::text FROM upn WHERE account = ANY({_LIST}::uuid[])"
_PLACEMENTS = f"SELECT account::text, school, role, ended IS NULL FROM placement WHERE account = ANY({_LIST}::uuid[])"
_DECISIONS = (
    "SELECT account::text, id::text, kind, school FROM decision"
    f" WHERE ended_at IS NULL AND account = ANY({_LIST}::uuid[])"
)
_WORDS = (
    f"SELECT school, missing_since, refused, doubtful, {LEARNER_FIELDS} FROM learner_record WHERE upn = ANY({_LIST})"
)
#: UPNs of words that wait to re-key an account, by the UPN that they name as the former one (R9).
_ASKING = f"""
SELECT former_upn, upn FROM learner_record
WHERE former_upn = ANY({_LIST}) AND former_upn <> '' AND doubtful AND missing_since IS NULL AND NOT refused
"""
_WAITS = f"SELECT school, upn, cause FROM wait WHERE upn = ANY({_LIST})"
_STAFF = (
    f"SELECT id::text, account::text, school, missing_since, refused, {STAFF_FIELDS} FROM staff_record "
    "WHERE school = %s ORDER BY id"
)
_WORDS_OF = (
    f"SELECT id::text, account::text, school, missing_since, refused, {STAFF_FIELDS} FROM staff_record "
    f"WHERE account = ANY({_LIST}::uuid[]) ORDER BY id"
)


def load(cursor: Any, *, school: str, upns: set[str], staff: bool = True, own: bool = True) -> SchoolFacts:
    """The facts that may bear on a plan of ``school``.

    ``upns``: those the snapshot names; with ``own`` also all on the school's books. ``staff``: its staff too.
    """
    wanted = {upn for upn in upns if upn}
    if own:
        cursor.execute(_OWN_UPNS, [school])
        wanted.update(row[0] for row in cursor.fetchall())
    learners = _learners(cursor, wanted)
    cursor.execute(_SCHOOL, [school])
    phase = cursor.fetchone()
    cursor.execute(_RUNS, [school])
    runs = cursor.fetchall()
    cursor.execute(_DUPLICATES, [school])
    duplicates = cursor.fetchall()
    accepted = [run for run in runs if run[4] is not None and run[2] != "undone"]
    return SchoolFacts(
        School(school, phase[0] if phase else ""),
        learners,
        _staff(cursor, school) if staff else (),
        accepted[0][0] if accepted else None,
        accepted[0][1] if accepted else "",
        frozenset(kind for run in accepted for kind in run[5]),
        # what is newest now is no longer withdrawn: a run of the same content may have been undone since
        frozenset(run[1] for run in runs if run[2] in ("undone", "withdrawn")) - {accepted[0][1] if accepted else ""},
        frozenset(run[1] for run in runs if run[3] and run[2] not in ("undone", "withdrawn")),
        frozenset(duplicates),
    )


def renewed(cursor: Any, facts: SchoolFacts, *, upns: frozenset[str]) -> SchoolFacts:
    """The facts with these learners, and all who share an account with them, read again."""
    return replace(facts, learners={**facts.learners, **_learners(cursor, set(upns))})


def staff_renewed(cursor: Any, facts: SchoolFacts) -> SchoolFacts:
    """The facts with the school's staff, and their words at other schools, read again."""
    return replace(facts, staff=_staff(cursor, facts.school.dfes))


def _learners(cursor: Any, wanted: set[str]) -> dict[str, Learner]:
    """These people, whose accounts their words ask for under a former UPN, and who asks for theirs (R9)."""
    people = _people(cursor, wanted)
    formers = {
        entry.record.former_upn
        for person in people.values()
        if person.account is None
        for entry in person.entries
        if entry.doubtful and entry.record.former_upn
    }
    if formers - people.keys():
        people |= _people(cursor, formers - people.keys())
    cursor.execute(_ASKING, [",".join(people)])
    asking = cursor.fetchall()
    if not asking:
        return people
    unknown = {upn for _, upn in asking} - people.keys()
    if unknown:
        people |= _people(cursor, unknown)
    by_account: dict[str, dict[str, Learner]] = defaultdict(dict)
    for former_upn, upn in asking:
        account = people[former_upn].account
        if account is not None and people[upn].account is None:
            by_account[account.id][upn] = people[upn]
    asked = {id_: tuple(by_account[id_][upn] for upn in sorted(by_account[id_])) for id_ in by_account}
    found: dict[str, Learner] = {}
    for upn, person in people.items():
        if person.account is not None and person.account.id in asked:
            name = person.account.upn
            found[name] = found.get(name) or replace(person, asking=asked[person.account.id])
            person = found[name]
        found[upn] = person
    return found


def _people(cursor: Any, wanted: set[str]) -> dict[str, Learner]:
    cursor.execute(_ACCOUNTS_BY_UPN, [",".join(wanted)])
    rows = cursor.fetchall()
    ids = [row[0] for row in rows]
    owner: dict[str, str] = {}
    names: dict[str, list[str]] = defaultdict(list)
    cursor.execute(_ALL_UPNS, [",".join(ids)])
    for upn, account in cursor.fetchall():
        owner[upn] = account
        names[account].append(upn)
    accounts = _accounts(cursor, rows, ids, names)
    every = ",".join(wanted.union(owner))
    entries: dict[str, list[LearnerEntry]] = defaultdict(list)
    cursor.execute(_WORDS, [every])
    for school, missing, refused, doubtful, *fields in cursor.fetchall():
        fields[9] = tuple(fields[9])
        upn = fields[0]
        entries[owner.get(upn, upn)].append(LearnerEntry(school, LearnerRecord(*fields), missing, refused, doubtful))
    waits: dict[str, list[tuple[str, WaitCause]]] = defaultdict(list)
    cursor.execute(_WAITS, [every])
    for school, upn, cause in cursor.fetchall():
        waits[owner.get(upn, upn)].append((school, WaitCause(cause)))
    people: dict[str, Learner] = {}
    for account in accounts.values():
        person = Learner(account.upn, account, tuple(entries[account.id]), _in_order(waits[account.id]))
        for upn in names[account.id]:
            people[upn] = person
    for upn in wanted.difference(owner):
        people[upn] = Learner(upn, None, tuple(entries[upn]), _in_order(waits[upn]))
    return people


def _in_order(waits: list[tuple[str, WaitCause]]) -> tuple[tuple[str, WaitCause], ...]:
    # Here, not in SQL: to give them in order the planner may read every wait of the nation by its key.
    return tuple(sorted(waits)) if len(waits) > 1 else tuple(waits)


def _accounts(cursor: Any, rows: list[Any], ids: list[str], names: dict[str, list[str]]) -> dict[str, Account]:
    held: dict[str, str] = {}
    opened: dict[str, dict[str, set[str]]] = defaultdict(lambda: {"guest": set(), "post": set()})
    schools: dict[str, set[str]] = defaultdict(set)
    listed = ",".join(ids)
    cursor.execute(_PLACEMENTS, [listed])
    for account, school, role, is_open in cursor.fetchall():
        schools[account].add(school)
        if is_open and role == "holding":
            held[account] = school
        elif is_open:
            opened[account][role].add(school)
    decisions: dict[str, list[Decision]] = defaultdict(list)
    cursor.execute(_DECISIONS, [listed])
    for account, id_, kind, school in cursor.fetchall():
        decisions[account].append(Decision(id_, DecisionKind(kind), school or None))
    nothing: frozenset[str] = frozenset()
    accounts = {}
    for id_, active, rule, code, values, surname, forename, preferred, called, birth, upn, grace in rows:
        more = opened.get(id_)
        others = names.get(id_, ())
        accounts[id_] = Account(
            id_,
            active,
            Reason(rule, code, tuple(orjson.loads(values).items())),
            Details(surname, forename, preferred, called, birth),
            upn,
            frozenset(others) - {upn} if len(others) > 1 else nothing,
            held.get(id_),
            frozenset(more["guest"]) if more else nothing,
            frozenset(more["post"]) if more else nothing,
            frozenset(schools[id_]),
            tuple(decisions[id_]) if id_ in decisions else (),
            grace,
        )
    return accounts


def _staff(cursor: Any, school: str) -> tuple[StaffMember, ...]:
    cursor.execute(_STAFF, [school])
    rows = cursor.fetchall()
    ids = [row[1] for row in rows if row[1]]
    listed = ",".join(ids)
    cursor.execute(_ACCOUNTS, [listed])
    accounts = _accounts(cursor, cursor.fetchall(), ids, {})
    every: dict[str, list[StaffEntry]] = defaultdict(list)
    cursor.execute(_WORDS_OF, [listed])
    for row in cursor.fetchall():
        every[row[1]].append(_staff_entry(row))
    return tuple(
        StaffMember(_staff_entry(row), accounts.get(row[1]), tuple(e for e in every.get(row[1], ()) if e.id != row[0]))
        for row in rows
    )


def staff_accounts(cursor: Any, ids: Sequence[str]) -> tuple[dict[str, Account], dict[str, tuple[StaffEntry, ...]]]:
    """These staff accounts, and of each the words of all schools that lead to it."""
    listed = ",".join(ids)
    cursor.execute(_ACCOUNTS, [listed])
    accounts = _accounts(cursor, cursor.fetchall(), list(ids), {})
    found: dict[str, list[StaffEntry]] = {id_: [] for id_ in ids}
    cursor.execute(_WORDS_OF, [listed])
    for row in cursor.fetchall():
        found[row[1]].append(_staff_entry(row))
    return accounts, {id_: tuple(entries) for id_, entries in found.items()}


def _staff_entry(row: tuple[Any, ...]) -> StaffEntry:
    id_, _, school, missing, refused, *fields = row
    fields[11] = tuple(fields[11])
    return StaffEntry(school, StaffRecord(*fields), id_, missing, refused)
