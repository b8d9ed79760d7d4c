"""Reads the audit log again from its beginning: is every chain whole, and does the log explain what stands? (I10)

The log is streamed; what is kept in memory is one small state an account.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.db import connection

from hwb.directory import chain
from hwb.directory.vault import PersonKey
from hwb.lifecycle.rules import Rule
from hwb.operations.sealing import seal_digest

_FETCH = 2_000
NAMES = ("legal_surname", "legal_forename", "preferred_surname", "preferred_forename", "birth_date", "upn")


@dataclass(slots=True)
class Told:
    """What the log tells about one account so far. `active` follows the entries that carry a state."""

    created: int = 0
    active: bool = False
    holder: str | None = None
    guests: set[str] = field(default_factory=set)
    posts: set[str] = field(default_factory=set)
    digest: bytes | None = None
    #: staff entries say nothing of a UPN
    personal: dict[str, Any] = field(default_factory=lambda: {"upn": ""})
    #: every UPN that it ever had; read with `deep` alone
    upns: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Fault:
    """A breach: of which invariant, what it is, and whose (an account's id or a chain's name)."""

    invariant: str
    text: str
    id: str


def check_chains() -> tuple[int, list[Fault]]:
    """Recomputes every hash; compares with heads and seals. Returns the number of entries and the faults."""
    faults: list[Fault] = []
    sealed = _sealed(faults)
    ends: dict[str, tuple[int, bytes]] = {}
    broken: set[str] = set()
    count = 0
    for row in _stream(f"SELECT {', '.join(chain.COLUMNS)} FROM audit ORDER BY chain, seq"):  # noqa: S608 - fixed names
        count += 1
        name, seq = row[0], row[1]
        before_seq, before = ends.get(name, (0, b""))
        plain = (*row[:11], _bytes(row[11]), _bytes(row[12]))
        computed = chain.entry_hash(before, plain)
        stored = bytes(row[13])
        if name not in broken and (seq != before_seq + 1 or computed != stored):
            broken.add(name)
            faults.append(Fault("I10", f"the chain does not hold at entry {seq}", name))
        ends[name] = (seq, stored)
        wanted = sealed.pop((name, seq), None)
        if wanted is not None and wanted != stored.hex():
            faults.append(Fault("I10", f"entry {seq} is not the one that was sealed", name))
    faults += [Fault("I10", f"entry {seq}, which was sealed, is gone", name) for name, seq in sealed]
    return count, faults + _heads(ends)


def _sealed(faults: list[Fault]) -> dict[tuple[str, int], str]:
    """Every sealed head; a seal that was itself changed is a fault."""
    found: dict[tuple[str, int], str] = {}
    previous = ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT day, heads::text, digest FROM seal ORDER BY day")
        for day, text, digest in cursor.fetchall():
            heads = json.loads(text)
            if seal_digest(day, heads, previous) != digest:
                faults.append(Fault("I10", "the seal was changed", day.isoformat()))
            previous = digest
            found.update({(name, seq): head for name, (seq, head) in heads.items()})
    return found


def _heads(ends: dict[str, tuple[int, bytes]]) -> list[Fault]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT chain, seq, hash FROM chain_head WHERE seq > 0")
        heads = {name: (seq, bytes(head)) for name, seq, head in cursor.fetchall()}
    names = sorted(heads.keys() | ends.keys())
    return [
        Fault("I10", "the chain's end is not its head", name) for name in names if heads.get(name) != ends.get(name)
    ]


def check_fold(*, deep: bool) -> tuple[int, list[Fault]]:
    """Folds the log by account and compares: state, holder, placements, keyed digests; deep: the texts too,
    and that every UPN an account ever had still leads to it (I13).

    Returns the number of accounts compared and the faults.
    """
    told: dict[str, Told] = {}
    keys = _keys() if deep else {}
    faults: list[Fault] = []
    for row in _stream(
        "SELECT account::text, action, school, details, personal_digest, sealed, chain, seq, rule FROM audit"
        " WHERE account IS NOT NULL AND NOT EXISTS"
        " (SELECT FROM account a WHERE a.id = audit.account AND a.kind = 'official') ORDER BY id"
    ):
        state = told.setdefault(row[0], Told())
        _tell(state, action=row[1], school=row[2], details=json.loads(row[3]))
        if row[4] is not None:
            state.digest = bytes(row[4])
        if deep and row[5] is not None:
            _unseal(state, row, keys, faults)
    count = 0
    for account in _stream(_ACCOUNTS):
        count += 1
        id_ = account[0]
        state = told.pop(id_, Told())
        if not state.upns <= set(account[5]):
            faults.append(Fault("I13", "a UPN that the log tells of does not lead to its account", id_))
        faults += [Fault("I10", text, id_) for text in _differences(state, account, deep=deep)]
    faults += [Fault("I10", "the log tells of an account that is not there", id_) for id_ in told]
    return count, faults


def _tell(state: Told, *, action: str, school: str, details: dict[str, Any]) -> None:
    """One entry's effect, by the table of changes (hwb.lifecycle.changes)."""
    after = details.get("after", {})
    if action == "create":
        state.created += 1
        state.holder = after.get("holder", state.holder)
        if "post" in after:
            state.posts.add(after["post"])
    elif action in ("claim", "release"):
        state.holder = after.get("holder")
    elif action in ("guest", "post"):
        (state.guests if action == "guest" else state.posts).add(school)
    elif action in ("guest end", "post end"):
        (state.guests if action == "guest end" else state.posts).discard(school)
    if action in ("create", "claim", "release", "state") and "state" in after:
        state.active = after["state"] == "active"


