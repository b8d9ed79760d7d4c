"""Checks every invariant that exists, and the audit log, and says what was checked (reliability.md)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction

from hwb.operations import chains, passwords
from hwb.operations.invariants import INVARIANTS, UPN_PATTERN

MOST_NAMED = 20
_UNREADABLE = "every first password can be read with the keys that are set"


@dataclass(frozen=True, slots=True)
class Breach:
    """One invariant that does not hold: `count` cases, of which `ids` names the first."""

    invariant: str
    text: str
    count: int
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """The outcome: what was looked at, and what is broken. Empty `breaches` means that all holds."""

    invariants: tuple[str, ...]
    accounts: int
    entries: int
    deep: bool
    breaches: tuple[Breach, ...]


def verify(*, on: date, deep: bool = False) -> Verified:
    """Reads the whole directory as at one moment; writers go on meanwhile. Changes nothing.

    deep: also decrypts every personal value in the log and compares the texts, and every first password.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            if not connection.in_atomic_block or not connection.savepoint_ids:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        breaches = _check_statements(on)
        entries, broken = chains.check_chains()
        accounts, untold = chains.check_fold(deep=deep)
        sealed = [chains.Fault("R10", _UNREADABLE, id_) for id_ in passwords.unreadable()] if deep else []
    names = (*(invariant.name for invariant in INVARIANTS), "I10")
    return Verified(names, accounts, entries, deep, (*breaches, *_gathered([*broken, *untold, *sealed])))


def _check_statements(on: date) -> list[Breach]:
    found = []
    with connection.cursor() as cursor:
        for invariant in INVARIANTS:
            cursor.execute(invariant.breaches, {"on": on, "upn": UPN_PATTERN})
            ids = tuple(sorted(str(row[0]) for row in cursor.fetchall()))
            if ids:
                found.append(Breach(invariant.name, invariant.text, len(ids), ids[:MOST_NAMED]))
    return found


def _gathered(faults: list[chains.Fault]) -> list[Breach]:
    """Faults of one text together, in the order in which they were found."""
    by_text: dict[tuple[str, str], list[str]] = {}
    for fault in faults:
        by_text.setdefault((fault.invariant, fault.text), []).append(fault.id)
    return [Breach(name, text, len(ids), tuple(ids[:MOST_NAMED])) for (name, text), ids in by_text.items()]
