"""Who has signed in: a name and a password against what is kept.

Every answer costs exactly one Argon2, so that its time tells neither kinds of passwords nor missing and inactive
accounts apart. Only a right password may cost a second one, when its hash was made with older figures: whoever gets
that answer knows the password.
"""

from __future__ import annotations

import hmac
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings as django_settings
from django.db import connection

from hwb.directory.queries import passwords as rows
from hwb.lifecycle import passwords as rules
from hwb.lifecycle.attempts import Bar
from hwb.operations import attempts, settings
from hwb.operations.attempts import Caller, Try, Verdict
from hwb.operations.passwords import storing

_LONGEST_NAME = 254
_LONGEST_PASSWORD = 1_024


@dataclass(frozen=True, slots=True)
class SignIn:
    """A right password. ``active``: only then may a session begin (R40). ``must_change``: a new one comes first."""

    account: UUID
    active: bool
    must_change: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a password at a sign-in page. ``found`` is None when it was wrong, or, by the verdict, not tried."""

    found: SignIn | None
    verdict: Verdict


@dataclass(frozen=True, slots=True, repr=False)
class Kept:
    """What is kept of an account's password: the hash, or a first password encrypted; its row's key; whether another
    one was asked for when it was made."""

    account: UUID
    active: bool
    hash: str
    sealed: bytes | None
    key: str
    must_change: bool


def authenticate(*, name: str, password: str) -> UUID | None:
    """The account that this name and password open; None when wrong, missing or inactive.

    name: a username, a former one too, with or without the domain, or an e-mail address; letter case and spaces around
    it do not matter.
    """
    found = identify(name=name, password=password)
    return found.account if found is not None and found.active else None


def identify(*, name: str, password: str) -> SignIn | None:
    """As authenticate, but a right password of an inactive account is told apart, for the page that helps (A5)."""
    return _try(_find(name), password)


def attempt(*, name: str, password: str, caller: Caller, at: datetime) -> Outcome:
    """What a password opens, for somebody at a page: within the figures that keep passwords from being guessed.

    A right password of an inactive account is told apart, for the page that helps (A5).
    at: the real clock. A password that must not be tried now takes as long as one that is wrong, whoever's the name.
    """
    kept = _find(name)
    one = Try(_counted(name), password, kept.account if kept is not None else None, caller)
    verdict = attempts.begin(one, at=at)
    if verdict.bar is not None:
        if verdict.bar is not Bar.SLOWED:
            storing.hashed("")
        return Outcome(None, verdict)
    found = _try(kept, password)
    (attempts.wrong if found is None else attempts.right)(one, at=at)
    return Outcome(found, verdict)


def _try(kept: Kept | None, password: str) -> SignIn | None:
    if not is_right(kept, password) or kept is None:
        return None
    return SignIn(kept.account, kept.active, kept.must_change and must_change(kept.account))


def is_right(kept: Kept | None, password: str) -> bool:
    """Whether this is the password; one Argon2 in every case."""
    text = rules.prepared(password)
    fits = 0 < len(text) <= _LONGEST_PASSWORD
    hasher = storing.hasher()
    if kept is not None and kept.sealed is None and fits and kept.hash.startswith(f"{hasher.algorithm}$"):
        right = bool(hasher.verify(text, kept.hash))
        if right and hasher.must_update(kept.hash):
            _renew(kept, text)
        return right
    storing.hashed(text if fits else "")
    if kept is None or kept.sealed is None or not fits:
        return False
    first = storing.opened(str(kept.account), kept.key, kept.sealed)
    return first is not None and hmac.compare_digest(first.encode(), text.encode())


def account_of_name(name: str) -> UUID | None:
    """Whose name it is, written in any of the ways that the sign-in page takes."""
    kept = _find(name)
    return kept.account if kept is not None else None


def kept_of(account: UUID) -> Kept | None:
    """What is kept for an account, None when there is no such account."""
    return _one(_KEPT + "WHERE a.id = %s", account)


def _find(name: str) -> Kept | None:
    wanted = _names(name)
    return _one(_BY_NAME, wanted) if wanted else None


def _one(statement: str, value: UUID | list[str]) -> Kept | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [value])
        row = cursor.fetchone()
    if row is None:
        return None
    account, active, hash_, sealed, key, must = row
    return Kept(account, active, hash_, None if sealed is None else bytes(sealed), key or "", bool(must))


def _names(name: str) -> list[str]:
    """The reserved names that may be meant: a username, or an address and the username before our own domain."""
    text = unicodedata.normalize("NFKC", name).strip().casefold()
    if not text or len(text) > _LONGEST_NAME or not text.isprintable():
        return []
    local, at, domain = text.partition("@")
    ours = at and domain == django_settings.HWB_MAIL_DOMAIN.casefold()
    return [text, local] if ours and local else [text]


def _counted(name: str) -> str:
    """The one form in which tries with a name are counted, with our own domain or without, whoever has it."""
    names = _names(name)
    return names[-1] if names else name


def must_change(account: UUID) -> bool:
    """Asked for when the password was made, and still allowed: the year group may have lost the choice since."""
    row = rows.of_accounts([account])[account]
    return row.must_change and may_choose(row)


def may_choose(row: rows.PasswordRow) -> bool:
    """Whether the person may choose their own password now."""
    held = next((p.school for p in row.places if p.role == "holding" and p.until is None), "")
    policy = settings.password_policy()
    return rules.may_choose(kind=row.kind, year_group=row.year_group, school=held, policy=policy)


def _renew(kept: Kept, password: str) -> None:
    """Today's figures for a hash that was made with older ones."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE account SET password = %s WHERE id = %s AND password = %s",
            [storing.hashed(password), kept.account, kept.hash],
        )


_KEPT = """
SELECT a.id, a.active, a.password, f.ciphertext, f.key_id, f.must_change
FROM account a LEFT JOIN first_password f ON f.account = a.id
"""
_BY_NAME = (
    _KEPT
    + "JOIN name_owner i ON i.account = a.id WHERE i.value = ANY(%s) ORDER BY i.kind = 'username' DESC, i.value LIMIT 1"
)
