"""Cases of consolidation as pages and operations read them, and what the system holds about one (R25)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from hwb.directory.queries.rows import fetch
from hwb.lifecycle import consolidation as rules
from hwb.lifecycle import consolidation_evidence
from hwb.lifecycle.consolidation import Asked, Authorisation, Proof, SchoolSeen, State, Status, Way
from hwb.lifecycle.consolidation_evidence import AccountSeen, Check, Evidence, Given, Held, Item


@dataclass(frozen=True, slots=True)
class Happening:
    """One step of a case: when, by whom (as the audit log names them) and what, by a code."""

    at: datetime
    by: str
    what: str


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as it is stored. ``said``: item → (value, source)."""

    number: int
    state: State
    opened_as: str
    opened_at: datetime
    previous_school: str
    new_school: str
    previous_username: str
    mover: UUID | None
    said: Mapping[Item, tuple[str, str]]
    recorded: frozenset[Item]
    requested_at: datetime | None
    has_copied: bool
    authorisation: Authorisation | None
    authorised_at: datetime | None
    leaving_said: date | None
    owner: UUID | None
    sent_on_by: UUID | None
    link: UUID | None
    link_sent_at: datetime | None
    link_opened_at: datetime | None
    kept: UUID | None
    retiring: UUID | None
    joined_at: datetime | None
    undone_at: datetime | None
    closed_at: datetime | None
    closed_reason: str
    history: tuple[Happening, ...]

    @property
    def reference(self) -> str:
        return f"HW-{self.number}"


@dataclass(frozen=True, slots=True)
class Case:
    """A case with what the system holds today: who decides, the evidence, the checks and how it stands."""

    row: CaseRow
    held: Held
    asked: Asked | None
    evidence: tuple[Evidence, ...]
    checks: tuple[tuple[Check, bool], ...]
    status: Status
    second_agent: bool


def read(number: int, *, on: date) -> Case | None:
    """One case, None when there is none of this number."""
    found = _rows("c.number = %(number)s", {"number": number})
    return _whole(found[0], on) if found else None


def of_link(link: UUID) -> CaseRow | None:
    """The case whose newest link to the registered address this is."""
    found = _rows("c.link = %(link)s", {"link": link})
    return found[0] if found else None


def newest_of(account: UUID, *, on: date) -> Case | None:
    """The newest case of a person, by the account that moves or the one that was kept."""
    found = _rows("c.mover = %(account)s OR c.kept = %(account)s", {"account": account})
    return _whole(found[-1], on) if found else None


def about(account: UUID, *, on: date) -> tuple[Case, ...]:
    """Every case of a member of staff's new account."""
    return tuple(_whole(row, on) for row in _rows("c.mover = %(account)s", {"account": account}))


def undecided(*, schools: Collection[str] = (), areas: Collection[str] = (), on: date) -> tuple[Case, ...]:
    """Open cases about which a headteacher of these schools, or an officer of these areas, may decide."""
    rows = _rows(_NEAR, {"schools": list(schools), "areas": list(areas)})
    found = (_whole(row, on) for row in rows)
    return tuple(
        case for case in found
        if case.asked is not None and (case.asked.school in schools if case.asked.school else case.asked.area in areas)
    )  # fmt: skip


def every(*, on: date, is_open: bool) -> tuple[Case, ...]:
    """All cases of the nation, the oldest first: open ones, or those that are over."""
    where = "c.closed_at IS NULL" if is_open else "c.closed_at IS NOT NULL"
    return tuple(_whole(row, on) for row in _rows(where, {}))


def school(dfes: str) -> SchoolSeen | None:
    """A school of the register with whoever has the headteacher's role there today."""
    rows = fetch(_SCHOOL, {"dfes": dfes})
    if not rows:
        return None
    row = rows[0]
    return SchoolSeen(
        row["dfes"], row["name_en"], row["name_cy"], row["closed"], row["followed_by"], frozenset(row["heads"])
    )


