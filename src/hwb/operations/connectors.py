"""Connectors: added, paused, removed and tried again by operators; and how each one's service is.

`at` is the real clock, by which services live; `now` the calendar, by which audit entries are dated.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction

from hwb.directory import connected_accounts
from hwb.extract.texts import N_, Text
from hwb.lifecycle.service_accounts import GroupKind
from hwb.lifecycle.service_accounts import pause as length_of_pause
from hwb.operations import audit
from hwb.operations.service_addresses import ServiceRefused, check_address
from hwb.operations.transactions import in_transaction

KINDS = ("microsoft365", "just2easy", "scim")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
#: Options that a connector of the kind needs.
_NEEDED = {
    "microsoft365": ("tenant", "client_id", "learner_licence", "staff_licence"),
    "just2easy": ("address", "client_id"), "scim": ("url",),
}  # fmt: skip
#: Options that say where people's data, a secret or a token go.
_ADDRESSES = ("url", "token_url", "address", "graph", "login")
#: Of services by whose identifiers a connector of the kind knows people.
_BY = {"microsoft365": ("saml", "oidc"), "just2easy": ("saml", "oidc"), "scim": ("scim",)}


_NO_SERVICE = {
    "microsoft365": N_("There is no such service that people sign in to."),
    "just2easy": N_("There is no such service that people sign in to."),
    "scim": N_("There is no such SCIM service that reads."),
}


class ConnectorRefused(Exception):
    """What was asked of a connector cannot be; `text` says why."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(code)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A connector as an operator describes it. service: the one whose identifier of a person it uses.

    Of a SCIM connector that service also says of which schools and kinds people are carried, and with what (scopes).
    """

    kind: str
    name: str
    service: UUID
    options: dict[str, str] = field(default_factory=dict)


def add(wanted: Wanted, *, acting_user: str, at: datetime, now: datetime) -> UUID:
    """A new connector, for which everybody waits who may sign in. Raises ConnectorRefused.

    It takes the table for itself: a run that was told there is no connector ends first.
    """
    _check(wanted)
    made = uuid4()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE connector IN ACCESS EXCLUSIVE MODE")
        cursor.execute(
            "SELECT EXISTS (SELECT FROM service WHERE id = %s AND revoked_at IS NULL AND protocol = ANY(%s)"
            " AND NOT is_source), EXISTS (SELECT FROM connector WHERE name = %s AND removed_at IS NULL)",
            [wanted.service, list(_BY[wanted.kind]), wanted.name],
        )
        is_service, is_taken = cursor.fetchone()
        if not is_service:
            raise ConnectorRefused("service", Text(_NO_SERVICE[wanted.kind]))
        if is_taken:
            raise ConnectorRefused("taken", Text(N_("A connector of this name is there already.")))
        cursor.execute(
            "INSERT INTO connector (id, kind, name, service, options, created_at, created_by, failures, failure, delta,"
            " drifted) VALUES (%s, %s, %s, %s, %s::jsonb, %s, %s, 0, '', '{}', 0)",
            [made, wanted.kind, wanted.name, wanted.service, json.dumps(wanted.options), at, acting_user],
        )
        waiting = _mark_all(cursor)
        details = {"connector": str(made), "kind": wanted.kind, "name": wanted.name, "accounts": waiting}
        audit.record(action="connector added", actor=acting_user, at=now, details=details)
    return made


def set_paused(*, name: str, paused: bool, acting_user: str, at: datetime, now: datetime) -> bool:
    """Stops carrying to the service, or goes on; what changes meanwhile waits. False: it was so already."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE connector SET paused_at = CASE WHEN %s THEN %s::timestamptz END"
            " WHERE name = %s AND removed_at IS NULL AND (paused_at IS NULL) = %s RETURNING id",
            [paused, at, name, paused],
        )
        row = cursor.fetchone()
        if row is None:
            _require(cursor, name)
            return False
        action = "connector paused" if paused else "connector resumed"
        audit.record(action=action, actor=acting_user, at=now, details={"connector": str(row[0]), "name": name})
        connected_accounts.wake()
    return True


