"""Provisioning Clients: registered by an operator, enrolled once by a code, then known by their own key.

`at` is the real clock, by which codes, keys and tokens end; `now` the calendar, by which audit entries are dated
(interfaces.md).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, connection, transaction

from hwb.extract.texts import N_, Text
from hwb.operations import audit, wishes
from hwb.operations import client_keys as keys
from hwb.operations.client_keys import ClientRefused

_LONGEST_REPORT = 512 * 1024
_ATTEMPTS_KEPT = 5  # of each school


@dataclass(frozen=True, slots=True)
class Registration:
    """A client that may enrol with `code` until `expires`; the code is shown once and stored hashed."""

    client: UUID
    code: str
    expires: datetime
    schools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """An enrolled client: its schools, and when its key ends."""

    client: UUID
    schools: tuple[str, ...]
    expires: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """The client that a token belongs to."""

    id: UUID
    schools: frozenset[str]


def register(
    *, schools: Collection[str], acting_user: str, at: datetime, now: datetime, computer: str = "",
    takes_over: bool = False,
) -> Registration:  # fmt: skip
    """A new client for these schools. Raises ClientRefused for a school that nobody registered.

    computer: what people call the computer it runs on. takes_over: once enrolled it replaces the schools' others.
    """
    wanted = tuple(sorted(set(schools)))
    code = keys.new_code()
    expires = at + keys.CODE_LIFETIME
    client = uuid4()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT dfes FROM establishment WHERE dfes = ANY(%s)", [list(wanted)])
        unknown = set(wanted) - {row[0] for row in cursor.fetchall()}
        if unknown or not wanted:
            names = ", ".join(sorted(unknown))
            raise ClientRefused(
                "unknown_school", Text(N_("Not in the register of schools: {schools}"), {"schools": names}), status=404
            )
        cursor.execute(
            "INSERT INTO client (id, code_digest, code_expires, public_key, version, report, computer, takes_over)"
            " VALUES (%s, %s, %s, '', '', '{}', %s, %s)",
            [client, keys.digest(keys.clean_code(code)), expires, computer, takes_over],
        )
        cursor.execute(
            "INSERT INTO client_school (client, school) SELECT %s, unnest(%s::text[])", [client, list(wanted)]
        )
        _record("client registered", client, wanted, acting_user, now)
    return Registration(client, code, expires, wanted)


def enrol(*, code: str, public_key: Mapping[str, Any], version: str, at: datetime, now: datetime) -> Enrolment:
    """Takes the code, once, and keeps the public key. Raises ClientRefused; used, old and wrong codes look alike."""
    key = keys.read_public_key(public_key)
    expires = keys.key_expiry(at)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE client SET public_key = %s, enrolled_at = %s, expires = %s, version = %s, last_contact = %s,
                              code_digest = '', code_expires = NULL
            WHERE code_digest = %s AND code_expires > %s AND enrolled_at IS NULL AND revoked_at IS NULL
            RETURNING id, takes_over
            """,
            [key, at, expires, version, at, keys.digest(keys.clean_code(code)), at],
        )
        row = cursor.fetchone()
        if row is None:
            raise ClientRefused(
                "code_invalid",
                Text(N_("The code is wrong, was used before, or is older than 60 minutes. Ask for another one.")),
            )
        schools = _schools_of(row[0])
        _record("client enrolled", row[0], schools, f"client:{row[0]}", now)
        if row[1]:
            _take_over(cursor, row[0], schools, at=at, now=now)
    return Enrolment(row[0], schools, expires)


def _take_over(cursor: Any, client: UUID, schools: Sequence[str], *, at: datetime, now: datetime) -> None:
    """The schools' other clients no longer send for them; one that has no other school ends."""
    cursor.execute(
        """
        SELECT c.id, array(SELECT s.school::text FROM client_school s WHERE s.client = c.id ORDER BY s.school)
        FROM client c WHERE c.id <> %(client)s AND c.revoked_at IS NULL
          AND EXISTS (SELECT 1 FROM client_school s WHERE s.client = c.id AND s.school = ANY(%(schools)s))
        ORDER BY c.id FOR UPDATE OF c
        """,
        {"client": client, "schools": list(schools)},
    )
    for other, served in cursor.fetchall():
        if set(served) <= set(schools):
            revoke(client=other, acting_user=f"client:{client}", at=at, now=now)
            continue
        lost = sorted(set(served) & set(schools))
        cursor.execute("DELETE FROM client_school WHERE client = %s AND school = ANY(%s)", [other, lost])
        _record("client replaced", other, lost, f"client:{client}", now)


def issue_token(*, assertion: str, audiences: Collection[str], at: datetime) -> str:
    """An opaque token for ten minutes. Raises ClientRefused.

    The assertion's id is remembered until it ends; of two requests with one assertion, even at once, the table's
    key lets one through.
    """
    claimed = keys.claimed_client(assertion)
    public_key = _usable_key(claimed, at)
    proved = keys.verify_assertion(assertion, public_key=public_key, audiences=audiences, at=at)
    token = secrets.token_urlsafe(32)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO client_assertion (client, jti, expires) VALUES (%s, %s, %s)",
                [claimed, proved.jti, proved.expires + 2 * keys.SKEW],
            )
            # Revoked in between: the row is locked by neither, so look again in the same statement.
            cursor.execute(
                "INSERT INTO access_token (digest, client, expires) SELECT %s, id, %s FROM client"
                " WHERE id = %s AND revoked_at IS NULL FOR SHARE",
                [keys.digest(token), at + keys.TOKEN_LIFETIME, claimed],
            )
    except IntegrityError:
        text = Text(N_("This proof was used before. The client makes a new one each time."))
        raise ClientRefused("assertion_replayed", text) from None
    return token