def schools_named(words: str) -> tuple[SchoolSeen, ...]:
    """Schools whose number or name begins so, ten at most, for choosing one's former school (G2)."""
    rows = fetch(_NAMED, {"words": f"%{_escaped(words.strip())}%", "digits": "".join(c for c in words if c.isdigit())})
    found = (school(row["dfes"]) for row in rows)
    return tuple(one for one in found if one is not None)


def account_of(username: str) -> UUID | None:
    """The account to which a username leads, None when it leads to none."""
    name = username.strip().casefold().partition("@")[0]
    rows = fetch("SELECT account FROM name_owner WHERE value = %(name)s AND kind = 'username'", {"name": name})
    return rows[0]["account"] if rows else None


def seen(account: UUID, *, on: date) -> AccountSeen | None:
    """An account as it bears on a case."""
    rows = fetch(_ACCOUNT, {"account": account, "on": on})
    if not rows:
        return None
    row = rows[0]
    words = row.pop("words") or []
    left = tuple((w["school"], date.fromisoformat(w["leaving_date"]) if w["leaving_date"] else None) for w in words)
    return AccountSeen(
        str(row["id"]), row["kind"], row["active"], row["legal_surname"], frozenset(row["names"]),
        frozenset(row["usernames"]), frozenset(row["posts"]), frozenset(row["schools"]), left,
        tuple((w["school"], w["staff_code"]) for w in words), tuple((w["school"], w["employee_number"]) for w in words),
        not row["shared_code"], row["barred"], row["retired_into"] is not None, row["joined"], row["created"],
    )  # fmt: skip


def is_owner(number: int, account: UUID) -> bool:
    """Whether an agent has taken the case."""
    return bool(
        fetch("SELECT 1 FROM consolidation WHERE number = %(n)s AND owner = %(a)s", {"n": number, "a": account})
    )


def is_to_be_asked(account: UUID) -> bool:
    """Whether somebody who signs in now is asked if they worked at another school: a new member of staff's account that
    a run made, at the first sign-in or after "later"; never once there is a request."""
    return bool(fetch(_TO_BE_ASKED, {"account": account}))


@dataclass(frozen=True, slots=True)
class PostRow:
    """One of a person's own posts, as the school's records have it."""

    school: str
    name_en: str
    name_cy: str
    staff_code: str
    employee_number: str


def posts_of(account: UUID) -> tuple[PostRow, ...]:
    """Where a member of staff works now, for filling in their request (G3)."""
    return tuple(PostRow(**row) for row in fetch(_POSTS, {"account": account}))


@dataclass(frozen=True, slots=True)
class BesideRow:
    """An account as it stands beside another one (E6)."""

    name: str
    username: str
    email: str
    active: bool
    schools: tuple[str, ...]
    created: date
    last_sign_in: datetime | None
    roles: tuple[str, ...]
    second_step: bool


def beside(account: UUID, *, today: date) -> BesideRow | None:
    """One of the two accounts of a comparison, with the roles that stand today."""
    rows = fetch(_BESIDE, {"account": account, "today": today})
    if not rows:
        return None
    row = rows[0]
    return BesideRow(**{**row, "schools": tuple(row["schools"]), "roles": tuple(row["roles"])})


def leads(account: UUID) -> bool:
    """Whether the account has a Digital Champion's or a headteacher's role somewhere."""
    return bool(fetch(_LEADS, {"account": account}))


def _whole(row: CaseRow, on: date) -> Case:
    held = held_of(row, on=on)
    given = [Given(item, value, source) for item, (value, source) in row.said.items()]
    table = consolidation_evidence.evidence(given, row.recorded, held)
    made = consolidation_evidence.checks(held, on=on)
    movers = frozenset(one.id for one in (held.kept, held.retiring) if one is not None)
    asked = None
    if held.previous is not None:
        successor = school(held.previous.successor) if held.previous.successor else None
        asked = rules.who_decides(held.previous, successor=successor, movers=movers, on=on)
    stands = rules.status(
        row.state, authorisation=row.authorisation, has_new_account=held.retiring is not None,
        has_left=consolidation_evidence.has_left(held, on=on), is_right=consolidation_evidence.is_right(table, made),
    )  # fmt: skip
    accounts = [UUID(one.id) for one in (held.kept, held.retiring) if one is not None]
    second = rules.needs_second_agent(
        surnames_differ=consolidation_evidence.surnames_differ(held),
        has_leading_role=any(leads(account) for account in accounts),
        way=row.authorisation.way if row.authorisation else None,
    )
    return Case(row, held, asked, table, made, stands, second)


