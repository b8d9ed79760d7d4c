"""Records that contradict each other (R4, R6, R9): what there is to decide, and the records side by side (E8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from hwb.directory.queries.rows import fetch


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Something that support decides. ``matter`` tells it from every other, and from a later one of the same people.

    ``cause``: identity, conflict or rekey (a wait's), or duplicate. ``school``: the one that waits, or said so.
    """

    matter: str
    cause: str
    school: str
    upn: str
    account: UUID | None
    other: UUID | None


@dataclass(frozen=True, slots=True)
class Record:
    """What one school says of one UPN, beside what Hwb knows of the account. ``held``: the school has the account."""

    upn: str
    school: str
    name_en: str
    name_cy: str
    surname: str
    forename: str
    birth_date: date | None
    start_date: date | None
    leaving_date: date | None
    missing_since: date | None
    held: bool


@dataclass(frozen=True, slots=True)
class Known:
    """An account as Hwb knows it."""

    account: UUID
    username: str
    upn: str
    surname: str
    forename: str
    birth_date: date | None
    active: bool


def standing() -> tuple[Contradiction, ...]:
    """Everything that stands without an open case, and was not decided; a case that was only closed decides nothing."""
    return tuple(Contradiction(**row) for row in fetch(_STANDING))


def still_stands(matter: str) -> bool:
    """Whether a contradiction of which there is a case is there still."""
    return bool(fetch(_STILL, {"matter": matter}))


def records(*, upn: str, accounts: Sequence[UUID]) -> tuple[Record, ...]:
    """Every school's newest word under this UPN, or one of these accounts'."""
    return tuple(Record(**row) for row in fetch(_RECORDS, {"upn": upn, "accounts": list(accounts)}))


def known(accounts: Sequence[UUID]) -> tuple[Known, ...]:
    """These accounts."""
    return tuple(Known(**row) for row in fetch(_KNOWN, {"accounts": list(accounts)}))


_ALL = """
SELECT concat_ws(':', w.cause, w.upn, w.school, w.since) AS matter, w.cause, w.school::text, w.upn::text,
       u.account, NULL::uuid AS other
FROM wait w LEFT JOIN upn u ON u.upn = w.upn
WHERE w.cause IN ('identity', 'conflict')
   OR w.cause = 'rekey' AND NOT EXISTS (
        SELECT FROM learner_record r JOIN upn f ON f.upn = r.former_upn JOIN placement p ON p.account = f.account
        WHERE r.upn = w.upn AND r.school = w.school AND p.role = 'holding' AND p.ended IS NULL)
UNION ALL
SELECT concat_ws(':', 'duplicate', d.account, d.other, d.since), 'duplicate', d.school::text, coalesce(a.upn, ''),
       d.account, d.other
FROM possible_duplicate d LEFT JOIN account a ON a.id = d.account
"""
_STANDING = f"""
SELECT c.* FROM ({_ALL}) c
WHERE NOT EXISTS (SELECT FROM support_case s WHERE s.matter = c.matter AND (s.closed_at IS NULL OR s.state = 'done'))
ORDER BY c.matter LIMIT 500
"""  # noqa: S608 - text of this file
_STILL = f"SELECT 1 FROM ({_ALL}) c WHERE c.matter = %(matter)s"  # noqa: S608 - text of this file
_RECORDS = """
SELECT r.upn::text, r.school::text, coalesce(e.name_en, '') AS name_en, coalesce(e.name_cy, '') AS name_cy,
       r.legal_surname AS surname, r.legal_forename AS forename, r.birth_date, r.start_date, r.leaving_date,
       r.missing_since,
       EXISTS (SELECT FROM upn u JOIN placement p ON p.account = u.account WHERE u.upn = r.upn AND p.school = r.school
               AND p.role = 'holding' AND p.ended IS NULL) AS held
FROM learner_record r LEFT JOIN establishment e ON e.dfes = r.school
WHERE r.upn = %(upn)s OR r.upn IN (SELECT u.upn FROM upn u WHERE u.account = ANY(%(accounts)s::uuid[]))
ORDER BY r.upn, r.school
"""
_KNOWN = """
SELECT a.id AS account, a.username, a.upn, a.legal_surname AS surname, a.legal_forename AS forename, a.birth_date,
       a.active
FROM account a WHERE a.id = ANY(%(accounts)s::uuid[]) ORDER BY a.created_at
"""