def client_of_token(token: str, *, at: datetime) -> Known | None:
    """Whose token it is; None when it is unknown, has ended, or its client was revoked or its key has ended."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.id, array(SELECT s.school FROM client_school s WHERE s.client = c.id)
            FROM access_token t JOIN client c ON c.id = t.client
            WHERE t.digest = %s AND t.expires > %s AND c.revoked_at IS NULL AND c.expires > %s
            """,
            [keys.digest(token), at, at],
        )
        row = cursor.fetchone()
    return None if row is None else Known(row[0], frozenset(str(school) for school in row[1]))


def revoke(*, client: UUID, acting_user: str, at: datetime, now: datetime) -> bool:
    """Ends a client and its tokens at once. False when there is no such client, or it was revoked before."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE client SET revoked_at = %s, code_digest = '', code_expires = NULL"
            " WHERE id = %s AND revoked_at IS NULL RETURNING id",
            [at, client],
        )
        if cursor.fetchone() is None:
            return False
        cursor.execute("DELETE FROM access_token WHERE client = %s", [client])
        _record("client revoked", client, _schools_of(client), acting_user, now)
    return True


def rename(*, client: UUID, computer: str, acting_user: str, now: datetime) -> bool:
    """Calls the client's computer otherwise. False when it is called so already, or is no client any more."""
    return _change(client, "computer", computer, "client renamed", acting_user, now)


def advise(*, client: UUID, at: str, acting_user: str, now: datetime) -> bool:
    """Advises a time of day, "02:30", for the client's runs; "" for the client's own. False when nothing changes."""
    return _change(client, "advised", at, "client advised", acting_user, now)


def _change(client: UUID, column: str, value: str, action: str, acting_user: str, now: datetime) -> bool:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE client SET {column} = %s WHERE id = %s AND revoked_at IS NULL AND {column} <> %s RETURNING id",  # noqa: S608 - two fixed names
            [value, client, value],
        )
        if cursor.fetchone() is None:
            return False
        _record(action, client, _schools_of(client), acting_user, now)
    return True


def check_in(*, client: UUID, report: Mapping[str, Any], at: datetime, now: datetime) -> dict[str, wishes.WishKind]:
    """Keeps the client's newest report; returns what its schools wish now, each wish once.

    A client tells a failed attempt once, and checks in every quarter of an hour: the newest of each school are kept
    from report to report, so that they can be shown beside Last Run (R37).
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT report FROM client WHERE id = %s FOR UPDATE", [client])
        known = cursor.fetchone()[0]
        text = json.dumps(_with_earlier_attempts(report, json.loads(known) if isinstance(known, str) else known))
        if len(text) > _LONGEST_REPORT:
            text = json.dumps({"version": report.get("version"), "schools": [], "cut": True})
        cursor.execute(
            "UPDATE client SET report = %s, version = %s, last_contact = %s WHERE id = %s",
            [text, str(report.get("version", "")), at, client],
        )
        return wishes.collect(cursor, client=client, now=now)


def _with_earlier_attempts(report: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    earlier = {school["school"]: school["failed_attempts"] for school in known.get("schools", [])}
    schools = []
    for school in report.get("schools", []):
        attempts = [*earlier.get(school["school"], []), *school["failed_attempts"]]
        attempts.sort(key=lambda attempt: str(attempt["at"]))
        schools.append({**school, "failed_attempts": attempts[-_ATTEMPTS_KEPT:]})
    return {**report, "schools": schools}


def forget_expired(*, at: datetime) -> int:
    """Removes ended tokens and remembered assertions; returns how many."""
    removed = 0
    with connection.cursor() as cursor:
        for table in ("access_token", "client_assertion"):
            cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [at])  # noqa: S608 - two fixed names
            removed += cursor.rowcount
    return removed


def _usable_key(client: str, at: datetime) -> str:
    """The public key of an enrolled client whose key has not ended. Raises ClientRefused."""
    unknown = ClientRefused("invalid_client", Text(N_("The client could not prove who it is.")))
    try:
        UUID(client)
    except ValueError:
        raise unknown from None
    with connection.cursor() as cursor:
        cursor.execute("SELECT public_key, expires, revoked_at FROM client WHERE id = %s", [client])
        row = cursor.fetchone()
    if row is None or not row[0]:
        raise unknown
    key, expires, revoked = row
    if revoked is not None:
        text = Text(N_("This client was revoked. Whoever runs it asks for a new code and enrols again."))
        raise ClientRefused("client_revoked", text)
    if expires <= at:
        text = Text(N_("The client's key ended after 13 months. Whoever runs it asks for a new code and enrols again."))
        raise ClientRefused("key_expired", text)
    return str(key)


def _schools_of(client: UUID) -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT school FROM client_school WHERE client = %s ORDER BY school", [client])
        return tuple(row[0] for row in cursor.fetchall())


def _record(action: str, client: UUID, schools: Sequence[str], acting_user: str, now: datetime) -> None:
    audit.record(action=action, actor=acting_user, at=now, details={"client": str(client), "schools": list(schools)})
