"""What somebody sees of their own account: schools, password, sessions (A8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hwb.directory.queries.rows import fetch


@dataclass(frozen=True, slots=True)
class School:
    """A school's two names; either may be empty."""

    name_en: str
    name_cy: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session that was begun with this account. data: as Django keeps it, to be read by whoever knows its form."""

    id: UUID
    key: str
    browser: str
    system: str
    began: datetime
    data: str


@dataclass(frozen=True, slots=True)
class RecoveryAddress:
    """Where a link to a new password goes, once it has been confirmed (A9)."""

    address: str
    confirmed: bool


def schools(account: UUID) -> tuple[School, ...]:
    """Where the account is placed now, guests included."""
    return tuple(School(**row) for row in fetch(_SCHOOLS, {"account": account}))


def password_changed(account: UUID) -> datetime | None:
    """When its password was last chosen or made, by the log; None for a first one that a school made long ago."""
    return fetch(_CHANGED, {"account": account})[0]["at"]  # type: ignore[no-any-return]


def sessions(account: UUID, *, at: datetime) -> tuple[SessionRow, ...]:
    """Sessions that may still stand, the newest first."""
    return tuple(SessionRow(**row) for row in fetch(_SESSIONS, {"account": account, "at": at}))


def recovery_address(account: UUID) -> RecoveryAddress | None:
    """Where a link to a new password would go; None when there is no such address."""
    rows = fetch(_RECOVERY, {"account": account})
    return RecoveryAddress(**rows[0]) if rows else None


_RECOVERY = "SELECT address, confirmed_at IS NOT NULL AS confirmed FROM recovery_address WHERE account = %(account)s"
_SCHOOLS = """
SELECT DISTINCT e.name_en, e.name_cy FROM placement p JOIN establishment e ON e.dfes = p.school
WHERE p.account = %(account)s AND p.ended IS NULL ORDER BY e.name_en
"""
_CHANGED = """
SELECT max(at) AS at FROM audit WHERE account = %(account)s AND action IN ('password chosen', 'password reset')
"""
_SESSIONS = """
SELECT d.id, d.session_key AS key, d.browser, d.system, d.began, s.session_data AS data
FROM session_device d
JOIN django_session s ON s.session_key = d.session_key
JOIN account a ON a.id = d.account
WHERE d.account = %(account)s AND s.expire_date > %(at)s AND (a.sessions_from IS NULL OR d.began >= a.sessions_from)
ORDER BY d.began DESC, d.id
"""