def held_of(row: CaseRow, *, on: date) -> Held:
    """What the system holds of a case's schools and accounts. An account that the previous school never had is none."""
    kept_id = row.kept or account_of(row.previous_username)
    kept = seen(kept_id, on=on) if kept_id is not None else None
    if kept is not None and row.previous_school not in kept.schools:
        kept = None
    retiring = seen(row.mover, on=on) if row.mover is not None else None
    other = fetch(_OTHER, {"number": row.number, "mover": row.mover, "kept": kept_id})
    return Held(school(row.previous_school), school(row.new_school), kept, retiring, bool(other))


def _rows(where: str, parameters: Mapping[str, Any]) -> list[CaseRow]:
    return [_row(row) for row in fetch(f"{_CASES} WHERE {where} ORDER BY c.number", parameters)]


def _row(row: dict[str, Any]) -> CaseRow:
    way, by, at = row.pop("way"), row.pop("authorised_by"), row["authorised_at"]
    proof, proved_by = row.pop("proof"), row.pop("proved_by")
    authorisation = Authorisation(Way(way), by, Proof(proof) if proof else None, proved_by) if at and way else None
    row["said"] = {Item(item): (value, source) for item, (value, source) in row["said"].items()}
    row["recorded"] = frozenset(Item(item) for item in row["recorded"])
    row["history"] = tuple(
        Happening(datetime.fromisoformat(one["at"]), one["by"], one["what"]) for one in row["history"]
    )
    row["state"] = State(row["state"])
    return CaseRow(**row, authorisation=authorisation)


def as_json(value: Any) -> Any:
    """A JSON column as a raw cursor gives it."""
    return json.loads(value) if isinstance(value, str) else value


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


