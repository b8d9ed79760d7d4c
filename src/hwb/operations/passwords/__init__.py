"""Passwords: signing in with one, choosing one, making and showing them, and how they are kept (R10).

A made ("first") password is kept encrypted under a key outside the database, so that a school can show it; it is
turned into a hash when another school claims the account, and gone when the person chooses their own. No password is
ever in the log, in an error's text or in a `repr`.
"""

from hwb.operations.passwords.choosing import chain_of, choose, choose_first
from hwb.operations.passwords.making import Many, NewPassword, reset, reset_by_form, reset_many, reset_named
from hwb.operations.passwords.refusals import PasswordRefused
from hwb.operations.passwords.showing import Shown, Slip, show, show_new, slips
from hwb.operations.passwords.signing import (
    Outcome,
    SignIn,
    account_of_name,
    attempt,
    authenticate,
    identify,
    must_change,
)
from hwb.operations.passwords.storing import Rotated, harden, keys_in_use, rotate, unreadable

__all__ = [
    "Many",
    "NewPassword",
    "Outcome",
    "PasswordRefused",
    "Rotated",
    "Shown",
    "SignIn",
    "Slip",
    "account_of_name",
    "attempt",
    "authenticate",
    "chain_of",
    "choose",
    "choose_first",
    "harden",
    "identify",
    "keys_in_use",
    "must_change",
    "reset",
    "reset_by_form",
    "reset_many",
    "reset_named",
    "rotate",
    "show",
    "show_new",
    "slips",
    "unreadable",
]
