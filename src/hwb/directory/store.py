"""Applying a plan: accounts, names, placements, words, waits, decisions and the audit log, in set statements."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from hwb import names
from hwb.directory import chain, connected_accounts, service_access, sets
from hwb.directory.vault import PersonKey
from hwb.lifecycle import planning, usernames
from hwb.lifecycle.changes import PERSONAL, Change, ChangeKind
from hwb.lifecycle.facts import Account, LearnerEntry, SchoolFacts, StaffEntry
from hwb.lifecycle.plan import Plan
from hwb.lifecycle.policy import Policy
from hwb.lifecycle.rules import Rule

#: A successor's newest run no longer says all that its words say (R43).
_WORDS_MOVED = """
UPDATE run SET words_moved = true WHERE (school, accepted_no) IN
    (SELECT school, max(accepted_no) FROM run WHERE school = ANY(%s) AND accepted_no IS NOT NULL AND state <> 'undone'
     GROUP BY school)
"""
NAMES = ("legal_surname", "legal_forename", "preferred_surname", "preferred_forename", "birth_date")


@dataclass(frozen=True, slots=True)
class Applying:
    """What applying needs beside the plan: who, when, on which day, and the installation's secrets and domain."""

    writer: chain.Writer
    on: date
    policy: Policy
    secret: str
    mail_domain: str