def remove(*, name: str, acting_user: str, at: datetime, now: datetime) -> None:
    """Ends the connector; at the service everything stays as it is. Raises ConnectorRefused."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE connector SET removed_at = %s WHERE name = %s AND removed_at IS NULL RETURNING id", [at, name]
        )
        row = cursor.fetchone()
        if row is None:
            raise _unknown(name)
        cursor.execute("DELETE FROM connected_account WHERE connector = %s", [row[0]])
        cursor.execute("DELETE FROM connected_group WHERE connector = %s", [row[0]])
        audit.record(
            action="connector removed", actor=acting_user, at=now, details={"connector": str(row[0]), "name": name}
        )


def try_again(
    *, connector: UUID, acting_user: str, at: datetime, now: datetime, failure: str = "", account: UUID | None = None
) -> int:
    """Has refused accounts carried over at once: one, all of a reason, or all; returns how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE connected_account SET due_at = %(at)s, attempts = 0 WHERE connector = %(connector)s"
            " AND due_at IS NOT NULL AND failure <> '' AND (%(failure)s = '' OR failure = %(failure)s)"
            " AND (%(account)s::uuid IS NULL OR account = %(account)s::uuid)",
            {"at": at, "connector": connector, "failure": failure, "account": account},
        )
        again = int(cursor.rowcount)
        if again:
            details = {"connector": str(connector), "failure": failure, "accounts": again}
            audit.record(action="connector tried again", actor=acting_user, at=now, details=details)
            connected_accounts.wake()
    return again


def mark_all() -> int:
    """Everybody whom services follow and no connector knows yet waits now (part of the nightly comparison)."""

    def work() -> int:
        with connection.cursor() as cursor:
            return _mark_all(cursor)

    return in_transaction(work)


def heard(*, connector: UUID, at: datetime) -> None:
    """The service answered: the circuit closes, and what waits for it goes on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE connector SET failures = 0, failing_since = NULL, failure = '', succeeded_at = %(at)s,"
            " closed_until = CASE WHEN failing_since IS NULL THEN closed_until END"
            " WHERE id = %(connector)s AND (failing_since IS NOT NULL OR succeeded_at IS NULL"
            " OR succeeded_at < %(at)s - interval '5 seconds')",
            {"connector": connector, "at": at},
        )


def away(*, connector: UUID, failure: str, began: datetime, at: datetime, chance: float) -> datetime | None:
    """The service did not answer: nothing is sent to it for 1, 2, 4 … seconds, at most a quarter of an hour.

    Only once where several workers noticed at the same time (``began``: when this one asked). Returns until when.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT failures FROM connector WHERE id = %s AND (closed_until IS NULL OR closed_until <= %s) FOR UPDATE",
            [connector, began],
        )
        row = cursor.fetchone()
        if row is None:
            return None
        until = at + timedelta(seconds=length_of_pause(row[0] + 1, chance))
        cursor.execute(
            "UPDATE connector SET failures = failures + 1, failing_since = COALESCE(failing_since, %s), failure = %s,"
            " closed_until = %s WHERE id = %s",
            [at, failure[:200], until, connector],
        )
    return until


def throttled(*, connector: UUID, seconds: float, at: datetime) -> None:
    """The service asked for patience (429, Retry-After): nothing is sent before. It is not a failure."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE connector SET closed_until = GREATEST(closed_until, %s) WHERE id = %s",
            [at + timedelta(seconds=seconds), connector],
        )


def _check(wanted: Wanted) -> None:
    if wanted.kind not in KINDS:
        raise ConnectorRefused("kind", Text(N_("Kinds of connectors: {kinds}"), {"kinds": ", ".join(KINDS)}))
    if not _NAME.fullmatch(wanted.name):
        raise ConnectorRefused(
            "name", Text(N_("A connector's name is of small letters, digits and hyphens, and begins with a letter."))
        )
    missing = [option for option in _NEEDED[wanted.kind] if not wanted.options.get(option)]
    if missing:
        raise ConnectorRefused("options", Text(N_("It also needs: {options}"), {"options": ", ".join(missing)}))
    if not set(filter(None, wanted.options.get("groups", "").split(","))) <= set(GroupKind):
        raise ConnectorRefused("groups", Text(N_("Kinds of groups: {kinds}"), {"kinds": ", ".join(GroupKind)}))
    for option in _ADDRESSES:
        if address := wanted.options.get(option):
            try:
                check_address(address, field=option, on_loopback=not settings.HWB_PRODUCTION)
            except ServiceRefused as refused:
                raise ConnectorRefused("address", refused.text) from refused


def _mark_all(cursor: Any) -> int:
    cursor.execute(_UNKNOWN_TO_SOME)
    return connected_accounts.mark(cursor, accounts=[row[0] for row in cursor.fetchall()])


def _require(cursor: Any, name: str) -> None:
    cursor.execute("SELECT EXISTS (SELECT FROM connector WHERE name = %s AND removed_at IS NULL)", [name])
    if not cursor.fetchone()[0]:
        raise _unknown(name)


def _unknown(name: str) -> ConnectorRefused:
    return ConnectorRefused("unknown", Text(N_("There is no connector {name}."), {"name": name}))


_UNKNOWN_TO_SOME = f"""
SELECT a.id FROM account a WHERE a.active AND EXISTS (
    SELECT FROM connector c WHERE c.removed_at IS NULL AND {connected_accounts.CONCERNS} AND NOT EXISTS (
        SELECT FROM connected_account k WHERE k.connector = c.id AND k.account = a.id))
"""  # noqa: S608 - a text of ours
