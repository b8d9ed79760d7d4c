"""Badges: made, printed, replaced, and found again by their code (ux.md A2, 12). A school's own learners only."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings as django_settings
from django.db import connection, transaction

from hwb.directory import chain, store
from hwb.directory.queries import children
from hwb.directory.queries.children import Child
from hwb.directory.vault import code_digest
from hwb.lifecycle import badges as rules
from hwb.lifecycle.calendar import london_date
from hwb.operations.passwords import storing

_PURPOSE = "badge"


def identify(typed: str, *, now: datetime) -> Child | None:
    """Whose badge it is. None for one that is void, expired or unknown, of an inactive account, or of a year group
    that does not sign in with badges: all look alike."""
    code = rules.read(typed)
    child = children.of_badge(_digest(code), on=london_date(now)) if code else None
    return child if child is not None and may_use(child) else None


def may_use(child: Child) -> bool:
    """Whether the child signs in with badge and pictures at all (R40, B19)."""
    return child.active and rules.allowed(child.year_group, decided=child.decided)


def codes(*, accounts: Sequence[UUID], school: str, acting_user: str, now: datetime) -> dict[UUID, str]:
    """The codes to print; whoever has no valid badge gets one. Who may not use one, or whom the school does not hold,
    is left out. Looking at badges is recorded, each with the account (R42)."""
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        known = children.of_accounts(accounts, school=school, on=london_date(now))
        able = [known[one] for one in accounts if one in known and may_use(known[one])]
        entries = []
        for child in able:
            if child.badge is None:
                _make(cursor, child, "", acting_user, now)
                entries.append(chain.Entry("badge made", "R42", "", school, str(child.account)))
        found = _opened(cursor, [child.account for child in able])
        for child in able:
            if child.account not in found:  # its key is gone: a new badge is the way out
                found[child.account] = _make(cursor, child, "replaced", acting_user, now)
                entries.append(chain.Entry("badge made", "R42", "replaced", school, str(child.account)))
        entries += [chain.Entry("badge shown", "R42", "", school, str(account)) for account in found]
        store.write_log(cursor, entries, chain.Writer(school, acting_user, now))
    return found


def replace(*, account: UUID, school: str, acting_user: str, now: datetime) -> bool:
    """A new badge for one child; the one before stops at once. False for a child who may not use one."""
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        child = children.of_accounts([account], school=school, on=london_date(now)).get(account)
        if child is None or not may_use(child):
            return False
        _make(cursor, child, "replaced", acting_user, now)
        entry = chain.Entry("badge made", "R42", "replaced", school, str(account))
        store.write_log(cursor, [entry], chain.Writer(school, acting_user, now))
    return True


def let_alone(*, account: UUID, school: str, alone: bool, acting_user: str, now: datetime) -> bool:
    """The school's decision that a child with an access need signs in with the badge alone, or no longer.

    It ends with the placement. False when the school does not hold the child, or it stands so already.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        child = children.of_accounts([account], school=school, on=london_date(now)).get(account)
        if child is None or child.alone is alone:
            return False
        if alone:
            cursor.execute(
                "INSERT INTO badge_only (placement, set_by, set_at) VALUES (%s, %s, %s)",
                [child.placement, acting_user, now],
            )
        else:
            cursor.execute("DELETE FROM badge_only WHERE placement = %s", [child.placement])
        entry = chain.Entry("badge alone", "R42", "allowed" if alone else "ended", school, str(account))
        store.write_log(cursor, [entry], chain.Writer(school, acting_user, now))
    return True


def _make(cursor: Any, child: Child, reason: str, acting_user: str, now: datetime) -> str:
    """Ends whatever badge there is, also one of an earlier school or year, and makes one; returns its code."""
    cursor.execute(
        "UPDATE badge SET ended_at = %s, reason = %s WHERE account = %s AND ended_at IS NULL",
        [now, reason or "ended", child.account],
    )
    keys, badge, code = storing.ring(), uuid4(), rules.make(rules.LENGTH, choose=secrets.choice)
    cursor.execute(
        "INSERT INTO badge (id, account, placement, digest, ciphertext, key_id, made_by, made_at, last_day, reason)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, '')",
        [badge, child.account, child.placement, _digest(code), keys.seal(str(badge), code, purpose=_PURPOSE),
         keys.current, acting_user, now, rules.last_day(london_date(now))],
    )  # fmt: skip
    return code


def _opened(cursor: Any, accounts: Sequence[UUID]) -> dict[UUID, str]:
    cursor.execute(
        "SELECT account, id::text, key_id, ciphertext FROM badge WHERE ended_at IS NULL AND account = ANY(%s)",
        [list(accounts)],
    )
    found = {}
    for account, badge, key, sealed in cursor.fetchall():
        code = storing.opened(badge, key, bytes(sealed), purpose=_PURPOSE)
        if code is not None:
            found[account] = code
    return found


def _digest(code: str) -> str:
    return code_digest(code, purpose=_PURPOSE, secret=str(django_settings.SECRET_KEY))
