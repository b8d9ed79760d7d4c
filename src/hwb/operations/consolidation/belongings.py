"""What a person takes along when two of their accounts are joined: password, second step, roles (R25)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from cryptography.exceptions import InvalidTag
from django.conf import settings

from hwb.directory import vault
from hwb.operations.consolidation.refusals import ConsolidationRefused
from hwb.operations.passwords import storing


def swap_passwords(cursor: Any, one: str, other: str) -> None:
    """Each account gets the other's password. A first one is sealed anew, because it is bound to its account.

    Raises ConsolidationRefused when one cannot be read.
    """
    cursor.execute(_HASHES, [[one, other]])
    hashes = dict(cursor.fetchall())
    cursor.execute(_FIRST, [[one, other]])
    names = [column[0] for column in cursor.description]
    made = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    cursor.execute("DELETE FROM first_password WHERE account = ANY(%s::uuid[])", [[one, other]])
    swapped = {one: other, other: one}
    for row in made:
        to = swapped[row["account"]]
        if row["ciphertext"] is not None:
            password = storing.opened(row["account"], row["key_id"], bytes(row["ciphertext"]))
            if password is None:
                raise ConsolidationRefused("unreadable")
            ring = storing.ring()
            row |= {"ciphertext": ring.seal(to, password), "key_id": ring.current}
        row |= {"account": to, "form": None, "form_left": None}
        cursor.execute(_FIRST_AGAIN, row)
    for account, hash_ in hashes.items():
        cursor.execute("UPDATE account SET password = %s WHERE id = %s", [hash_, swapped[account]])


def swap_second_steps(cursor: Any, one: str, other: str, *, made_since: datetime | None = None) -> None:
    """Each account gets the other's apps, passkeys and recovery codes. An app's secret is sealed anew.

    A recovery code's digest names the account for which it was made (see second_step.checking); those made while the
    accounts were joined (``made_since``, by the real clock) would be of use to neither, and go.
    """
    secret = str(settings.SECRET_KEY)
    if made_since is not None:
        cursor.execute(_CODES_GONE, [[one, other], made_since])
    cursor.execute(_FACTORS, [[one, other]])
    names = [column[0] for column in cursor.description]
    factors = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    cursor.execute("DELETE FROM second_factor WHERE account = ANY(%s::uuid[])", [[one, other]])
    swapped = {one: other, other: one}
    for row in factors:
        to = swapped[row["account"]]
        if row["kind"] == "app":
            try:
                plain = vault.open_app_secret(bytes(row["secret"]), account=row["account"], secret=secret)
            except (InvalidTag, ValueError):
                raise ConsolidationRefused("unreadable") from None
            row["secret"] = vault.seal_app_secret(plain, account=to, secret=secret)
        cursor.execute(_FACTOR_AGAIN, row | {"account": to})
    cursor.execute("DELETE FROM second_step_tries WHERE account = ANY(%s::uuid[])", [[one, other]])


def swap_choices(cursor: Any, one: str, other: str) -> None:
    """Each account gets the other's choice of languages and messages."""
    cursor.execute(_CHOICES, [[one, other]])
    choices = cursor.fetchall()
    cursor.execute("DELETE FROM message_choice WHERE account = ANY(%s::uuid[])", [[one, other]])
    for account, language, digests, pages in choices:
        cursor.execute(_CHOICE_AGAIN, [other if account == one else one, language, digests, pages])


def move_roles(cursor: Any, giver: str, taker: str, *, grants: list[str] | None = None) -> list[str]:
    """The giver's open roles (or those of ``grants`` that are) become the taker's, unless it has them; their ids."""
    cursor.execute(_ROLES, {"giver": giver, "taker": taker, "grants": grants})
    return sorted(str(id_) for (id_,) in cursor.fetchall())


def grants_since(cursor: Any, account: str, *, schools: list[str], since: datetime) -> list[str]:
    """Ids of the account's open roles that it was given at these schools since then."""
    cursor.execute(_GRANTS_SINCE, [account, schools, since])
    return [str(id_) for (id_,) in cursor.fetchall()]