def _differences(told: Told, account: tuple[Any, ...], *, deep: bool) -> list[str]:
    id_, active, holder, guests, posts, _, digest, wrapped, *names = account
    found = []
    if told.created != 1:
        found.append("the log does not tell once of its creation")
    for what, says, stands in (
        ("state", told.active, active),
        ("holder", told.holder, holder),
        ("guest placements", told.guests, set(guests)),
        ("posts", told.posts, set(posts)),
        ("digest of personal values", told.digest, _bytes(digest)),
    ):
        if says != stands:
            found.append(f"the log tells of another {what}")
    personal = dict(zip(NAMES, names, strict=True))
    try:
        key = PersonKey.unwrap(id_, bytes(wrapped or b""), secret=str(settings.SECRET_KEY))
    except (InvalidTag, ValueError):
        return [*found, "the person's key cannot be read"]
    if key.digest(personal) != _bytes(digest):
        found.append("its personal values are not those of their digest")
    if deep and told.personal != personal:
        found.append("the log tells of other personal values")
    return found


def _unseal(state: Told, row: tuple[Any, ...], keys: dict[str, PersonKey], faults: list[Fault]) -> None:
    key = keys.get(row[0])
    if key is None:
        return  # destroyed by R38, or unreadable: told apart by check_fold
    try:
        sealed = key.unseal(bytes(row[5]), place=f"{row[6]}:{row[7]}")
    except (InvalidTag, ValueError):
        faults.append(Fault("I10", f"entry {row[7]} of chain {row[6]} cannot be read", row[0]))
        return
    state.personal.update(sealed.get("after", {}))
    if row[1] == "rekey" and row[8] == Rule.UNDO:  # the UPN that is taken back leads to nobody
        state.upns.discard(sealed["before"]["upn"])
    if state.personal["upn"]:
        state.upns.add(state.personal["upn"])


def _keys() -> dict[str, PersonKey]:
    found = {}
    for id_, wrapped in _stream("SELECT account::text, wrapped FROM person_key"):
        try:
            found[id_] = PersonKey.unwrap(id_, bytes(wrapped), secret=str(settings.SECRET_KEY))
        except (InvalidTag, ValueError):
            continue  # check_fold says so
    return found


def _stream(statement: str) -> Iterator[tuple[Any, ...]]:
    """Rows through a cursor on the server, so that a nation's log does not have to fit into memory."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement)
        while rows := cursor.fetchmany(_FETCH):
            yield from rows


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


# Officials come from role grants, which have entries of their own.
_ACCOUNTS = """
SELECT a.id::text, a.active,
       (SELECT string_agg(p.school, ' ') FROM placement p
        WHERE p.account = a.id AND p.role = 'holding' AND p.ended IS NULL),
       array(SELECT p.school::text FROM placement p WHERE p.account = a.id AND p.role = 'guest' AND p.ended IS NULL),
       array(SELECT p.school::text FROM placement p WHERE p.account = a.id AND p.role = 'post' AND p.ended IS NULL),
       array(SELECT u.upn::text FROM upn u WHERE u.account = a.id), a.personal_digest, k.wrapped,
       a.legal_surname, a.legal_forename, a.preferred_surname, a.preferred_forename, a.birth_date::text, a.upn
FROM account a LEFT JOIN person_key k ON k.account = a.id
WHERE a.kind <> 'official'
"""