@dataclass(slots=True)
class _Work:
    """Rows to be written, gathered from the changes before anything is sent."""

    created: list[dict[str, Any]] = field(default_factory=list)
    updated: dict[str, dict[str, Any]] = field(default_factory=dict)
    opened: list[dict[str, Any]] = field(default_factory=list)
    closed: list[dict[str, Any]] = field(default_factory=list)
    upns: list[dict[str, Any]] = field(default_factory=list)
    claimed: list[dict[str, Any]] = field(default_factory=list)
    waits: list[dict[str, Any]] = field(default_factory=list)
    waits_ended: list[dict[str, Any]] = field(default_factory=list)
    duplicates: list[dict[str, Any]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    reopened: list[str] = field(default_factory=list)
    entries: list[chain.Entry] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    personal: dict[str, dict[str, Any]] = field(default_factory=dict)


def new_id() -> str:
    """A time-ordered UUID (version 7), so that new rows lie together in the index."""
    value = (int(time.time() * 1000) << 80) | int.from_bytes(os.urandom(10), "big")
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return str(UUID(int=value))


def apply(cursor: Any, plan: Plan, *, facts: SchoolFacts, applying: Applying) -> dict[str, str]:
    """Executes exactly this plan inside the caller's transaction; returns account ids of those it created by person.

    The caller holds the chain head of ``applying.writer.chain`` and the UPN rows of ``plan.upns_at_stake()``.
    """
    known = _accounts(facts)
    work = _Work()
    for change in plan.changes:
        if change.kind is ChangeKind.CREATE:
            work.ids[change.person] = new_id()
    keys = _keys(cursor, plan.changes, work, applying.secret)
    for change in plan.changes:
        _gather(change, known, work, keys, applying)
    give_names(cursor, work.created, applying.mail_domain)
    _write_accounts(cursor, work)
    _write_words(cursor, plan, facts, work, applying)
    for statement, rows in (
        (sets.WAITS_ENDED, work.waits_ended),  # first: a wait may end and begin anew for another cause
        (sets.WAITS, work.waits),
        (sets.DUPLICATES, work.duplicates),
    ):
        sets.send(cursor, statement, rows)
    _write_decisions(cursor, work, applying)
    _tell_connectors(cursor, plan.changes, work)
    write_log(cursor, work.entries, applying.writer)
    return work.ids


#: Changes that services may have to follow. A wait, what was decided, and a UPN are not seen there.
_FOLLOWED = frozenset({
    ChangeKind.CREATE, ChangeKind.CLAIM, ChangeKind.RELEASE, ChangeKind.STATE, ChangeKind.DETAILS, ChangeKind.PLACE,
    ChangeKind.GUEST, ChangeKind.GUEST_END, ChangeKind.POST, ChangeKind.POST_END,
})  # fmt: skip


def _tell_connectors(cursor: Any, changes: Sequence[Change], work: _Work) -> None:
    """Puts everybody whom services may have to have otherwise into the outbox, first those who are out."""
    if not connected_accounts.are_followed(cursor):
        return
    accounts = {c.account or work.ids.get(c.person) for c in changes if c.kind in _FOLLOWED}
    out = [id_ for id_, values in work.updated.items() if values.get("active") is False]
    connected_accounts.mark(cursor, accounts=[id_ for id_ in accounts if id_], out=out)


def write_log(cursor: Any, entries: Sequence[chain.Entry], writer: chain.Writer) -> None:
    """Adds entries to the writer's chain, whose head the caller has locked (:func:`lock_chain`)."""
    if not entries:
        return
    seq, head = lock_chain(cursor, writer.chain)
    rows, head = chain.link(entries, writer, seq=seq, head=head)
    with cursor.copy(f"COPY audit ({', '.join(chain.COLUMNS)}) FROM STDIN") as copy:
        copy.write("".join(map(chain.copied, rows)))
    cursor.execute("UPDATE chain_head SET seq = %s, hash = %s WHERE chain = %s", [seq + len(rows), head, writer.chain])


def lock_chain(cursor: Any, name: str) -> tuple[int, bytes]:
    """The chain's last number and hash, locked until the transaction ends: the first lock of every write."""
    cursor.execute("SELECT seq, hash FROM chain_head WHERE chain = %s FOR UPDATE", [name])
    row = cursor.fetchone()
    if row is None:
        cursor.execute(
            "INSERT INTO chain_head (chain, seq, hash) VALUES (%s, 0, '') ON CONFLICT (chain) DO NOTHING", [name]
        )
        cursor.execute("SELECT seq, hash FROM chain_head WHERE chain = %s FOR UPDATE", [name])
        row = cursor.fetchone()
    return row[0], bytes(row[1])


def lock_upns(cursor: Any, upns: Iterable[str]) -> None:
    """Locks what is decided about these UPNs, always in one order; a UPN never seen gets its row here."""
    ordered = sorted(upns)
    if not ordered:
        return
    cursor.execute(
        "INSERT INTO upn (upn) SELECT unnest(string_to_array(%s, ',')) ON CONFLICT (upn) DO NOTHING",
        [",".join(ordered)],
    )
    cursor.execute(
        "SELECT FROM upn WHERE upn = ANY(string_to_array(%s, ',')) ORDER BY upn FOR UPDATE", [",".join(ordered)]
    )


def lock_accounts(cursor: Any, ids: Iterable[str]) -> None:
    """Locks what is decided about these accounts, always in one order; the last locks that a plan takes.

    Weaker than FOR UPDATE, so that placements of other schools may refer to the row meanwhile.
    """
    cursor.execute("SELECT 1 FROM account WHERE id = ANY(%s::uuid[]) ORDER BY id FOR NO KEY UPDATE", [sorted(ids)])


def _accounts(facts: SchoolFacts) -> dict[str, Account]:
    accounts = {person.account.id: person.account for person in facts.learners.values() if person.account}
    accounts.update({member.account.id: member.account for member in facts.staff if member.account})
    return accounts


def _keys(cursor: Any, changes: Sequence[Change], work: _Work, secret: str) -> dict[str, PersonKey]:
    """Keys of everybody whose personal values the changes touch: new ones for new accounts."""
    keys = {id_: PersonKey.new(id_) for id_ in work.ids.values()}
    wanted = {
        change.account
        for change in changes
        if change.account and (change.kind in (ChangeKind.DETAILS, ChangeKind.REKEY))
    }
    if wanted:
        cursor.execute("SELECT account::text, wrapped FROM person_key WHERE account = ANY(%s::uuid[])", [list(wanted)])
        for account, wrapped in cursor.fetchall():
            keys[account] = PersonKey.unwrap(account, bytes(wrapped), secret=secret)
    return keys


def _gather(  # noqa: C901 - one branch a kind of change
    change: Change, known: dict[str, Account], work: _Work, keys: dict[str, PersonKey], applying: Applying
) -> None:
    kind, after = change.kind, change.after
    account = change.account or work.ids.get(change.person)
    digest = None
    if kind is ChangeKind.CREATE:
        digest = _gather_new(change, account or "", work, keys, applying)
    elif kind in (ChangeKind.CLAIM, ChangeKind.RELEASE):
        _gather_move(change, account or "", work, applying)
    elif kind is ChangeKind.STATE:
        values = {"active": after["state"] == "active", **_reason(change)}
        work.updated.setdefault(account or "", {}).update(values)
    elif kind in (ChangeKind.DETAILS, ChangeKind.REKEY):
        digest = _gather_personal(change, known[account or ""], work, keys)
    elif kind in (ChangeKind.GUEST, ChangeKind.POST):
        work.opened.append(_placing(account, change.school, str(kind), applying))
    elif kind in (ChangeKind.GUEST_END, ChangeKind.POST_END):
        work.closed.append(_placing(account, change.school, str(kind).split()[0], applying))
    elif kind is ChangeKind.WAIT:
        wait = {"school": change.school, "upn": change.person, "cause": after["cause"]}
        work.waits.append({**wait, "since": applying.on.isoformat()})
    elif kind is ChangeKind.WAIT_END:
        work.waits_ended.append({"school": change.school, "upn": change.person})
    elif kind is ChangeKind.DUPLICATE:
        row = {"account": account, "other": after["other"], "school": change.school}
        work.duplicates.append({**row, "since": applying.on.isoformat()})
    elif kind is ChangeKind.DECISION_END:
        work.ended.append(after["decision"])
    elif kind is ChangeKind.DECISION_REOPEN:
        work.reopened.append(after["decision"])
    work.entries.append(
        chain.Entry(
            str(kind), str(change.rule), change.reason, change.school, account, change.before, after,
            dict(change.values), keys.get(account or ""), digest,
        )
    )  # fmt: skip


def _reason(change: Change) -> dict[str, Any]:
    return {"reason_rule": str(change.rule), "reason_code": change.reason, "reason_values": dict(change.values)}


def _placing(account: str | None, school: str, role: str, applying: Applying) -> dict[str, Any]:
    return {"account": account, "school": school, "role": role, "day": applying.on.isoformat()}


def _gather_new(change: Change, account: str, work: _Work, keys: dict[str, PersonKey], applying: Applying) -> bytes:
    after = change.after
    personal = {name: after[name] for name in NAMES} | {"upn": after.get("upn", "")}
    digest = keys[account].digest(personal)
    school, role = (after["holder"], "holding") if "holder" in after else (after["post"], "post")
    work.created.append(
        {
            "id": account, "kind": after["kind"], **_reason(change), **personal, **_name_keys(personal),
            "personal_digest": digest.hex(), "wrapped": keys[account].wrap(secret=applying.secret).hex(),
            "created_at": applying.writer.at.isoformat(),
        }
    )  # fmt: skip
    work.opened.append(_placing(account, school, role, applying))
    if personal["upn"]:
        work.upns.append({"upn": personal["upn"], "account": account})
    return digest


def _name_keys(personal: dict[str, Any]) -> dict[str, str]:
    return names.keys(*(personal[name] for name in NAMES[:4]))


def _gather_move(change: Change, account: str, work: _Work, applying: Applying) -> None:
    before, after = change.before, change.after
    if before["holder"]:
        work.closed.append(_placing(account, before["holder"], "holding", applying))
    if after["holder"]:
        work.opened.append(_placing(account, after["holder"], "holding", applying))
        at = applying.writer.at.isoformat()
        work.claimed.append({"account": account, "school": after["holder"], "at": at})
    work.updated.setdefault(account, {})["grace_until"] = after["grace_until"]
    if change.kind is ChangeKind.RELEASE:
        work.updated[account].update(_reason(change))


def _gather_personal(change: Change, account: Account, work: _Work, keys: dict[str, PersonKey]) -> bytes:
    """New names, birth date or UPN, and the digest of all of them."""
    details = account.details
    start = {
        **{name: getattr(details, name) for name in NAMES[:4]},
        "birth_date": details.birth_date.isoformat() if details.birth_date else None,
        "upn": account.upn,
    }
    personal = work.personal.setdefault(account.id, start)
    values = {key: value for key, value in change.after.items() if key in PERSONAL}
    personal.update(values)
    digest = keys[account.id].digest(personal)
    updated = {**values, **_name_keys(personal), "personal_digest": digest.hex()}
    work.updated.setdefault(account.id, {}).update(updated)
    if change.kind is ChangeKind.REKEY:
        work.upns.append({"upn": change.after["upn"], "account": account.id})
        if change.rule == Rule.UNDO:  # nobody's again; R9 keeps the earlier UPN as an alias
            work.upns.append({"upn": change.before["upn"], "account": None})
    return digest


def give_names(cursor: Any, created: list[dict[str, Any]], mail_domain: str) -> None:
    """A username and an address for each new account; none that anybody ever had (R33), also under concurrent runs."""
    nameless, draw = list(created), 0
    while nameless:
        tries = {}
        for row in nameless:
            surname = row["preferred_surname"] or row["legal_surname"]
            forename = row["preferred_forename"] or row["legal_forename"]
            tries[row["id"]] = usernames.candidates(usernames.base(surname, forename), row["id"], draw=draw)
        cursor.execute(
            "SELECT value FROM identifier WHERE value = ANY(string_to_array(%s, ','))",
            [",".join(name for names in tries.values() for name in names)],
        )
        taken = {value for (value,) in cursor.fetchall()}
        for row in nameless:
            row["username"] = next((name for name in tries[row["id"]] if name not in taken), "")
            taken.add(row["username"])
        wanted = [row for row in nameless if row["username"]]
        rows = [{"value": row["username"], "account": row["id"]} for row in sorted(wanted, key=lambda r: r["username"])]
        sets.send(cursor, sets.USERNAMES, rows)
        won = {value for (value,) in cursor.fetchall()} if rows else set()
        for row in wanted:
            row["email"] = f"{row['username']}@{mail_domain}"
        nameless = [row for row in nameless if row["username"] not in won]
        draw += 1
    emails = [{"value": row["email"], "account": row["id"]} for row in created]
    sets.send(cursor, sets.EMAILS, emails)


def _write_accounts(cursor: Any, work: _Work) -> None:
    sets.send(cursor, sets.ACCOUNTS, work.created)
    sets.send(cursor, sets.PERSON_KEYS, [{"account": r["id"], "wrapped": r["wrapped"]} for r in work.created])
    sets.send(cursor, sets.UPNS, work.upns)
    rows = [{"id": id_, "fields": list(values), **values} for id_, values in work.updated.items()]
    sets.send(cursor, sets.ACCOUNTS_UPDATED, rows)
    if out := [row["id"] for row in rows if row.get("active") is False]:
        service_access.end(cursor, accounts=out)
    sets.send(cursor, sets.PLACEMENTS_CLOSED, work.closed)
    sets.send(cursor, sets.PLACEMENTS_OPENED, work.opened)
    sets.send(cursor, sets.FIRST_PASSWORDS_HIDDEN, work.claimed)


def _write_words(cursor: Any, plan: Plan, facts: SchoolFacts, work: _Work, applying: Applying) -> None:
    """The school's newest words, each with the day on which it is due again; a grace that runs is not forgotten."""
    graces = {
        c.account: date.fromisoformat(c.after["grace_until"])
        for c in plan.changes
        if c.kind is ChangeKind.RELEASE and c.after["grace_until"]
    }
    gone = [w.before for w in plan.learner_writes if w.before is not None and w.after is None]
    kept = [w.after for w in plan.learner_writes if w.after is not None]
    back = {(e.school, e.record.upn) for e in kept}
    rows = [{"school": e.school, "upn": e.record.upn} for e in gone if (e.school, e.record.upn) not in back]
    sets.send(cursor, sets.LEARNER_WORDS_GONE, rows)

    running = _graces_after(plan, facts)

    def due(entry: LearnerEntry | StaffEntry) -> date | None:
        grace = running.get(entry.record.upn) if isinstance(entry, LearnerEntry) else None
        return planning.next_due(entry, grace, on=applying.on, policy=applying.policy)

    fresh: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for word in plan.learner_writes:
        if word.after is not None:
            kind = changed if _is_there(word.before, word.after) else fresh
            kind.append(learner_row(word.after, due(word.after)))
    sets.send(cursor, sets.LEARNER_WORDS, fresh)
    sets.send(cursor, sets.LEARNER_WORDS_CHANGED, changed)
    if changed and cursor.rowcount != len(changed):
        raise LookupError(f"{len(changed) - cursor.rowcount} words of {plan.school} are no longer there")
    if graces:
        ends = [{"account": id_, "due_on": _day_after(day)} for id_, day in graces.items()]
        sets.send(cursor, sets.GRACES_DUE, ends)
    staff_rows = []
    for write in plan.staff_writes:
        if write.after is None:
            if write.before is not None:
                cursor.execute("DELETE FROM staff_record WHERE id = %s", [write.before.id])
            continue
        id_ = write.after.id or (write.before.id if write.before else "") or new_id()
        account = write.account or work.ids.get(write.person)
        staff_rows.append(staff_row(write.after, id_, account, due(write.after)))
    sets.send(cursor, sets.STAFF_WORDS, staff_rows)
    moved = {e.school for e in kept} | {row["school"] for row in staff_rows}
    if moved - {plan.school}:
        cursor.execute(_WORDS_MOVED, [list(moved - {plan.school})])
    written = {write.person for write in plan.staff_writes}
    linked = [
        {"id": person.removeprefix("staff:"), "account": id_}
        for person, id_ in work.ids.items()
        if person.startswith("staff:") and person not in written
    ]
    sets.send(cursor, sets.STAFF_LINKED, linked)


def _is_there(before: LearnerEntry | None, after: LearnerEntry) -> bool:
    """Whether the word is stored already and only changes."""
    return before is not None and before.school == after.school and before.record.upn == after.record.upn


def _graces_after(plan: Plan, facts: SchoolFacts) -> dict[str, date]:
    """The last day of a grace that runs once the plan is applied, by UPN: a word written meanwhile keeps it (R39)."""
    running = {upn: p.account.grace_until for upn, p in facts.learners.items() if p.account and p.account.grace_until}
    for change in plan.changes:
        if change.kind in (ChangeKind.CLAIM, ChangeKind.RELEASE):
            running.pop(change.person, None)
            if change.after["grace_until"]:
                running[change.person] = date.fromisoformat(change.after["grace_until"])
        elif change.kind is ChangeKind.REKEY and change.before["upn"] in running:
            running[change.after["upn"]] = running[change.before["upn"]]
    return running


def _day_after(day: date) -> str:
    return date.fromordinal(day.toordinal() + 1).isoformat()


def _write_decisions(cursor: Any, work: _Work, applying: Applying) -> None:
    if work.ended:
        cursor.execute(
            "UPDATE decision SET ended_at = %s, ended_by = %s WHERE id = ANY(%s::uuid[])",
            [applying.writer.at, applying.writer.actor, work.ended],
        )
    if work.reopened:
        cursor.execute("UPDATE decision SET ended_at = NULL, ended_by = '' WHERE id = ANY(%s::uuid[])", [work.reopened])


def learner_row(entry: LearnerEntry, due_on: date | None) -> dict[str, Any]:
    """A learner's word as the set statements, and an undo's memory, take it."""
    r = entry.record
    return {
        "school": entry.school, "upn": r.upn, "legal_surname": r.legal_surname, "legal_forename": r.legal_forename,
        "birth_date": r.birth_date, "year_group": r.year_group, "start_date": r.start_date,
        "leaving_date": r.leaving_date, "enrolment_status": r.enrolment_status,
        "registration_group": r.registration_group, "classes": r.classes,
        "preferred_surname": r.preferred_surname, "preferred_forename": r.preferred_forename,
        "former_upn": r.former_upn, "mis_id": r.mis_id, "admission_number": r.admission_number,
        "missing_since": entry.missing_since, "refused": entry.refused, "doubtful": entry.doubtful,
        "due_on": due_on,
    }  # fmt: skip


def staff_row(entry: StaffEntry, id_: str, account: str | None, due_on: date | None) -> dict[str, Any]:
    """A staff member's word as the set statements, and an undo's memory, take it."""
    r = entry.record
    return {
        "id": id_, "school": entry.school, "account": account, "legal_surname": r.legal_surname,
        "legal_forename": r.legal_forename, "staff_code": r.staff_code, "start_date": r.start_date,
        "leaving_date": r.leaving_date, "mis_id": r.mis_id, "employee_number": r.employee_number,
        "preferred_surname": r.preferred_surname, "preferred_forename": r.preferred_forename,
        "birth_date": r.birth_date, "role": r.role, "classes": r.classes,
        "missing_since": entry.missing_since, "refused": entry.refused, "due_on": due_on,
    }  # fmt: skip