def move_decisions(
    cursor: Any, giver: str, taker: str, *, ids: list[str] | None, schools: list[str], since: datetime | None
) -> list[str]:
    """The giver's standing decisions become the taker's: all, or those of ``ids`` and those made ``since`` at the
    ``schools``. Returns their ids."""
    cursor.execute(
        _DECISIONS, {"giver": giver, "taker": taker, "ids": ids, "schools": schools, "since": since}
    )  # fmt: skip
    return sorted(str(id_) for (id_,) in cursor.fetchall())


def protect(cursor: Any, account: str, *, other: str, now: datetime) -> str | None:
    """Protects ``account`` when ``other`` is protected and it is not (ux.md 2); the mark's id."""
    made = str(uuid4())
    cursor.execute(_PROTECT, {"id": made, "account": account, "other": other, "now": now})
    return made if cursor.rowcount else None


_HASHES = "SELECT id::text, password FROM account WHERE id = ANY(%s::uuid[])"
_FIRST = """
SELECT account::text, ciphertext, key_id, school, made_by, made_at, must_change, shown_at, hidden_at
FROM first_password WHERE account = ANY(%s::uuid[])
"""
_FIRST_AGAIN = """
INSERT INTO first_password (account, ciphertext, key_id, school, made_by, made_at, must_change, shown_at, hidden_at,
                            form, form_left)
VALUES (%(account)s, %(ciphertext)s, %(key_id)s, %(school)s, %(made_by)s, %(made_at)s, %(must_change)s, %(shown_at)s,
        %(hidden_at)s, %(form)s, %(form_left)s)
"""
_FACTORS = """
SELECT id, account::text, kind, name, secret, counter, made_at, used_at FROM second_factor
WHERE account = ANY(%s::uuid[])
"""
_FACTOR_AGAIN = """
INSERT INTO second_factor (id, account, kind, name, secret, counter, made_at, used_at)
VALUES (%(id)s, %(account)s, %(kind)s, %(name)s, %(secret)s, %(counter)s, %(made_at)s, %(used_at)s)
"""
_CODES_GONE = """
DELETE FROM second_factor WHERE account = ANY(%s::uuid[]) AND kind = 'recovery' AND made_at >= %s
"""
_CHOICES = "SELECT account::text, language, digests, pages FROM message_choice WHERE account = ANY(%s::uuid[])"
_CHOICE_AGAIN = "INSERT INTO message_choice (account, language, digests, pages) VALUES (%s, %s, %s, %s)"
_ROLES = """
UPDATE role_grant g SET account = %(taker)s::uuid
WHERE g.account = %(giver)s::uuid AND g.ended_at IS NULL
  AND (%(grants)s::uuid[] IS NULL OR g.id = ANY(%(grants)s::uuid[]))
  AND NOT EXISTS (SELECT FROM role_grant o WHERE o.account = %(taker)s::uuid AND o.role = g.role
                  AND o.school = g.school AND o.area = g.area AND o.ended_at IS NULL)
RETURNING g.id
"""
_GRANTS_SINCE = """
SELECT id FROM role_grant WHERE account = %s AND school = ANY(%s) AND given_at >= %s AND ended_at IS NULL
"""
_DECISIONS = """
UPDATE decision d SET account = %(taker)s::uuid
WHERE d.account = %(giver)s::uuid AND d.ended_at IS NULL
  AND (%(since)s::timestamptz IS NULL OR d.id = ANY(%(ids)s::uuid[])
       OR d.school = ANY(%(schools)s) AND d.made_at >= %(since)s)
  AND NOT EXISTS (SELECT FROM decision o WHERE o.account = %(taker)s::uuid AND o.school = d.school
                  AND o.kind = d.kind AND o.ended_at IS NULL)
RETURNING d.id
"""
_PROTECT = """
INSERT INTO protection (id, account, upn, reason, made_by, made_at, ended_by)
SELECT %(id)s, %(account)s::uuid, '', o.reason, o.made_by, %(now)s, '' FROM protection o
WHERE o.account = %(other)s::uuid AND o.ended_at IS NULL
  AND NOT EXISTS (SELECT FROM protection p WHERE p.account = %(account)s::uuid AND p.ended_at IS NULL)
"""
