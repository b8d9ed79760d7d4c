"""Accounts of people outside every school's roll: kind `official`, never touched by a run (interfaces.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.conf import settings

from hwb import names
from hwb.directory import chain, service_access, sets, store
from hwb.directory.vault import PersonKey
from hwb.extract.texts import N_, Text

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
_LONGEST_NAME = 200
#: The reason of an account that is off by Support's word alone (R31).
SUSPENDED = "suspended"

#: What an official's personal values are before anything is known.
NOTHING_PERSONAL: dict[str, Any] = {
    "legal_surname": "", "legal_forename": "", "preferred_surname": "", "preferred_forename": "", "birth_date": None,
    "upn": "",
}  # fmt: skip
Code = Literal["name", "email", "email_taken", "username_taken"]


class OfficialRefused(Exception):
    """No account can be made of this name or address; `text` says why."""

    def __init__(self, code: Code, text: Text) -> None:
        super().__init__(code)
        self.code: Code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Official:
    """A new account without a password."""

    account: UUID
    username: str


def create(cursor: Any, *, name: str, email: str, writer: chain.Writer) -> Official:
    """Makes the account in the caller's transaction, which holds the writer's chain. Raises OfficialRefused."""
    forename, surname = _parted(name)
    return make(cursor, forename=forename, surname=surname, email=email, writer=writer)


def make(cursor: Any, *, forename: str, surname: str, email: str, writer: chain.Writer, username: str = "") -> Official:
    """The same of a name in its parts, and of a username where one is wanted. Raises OfficialRefused."""
    id_ = store.new_id()
    address = email.strip().casefold()
    _check_email(cursor, id_, address)
    key = PersonKey.new(id_)
    personal = {**NOTHING_PERSONAL, "legal_surname": surname, "legal_forename": forename}
    digest = key.digest(personal)
    row: dict[str, Any] = {
        "id": id_, "kind": "official", "reason_rule": "R40", "reason_code": "official", "reason_values": {},
        **personal, **names.keys(surname, forename), "personal_digest": digest.hex(),
        "wrapped": key.wrap(secret=str(settings.SECRET_KEY)).hex(),
        "created_at": writer.at.isoformat(),
    }  # fmt: skip
    if username:
        take_username(cursor, account=id_, username=username)
        row["username"] = username
    else:
        store.give_names(cursor, [row], settings.HWB_MAIL_DOMAIN)
        cursor.execute("UPDATE identifier SET current = false WHERE value = %s", [row["email"]])
    sets.send(cursor, sets.EMAILS, [{"value": address, "account": id_}])
    row["email"] = address
    sets.send(cursor, sets.ACCOUNTS, [row])
    sets.send(cursor, sets.PERSON_KEYS, [{"account": id_, "wrapped": row["wrapped"]}])
    after = {"kind": "official", "state": "active", **personal}
    entry = chain.Entry("create", "R40", "official", chain.NATION, id_, after=after, key=key, personal_digest=digest)
    store.write_log(cursor, [entry], writer)
    return Official(UUID(id_), str(row["username"]))


def switch(
    cursor: Any, *, account: str, active: bool, reason: str, writer: chain.Writer, rule: str = "R40"
) -> None:  # fmt: skip
    """Switches the account on or off, and with off ends what it has at services, in the caller's transaction."""
    row = {
        "id": account, "fields": ["active"], "active": active, "reason_rule": rule, "reason_code": reason,
        "reason_values": {},
    }  # fmt: skip
    sets.send(cursor, sets.ACCOUNTS_UPDATED, [row])
    if not active:
        service_access.end(cursor, accounts=[account])
    after = {"state": "active" if active else "inactive"}
    store.write_log(cursor, [chain.Entry("state", rule, reason, chain.NATION, account, after=after)], writer)


def settle(cursor: Any, *, account: str, writer: chain.Writer) -> int:
    """Switches the account as Support's decisions about it say (R31): off while one stands, and on with its end.

    Not on where its source has switched it off, before or meanwhile. Returns the number of changes. The caller holds
    the nation's chain.
    """
    cursor.execute(_STATE, [account])
    active, reason, suspended = cursor.fetchone()
    if active and suspended:
        switch(cursor, account=account, active=False, reason=SUSPENDED, writer=writer, rule="R31")
    elif not active and not suspended and reason == SUSPENDED:
        switch(cursor, account=account, active=True, reason="suspension_ended", writer=writer, rule="R31")
    else:
        return 0
    return 1


def take_username(cursor: Any, *, account: str, username: str) -> None:
    """The username is the account's for ever (R33), with the address that goes with it; it may have been before.

    Raises OfficialRefused.
    """
    _take(cursor, account, {username: "username", f"{username}@{settings.HWB_MAIL_DOMAIN}": "email"}, _USERNAME_TAKEN)
    cursor.execute("UPDATE identifier SET current = false WHERE value = %s", [f"{username}@{settings.HWB_MAIL_DOMAIN}"])


def take_email(cursor: Any, *, account: str, email: str) -> None:
    """The address is the account's for ever; it may have been before. Raises OfficialRefused."""
    _check_email(cursor, account, email)
    _take(cursor, account, {email: "email"}, _EMAIL_TAKEN)


def _take(cursor: Any, account: str, wanted: dict[str, str], refused: tuple[Code, str]) -> None:
    """Names that nobody else has or ever had."""
    for value, kind in sorted(wanted.items()):
        cursor.execute(_TAKE, [value, kind, account])
        cursor.execute("SELECT account::text, kind FROM identifier WHERE value = %s", [value])
        if cursor.fetchone() != (account, kind):
            raise OfficialRefused(refused[0], Text(refused[1]))


def _check_email(cursor: Any, account: str, address: str) -> None:
    ours = address.endswith(f"@{settings.HWB_MAIL_DOMAIN.casefold()}")  # comes with a username, maybe somebody else's
    if not _EMAIL.fullmatch(address) or not address.isascii() or ours:
        raise OfficialRefused("email", Text(N_("This is not an e-mail address: {email}"), {"email": address[:260]}))
    cursor.execute(
        "SELECT EXISTS (SELECT FROM identifier WHERE value = %s AND NOT (account = %s AND kind = 'email'))",
        [address, account],
    )
    if cursor.fetchone()[0]:
        raise OfficialRefused(_EMAIL_TAKEN[0], Text(_EMAIL_TAKEN[1]))


_USERNAME_TAKEN: tuple[Code, str] = (
    "username_taken", N_("This username is somebody's, or was: none is given to another person."),
)  # fmt: skip
_EMAIL_TAKEN: tuple[Code, str] = ("email_taken", N_("This address belongs to another account already."))
_STATE = """
SELECT active, reason_code, EXISTS (SELECT FROM decision d WHERE d.account = a.id AND d.ended_at IS NULL
                                    AND d.kind IN ('suspended', 'safety'))
FROM account a WHERE id = %s FOR UPDATE
"""
_TAKE = """
INSERT INTO identifier (value, kind, account, current) VALUES (%s, %s, %s, true) ON CONFLICT (value) DO NOTHING
"""


def _parted(name: str) -> tuple[str, str]:
    """Forename and surname: the last word is the surname."""
    words = name.split()
    if not words or len(name) > _LONGEST_NAME or not name.isprintable():
        raise OfficialRefused("name", Text(N_("A name of up to 200 characters is needed.")))
    return " ".join(words[:-1]) or words[-1], words[-1]