#: Open cases whose previous school, or its successor, is one of these, or lies in one of these areas.
_NEAR = """
c.closed_at IS NULL AND (left(c.previous_school, 3) = ANY(%(areas)s) OR c.previous_school IN (
    SELECT e.dfes FROM establishment e WHERE e.dfes = ANY(%(schools)s) OR e.followed_by = ANY(%(schools)s)))
"""
_CASES = """
SELECT c.number, c.state, c.opened_as, c.opened_at, c.previous_school::text, c.new_school::text, c.previous_username,
       c.mover, c.said, c.recorded, c.requested_at, c.has_copied, c.way, c.authorised_by, c.authorised_at, c.proof,
       c.proved_by, c.leaving_said, c.owner, c.sent_on_by, c.link, c.link_sent_at, c.link_opened_at, c.kept, c.retiring,
       c.joined_at, c.undone_at, c.closed_at, c.closed_reason, c.history
FROM consolidation c
"""
# A school role of a member of staff ends with the post there, as in queries.roles.
_SCHOOL = """
SELECT e.dfes::text, e.name_en, e.name_cy, e.closed, e.followed_by,
       array(SELECT g.account::text FROM role_grant g JOIN account a ON a.id = g.account AND a.active
             WHERE g.role = 'head' AND g.school = e.dfes AND g.ended_at IS NULL
               AND (a.kind <> 'staff' OR EXISTS (SELECT FROM placement p WHERE p.account = a.id AND p.school = g.school
                    AND p.role = 'post' AND p.ended IS NULL))) AS heads
FROM establishment e WHERE e.dfes = %(dfes)s
"""
_NAMED = """
SELECT dfes::text FROM establishment
WHERE %(digits)s <> '' AND dfes = %(digits)s
   OR length(%(words)s) > 4 AND (name_en ILIKE %(words)s OR name_cy ILIKE %(words)s)
ORDER BY dfes <> %(digits)s, name_en, dfes LIMIT 10
"""
_ACCOUNT = """
SELECT a.id, a.kind, a.active, a.legal_surname, a.retired_into, a.created_at::date AS created,
       ARRAY[concat_ws(' ', a.legal_forename, a.legal_surname),
             concat_ws(' ', coalesce(nullif(a.preferred_forename, ''), a.legal_forename),
                       coalesce(nullif(a.preferred_surname, ''), a.legal_surname))] AS names,
       array(SELECT i.value FROM identifier i WHERE i.account = a.id AND i.kind = 'username' UNION ALL
             SELECT i.value FROM account r JOIN identifier i ON i.account = r.id AND i.kind = 'username'
             WHERE r.retired_into = a.id) AS usernames,
       array(SELECT p.school::text FROM placement p WHERE p.account = a.id AND p.role = 'post' AND p.ended IS NULL)
           AS posts,
       array(SELECT DISTINCT p.school::text FROM placement p WHERE p.account = a.id AND p.role = 'post') AS schools,
       (SELECT jsonb_agg(jsonb_build_object('school', w.school, 'leaving_date', w.leaving_date,
               'staff_code', w.staff_code, 'employee_number', w.employee_number) ORDER BY w.school, w.id)
        FROM staff_record w WHERE w.account = a.id) AS words,
       EXISTS (SELECT FROM staff_record w JOIN staff_record o ON o.school = w.school AND o.staff_code = w.staff_code
               AND o.id <> w.id AND o.missing_since IS NULL
               AND (o.leaving_date IS NULL OR o.leaving_date >= %(on)s)
               WHERE w.account = a.id AND w.staff_code <> '') AS shared_code,
       EXISTS (SELECT FROM decision d WHERE d.account = a.id AND d.ended_at IS NULL
               AND d.kind IN ('suspended', 'safety')) AS barred,
       EXISTS (SELECT FROM account r WHERE r.retired_into = a.id) AS joined
FROM account a WHERE a.id = %(account)s
"""
_TO_BE_ASKED = """
SELECT 1 FROM account a LEFT JOIN move_answer m ON m.account = a.id
WHERE a.id = %(account)s AND a.kind = 'staff' AND a.reason_rule = 'R22'
  AND (m.answer = 'later' OR m.answer IS NULL AND a.last_sign_in IS NULL)
  AND NOT EXISTS (SELECT FROM consolidation c WHERE c.mover = a.id AND c.state <> 'invited')
"""
_BESIDE = """
SELECT concat_ws(' ', coalesce(nullif(a.preferred_forename, ''), a.legal_forename),
                 coalesce(nullif(a.preferred_surname, ''), a.legal_surname)) AS name,
       a.username, a.email, a.active, a.created_at::date AS created, a.last_sign_in,
       array(SELECT DISTINCT p.school::text FROM placement p WHERE p.account = a.id AND p.role = 'post' ORDER BY 1)
           AS schools,
       array(SELECT g.role FROM role_grant g WHERE g.account = a.id AND g.ended_at IS NULL
             AND (g.until IS NULL OR g.until >= %(today)s) ORDER BY g.role) AS roles,
       EXISTS (SELECT FROM second_factor f WHERE f.account = a.id) AS second_step
FROM account a WHERE a.id = %(account)s
"""
_POSTS = """
SELECT DISTINCT ON (p.school) p.school::text, e.name_en, e.name_cy, coalesce(w.staff_code, '') AS staff_code,
       coalesce(w.employee_number, '') AS employee_number
FROM placement p JOIN establishment e ON e.dfes = p.school
LEFT JOIN staff_record w ON w.account = p.account AND w.school = p.school
WHERE p.account = %(account)s AND p.role = 'post' AND p.ended IS NULL
ORDER BY p.school, w.leaving_date DESC NULLS FIRST
"""
_LEADS = """
SELECT 1 FROM role_grant WHERE account = %(account)s AND role IN ('champion', 'head') AND ended_at IS NULL LIMIT 1
"""
_OTHER = """
SELECT 1 FROM consolidation c
WHERE c.closed_at IS NULL AND c.number <> %(number)s
  AND (c.mover = %(mover)s OR c.mover = %(kept)s)
"""
