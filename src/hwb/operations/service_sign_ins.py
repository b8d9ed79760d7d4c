"""Signing in to services: begun when a code is given out, ended with its tokens. Moments are of the real clock."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction

from hwb.directory import service_access

CODE_LIFETIME = timedelta(seconds=60)
#: A sign-in with its refresh tokens lasts no longer.
LONGEST = timedelta(days=30)
_SPENT_KEPT = timedelta(days=1)


class NotAnyMore(Exception):
    """In this very moment the account became inactive, or the child's class session ended: nothing is given out."""


class AnsweredBefore(Exception):
    """The request was answered already: it is a replay, or a page that was loaded again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """A validated authorization request of a person who may use the service.

    code: what allauth's provider keeps of the request beside the code itself. school: whose member the person is there.
    ends: of a child, when the Hwb session is over at the latest; place: in a class session.
    """

    service: UUID
    client_id: str
    account: UUID
    school: str
    session: str
    signed_in_at: datetime
    ways: tuple[str, ...]
    scopes: tuple[str, ...]
    code: dict[str, Any]
    ends: datetime | None = None
    place: UUID | None = None


def session_digest(session_key: str) -> str:
    """What is kept of a session's key."""
    return hashlib.sha256(f"service sign-in {session_key}".encode()).hexdigest()


def begin(beginning: Beginning, *, at: datetime) -> str:
    """A new sign-in; returns its code, which is good once, for a minute. Raises NotAnyMore."""
    code = secrets.token_urlsafe(32)
    with transaction.atomic(), connection.cursor() as cursor:
        sign_in = _insert(cursor, beginning, at)
        data = {**beginning.code, "sign_in": str(sign_in)}
        cursor.execute(
            "INSERT INTO allauth_idp_oidc_token (type, hash, client_id, user_id, data, created_at, expires_at, scopes)"
            " VALUES ('ac', %s, %s, %s, %s, %s, %s, %s)",
            [
                hashlib.sha256(code.encode()).hexdigest(), beginning.client_id, beginning.account, json.dumps(data),
                at, at + CODE_LIFETIME, "\n".join(beginning.scopes),
            ],
        )  # fmt: skip
    return code


def begin_once(beginning: Beginning, *, request: str, at: datetime) -> UUID:
    """A new sign-in in answer to a SAML request; returns its id. Raises AnsweredBefore, NotAnyMore."""
    with transaction.atomic(), connection.cursor() as cursor:
        _answer(cursor, beginning.client_id, request, at)
        return _insert(cursor, beginning, at)


def answer_once(*, client_id: str, request: str, at: datetime) -> None:
    """Notes that a SAML request was answered without a sign-in. Raises AnsweredBefore."""
    with transaction.atomic(), connection.cursor() as cursor:
        _answer(cursor, client_id, request, at)


def _answer(cursor: Any, client_id: str, request: str, at: datetime) -> None:
    digest = hashlib.sha256(f"{client_id}\n{request}".encode()).hexdigest()
    cursor.execute(
        "INSERT INTO saml_request (digest, answered_at) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING 1",
        [digest, at],
    )
    if cursor.fetchone() is None:
        raise AnsweredBefore


def _insert(cursor: Any, beginning: Beginning, at: datetime) -> UUID:
    """The account's row, and a child's place in the class, are locked against ending in between."""
    sign_in = uuid4()
    cursor.execute("SELECT 1 FROM account WHERE id = %s AND active FOR SHARE", [beginning.account])
    if cursor.fetchone() is None:
        raise NotAnyMore
    if beginning.place is not None:
        cursor.execute("SELECT 1 FROM class_place WHERE id = %s FOR SHARE", [beginning.place])
        if cursor.fetchone() is None:
            raise NotAnyMore
    cursor.execute(
        "INSERT INTO service_sign_in (id, service, account, school, session, signed_in_at, ways, created_at, ends_at,"
        " place) VALUES (%s, %s, %s, %s, %s, %s, %s::text[], %s, %s, %s)",
        [
            sign_in, beginning.service, beginning.account, beginning.school, beginning.session,
            beginning.signed_in_at, list(beginning.ways), at, beginning.ends, beginning.place,
        ],
    )  # fmt: skip
    return sign_in


def hold(sign_in: UUID) -> bool:
    """Whether the sign-in stands and its account is active; the account stays so until the caller's transaction ends.

    To be called before the transaction locks any token: whoever makes an account inactive takes them in this order.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM service_sign_in i JOIN account a ON a.id = i.account"
            " WHERE i.id = %s AND i.ended_at IS NULL AND (i.ends_at IS NULL OR i.ends_at > clock_timestamp())"
            " AND a.active FOR SHARE OF a",
            [sign_in],
        )
        return cursor.fetchone() is not None


def end(*sign_ins: UUID) -> int:
    """Ends sign-ins with all their tokens; their services are told. Returns how many stood."""
    with transaction.atomic(), connection.cursor() as cursor:
        return service_access.end(cursor, sign_ins=sign_ins)


def is_of_session(sign_in: UUID, *, session: str) -> bool:
    """Whether the sign-in came from the session with this digest."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT session FROM service_sign_in WHERE id = %s", [sign_in])
        row = cursor.fetchone()
    return row is not None and secrets.compare_digest(str(row[0]), session)


def end_of_session(session_key: str) -> int:
    """Ends what was begun from a Hwb session that is over."""
    with transaction.atomic(), connection.cursor() as cursor:
        return service_access.end(cursor, session=session_digest(session_key))


def end_due(*, at: datetime) -> int:
    """Ends what began in children's sessions whose time is over."""
    with transaction.atomic(), connection.cursor() as cursor:
        return service_access.end(cursor, due=at)


def forget_expired(*, at: datetime) -> None:
    """Tokens that are over, spent ones after a day, and old sign-ins leave no trace."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM saml_request WHERE answered_at < %s", [at - _SPENT_KEPT])
        cursor.execute("DELETE FROM allauth_idp_oidc_token WHERE expires_at < %s", [at - _SPENT_KEPT])
        cursor.execute("DELETE FROM service_log_out WHERE made_at < %s AND due_at IS NULL", [at - LONGEST])
        cursor.execute(
            "DELETE FROM service_sign_in i WHERE created_at < %s"
            " AND NOT EXISTS (SELECT FROM service_log_out o WHERE o.sign_in = i.id)",
            [at - LONGEST],
        )
