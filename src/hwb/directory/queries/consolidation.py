"""Cases of consolidation as pages and operations read them, and what the system holds about one (R25)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from hwb.directory.queries import movers
from hwb.directory.queries.rows import fetch
from hwb.lifecycle import consolidation as rules
from hwb.lifecycle import consolidation_evidence
from hwb.lifecycle.consolidation import Asked, Authorisation, Proof, State, Status, Way
from hwb.lifecycle.consolidation_evidence import Check, Evidence, Given, Held, Item


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


def opened_by_school(school: str, *, on: date) -> tuple[Case, ...]:
    """Cases that a new school opened for its staff (B17)."""
    rows = _rows("c.new_school = %(school)s AND c.opened_as = 'school'", {"school": school})
    return tuple(_whole(row, on) for row in rows)


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


def _whole(row: CaseRow, on: date) -> Case:
    held = held_of(row, on=on)
    given = [Given(item, value, source) for item, (value, source) in row.said.items()]
    table = consolidation_evidence.evidence(given, row.recorded, held)
    made = consolidation_evidence.checks(held, on=on)
    own = frozenset(one.id for one in (held.kept, held.retiring) if one is not None)
    asked = None
    if held.previous is not None:
        successor = movers.school(held.previous.successor) if held.previous.successor else None
        asked = rules.who_decides(held.previous, successor=successor, movers=own, on=on)
    stands = rules.status(
        row.state, authorisation=row.authorisation, has_new_account=held.retiring is not None,
        has_left=consolidation_evidence.has_left(held, on=on), is_right=consolidation_evidence.is_right(table, made),
    )  # fmt: skip
    accounts = [UUID(one.id) for one in (held.kept, held.retiring) if one is not None]
    second = rules.needs_second_agent(
        surnames_differ=consolidation_evidence.surnames_differ(held),
        has_leading_role=any(movers.leads(account) for account in accounts),
        way=row.authorisation.way if row.authorisation else None,
    )
    return Case(row, held, asked, table, made, stands, second)


def held_of(row: CaseRow, *, on: date) -> Held:
    """What the system holds of a case's schools and accounts. An account that the previous school never had is none."""
    kept_id = row.kept or movers.account_of(row.previous_username)
    kept = movers.seen(kept_id, on=on) if kept_id is not None else None
    if kept is not None and row.previous_school not in kept.schools:
        kept = None
    retiring = movers.seen(row.mover, on=on) if row.mover is not None else None
    other = fetch(_OTHER, {"number": row.number, "mover": row.mover, "kept": kept_id})
    return Held(movers.school(row.previous_school), movers.school(row.new_school), kept, retiring, bool(other))


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
_OTHER = """
SELECT 1 FROM consolidation c
WHERE c.closed_at IS NULL AND c.number <> %(number)s
  AND (c.mover = %(mover)s OR c.mover = %(kept)s)
"""
