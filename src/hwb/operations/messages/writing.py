"""Rows of the outbox and notes for summaries, in the caller's transaction; and who reads a school's messages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hwb.lifecycle import calendar, messages
from hwb.lifecycle.messages import DIGESTS, READERS, Kind, Reader


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be said to everybody who reads it. ``occasion``: what makes it this message and no other."""

    kind: Kind
    school: str
    occasion: str
    details: Mapping[str, Any]
    due_at: datetime


def put(cursor: Any, letter: Letter, readers: Iterable[Reader], *, now: datetime) -> int:
    """One row for each reader; what a reader has been told before is left as it is. Returns the new rows."""
    rows = [
        {
            "key": f"{letter.kind}:{letter.school}:{letter.occasion}:{reader.key}", "kind": letter.kind,
            "school": letter.school, "to_account": reader.account or None, "address": reader.address,
            "role": reader.role, "details": dict(letter.details), "written_at": now.isoformat(),
            "due_at": letter.due_at.isoformat(),
        }
        for reader in readers
    ]  # fmt: skip
    if not rows:
        return 0
    cursor.execute(_PUT, [json.dumps(rows)])
    return int(cursor.rowcount)


def note(
    cursor: Any, kind: Kind, school: str, details: Mapping[str, Any], *, due_at: datetime, account: str | None = None
) -> None:
    """Something of which a summary will tell."""
    cursor.execute(
        "INSERT INTO message_note (kind, school, account, details, due_at) VALUES (%s, %s, %s, %s, %s)",
        [kind, school, account, json.dumps(dict(details)), due_at],
    )


def readers_at(
    cursor: Any, schools: Iterable[str], kind: Kind, *, now: datetime, only: tuple[str, ...] = ()
) -> dict[str, tuple[Reader, ...]]:
    """Who gets a message of this kind about each school; `only`: those roles, whatever the school chose."""
    asked = sorted(set(schools))
    chosen_at = dict.fromkeys(asked, only) if only else _chosen(cursor, asked, kind)
    roles = {*READERS[kind], *(role for chosen in chosen_at.values() for role in chosen)}
    parameters = {
        "schools": asked, "roles": sorted(roles), "today": calendar.london_date(now), "digest": kind in DIGESTS,
    }  # fmt: skip
    cursor.execute(_READERS, parameters)
    found: dict[str, tuple[Reader, ...]] = {}
    for school, registered_email, client_contact, held in cursor.fetchall():
        held = json.loads(held) if isinstance(held, str) else held
        known = [Reader(item["role"], item["account"]) for item in held or ()]
        registered = {"head": registered_email, "client_manager": client_contact}
        wanting = [reader for reader, item in zip(known, held or (), strict=True) if item["wants"]]
        chosen = messages.readers_of(kind, known, registered, roles=chosen_at.get(school, ()))
        found[school] = tuple(reader for reader in chosen if not reader.account or reader in wanting)
    return found


def _chosen(cursor: Any, schools: list[str], kind: Kind) -> dict[str, tuple[str, ...]]:
    """The roles that schools chose for this kind (B19)."""
    if kind not in messages.CHOOSABLE:
        return {}
    keys = {f"readers.{kind}.{school}": school for school in schools}
    cursor.execute("SELECT key, value FROM setting WHERE key = ANY(%s) AND value <> ''", [list(keys)])
    return {keys[key]: messages.chosen_roles(kind, value) for key, value in cursor.fetchall()}


_PUT = """
INSERT INTO message (key, kind, school, to_account, address, role, language, details, written_at, due_at, tries, failed)
SELECT key, kind, school, to_account, address, role, '', details, written_at, due_at, 0, ''
FROM jsonb_to_recordset(%s::jsonb) AS r(key text, kind text, school text, to_account uuid, address text, role text,
                                        details jsonb, written_at timestamptz, due_at timestamptz)
ON CONFLICT (key) DO NOTHING
"""
# A school role of a member of staff ends with the post there, as in queries.roles.
_READERS = """
SELECT e.dfes::text, e.registered_email, e.client_contact, (
    SELECT jsonb_agg(jsonb_build_object('role', g.role, 'account', a.id,
               'wants', NOT %(digest)s OR coalesce(c.digests, true)) ORDER BY g.given_at, g.id)
    FROM role_grant g
    JOIN account a ON a.id = g.account AND a.active
    LEFT JOIN message_choice c ON c.account = a.id
    WHERE g.role = ANY(%(roles)s) AND (g.school = e.dfes OR g.school = '' AND g.area = left(e.dfes, 3))
      AND g.ended_at IS NULL AND (g.until IS NULL OR g.until >= %(today)s)
      AND (g.school = '' OR a.kind <> 'staff' OR EXISTS (SELECT FROM placement p WHERE p.account = a.id
           AND p.school = g.school AND p.role = 'post' AND p.ended IS NULL)))
FROM establishment e WHERE e.dfes = ANY(%(schools)s)
"""
