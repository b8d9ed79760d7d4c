"""The audit log's hash chains, one an establishment (R42)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from hwb.directory.vault import PersonKey
from hwb.lifecycle.changes import PERSONAL

NATION = "0000000"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be written about one change, before it has its place in a chain."""

    action: str
    rule: str
    reason_code: str
    school: str
    account: str | None
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    key: PersonKey | None = None
    personal_digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, when, in whose chain, for which run."""

    chain: str
    actor: str
    at: datetime
    run: str | None = None


Row = tuple[Any, ...]
COLUMNS = (
    "chain", "seq", "at", "actor", "action", "rule", "reason_code", "run", "account", "school", "details",
    "sealed", "personal_digest", "hash",
)  # fmt: skip


def link(entries: Iterable[Entry], writer: Writer, *, seq: int, head: bytes) -> tuple[list[Row], bytes]:
    """Rows for the log in the order of COLUMNS, and the chain's new head."""
    rows: list[Row] = []
    at = writer.at.astimezone(UTC)
    moment = at.isoformat()
    for entry in entries:
        seq += 1
        details, personal = _parted(entry)
        sealed = entry.key.seal(personal, place=f"{writer.chain}:{seq}") if personal and entry.key else None
        row: Row = (
            writer.chain, seq, at, writer.actor, entry.action, entry.rule, entry.reason_code, writer.run,
            entry.account, entry.school, details, sealed, entry.personal_digest,
        )  # fmt: skip
        head = _hash(head, row, moment)
        rows.append((*row, head))
    return rows, head


def _parted(entry: Entry) -> tuple[str, dict[str, Any]]:
    """What may stand in clear, as canonical JSON, and what is personal."""
    clear: dict[str, Any] = {}
    personal: dict[str, Any] = {}
    for side, found in (("before", entry.before), ("after", entry.after)):
        if PERSONAL.isdisjoint(found):
            open_side = found
        else:
            open_side = {key: value for key, value in found.items() if key not in PERSONAL}
            personal[side] = {key: value for key, value in found.items() if key in PERSONAL}
        if open_side:
            clear[side] = open_side
    if entry.values:
        clear["values"] = entry.values
    return orjson.dumps(clear, option=orjson.OPT_SORT_KEYS).decode(), personal


def entry_hash(head: bytes, row: Row) -> bytes:
    """SHA-256 over the previous hash and everything the entry says, ciphertext included."""
    return _hash(head, row, row[2].astimezone(UTC).isoformat())


def _hash(head: bytes, row: Row, moment: str) -> bytes:
    chain, seq, _, actor, action, rule, code, run, account, school, details, sealed, digest = row[:13]
    text = "\x1f".join(
        (
            chain, str(seq), moment, actor, action, rule, code, str(run or ""),
            str(account or ""), school, details, (sealed or b"").hex(), (digest or b"").hex(),
        )
    )  # fmt: skip
    return hashlib.sha256(head + text.encode()).digest()


_NULL = "\\N"


@lru_cache(maxsize=1024)
def _escaped(text: str) -> str:
    """A text as COPY takes it; few are met, again and again."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def copied(row: Row) -> str:
    """A row of COLUMNS as a line of PostgreSQL's COPY, text format: a run writes hundreds at once."""
    chain, seq, at, actor, action, rule, code, run, account, school, details, sealed, digest, entry = row
    said = "\t".join((_escaped(actor), _escaped(action), _escaped(rule), _escaped(code)))
    about = f"{run or _NULL}\t{account or _NULL}\t{_escaped(school)}"
    clear = details.replace("\\", "\\\\")  # orjson writes no other character that COPY would take for its own
    return (
        f"{chain}\t{seq}\t{at.isoformat()}\t{said}\t{about}\t{clear}\t{_hex(sealed)}\t{_hex(digest)}\t{_hex(entry)}\n"
    )


def _hex(value: bytes | None) -> str:
    return _NULL if value is None else f"\\\\x{value.hex()}"
